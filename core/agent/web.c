// One client after the other: its request is judged at its last header, carried out in steps, and
// answered.
//
//   OFF
//   IDLE -> READING -> COLLECTING -> CONTROLLING -> ANSWERING -> DRAINING -> CLOSING -> IDLE
//               |  (too many wrong passwords: WAITING first; a token: CHECKING first)
//               |----> RECEIVING --> FINISHING ----^                           |-> RESTARTING
//               |----------------------------------^
//
// READING, COLLECTING and RECEIVING end when the client is gone. CONTROLLING and FINISHING go on
// without it: a write that has begun is completed.
#include "aloft/web.h"
#include "aloft/base/assert.h"
#include "aloft/net/field.h"
#include "web_answer.h"
#include <string.h>

enum phase {
    OFF,
    IDLE,
    READING,
    WAITING,
    CHECKING,
    COLLECTING,
    RECEIVING,
    FINISHING,
    CONTROLLING,
    ANSWERING,
    DRAINING,
    CLOSING,
    RESTARTING,
};

// What one feed takes of an upload: with what a delimiter held back, it fits text.
#define PIECE    (ALOFT_WEBUI_TEXT - ALOFT_WEBUI_DELIMITER)
#define FORM_MAX 4096u // bytes of a form around its file

static void set_deadline(struct aloft_web *web, uint32_t now_ms, uint32_t after_ms)
{
    web->deadline_ms = now_ms + after_ms;
}

void aloft_web_init(struct aloft_web *web, const struct aloft_web_config *config)
{
    memset(web, 0, sizeof *web);
    web->config = *config;
    static const struct aloft_webui_verifier none = {"", ""};
    if (config->verifier == NULL) {
        web->config.verifier = &none;
    }
    if (!aloft_web_has_password(web) && config->token == NULL) {
        return; // without a password and a token no request could be accepted
    }
    web->config.realm = config->realm != NULL ? config->realm : config->device_id;
    aloft_webui_auth_init(&web->auth, config->rules->crypto, web->config.verifier,
                          web->config.realm, config->secret);
    web->phase = IDLE;
    web->ask_open = true;
}

// ---- answers

static void answered(struct aloft_web *web, uint32_t now_ms)
{
    web->phase = ANSWERING;
    web->fresh = true;
    set_deadline(web, now_ms, ALOFT_WEB_IDLE_MS);
}

// Answers with the outcome. status 0: the one that belongs to the fault.
static void answer_as(struct aloft_web *web, uint32_t status, enum aloft_err err, uint32_t now_ms)
{
    if (!web->peer) {
        web->phase = web->restart ? RESTARTING : IDLE;
        return;
    }
    aloft_web_answer_outcome(web, status, err, now_ms);
    answered(web, now_ms);
}

static void answer(struct aloft_web *web, enum aloft_err err, uint32_t now_ms)
{
    answer_as(web, 0, err, now_ms);
}

// ---- what is asked for

static void begin_command(struct aloft_web *web, int slot, uint32_t now_ms)
{
    enum aloft_err err = aloft_control_begin(web->config.control, web->command, slot);
    web->phase = CONTROLLING;
    if (err != ALOFT_OK || web->command == ALOFT_COMMAND_CHECK) {
        answer(web, err, now_ms);
    }
}

// {"slot":"ota_1"}: the string after the first colon after "slot"; the rest is ignored.
static bool find_slot(const char *text, int *slot)
{
    static const char key[] = "\"slot\"";
    for (; *text != 0; text++) {
        uint32_t n = 0;
        while (key[n] != 0 && text[n] == key[n]) {
            n++;
        }
        if (key[n] != 0) {
            continue;
        }
        const char *from = strchr(text + n, ':');
        from = from != NULL ? strchr(from, '"') : NULL;
        const char *to = from != NULL ? strchr(from + 1, '"') : NULL;
        return to != NULL && aloft_control_slot(from + 1, (uint32_t)(to - from - 1), slot);
    }
    return false;
}

static void keep(struct aloft_web *web, const uint8_t *data, uint32_t len)
{
    ALOFT_ASSERT(len <= ALOFT_WEBUI_TEXT - web->pending_len);
    memcpy(web->http.text + web->pending_len, data, len);
    web->pending_len += len;
}

