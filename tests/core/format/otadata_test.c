// otadata records against the vectors and rules of ESP-IDF: docs/SPEC.md, "otadata".
#include "aloft/base/bytes.h"
#include "aloft/format/otadata.h"
#include "check.h"
#include "guard.h"

#define EMPTY 0xFFFFFFFFu

static struct aloft_otadata record(uint32_t seq, uint32_t state)
{
    return (struct aloft_otadata){seq, state, aloft_otadata_crc(seq)};
}

static void otadata_crc_has_the_values_of_the_known_vectors(void)
{
    static const uint32_t vectors[][2] = {
        {0, 0xFFFFFFFF}, {1, 0x4743989A}, {2, 0x55F63774}, {3, 0xED4A5011},
        {4, 0x709D68A8}, {5, 0xC8210FCD}, {6, 0xDA94A023}, {0xFFFFFFFE, 0x99F8B879},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        CHECK_EQ(aloft_otadata_crc(vectors[i][0]), vectors[i][1]);
    }
}

static void otadata_emits_the_bytes_that_a_stock_device_leaves(void)
{
    // Read from an ESP32-C3 after an update, before its first boot.
    uint8_t expected[ALOFT_OTADATA_RECORD];
    uint8_t bytes[ALOFT_OTADATA_RECORD] = {0};
    struct aloft_otadata first = {1, ALOFT_OTA_NEW, 0x55555555};
    memset(expected, 0xFF, sizeof expected);
    memcpy(expected, "\x01\x00\x00\x00", 4);
    memcpy(expected + 24, "\x00\x00\x00\x00\x9a\x98\x43\x47", 8);
    aloft_otadata_emit(&first, bytes);
    CHECK_BYTES(bytes, expected, sizeof expected);
}

static void otadata_parses_what_it_emits_in_every_state(void)
{
    static const uint32_t states[] = {0, 1, 2, 3, 4, 5, 0x12345678, ALOFT_OTA_UNDEFINED};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        struct aloft_otadata in = {0x01020304u + (uint32_t)i, states[i], 0};
        struct aloft_otadata out;
        uint8_t bytes[ALOFT_OTADATA_RECORD];
        aloft_otadata_emit(&in, bytes);
        aloft_otadata_parse(guard_after(bytes, sizeof bytes), &out);
        CHECK_EQ(out.seq, in.seq);
        CHECK_EQ(out.state, in.state);
        CHECK_EQ(out.crc, aloft_otadata_crc(in.seq));
        aloft_otadata_parse(guard_before(bytes, sizeof bytes), &out);
        CHECK_EQ(out.seq, in.seq);
    }
}

static void otadata_of_erased_flash_does_not_count(void)
{
    uint8_t bytes[ALOFT_OTADATA_RECORD];
    struct aloft_otadata out;
    memset(bytes, 0xFF, sizeof bytes);
    aloft_otadata_parse(bytes, &out);
    CHECK_EQ(out.seq, EMPTY);
    CHECK(!aloft_otadata_sound(&out));
    CHECK(!aloft_otadata_usable(&out));
}

static void otadata_seq_0_does_not_count_although_erased_flash_holds_its_crc(void)
{
    struct aloft_otadata torn = {0, ALOFT_OTA_UNDEFINED, 0xFFFFFFFF};
    CHECK_EQ(torn.crc, aloft_otadata_crc(0));
    CHECK(!aloft_otadata_sound(&torn));
}

static void otadata_with_any_flipped_bit_of_seq_or_crc_is_unsound(void)
{
    uint8_t bytes[ALOFT_OTADATA_RECORD];
    struct aloft_otadata in = record(3, ALOFT_OTA_VALID);
    for (uint32_t bit = 0; bit < ALOFT_OTADATA_RECORD * 8; bit++) {
        struct aloft_otadata out;
        bool covered = bit / 8 < 4 || bit / 8 >= 28; // label and state lie outside the CRC
        aloft_otadata_emit(&in, bytes);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        aloft_otadata_parse(bytes, &out);
        check_note("bit %ld", (long)bit, 0);
        CHECK_EQ(aloft_otadata_sound(&out), !covered);
    }
}

