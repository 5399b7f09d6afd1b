// Telnet as far as RFC 2217 needs it, the protocol that carries a serial port with its modem lines
// and speed over TCP: data with option negotiation in between. A reader that is fed bytes and
// writers that make them; nothing here opens a socket. The virtual board is its server, the tool
// its client.
//
//   data          bytes, FF sent as FF FF
//   negotiation   FF verb option
//   subnegotiation FF FA option bytes, FF doubled, FF F0
//
// Format: RFC 854, RFC 855, RFC 2217.
#ifndef ALOFT_HOSTLIB_TELNET_H
#define ALOFT_HOSTLIB_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum aloft_telnet_verb {
    ALOFT_TELNET_WILL = 0xFB,
    ALOFT_TELNET_WONT = 0xFC,
    ALOFT_TELNET_DO = 0xFD,
    ALOFT_TELNET_DONT = 0xFE
};

enum aloft_telnet_option {
    ALOFT_TELNET_BINARY = 0,
    ALOFT_TELNET_ECHO = 1,
    ALOFT_TELNET_SGA = 3,
    ALOFT_TELNET_COM_PORT = 44, // RFC 2217
};

// First byte of a COM_PORT subnegotiation from the client; the server answers with 100 added.
enum aloft_telnet_com {
    ALOFT_TELNET_COM_SIGNATURE = 0,
    ALOFT_TELNET_COM_BAUD = 1, // u32 big-endian, 0: asks
    ALOFT_TELNET_COM_DATASIZE = 2,
    ALOFT_TELNET_COM_PARITY = 3,
    ALOFT_TELNET_COM_STOPSIZE = 4,
    ALOFT_TELNET_COM_CONTROL = 5, // enum aloft_telnet_control
    ALOFT_TELNET_COM_NOTIFY_LINE = 6,
    ALOFT_TELNET_COM_NOTIFY_MODEM = 7,
    ALOFT_TELNET_COM_SUSPEND = 8,
    ALOFT_TELNET_COM_RESUME = 9,
    ALOFT_TELNET_COM_LINE_MASK = 10,
    ALOFT_TELNET_COM_MODEM_MASK = 11,
    ALOFT_TELNET_COM_PURGE = 12,
    ALOFT_TELNET_COM_ANSWER = 100,
};

enum aloft_telnet_control {
    ALOFT_TELNET_NO_FLOW = 1,
    ALOFT_TELNET_DTR_ASK = 7,
    ALOFT_TELNET_DTR_ON = 8,
    ALOFT_TELNET_DTR_OFF = 9,
    ALOFT_TELNET_RTS_ASK = 10,
    ALOFT_TELNET_RTS_ON = 11,
    ALOFT_TELNET_RTS_OFF = 12,
};

#define ALOFT_TELNET_SUB_MAX 64u // payload of a subnegotiation; more is cut off
// Bytes of a subnegotiation in the worst case.
#define ALOFT_TELNET_SUB_FRAME_MAX(len) (2u * (len) + 5u)

enum aloft_telnet_event {
    ALOFT_TELNET_NOTHING, // the byte was part of something
    ALOFT_TELNET_DATA,    // reader->byte
    ALOFT_TELNET_VERB,    // reader->verb, reader->option
    ALOFT_TELNET_SUB,     // reader->option, reader->sub, reader->sub_len
};

struct aloft_telnet {
    uint8_t state; // telnet.c
    uint8_t byte;
    uint8_t verb;
    uint8_t option;
    uint8_t sub[ALOFT_TELNET_SUB_MAX];
    uint32_t sub_len;
};

void aloft_telnet_init(struct aloft_telnet *reader);

// Takes any bytes; what is no telnet is passed over.
enum aloft_telnet_event aloft_telnet_feed(struct aloft_telnet *reader, uint8_t byte);

// Data with FF doubled; out has 2 * len bytes. Returns the bytes written.
size_t aloft_telnet_data(const uint8_t *data, size_t len, uint8_t *out);

// FF verb option; returns 3.
size_t aloft_telnet_verb(enum aloft_telnet_verb verb, uint8_t option, uint8_t out[3]);

// A COM_PORT subnegotiation; out has ALOFT_TELNET_SUB_FRAME_MAX(len + 1) bytes.
// Returns the bytes written.
size_t aloft_telnet_com(uint8_t command, const uint8_t *payload, size_t len, uint8_t *out);

#endif