static void collect(struct aloft_web *web, const uint8_t *data, uint32_t len, uint32_t now_ms)
{
    keep(web, data, len); // its length was judged at READY
    if (web->http.left > 0) {
        return;
    }
    int slot = ALOFT_SLOT_NONE;
    web->http.text[web->pending_len] = 0;
    if (web->command == ALOFT_COMMAND_BOOT && !find_slot(web->http.text, &slot)) {
        answer(web, ALOFT_ERR_SLOT_UNKNOWN, now_ms);
        return;
    }
    begin_command(web, slot, now_ms);
}

static void fail_upload(struct aloft_web *web, enum aloft_err err, uint32_t now_ms)
{
    if (web->phase == RECEIVING || web->phase == FINISHING) {
        aloft_event_emit(&web->config.intake->config.events,
                         &(struct aloft_event){.kind = ALOFT_EVENT_FAILED, .err = err});
    }
    aloft_intake_release(web->config.intake, web); // keeps V3
    ALOFT_INVARIANT("V3", web->config.intake->holder != web);
    answer(web, err, now_ms);
}

static enum aloft_err begin_image(struct aloft_web *web, uint32_t len)
{
    web->file = true;
    return aloft_intake_take(web->config.intake, web)
               ? aloft_intake_begin(web->config.intake, web, len, NULL)
               : ALOFT_ERR_NET_BUSY;
}

static enum aloft_err begin_part(struct aloft_web *web)
{
    const struct aloft_webui_multipart *parts = &web->parts;
    if (!parts->has_file) {
        return ALOFT_OK; // a text field: ignored
    }
    if (web->file) {
        return ALOFT_ERR_WEB_FORM;
    }
    bool filesystem = strcmp(parts->field, "filesystem") == 0;
    web->dialect =
        filesystem || strcmp(parts->field, "firmware") == 0 ? ALOFT_WEB_UPDATER : ALOFT_WEB_PLAIN;
    return filesystem ? ALOFT_ERR_WEB_FILESYSTEM : begin_image(web, 0);
}

// A piece of a form, at most PIECE bytes.
static enum aloft_err take_form(struct aloft_web *web, const uint8_t *data, uint32_t len)
{
    struct aloft_webui_multipart *parts = &web->parts;
    enum aloft_err err = ALOFT_OK;
    while (len > 0 && err == ALOFT_OK) {
        uint32_t used;
        switch (aloft_webui_multipart_next(parts, data, len, &used)) {
        case ALOFT_WEBUI_PART_BEGUN:
            err = begin_part(web);
            break;
        case ALOFT_WEBUI_PART_DATA:
            if (parts->has_file) {
                keep(web, parts->data, parts->data_len);
            }
            break;
        case ALOFT_WEBUI_PARTS_END:
            web->closed = true;
            break;
        case ALOFT_WEBUI_PARTS_BAD:
            err = ALOFT_ERR_WEB_FORM;
            break;
        default:
            break;
        }
        data += used;
        len -= used;
    }
    return err;
}

// Bytes of an upload's body.
static void receive(struct aloft_web *web, const uint8_t *data, uint32_t len, uint32_t now_ms)
{
    bool form = web->http.content == ALOFT_WEBUI_FORM;
    enum aloft_err err = ALOFT_OK;
    web->pending_off = 0;
    web->pending_len = 0;
    if (form) {
        err = take_form(web, data, len);
    } else {
        keep(web, data, len);
    }
    web->whole = web->http.left == 0;
    if (err == ALOFT_OK && web->whole && form && (!web->closed || !web->file)) {
        err = ALOFT_ERR_WEB_FORM;
    }
    if (err != ALOFT_OK) {
        fail_upload(web, err, now_ms);
    }
}

// The most bytes that an upload may have; a longer one is refused before its bytes come.
static uint32_t upload_max(const struct aloft_web *web)
{
    int slot = aloft_slots_next(web->config.slots, web->config.running);
    uint32_t form = web->http.content == ALOFT_WEBUI_FORM ? FORM_MAX : 0;
    return aloft_slots_extent(web->config.slots, slot).len + form;
}

static enum aloft_err begin_upload(struct aloft_web *web)
{
    const struct aloft_webui *http = &web->http;
    web->phase = RECEIVING;
    if (http->length == 0 || http->content == ALOFT_WEBUI_OTHER) {
        return ALOFT_ERR_WEB_FORM;
    }
    if (http->length > upload_max(web)) {
        return ALOFT_ERR_WEB_TOO_LARGE;
    }
    if (http->content == ALOFT_WEBUI_FORM) {
        aloft_webui_multipart_init(&web->parts, http->boundary, http->boundary_len);
        return ALOFT_OK;
    }
    return begin_image(web, http->length);
}

