// One sender at a time, from its invitation to the answer that it waits for.
//
//   IDLE --invitation--> INVITED --no password--------------> ACCEPTED --OK--> CONNECTING
//    ^                      |                                    ^                 | opened
//    |                      +--AUTH--> CHALLENGED --> PROVING ---+             RECEIVING
//    |                                                                             | all came
//    +-- any fault, after its answer -- LEAVING <-- ANSWERING <-- FINISHING <------+
//                                          |
//                                        DONE: restart
//
// Invariants
//   P1  Nothing is written for a sender that has not proved that it knows the password.
//   P2  A nonce is good for one proof: only CHALLENGED takes one, and it ends CHALLENGED.
//   P3  "OK" is said over the connection once, after the new slot is selected or the files are
//       whole, and never if anything failed.
//   P4  What a second sender says never reaches what the first has begun.
//   P5  The first bytes, of an image or of files, are programmed only after all that came was found
//       to be what was announced (MD5).
#include "aloft/push.h"
#include "aloft/base/hex.h"
#include <string.h>

enum phase {
    OFF,
    IDLE,
    INVITED,
    CHALLENGED,
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
    push->ask_bind = push->digits != 0 || config->open;
    push->phase = push->ask_bind ? IDLE : OFF;
    return ALOFT_OK;
}

// --- what is said

static void answer(struct aloft_push *push, const char *text)
{
    push->answer_len = (uint32_t)strlen(text);
    memcpy(push->answer, text, push->answer_len);
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
    char digits[10];
    uint32_t at = sizeof digits;
    uint32_t count = push->unreported;
    if (count == 0 || push->said_off < push->said_len) {
        return;
    }
    for (; count > 0; count /= 10) {
        digits[--at] = (char)('0' + count % 10);
    }
    say(push, digits + at, (uint32_t)sizeof digits - at);
    push->unreported = 0;
}

// --- how a push ends

static void refuse_by(struct aloft_push *push, enum aloft_err err, const char *host)
{
    push->answer_len = aloft_espota_error(err, false, push->answer);
    emit(push, ALOFT_EVENT_REFUSED, err, 0, host);
}

static void refuse(struct aloft_push *push, enum aloft_err err)
{
    aloft_intake_release(push->config.intake, push);
    push->err = err;
    push->phase = IDLE;
    refuse_by(push, err, push->sender.host);
}

