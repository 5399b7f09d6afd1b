// Who may use the browser way: HTTP Digest (RFC 7616) with SHA-256 and MD5, checked against hashes
// of the password, which itself is nowhere on the device. No I/O.
//
// Invariants
//   A1  An answer to a challenge is good once: its count has not been used with its nonce, and the
//       nonce is one of the last that were given out, not older than five minutes.
//   A2  After five wrong answers in a row none is accepted for 30 s, and twice as long after each
//       further one, up to 16 min. This holds for everybody: a device that counted by address would
//       let an attacker with many of them go on.
//   A3  How long a comparison takes says nothing about the secret.
//   A3 has no assertion: time cannot be asserted; the comparison has no branch on its bytes.
#ifndef ALOFT_WEBUI_AUTH_H
#define ALOFT_WEBUI_AUTH_H

#include "aloft/crypto.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_WEBUI_NONCES       4u // given out and good at once
#define ALOFT_WEBUI_NONCE_HEX    32u
#define ALOFT_WEBUI_NONCE_MS     (5u * 60u * 1000u)
#define ALOFT_WEBUI_TRIES        5u
#define ALOFT_WEBUI_LOCK_MS      30000u
#define ALOFT_WEBUI_LOCK_DOUBLES 5u // 16 min
#define ALOFT_WEBUI_SECRET       16u

// H(user:realm:password) as RFC 7616 calls HA1, in lower-case hexadecimal. "": not offered. It is
// as good as the password for this device; keep it as one keeps a key.
struct aloft_webui_verifier {
    char sha256[2 * ALOFT_SHA256_LEN + 1];
    char md5[2 * ALOFT_MD5_LEN + 1];
};

// Of a token for scripts: PBKDF2 of it (pbkdf2.h).
#define ALOFT_WEBUI_SALT 16u
struct aloft_webui_token {
    uint8_t salt[ALOFT_WEBUI_SALT];
    uint32_t rounds; // at least 1
    uint8_t key[ALOFT_SHA256_LEN];
};

struct aloft_webui_nonce {
    char hex[ALOFT_WEBUI_NONCE_HEX];
    uint32_t given_ms;
    uint32_t count; // the highest that was used
    uint32_t seen;  // bit n: count - n was used
    bool live;
};

struct aloft_webui_auth {
    const struct aloft_crypto *crypto;
    const struct aloft_webui_verifier *verifier;
    const char *realm;
    uint8_t secret[ALOFT_WEBUI_SECRET];
    uint32_t given; // nonces so far
    uint32_t failures;
    uint32_t locked_ms; // when the last wrong answer came
    bool locked;        // and what that began is not over
    struct aloft_webui_nonce nonces[ALOFT_WEBUI_NONCES];
};

enum aloft_webui_verdict {
    ALOFT_WEBUI_UNKNOWN, // no answer to a challenge of ours
    ALOFT_WEBUI_GOOD,
    ALOFT_WEBUI_STALE, // the password is right, the nonce is used up: challenge again
    ALOFT_WEBUI_WRONG,
    ALOFT_WEBUI_LOCKED,  // not even looked at
    ALOFT_WEBUI_PENDING, // a token that is being checked
};

// The verifier of a user and a password. Errors: CRYPTO.
enum aloft_err aloft_webui_auth_verifier(const struct aloft_crypto *crypto, const char *user,
                                         const char *realm, const char *password,
                                         struct aloft_webui_verifier *out);

// Fit to be a realm: 1..ALOFT_WEBUI_REALM_MAX printable characters, no quotes and no backslashes.
#define ALOFT_WEBUI_REALM_MAX 63u
bool aloft_webui_auth_is_realm(const char *realm);

// What the pointers point to must outlive it. secret: random, another one after each reset. realm
// is fit to be one.
void aloft_webui_auth_init(struct aloft_webui_auth *auth, const struct aloft_crypto *crypto,
                           const struct aloft_webui_verifier *verifier, const char *realm,
                           const uint8_t secret[ALOFT_WEBUI_SECRET]);

// A new nonce for a challenge, terminated.
void aloft_webui_auth_nonce(struct aloft_webui_auth *auth, uint32_t now_ms,
                            char nonce[ALOFT_WEBUI_NONCE_HEX + 1]);

struct aloft_webui_claim {
    const char *method; // "GET"
    const char *target; // of the request line
    const char *value;  // of Authorization
};

// Judges a request. GOOD uses its count up.
enum aloft_webui_verdict aloft_webui_auth_check(struct aloft_webui_auth *auth,
                                                const struct aloft_webui_claim *claim,
                                                uint32_t now_ms);

// Counts a wrong or a right answer of another scheme.
void aloft_webui_auth_failed(struct aloft_webui_auth *auth, uint32_t now_ms);
void aloft_webui_auth_passed(struct aloft_webui_auth *auth);

// Milliseconds until answers are looked at again; 0: they are.
uint32_t aloft_webui_auth_locked(struct aloft_webui_auth *auth, uint32_t now_ms);

// Ends what is over: nonces that are too old, and a lock. To be called at least once in 24 days, or
// the clock, which wraps after 49, shows a time at which they were good.
void aloft_webui_auth_age(struct aloft_webui_auth *auth, uint32_t now_ms);

// True when the bytes are equal; takes as long when they are not.
bool aloft_webui_auth_same(const void *a, const void *b, uint32_t len);

#endif