static bool path_is(const struct aloft_web *web, const char *path)
{
    const char *target = web->http.target;
    while (*path != 0 && *target == *path) {
        target++;
        path++;
    }
    return *path == 0 && (*target == 0 || *target == '?');
}

static bool find_command(struct aloft_web *web)
{
    static const char prefix[] = "/api/";
    const char *name = web->http.target + sizeof prefix - 1;
    const char *query = strchr(web->http.target, '?');
    return memcmp(web->http.target, prefix, sizeof prefix - 1) == 0 &&
           aloft_control_find(name,
                              (uint32_t)(query != NULL ? query - name : (intptr_t)strlen(name)),
                              &web->command);
}

static enum aloft_err route_post(struct aloft_web *web, uint32_t now_ms)
{
    if (path_is(web, "/update")) {
        return begin_upload(web);
    }
    if (!find_command(web)) {
        return path_is(web, "/") || path_is(web, "/api/status") ? ALOFT_ERR_WEB_METHOD
                                                                : ALOFT_ERR_WEB_NOT_FOUND;
    }
    if (web->http.length > ALOFT_WEB_BODY_MAX) {
        return ALOFT_ERR_WEB_TOO_LARGE;
    }
    web->phase = COLLECTING;
    if (web->http.length == 0) {
        collect(web, (const uint8_t *)"", 0, now_ms);
    }
    return ALOFT_OK;
}

static enum aloft_err route_get(struct aloft_web *web, uint32_t now_ms)
{
    if (path_is(web, "/") || path_is(web, "/update")) {
        aloft_web_answer_page(web);
        answered(web, now_ms);
    } else if (path_is(web, "/api/status")) {
        aloft_web_answer_status(web, now_ms);
        answered(web, now_ms);
    } else {
        return find_command(web) ? ALOFT_ERR_WEB_METHOD : ALOFT_ERR_WEB_NOT_FOUND;
    }
    return ALOFT_OK;
}

// keeps V1 and V2
static enum aloft_err admit(const struct aloft_web *web)
{
    if (web->http.foreign) {
        return ALOFT_ERR_WEB_ORIGIN;
    }
    return web->verdict == ALOFT_WEBUI_GOOD ? ALOFT_OK : ALOFT_ERR_WEB_UNAUTHORIZED;
}

static void begin_check(struct aloft_web *web)
{
    const struct aloft_webui_token *token = web->config.token;
    const struct aloft_pbkdf2_salt salt = {token->salt, sizeof token->salt};
    aloft_pbkdf2_end(&web->kdf); // of a check that took too long
    aloft_pbkdf2_begin(&web->kdf, web->config.rules->crypto, web->token, web->token_len, salt,
                       token->rounds);
    web->phase = CHECKING;
}

static void ready(struct aloft_web *web, uint32_t now_ms)
{
    if (web->verdict == ALOFT_WEBUI_PENDING && !web->http.foreign) {
        begin_check(web);
        return;
    }
    enum aloft_err err = admit(web);
    web->pending_len = 0;
    set_deadline(web, now_ms, ALOFT_WEB_IDLE_MS);
    if (err == ALOFT_OK) {
        ALOFT_INVARIANT("V1", web->verdict == ALOFT_WEBUI_GOOD);
        ALOFT_INVARIANT("V2", !web->http.foreign);
        err =
            web->http.method == ALOFT_WEBUI_POST ? route_post(web, now_ms) : route_get(web, now_ms);
    }
    if (err != ALOFT_OK) {
        fail_upload(web, err, now_ms);
    } else if (web->http.expect && (web->phase == RECEIVING || web->phase == COLLECTING)) {
        aloft_webui_continue(&web->http);
        web->fresh = true;
    }
}

static void judge_token(struct aloft_web *web, bool good)
{
    web->verdict = good ? ALOFT_WEBUI_GOOD : ALOFT_WEBUI_WRONG;
    if (good) {
        aloft_rate_return(&web->auth.tries);
    }
}

