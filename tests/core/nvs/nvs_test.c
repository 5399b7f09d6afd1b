// NVS against ESP-IDF's own bytes: what its generator makes is read, and what is written is what it
// makes. Power cuts are nvs_cut_test.c.
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/nvs_write.h"
#include "check.h"
#include "ram_flash.h"

enum { PAGES = 4, SIZE = PAGES * 0x1000, STEPS_MAX = 20000 };

static struct ram_flash ram;
static uint8_t cells[SIZE];
static struct aloft_nvs nvs;
static struct aloft_nvs_write op;
static struct aloft_flash_view view;

static void chip_init(void)
{
    ram_flash_init(&ram, cells, SIZE);
    view = (struct aloft_flash_view){&ram.flash, 0, SIZE};
}

static void power_on(void)
{
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_OK);
}

static void blank(void)
{
    chip_init();
    power_on();
}

static enum aloft_err run(void)
{
    enum aloft_step step;
    uint32_t n = 0;
    do {
        uint32_t before = ram.progs + ram.erases;
        step = aloft_nvs_step(&op);
        CHECK(ram.progs + ram.erases - before <= 1);
    } while (step == ALOFT_STEP_AGAIN && ++n < STEPS_MAX);
    CHECK(n < STEPS_MAX);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : op.err;
}

static enum aloft_err set_str(const char *key, const char *text)
{
    aloft_nvs_set_str(&op, &nvs, "thing", key, text);
    return run();
}

static enum aloft_err set_u32(const char *key, uint32_t value)
{
    aloft_nvs_set_number(&op, &nvs, "thing", key, ALOFT_NVS_U32, value);
    return run();
}

static enum aloft_err erase(const char *key)
{
    aloft_nvs_erase(&op, &nvs, "thing", key);
    return run();
}

static void check_str(const char *key, const char *wanted)
{
    char text[ALOFT_NVS_ITEM_MAX];
    enum aloft_err err = aloft_nvs_get_str(&nvs, "thing", key, text, sizeof text);
    if (wanted == NULL) {
        CHECK_EQ(err, ALOFT_ERR_NVS_NOT_FOUND);
        return;
    }
    CHECK_EQ(err, ALOFT_OK);
    CHECK_TEXT(err == ALOFT_OK ? text : "", wanted);
}

static void check_u32(const char *key, uint32_t wanted)
{
    uint64_t value = 0;
    CHECK_EQ(aloft_nvs_get_number(&nvs, "thing", key, ALOFT_NVS_U32, &value), ALOFT_OK);
    CHECK_EQ((long long)value, (long long)wanted);
}

static void what_is_set_is_read(void)
{
    uint64_t value = 0;
    blank();
    check_str("a", NULL);
    CHECK_EQ(set_str("a", "one"), ALOFT_OK);
    CHECK_EQ(set_str("b", ""), ALOFT_OK);
    CHECK_EQ(set_u32("c", 7), ALOFT_OK);
    CHECK_EQ(set_str("a", "two, which is longer than thirty-two bytes of an entry"), ALOFT_OK);
    check_str("a", "two, which is longer than thirty-two bytes of an entry");
    check_str("b", "");
    check_u32("c", 7);
    aloft_nvs_set_number(&op, &nvs, "other", "a", ALOFT_NVS_I16, (uint64_t)-3);
    CHECK_EQ(run(), ALOFT_OK);
    CHECK_EQ(aloft_nvs_get_number(&nvs, "other", "a", ALOFT_NVS_I16, &value), ALOFT_OK);
    CHECK_EQ((long long)value, -3);
    check_str("a", "two, which is longer than thirty-two bytes of an entry");
    CHECK_EQ(erase("a"), ALOFT_OK);
    check_str("a", NULL);
    CHECK_EQ(erase("a"), ALOFT_ERR_NVS_NOT_FOUND);
}

