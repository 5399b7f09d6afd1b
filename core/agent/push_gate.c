// Two small tables: challenges that were given out, and proofs that wait for their turn. Both begin
// their entries with a mark, so that one function finds a newcomer's place in either.
#include "aloft/agent/push_gate.h"
#include "aloft/base/assert.h"
#include "aloft/base/crc32.h"
#include "aloft/base/hex.h"
#include <string.h>

#define STALE_MS 5000u  // a real sender proves sooner
#define SALT_MS  16000u // then the lottery is drawn again, so that a loser gets another chance
#define PER_PORT 2u     // challenges of one source: a forged one must not keep the right one out

struct table {
    void *entries;
    uint32_t size;
    uint32_t count;
    uint32_t per_port;
};

static struct table challenges(struct aloft_push_gate *gate)
{
    return (struct table){gate->challenges, sizeof gate->challenges[0], ALOFT_PUSH_CHALLENGES,
                          PER_PORT};
}

static struct table guesses(struct aloft_push_gate *gate)
{
    return (struct table){gate->guesses, sizeof gate->guesses[0], ALOFT_PUSH_GUESSES, 1};
}

static struct aloft_push_mark *mark_at(const struct table *table, uint32_t i)
{
    return (void *)((char *)table->entries + i * table->size);
}

static uint32_t crc_of(const char *host)
{
    return aloft_crc32(0, (const uint8_t *)host, strlen(host));
}

static struct aloft_push_mark mark_of(const struct aloft_way_peer *peer, uint32_t now_ms)
{
    return (struct aloft_push_mark){crc_of(peer->host), peer->port, true, now_ms};
}

static bool same_source(const struct aloft_push_mark *a, const struct aloft_push_mark *b)
{
    return a->live && a->host == b->host && a->port == b->port;
}

// A source's lot: the same for all that it sends, until the salt is another one.
static uint32_t lot(const struct aloft_push_gate *gate, const struct aloft_push_mark *mark)
{
    const uint32_t source[] = {mark->host, mark->port};
    return aloft_crc32(gate->salt, (const uint8_t *)source, sizeof source);
}

// Where this newcomer's entry goes. NULL: nowhere. keeps G3
static struct aloft_push_mark *place(struct aloft_push_gate *gate, const struct table *table,
                                     const struct aloft_push_mark *newcomer)
{
    struct aloft_push_mark *found = NULL;
    uint32_t of_port = 0;
    uint32_t of_host = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        struct aloft_push_mark *mark = mark_at(table, i);
        found = mark->live ? found : mark;
        of_port += same_source(mark, newcomer);
        of_host += mark->live && mark->host == newcomer->host;
    }
    bool crowd = of_host >= table->count - 1;
    if (of_port >= table->per_port || (found != NULL && !crowd)) {
        return of_port >= table->per_port ? NULL : found;
    }
    if (newcomer->since_ms - gate->salted_ms >= SALT_MS) {
        gate->salted_ms = newcomer->since_ms;
        gate->config.random(gate->config.random_ctx, (uint8_t *)&gate->salt, sizeof gate->salt);
    }
    uint32_t worst = lot(gate, newcomer);
    found = NULL;
    for (uint32_t i = 0; i < table->count; i++) {
        struct aloft_push_mark *mark = mark_at(table, i);
        bool stale = newcomer->since_ms - mark->since_ms >= STALE_MS;
        if (mark->live && (!crowd || mark->host == newcomer->host) &&
            (stale || lot(gate, mark) > worst)) {
            found = mark;
            worst = stale ? UINT32_MAX : lot(gate, mark);
        }
    }
    return found;
}

void aloft_push_gate_init(struct aloft_push_gate *gate, const struct aloft_push_gate_config *config)
{
    memset(gate, 0, sizeof *gate);
    gate->config = *config;
    gate->salted_ms = 0u - SALT_MS;
}