// "Bearer ...", where it is good for something. PBKDF2 of it takes long, so it is only kept here.
static bool keep_token(struct aloft_web *web, uint32_t now_ms)
{
    static const char scheme[] = "bearer ";
    const struct aloft_webui_token *verifier = web->config.token;
    const char *token = web->http.text + sizeof scheme - 1;
    if (verifier == NULL || memcmp(web->http.target, "/api/", 5) != 0 ||
        !aloft_field_is(web->http.text, sizeof scheme - 1, scheme)) {
        return false;
    }
    web->token_len = (uint32_t)strlen(token);
    if (!aloft_rate_allow(&web->auth.tries, now_ms)) {
        web->verdict = ALOFT_WEBUI_LATER;
    } else if (web->token_len > sizeof web->token) { // longer than any token
        web->verdict = ALOFT_WEBUI_WRONG;
    } else if (verifier->rounds == 0) {
        judge_token(web, aloft_webui_token_matches(web->config.rules->crypto, verifier, token,
                                                   web->token_len));
    } else {
        memcpy(web->token, token, web->token_len);
        web->verdict = ALOFT_WEBUI_PENDING;
    }
    return true;
}

static void step_checking(struct aloft_web *web, uint32_t now_ms)
{
    const struct aloft_webui_token *token = web->config.token;
    enum aloft_step step = aloft_pbkdf2_step(&web->kdf, ALOFT_WEB_ROUNDS);
    if (step == ALOFT_STEP_AGAIN) {
        return;
    }
    judge_token(web, step == ALOFT_STEP_DONE &&
                         aloft_webui_auth_same(web->kdf.out, token->key, sizeof token->key));
    web->phase = READING;
    ready(web, now_ms);
}

// Its header is text, and stays so while nothing more is read. Who must wait holds the connection,
// and those behind it hold theirs: so all have their turn, in the order in which they came.
static void check_credentials(struct aloft_web *web, uint32_t now_ms)
{
    static const char *const methods[] = {"", "GET", "HEAD", "POST"};
    const struct aloft_webui_claim claim = {
        .method = methods[web->http.method], .target = web->http.target, .value = web->http.text};
    if (!keep_token(web, now_ms)) {
        web->verdict = aloft_webui_auth_check(&web->auth, &claim, now_ms);
    }
    web->phase = READING;
    if (web->verdict == ALOFT_WEBUI_LATER) {
        web->phase = WAITING;
        set_deadline(web, now_ms, aloft_rate_wait(&web->auth.tries, now_ms));
    }
}

// A malformed request.
static void refuse(struct aloft_web *web, uint32_t now_ms)
{
    uint32_t status = web->http.status;
    answer_as(web, status,
              status == 405                    ? ALOFT_ERR_WEB_METHOD
              : status == 414 || status == 431 ? ALOFT_ERR_WEB_TOO_LARGE
                                               : ALOFT_ERR_WEB_REQUEST,
              now_ms);
}

// ---- the way

static struct aloft_web *self(void *ctx)
{
    return ctx;
}

static void hang_up(struct aloft_web *web)
{
    web->phase = CLOSING;
    web->ask_close = true;
}

// All of the answer was handed over. What the client still sends is read and forgotten: were the
// connection closed on top of it, the client's system would throw the answer away.
static void delivered(struct aloft_web *web, uint32_t now_ms)
{
    bool complete = web->http.left == 0 && web->http.status == 0;
    web->phase = DRAINING;
    set_deadline(web, now_ms, ALOFT_WEB_DRAIN_MS);
    if (complete) {
        hang_up(web);
    }
}

// The client is gone, or is given up. What it had begun ends here, but what only remains to be
// written goes on.
static void lose(struct aloft_web *web)
{
    web->peer = false;
    web->ask_close = false;
    aloft_pbkdf2_end(&web->kdf);
    if (web->phase == FINISHING || web->phase == CONTROLLING) {
        return;
    }
    if (!web->restart) {
        aloft_intake_release(web->config.intake, web); // keeps V3
    }
    web->phase = web->restart ? RESTARTING : IDLE;
}

static enum aloft_way_state step_receiving(struct aloft_web *web, uint32_t now_ms)
{
    struct aloft_intake *intake = web->config.intake;
    uint32_t used = 0;
    enum aloft_err err = ALOFT_OK;
    if (web->pending_off < web->pending_len) {
        const uint8_t *from = (const uint8_t *)web->http.text + web->pending_off;
        err = aloft_intake_feed(intake, web, from, web->pending_len - web->pending_off, &used);
        web->pending_off += used;
    }
    bool taken = web->pending_off == web->pending_len;
    if (err == ALOFT_OK && web->file) {
        enum aloft_step step = aloft_intake_step(intake);
        err = step == ALOFT_STEP_FAILED ? intake->err : ALOFT_OK;
        taken = taken && step == ALOFT_STEP_DONE;
    }
    if (err == ALOFT_OK && taken && web->whole) {
        web->phase = FINISHING;
        err = aloft_intake_finish(intake, web);
        taken = false;
    }
    if (err != ALOFT_OK) {
        fail_upload(web, err, now_ms);
        return ALOFT_WAY_BUSY;
    }
    return taken ? ALOFT_WAY_WAIT : ALOFT_WAY_BUSY;
}

