// Telnet bytes in and out: every event of a stream in every cut of it, and writers whose bytes the
// reader gives back.
#include "host_test.h"
#include "hostlib/serial/telnet.h"
#include <stdio.h>
#include <string.h>

// Feeds all bytes and writes the events down: data as it is, verbs as <fb 2c>, subnegotiations as
// {2c 01 00}.
static void transcribe(const uint8_t *bytes, size_t len, char *text, size_t size)
{
    struct aloft_telnet reader;
    size_t n = 0;
    aloft_telnet_init(&reader);
    text[0] = '\0';
    for (size_t i = 0; i < len; i++) {
        assert_true(n + 4 < size);
        switch (aloft_telnet_feed(&reader, bytes[i])) {
        case ALOFT_TELNET_NOTHING:
            break;
        case ALOFT_TELNET_DATA:
            n += (size_t)snprintf(text + n, size - n, reader.byte < 0x7F ? "%c" : "[%02x]",
                                  reader.byte);
            break;
        case ALOFT_TELNET_VERB:
            n += (size_t)snprintf(text + n, size - n, "<%02x %02x>", reader.verb, reader.option);
            break;
        case ALOFT_TELNET_SUB:
            n += (size_t)snprintf(text + n, size - n, "{%02x", reader.option);
            for (uint32_t k = 0; k < reader.sub_len; k++) {
                n += (size_t)snprintf(text + n, size - n, " %02x", reader.sub[k]);
            }
            n += (size_t)snprintf(text + n, size - n, "}");
            break;
        }
    }
}

static void a_stream_becomes_its_events(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *events;
    } cases[] = {
        {"ab", 2, "ab"},
        {"a\xFF\xFF"
         "b",
         4, "a[ff]b"},
        {"\xFF\xFB\x2C"
         "x",
         4, "<fb 2c>x"},
        {"\xFF\xFD\x00\xFF\xFC\x01\xFF\xFE\x03", 9, "<fd 00><fc 01><fe 03>"},
        {"\xFF\xFA\x2C\x65\x00\x01\xC2\x00\xFF\xF0z", 11, "{2c 65 00 01 c2 00}z"},
        {"\xFF\xFA\x2C\x65\xFF\xFF\xFF\xF0", 8, "{2c 65 ff}"},
        {"\xFF\xFA\x2C\xFF\xF0", 5, "{2c}"},
        // bytes that are not valid telnet are passed over, and what follows is read again
        {"\xFF\xF1"
         "a",
         3, "a"},
        {"\xFF\xFA\x2C\x01\xFF\x05"
         "a",
         7, "a"},
        {"\xFF", 1, ""},
        {"\xFF\xFA\x2C\x01\x02\x03", 6, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[256];
        transcribe((const uint8_t *)cases[i].bytes, cases[i].len, text, sizeof text);
        assert_string_equal(text, cases[i].events);
    }
}

static void a_long_subnegotiation_is_cut_and_its_end_still_found(void **state)
{
    uint8_t bytes[3 + 2 * ALOFT_TELNET_SUB_MAX + 3] = {0xFF, 0xFA, 0x2C};
    struct aloft_telnet reader;
    enum aloft_telnet_event last = ALOFT_TELNET_NOTHING;
    size_t len = sizeof bytes;
    (void)state;
    memset(bytes + 3, 7, len - 3);
    bytes[len - 3] = 0xFF;
    bytes[len - 2] = 0xF0;
    bytes[len - 1] = 'x';
    aloft_telnet_init(&reader);
    for (size_t i = 0; i + 1 < len; i++) {
        assert_int_equal(last, ALOFT_TELNET_NOTHING);
        last = aloft_telnet_feed(&reader, bytes[i]);
    }
    assert_int_equal(last, ALOFT_TELNET_SUB);
    assert_int_equal(reader.sub_len, ALOFT_TELNET_SUB_MAX);
    assert_int_equal(aloft_telnet_feed(&reader, 'x'), ALOFT_TELNET_DATA);
    assert_int_equal(reader.byte, 'x');
}

static void data_of_any_bytes_comes_back(void **state)
{
    uint8_t data[256];
    uint8_t wire[2 * sizeof data];
    struct aloft_telnet reader;
    size_t found = 0;
    (void)state;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(255 - i);
    }
    size_t len = aloft_telnet_data(data, sizeof data, wire);
    assert_int_equal(len, sizeof data + 1);
    aloft_telnet_init(&reader);
    for (size_t i = 0; i < len; i++) {
        if (aloft_telnet_feed(&reader, wire[i]) == ALOFT_TELNET_DATA) {
            assert_int_equal(reader.byte, data[found]);
            found++;
        }
    }
    assert_int_equal(found, sizeof data);
}

static void verbs_and_settings_come_back(void **state)
{
    static const uint8_t payload[] = {0xFF, 0x00, 0xFF, 0xF0};
    uint8_t wire[3 + ALOFT_TELNET_SUB_FRAME_MAX(sizeof payload + 1)];
    char text[64];
    (void)state;
    size_t len = aloft_telnet_verb(ALOFT_TELNET_WILL, ALOFT_TELNET_COM_PORT, wire);
    len += aloft_telnet_com(ALOFT_TELNET_COM_BAUD, payload, sizeof payload, wire + len);
    assert_true(len <= sizeof wire);
    transcribe(wire, len, text, sizeof text);
    assert_string_equal(text, "<fb 2c>{2c 01 ff 00 ff f0}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_becomes_its_events),
        cmocka_unit_test(a_long_subnegotiation_is_cut_and_its_end_still_found),
        cmocka_unit_test(data_of_any_bytes_comes_back),
        cmocka_unit_test(verbs_and_settings_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
