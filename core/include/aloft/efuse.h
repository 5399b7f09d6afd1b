// eFuses: words of bits that are burned once, from 0 to 1, and never cleared. Here is what they
// mean and what to burn, in which order; nothing here reaches the hardware. Layout and meaning are
// the ESP32-C3's: block 0 with control bits, and six key blocks of 32 bytes, any of which may hold
// any of the three digests of Secure Boot V2 keys, as its purpose says.
//
// Burning goes by plans: a plan names only bits that are not burned yet, one word a step, in an
// order in which power may be cut after any part of any step. After a cut, plan again from the
// words as they are: the new plan has the rest. A plan with no steps says that all is done.
//
//   burn a digest    key bytes; purpose but for the one bit that makes it a digest; that bit; write
//                    protection. A half-burned digest has no purpose and is trusted by nobody.
//   security version a bit for each version; a part of them is a version between old and new
//   revoke, enable   one bit
//
// Format: ESP-IDF components/efuse/esp32c3/esp_efuse_table.csv, ESP32-C3 Technical Reference Manual
//         (eFuse controller), esptool's espefuse; which key block wins: esp_efuse_find_purpose.
#ifndef ALOFT_EFUSE_H
#define ALOFT_EFUSE_H

#include "aloft/err.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_EFUSE_WORDS       84u // blocks 0 to 10, as the read registers have them from 2C on
#define ALOFT_EFUSE_KEYS        6u  // key blocks
#define ALOFT_EFUSE_KEY_LEN     32u
#define ALOFT_EFUSE_KEY_WORDS   8u
#define ALOFT_EFUSE_DIGESTS     3u
#define ALOFT_EFUSE_VERSION_MAX 16u // the highest security version: one bit each

// What a key block is for; four bits.
enum aloft_efuse_purpose {
    ALOFT_EFUSE_USER = 0,
    ALOFT_EFUSE_XTS_AES_128 = 4, // flash encryption
    ALOFT_EFUSE_HMAC_UP = 8,
    ALOFT_EFUSE_DIGEST0 = 9, // and 10, 11: digests 1, 2
};

// The words as software reads them: a read-protected key block is all zero.
struct aloft_efuse_words {
    uint32_t word[ALOFT_EFUSE_WORDS];
};

struct aloft_efuse_key {
    uint8_t purpose;      // enum aloft_efuse_purpose, or a number that means nothing here
    bool read_protected;  // software sees zeros
    bool write_protected; // neither it nor its purpose can change
    bool purpose_protected;
    bool blank; // reads as zeros
    uint8_t bytes[ALOFT_EFUSE_KEY_LEN];
};

struct aloft_efuse {
    bool secure_boot;        // the ROM runs signed bootloaders only
    bool aggressive_revoke;  // the ROM revokes a key whose signature fails; not done by ours
    bool read_protect_fixed; // no more block can be read-protected
    bool flash_encryption;   // the bits that count its switching on and off are odd in number
    uint8_t crypt_count;     // these three bits; 7: it is on for good
    uint32_t secure_version; // 0..16: the lowest that may run
    uint8_t digests;         // bit i: digest i is burned, complete and readable
    uint8_t revoked;         // bit i: digest i is revoked, whether it is burned or not
    uint8_t digest[ALOFT_EFUSE_DIGESTS][ALOFT_EFUSE_KEY_LEN]; // where its bit in digests is set
    uint8_t digest_key[ALOFT_EFUSE_DIGESTS];                  // the key block that holds it
    struct aloft_efuse_key key[ALOFT_EFUSE_KEYS];
};

// What the words say. When two key blocks have the purpose of one digest, the first counts.
void aloft_efuse_read(struct aloft_efuse *out, const struct aloft_efuse_words *words);

// True when flash encryption is on. *word, in any case: the first word of its key, 0 when no block
// has that purpose.
bool aloft_efuse_encrypts(const struct aloft_efuse_words *words, uint32_t *word);

// The bits of a word that write protection keeps as they are, and whether a read-protected block
// hides it.
uint32_t aloft_efuse_fixed(const struct aloft_efuse_words *words, uint32_t index);
bool aloft_efuse_hidden(const struct aloft_efuse_words *words, uint32_t index);

// One burn: the bits of one word.
struct aloft_efuse_step {
    uint8_t index;
    uint32_t bits;
};

#define ALOFT_EFUSE_STEPS 14u
struct aloft_efuse_plan {
    struct aloft_efuse_step step[ALOFT_EFUSE_STEPS];
    uint32_t count; // 0: nothing is left to do
    uint32_t key;   // the key block, of a plan for one
};

// Burns digest `slot` (0..2), into the key block of the same number when it is free, else the first
// free one; completes what was begun with the same digest.
// Errors: ARG, EFUSE_OLD_KEY, EFUSE_BURNED when the slot holds another digest, EFUSE_FULL,
//         EFUSE_PROTECTED.
enum aloft_err aloft_efuse_plan_digest(struct aloft_efuse_plan *plan,
                                       const struct aloft_efuse_words *words, uint32_t slot,
                                       const uint8_t digest[ALOFT_EFUSE_KEY_LEN]);

// Burns a key of another purpose into the first free key block. USER stays readable; the others are
// read-protected in the last step, so a key that was begun can still be compared and completed; one
// that is complete cannot be told from another, and a second block is burned.
// Errors: EFUSE_FULL, EFUSE_PROTECTED; ARG for a digest's purpose.
enum aloft_err aloft_efuse_plan_key(struct aloft_efuse_plan *plan,
                                    const struct aloft_efuse_words *words,
                                    enum aloft_efuse_purpose purpose,
                                    const uint8_t key[ALOFT_EFUSE_KEY_LEN]);

// Revokes digest `slot` for ever. Whether another is left is the caller's to look at.
// Errors: ARG, EFUSE_PROTECTED.
enum aloft_err aloft_efuse_plan_revoke(struct aloft_efuse_plan *plan,
                                       const struct aloft_efuse_words *words, uint32_t slot);

// Raises the security version; lower or equal to what it is: nothing to do.
// Errors: EFUSE_VERSION above 16, EFUSE_PROTECTED.
enum aloft_err aloft_efuse_plan_version(struct aloft_efuse_plan *plan,
                                        const struct aloft_efuse_words *words, uint32_t version);

// Turns flash encryption on, for good. What is in flash is not touched: from then on it reads as
// noise where it was plain.
// Errors: EFUSE_NO_KEY when no block holds a key for it, EFUSE_PROTECTED.
enum aloft_err aloft_efuse_plan_encryption(struct aloft_efuse_plan *plan,
                                           const struct aloft_efuse_words *words);

// Turns secure boot on: from then on the ROM runs signed bootloaders only. First, no block can be
// read-protected any more, for a digest that cannot be read would end the device; and, with
// revoke_empty, digest slots that hold none are revoked, so that nobody can burn one of his own.
// Errors: EFUSE_NO_KEY when there is no digest that is not revoked, EFUSE_PROTECTED.
enum aloft_err aloft_efuse_plan_secure_boot(struct aloft_efuse_plan *plan,
                                            const struct aloft_efuse_words *words,
                                            bool revoke_empty);

#endif
