// The console names a fault by its number, as the stock bootloader does with its own;
// docs/ERRORS.md lists them. Names (core/base/err_boot_name.c) would take 850 bytes.
#include "aloft/base/decimal.h"
#include "aloft/err.h"

const char *aloft_err_boot_name(enum aloft_err err)
{
    static char text[1 + ALOFT_DECIMAL_MAX];
    const char *digits = aloft_decimal((uint32_t) - (int)err, text + 1);
    char *sign = text + (digits - text) - 1;
    *sign = '-';
    return sign;
}
