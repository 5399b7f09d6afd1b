// A table of the hashes that are live, by where their structs lie.
#include "hash_ledger.h"
#include "soft_crypto.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 16 };
#define MAGIC 0x48617368u

static struct {
    const struct aloft_hash *owner; // where its struct lies; NULL: free
    struct aloft_hash hash;
} slots[SLOTS];
static long calls_left = -1;

static void must(bool good, const char *text)
{
    if (!good) {
        printf("FAIL hash_ledger: %s\n", text);
        exit(1);
    }
}

static bool fails(void)
{
    bool now = calls_left == 0;
    calls_left -= calls_left >= 0;
    return now;
}

static uint32_t open_slot(struct aloft_hash *hash)
{
    uint32_t slot = 0;
    for (uint32_t i = 0; i < SLOTS; i++) {
        must(slots[i].owner != hash, "a live hash is begun again: it was not ended");
    }
    while (slot < SLOTS && slots[slot].owner != NULL) {
        slot++;
    }
    must(slot < SLOTS, "too many hashes are live: some were not ended");
    slots[slot].owner = hash;
    memset(hash, 0xA5, sizeof *hash); // bytes that mean nothing elsewhere
    hash->opaque[0] = MAGIC;
    hash->opaque[1] = slot;
    return slot;
}

static uint32_t slot_of(const struct aloft_hash *hash)
{
    must(hash->opaque[0] == MAGIC && hash->opaque[1] < SLOTS, "a hash is used that is not live");
    uint32_t slot = (uint32_t)hash->opaque[1];
    must(slots[slot].owner == hash, "a hash is used where it was copied to, or after its end");
    return slot;
}

static void drop(struct aloft_hash *hash)
{
    static const struct aloft_hash none;
    if (memcmp(hash, &none, sizeof none) != 0) {
        slots[slot_of(hash)].owner = NULL;
        memset(hash, 0, sizeof *hash);
    }
}

static enum aloft_err init(struct aloft_hash *hash, enum aloft_hash_alg alg)
{
    if (fails()) {
        memset(hash, 0, sizeof *hash);
        return ALOFT_ERR_CRYPTO;
    }
    return aloft_soft_crypto.hash_init(&slots[open_slot(hash)].hash, alg);
}

static enum aloft_err feed(struct aloft_hash *hash, const void *data, size_t len)
{
    uint32_t slot = slot_of(hash);
    return fails() ? ALOFT_ERR_CRYPTO : aloft_soft_crypto.hash_feed(&slots[slot].hash, data, len);
}

static enum aloft_err finish(struct aloft_hash *hash, uint8_t *out)
{
    bool bad = fails();
    uint32_t slot = slot_of(hash);
    enum aloft_err err = aloft_soft_crypto.hash_finish(&slots[slot].hash, out);
    drop(hash);
    return bad ? ALOFT_ERR_CRYPTO : err;
}

static enum aloft_err clone(struct aloft_hash *hash, const struct aloft_hash *from)
{
    uint32_t source = slot_of(from);
    if (fails()) {
        memset(hash, 0, sizeof *hash);
        return ALOFT_ERR_CRYPTO;
    }
    return aloft_soft_crypto.hash_clone(&slots[open_slot(hash)].hash, &slots[source].hash);
}

const struct aloft_crypto hash_ledger = {.hash_init = init,
                                         .hash_feed = feed,
                                         .hash_finish = finish,
                                         .hash_drop = drop,
                                         .hash_clone = clone};

uint32_t hash_ledger_live(void)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < SLOTS; i++) {
        count += slots[i].owner != NULL;
    }
    return count;
}

void hash_ledger_forget(void)
{
    memset(slots, 0, sizeof slots);
}

void hash_ledger_fail_after(long calls)
{
    calls_left = calls;
}
