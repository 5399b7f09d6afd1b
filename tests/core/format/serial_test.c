// Frames and packets of the serial protocol. Bodies stand hard against the end of memory, and every
// stream is fed in every split.
#include "aloft/base/bytes.h"
#include "aloft/format/serial.h"
#include "check.h"
#include "guard.h"
#include "split.h"

enum { CAP = 32, BODIES_MAX = 8 };

// A stream, and the bodies that are in it.
struct scene {
    const char *wire;
    uint32_t wire_len;
    const char *bodies[BODIES_MAX];
    uint32_t lens[BODIES_MAX];
    uint32_t count;
};

#define LIT(text)  (text), sizeof(text) - 1
#define BODY(text) (text)

static void feed_scene(void *ctx, struct split *split)
{
    const struct scene *scene = ctx;
    static const uint8_t blank[CAP];
    uint8_t *body = guard_after(blank, CAP);
    struct aloft_serial_reader reader;
    uint32_t found = 0;
    aloft_serial_reader_init(&reader, body, CAP);
    for (uint32_t n; (n = split_next(split)) > 0;) {
        for (uint32_t i = 0; i < n; i++) {
            if (!aloft_serial_feed(&reader, (uint8_t)scene->wire[split->off + i])) {
                continue;
            }
            CHECK(found < scene->count);
            if (found < scene->count) {
                CHECK_EQ(reader.len, scene->lens[found]);
                CHECK_BYTES(reader.body, scene->bodies[found], scene->lens[found]);
            }
            found++;
        }
    }
    CHECK_EQ(found, scene->count);
}

static void run_scenes(const struct scene *scenes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct scene scene = scenes[i];
        check_note("scene %ld", (long)i, 0);
        every_split(scene.wire_len, feed_scene, &scene);
    }
}

static void reader_cuts_bodies_out_of_a_stream_in_every_split(void)
{
    static const struct scene scenes[] = {
        {LIT("\xC0"
             "ab\xC0"),
         {BODY("ab")},
         {2},
         1},
        {LIT("\xC0"
             "a\xDB\xDC"
             "b\xDB\xDD\xC0"),
         {BODY("a\xC0"
               "b\xDB")},
         {4},
         1},
        {LIT("\xC0"
             "a\xC0\xC0"
             "b\xC0\xC0\xC0"
             "c\xC0"),
         {BODY("a"), BODY("b"), BODY("c")},
         {1, 1, 1},
         3},
        {LIT("\xC0\xC0\xC0"), {NULL}, {0}, 0},
        {LIT("\xC0"
             "never ends"),
         {NULL},
         {0},
         0},
        {LIT("\xC0\x00\xFF\x00\xC0"), {BODY("\x00\xFF\x00")}, {3}, 1},
    };
    run_scenes(scenes, sizeof scenes / sizeof scenes[0]);
}

static void reader_survives_garbage_between_frames_and_a_lost_mark(void)
{
    static const struct scene scenes[] = {
        // console text in front is a body of its own
        {LIT("boot:0x13\r\n\xC0"
             "ab\xC0"),
         {BODY("boot:0x13\r\n"), BODY("ab")},
         {11, 2},
         2},
        // the C0 between two frames is lost: they are one body, and the next is whole again
        {LIT("\xC0"
             "ab"
             "cd\xC0\xC0"
             "ef\xC0"),
         {BODY("abcd"), BODY("ef")},
         {4, 2},
         2},
        // half a frame, then a new one
        {LIT("\xC0"
             "ab\xC0\xC0"
             "abcd\xC0"),
         {BODY("ab"), BODY("abcd")},
         {2, 4},
         2},
    };
    run_scenes(scenes, sizeof scenes / sizeof scenes[0]);
}

static void reader_leaves_out_what_is_broken_and_nothing_else(void)
{
    static const struct scene scenes[] = {
        // a wrong escape
        {LIT("\xC0"
             "a\xDB"
             "b\xC0\xC0"
             "good\xC0"),
         {BODY("good")},
         {4},
         1},
        // an escape that the mark cuts off
        {LIT("\xC0"
             "a\xDB\xC0"
             "good\xC0"),
         {BODY("good")},
         {4},
         1},
        // an escape twice
        {LIT("\xC0\xDB\xDB\xDC\xC0"
             "good\xC0"),
         {BODY("good")},
         {4},
         1},
    };
    run_scenes(scenes, sizeof scenes / sizeof scenes[0]);
}

static void reader_takes_cap_bytes_and_passes_over_one_more(void)
{
    static char wire[2 * CAP + 8];
    static char full[CAP];
    struct scene scene = {wire, 0, {full, "x"}, {CAP, 1}, 2};
    memset(full, 'f', sizeof full);
    wire[0] = '\xC0';
    memset(wire + 1, 'f', CAP);
    memcpy(wire + 1 + CAP, "\xC0x\xC0", 3);
    scene.wire_len = CAP + 4;
    every_split(scene.wire_len, feed_scene, &scene);
    memcpy(wire + 1 + CAP, "f\xC0x\xC0", 4);
    scene = (struct scene){wire, CAP + 5, {"x"}, {1}, 1};
    every_split(scene.wire_len, feed_scene, &scene);
}