// What ESP-IDF's nvs_partition_gen (version 2) makes of: namespace thing; device_id and web_ha1,
// strings; boots u32 DEADBEEF; small i8 -5; big u64 0123456789ABCDEF; namespace wifi; ssid "home";
// cal, a blob of 37 bytes. The rest of its partition is FF.
static const uint8_t golden[] = {
    0xFE, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x84, 0x2D, 0xBA, 0xB9,
    0xAA, 0xAA, 0xAA, 0xAA, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0x00, 0x01, 0x01, 0xFF, 0x33, 0x9A, 0x61, 0x9F, 0x74, 0x68, 0x69, 0x6E, 0x67, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0x01, 0x21, 0x02, 0xFF, 0xC2, 0xB9, 0x7D, 0xA5, 0x64, 0x65, 0x76, 0x69, 0x63, 0x65, 0x5F, 0x69,
    0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0D, 0x00, 0xFF, 0xFF, 0xA1, 0x73, 0x6F, 0x31,
    0x30, 0x32, 0x61, 0x31, 0x30, 0x66, 0x30, 0x30, 0x30, 0x30, 0x30, 0x31, 0x00, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0x01, 0x21, 0x04, 0xFF, 0xE4, 0x49, 0xD3, 0xC1, 0x77, 0x65, 0x62, 0x5F, 0x68, 0x61, 0x31, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x41, 0x00, 0xFF, 0xFF, 0x34, 0xA3, 0x58, 0x3E,
    0x35, 0x64, 0x34, 0x31, 0x34, 0x30, 0x32, 0x61, 0x62, 0x63, 0x34, 0x62, 0x32, 0x61, 0x37, 0x36,
    0x62, 0x39, 0x37, 0x31, 0x39, 0x64, 0x39, 0x31, 0x31, 0x30, 0x31, 0x37, 0x63, 0x35, 0x39, 0x32,
    0x35, 0x64, 0x34, 0x31, 0x34, 0x30, 0x32, 0x61, 0x62, 0x63, 0x34, 0x62, 0x32, 0x61, 0x37, 0x36,
    0x62, 0x39, 0x37, 0x31, 0x39, 0x64, 0x39, 0x31, 0x31, 0x30, 0x31, 0x37, 0x63, 0x35, 0x39, 0x32,
    0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0x01, 0x04, 0x01, 0xFF, 0x24, 0x44, 0x3F, 0xB7, 0x62, 0x6F, 0x6F, 0x74, 0x73, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xEF, 0xBE, 0xAD, 0xDE, 0xFF, 0xFF, 0xFF, 0xFF,
    0x01, 0x11, 0x01, 0xFF, 0xCC, 0x04, 0xC9, 0x6B, 0x73, 0x6D, 0x61, 0x6C, 0x6C, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0x01, 0x08, 0x01, 0xFF, 0xE8, 0x18, 0x75, 0x5C, 0x62, 0x69, 0x67, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01,
    0x00, 0x01, 0x01, 0xFF, 0xBA, 0x16, 0xBE, 0xA9, 0x77, 0x69, 0x66, 0x69, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0x02, 0x21, 0x02, 0xFF, 0x53, 0x28, 0xA0, 0xD1, 0x73, 0x73, 0x69, 0x64, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00, 0xFF, 0xFF, 0xB7, 0xE3, 0x7D, 0x6D,
    0x68, 0x6F, 0x6D, 0x65, 0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0x02, 0x42, 0x03, 0x00, 0xE0, 0x81, 0x57, 0x1E, 0x63, 0x61, 0x6C, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x25, 0x00, 0xFF, 0xFF, 0x3B, 0x21, 0xBC, 0x10,
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
    0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
    0x01, 0x02, 0x03, 0x04, 0x05, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0x02, 0x48, 0x01, 0xFF, 0x1D, 0x3D, 0xBA, 0x6B, 0x63, 0x61, 0x6C, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x25, 0x00, 0x00, 0x00, 0x01, 0x00, 0xFF, 0xFF,
};

