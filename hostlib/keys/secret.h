// What a device keeps of a password: not the password, but what the protocol of each way in can
// check it with. docs/SECRETS.md says which of these a thief can use like the password.
#ifndef ALOFT_HOSTLIB_SECRET_H
#define ALOFT_HOSTLIB_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALOFT_SECRET_HEX        65u  // a SHA-256 or MD5 as hex digits, with the NUL
#define ALOFT_SECRET_TOKEN      160u // "pbkdf2-sha256$ITERATIONS$SALT$HASH", with the NUL
#define ALOFT_SECRET_GENERATED  39u  // "aloft_" and 32 hex digits, with the NUL
#define ALOFT_SECRET_SALT       16u
#define ALOFT_SECRET_ITERATIONS 100000u

enum aloft_secret_hash { ALOFT_SECRET_SHA256, ALOFT_SECRET_MD5 };

// The hash of a text as hex. All of these are false when the crypto library fails.
bool aloft_secret_hash(enum aloft_secret_hash hash, const char *text, char out[ALOFT_SECRET_HEX]);

// HA1 of HTTP Digest (RFC 7616): the hash of "user:realm:password".
bool aloft_secret_ha1(enum aloft_secret_hash hash, const char *user, const char *realm,
                      const char *password, char out[ALOFT_SECRET_HEX]);

// A new token of 128 random bits. False: the host has no random bytes.
bool aloft_secret_generate(char out[ALOFT_SECRET_GENERATED]);

// The verifier of a token that aloft_secret_generate made: "sha256$SALT$HASH", of one SHA-256. Not
// of one that somebody chose, which is easier to guess (aloft/net/webui_token.h).
bool aloft_secret_generated_token(const char *token, const uint8_t salt[ALOFT_SECRET_SALT],
                                  char out[ALOFT_SECRET_TOKEN]);

// The verifier of a token that somebody chose: PBKDF2 with HMAC-SHA-256 (RFC 8018), 32 bytes.
bool aloft_secret_token(const char *password, uint32_t iterations,
                        const uint8_t salt[ALOFT_SECRET_SALT], char out[ALOFT_SECRET_TOKEN]);

#endif