static void distrust(struct aloft_push *push, const char *host)
{
    answer(push, "Authentication Failed");
    emit(push, ALOFT_EVENT_REFUSED, ALOFT_ERR_PUSH_AUTH, 0, host);
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

static void fail(struct aloft_push *push, enum aloft_err err, uint32_t now_ms)
{
    char text[ALOFT_ESPOTA_ERROR];
    bool connected = push->phase > CONNECTING;
    push->err = err;
    push->unreported = 0; // an error is no place for more of them
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
    enum aloft_err err = ALOFT_ERR_NET_BUSY;
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

static bool is_sender(const struct aloft_push *push, const char *host)
{
    return memcmp(host, push->sender.host, strlen(host) + 1) == 0;
}

static void on_proof(struct aloft_push *push, const char *host, uint32_t digits, const char *cnonce,
                     const uint8_t response[ALOFT_SHA256_LEN])
{
    struct aloft_espota_proof *proof = &push->work.proof;
    if (push->phase != CHALLENGED || !is_sender(push, host)) {
        distrust(push, host); // keeps P2
        return;
    }
    if (digits != push->digits) {
        refuse(push, ALOFT_ERR_PUSH_OLD_SENDER);
        return;
    }
    aloft_espota_proof_begin(proof, base(push)->rules->crypto, push->config.verifier, push->digits);
    aloft_espota_proof_nonces(proof, push->digits, push->nonce, cnonce);
    memcpy(push->response, response, sizeof push->response);
    push->phase = PROVING;
}

// What an invitation is answered with.
static void welcome(struct aloft_push *push)
{
    answer(push, push->digits == 0 ? "OK" : "AUTH ");
    memcpy(push->answer + push->answer_len, push->nonce, push->digits);
    push->answer_len += push->digits;
}

// A sender that was not answered in time sends its invitation again, and may have the answer to the
// first by now. It gets the same one once more: what it makes of either is then right.
static bool answer_again(struct aloft_push *push, const struct aloft_way_peer *peer,
                         const struct aloft_espota_invitation *invitation)
{
    bool opening = push->digits == 0 && push->phase >= CONNECTING && push->received == 0;
    bool again = (push->phase == CHALLENGED || opening) &&
                 memcmp(invitation, &push->invitation, sizeof *invitation) == 0 &&
                 is_sender(push, peer->host);
    if (again) {
        welcome(push);
    }
    return again;
}

static uint32_t feed_datagram(struct aloft_push *push, const struct aloft_way_peer *peer,
                              const uint8_t *data, uint32_t len)
{
    struct aloft_espota_invitation invitation;
    uint8_t response[ALOFT_SHA256_LEN];
    const char *cnonce;
    bool answering = push->phase == INVITED || push->phase == PROVING || push->phase == ACCEPTED;
    bool over = push->phase >= ANSWERING && push->err != ALOFT_OK;
    // A sender of the older generation takes half of a nonce for the whole.
    uint32_t digits = len < 2 * ALOFT_ESPOTA_HEX_MAX ? 2 * ALOFT_MD5_LEN : push->digits;
    if (answering || over || push->answer_len > 0) {
        return 0; // the next answer is another sender's, or the one before is still being seen off
    }
    if (aloft_espota_parse_invitation(data, len, &invitation)) {
        if (answer_again(push, peer, &invitation)) {
            return len;
        }
        if (push->phase != IDLE && push->phase != CHALLENGED) {
            refuse_by(push, ALOFT_ERR_NET_BUSY, peer->host); // keeps P4
            return len;
        }
        push->invitation = invitation;
        push->sender = *peer;
        push->phase = INVITED;
    } else if (push->digits != 0 &&
               aloft_espota_parse_proof(data, len, digits, &cnonce, response)) {
        on_proof(push, peer->host, digits, cnonce, response);
    } else {
        emit(push, ALOFT_EVENT_REFUSED, ALOFT_ERR_PUSH_SYNTAX, 0, peer->host);
    }
    return len;
}

// --- the steps

static void invited(struct aloft_push *push, uint32_t now_ms)
{
    uint8_t random[ALOFT_ESPOTA_HEX_MAX / 2];
    enum aloft_err err = check(push);
    if (err != ALOFT_OK) {
        refuse(push, err);
        return;
    }
    push->phase = ACCEPTED;
    if (push->digits != 0) {
        push->config.random(push->config.random_ctx, random, push->digits / 2);
        aloft_hex_emit(random, push->digits / 2, push->nonce);
        welcome(push);
        push->deadline_ms = now_ms + push->config.timeout_ms;
        push->phase = CHALLENGED;
    }
}

static void proving(struct aloft_push *push)
{
    const struct aloft_espota_proof *proof = &push->work.proof;
    if (aloft_espota_proof_step(&push->work.proof) == ALOFT_STEP_AGAIN) {
        return;
    }
    if (aloft_espota_proof_is(proof, push->response)) {
        push->phase = ACCEPTED; // keeps P1
    } else {
        push->err = ALOFT_ERR_PUSH_AUTH;
        push->phase = IDLE;
        distrust(push, push->sender.host);
    }
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
        refuse(push, err);
        return;
    }
    answer(push, "OK");
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
        push->deadline_ms = now_ms + push->config.timeout_ms; // flash's time is not the sender's
        return true;
    }
    if (step == ALOFT_STEP_DONE && push->phase == FINISHING) {
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
    if (!push->linked) { // the port has closed it
        push->phase = push->err == ALOFT_OK ? DONE : IDLE;
    }
}

static void waiting(struct aloft_push *push, uint32_t now_ms)
{
    bool late = passed(now_ms, push->deadline_ms);
    if (late && push->phase == CHALLENGED) {
        push->err = ALOFT_ERR_PUSH_TIMEOUT;
        push->phase = IDLE;
        emit(push, ALOFT_EVENT_REFUSED, ALOFT_ERR_PUSH_TIMEOUT, 0, push->sender.host);
    } else if (late && push->phase == CONNECTING) {
        fail(push, ALOFT_ERR_PUSH_CONNECT, now_ms);
    }
    if (push->phase == IDLE && late) {
        push->ask_bind = !push->bound;
        push->deadline_ms = now_ms + REST_MS;
    }
}

static enum aloft_way_state step(void *ctx, uint32_t now_ms)
{
    struct aloft_push *push = ctx;
    enum phase before = push->phase;
    bool busy = false;
    switch (before) {
    case OFF:
        push->deadline_ms = now_ms + REST_MS;
        break;
    case IDLE:
    case CHALLENGED:
    case CONNECTING:
        waiting(push, now_ms);
        break;
    case INVITED:
        invited(push, now_ms);
        break;
    case PROVING:
        proving(push);
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
        emit(push, ALOFT_EVENT_REFUSED, err, 0, NULL);
        if (push->phase == IDLE) {
            push->deadline_ms = now_ms + REBIND_MS;
        }
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

static uint32_t send(void *ctx, uint8_t id, uint8_t *buf, uint32_t cap)
{
    struct aloft_push *push = ctx;
    uint32_t n = 0;
    if (id == ALOFT_WAY_ID_INVITE && push->answer_len <= cap) {
        n = push->answer_len;
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
