// CRC-32 against zlib's check value and the otadata vectors of the format reference.
#include "aloft/base/crc32.h"
#include "check.h"
#include "guard.h"
#include "split.h"

static const uint8_t check_input[] = "123456789";

static void crc32_of_the_standard_input_is_the_standard_check_value(void)
{
    CHECK_EQ(aloft_crc32(0, check_input, 9), 0xCBF43926);
}

static void crc32_of_nothing_is_its_start_value(void)
{
    CHECK_EQ(aloft_crc32(0, check_input, 0), 0);
    CHECK_EQ(aloft_crc32(0xFFFFFFFF, check_input, 0), 0xFFFFFFFF);
    CHECK_EQ(aloft_crc32(0x12345678, check_input, 0), 0x12345678);
}

static void crc32_started_at_ones_is_what_otadata_uses(void)
{
    static const uint8_t one[4] = {1, 0, 0, 0};
    CHECK_EQ(aloft_crc32(0xFFFFFFFF, one, sizeof one), 0x4743989A);
}

static void crc_in_pieces(void *ctx, struct split *split)
{
    const uint8_t *data = ctx;
    uint32_t crc = 0;
    for (uint32_t n; (n = split_next(split)) > 0;) {
        crc = aloft_crc32(crc, guard_after(data + split->off, n), n);
    }
    CHECK_EQ(crc, aloft_crc32(0, data, split->len));
}

static void crc32_does_not_depend_on_splits(void)
{
    uint8_t data[300];
    for (uint32_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * i);
    }
    every_split(sizeof data, crc_in_pieces, data);
}

static void crc32_notices_every_single_bit(void)
{
    uint8_t data[64] = {0};
    uint32_t good = aloft_crc32(0, data, sizeof data);
    for (uint32_t bit = 0; bit < sizeof data * 8; bit++) {
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        check_note("bit %ld", (long)bit, 0);
        CHECK(aloft_crc32(0, data, sizeof data) != good);
        data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

CHECK_MAIN(TEST(crc32_of_the_standard_input_is_the_standard_check_value),
           TEST(crc32_of_nothing_is_its_start_value),
           TEST(crc32_started_at_ones_is_what_otadata_uses), TEST(crc32_does_not_depend_on_splits),
           TEST(crc32_notices_every_single_bit))
