// The gate (push_gate.h) decides who may push. Then one sender at a time is served, until it has
// its answer.
//
//   IDLE --invitation--> INVITED --no password--> ACCEPTED --OK--> CONNECTING
//    ^  ^                   | AUTH                   ^                 | opened
//    |  |                   v                        |                 v
//    |  +-----------------IDLE --proof--> PROVING ---+             RECEIVING
//    |                      ^--- wrong ------+                         | all came
//    |                                                                 v
//    +-- any fault, after its answer -- LEAVING <-- ANSWERING <-- FINISHING
//                                          |
//                                        DONE: restart
//
// Invariants
//   P1  Nothing is written for a sender that has not proved that it knows the password.
//   P2  A nonce opens the device once, for the file of the invitation that it answered.
//   P3  "OK" is said over the connection once, after the new slot is selected or the files are
//       whole, and never if anything failed.
//   P4  From the invitation of one sender on, no other sender can change its push.
//   P5  The first bytes, of an image or of files, are programmed only after all that came was found
//       to be what was announced (MD5).
//   P6  The number of events about refused senders is limited, however many senders there are.
//       P6 has no assertion: it is R1 of the limit (rate.c).
#include "aloft/push.h"
#include "aloft/base/assert.h"
#include "aloft/base/decimal.h"
#include "aloft/base/hex.h"
#include <string.h>

enum phase {
    OFF,
    IDLE,
    INVITED,
    PROVING,
    ACCEPTED,
    CONNECTING,
    RECEIVING,
    FINISHING,
    ANSWERING,
    LEAVING,
    DONE
};

#define TIMEOUT_MS 10000u
#define LINGER_MS  3000u  // for the sender to read the answer before the connection is closed
#define REST_MS    60000u // between looks at a clock that says nothing
#define REBIND_MS  5000u
#define COUNT_MS   50u   // a sender that is quiet for so long waits for a count
#define PIECE      1024u // what Arduino's senders wait for a count after

// Events of senders that are refused: at once, and then one in this time.
#define REFUSALS    10u
#define REFUSALS_MS 10000u

#define FILES_SPIFFS   0x82u
#define FILES_LITTLEFS 0x83u
#define FILES_FAT      0x81u
#define FAT_OFF        0x1000u // Arduino leaves the first sector of a fat partition alone

static const struct aloft_intake_config *base(const struct aloft_push *push)
{
    return &push->config.intake->config;
}

static bool passed(uint32_t now_ms, uint32_t deadline_ms)
{
    return (int32_t)(now_ms - deadline_ms) >= 0;
}

static void emit(const struct aloft_push *push, enum aloft_event_kind kind, enum aloft_err err,
                 uint32_t value, const char *text)
{
    aloft_event_emit(&base(push)->events, &(struct aloft_event){.kind = kind,
                                                                .err = err,
                                                                .value = value,
                                                                .total = push->invitation.command,
                                                                .text = text});
}

static bool is_verifier(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((text[i] < '0' || text[i] > '9') && (text[i] < 'a' || text[i] > 'f')) {
            return false;
        }
    }
    return len == 2 * ALOFT_MD5_LEN || len == 2 * ALOFT_SHA256_LEN;
}

// Ready for the next sender.
static void idle(struct aloft_push *push)
{
    const struct aloft_push_gate_config gate = {.crypto = base(push)->rules->crypto,
                                                .verifier = push->config.verifier,
                                                .digits = push->digits,
                                                .timeout_ms = push->config.timeout_ms,
                                                .random = push->config.random,
                                                .random_ctx = push->config.random_ctx};
    aloft_push_gate_init(&push->work.gate, &gate);
    push->phase = IDLE;
}

enum aloft_err aloft_push_init(struct aloft_push *push, const struct aloft_push_config *config)
{
    memset(push, 0, sizeof *push);
    push->config = *config;
    push->config.port = config->port != 0 ? config->port : ALOFT_ESPOTA_PORT;
    push->config.timeout_ms = config->timeout_ms != 0 ? config->timeout_ms : TIMEOUT_MS;
    if (config->verifier != NULL) {
        push->digits = (uint32_t)strlen(config->verifier);
        if (!is_verifier(config->verifier, push->digits)) {
            return ALOFT_ERR_ARG;
        }
    }
    push->guesses =
        (struct aloft_rate){.burst = ALOFT_PUSH_GUESS_BURST, .every_ms = ALOFT_PUSH_GUESS_MS};
    push->refusals = (struct aloft_rate){.burst = REFUSALS, .every_ms = REFUSALS_MS};
    push->ask_bind = push->digits != 0 || config->open;
    push->phase = OFF;
    if (push->ask_bind) {
        idle(push);
    }
    return ALOFT_OK;
}