static const char ha1[] = "5d41402abc4b2a76b9719d911017c5925d41402abc4b2a76b9719d911017c592";
static const uint8_t cal[] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99,
                              0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0x00, 0x11, 0x22, 0x33,
                              0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD,
                              0xEE, 0xFF, 0x01, 0x02, 0x03, 0x04, 0x05};

static void put_golden(void)
{
    chip_init();
    memcpy(cells, golden, sizeof golden);
    power_on();
}

static void what_the_generator_wrote_is_read(void)
{
    uint8_t blob[64];
    char text[80];
    uint64_t value = 0;
    uint32_t len = 0;
    put_golden();
    check_str("device_id", "02a10f000001");
    check_str("web_ha1", ha1);
    check_u32("boots", 0xDEADBEEF);
    CHECK_EQ(aloft_nvs_get_number(&nvs, "thing", "small", ALOFT_NVS_I8, &value), ALOFT_OK);
    CHECK_EQ((long long)value, -5);
    CHECK_EQ(aloft_nvs_get_number(&nvs, "thing", "big", ALOFT_NVS_U64, &value), ALOFT_OK);
    CHECK_EQ((long long)value, 0x0123456789ABCDEFll);
    CHECK_EQ(aloft_nvs_get_str(&nvs, "wifi", "ssid", text, sizeof text), ALOFT_OK);
    CHECK_TEXT(text, "home");
    CHECK_EQ(aloft_nvs_get_blob(&nvs, "wifi", "cal", blob, sizeof blob, &len), ALOFT_OK);
    CHECK_EQ(len, sizeof cal);
    CHECK_BYTES(blob, cal, sizeof cal);
    CHECK_EQ(aloft_nvs_get_str(&nvs, "thing", "boots", text, sizeof text), ALOFT_ERR_NVS_TYPE);
    CHECK_EQ(aloft_nvs_get_str(&nvs, "thing", "ssid", text, sizeof text), ALOFT_ERR_NVS_NOT_FOUND);
    CHECK_EQ(aloft_nvs_get_str(&nvs, "none", "ssid", text, sizeof text), ALOFT_ERR_NVS_NOT_FOUND);
    CHECK_EQ(aloft_nvs_get_str(&nvs, "wifi", "ssid", text, 4), ALOFT_ERR_NVS_ROOM);
    CHECK_EQ(aloft_nvs_get_str(&nvs, "wifi", "a name too long.", text, 80), ALOFT_ERR_NVS_NAME);
}

static void what_is_written_is_what_the_generator_writes(void)
{
    blank();
    CHECK_EQ(set_str("device_id", "02a10f000001"), ALOFT_OK);
    CHECK_EQ(set_str("web_ha1", ha1), ALOFT_OK);
    CHECK_EQ(set_u32("boots", 0xDEADBEEF), ALOFT_OK);
    aloft_nvs_set_number(&op, &nvs, "thing", "small", ALOFT_NVS_I8, (uint64_t)-5);
    CHECK_EQ(run(), ALOFT_OK);
    aloft_nvs_set_number(&op, &nvs, "thing", "big", ALOFT_NVS_U64, 0x0123456789ABCDEFull);
    CHECK_EQ(run(), ALOFT_OK);
    aloft_nvs_set_str(&op, &nvs, "wifi", "ssid", "home");
    CHECK_EQ(run(), ALOFT_OK);
    aloft_nvs_set_blob(&op, &nvs, "wifi", "cal", cal, sizeof cal);
    CHECK_EQ(run(), ALOFT_OK);
    CHECK_BYTES(cells, golden, sizeof golden);
    CHECK(aloft_bytes_are(cells + sizeof golden, SIZE - sizeof golden, 0xFF));
}

static void what_is_there_is_not_written_again(void)
{
    put_golden();
    CHECK_EQ(set_str("web_ha1", ha1), ALOFT_OK);
    CHECK_EQ(set_u32("boots", 0xDEADBEEF), ALOFT_OK);
    aloft_nvs_set_blob(&op, &nvs, "wifi", "cal", cal, sizeof cal);
    CHECK_EQ(run(), ALOFT_OK);
    CHECK_EQ(ram.progs + ram.erases, 0);
    CHECK_EQ(set_u32("boots", 1), ALOFT_OK);
    CHECK(ram.progs > 0);
}

