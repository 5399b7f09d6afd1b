// Telnet: what the reader understood, written again, is understood the same; and data of any bytes
// comes back. Input: a stream.
#include "fuzz.h"
#include "hostlib/serial/telnet.h"

enum { EVENTS_MAX = 512, DATA_MAX = 4096 };

struct event {
    enum aloft_telnet_event what;
    struct aloft_telnet telnet;
};

static uint32_t read_events(const uint8_t *bytes, size_t len, struct event *events)
{
    struct aloft_telnet reader;
    uint32_t count = 0;
    aloft_telnet_init(&reader);
    for (size_t i = 0; i < len && count < EVENTS_MAX; i++) {
        enum aloft_telnet_event what = aloft_telnet_feed(&reader, bytes[i]);
        FUZZ_CHECK(reader.sub_len <= sizeof reader.sub);
        if (what != ALOFT_TELNET_NOTHING) {
            events[count++] = (struct event){what, reader};
        }
    }
    return count;
}

// COM_PORT is the only option whose subnegotiations are written; others are compared by hand.
static size_t write_event(const struct event *event, uint8_t *out)
{
    const struct aloft_telnet *telnet = &event->telnet;
    size_t len;
    switch (event->what) {
    case ALOFT_TELNET_DATA:
        return aloft_telnet_data(&telnet->byte, 1, out);
    case ALOFT_TELNET_VERB:
        return aloft_telnet_verb((enum aloft_telnet_verb)telnet->verb, telnet->option, out);
    case ALOFT_TELNET_SUB:
        if (telnet->sub_len == 0) {
            memcpy(out, (const uint8_t[]){0xFF, 0xFA, telnet->option, 0xFF, 0xF0}, 5);
            return 5;
        }
        len = aloft_telnet_com(telnet->sub[0], telnet->sub + 1, telnet->sub_len - 1, out);
        FUZZ_CHECK(len <= ALOFT_TELNET_SUB_FRAME_MAX(telnet->sub_len));
        out[2] = telnet->option;
        return len;
    case ALOFT_TELNET_NOTHING:
        break;
    }
    return 0;
}

static void check_same(const struct event *a, const struct event *b)
{
    FUZZ_CHECK(a->what == b->what);
    switch (a->what) {
    case ALOFT_TELNET_DATA:
        FUZZ_CHECK(a->telnet.byte == b->telnet.byte);
        break;
    case ALOFT_TELNET_VERB:
        FUZZ_CHECK(a->telnet.verb == b->telnet.verb && a->telnet.option == b->telnet.option);
        break;
    case ALOFT_TELNET_SUB:
        FUZZ_CHECK(a->telnet.option == b->telnet.option && a->telnet.sub_len == b->telnet.sub_len);
        FUZZ_CHECK(memcmp(a->telnet.sub, b->telnet.sub, a->telnet.sub_len) == 0);
        break;
    case ALOFT_TELNET_NOTHING:
        break;
    }
}

static void check_data(const uint8_t *data, size_t len)
{
    static uint8_t wire[2 * DATA_MAX];
    struct aloft_telnet reader;
    size_t found = 0;
    len = len < DATA_MAX ? len : DATA_MAX;
    size_t wire_len = aloft_telnet_data(data, len, wire);
    FUZZ_CHECK(wire_len >= len && wire_len <= 2 * len);
    aloft_telnet_init(&reader);
    for (size_t i = 0; i < wire_len; i++) {
        enum aloft_telnet_event what = aloft_telnet_feed(&reader, wire[i]);
        FUZZ_CHECK(what == ALOFT_TELNET_DATA || what == ALOFT_TELNET_NOTHING);
        if (what == ALOFT_TELNET_DATA) {
            FUZZ_CHECK(found < len && reader.byte == data[found]);
            found++;
        }
    }
    FUZZ_CHECK(found == len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event events[EVENTS_MAX];
    static struct event again[EVENTS_MAX];
    static uint8_t wire[EVENTS_MAX * ALOFT_TELNET_SUB_FRAME_MAX(ALOFT_TELNET_SUB_MAX)];
    size_t len = 0;
    uint32_t count = read_events(data, size, events);
    for (uint32_t i = 0; i < count; i++) {
        len += write_event(&events[i], wire + len);
    }
    FUZZ_CHECK(read_events(wire, len, again) == count);
    for (uint32_t i = 0; i < count; i++) {
        check_same(&events[i], &again[i]);
    }
    check_data(data, size);
    return 0;
}
