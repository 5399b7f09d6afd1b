// Each option is answered once; otherwise two sides could answer each other without end.
#include "board/serial/bridge_com.h"
#include <string.h>

enum { OPTIONS = 64, BAUD_LEN = 4 };
static const char signature[] = "Aloft virtual board";

void aloft_bridge_com_init(struct aloft_bridge_com *com)
{
    memset(com, 0, sizeof *com);
    aloft_telnet_init(&com->telnet);
}

static bool wanted(uint8_t option)
{
    return option == ALOFT_TELNET_BINARY || option == ALOFT_TELNET_SGA ||
           option == ALOFT_TELNET_COM_PORT;
}

static size_t negotiate(struct aloft_bridge_com *com, uint8_t *answer)
{
    uint8_t verb = com->telnet.verb;
    uint8_t option = com->telnet.option;
    bool theirs = verb == ALOFT_TELNET_WILL || verb == ALOFT_TELNET_WONT;
    bool on = verb == ALOFT_TELNET_WILL || verb == ALOFT_TELNET_DO;
    if (option >= OPTIONS || (com->answered[theirs] >> option & 1) != 0) {
        return 0;
    }
    com->answered[theirs] |= (uint64_t)1 << option;
    bool agree = on && wanted(option);
    enum aloft_telnet_verb yes = theirs ? ALOFT_TELNET_DO : ALOFT_TELNET_WILL;
    enum aloft_telnet_verb no = theirs ? ALOFT_TELNET_DONT : ALOFT_TELNET_WONT;
    return aloft_telnet_verb(agree ? yes : no, option, answer);
}

static uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_be32(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 24);
    p[1] = (uint8_t)(value >> 16);
    p[2] = (uint8_t)(value >> 8);
    p[3] = (uint8_t)value;
}

// True when a line moved. A question becomes its answer.
static bool control(struct aloft_bridge_com *com, uint8_t *value)
{
    bool dtr = com->dtr;
    bool rts = com->rts;
    switch (*value) {
    case ALOFT_TELNET_DTR_ON:
    case ALOFT_TELNET_DTR_OFF:
        com->dtr = *value == ALOFT_TELNET_DTR_ON;
        break;
    case ALOFT_TELNET_RTS_ON:
    case ALOFT_TELNET_RTS_OFF:
        com->rts = *value == ALOFT_TELNET_RTS_ON;
        break;
    case ALOFT_TELNET_DTR_ASK:
        *value = com->dtr ? ALOFT_TELNET_DTR_ON : ALOFT_TELNET_DTR_OFF;
        break;
    case ALOFT_TELNET_RTS_ASK:
        *value = com->rts ? ALOFT_TELNET_RTS_ON : ALOFT_TELNET_RTS_OFF;
        break;
    default: // flow control and break: not supported, the answer is "none"
        *value = ALOFT_TELNET_NO_FLOW;
        break;
    }
    return com->dtr != dtr || com->rts != rts;
}

// The answer to a setting is the setting that is in force.
static enum aloft_bridge_com_event set(struct aloft_bridge_com *com, uint8_t *answer,
                                       size_t *answer_len)
{
    uint8_t *sub = com->telnet.sub;
    uint32_t len = com->telnet.sub_len;
    bool moved = false;
    if (com->telnet.option != ALOFT_TELNET_COM_PORT || len == 0 ||
        sub[0] >= ALOFT_TELNET_COM_ANSWER) {
        return ALOFT_BRIDGE_COM_NOTHING;
    }
    uint8_t command = sub[0] + ALOFT_TELNET_COM_ANSWER;
    uint8_t *value = sub + 1;
    uint32_t value_len = len - 1;
    if (sub[0] == ALOFT_TELNET_COM_SIGNATURE && value_len == 0) {
        *answer_len =
            aloft_telnet_com(command, (const uint8_t *)signature, sizeof signature - 1, answer);
        return ALOFT_BRIDGE_COM_NOTHING;
    }
    if (sub[0] == ALOFT_TELNET_COM_BAUD && value_len == BAUD_LEN) {
        com->baud = get_be32(value) != 0 ? get_be32(value) : com->baud;
        put_be32(value, com->baud);
    }
    if (sub[0] == ALOFT_TELNET_COM_CONTROL && value_len == 1) {
        moved = control(com, value);
    }
    *answer_len = aloft_telnet_com(command, value, value_len, answer);
    return moved ? ALOFT_BRIDGE_COM_LINES : ALOFT_BRIDGE_COM_NOTHING;
}

enum aloft_bridge_com_event aloft_bridge_com_feed(struct aloft_bridge_com *com, uint8_t byte,
                                                  uint8_t *answer, size_t *answer_len)
{
    *answer_len = 0;
    switch (aloft_telnet_feed(&com->telnet, byte)) {
    case ALOFT_TELNET_DATA:
        return ALOFT_BRIDGE_COM_DATA;
    case ALOFT_TELNET_VERB:
        *answer_len = negotiate(com, answer);
        return ALOFT_BRIDGE_COM_NOTHING;
    case ALOFT_TELNET_SUB:
        return set(com, answer, answer_len);
    case ALOFT_TELNET_NOTHING:
        break;
    }
    return ALOFT_BRIDGE_COM_NOTHING;
}