// --- what is said

static void answer(struct aloft_push *push, const struct aloft_way_peer *to, const char *text)
{
    push->answer_len = (uint32_t)strlen(text);
    memcpy(push->answer, text, push->answer_len);
    push->answer_to = *to;
}

static void say(struct aloft_push *push, const char *text, uint32_t len)
{
    if (push->said_off == push->said_len) {
        push->said_off = push->said_len = 0;
    }
    ALOFT_ASSERT(len <= sizeof push->said - push->said_len);
    memcpy(push->said + push->said_len, text, len);
    push->said_len += len;
}

// How many bytes were taken since the last count. Not while an earlier count waits to be sent: they
// become one.
static void say_count(struct aloft_push *push)
{
    char text[ALOFT_DECIMAL_MAX];
    if (push->unreported > 0 && push->said_off == push->said_len) {
        const char *count = aloft_decimal(push->unreported, text);
        say(push, count, (uint32_t)strlen(count));
        push->unreported = 0;
    }
}

// --- how a push ends

// keeps P6
static void tell_refused(struct aloft_push *push, enum aloft_err err, const char *host)
{
    uint32_t untold = push->refusals.denied;
    if (aloft_rate_allow(&push->refusals, push->now_ms)) {
        push->refusals.denied = 0;
        emit(push, ALOFT_EVENT_REFUSED, err, untold, host);
    }
}

static void refuse_by(struct aloft_push *push, enum aloft_err err, const struct aloft_way_peer *by)
{
    push->answer_len = aloft_espota_error(err, false, push->answer);
    push->answer_to = *by;
    tell_refused(push, err, by->host);
}

// The sender that was being served.
static void refuse(struct aloft_push *push, enum aloft_err err)
{
    push->err = err;
    refuse_by(push, err, &push->sender);
}

static void leave(struct aloft_push *push)
{
    push->ask_open = false;
    push->ask_close = push->linked;
    push->phase = LEAVING;
}

// The last thing that the sender is told; it closes once it has read it.
static void conclude(struct aloft_push *push, const char *text, uint32_t len, uint32_t now_ms)
{
    say_count(push);
    say(push, text, len);
    push->deadline_ms = now_ms + LINGER_MS;
    push->phase = ANSWERING;
    if (!push->linked) {
        leave(push);
    }
}

// The outcome is known, and the sender is told it.
static bool is_over(const struct aloft_push *push)
{
    return push->phase == ANSWERING || push->phase == LEAVING || push->phase == DONE;
}

static void fail(struct aloft_push *push, enum aloft_err err, uint32_t now_ms)
{
    char text[ALOFT_ESPOTA_ERROR];
    bool connected = push->phase == RECEIVING || push->phase == FINISHING || is_over(push);
    push->err = err;
    push->unreported = 0; // nothing is counted after an error
    aloft_intake_release(push->config.intake, push);
    emit(push, ALOFT_EVENT_FAILED, err, 0, NULL);
    conclude(push, text, aloft_espota_error(err, true, text), now_ms);
    if (!connected) {
        leave(push);
    }
}

// --- files

// The best partition for files so far: by subtype, the first of each.
static enum aloft_err pick(void *ctx, const struct aloft_partition *partition)
{
    static const uint8_t order[] = {FILES_FAT, FILES_LITTLEFS, FILES_SPIFFS};
    struct aloft_push *push = ctx;
    bool usable = partition->type == ALOFT_TYPE_DATA &&
                  (partition->flags & ALOFT_PARTITION_READONLY) == 0 && partition->len > FAT_OFF;
    for (uint32_t i = push->received; usable && i < sizeof order; i++) {
        if (partition->subtype == order[i]) {
            uint32_t off = i == 0 ? FAT_OFF : 0;
            push->files = aloft_partition_view(base(push)->slots->flash, partition);
            push->files.addr += off;
            push->files.len -= off;
            push->received = i + 1;
        }
    }
    return ALOFT_OK;
}

