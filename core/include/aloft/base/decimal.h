// Numbers as text.
#ifndef ALOFT_DECIMAL_H
#define ALOFT_DECIMAL_H

#include <stdint.h>

#define ALOFT_DECIMAL_MAX 11u // "4294967295" and a NUL

// The decimal digits of value, terminated, at the end of text; returns where they begin.
const char *aloft_decimal(uint32_t value, char text[ALOFT_DECIMAL_MAX]);

#endif
