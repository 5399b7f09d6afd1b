// Tokens for scripts, and what a device keeps of one. A token that a person chose is checked by
// PBKDF2 (pbkdf2.h): each guess costs as much as a check. One that `aloft secret` generated has 128
// random bits, which nobody can guess, so one SHA-256 with a salt is enough: PBKDF2's 100,000
// rounds take an ESP32-C3 25 s. No I/O.
//
// A generated token is "aloft_" and 32 hexadecimal digits.
//
// Invariants
//   K1  The verifier of one SHA-256 accepts tokens of the generated form only, so that of another
//       text, which somebody chose, opens nothing.
//   K2  How long a comparison takes says nothing about the token.
//       K2 has no assertion: time cannot be asserted; the comparison has no branch on its bytes.
#ifndef ALOFT_WEBUI_TOKEN_H
#define ALOFT_WEBUI_TOKEN_H

#include "aloft/crypto.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_WEBUI_TOKEN_PREFIX "aloft_"
#define ALOFT_WEBUI_TOKEN_RANDOM 16u // bytes of it
#define ALOFT_WEBUI_TOKEN_LEN    38u // characters of a generated one

#define ALOFT_WEBUI_SALT 16u
struct aloft_webui_token {
    uint8_t salt[ALOFT_WEBUI_SALT];
    uint32_t rounds; // of PBKDF2; 0: of a generated token, key is SHA-256 of salt, colon and token
    uint8_t key[ALOFT_SHA256_LEN];
};

// Reads a verifier: "pbkdf2-sha256$ROUNDS$SALT$KEY" with ROUNDS 1..999999999, or
// "sha256$SALT$KEY". False: it is neither.
bool aloft_webui_token_parse(const char *text, struct aloft_webui_token *out);

// Whether the text has the form of a generated token.
bool aloft_webui_token_is_generated(const char *text, uint32_t len);

// Whether the text is the token of a verifier without rounds. False also when its hash fails.
bool aloft_webui_token_matches(const struct aloft_crypto *crypto,
                               const struct aloft_webui_token *token, const char *text,
                               uint32_t len);

#endif