static enum aloft_err find_files(struct aloft_push *push)
{
    const struct aloft_slots *slots = base(push)->slots;
    const struct aloft_crypto *crypto = base(push)->rules->crypto;
    push->files.len = 0;
    push->received = 0; // the rank of what was found
    enum aloft_err err = aloft_slots_check(slots, crypto);
    if (err == ALOFT_OK) {
        err = aloft_slots_walk(slots->flash, crypto, slots->ptable_addr, pick, push);
    }
    if (err != ALOFT_OK || push->files.len == 0) {
        return err != ALOFT_OK ? err : ALOFT_ERR_PUSH_NO_FILES;
    }
    return push->invitation.size <= push->files.len ? ALOFT_OK : ALOFT_ERR_PUSH_FILES_SIZE;
}

static void begin_files(struct aloft_push *push)
{
    aloft_writer_init(&push->work.in.writer, &push->files, push->invitation.size);
}

// --- firmware or files

static bool is_firmware(const struct aloft_push *push)
{
    return push->invitation.command == ALOFT_ESPOTA_FLASH;
}

// What can be said of an invitation before it is known whether the sender may push: a refusal here
// is one that every sender shows to its user.
static enum aloft_err check(struct aloft_push *push)
{
    const struct aloft_intake *intake = push->config.intake;
    const struct aloft_intake_config *config = &intake->config;
    struct aloft_otadata records[2];
    uint32_t state = ALOFT_OTA_VALID;
    int next = aloft_slots_next(config->slots, config->running);
    if (!aloft_intake_is_free(intake, push)) {
        return ALOFT_ERR_NET_BUSY;
    }
    if (push->invitation.size == 0) {
        return ALOFT_ERR_IMAGE_EMPTY;
    }
    // Not for files either: they end with a restart, which would end the trial with a rollback.
    if (aloft_bootsel_read(config->slots, records) == ALOFT_OK &&
        aloft_bootsel_state(config->slots, records, config->running, &state) &&
        state <= ALOFT_OTA_PENDING) {
        return ALOFT_ERR_ON_TRIAL;
    }
    if (push->invitation.command == ALOFT_ESPOTA_FILES) {
        return find_files(push);
    }
    if (!is_firmware(push)) {
        return ALOFT_ERR_PUSH_COMMAND;
    }
    if (next == ALOFT_SLOT_NONE) {
        return ALOFT_ERR_NO_OTA_SLOT;
    }
    return push->invitation.size > aloft_slots_extent(config->slots, next).len
               ? ALOFT_ERR_IMAGE_TOO_LARGE
               : ALOFT_OK;
}

static enum aloft_err begin(struct aloft_push *push)
{
    struct aloft_intake *intake = push->config.intake;
    ALOFT_INVARIANT("P1", push->phase == ACCEPTED);
    enum aloft_err err = ALOFT_ERR_NET_BUSY;
    memset(&push->work.in.md5, 0, sizeof push->work.in.md5); // the gate was here
    if (aloft_intake_take(intake, push)) {
        err = base(push)->rules->crypto->hash_init(&push->work.in.md5, ALOFT_HASH_MD5);
    }
    push->work.in.headed = is_firmware(push); // the intake sees to that
    if (err == ALOFT_OK && push->work.in.headed) {
        err = aloft_intake_begin(intake, push, push->invitation.size, NULL);
    } else if (err == ALOFT_OK) {
        begin_files(push);
    }
    return err;
}

static enum aloft_err take(struct aloft_push *push, const uint8_t *data, uint32_t len,
                           uint32_t *used)
{
    enum aloft_err err = ALOFT_OK;
    if (is_firmware(push)) {
        err = aloft_intake_feed(push->config.intake, push, data, len, used);
    } else {
        uint32_t room = aloft_writer_room(&push->work.in.writer);
        *used = len < room ? len : room;
        aloft_writer_feed(&push->work.in.writer, data, *used);
    }
    return err == ALOFT_OK ? base(push)->rules->crypto->hash_feed(&push->work.in.md5, data, *used)
                           : err;
}

