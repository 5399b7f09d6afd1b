// One state a position in the three shapes that telnet bytes come in.
#include "hostlib/serial/telnet.h"
#include <string.h>

enum { IAC = 0xFF, SB = 0xFA, SE = 0xF0 };
enum state { PLAIN, AFTER_IAC, AFTER_VERB, SUB_OPTION, SUB_BODY, SUB_IAC };

void aloft_telnet_init(struct aloft_telnet *reader)
{
    memset(reader, 0, sizeof *reader);
}

static enum aloft_telnet_event data(struct aloft_telnet *reader, uint8_t byte)
{
    reader->byte = byte;
    reader->state = PLAIN;
    return ALOFT_TELNET_DATA;
}

static enum aloft_telnet_event after_iac(struct aloft_telnet *reader, uint8_t byte)
{
    reader->verb = byte;
    if (byte == IAC) {
        return data(reader, IAC);
    }
    bool verb = byte >= ALOFT_TELNET_WILL && byte <= ALOFT_TELNET_DONT;
    reader->state = verb ? AFTER_VERB : byte == SB ? SUB_OPTION : PLAIN;
    return ALOFT_TELNET_NOTHING;
}

static void keep(struct aloft_telnet *reader, uint8_t byte)
{
    reader->state = SUB_BODY;
    if (reader->sub_len < sizeof reader->sub) {
        reader->sub[reader->sub_len++] = byte;
    }
}

static enum aloft_telnet_event sub_iac(struct aloft_telnet *reader, uint8_t byte)
{
    if (byte == IAC) {
        keep(reader, IAC);
        return ALOFT_TELNET_NOTHING;
    }
    reader->state = PLAIN; // whatever it is, the subnegotiation is over
    return byte == SE ? ALOFT_TELNET_SUB : ALOFT_TELNET_NOTHING;
}

enum aloft_telnet_event aloft_telnet_feed(struct aloft_telnet *reader, uint8_t byte)
{
    switch ((enum state)reader->state) {
    case PLAIN:
        if (byte != IAC) {
            return data(reader, byte);
        }
        reader->state = AFTER_IAC;
        return ALOFT_TELNET_NOTHING;
    case AFTER_IAC:
        return after_iac(reader, byte);
    case AFTER_VERB:
        reader->option = byte;
        reader->state = PLAIN;
        return ALOFT_TELNET_VERB;
    case SUB_OPTION:
        reader->option = byte;
        reader->sub_len = 0;
        reader->state = SUB_BODY;
        return ALOFT_TELNET_NOTHING;
    case SUB_BODY:
        if (byte == IAC) {
            reader->state = SUB_IAC;
        } else {
            keep(reader, byte);
        }
        return ALOFT_TELNET_NOTHING;
    case SUB_IAC:
        return sub_iac(reader, byte);
    }
    return ALOFT_TELNET_NOTHING;
}

size_t aloft_telnet_data(const uint8_t *bytes, size_t len, uint8_t *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        out[n++] = bytes[i];
        if (bytes[i] == IAC) {
            out[n++] = IAC;
        }
    }
    return n;
}

size_t aloft_telnet_verb(enum aloft_telnet_verb verb, uint8_t option, uint8_t out[3])
{
    out[0] = IAC;
    out[1] = (uint8_t)verb;
    out[2] = option;
    return 3;
}

size_t aloft_telnet_com(uint8_t command, const uint8_t *payload, size_t len, uint8_t *out)
{
    static const uint8_t head[] = {IAC, SB, ALOFT_TELNET_COM_PORT};
    static const uint8_t tail[] = {IAC, SE};
    size_t n = sizeof head;
    memcpy(out, head, sizeof head);
    n += aloft_telnet_data(&command, 1, out + n);
    n += aloft_telnet_data(payload, len, out + n);
    memcpy(out + n, tail, sizeof tail);
    return n + sizeof tail;
}
