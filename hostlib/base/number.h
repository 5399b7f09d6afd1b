// Numbers as people write them in tables and on command lines: 4096, 0x1000, 4K, 1M, 0b1, 1_000.
#ifndef ALOFT_HOSTLIB_NUMBER_H
#define ALOFT_HOSTLIB_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define ALOFT_NUMBER_MAX ((int64_t)1 << 40) // beyond it nothing here has a meaning

// Reads the whole text as Python's int(text, 0) does, with the suffixes k and m (of either case,
// and of any number) for 1,024 and 1,048,576, like ESP-IDF's table generator. False when it is no
// number, or larger than ALOFT_NUMBER_MAX either way.
bool aloft_number_parse(const char *text, int64_t *value);

// A size on a command line: the above, with "MB", "KB" or "B" at its end allowed, in 1..4 GiB - 1.
bool aloft_number_parse_size(const char *text, uint32_t *size);

// Writes "4M", "24K" or "0x1001" as ESP-IDF's table generator does. text has 16 bytes.
void aloft_number_emit_size(uint32_t size, char text[16]);

#endif