static void step_finishing(struct aloft_web *web, uint32_t now_ms)
{
    enum aloft_step step = aloft_intake_step(web->config.intake);
    if (step == ALOFT_STEP_FAILED) {
        fail_upload(web, web->config.intake->err, now_ms);
    } else if (step == ALOFT_STEP_DONE) {
        web->restart = true; // the turn is kept, so that nothing else begins before the restart
        answer(web, ALOFT_OK, now_ms);
    }
}

static void step_controlling(struct aloft_web *web, uint32_t now_ms)
{
    struct aloft_control *control = web->config.control;
    if (aloft_control_step(control) != ALOFT_STEP_AGAIN) {
        web->restart = control->restart;
        answer(web, control->err, now_ms);
    }
}

static void look_at_clock(struct aloft_web *web, uint32_t now_ms)
{
    if ((int32_t)(now_ms - web->deadline_ms) < 0) {
        return;
    }
    set_deadline(web, now_ms, ALOFT_WEB_REST_MS);
    aloft_webui_auth_age(&web->auth, now_ms);
    if (web->phase == IDLE) {
        web->ask_open = web->ask_open || web->err != ALOFT_OK;
        web->err = ALOFT_OK;
    } else if (web->phase != OFF && web->phase != CLOSING && web->phase != RESTARTING) { // keeps V4
        hang_up(web);
    }
}

static enum aloft_way_state step(void *ctx, uint32_t now_ms)
{
    struct aloft_web *web = self(ctx);
    switch ((enum phase)web->phase) {
    case CHECKING:
        step_checking(web, now_ms);
        return ALOFT_WAY_BUSY;
    case FINISHING:
        step_finishing(web, now_ms);
        return ALOFT_WAY_BUSY;
    case CONTROLLING:
        step_controlling(web, now_ms);
        return ALOFT_WAY_BUSY;
    case RECEIVING:
        if (step_receiving(web, now_ms) == ALOFT_WAY_BUSY) {
            return ALOFT_WAY_BUSY;
        }
        break;
    case WAITING:
        if ((int32_t)(now_ms - web->deadline_ms) >= 0) {
            set_deadline(web, now_ms, ALOFT_WEB_HEADERS_MS);
            check_credentials(web, now_ms);
            return ALOFT_WAY_BUSY;
        }
        break;
    case RESTARTING:
        return ALOFT_WAY_RESTART;
    case ANSWERING:
        if (aloft_webui_sent(&web->http) && !web->streaming) {
            delivered(web, now_ms);
        }
        break;
    default:
        break;
    }
    look_at_clock(web, now_ms);
    // What is new to be sent or asked for does not wait for input.
    bool again = web->fresh || web->ask_open || web->ask_close;
    web->fresh = false;
    return again ? ALOFT_WAY_BUSY : ALOFT_WAY_WAIT;
}

static uint32_t deadline(const void *ctx)
{
    const struct aloft_web *web = ctx;
    return web->deadline_ms;
}

static bool request(void *ctx, struct aloft_request *out)
{
    struct aloft_web *web = self(ctx);
    const struct aloft_web_config *config = &web->config;
    bool open = web->ask_open;
    if (!open && !web->ask_close) {
        return false;
    }
    *out = (struct aloft_request){.kind = open ? ALOFT_REQUEST_OPEN : ALOFT_REQUEST_CLOSE,
                                  .id = ALOFT_WAY_ID_WEB,
                                  .link = ALOFT_LINK_LISTEN,
                                  .port = config->port != 0 ? config->port : ALOFT_WEB_PORT,
                                  .host = ""};
    web->ask_open = false;
    if (!open) {
        web->ask_close = false;
        if (web->phase == CLOSING) {
            lose(web);
        }
    }
    return true;
}