static enum aloft_step write_some(struct aloft_push *push, enum aloft_err *err)
{
    struct aloft_writer *writer = &push->work.in.writer;
    enum aloft_step step =
        is_firmware(push) ? aloft_intake_step(push->config.intake) : aloft_writer_step(writer);
    *err = is_firmware(push) ? push->config.intake->err : writer->err;
    if (step == ALOFT_STEP_DONE && push->phase == FINISHING && !push->work.in.headed) {
        ALOFT_INVARIANT("P5", push->err == ALOFT_OK && push->received == push->invitation.size);
        push->work.in.headed = true;
        aloft_writer_complete(writer);
        step = ALOFT_STEP_AGAIN;
    }
    return step;
}

static enum aloft_err all_came(struct aloft_push *push)
{
    uint8_t md5[ALOFT_MD5_LEN];
    enum aloft_err err = base(push)->rules->crypto->hash_finish(&push->work.in.md5, md5);
    push->phase = FINISHING;
    if (err == ALOFT_OK && memcmp(md5, push->invitation.md5, sizeof md5) != 0) {
        err = ALOFT_ERR_PUSH_MD5; // keeps P5
    } else if (err == ALOFT_OK && is_firmware(push)) {
        err = aloft_intake_finish(push->config.intake, push);
    } else if (err == ALOFT_OK) {
        aloft_writer_flush(&push->work.in.writer);
    }
    return err;
}

// --- datagrams

// What an invitation is answered with. nonce: NULL without a password.
static void welcome(struct aloft_push *push, const struct aloft_way_peer *to, const uint8_t *nonce)
{
    answer(push, to, nonce == NULL ? "OK" : "AUTH ");
    if (nonce != NULL) {
        aloft_hex_emit(nonce, push->digits / 2, push->answer + push->answer_len);
        push->answer_len += push->digits;
    }
}

// A sender that was not answered in time sends its invitation again.
static bool is_again(const struct aloft_push *push, const struct aloft_way_peer *peer,
                     const struct aloft_espota_invitation *invitation)
{
    return push->digits == 0 && push->received == 0 &&
           memcmp(invitation, &push->invitation, sizeof *invitation) == 0 &&
           memcmp(peer->host, push->sender.host, strlen(peer->host) + 1) == 0;
}

static void on_invitation(struct aloft_push *push, const struct aloft_way_peer *peer,
                          const struct aloft_espota_invitation *invitation)
{
    if (push->phase == IDLE) {
        ALOFT_INVARIANT("P4", push->config.intake->holder != push);
        push->invitation = *invitation;
        push->sender = *peer;
        push->phase = INVITED;
    } else if (is_again(push, peer, invitation)) {
        welcome(push, peer, NULL);
    } else {
        refuse_by(push, ALOFT_ERR_NET_BUSY, peer); // keeps P4
    }
}

static void on_proof(struct aloft_push *push, const struct aloft_way_peer *peer, uint32_t digits,
                     const char *cnonce, const uint8_t response[ALOFT_SHA256_LEN])
{
    struct aloft_push_gate *gate = &push->work.gate;
    if (push->phase != IDLE || !aloft_push_gate_expects(gate, peer->host)) {
        tell_refused(push, ALOFT_ERR_PUSH_AUTH, peer->host); // any answer could go to another
    } else if (digits != push->digits) {
        refuse_by(push, ALOFT_ERR_PUSH_OLD_SENDER, peer);
        push->err = ALOFT_ERR_PUSH_OLD_SENDER;
    } else {
        aloft_push_gate_take(gate, peer, cnonce, response, push->now_ms);
    }
}

static uint32_t feed_datagram(struct aloft_push *push, const struct aloft_way_peer *peer,
                              const uint8_t *data, uint32_t len)
{
    struct aloft_espota_invitation invitation;
    uint8_t response[ALOFT_SHA256_LEN];
    const char *cnonce;
    bool deciding = push->phase == INVITED || push->phase == PROVING || push->phase == ACCEPTED;
    bool over = is_over(push) && push->err != ALOFT_OK;
    // A sender of the older generation takes half of a nonce for the whole.
    uint32_t digits = len < 2 * ALOFT_ESPOTA_HEX_MAX ? 2 * ALOFT_MD5_LEN : push->digits;
    if (deciding || over || push->answer_len > 0) {
        return 0; // the last answer is not sent yet, or the last sender is not closed yet
    }
    if (aloft_espota_parse_invitation(data, len, &invitation)) {
        on_invitation(push, peer, &invitation);
    } else if (push->digits != 0 &&
               aloft_espota_parse_proof(data, len, digits, &cnonce, response)) {
        on_proof(push, peer, digits, cnonce, response);
    } else {
        tell_refused(push, ALOFT_ERR_PUSH_SYNTAX, peer->host);
    }
    return len;
}

