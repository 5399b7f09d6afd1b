// A guard is a value that keeps something shut, and one flipped bit used to open it: of 1,288 flips
// in `pin_revoked`, 1,039 made it NVS_NOT_FOUND. Here every bit of the pages flips, one at a time,
// and no guard is ever taken for unset; its owner sets it again, and gets in. Cuts are in
// nvs_cut_test.c, whose keys are guards, too.
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/nvs_write.h"
#include "check.h"
#include "ram_flash.h"
#include "whole.h"

enum { PAGES = 4, SIZE = PAGES * 0x1000, STEPS_MAX = 20000, GUARDS = 5 };

struct guard {
    const char *key;
    char value[700];
};

static struct guard guards[GUARDS] = {
    {"pin_revoked", ""}, {"push_hash", ""}, {"web_ha1", ""}, {"ctl_token", ""}, {"ca", ""}};
static struct ram_flash ram;
static uint8_t cells[SIZE];
static struct aloft_nvs nvs;
static struct aloft_nvs_write op;
static struct aloft_flash_view view;

static void begin(void)
{
    ram_flash_init(&ram, cells, SIZE);
    view = (struct aloft_flash_view){&ram.flash, 0, SIZE};
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_OK);
}

static enum aloft_err run(void)
{
    enum aloft_step step;
    uint32_t n = 0;
    do {
        step = aloft_nvs_step(&op);
    } while (step == ALOFT_STEP_AGAIN && ++n < STEPS_MAX);
    CHECK(n < STEPS_MAX);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : op.err;
}

static enum aloft_err set(const char *ns, const char *key, const char *text)
{
    aloft_nvs_set_str(&op, &nvs, ns, key, text);
    return run();
}

static enum aloft_err erase(const char *key)
{
    aloft_nvs_erase(&op, &nvs, "aloft", key);
    return run();
}

static enum aloft_err get(const char *key, const char *wanted)
{
    static char text[ALOFT_NVS_ITEM_MAX];
    enum aloft_err err = aloft_nvs_get_str(&nvs, "aloft", key, text, sizeof text);
    if (err == ALOFT_OK && wanted != NULL) {
        CHECK_TEXT(text, wanted);
    }
    return err;
}

static void make_guards(uint32_t round)
{
    static const uint32_t lens[GUARDS] = {64, 64, 32, 120, 600};
    for (uint32_t g = 0; g < GUARDS; g++) {
        memset(guards[g].value, 0, sizeof guards[g].value);
        for (uint32_t i = 0; i < lens[g]; i++) {
            guards[g].value[i] = "0123456789abcdef"[(i * 7 + g + round) % 16];
        }
        CHECK_EQ(set("aloft", guards[g].key, guards[g].value), ALOFT_OK);
    }
}

// Guards that were set twice, so that what is left of old values is there, too, among other values.
// The pages are those of a store that has filled one and copied one.
static void guarded(uint32_t rounds)
{
    static char filler[1201];
    begin();
    make_guards(0);
    for (uint32_t i = 0; i < rounds; i++) {
        memset(filler, (int)('A' + i), sizeof filler - 1);
        CHECK_EQ(set("app", "filler", filler), ALOFT_OK);
    }
    make_guards(1);
    aloft_nvs_set_number(&op, &nvs, "app", "boots", ALOFT_NVS_U32, 7);
    CHECK_EQ(run(), ALOFT_OK);
}

