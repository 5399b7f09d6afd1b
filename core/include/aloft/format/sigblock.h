// A block of a Secure Boot V2 signature sector. Signed content is padded to a multiple of 4 KiB;
// the sector that follows holds up to three blocks, each with a digest of the content, a public key
// and a signature of the digest, and FF after them.
//
// Whether a block is to be trusted is decided elsewhere: the CRC in it says only that it is whole.
// Numbers of key and signature are little-endian, as the hardware wants them.
//
// Format: ESP-IDF docs/en/security/secure-boot-v2.rst, components/esp_rom/*/rom/secure_boot.h;
//         written by esptool's espsecure.
#ifndef ALOFT_SIGBLOCK_H
#define ALOFT_SIGBLOCK_H

#include "aloft/crypto.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_SIGBLOCK_LEN    1216u
#define ALOFT_SIGBLOCK_MAGIC  0xE7u   // its first byte
#define ALOFT_SIGBLOCK_CRC    1196u   // offset of the CRC-32 of all before it
#define ALOFT_SIGBLOCK_ZERO   1200u   // offset of what is zero, to its end
#define ALOFT_SIGBLOCK_MAX    3u      // in a sector
#define ALOFT_SIGBLOCK_SECTOR 0x1000u // bytes, and what the content's length is a multiple of
#define ALOFT_SIGBLOCK_KEY    776u    // bytes of the longest key

enum aloft_sigblock_kind {
    ALOFT_SIGBLOCK_BLANK,   // all FF: no block here
    ALOFT_SIGBLOCK_DAMAGED, // no block of any version, or not as it was written
    ALOFT_SIGBLOCK_RSA3072, // RSASSA-PSS with SHA-256 and a salt of 32 bytes
    ALOFT_SIGBLOCK_P256,    // ECDSA with SHA-256
    ALOFT_SIGBLOCK_P192,    // too weak to be taken
    ALOFT_SIGBLOCK_P384,    // with SHA-384; of newer chips only
};

// Pointers lead into the block that was read.
struct aloft_sigblock {
    enum aloft_sigblock_kind kind;
    const uint8_t *digest; // SHA-256 of the content; of P384, SHA-384
    const uint8_t *key;    // RSA: n, e, R, M'. ECDSA: curve, X, Y
    uint32_t key_len;
    const uint8_t *signature; // RSA: 384 bytes. ECDSA: r, s
    bool zero_after;          // the last 16 bytes, which the CRC does not cover, are zero
};

// Reads a block of ALOFT_SIGBLOCK_LEN bytes. BLANK and DAMAGED: only kind and zero_after are set.
enum aloft_sigblock_kind aloft_sigblock_read(struct aloft_sigblock *out, const uint8_t *block);

// The SHA-256 of the block's key: what eFuses hold. Errors: CRYPTO.
enum aloft_err aloft_sigblock_key_digest(const struct aloft_sigblock *block,
                                         const struct aloft_crypto *crypto,
                                         uint8_t out[ALOFT_SHA256_LEN]);

// Writes a block of RSA3072 or P256: digest of 32 bytes, key and signature as they lie in it.
void aloft_sigblock_emit(uint8_t *block, enum aloft_sigblock_kind kind, const uint8_t *digest,
                         const uint8_t *key, const uint8_t *signature);

#endif