// --- the steps

static void invited(struct aloft_push *push)
{
    enum aloft_err err = check(push);
    push->phase = IDLE;
    if (err != ALOFT_OK) {
        refuse(push, err);
    } else if (push->digits == 0) {
        push->phase = ACCEPTED;
    } else {
        const uint8_t *nonce =
            aloft_push_gate_ask(&push->work.gate, &push->sender, &push->invitation, push->now_ms);
        if (nonce != NULL) {
            welcome(push, &push->sender, nonce);
        }
    }
}

static enum aloft_push_verdict proving(struct aloft_push *push)
{
    struct aloft_push_gate *gate = &push->work.gate;
    enum aloft_push_verdict verdict = aloft_push_gate_step(gate, &push->guesses, push->now_ms);
    push->phase = verdict == ALOFT_PUSH_BUSY ? PROVING : IDLE;
    if (verdict == ALOFT_PUSH_RIGHT) {
        push->invitation = gate->invitation;
        push->sender = gate->peer; // its port may differ from that of the invitation
        push->phase = ACCEPTED;    // keeps P1 and P2
        ALOFT_INVARIANT("P2", !aloft_push_gate_expects(gate, gate->peer.host));
    } else if (verdict == ALOFT_PUSH_WRONG) {
        push->err = ALOFT_ERR_PUSH_AUTH;
        answer(push, &gate->peer, "Authentication Failed");
        tell_refused(push, ALOFT_ERR_PUSH_AUTH, gate->peer.host);
    } else if (verdict == ALOFT_PUSH_LATE) {
        push->err = ALOFT_ERR_PUSH_TIMEOUT;
        tell_refused(push, ALOFT_ERR_PUSH_TIMEOUT, NULL);
    }
    return verdict;
}

// What was begun is given back.
static void over(struct aloft_push *push)
{
    base(push)->rules->crypto->hash_drop(&push->work.in.md5);
    idle(push);
}

static void accepted(struct aloft_push *push, uint32_t now_ms)
{
    push->received = 0;
    push->unreported = 0;
    push->said_off = push->said_len = 0;
    push->peer_done = false;
    push->err = ALOFT_OK;
    emit(push, ALOFT_EVENT_INVITED, ALOFT_OK, push->invitation.size, push->sender.host);
    enum aloft_err err = begin(push);
    if (err != ALOFT_OK) {
        aloft_intake_release(push->config.intake, push);
        over(push);
        refuse(push, err);
        return;
    }
    welcome(push, &push->sender, NULL);
    push->ask_open = true;
    push->deadline_ms = now_ms + push->config.timeout_ms;
    push->phase = CONNECTING;
    emit(push, ALOFT_EVENT_CONNECTING, ALOFT_OK, push->invitation.port, push->sender.host);
}

// True while flash has more to do.
static bool receiving(struct aloft_push *push, uint32_t now_ms)
{
    enum aloft_err err;
    enum aloft_step step = write_some(push, &err);
    if (step == ALOFT_STEP_AGAIN) {
        push->deadline_ms =
            now_ms + push->config.timeout_ms; // time that flash takes is not counted
        return true;
    }
    if (step == ALOFT_STEP_DONE && push->phase == FINISHING) {
        ALOFT_INVARIANT("P3", push->err == ALOFT_OK && push->received == push->invitation.size);
        conclude(push, "OK", 2, now_ms); // keeps P3
        return false;
    }
    // The last count goes first: a sender waits for it, and judging takes its time.
    bool told = push->said_off == push->said_len || !push->linked;
    if (step == ALOFT_STEP_DONE && push->received == push->invitation.size && told) {
        err = all_came(push);
        step = err == ALOFT_OK ? ALOFT_STEP_DONE : ALOFT_STEP_FAILED;
    } else if (step == ALOFT_STEP_DONE && push->peer_done && told) {
        err = ALOFT_ERR_PUSH_CLOSED;
        step = ALOFT_STEP_FAILED;
    } else if (step == ALOFT_STEP_DONE && passed(now_ms, push->deadline_ms)) {
        err = ALOFT_ERR_PUSH_TIMEOUT;
        step = ALOFT_STEP_FAILED;
    }
    if (step == ALOFT_STEP_FAILED) {
        fail(push, err, now_ms);
    } else if (passed(now_ms, push->count_ms)) {
        say_count(push);
    }
    return push->phase == FINISHING;
}

