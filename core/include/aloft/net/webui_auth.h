// Who may use the browser way: HTTP Digest (RFC 7616) with SHA-256 and MD5, checked against hashes
// of the password, which itself is nowhere on the device. No I/O.
//
// Invariants
//   A1  An answer to a challenge is good once: its count has not been used with its nonce, and the
//       nonce was given out by this device, not longer than five minutes ago.
//   A2  Answers are judged five at once, and then one in 2 s, whoever sends them; right ones do not
//       count. Nobody is locked out: who comes too soon waits. What answers a nonce that was
//       answered rightly before does not wait, but one wrong answer ends that nonce.
//       A2 has no assertion: it is R1 of the limit (rate.c).
//   A3  How long a comparison takes says nothing about the secret.
//   A3 has no assertion: time cannot be asserted; the comparison has no branch on its bytes.
//   A4  A challenge takes no room before it is answered rightly, so strangers who ask for
//   challenges
//       push none out. A nonce carries what tells that it is ours: its number, when it was given,
//       and a hash of both with a secret.
//       A4 has no assertion: it is about what is not kept; webui_test.c asks for a thousand.
#ifndef ALOFT_WEBUI_AUTH_H
#define ALOFT_WEBUI_AUTH_H

#include "aloft/base/rate.h"
#include "aloft/webui_verifier.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_WEBUI_NONCES    4u // answered rightly, and good at once
#define ALOFT_WEBUI_NONCE_HEX 32u
#define ALOFT_WEBUI_NONCE_MS  (5u * 60u * 1000u)
#define ALOFT_WEBUI_TRIES     5u
#define ALOFT_WEBUI_TRY_MS    2000u
#define ALOFT_WEBUI_SECRET    16u

struct aloft_webui_nonce {
    uint32_t number;
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
    struct aloft_rate tries; // of passwords; for other schemes as well
    uint32_t given;          // number of the last nonce
    uint32_t floor;          // nonces up to this number are no longer good, but for those in nonces
    uint32_t aged_ms;
    uint32_t aged_given; // what `given` was then
    struct aloft_webui_nonce nonces[ALOFT_WEBUI_NONCES];
};

enum aloft_webui_verdict {
    ALOFT_WEBUI_UNKNOWN, // no answer to a challenge of ours
    ALOFT_WEBUI_GOOD,
    ALOFT_WEBUI_STALE, // the password is right, the nonce is used up: challenge again
    ALOFT_WEBUI_WRONG,
    ALOFT_WEBUI_LATER,   // not looked at yet: ask again after aloft_rate_wait of `tries`
    ALOFT_WEBUI_PENDING, // a token that is being checked
};

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

// Ends nonces that are too old. To be called at least once in 24 days, or
// the clock, which wraps after 49, shows a time at which they were good.
void aloft_webui_auth_age(struct aloft_webui_auth *auth, uint32_t now_ms);

// True when the bytes are equal; takes as long when they are not.
bool aloft_webui_auth_same(const void *a, const void *b, uint32_t len);

#endif
