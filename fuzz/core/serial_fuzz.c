// Frames and packets: the reader finds the bodies that a second, whole-buffer reading finds; what
// parses is emitted again and comes back. Input: the room for a body, then a stream.
#include "aloft/format/serial.h"
#include "fuzz.h"

enum { CAP_MAX = 256 };

// The next body in a stream, by looking for its end first. False at the end of the stream. *kept:
// it is whole, not empty, and fits.
static bool second_opinion(struct fuzz_input *in, uint8_t *body, uint32_t cap, uint32_t *len,
                           bool *kept)
{
    const uint8_t *end = memchr(in->data, 0xC0, in->left);
    if (end == NULL) {
        return false;
    }
    *len = 0;
    *kept = true;
    for (const uint8_t *p = in->data; p < end; p++) {
        uint8_t byte = *p;
        if (byte == 0xDB) {
            p++;
            *kept = *kept && p < end && (*p == 0xDC || *p == 0xDD);
            byte = p < end && *p == 0xDC ? 0xC0 : 0xDB;
        }
        *kept = *kept && *len < cap;
        if (*kept) {
            body[(*len)++] = byte;
        }
    }
    *kept = *kept && *len > 0;
    in->left -= (size_t)(end - in->data) + 1;
    in->data = end + 1;
    return true;
}

static void check_packet(const uint8_t *body, uint32_t len)
{
    static uint8_t wire[ALOFT_SERIAL_FRAME_MAX(CAP_MAX)];
    static uint8_t again[CAP_MAX];
    struct aloft_serial_packet packet;
    struct aloft_serial_reader reader;
    bool whole = false;
    if (!aloft_serial_parse(body, len, &packet)) {
        return;
    }
    FUZZ_CHECK(packet.payload == body + ALOFT_SERIAL_HEADER);
    FUZZ_CHECK(packet.len == len - ALOFT_SERIAL_HEADER &&
               packet.direction <= ALOFT_SERIAL_RESPONSE);
    uint32_t wire_len = aloft_serial_emit(&packet, wire, sizeof wire);
    FUZZ_CHECK(wire_len > 0);
    FUZZ_CHECK(aloft_serial_emit(&packet, wire, wire_len - 1) == 0);
    FUZZ_CHECK(aloft_serial_emit(&packet, wire, wire_len) == wire_len);
    aloft_serial_reader_init(&reader, again, sizeof again);
    for (uint32_t i = 0; i < wire_len; i++) {
        FUZZ_CHECK(!whole);
        whole = aloft_serial_feed(&reader, wire[i]);
    }
    FUZZ_CHECK(whole && reader.len == len && memcmp(again, body, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t want[CAP_MAX];
    uint32_t want_len = 0;
    bool kept = false;
    uint32_t cap = 1u + fuzz_u8(&in);
    uint8_t *body = malloc(cap); // its end is watched
    struct aloft_serial_reader reader;
    if (body == NULL || in.left == 0) {
        free(body);
        return 0;
    }
    aloft_serial_reader_init(&reader, body, cap);
    const uint8_t *stream = in.data;
    for (size_t left = in.left; left > 0; left--) {
        bool found = aloft_serial_feed(&reader, *stream);
        if (*stream++ == 0xC0) {
            FUZZ_CHECK(second_opinion(&in, want, cap, &want_len, &kept));
            FUZZ_CHECK(found == kept);
        } else {
            FUZZ_CHECK(!found);
        }
        if (found) {
            FUZZ_CHECK(reader.len == want_len && memcmp(body, want, want_len) == 0);
            check_packet(body, reader.len);
        }
    }
    free(body);
    return 0;
}