static void answering(struct aloft_push *push, uint32_t now_ms)
{
    if ((push->peer_done && push->said_off == push->said_len) ||
        passed(now_ms, push->deadline_ms)) {
        leave(push);
    }
}

static void left(struct aloft_push *push)
{
    if (push->linked) { // the port has not closed it yet
        return;
    }
    if (push->err == ALOFT_OK) {
        push->phase = DONE;
    } else {
        over(push);
    }
}

static void idling(struct aloft_push *push)
{
    uint32_t now_ms = push->now_ms;
    if (passed(now_ms, push->bind_ms)) {
        push->ask_bind = !push->bound;
        push->bind_ms = now_ms + REST_MS;
    }
    while (push->digits != 0 && push->answer_len == 0 && proving(push) == ALOFT_PUSH_LATE) {
    }
    push->deadline_ms = push->bind_ms;
    if (push->digits != 0 && push->phase == IDLE) {
        aloft_push_gate_due(&push->work.gate, &push->guesses, now_ms, &push->deadline_ms);
    }
}

static enum aloft_way_state step(void *ctx, uint32_t now_ms)
{
    struct aloft_push *push = ctx;
    enum phase before = push->phase;
    bool busy = false;
    push->now_ms = now_ms;
    switch (before) {
    case OFF:
        push->deadline_ms = now_ms + REST_MS;
        break;
    case IDLE:
        idling(push);
        break;
    case CONNECTING:
        if (passed(now_ms, push->deadline_ms)) {
            fail(push, ALOFT_ERR_PUSH_CONNECT, now_ms);
        }
        break;
    case INVITED:
        invited(push);
        break;
    case PROVING:
        (void)proving(push);
        busy = true;
        break;
    case ACCEPTED:
        accepted(push, now_ms);
        break;
    case RECEIVING:
    case FINISHING:
        busy = receiving(push, now_ms);
        break;
    case ANSWERING:
        answering(push, now_ms);
        break;
    case LEAVING:
        left(push);
        break;
    case DONE:
        return ALOFT_WAY_RESTART;
    }
    // A request is carried out before anything is waited for, but for the connection back: that
    // waits for the answer to be sent, which a port does when nothing else is to be done.
    busy = busy || push->phase != before || push->ask_bind || push->ask_close ||
           (push->ask_open && push->answer_len == 0);
    return busy ? ALOFT_WAY_BUSY : ALOFT_WAY_WAIT;
}

static uint32_t deadline(const void *ctx)
{
    const struct aloft_push *push = ctx;
    bool count = push->phase == RECEIVING && push->unreported > 0 &&
                 passed(push->deadline_ms, push->count_ms);
    return count ? push->count_ms : push->deadline_ms;
}

// --- connections

static bool request(void *ctx, struct aloft_request *out)
{
    struct aloft_push *push = ctx;
    memset(out, 0, sizeof *out);
    if (push->ask_bind) {
        push->ask_bind = false;
        push->bound = true;
        *out = (struct aloft_request){.kind = ALOFT_REQUEST_OPEN,
                                      .id = ALOFT_WAY_ID_INVITE,
                                      .link = ALOFT_LINK_UDP,
                                      .port = push->config.port,
                                      .host = ""};
        return true;
    }
    out->id = ALOFT_WAY_ID_PUSH;
    if (push->ask_close) {
        push->ask_close = false;
        push->linked = false;
        out->kind = ALOFT_REQUEST_CLOSE;
        return true;
    }
    if (!push->ask_open || push->answer_len > 0) { // the sender learns first that it is heard
        return false;
    }
    push->ask_open = false;
    push->linked = true;
    out->kind = ALOFT_REQUEST_OPEN;
    out->link = ALOFT_LINK_TCP;
    out->port = push->invitation.port;
    out->host = push->sender.host;
    out->host_len = (uint32_t)strlen(push->sender.host);
    return true;
}

static bool concerns(const struct aloft_push *push, uint8_t id)
{
    return id == ALOFT_WAY_ID_PUSH && push->linked;
}

