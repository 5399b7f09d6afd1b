// Arduino's push protocol, as text and arithmetic: what sender and device say to each other, and
// the proof that the sender knows the password. Both ends use it: the way (push.h) and `aloft
// push`. Sans I/O. Wire format: docs/SPEC.md, "Push (espota)".
//
// Two generations of the proof are in the world. The nonce tells which: 32 hexadecimal digits (MD5)
// or 64 (SHA-256 and PBKDF2, Arduino core 3.3.1 and later).
//
//   parse_invitation -> "AUTH <nonce>" -> parse_proof -> proof_begin, step.. DONE -> same
#ifndef ALOFT_ESPOTA_H
#define ALOFT_ESPOTA_H

#include "aloft/net/pbkdf2.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_ESPOTA_PORT     3232u
#define ALOFT_ESPOTA_HEX_MAX  64u  // digits of a nonce, a verifier or a proof
#define ALOFT_ESPOTA_DATAGRAM 144u // what any datagram of the protocol fits into, with a NUL
#define ALOFT_ESPOTA_ROUNDS   50u  // of PBKDF2 in one step; there are 10,000

enum aloft_espota_command { ALOFT_ESPOTA_FLASH = 0, ALOFT_ESPOTA_FILES = 100 };

struct aloft_espota_invitation {
    uint32_t command; // enum aloft_espota_command, or any other number
    uint32_t port;    // where the sender listens, 1..65535
    uint32_t size;    // bytes that it has
    uint8_t md5[ALOFT_MD5_LEN];
};

// "<command> <port> <size> <md5>", with or without a line end. False: it is something else.
bool aloft_espota_parse_invitation(const uint8_t *data, uint32_t len,
                                   struct aloft_espota_invitation *out);

// "200 <cnonce> <response>", likewise. Both have `digits` digits; *cnonce points into data, and the
// response is put out as bytes, digits / 2 of them.
bool aloft_espota_parse_proof(const uint8_t *data, uint32_t len, uint32_t digits,
                              const char **cnonce, uint8_t response[ALOFT_SHA256_LEN]);

// What a device says to a fault: "ERROR[7]: ", Arduino's sentence if wanted, and our name. Without
// the sentence it fits the 32 bytes that senders read of a datagram. No name or sentence has "OK"
// in it, which senders look for. Returns the length; text has 80 bytes.
#define ALOFT_ESPOTA_ERROR 80u
uint32_t aloft_espota_error(enum aloft_err err, bool sentence, char *text);

// The proof's computation. response is digits / 2 bytes once it is DONE.
struct aloft_espota_proof {
    uint8_t response[ALOFT_SHA256_LEN];
    enum aloft_err err;                // CRYPTO; a failed proof equals nothing
    const struct aloft_crypto *crypto; // private from here on
    const char *verifier;
    uint32_t verifier_len;
    uint32_t digits;
    uint8_t salt[2 * ALOFT_ESPOTA_HEX_MAX + 1]; // nonce ":" cnonce
    struct aloft_pbkdf2 kdf;                    // of the newer generation
};

// verifier: the password's MD5 or SHA-256 as verifier_len digits; it must outlive the proof. nonce
// and cnonce have `digits` digits, 32 or 64, and are copied.
void aloft_espota_proof_begin(struct aloft_espota_proof *proof, const struct aloft_crypto *crypto,
                              const char *verifier, uint32_t verifier_len);
void aloft_espota_proof_nonces(struct aloft_espota_proof *proof, uint32_t digits, const char *nonce,
                               const char *cnonce);

// At most ALOFT_ESPOTA_ROUNDS rounds.
enum aloft_step aloft_espota_proof_step(struct aloft_espota_proof *proof);

// Compares in a time that does not depend on the bytes, so that nobody guesses them one by one.
bool aloft_espota_proof_is(const struct aloft_espota_proof *proof,
                           const uint8_t response[ALOFT_SHA256_LEN]);

#endif