static void flip(uint32_t bit)
{
    cells[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

// Every bit of what was programmed, and some of what was not.
static uint32_t next_bit(uint32_t bit)
{
    uint32_t entry = bit / 8 / 32 * 32;
    return bit + (aloft_bytes_are(cells + entry, 32, 0xFF) ? 61 : 1);
}

static bool is_open(enum aloft_err err)
{
    return err == ALOFT_ERR_NVS_NOT_FOUND;
}

// step 1: every bit.
static void flip_bits(uint32_t rounds, uint32_t step)
{
    uint32_t flips = 0;
    uint32_t shut = 0;
    guarded(rounds);
    for (uint32_t bit = 0; bit < SIZE * 8; bit = next_bit(bit) + step - 1) {
        check_note("bit %ld of byte %ld", (long)bit % 8, (long)bit / 8);
        flip(bit);
        bool opened = aloft_nvs_open(&nvs, &view) == ALOFT_OK;
        for (uint32_t g = 0; g < GUARDS && opened; g++) {
            enum aloft_err err = get(guards[g].key, guards[g].value);
            CHECK(!is_open(err));
            shut += err != ALOFT_OK;
        }
        CHECK(!opened || get("pin", NULL) != ALOFT_OK); // it was never set
        flip(bit);
        flips++;
    }
    printf("%u flips: %u times a guard was shut, never open\n", (unsigned)flips, (unsigned)shut);
    CHECK(flips > 24000 / (3 * step) && shut > 6000 / (3 * step));
}

static void no_flipped_bit_opens_a_guard(void)
{
    flip_bits(0, whole_or(3));
    flip_bits(8, whole_or(4) * 5);
}

// Sets every guard that is shut. True when there was one.
static bool set_what_is_shut(void)
{
    bool shut = false;
    for (uint32_t g = 0; g < GUARDS; g++) {
        if (get(guards[g].key, guards[g].value) != ALOFT_OK) {
            shut = true;
            CHECK_EQ(set("aloft", guards[g].key, "set again"), ALOFT_OK);
            CHECK_EQ(get(guards[g].key, "set again"), ALOFT_OK);
        }
    }
    return shut;
}

// Then all guards are what they are set to, and what was never set is unset again.
static void a_guard_that_is_set_again_reads_as_set(void)
{
    static uint8_t before[SIZE];
    uint32_t unset = 0;
    guarded(0);
    memcpy(before, cells, SIZE);
    for (uint32_t bit = 0; bit < SIZE * 8; bit = next_bit(bit) + (bit < 0x200 * 8 ? 0 : 6)) {
        check_note("bit %ld of byte %ld", (long)bit % 8, (long)bit / 8);
        flip(bit);
        if (aloft_nvs_open(&nvs, &view) == ALOFT_OK) {
            bool shut = set_what_is_shut();
            if (is_open(get("pin", NULL))) {
                unset++;
            } else { // the list is damaged: setting any guard, even to its value, makes it again
                CHECK_EQ(set("aloft", "ca", guards[4].value), ALOFT_OK);
            }
            for (uint32_t g = 0; g < GUARDS; g++) {
                CHECK_EQ(get(guards[g].key, NULL), ALOFT_OK);
            }
            CHECK_EQ(get("pin", NULL), ALOFT_ERR_NVS_NOT_FOUND);
            if (shut && bit % 16 == 0) {
                CHECK_EQ(erase("pin_revoked"), ALOFT_OK);
                CHECK_EQ(get("pin_revoked", NULL), ALOFT_ERR_NVS_NOT_FOUND);
            }
        }
        memcpy(cells, before, SIZE);
    }
    CHECK(unset > 2000);
}

// Where the name of the namespace itself is damaged, all of it is shut until a guard is set.
static void a_guard_that_is_shut_can_be_erased(void)
{
    static uint8_t before[SIZE];
    uint8_t number;
    uint32_t erased = 0;
    guarded(0);
    memcpy(before, cells, SIZE);
    for (uint32_t bit = 0; bit < 0x200 * 8; bit++) {
        check_note("bit %ld of byte %ld", (long)bit % 8, (long)bit / 8);
        flip(bit);
        if (aloft_nvs_open(&nvs, &view) == ALOFT_OK && get("pin_revoked", NULL) != ALOFT_OK) {
            CHECK_EQ(erase("pin_revoked"), ALOFT_OK);
            enum aloft_err err = get("pin_revoked", NULL);
            if (aloft_nvs_find_ns(&nvs, "aloft", &number) != ALOFT_OK) {
                CHECK_EQ(err, ALOFT_ERR_NVS_CORRUPT);
                CHECK_EQ(set("aloft", "pin", "x"), ALOFT_OK);
                err = get("pin_revoked", NULL);
            }
            CHECK_EQ(err, ALOFT_ERR_NVS_NOT_FOUND);
            erased++;
        }
        memcpy(cells, before, SIZE);
    }
    CHECK(erased > 400);
}

// Rewrites the entry at which `find` lies as if another program had written `put` there.
static void forge(const char *find, const char *put)
{
    char name[ALOFT_NVS_NAME] = "";
    char other[ALOFT_NVS_NAME] = "";
    memcpy(name, find, strlen(find));
    memcpy(other, put, strlen(put));
    for (uint32_t at = 64; at < SIZE; at += 32) {
        if (cells[at] == 0 && memcmp(cells + at + 8, name, sizeof name) == 0) {
            memcpy(cells + at + 8, other, sizeof other);
            uint32_t crc = aloft_crc32(0xFFFFFFFFu, cells + at, 4);
            aloft_put_le32(cells + at + 4, aloft_crc32(crc, cells + at + 8, 24));
        }
    }
}

// A text's bytes are found where its entry is not, so all of its flips are survived. A number is
// one entry: both flips of its mark take it away, and nothing else does.
static void only_the_mark_of_a_number_can_hide_a_foreign_guard(void)
{
    uint32_t lost = 0;
    uint64_t number;
    begin();
    CHECK_EQ(set("thing", "pin_revoked", "0123456789abcdef"), ALOFT_OK);
    aloft_nvs_set_number(&op, &nvs, "thing", "version", ALOFT_NVS_U32, 7);
    CHECK_EQ(run(), ALOFT_OK);
    forge("thing", "aloft");
    CHECK_EQ(get("pin_revoked", "0123456789abcdef"), ALOFT_OK);
    CHECK_EQ(get("pin", NULL), ALOFT_ERR_NVS_NOT_FOUND);
    for (uint32_t bit = 0; bit < SIZE * 8; bit = next_bit(bit)) {
        check_note("bit %ld of byte %ld", (long)bit % 8, (long)bit / 8);
        flip(bit);
        if (aloft_nvs_open(&nvs, &view) == ALOFT_OK) {
            CHECK(!is_open(get("pin_revoked", "0123456789abcdef")));
            bool gone =
                is_open(aloft_nvs_get_number(&nvs, "aloft", "version", ALOFT_NVS_U32, &number));
            CHECK(!gone || (bit >= ALOFT_NVS_MAP * 8 && bit < ALOFT_NVS_ENTRIES_OFF * 8));
            lost += gone;
        }
        flip(bit);
    }
    CHECK_EQ(lost, 2);
}

static void fill(uint32_t at, uint32_t len, uint32_t seed)
{
    for (uint32_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        cells[at + i] = (uint8_t)(seed >> 24);
    }
}

// ESP-IDF encrypts entries and leaves headers and marks plain.
static void encrypted_entries_are_unreadable_and_stay(void)
{
    static uint8_t before[SIZE];
    guarded(3);
    for (uint32_t page = 0; page < SIZE; page += 0x1000) {
        for (uint32_t at = page + 64; at < page + 0x1000; at += 32) {
            if (!aloft_bytes_are(cells + at, 32, 0xFF)) {
                fill(at, 32, at);
            }
        }
    }
    memcpy(before, cells, SIZE);
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_OK);
    CHECK_EQ(get("pin_revoked", NULL), ALOFT_ERR_NVS_UNREADABLE);
    CHECK_EQ(get("pin", NULL), ALOFT_ERR_NVS_UNREADABLE);
    CHECK_EQ(set("aloft", "pin", "x"), ALOFT_ERR_NVS_UNREADABLE);
    CHECK_EQ(set("app", "filler", "x"), ALOFT_ERR_NVS_UNREADABLE);
    CHECK_EQ(erase("pin"), ALOFT_ERR_NVS_UNREADABLE);
    CHECK_BYTES(cells, before, SIZE);
}

// One bit of the header of such a page, the only one in use; or all of the page is noise.
static void a_page_of_noise_is_unreadable(void)
{
    guarded(0);
    fill(64, 0xFC0, 1);
    CHECK_EQ(get("pin", NULL), ALOFT_ERR_NVS_UNREADABLE);
    for (uint32_t bit = 0; bit < 32 * 8; bit++) {
        check_note("bit %ld", (long)bit, 0);
        flip(bit);
        if (aloft_nvs_open(&nvs, &view) == ALOFT_OK) {
            CHECK(!is_open(get("pin_revoked", NULL)));
        }
        flip(bit);
    }
    fill(0, 0x1000, 2);
    CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_OK);
    CHECK_EQ(get("pin_revoked", NULL), ALOFT_ERR_NVS_UNREADABLE);
    memset(cells, 0xFF, SIZE);
    CHECK_EQ(get("pin_revoked", NULL), ALOFT_ERR_NVS_NOT_FOUND);
}

