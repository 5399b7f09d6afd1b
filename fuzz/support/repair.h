// Makes mutated bytes pass their checksums, so that a fuzzer gets behind them. A flag in an input
// asks for it; without, the checks themselves are fuzzed.
#ifndef ALOFT_FUZZ_REPAIR_H
#define ALOFT_FUZZ_REPAIR_H

#include <stdint.h>

// Gives every MD5 row of a partition table the digest of the rows before it.
void repair_table(uint8_t *table, uint32_t len);

// Gives an otadata record the CRC of its seq.
void repair_record(uint8_t *record);

// Makes the bytes an image: magic, a segment count and segment lengths that fit, checksum, SHA-256,
// and CRCs of a signature sector. Returns the image's length; 0 when there are too few bytes.
uint32_t repair_image(uint8_t *bytes, uint32_t len);

#endif
