// The stage that decrypts: takes ESP-IDF's encrypted images (encimg.h) and gives plain ones, in the
// stream, sixteen bytes at a time. A plain image passes, unless the device takes only encrypted
// ones: the first byte tells them apart.
//
// The key of the image is never here: the port unwraps it and keeps it (struct aloft_decrypt in
// crypto.h). Nothing of an encrypted image counts before its tag was checked, which is at its end;
// until then the engine has not programmed the first bytes, and what is in the slot cannot boot.
//
// After a reset the header comes from the checkpoints (checkpoint.h), is opened again with the
// device's key, and the cipher goes on with the state that it had: the tag at the end is over the
// whole artifact, whatever came before or after the reset. What was written before is judged from
// flash, as every image is.
//
// Invariants
//   U1  Bytes come out only of an artifact whose header was accepted and whose promised length, if
//       any, is the header's.
//   U2  finish says OK only when exactly the ciphertext that the header speaks of was fed, and its
//       tag is right.
//   U3  The port is given whole blocks, and the rest of one only as the last bytes.
#ifndef ALOFT_UNWRAP_H
#define ALOFT_UNWRAP_H

#include "aloft/crypto.h"
#include "aloft/format/encimg.h"
#include "aloft/update/stage.h"
#include <stdbool.h>

struct aloft_unwrap {
    struct aloft_stage stage; // for the engine; the first member
    const struct aloft_decrypt *decrypt;
    bool required;
    uint32_t phase; // private from here on
    uint32_t len;   // promised, of the artifact; 0: not known
    uint32_t room;  // bytes that an image may have
    uint32_t have;  // bytes of the header
    uint32_t made;  // bytes that came out
    uint32_t left;  // bytes of ciphertext that are still to be fed
    uint32_t fill;  // bytes in `in`
    uint8_t in[2 * ALOFT_STAGE_PIECE];
    uint8_t header[ALOFT_ENCIMG_HEADER];
};

// decrypt: of the device; NULL: it has no key, and encrypted images are refused by name. required:
// plain images are refused. The struct serves one update at a time, stays where it is, and must
// outlive the engine that has &unwrap->stage.
// Errors of its sink:   ENC_NO_KEY, ENC_REQUIRED, ENC_HEADER, ENC_ECC, ENC_LENGTH (the header
//                       speaks of another length than came or was promised), IMAGE_TOO_LARGE,
//                       CRYPTO.
//        of its finish: ENC_TAG, ENC_LENGTH, CRYPTO.
// ENC_KEY is reported when what comes out does not begin as an image.
// The sink that completes the header takes as long as one RSA private operation, and so does
// resume.
void aloft_unwrap_init(struct aloft_unwrap *unwrap, const struct aloft_decrypt *decrypt,
                       bool required);

#endif