const uint8_t *aloft_push_gate_ask(struct aloft_push_gate *gate, const struct aloft_way_peer *peer,
                                   const struct aloft_espota_invitation *invitation,
                                   uint32_t now_ms)
{
    struct aloft_push_mark mark = mark_of(peer, now_ms);
    struct table table = challenges(gate);
    struct aloft_push_challenge *challenge = NULL;
    for (uint32_t i = 0; i < ALOFT_PUSH_CHALLENGES; i++) {
        challenge = &gate->challenges[i];
        if (same_source(&challenge->mark, &mark) &&
            memcmp(&challenge->invitation, invitation, sizeof *invitation) == 0) {
            return challenge->nonce; // it may have the first answer by now: either is then right
        }
    }
    challenge = (struct aloft_push_challenge *)(void *)place(gate, &table, &mark);
    if (challenge == NULL) {
        return NULL;
    }
    challenge->mark = mark;
    challenge->invitation = *invitation;
    gate->config.random(gate->config.random_ctx, challenge->nonce, gate->config.digits / 2);
    return challenge->nonce;
}

bool aloft_push_gate_expects(const struct aloft_push_gate *gate, const char *host)
{
    uint32_t crc = crc_of(host);
    bool found = false;
    for (uint32_t i = 0; i < ALOFT_PUSH_CHALLENGES; i++) {
        found = found || (gate->challenges[i].mark.live && gate->challenges[i].mark.host == crc);
    }
    return found;
}

void aloft_push_gate_take(struct aloft_push_gate *gate, const struct aloft_way_peer *peer,
                          const char *cnonce, const uint8_t response[ALOFT_SHA256_LEN],
                          uint32_t now_ms)
{
    struct aloft_push_mark mark = mark_of(peer, now_ms);
    struct table table = guesses(gate);
    if (!aloft_push_gate_expects(gate, peer->host)) {
        return;
    }
    struct aloft_push_guess *guess = (struct aloft_push_guess *)(void *)place(gate, &table, &mark);
    if (guess != NULL) {
        guess->mark = mark;
        guess->peer = *peer;
        memcpy(guess->cnonce, cnonce, gate->config.digits);
        memcpy(guess->response, response, sizeof guess->response);
    }
}

// The guess came while the challenge was good.
static bool in_time(const struct aloft_push_gate *gate, const struct aloft_push_challenge *asked,
                    const struct aloft_push_mark *guess)
{
    return asked->mark.live && asked->mark.host == guess->host &&
           guess->since_ms - asked->mark.since_ms < gate->config.timeout_ms;
}

// The next challenge from `from` on that the guess may answer; CHALLENGES: there is none.
static uint32_t next_challenge(const struct aloft_push_gate *gate, uint32_t from)
{
    const struct aloft_push_mark *guess = &gate->guesses[gate->guess].mark;
    bool exact = false;
    for (uint32_t i = 0; i < ALOFT_PUSH_CHALLENGES; i++) {
        const struct aloft_push_challenge *asked = &gate->challenges[i];
        exact = exact || (in_time(gate, asked, guess) && asked->mark.port == guess->port);
    }
    while (from < ALOFT_PUSH_CHALLENGES &&
           (!in_time(gate, &gate->challenges[from], guess) ||
            (exact && gate->challenges[from].mark.port != guess->port))) {
        from++;
    }
    return from;
}

// Goes on with the guess at the next challenge. False: there is none.
static bool judge(struct aloft_push_gate *gate, uint32_t from)
{
    const struct aloft_push_guess *guess = &gate->guesses[gate->guess];
    const struct aloft_push_gate_config *config = &gate->config;
    char nonce[ALOFT_ESPOTA_HEX_MAX];
    gate->challenge = next_challenge(gate, from);
    gate->judging = gate->challenge < ALOFT_PUSH_CHALLENGES;
    if (gate->judging) {
        aloft_hex_emit(gate->challenges[gate->challenge].nonce, config->digits / 2, nonce);
        aloft_espota_proof_begin(&gate->proof, config->crypto, config->verifier, config->digits);
        aloft_espota_proof_nonces(&gate->proof, config->digits, nonce, guess->cnonce);
    }
    return gate->judging;
}

