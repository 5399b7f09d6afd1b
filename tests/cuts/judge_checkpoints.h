// What the judge reads of the checkpoints of downloads (aloft/checkpoint.h).
#ifndef ALOFT_CUTS_JUDGE_CHECKPOINTS_H
#define ALOFT_CUTS_JUDGE_CHECKPOINTS_H

#include "judge.h"

// CRC-32 as zlib has it.
uint32_t judge_crc32(uint32_t crc, const uint8_t *p, uint32_t len);

// True when the checkpoints in a slot's last sector tell of a download that is there: everything
// below the byte of each record is right, and so are the image's first bytes, but for those that
// are written last.
bool judge_checkpoints_are_so(const struct judge *judge, const uint8_t *slot, uint32_t len);

#endif