// Some entries are damaged beyond one bit. Other values are set until every page was copied, if it
// could be; the damaged page keeps each byte that was in it.
static void a_write_leaves_what_it_cannot_read(void)
{
    static uint8_t before[0x1000];
    static char filler[1201];
    for (uint32_t which = 0; which < 3; which++) {
        check_note("damage %ld", (long)which, 0);
        guarded(0);
        memcpy(before, cells, sizeof before);
        if (which == 0) {
            fill(64 + 32, 32, 1); // the first guard's name
        } else if (which == 1) {
            fill(64, 32, 1); // the namespace's
        } else {
            fill(4, 8, 1); // the page's header
        }
        memcpy(before, cells, sizeof before);
        CHECK_EQ(aloft_nvs_open(&nvs, &view), ALOFT_OK);
        CHECK(!is_open(get("pin_revoked", NULL)));
        for (uint32_t i = 0; i < 12; i++) {
            memset(filler, (int)('A' + i), sizeof filler - 1);
            CHECK_EQ(set("app", "filler", filler), ALOFT_OK);
            CHECK(!is_open(get("pin_revoked", NULL)));
        }
        CHECK_EQ(set("aloft", "push_hash", "again"), ALOFT_OK);
        CHECK_EQ(get("push_hash", "again"), ALOFT_OK);
        CHECK(!is_open(get("pin_revoked", NULL)));
        for (uint32_t i = 64; i < 0x1000; i += 32) {
            bool same = memcmp(cells + i, before + i, 32) == 0;
            bool blank = aloft_bytes_are(before + i, 32, 0xFF);
            bool gone = aloft_bytes_are(cells + i, 32, 0); // the old push_hash, or an old filler
            CHECK(same || blank || gone);
        }
    }
}

