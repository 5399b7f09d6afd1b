// From the last digit to the first.
#include "aloft/base/decimal.h"

const char *aloft_decimal(uint32_t value, char text[ALOFT_DECIMAL_MAX])
{
    char *at = text + ALOFT_DECIMAL_MAX - 1;
    *at = 0;
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    return at;
}
