// Power goes away at every flash operation of sets and erases that fill pages and copy them: before
// it, after it, and in the middle of it in every way that the chip's model knows. Then again, once,
// while that is put in order. Each time the key has its old value or its new one, and every other
// key its own; and in the end the write succeeds.
#include "aloft/nvs_write.h"
#include "check.h"
#include "hostlib/flash/nor.h"
#include "whole.h"
#include <stdlib.h>

enum { CHIP = 0x10000, START = 0x9000, SIZE = 0x3000, KEYS = 6, VALUE_MAX = 2600 };

// A value as the test knows it. len 0: not there.
struct value {
    uint8_t bytes[VALUE_MAX];
    uint32_t len;
};

static uint8_t bytes[CHIP];
static struct aloft_nor_sector sectors[CHIP / ALOFT_NOR_SECTOR];
static struct aloft_nor nor;
static struct aloft_nvs nvs;
static struct aloft_nvs_write op;
static struct value known[KEYS];
static struct value next;
static uint32_t cuts;
static uint32_t copies; // pages that were copied, in sets without a cut

static const char *key_name(uint32_t key)
{
    static const char *const names[KEYS] = {"ha1", "token", "blob", "count", "large", "gone"};
    return names[key];
}

// Keys 0, 1, 4 and 5 are strings, 2 is a blob, 3 a number.
static void make_value(uint32_t key, uint32_t round, struct value *out)
{
    static const uint32_t lens[KEYS] = {65, 20, 900, 4, 1500, 40};
    out->len = lens[key] + (key == 3 ? 0 : round * 13 % 40);
    for (uint32_t i = 0; i < out->len; i++) {
        out->bytes[i] = (uint8_t)('a' + (i + round * 5 + key) % 26);
    }
    if (key == 2) {
        memset(out->bytes, 0xFF, 200); // bytes that look like erased flash
    } else if (key != 3) {
        out->bytes[out->len - 1] = '\0';
    }
}

static void begin(uint32_t key)
{
    const char *name = key_name(key);
    if (next.len == 0) {
        aloft_nvs_erase(&op, &nvs, "aloft", name);
    } else if (key == 2) {
        aloft_nvs_set_blob(&op, &nvs, "aloft", name, next.bytes, next.len);
    } else if (key == 3) {
        uint32_t value;
        memcpy(&value, next.bytes, sizeof value);
        aloft_nvs_set_number(&op, &nvs, "aloft", name, ALOFT_NVS_U32, value);
    } else {
        aloft_nvs_set_str(&op, &nvs, "aloft", name, (const char *)next.bytes);
    }
}

static enum aloft_err run(void)
{
    enum aloft_step step;
    uint32_t n = 0;
    do {
        uint32_t before = nor.operations;
        step = aloft_nvs_step(&op);
        CHECK(nor.operations - before <= 1);
    } while (step == ALOFT_STEP_AGAIN && ++n < 20000);
    CHECK(n < 20000);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : op.err;
}

static enum aloft_err read_key(uint32_t key, struct value *out)
{
    const char *name = key_name(key);
    uint64_t number = 0;
    enum aloft_err err;
    out->len = 0;
    if (key == 2) {
        err = aloft_nvs_get_blob(&nvs, "aloft", name, out->bytes, VALUE_MAX, &out->len);
    } else if (key == 3) {
        err = aloft_nvs_get_number(&nvs, "aloft", name, ALOFT_NVS_U32, &number);
        uint32_t value = (uint32_t)number;
        memcpy(out->bytes, &value, sizeof value);
        out->len = sizeof value;
    } else {
        err = aloft_nvs_get_str(&nvs, "aloft", name, (char *)out->bytes, VALUE_MAX);
        out->len = err == ALOFT_OK ? (uint32_t)strlen((char *)out->bytes) + 1 : 0;
    }
    return err;
}

static bool key_is(uint32_t key, const struct value *wanted)
{
    static struct value now;
    enum aloft_err err = read_key(key, &now);
    if (wanted->len == 0) {
        return err == ALOFT_ERR_NVS_NOT_FOUND;
    }
    return err == ALOFT_OK && now.len == wanted->len &&
           memcmp(now.bytes, wanted->bytes, now.len) == 0;
}

static void check_all(uint32_t key)
{
    for (uint32_t i = 0; i < KEYS; i++) {
        bool old = key_is(i, &known[i]);
        CHECK(i == key ? old || key_is(i, &next) : old);
    }
}

static void power_on(void)
{
    struct aloft_flash_view view = {&nor.flash, START, SIZE};
    aloft_nor_power_on(&nor);
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_OK);
}

