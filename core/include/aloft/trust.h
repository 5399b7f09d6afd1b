// Whose signatures this device takes, and whether what lies in flash is signed by one of them: the
// Secure Boot V2 sector behind an image (sigblock.h), judged against the digests of trusted keys.
//
// The rules of an image point here (image.h). A device that trusts nobody by name leaves that NULL
// and does not link this module; unsigned images are then accepted like signed ones.
//
// Format: ESP-IDF docs/en/security/secure-boot-v2.rst; key digests and KEY_REVOKE bits as in eFuse.
#ifndef ALOFT_TRUST_H
#define ALOFT_TRUST_H

#include "aloft/crypto.h"
#include "aloft/flash.h"
#include "aloft/format/sigblock.h"
#include <stdbool.h>

#define ALOFT_TRUST_KEYS 3u

struct aloft_trust {
    uint8_t count;   // digests in key[]
    uint8_t revoked; // bit i: key[i] is not trusted any more
    bool all;        // every whole block must be good and of a trusted key; false: one such is
                     // enough. What aloft_trust_of_app says holds only with this
    uint8_t key[ALOFT_TRUST_KEYS][ALOFT_SHA256_LEN]; // aloft_sigblock_key_digest of each
    uint8_t *block; // ALOFT_SIGBLOCK_LEN bytes of scratch, the caller's; used within a call only

    // aloft_trust_judge. A pointer, so that core without signatures does not link it.
    enum aloft_err (*judge)(const struct aloft_trust *trust, const struct aloft_crypto *crypto,
                            const struct aloft_flash_view *view, uint32_t sector,
                            const uint8_t digest[ALOFT_SHA256_LEN]);
};

// Judges the signature sector at offset `sector` of the view; digest is of all that lies before it.
// The sector must look as its writers leave it: three places of 1,216 bytes, each blank or a block
// whose last 16 bytes are zero, and FF after them; that is our rule, beyond ESP-IDF's. A block
// whose other bytes are wrong counts as absent. Of the rest one must be of this content, of
// a key that is trusted and not revoked, and verify.
//
// A key that stands in key[] twice is revoked when both are, as in the chip's ROM.
//
// Flash:      reads one sector, a block at a time.
// Power loss: nothing changes.
// Errors:     SIGNATURE_MISSING when nothing has the shape of a block: the sector is blank, holds
//             other bytes, or lies past the view's end. SIGNATURE_SECTOR when something has, but
//             the sector's shape is not that. Else, when no block is good, what is wrong with the
//             one that came furthest: SIGNATURE_BAD (forged), SIGNATURE_IMAGE (of other content),
//             SIGNATURE_OLD_KEY (revoked), SIGNATURE_KEY (unknown), SIGNATURE_CURVE (P-192 or
//             P-384), SIGNATURE_BLOCK (damaged). FLASH_READ; CRYPTO, also when the port verifies
//             no signatures.
enum aloft_err aloft_trust_judge(const struct aloft_trust *trust, const struct aloft_crypto *crypto,
                                 const struct aloft_flash_view *view, uint32_t sector,
                                 const uint8_t digest[ALOFT_SHA256_LEN]);

// Signed updates without hardware secure boot: the keys that signed the running app say who may
// sign the next. Fills in count, key, revoked and all from the whole RSA-3072 and P-256 blocks
// behind the image at the start of the view; sets judge. block must be set.
//
// The sector is not signed itself, so anybody can add a block with a key of his own to an image on
// its way. Therefore `all`: an update with a key that the running app has not is refused. So the
// set can only shrink: ship with a spare key, and sign with that alone when the first one is lost.
//
// Errors: SIGNATURE_MISSING when there is no such block (count is 0 then, and judge refuses
//         everything), FLASH_READ, CRYPTO.
enum aloft_err aloft_trust_of_app(struct aloft_trust *trust, const struct aloft_crypto *crypto,
                                  const struct aloft_flash_view *view, uint32_t image_len);

#endif