static void otadata_is_usable_when_new_pending_valid_or_undefined(void)
{
    static const struct {
        uint32_t state;
        bool usable;
    } cases[] = {
        {ALOFT_OTA_NEW, true},
        {ALOFT_OTA_PENDING, true},
        {ALOFT_OTA_VALID, true},
        {ALOFT_OTA_INVALID, false},
        {ALOFT_OTA_ABORTED, false},
        {ALOFT_OTA_UNDEFINED, true},
        {5, false}, // no writer writes it: it is torn
        {0x12345678, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_otadata good = record(1, cases[i].state);
        struct aloft_otadata bad = {1, cases[i].state, 0};
        CHECK_EQ(aloft_otadata_usable(&good), cases[i].usable);
        CHECK(!aloft_otadata_usable(&bad));
    }
}

static int active(struct aloft_otadata first, struct aloft_otadata second)
{
    struct aloft_otadata records[2] = {first, second};
    return aloft_otadata_active(records);
}

static void otadata_active_is_the_usable_record_with_the_larger_seq(void)
{
    struct aloft_otadata none = {EMPTY, EMPTY, EMPTY};
    struct aloft_otadata two = record(2, ALOFT_OTA_VALID);
    struct aloft_otadata three = record(3, ALOFT_OTA_NEW);
    struct aloft_otadata bad_crc = {9, ALOFT_OTA_VALID, 9};
    CHECK_EQ(active(none, none), -1);
    CHECK_EQ(active(two, none), 0);
    CHECK_EQ(active(none, two), 1);
    CHECK_EQ(active(two, three), 1);
    CHECK_EQ(active(three, two), 0);
    CHECK_EQ(active(two, two), 0);
    CHECK_EQ(active(two, bad_crc), 0);
    CHECK_EQ(active(bad_crc, two), 1);
    CHECK_EQ(active(two, record(3, ALOFT_OTA_ABORTED)), 0);
    CHECK_EQ(active(record(9, ALOFT_OTA_INVALID), three), 1);
    CHECK_EQ(active(record(9, ALOFT_OTA_INVALID), bad_crc), -1);
    CHECK_EQ(active(record(0x80000000, 2), record(1, 2)), 0); // unsigned
    CHECK_EQ(active(record(1, 2), record(0xFFFFFFFE, 2)), 1);
}

static void otadata_slot_goes_round_the_slots_from_seq_1(void)
{
    for (uint32_t count = 1; count <= ALOFT_OTADATA_SLOTS_MAX; count++) {
        for (uint32_t seq = 1; seq < 40; seq++) {
            CHECK_EQ(aloft_otadata_slot(seq, count), (seq - 1) % count);
        }
    }
    CHECK_EQ(aloft_otadata_slot(0xFFFFFFFE, 2), 1);
}

// ESP-IDF's own loop, from its description: base = (slot + 1) % n, then base + i * n, not below
// cur.
static uint32_t idf_next_seq(uint32_t current, uint32_t slot, uint32_t count)
{
    uint32_t seq = (slot + 1) % count;
    while (current > seq) {
        seq += count;
    }
    return seq;
}

static void otadata_next_seq_is_that_of_esp_idf(void)
{
    for (uint32_t count = 1; count <= ALOFT_OTADATA_SLOTS_MAX; count++) {
        for (uint32_t slot = 0; slot < count; slot++) {
            CHECK_EQ(aloft_otadata_next_seq(0, slot, count), slot + 1);
            for (uint32_t current = 1; current < 50; current++) {
                uint32_t next = aloft_otadata_next_seq(current, slot, count);
                bool same = aloft_otadata_slot(current, count) == slot;
                check_note("current %ld, slots %ld", (long)current, (long)count);
                // Where ESP-IDF rewrites a record in place, ours moves to the next number.
                CHECK_EQ(next, same ? current + count : idf_next_seq(current, slot, count));
                CHECK_EQ(aloft_otadata_slot(next, count), slot);
            }
        }
    }
}

static void otadata_next_seq_of_two_slots_is_odd_and_even(void)
{
    CHECK_EQ(aloft_otadata_next_seq(0, 0, 2), 1);
    CHECK_EQ(aloft_otadata_next_seq(1, 1, 2), 2);
    CHECK_EQ(aloft_otadata_next_seq(2, 0, 2), 3);
    CHECK_EQ(aloft_otadata_next_seq(3, 1, 2), 4);
}

static void otadata_next_seq_says_when_the_numbers_are_used_up(void)
{
    CHECK_EQ(aloft_otadata_next_seq(0xFFFFFFFD, 1, 2), 0xFFFFFFFE);
    CHECK_EQ(aloft_otadata_next_seq(0xFFFFFFFE, 0, 2), 0);
    CHECK_EQ(aloft_otadata_next_seq(0xFFFFFFFE, 1, 2), 0);
    CHECK_EQ(aloft_otadata_next_seq(0xFFFFFFFD, 0, 2), 0); // FFFFFFFF means empty
}

static void otadata_states_have_names_for_people(void)
{
    CHECK_TEXT(aloft_ota_state_name(ALOFT_OTA_NEW), "NEW");
    CHECK_TEXT(aloft_ota_state_name(ALOFT_OTA_PENDING), "PENDING_VERIFY");
    CHECK_TEXT(aloft_ota_state_name(ALOFT_OTA_VALID), "VALID");
    CHECK_TEXT(aloft_ota_state_name(ALOFT_OTA_INVALID), "INVALID");
    CHECK_TEXT(aloft_ota_state_name(ALOFT_OTA_ABORTED), "ABORTED");
    CHECK_TEXT(aloft_ota_state_name(ALOFT_OTA_UNDEFINED), "UNDEFINED");
    CHECK_TEXT(aloft_ota_state_name(5), "?");
}

CHECK_MAIN(TEST(otadata_crc_has_the_values_of_the_known_vectors),
           TEST(otadata_emits_the_bytes_that_a_stock_device_leaves),
           TEST(otadata_parses_what_it_emits_in_every_state),
           TEST(otadata_of_erased_flash_does_not_count),
           TEST(otadata_seq_0_does_not_count_although_erased_flash_holds_its_crc),
           TEST(otadata_with_any_flipped_bit_of_seq_or_crc_is_unsound),
           TEST(otadata_is_usable_when_new_pending_valid_or_undefined),
           TEST(otadata_active_is_the_usable_record_with_the_larger_seq),
           TEST(otadata_slot_goes_round_the_slots_from_seq_1),
           TEST(otadata_next_seq_is_that_of_esp_idf),
           TEST(otadata_next_seq_of_two_slots_is_odd_and_even),
           TEST(otadata_next_seq_says_when_the_numbers_are_used_up),
           TEST(otadata_states_have_names_for_people))
