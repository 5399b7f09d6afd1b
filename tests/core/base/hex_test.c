// Hexadecimal text of both cases, round trips, and every character that is not a digit.
#include "aloft/base/hex.h"
#include "check.h"
#include "guard.h"
#include <string.h>

static void every_byte_survives_the_round_trip(void)
{
    uint8_t bytes[256];
    uint8_t back[256];
    char text[512];
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    aloft_hex_emit(bytes, sizeof bytes, text);
    CHECK(memcmp(text, "000102030405060708090a0b0c0d0e0f10", 34) == 0);
    CHECK(memcmp(text + 506, "fdfeff", 6) == 0);
    CHECK(aloft_hex_parse((const char *)guard_after(text, sizeof text), back, sizeof back));
    CHECK(memcmp(bytes, back, sizeof bytes) == 0);
}

static void both_cases_are_digits_and_nothing_else_is(void)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    for (int c = 0; c < 256; c++) {
        const char *at = c != 0 ? strchr(digits, c) : NULL;
        int value = at == NULL ? -1 : (int)(at - digits) - (at - digits > 15 ? 6 : 0);
        check_note("character %ld", (long)c, 0);
        CHECK_EQ(aloft_hex_digit((char)c), value);
    }
}

static void nothing_is_read_behind_the_first_other_character(void)
{
    static const char *const texts[] = {"", "1", "12", "123", "g", "1g", "12-", "123 "};
    uint8_t bytes[2];
    for (uint32_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const void *text = guard_after(texts[i], strlen(texts[i]) + 1);
        check_note("text %ld", (long)i, 0);
        CHECK(!aloft_hex_parse(text, bytes, sizeof bytes));
    }
    CHECK(aloft_hex_parse((const char *)guard_after("", 0), bytes, 0));
}

CHECK_MAIN(TEST(every_byte_survives_the_round_trip),
           TEST(both_cases_are_digits_and_nothing_else_is),
           TEST(nothing_is_read_behind_the_first_other_character))