static void parse_wants_the_exact_length_and_a_direction(void)
{
    static const struct {
        const char *body;
        uint32_t len;
        bool good;
    } cases[] = {
        {LIT("\x00\x08\x00\x00\x00\x00\x00\x00"), true},
        {LIT("\x01\x08\x00\x00\x00\x00\x00\x00"), true},
        {LIT("\x02\x08\x00\x00\x00\x00\x00\x00"), false},
        {LIT("\xFF\x08\x00\x00\x00\x00\x00\x00"), false},
        {LIT("\x00\x08\x00\x00\x00\x00\x00"), false},
        {LIT(""), false},
        {LIT("\x01\x0A\x04\x00\x78\x56\x34\x12"
             "abcd"),
         true},
        {LIT("\x01\x0A\x05\x00\x78\x56\x34\x12"
             "abcd"),
         false},
        {LIT("\x01\x0A\x03\x00\x78\x56\x34\x12"
             "abcd"),
         false},
        {LIT("\x01\x0A\x04\x01\x78\x56\x34\x12"
             "abcd"),
         false},
        {LIT("OHAI"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_serial_packet packet;
        const uint8_t *body = guard_after(cases[i].body, cases[i].len);
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(aloft_serial_parse(body, cases[i].len, &packet), cases[i].good);
    }
    struct aloft_serial_packet packet;
    const uint8_t *body = guard_after(cases[6].body, cases[6].len);
    CHECK(aloft_serial_parse(body, cases[6].len, &packet));
    CHECK_EQ(packet.direction, ALOFT_SERIAL_RESPONSE);
    CHECK_EQ(packet.op, ALOFT_SERIAL_READ_REG);
    CHECK_EQ(packet.value, 0x12345678);
    CHECK_EQ(packet.len, 4);
    CHECK(packet.payload == body + ALOFT_SERIAL_HEADER);
}

static void emit_is_what_parse_reads_whatever_the_bytes(void)
{
    static uint8_t payload[256];
    static uint8_t wire[ALOFT_SERIAL_FRAME_MAX(ALOFT_SERIAL_HEADER + sizeof payload)];
    static uint8_t body[ALOFT_SERIAL_HEADER + sizeof payload];
    for (uint32_t len = 0; len <= sizeof payload; len++) {
        const struct aloft_serial_packet packet = {ALOFT_SERIAL_REQUEST, (uint8_t)len,
                                                   (uint16_t)len, 0xC0DBC0DB, payload};
        struct aloft_serial_packet again;
        struct aloft_serial_reader reader;
        bool whole = false;
        if (len > 0) {
            payload[len - 1] = (uint8_t)(len - 1);
        }
        check_note("length %ld", (long)len, 0);
        uint32_t wire_len = aloft_serial_emit(&packet, wire, sizeof wire);
        CHECK(wire_len >= len + ALOFT_SERIAL_HEADER + 2);
        aloft_serial_reader_init(&reader, body, sizeof body);
        for (uint32_t i = 0; i < wire_len; i++) {
            CHECK(!whole);
            whole = aloft_serial_feed(&reader, wire[i]);
        }
        CHECK(whole && aloft_serial_parse(reader.body, reader.len, &again));
        CHECK_EQ(again.op, packet.op);
        CHECK_EQ(again.value, packet.value);
        CHECK_EQ(again.len, len);
        CHECK_BYTES(again.payload, payload, len);
    }
}

static void emit_and_frame_say_when_the_room_is_too_small(void)
{
    static const uint8_t payload[] = {0xC0, 1, 0xDB};
    const struct aloft_serial_packet packet = {ALOFT_SERIAL_REQUEST, 2, sizeof payload, 0, payload};
    uint8_t wire[ALOFT_SERIAL_FRAME_MAX(ALOFT_SERIAL_HEADER + sizeof payload)];
    const uint32_t emitted = ALOFT_SERIAL_HEADER + sizeof payload + 2 + 2;
    for (uint32_t cap = 0; cap < sizeof wire; cap++) {
        uint8_t *out = guard_after(wire, cap);
        check_note("room for %ld", (long)cap, 0);
        CHECK_EQ(aloft_serial_emit(&packet, out, cap), cap < emitted ? 0 : emitted);
        CHECK_EQ(aloft_serial_frame(payload, sizeof payload, out, cap), cap < 7 ? 0 : 7);
    }
}

static void check_is_the_exclusive_or_from_ef(void)
{
    static const uint8_t data[] = {0x01, 0x02, 0x04, 0xFF};
    CHECK_EQ(aloft_serial_check(data, 0), 0xEF);
    CHECK_EQ(aloft_serial_check(data, 1), 0xEE);
    CHECK_EQ(aloft_serial_check(data, 4), 0xEF ^ 0x07 ^ 0xFF);
}

static void sync_is_the_pattern_that_loaders_listen_for(void)
{
    uint8_t payload[ALOFT_SERIAL_SYNC_LEN];
    aloft_serial_sync(payload);
    CHECK_EQ(aloft_get_le32(payload), 0x20120707);
    for (uint32_t i = 4; i < sizeof payload; i++) {
        CHECK_EQ(payload[i], 0x55);
    }
}

CHECK_MAIN(TEST(reader_cuts_bodies_out_of_a_stream_in_every_split),
           TEST(reader_survives_garbage_between_frames_and_a_lost_mark),
           TEST(reader_leaves_out_what_is_broken_and_nothing_else),
           TEST(reader_takes_cap_bytes_and_passes_over_one_more),
           TEST(parse_wants_the_exact_length_and_a_direction),
           TEST(emit_is_what_parse_reads_whatever_the_bytes),
           TEST(emit_and_frame_say_when_the_room_is_too_small),
           TEST(check_is_the_exclusive_or_from_ef),
           TEST(sync_is_the_pattern_that_loaders_listen_for))
