// Numbers as text, from none to the largest.
#include "aloft/base/decimal.h"
#include "check.h"
#include <stdio.h>

static void every_length_of_number_is_written(void)
{
    char text[ALOFT_DECIMAL_MAX];
    CHECK_TEXT(aloft_decimal(0, text), "0");
    CHECK_TEXT(aloft_decimal(UINT32_MAX, text), "4294967295");
    for (uint64_t value = 1; value <= UINT32_MAX; value = value * 10 + value % 7) {
        char want[16];
        snprintf(want, sizeof want, "%lu", (unsigned long)value);
        CHECK_TEXT(aloft_decimal((uint32_t)value, text), want);
    }
}

CHECK_MAIN(TEST(every_length_of_number_is_written))
