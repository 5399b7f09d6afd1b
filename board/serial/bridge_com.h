// The server's side of RFC 2217: option negotiation, and the settings of a serial port that come as
// subnegotiations, each of which is answered. A machine: bytes in, data and changes out.
// Source: RFC 2217; what pyserial and esptool ask of a server.
#ifndef ALOFT_BRIDGE_COM_H
#define ALOFT_BRIDGE_COM_H

#include "hostlib/serial/telnet.h"

#define ALOFT_BRIDGE_COM_ANSWER_MAX ALOFT_TELNET_SUB_FRAME_MAX(ALOFT_TELNET_SUB_MAX)

enum aloft_bridge_com_event {
    ALOFT_BRIDGE_COM_NOTHING,
    ALOFT_BRIDGE_COM_DATA,  // com->telnet.byte
    ALOFT_BRIDGE_COM_LINES, // com->dtr, com->rts
};

struct aloft_bridge_com {
    struct aloft_telnet telnet;
    uint32_t baud;
    bool dtr, rts;
    uint64_t answered[2]; // options below 64 that were agreed on or refused: ours, theirs
};

void aloft_bridge_com_init(struct aloft_bridge_com *com);

// answer has ALOFT_BRIDGE_COM_ANSWER_MAX bytes; *answer_len of them are to be sent back.
enum aloft_bridge_com_event aloft_bridge_com_feed(struct aloft_bridge_com *com, uint8_t byte,
                                                  uint8_t *answer, size_t *answer_len);

#endif