// True when bytes stand anywhere in flash.
static bool in_flash(const void *bytes, size_t len)
{
    bool there = false;
    for (size_t i = 0; i + len <= SIZE && !there; i++) {
        there = memcmp(cells + i, bytes, len) == 0;
    }
    return there;
}

// As ESP-IDF's nvs_open makes it. Power goes away after each step; a torn one is nvs_cut_test's.
static void a_namespace_can_be_made_alone(void)
{
    uint8_t number;
    uint32_t steps = 0;
    enum aloft_step step = ALOFT_STEP_AGAIN;
    for (uint32_t cut = 1; step == ALOFT_STEP_AGAIN; cut++) {
        blank();
        CHECK_EQ(set_u32("boots", 1), ALOFT_OK);
        aloft_nvs_make_ns(&op, &nvs, "wifi");
        for (uint32_t n = 0; n < cut && step == ALOFT_STEP_AGAIN; n++) {
            step = aloft_nvs_step(&op);
        }
        steps = cut;
        power_on();
        CHECK(step == ALOFT_STEP_DONE || step == ALOFT_STEP_AGAIN);
        CHECK(step == ALOFT_STEP_AGAIN || aloft_nvs_find_ns(&nvs, "wifi", &number) == ALOFT_OK);
        aloft_nvs_make_ns(&op, &nvs, "wifi");
        CHECK_EQ(run(), ALOFT_OK);
        CHECK_EQ(aloft_nvs_find_ns(&nvs, "wifi", &number), ALOFT_OK);
        CHECK_EQ(number, 2);
        check_u32("boots", 1);
    }
    CHECK(steps > 3);
    uint64_t value = 0;
    CHECK_EQ(aloft_nvs_get_number(&nvs, "wifi", "wifi", ALOFT_NVS_U8, &value),
             ALOFT_ERR_NVS_NOT_FOUND); // nothing is in it
    uint32_t operations = ram.progs + ram.erases;
    aloft_nvs_make_ns(&op, &nvs, "wifi");
    CHECK_EQ(run(), ALOFT_OK);
    CHECK_EQ(ram.progs + ram.erases, operations); // it is there
    aloft_nvs_set_number(&op, &nvs, "wifi", "wifi", ALOFT_NVS_U8, 7);
    CHECK_EQ(run(), ALOFT_OK);
    aloft_nvs_make_ns(&op, &nvs, "wifi"); // and its values stay
    CHECK_EQ(run(), ALOFT_OK);
    CHECK_EQ(aloft_nvs_get_number(&nvs, "wifi", "wifi", ALOFT_NVS_U8, &value), ALOFT_OK);
    CHECK_EQ((long long)value, 7);
    aloft_nvs_make_ns(&op, &nvs, "a name that is long");
    CHECK_EQ(run(), ALOFT_ERR_NVS_NAME);
}

static void an_old_secret_leaves_flash(void)
{
    put_golden();
    CHECK(in_flash(ha1, 32));
    CHECK_EQ(set_str("web_ha1", "new"), ALOFT_OK);
    CHECK(!in_flash(ha1, 32));
    check_str("web_ha1", "new");
    CHECK(in_flash(cal, sizeof cal));
    aloft_nvs_erase(&op, &nvs, "wifi", "cal");
    CHECK_EQ(run(), ALOFT_OK);
    CHECK(!in_flash(cal, sizeof cal));
    for (uint32_t i = 0; i < 400; i++) { // pages were copied, and the secret with them
        CHECK_EQ(set_u32("boots", i), ALOFT_OK);
        if (i % 50 == 0) {
            CHECK_EQ(set_str("web_ha1", i % 100 == 0 ? ha1 : "new"), ALOFT_OK);
            CHECK_EQ(in_flash(ha1, 32), i % 100 == 0);
        }
    }
    CHECK_EQ(set_str("web_ha1", "newer"), ALOFT_OK);
    CHECK(!in_flash(ha1, 32));
}

