// Bytes as hexadecimal text and back: two digits for each byte, the high half first. For hashes,
// nonces and keys as protocols write them. No I/O.
#ifndef ALOFT_HEX_H
#define ALOFT_HEX_H

#include <stdbool.h>
#include <stdint.h>

// The value of a digit, in upper or lower case, 0..15; -1: it is none.
int aloft_hex_digit(char c);

// len bytes as 2 * len lower-case digits, without a NUL.
void aloft_hex_emit(const uint8_t *bytes, uint32_t len, char *text);

// The first 2 * len characters of text as len bytes. Reads no further than the first that is no
// digit (a NUL is none). False: there is one; then bytes has anything in it.
bool aloft_hex_parse(const char *text, uint8_t *bytes, uint32_t len);

#endif
