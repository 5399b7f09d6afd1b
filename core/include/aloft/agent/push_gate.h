// Who may push: the challenges that a device has given out, the proofs that wait to be judged, and
// the limit on guesses. Part of push (push.h). No I/O, no flash.
//
//   ask -> (the sender's) take -> step.. -> RIGHT or WRONG
//
// A sender's proof may come from another port than its invitation (espota.py of Arduino core 3.3.1
// and later), so it is its host that tells whose it is; where the ports are the same, they count.
// The source address of a datagram can be forged, so no address is ever locked out. Instead guesses
// are judged slowly, one guess per source waits, and sources compete for few places.
//
// Invariants
//   G1  A challenge belongs to one invitation, and lives timeout_ms. The first right proof ends
//       all of them: it opens the device once, for the file that its sender has invited to.
//   G2  Guesses are judged at most 5 at once, and then one in 2 s, whoever sends them.
//       G2 has no assertion: it is R1 of the limit (rate.c).
//   G3  What one source sends neither ends nor takes the place of another source's challenge or
//       waiting proof while the tables have room. One host never fills a table; who finds it full
//       takes the place of an old challenge, or by a lottery that does not count how often one
//       asks.
//       G3 has no assertion: it is about what does not happen; push_gate_test.c floods the tables.
#ifndef ALOFT_PUSH_GATE_H
#define ALOFT_PUSH_GATE_H

#include "aloft/base/rate.h"
#include "aloft/net/espota.h"
#include "aloft/way.h"

#define ALOFT_PUSH_CHALLENGES  8u
#define ALOFT_PUSH_GUESSES     4u
#define ALOFT_PUSH_GUESS_BURST 5u
#define ALOFT_PUSH_GUESS_MS    2000u
#define ALOFT_PUSH_NONCE_MAX   (ALOFT_ESPOTA_HEX_MAX / 2)

// Enough of a source to tell it from others.
struct aloft_push_mark {
    uint32_t host; // CRC of its text
    uint16_t port;
    bool live;
    uint32_t since_ms;
};

struct aloft_push_challenge {
    struct aloft_push_mark mark;
    struct aloft_espota_invitation invitation;
    uint8_t nonce[ALOFT_PUSH_NONCE_MAX];
};

struct aloft_push_guess {
    struct aloft_push_mark mark;
    struct aloft_way_peer peer;
    char cnonce[ALOFT_ESPOTA_HEX_MAX];
    uint8_t response[ALOFT_SHA256_LEN];
};

struct aloft_push_gate_config {
    const struct aloft_crypto *crypto;
    const char *verifier; // `digits` lower-case digits
    uint32_t digits;      // of a verifier and a nonce: 32 or 64
    uint32_t timeout_ms;  // of a challenge
    void (*random)(void *ctx, uint8_t *out, uint32_t len);
    void *random_ctx;
};

enum aloft_push_verdict {
    ALOFT_PUSH_WAIT,  // nothing to do before the deadline
    ALOFT_PUSH_BUSY,  // a proof is being judged: step again
    ALOFT_PUSH_RIGHT, // `peer` has proved that it knows the password; `invitation` is what for
    ALOFT_PUSH_WRONG, // `peer` has not
    ALOFT_PUSH_LATE,  // a challenge was not answered in time
};

struct aloft_push_gate {
    struct aloft_way_peer peer; // of the last verdict
    struct aloft_espota_invitation invitation;
    // private
    struct aloft_push_gate_config config;
    uint32_t salt; // of the lottery
    uint32_t salted_ms;
    uint32_t guess;     // that is judged
    uint32_t challenge; // that it is judged against
    bool judging;
    struct aloft_espota_proof proof;
    struct aloft_push_challenge challenges[ALOFT_PUSH_CHALLENGES];
    struct aloft_push_guess guesses[ALOFT_PUSH_GUESSES];
};

// No challenge is open. config is copied, what it points to must outlive the gate.
void aloft_push_gate_init(struct aloft_push_gate *gate,
                          const struct aloft_push_gate_config *config);

// The nonce that answers this invitation, config.digits / 2 bytes; the same one again for the same
// invitation of the same source. NULL: say nothing, there are too many.
const uint8_t *aloft_push_gate_ask(struct aloft_push_gate *gate, const struct aloft_way_peer *peer,
                                   const struct aloft_espota_invitation *invitation,
                                   uint32_t now_ms);

// True when a sender at this host has a challenge to answer.
bool aloft_push_gate_expects(const struct aloft_push_gate *gate, const char *host);

// A proof with config.digits digits each, to be judged; without a challenge from this host it is
// dropped.
void aloft_push_gate_take(struct aloft_push_gate *gate, const struct aloft_way_peer *peer,
                          const char *cnonce, const uint8_t response[ALOFT_SHA256_LEN],
                          uint32_t now_ms);

// At most ALOFT_ESPOTA_ROUNDS rounds of a proof. rate counts guesses; it outlives the gate.
enum aloft_push_verdict aloft_push_gate_step(struct aloft_push_gate *gate, struct aloft_rate *rate,
                                             uint32_t now_ms);

// When step has something to do, if that is earlier than *due_ms.
void aloft_push_gate_due(const struct aloft_push_gate *gate, struct aloft_rate *rate,
                         uint32_t now_ms, uint32_t *due_ms);

#endif
