// Files and their Secure Boot V2 signatures (aloft/format/sigblock.h), whole in memory. What is
// signed is the file's content padded with FF to a multiple of 4 KiB, as espsecure does it; the
// signature sector follows.
//
// The content of an image ends at the next multiple of 4 KiB, where a device looks for the sector.
// In any other file the sector is the last 4 KiB.
#ifndef ALOFT_HOSTLIB_SIGN_H
#define ALOFT_HOSTLIB_SIGN_H

#include "hostlib/keys/keys.h"

#define ALOFT_SIGN_FILE_MAX 0x2000000u // bytes of the longest file, 32 MiB

struct aloft_sign {
    uint8_t *data;                    // the content and the sector after it; owned
    uint32_t content_len;             // of the signed content; a multiple of 4 KiB
    uint32_t padding;                 // bytes of FF among it that were not in the file
    uint8_t digest[ALOFT_SHA256_LEN]; // of the content
    bool image;                       // the content is a good image
    enum aloft_err image_err;         // why a file that begins like an image is not one; else OK
    bool has_sector;                  // the file had one; else it is FF here
    bool trailing;                    // something but FF follows where nothing may
};

// Finds content and sector of the len bytes of a file; name is for messages. plain: takes the file
// as it is, even when it begins like an image. Fails: an empty file, a damaged image, something
// behind the image that is neither FF nor a signature sector, a Secure Boot V1 signature, an
// encrypted image (no device looks for a signature behind one). The caller releases what was
// opened.
bool aloft_sign_open(struct aloft_sign *sign, const char *name, const uint8_t *file, uint32_t len,
                     bool plain, struct aloft_message *error);

// The same to verify a file. What aloft_sign_open refuses is for aloft_sign_judge to judge, but for
// an empty file, a Secure Boot V1 signature and an encrypted image.
bool aloft_sign_open_signed(struct aloft_sign *sign, const char *name, const uint8_t *file,
                            uint32_t len, bool plain, struct aloft_message *error);

// The bytes of data: content and sector.
uint32_t aloft_sign_len(const struct aloft_sign *sign);

// The signatures in the sector, up to the first blank place.
uint32_t aloft_sign_count(const struct aloft_sign *sign);

void aloft_sign_release(struct aloft_sign *sign);

enum aloft_sign_how {
    ALOFT_SIGN_FRESH,   // a file that has signatures is refused
    ALOFT_SIGN_APPEND,  // signatures that are there stay, and must be of this content
    ALOFT_SIGN_REPLACE, // they go
};

// To be called once between open and the first signature.
bool aloft_sign_begin(struct aloft_sign *sign, enum aloft_sign_how how,
                      struct aloft_message *error);

// Adds a block with the key's signature; or with one that is made already, in the form of blocks.
// Refused: a fourth block, a second one of the same key, a signature that is not of this content.
bool aloft_sign_with(struct aloft_sign *sign, const struct aloft_key *key,
                     struct aloft_message *error);
bool aloft_sign_attach(struct aloft_sign *sign, const struct aloft_key *key,
                       const uint8_t signature[ALOFT_KEYS_SIGNATURE], struct aloft_message *error);

enum aloft_sign_state {
    ALOFT_SIGN_BLANK,   // no block
    ALOFT_SIGN_DAMAGED, // not as it was written
    ALOFT_SIGN_WEAK,    // of a kind that no device of ours takes: P-192, P-384
    ALOFT_SIGN_OTHER,   // of other content
    ALOFT_SIGN_BAD,     // its key did not make the signature
    ALOFT_SIGN_UNKNOWN, // good, by a key that is not trusted
    ALOFT_SIGN_GOOD,
};

struct aloft_sign_block {
    enum aloft_sign_state state;
    enum aloft_sigblock_kind kind;
    uint8_t key_digest[ALOFT_SHA256_LEN]; // unless blank or damaged
};

struct aloft_sign_trust {
    const uint8_t (*digests)[ALOFT_SHA256_LEN]; // of the keys that are trusted
    size_t count;
};

// Judges the sector as a device does that trusts these keys (aloft/trust.h), and more strictly in
// one thing: a block that is damaged or of other content does not pass beside a good one either.
// A file that begins like an image but is not one gives that fault, even with good signatures.
// Errors: SIGNATURE_MISSING, SIGNATURE_BLOCK, SIGNATURE_SECTOR, SIGNATURE_IMAGE, SIGNATURE_BAD,
//         SIGNATURE_KEY, SIGNATURE_CURVE, IMAGE_TRAILING, image_err, CRYPTO.
enum aloft_err aloft_sign_judge(const struct aloft_sign *sign, const struct aloft_sign_trust *trust,
                                struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX]);

#endif