// A guard is listed after it is set, and so counts when that was cut off.
static void a_guard_without_its_name_in_the_list_counts(void)
{
    uint8_t number;
    begin();
    aloft_nvs_set_str(&op, &nvs, "aloft", "pin", "0123");
    while (op.twice) {
        CHECK_EQ(aloft_nvs_step(&op), ALOFT_STEP_AGAIN);
    }
    CHECK_EQ(get("pin", "0123"), ALOFT_OK);
    CHECK_EQ(aloft_nvs_find_ns(&nvs, "aloft_guards", &number), ALOFT_ERR_NVS_NOT_FOUND);
    CHECK_EQ(set("aloft", "pin", "0123"), ALOFT_OK); // the same value: now it is listed
    CHECK_EQ(aloft_nvs_find_ns(&nvs, "aloft_guards", &number), ALOFT_OK);
    aloft_nvs_erase(&op, &nvs, "aloft", "pin");
    while (op.twice) {
        CHECK_EQ(aloft_nvs_step(&op), ALOFT_STEP_AGAIN);
    }
    CHECK_EQ(get("pin", "0123"), ALOFT_OK); // off the list, and still there
    CHECK_EQ(run(), ALOFT_OK);
    CHECK_EQ(get("pin", NULL), ALOFT_ERR_NVS_NOT_FOUND);
    CHECK_EQ(erase("pin"), ALOFT_ERR_NVS_NOT_FOUND);
}

// ESP-IDF drops what is damaged when it starts; the list still says that it was there.
static void a_guard_that_another_program_dropped_is_missed(void)
{
    guarded(0);
    for (uint32_t at = 64; at < 0x1000; at += 32) {
        if (cells[at] != 0 && memcmp(cells + at + 8, "pin_revoked", 12) == 0 &&
            cells[at + 1] == ALOFT_NVS_STR) {
            uint32_t index = (at - 64) / 32;
            for (uint32_t i = index; i < index + cells[at + 2]; i++) {
                cells[32 + i / 4] &= (uint8_t) ~(3u << i % 4 * 2);
            }
        }
    }
    CHECK_EQ(get("pin_revoked", NULL), ALOFT_ERR_NVS_CORRUPT);
    CHECK_EQ(get("pin", NULL), ALOFT_ERR_NVS_NOT_FOUND);
    CHECK_EQ(erase("pin_revoked"), ALOFT_OK);
    CHECK_EQ(get("pin_revoked", NULL), ALOFT_ERR_NVS_NOT_FOUND);
}

CHECK_MAIN(TEST(no_flipped_bit_opens_a_guard), TEST(a_guard_that_is_set_again_reads_as_set),
           TEST(a_guard_that_is_shut_can_be_erased),
           TEST(only_the_mark_of_a_number_can_hide_a_foreign_guard),
           TEST(encrypted_entries_are_unreadable_and_stay), TEST(a_page_of_noise_is_unreadable),
           TEST(a_write_leaves_what_it_cannot_read),
           TEST(a_guard_without_its_name_in_the_list_counts),
           TEST(a_guard_that_another_program_dropped_is_missed))