static enum aloft_push_verdict step_proof(struct aloft_push_gate *gate)
{
    struct aloft_push_guess *guess = &gate->guesses[gate->guess];
    if (aloft_espota_proof_step(&gate->proof) == ALOFT_STEP_AGAIN) {
        return ALOFT_PUSH_BUSY;
    }
    bool right = aloft_espota_proof_is(&gate->proof, guess->response);
    if (!right && judge(gate, gate->challenge + 1)) {
        return ALOFT_PUSH_BUSY;
    }
    gate->peer = guess->peer;
    gate->judging = false;
    guess->mark.live = false;
    if (right) {
        ALOFT_INVARIANT("G1", gate->challenges[gate->challenge].mark.host == guess->mark.host);
        gate->invitation = gate->challenges[gate->challenge].invitation;
        memset(gate->challenges, 0, sizeof gate->challenges); // keeps G1
        memset(gate->guesses, 0, sizeof gate->guesses);
    }
    return right ? ALOFT_PUSH_RIGHT : ALOFT_PUSH_WRONG;
}

// True when a guess waits that the challenge is kept for.
static bool is_answered(const struct aloft_push_gate *gate,
                        const struct aloft_push_challenge *asked)
{
    for (uint32_t i = 0; i < ALOFT_PUSH_GUESSES; i++) {
        const struct aloft_push_mark *guess = &gate->guesses[i].mark;
        if (guess->live && in_time(gate, asked, guess)) {
            return true;
        }
    }
    return false;
}

// Ends the challenges that nobody has answered in their time. False: there is none.
static bool expire(struct aloft_push_gate *gate, uint32_t now_ms)
{
    bool ended = false;
    for (uint32_t i = 0; i < ALOFT_PUSH_CHALLENGES; i++) {
        struct aloft_push_challenge *asked = &gate->challenges[i];
        bool late = now_ms - asked->mark.since_ms >= gate->config.timeout_ms;
        if (asked->mark.live && late && !is_answered(gate, asked)) {
            asked->mark.live = false;
            ended = true;
        }
    }
    return ended;
}

// The guess that has waited longest; GUESSES: none.
static uint32_t oldest(const struct aloft_push_gate *gate, uint32_t now_ms)
{
    uint32_t found = ALOFT_PUSH_GUESSES;
    for (uint32_t i = 0; i < ALOFT_PUSH_GUESSES; i++) {
        const struct aloft_push_mark *mark = &gate->guesses[i].mark;
        if (mark->live && (found == ALOFT_PUSH_GUESSES ||
                           now_ms - mark->since_ms > now_ms - gate->guesses[found].mark.since_ms)) {
            found = i;
        }
    }
    return found;
}

enum aloft_push_verdict aloft_push_gate_step(struct aloft_push_gate *gate, struct aloft_rate *rate,
                                             uint32_t now_ms)
{
    if (gate->judging) {
        return step_proof(gate);
    }
    if (expire(gate, now_ms)) {
        return ALOFT_PUSH_LATE;
    }
    gate->guess = oldest(gate, now_ms);
    if (gate->guess == ALOFT_PUSH_GUESSES || aloft_rate_wait(rate, now_ms) > 0) {
        return ALOFT_PUSH_WAIT;
    }
    if (judge(gate, 0)) {
        (void)aloft_rate_allow(rate, now_ms); // keeps G2
    } else {
        gate->guesses[gate->guess].mark.live = false; // its challenge is gone
    }
    return ALOFT_PUSH_BUSY;
}

void aloft_push_gate_due(const struct aloft_push_gate *gate, struct aloft_rate *rate,
                         uint32_t now_ms, uint32_t *due_ms)
{
    uint32_t left = *due_ms - now_ms;
    for (uint32_t i = 0; i < ALOFT_PUSH_CHALLENGES; i++) {
        const struct aloft_push_mark *mark = &gate->challenges[i].mark;
        uint32_t end = mark->since_ms + gate->config.timeout_ms - now_ms;
        left = mark->live && end < left ? end : left;
    }
    uint32_t wait = aloft_rate_wait(rate, now_ms);
    if (oldest(gate, now_ms) < ALOFT_PUSH_GUESSES) {
        left = wait < left ? wait : left;
    }
    *due_ms = now_ms + left;
}