// Values that fill a page each, in parts; the other values are what they were.
static void blobs_cross_pages(void)
{
    static uint8_t big[11500];
    static uint8_t back[11500];
    uint32_t len = 0;
    put_golden();
    for (uint32_t round = 0; round < 12; round++) {
        check_note("round %ld", (long)round, 0);
        uint32_t size = 500 * (round % 8) + round;
        for (uint32_t i = 0; i < size; i++) {
            big[i] = (uint8_t)(i * 7 + round);
        }
        aloft_nvs_set_blob(&op, &nvs, "wifi", "cal", big, size);
        CHECK_EQ(run(), ALOFT_OK);
        CHECK_EQ(aloft_nvs_get_blob(&nvs, "wifi", "cal", back, sizeof back, &len), ALOFT_OK);
        CHECK_EQ(len, size);
        CHECK_BYTES(back, big, size);
        check_str("web_ha1", ha1);
    }
    aloft_nvs_set_blob(&op, &nvs, "wifi", "cal", big, 3 * ALOFT_NVS_ITEM_MAX + 1);
    CHECK_EQ(run(), ALOFT_ERR_NVS_LEN);
    aloft_nvs_set_blob(&op, &nvs, "wifi", "more", big, sizeof big); // parts, and then no room
    CHECK_EQ(run(), ALOFT_ERR_NVS_FULL);
    CHECK_EQ(aloft_nvs_get_blob(&nvs, "wifi", "more", back, sizeof back, &len),
             ALOFT_ERR_NVS_NOT_FOUND);
    CHECK_EQ(aloft_nvs_get_blob(&nvs, "wifi", "cal", back, sizeof back, &len), ALOFT_OK);
    CHECK_EQ(set_str("web_ha1", "goes on"), ALOFT_OK);
    check_str("web_ha1", "goes on");
}

static void a_value_of_another_type_goes(void)
{
    uint64_t value;
    put_golden();
    CHECK_EQ(set_str("boots", "text"), ALOFT_OK);
    check_str("boots", "text");
    CHECK_EQ(aloft_nvs_get_number(&nvs, "thing", "boots", ALOFT_NVS_U32, &value),
             ALOFT_ERR_NVS_TYPE);
    aloft_nvs_set_str(&op, &nvs, "wifi", "cal", "no blob");
    CHECK_EQ(run(), ALOFT_OK);
    CHECK(!in_flash(cal, sizeof cal));
}

static void a_full_partition_says_so_and_keeps_what_it_has(void)
{
    static char text[3000];
    uint32_t n = 0;
    enum aloft_err err;
    put_golden();
    memset(text, 'x', sizeof text - 1);
    do {
        char key[4] = {'k', (char)('a' + n), '\0'};
        err = set_str(key, text);
        n++;
    } while (err == ALOFT_OK && n < 20);
    CHECK_EQ(err, ALOFT_ERR_NVS_FULL);
    CHECK_EQ(n, PAGES); // one page is kept free
    check_str("web_ha1", ha1);
    check_str("ka", text);
    CHECK_EQ(erase("kb"), ALOFT_OK);
    CHECK_EQ(set_str("kz", text), ALOFT_OK);
    check_str("kz", text);
    check_str("ka", text);
}

