// A second opinion, whole-buffer and naive, that shares no code with what it judges. It knows less
// than core (no chips, no revisions), so it can say that something is bad, not that core must take
// it.
#ifndef ALOFT_FUZZ_ORACLE_H
#define ALOFT_FUZZ_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

// A whole image with good checksum and, when it has one, good SHA-256 starts here. *data_crc gets
// the CRC-32 of all segment data in order; it may be NULL. The image's length, or 0.
uint32_t oracle_image(const uint8_t *bytes, uint32_t len, uint32_t *data_crc);

// CRC-32 as zlib has it.
uint32_t oracle_crc32(const uint8_t *bytes, uint32_t len);

// CRC-32 as the ROM computes it over an otadata seq.
uint32_t oracle_crc(const uint8_t *bytes, uint32_t len);

// The index of the otadata record that counts, -1 when none does.
int oracle_active(const uint8_t *record_0, const uint8_t *record_1);

#endif