static void opened(void *ctx, uint8_t id, const struct aloft_way_peer *peer, uint32_t now_ms)
{
    struct aloft_web *web = self(ctx);
    (void)id;
    (void)peer;
    if (web->phase != IDLE) { // the work for the client before is not done
        web->ask_close = true;
        return;
    }
    aloft_webui_init(&web->http);
    web->peer = true;
    web->phase = READING;
    web->verdict = ALOFT_WEBUI_UNKNOWN;
    web->streaming = false;
    web->dialect = ALOFT_WEB_OWN;
    web->file = false;
    web->whole = false;
    web->closed = false;
    web->pending_off = 0;
    web->pending_len = 0;
    set_deadline(web, now_ms, ALOFT_WEB_BEGIN_MS);
}

static void failed(void *ctx, uint8_t id, enum aloft_err err, uint32_t now_ms)
{
    struct aloft_web *web = self(ctx);
    (void)id;
    web->ask_close = false;
    if (web->peer) {
        lose(web);
    } else if (web->phase == IDLE) { // the listener: its port may be free again later
        web->err = err;
        set_deadline(web, now_ms, ALOFT_WEB_LISTEN_MS);
    }
}

static uint32_t send(void *ctx, uint8_t id, struct aloft_way_peer *to, uint8_t *buf, uint32_t cap)
{
    (void)to;
    struct aloft_web *web = self(ctx);
    (void)id;
    if (!web->peer) {
        return 0;
    }
    if (web->streaming && aloft_webui_sent(&web->http)) {
        aloft_web_answer_piece(web);
    }
    return aloft_webui_send(&web->http, buf, cap);
}

// Bytes of the request, until they are judged or kept.
static uint32_t read(struct aloft_web *web, const uint8_t *data, uint32_t len, uint32_t now_ms)
{
    uint32_t used;
    switch (aloft_webui_next(&web->http, data, len, &used)) {
    case ALOFT_WEBUI_CREDENTIALS:
        check_credentials(web, now_ms);
        break;
    case ALOFT_WEBUI_READY:
        ready(web, now_ms);
        break;
    case ALOFT_WEBUI_BODY:
        set_deadline(web, now_ms, ALOFT_WEB_IDLE_MS);
        if (web->phase == COLLECTING) {
            collect(web, data, used, now_ms);
        } else {
            receive(web, data, used, now_ms);
        }
        break;
    case ALOFT_WEBUI_BAD:
        refuse(web, now_ms);
        break;
    default:
        break;
    }
    return used;
}

static bool is_answered(const struct aloft_web *web)
{
    return web->phase == ANSWERING || web->phase == DRAINING || web->phase == CLOSING ||
           web->phase == RESTARTING;
}

static uint32_t feed(void *ctx, uint8_t id, const struct aloft_way_peer *peer, const uint8_t *data,
                     uint32_t len, uint32_t now_ms)
{
    struct aloft_web *web = self(ctx);
    uint32_t left = len < PIECE ? len : PIECE;
    uint32_t taken = 0;
    (void)id;
    (void)peer;
    if (web->phase == READING && web->http.header_len == 0) {
        set_deadline(web, now_ms, ALOFT_WEB_HEADERS_MS); // it has begun
    }
    // Bytes behind the body are not part of the request. They wait until the answer is ready.
    while (taken < left &&
           (web->phase == READING || web->phase == COLLECTING ||
            (web->phase == RECEIVING && !web->whole && web->pending_off == web->pending_len))) {
        taken += read(web, data + taken, left - taken, now_ms);
    }
    if (is_answered(web)) { // what still comes is dropped
        uint32_t rest = len - taken;
        uint32_t body = rest < web->http.left ? rest : web->http.left;
        web->http.left -= body;
        taken = len;
        if (web->phase == DRAINING && web->http.left == 0 && web->http.status == 0) {
            hang_up(web);
        }
    }
    return taken;
}

static void closed(void *ctx, uint8_t id, uint32_t now_ms)
{
    struct aloft_web *web = self(ctx);
    (void)id;
    (void)now_ms;
    bool cut = web->phase == READING || web->phase == WAITING || web->phase == COLLECTING ||
               (web->phase == CHECKING && web->http.left > 0) ||
               (web->phase == RECEIVING && !web->whole);
    if (cut) {
        aloft_intake_release(web->config.intake, web); // keeps V3
    }
    if (cut || web->phase == DRAINING) {
        hang_up(web);
    }
    web->http.left = 0; // nothing more will come
    web->http.status = 0;
}

struct aloft_way aloft_web_way(struct aloft_web *web)
{
    static const struct aloft_way_ops ops = {step,   deadline, request, opened,
                                             failed, send,     feed,    closed};
    return (struct aloft_way){&ops, web, 1u << ALOFT_WAY_ID_WEB};
}