// One bit of flash flips: each value is as it was, or is not there. The marks have no CRC, and
// erased items are zeros, so nothing old comes back.
static void no_flipped_bit_gives_a_wrong_value(void)
{
    char text[80];
    uint8_t blob[64];
    put_golden();
    CHECK_EQ(set_u32("boots", 1), ALOFT_OK);
    CHECK_EQ(set_u32("boots", 0x11223344), ALOFT_OK);
    for (uint32_t bit = 0; bit < 0x300 * 8; bit++) {
        uint64_t value = 0x11223344;
        uint32_t len = sizeof cal;
        check_note("bit %ld", (long)bit, 0);
        cells[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (aloft_nvs_open(&nvs, &view) == ALOFT_OK) {
            memcpy(text, ha1, sizeof ha1);
            memcpy(blob, cal, sizeof cal);
            (void)aloft_nvs_get_number(&nvs, "thing", "boots", ALOFT_NVS_U32, &value);
            CHECK_EQ((long long)value, 0x11223344);
            if (aloft_nvs_get_str(&nvs, "thing", "web_ha1", text, sizeof text) == ALOFT_OK) {
                CHECK_TEXT(text, ha1);
            }
            if (aloft_nvs_get_blob(&nvs, "wifi", "cal", blob, sizeof blob, &len) == ALOFT_OK) {
                CHECK(len == sizeof cal && memcmp(blob, cal, sizeof cal) == 0);
            }
        }
        cells[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

// After any flip a write works, and what it wrote is read.
static void a_write_works_after_any_flipped_bit(void)
{
    static uint8_t before[SIZE];
    put_golden();
    memcpy(before, cells, SIZE);
    for (uint32_t bit = 0; bit < 0x260 * 8; bit += 3) {
        check_note("bit %ld", (long)bit, 0);
        memcpy(cells, before, SIZE);
        cells[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (aloft_nvs_open(&nvs, &view) == ALOFT_OK) {
            CHECK_EQ(set_str("web_ha1", "after"), ALOFT_OK);
            check_str("web_ha1", "after");
        }
    }
}

static void a_partition_of_a_wrong_size_is_refused(void)
{
    chip_init();
    view.len = 0x3800;
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_ERR_NVS_SIZE);
    view.len = 0;
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_ERR_NVS_SIZE);
    view.len = 0x3000;
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_OK);
    memcpy(cells, golden, sizeof golden);
    cells[8] = 0xFD; // a version of the future
    aloft_put_le32(cells + 28, aloft_crc32(0xFFFFFFFFu, cells + 4, 24));
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_ERR_NVS_VERSION);
}

// One page was refused, and apps erased their factory data on that error.
static void one_page_is_read_and_not_written(void)
{
    put_golden();
    view.len = 0x1000;
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_OK);
    check_str("web_ha1", ha1);
    CHECK_EQ(set_str("web_ha1", "new"), ALOFT_ERR_NVS_SIZE);
    CHECK_EQ(erase("web_ha1"), ALOFT_ERR_NVS_SIZE);
    view.len = 0x2000; // neither writer works with two pages
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_OK);
    CHECK_EQ(set_str("web_ha1", "new"), ALOFT_ERR_NVS_SIZE);
    CHECK_EQ(ram.progs + ram.erases, 0);
    check_str("web_ha1", ha1);
}

// There was a limit of 256 pages.
static void a_large_partition_is_read_and_written(void)
{
    enum { LARGE = 300 * 0x1000 };
    static uint8_t large[LARGE];
    ram_flash_init(&ram, large, LARGE);
    view = (struct aloft_flash_view){&ram.flash, 0, LARGE};
    memcpy(large + LARGE - 0x1000, golden, sizeof golden);
    power_on();
    check_str("web_ha1", ha1);
    CHECK_EQ(set_str("web_ha1", "new"), ALOFT_OK);
    check_str("web_ha1", "new");
}

CHECK_MAIN(TEST(what_is_set_is_read), TEST(what_the_generator_wrote_is_read),
           TEST(what_is_written_is_what_the_generator_writes),
           TEST(what_is_there_is_not_written_again), TEST(a_namespace_can_be_made_alone),
           TEST(an_old_secret_leaves_flash), TEST(blobs_cross_pages),
           TEST(a_value_of_another_type_goes), TEST(a_full_partition_says_so_and_keeps_what_it_has),
           TEST(no_flipped_bit_gives_a_wrong_value), TEST(a_write_works_after_any_flipped_bit),
           TEST(a_partition_of_a_wrong_size_is_refused), TEST(one_page_is_read_and_not_written),
           TEST(a_large_partition_is_read_and_written))