struct way {
    enum aloft_nor_cut cut;
    enum aloft_nor_mix mix;
    enum aloft_nor_torn torn;
};
static const struct way ways[] = {
    {ALOFT_NOR_CUT_BEFORE, ALOFT_NOR_MIX_ANY, ALOFT_NOR_TORN_ANY},
    {ALOFT_NOR_CUT_AFTER, ALOFT_NOR_MIX_ANY, ALOFT_NOR_TORN_ANY},
    {ALOFT_NOR_CUT_TORN, ALOFT_NOR_MIX_OLD, ALOFT_NOR_TORN_FIRST},
    {ALOFT_NOR_CUT_TORN, ALOFT_NOR_MIX_HALF, ALOFT_NOR_TORN_MIDDLE},
    {ALOFT_NOR_CUT_TORN, ALOFT_NOR_MIX_BLANK, ALOFT_NOR_TORN_LAST},
    {ALOFT_NOR_CUT_TORN, ALOFT_NOR_MIX_PREFIX, ALOFT_NOR_TORN_HOLE},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

// Begins the write and cuts it; what it had to put in order first counts too.
static void cut(uint32_t key, uint32_t at, const struct way *way)
{
    power_on();
    nor.plan = (struct aloft_nor_plan){.cut = way->cut,
                                       .cut_at = at,
                                       .mix = way->mix,
                                       .torn = way->torn,
                                       .seed = cuts * 2654435761u + 1};
    cuts++;
    begin(key);
    (void)run(); // it fails, or is done before the cut
    power_on();
    check_all(key);
}

// ESP-IDF takes entries behind an empty one for torn.
static void check_no_holes(void)
{
    for (uint32_t i = 0; i < nvs.pages; i++) {
        struct aloft_nvs_page page;
        bool hole = false;
        CHECK_EQ(aloft_nvs_read_page(&nvs, i, &page), ALOFT_OK);
        for (uint32_t e = 0; e < ALOFT_NVS_ENTRIES && page.live; e++) {
            enum aloft_nvs_mark mark = aloft_nvspage_mark(&page, e);
            hole = hole || mark == ALOFT_NVS_EMPTY;
            CHECK(!(hole && mark == ALOFT_NVS_WRITTEN));
        }
    }
}

// Other writes come first, until pages were copied: what the key had after the cut, it keeps.
static void live_on(uint32_t key)
{
    static char filler[1201];
    static struct value now;
    (void)read_key(key, &now);
    for (uint32_t i = 0; i < 8; i++) {
        memset(filler, (int)('A' + i), sizeof filler - 1);
        aloft_nvs_set_str(&op, &nvs, "other", "filler", filler);
        CHECK_EQ(run(), ALOFT_OK);
    }
    CHECK(key_is(key, &now));
    check_all(key);
    check_no_holes();
}

static void write_whole(uint32_t key)
{
    begin(key);
    enum aloft_err err = run();
    bool gone = next.len == 0 && err == ALOFT_ERR_NVS_NOT_FOUND;
    CHECK(err == ALOFT_OK || gone);
}

// One set or erase, from the chip as it is, with every cut; the chip then has it without a cut.
static void every_cut(uint32_t key, uint32_t stride)
{
    static uint8_t before[CHIP];
    static uint8_t after[CHIP];
    static struct aloft_nor_sector sectors_before[CHIP / ALOFT_NOR_SECTOR];
    memcpy(before, bytes, CHIP);
    memcpy(sectors_before, sectors, sizeof sectors);
    power_on();
    uint64_t erases = nor.erases;
    write_whole(key);
    copies += nor.erases > erases;
    uint32_t operations = nor.operations;
    memcpy(after, bytes, CHIP);
    for (uint32_t at = 1 + key % stride; at <= operations; at += stride) {
        for (uint32_t w = 0; w < WAYS; w++) {
            check_note("cut at %ld, way %ld", (long)at, (long)w);
            memcpy(bytes, before, CHIP);
            memcpy(sectors, sectors_before, sizeof sectors);
            cut(key, at, &ways[w]);
            cut(key, 1 + (uint32_t)rand() % 40, &ways[(uint32_t)rand() % WAYS]);
            if ((at + w) % 8 == 0) {
                live_on(key);
            }
            write_whole(key);
            check_no_holes();
            struct value old = known[key];
            known[key] = next;
            check_all(key);
            known[key] = old;
        }
    }
    memcpy(bytes, after, CHIP);
    memset(sectors, 0, sizeof sectors);
    power_on();
    known[key] = next;
    check_all(key);
}

static void every_cut_leaves_the_old_value_or_the_new(void)
{
    static const uint8_t order[] = {0, 1, 2, 3, 4, 5, 0, 1, 3, 2, 5, 4, 0, 3, 2, 5, 1,
                                    4, 3, 0, 2, 5, 1, 4, 2, 0, 3, 4, 1, 2, 4, 5, 0};
    memset(bytes, 0xFF, sizeof bytes);
    aloft_nor_init(&nor, bytes, sectors, CHIP);
    memset(known, 0, sizeof known);
    for (uint32_t i = 0; i < sizeof order; i++) {
        uint32_t key = order[i];
        make_value(key, i, &next);
        if (key == 5 && known[5].len != 0) {
            next.len = 0;
        }
        every_cut(key, whole_or(3));
    }
    printf("%lu cuts, %lu pages begun\n", (unsigned long)cuts, (unsigned long)copies);
    CHECK(copies >= 4);
}

CHECK_MAIN(TEST(every_cut_leaves_the_old_value_or_the_new))