static void opened(void *ctx, uint8_t id, const struct aloft_way_peer *peer, uint32_t now_ms)
{
    struct aloft_push *push = ctx;
    (void)peer;
    if (concerns(push, id) && push->phase == CONNECTING) {
        push->phase = RECEIVING;
        push->begun_ms = now_ms;
        push->deadline_ms = now_ms + push->config.timeout_ms;
        emit(push, ALOFT_EVENT_CONNECTED, ALOFT_OK, 0, NULL);
    }
}

static void failed(void *ctx, uint8_t id, enum aloft_err err, uint32_t now_ms)
{
    struct aloft_push *push = ctx;
    if (id == ALOFT_WAY_ID_INVITE) {
        push->bound = false;
        push->answer_len = 0;
        push->now_ms = now_ms;
        tell_refused(push, err, NULL);
        push->bind_ms = now_ms + REBIND_MS;
        push->deadline_ms = push->phase == IDLE ? push->bind_ms : push->deadline_ms;
    } else if (concerns(push, id)) {
        push->linked = false;
        push->peer_done = true;
        if (push->phase == CONNECTING) {
            fail(push, ALOFT_ERR_PUSH_CONNECT, now_ms);
        } else if (push->phase == ANSWERING) {
            leave(push);
        }
    }
}

static void closed(void *ctx, uint8_t id, uint32_t now_ms)
{
    struct aloft_push *push = ctx;
    (void)now_ms;
    if (concerns(push, id)) {
        push->peer_done = true;
    }
}

static uint32_t send(void *ctx, uint8_t id, struct aloft_way_peer *to, uint8_t *buf, uint32_t cap)
{
    struct aloft_push *push = ctx;
    uint32_t n = 0;
    if (id == ALOFT_WAY_ID_INVITE && push->answer_len <= cap) {
        n = push->answer_len;
        *to = push->answer_to;
        memcpy(buf, push->answer, n);
        push->answer_len = 0;
    } else if (concerns(push, id)) {
        uint32_t left = push->said_len - push->said_off;
        n = left < cap ? left : cap;
        memcpy(buf, push->said + push->said_off, n);
        push->said_off += n;
    }
    return n;
}

static void progress(const struct aloft_push *push, uint32_t before, uint32_t now_ms)
{
    uint32_t after = push->received;
    uint32_t tenths = (now_ms - push->begun_ms) / 100 + 1;
    if (before / PIECE != after / PIECE || after == push->invitation.size) {
        aloft_event_emit(&base(push)->events, &(struct aloft_event){.kind = ALOFT_EVENT_PROGRESS,
                                                                    .value = after,
                                                                    .total = push->invitation.size,
                                                                    .rate = after / tenths * 10});
    }
}

// Bytes of the file. Takes what there is room for, and no more than was announced.
static uint32_t receive(struct aloft_push *push, const uint8_t *data, uint32_t len, uint32_t now_ms)
{
    uint32_t left = push->invitation.size - push->received;
    uint32_t used;
    enum aloft_err err = take(push, data, len < left ? len : left, &used);
    push->received += used;
    push->unreported += used;
    push->count_ms = now_ms + COUNT_MS;
    if (used > 0) {
        push->deadline_ms = now_ms + push->config.timeout_ms;
        progress(push, push->received - used, now_ms);
    }
    if (push->unreported >= PIECE || push->received == push->invitation.size) {
        say_count(push);
    }
    if (err != ALOFT_OK) {
        fail(push, err, now_ms);
        return len;
    }
    return used;
}

static uint32_t feed(void *ctx, uint8_t id, const struct aloft_way_peer *peer, const uint8_t *data,
                     uint32_t len, uint32_t now_ms)
{
    struct aloft_push *push = ctx;
    push->now_ms = now_ms;
    if (id == ALOFT_WAY_ID_INVITE) {
        return feed_datagram(push, peer, data, len);
    }
    bool wanted =
        concerns(push, id) && push->phase == RECEIVING && push->received < push->invitation.size;
    return wanted ? receive(push, data, len, now_ms) : len;
}

struct aloft_way aloft_push_way(struct aloft_push *push)
{
    static const struct aloft_way_ops ops = {step,   deadline, request, opened,
                                             failed, send,     feed,    closed};
    return (struct aloft_way){&ops, push, 1u << ALOFT_WAY_ID_INVITE | 1u << ALOFT_WAY_ID_PUSH};
}
