// A crypto table that keeps account of each hash: soft_crypto underneath, and what aloft/crypto.h
// asks of a hash's owner is checked at every call. A hash that moved in memory, that was
// overwritten while it was live, or that is used after its end, stops the program with a sentence;
// so does the one that no slot is left for, because others were never ended.
#ifndef ALOFT_HASH_LEDGER_H
#define ALOFT_HASH_LEDGER_H

#include "aloft/crypto.h"

extern const struct aloft_crypto hash_ledger;

// Hashes that were begun and not ended.
uint32_t hash_ledger_live(void);

// The power was cut: what was in RAM is gone.
void hash_ledger_forget(void);

// The call after this many more fails, of all that can; -1: none does.
void hash_ledger_fail_after(long calls);

#endif
