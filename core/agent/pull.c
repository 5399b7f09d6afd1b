// One pull, from URL to the intake.
//
//   CONNECTING --opened--> TALKING --200--> BODY --complete--> DRAIN --closed--> FINISHING
//        ^                    |3xx                                                   |
//        +--------------------+                                                     DONE
//
//   a fault that may pass: WAITING, then CONNECTING again
//   any other: FAILED
//
// A retry and a start after a reset are the same thing: what the checkpoints in the slot say was
// begun is asked for from where it stopped, judged again from flash, and gone on with; see
// resume.h.
//
// Invariants
//   A1  The intake is begun with only after a 200 or a fitting 206, and finished only when the body
//       was complete.
//   A2  Input is taken only as far as the engine has room: a slow flash slows the sender, and
//       nothing is buffered that is not in the struct.
//   A3  Time spent on flash never counts as the peer's silence, nor as its slowness.
//       A3 has no assertion: what the port's clock has counted cannot be told from here;
//       pull_slow_test.c has a slow flash.
//   A4  Once the end of a connection is decided, calls about it are ignored.
//   A5  Every wait for the peer ends: connecting by its timeout, headers and body by silence and by
//       the least rate, the moment after the body by DRAIN_MS, and all of it by the total timeout.
#include "aloft/pull.h"
#include "aloft/base/crc32.h"
#include <string.h>

enum phase { IDLE, WAITING, CONNECTING, TALKING, BODY, DRAIN, FINISHING, DONE, BROKEN, FAILED };

#define CONNECT_TIMEOUT_MS 10000u
#define IDLE_TIMEOUT_MS    10000u
#define TOTAL_TIMEOUT_MS   600000u
#define RATE_MIN           1024u
#define RATE_WINDOW_S      30u
#define BACKOFF_MS         1000u
#define BACKOFF_MAX_MS     60000u
#define ENOUGH_PROGRESS    4096u // bytes after which a link counts as working
#define DRAIN_MS           1000u // how long to listen for bytes after the end

static const struct aloft_intake_config *base(const struct aloft_pull *pull)
{
    return &pull->config.intake->config;
}

static void emit_text(const struct aloft_pull *pull, enum aloft_event_kind kind, uint32_t value,
                      const char *text, uint32_t len)
{
    aloft_event_emit(
        &pull->config.events,
        &(struct aloft_event){
            .kind = kind, .err = pull->err, .value = value, .text = text, .text_len = len});
}

// While nothing has gone wrong pull->err is OK, and so is the event's.
static void emit(const struct aloft_pull *pull, enum aloft_event_kind kind, uint32_t value)
{
    emit_text(pull, kind, value, pull->about, 0);
}

// Ends the connection and the image that came over it. The phase says whether the pull ends, too.
static void stop(struct aloft_pull *pull, enum aloft_err err, enum phase phase)
{
    aloft_intake_release(pull->config.intake, pull);
    pull->err = err;
    pull->ask_open = false;
    pull->ask_close = pull->open;
    pull->phase = phase;
    if (phase == FAILED) {
        pull->state = ALOFT_PULL_FAILED;
        emit(pull, ALOFT_EVENT_FAILED, 0);
    }
}

// Decides the end of the connection. What follows from the fault is decided at the next step, which
// knows the time; without retries there is nothing to decide. A selection that failed is not tried
// again: its record may stand.
static void fail(struct aloft_pull *pull, enum aloft_err err)
{
    const struct aloft_intake *intake = pull->config.intake;
    bool selecting = intake->whole && intake->sender == pull;
    bool again = (pull->config.retries != 0 || pull->from != 0) && !selecting;
    stop(pull, err, again ? BROKEN : FAILED);
}

static uint32_t default_to(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

void aloft_pull_init(struct aloft_pull *pull, const struct aloft_pull_config *config)
{
    ALOFT_ASSERT(config->intake != NULL && config->urls != NULL && config->urls_len > 2);
    memset(pull, 0, sizeof *pull);
    pull->config = *config;
    struct aloft_pull_config *mine = &pull->config;
    mine->urls_len /= 2; // of each of the two
    mine->connect_timeout_ms = default_to(mine->connect_timeout_ms, CONNECT_TIMEOUT_MS);
    mine->idle_timeout_ms = default_to(mine->idle_timeout_ms, IDLE_TIMEOUT_MS);
    mine->total_timeout_ms = default_to(mine->total_timeout_ms, TOTAL_TIMEOUT_MS);
    mine->rate_min = default_to(mine->rate_min, RATE_MIN);
    mine->rate_window_s = default_to(mine->rate_window_s, RATE_WINDOW_S);
    mine->backoff_ms = default_to(mine->backoff_ms, BACKOFF_MS);
    mine->backoff_max_ms = default_to(mine->backoff_max_ms, BACKOFF_MAX_MS);
    mine->seed = default_to(mine->seed, 1);
}

// --- time

static bool passed(uint32_t now_ms, uint32_t deadline_ms)
{
    return (int32_t)(now_ms - deadline_ms) >= 0;
}

static void touch(struct aloft_pull *pull, uint32_t now_ms)
{
    pull->deadline_ms = now_ms + pull->config.idle_timeout_ms;
}

static uint32_t slice_ms(const struct aloft_pull *pull)
{
    return pull->config.rate_window_s * (1000u / ALOFT_PULL_SLICES);
}

// A window begins: from now on the peer is expected to send.
static void start_rate(struct aloft_pull *pull, uint32_t received, uint32_t now_ms)
{
    struct aloft_pull_rate *rate = &pull->rate;
    memset(rate->marks, 0x80, sizeof rate->marks); // far behind: no window has passed
    rate->marks[0] = received;
    rate->slice = 0;
    rate->waited_ms = 0;
    rate->clock_ms = now_ms;
}

static bool rate_counts(const struct aloft_pull *pull)
{
    return (pull->phase == TALKING && pull->http.header_len != 0) || pull->phase == BODY;
}

// Counts the time since the last look, if it was the peer's. False when a window has passed in
// which too little came. Where a slice has all that a window needs, the next window begins at once:
// what came in a burst does not count for longer than its window.
static bool is_fast(struct aloft_pull *pull, uint32_t now_ms)
{
    struct aloft_pull_rate *rate = &pull->rate;
    uint32_t received = pull->phase == BODY ? pull->http.received : 0;
    uint32_t least = pull->config.rate_min * pull->config.rate_window_s;
    if (received - rate->marks[rate->slice] >= least) {
        start_rate(pull, received, now_ms);
    }
    bool fast = true;
    rate->waited_ms += pull->busy ? 0 : now_ms - rate->clock_ms; // keeps A3
    rate->clock_ms = now_ms;
    while (rate->waited_ms >= slice_ms(pull)) {
        rate->waited_ms -= slice_ms(pull);
        rate->slice = (rate->slice + 1) % ALOFT_PULL_SLICES;
        uint32_t *mark = &rate->marks[rate->slice];
        fast = fast && received - *mark >= least;
        *mark = received;
    }
    return fast;
}

static uint32_t deadline(const void *ctx)
{
    const struct aloft_pull *pull = ctx;
    const struct aloft_pull_rate *rate = &pull->rate;
    uint32_t first = pull->started_ms + pull->config.total_timeout_ms;
    uint32_t slice = rate->clock_ms + slice_ms(pull) - rate->waited_ms;
    first = passed(pull->deadline_ms, first) ? first : pull->deadline_ms;
    return !rate_counts(pull) || passed(slice, first) ? first : slice;
}

// --- a try

// Asks for a connection to where the URL points.
static enum aloft_err connect(struct aloft_pull *pull, bool was_tls, uint32_t now_ms)
{
    const struct aloft_url *url = &pull->url;
    char *text = pull->config.urls;
    uint32_t len = url->path + url->path_len;
    uint32_t crc = aloft_crc32(0, (const uint8_t *)text, len);
    text[len] = 0;              // a fragment is not sent to the server
    if (was_tls && !url->tls) { // what was asked for under TLS is not fetched without it
        return ALOFT_ERR_HTTP_REDIRECT_INSECURE;
    }
    for (uint32_t i = 0; i < pull->redirects; i++) {
        if (pull->visited[i] == crc) {
            return ALOFT_ERR_HTTP_REDIRECT_LOOP;
        }
    }
    pull->visited[pull->redirects] = crc;
    pull->phase = CONNECTING;
    pull->about = NULL;
    pull->sent = 0;
    pull->ask_close = pull->open;
    pull->ask_open = true;
    pull->deadline_ms = now_ms + pull->config.connect_timeout_ms;
    emit_text(pull, ALOFT_EVENT_CONNECTING, url->port, text + url->host, url->host_len);
    return ALOFT_OK;
}

// Goes on to what `reference` means. A fault is about the new URL.
static enum aloft_err go_to(struct aloft_pull *pull, const char *reference, uint32_t now_ms)
{
    char *text = pull->config.urls;
    bool was_tls = pull->url.tls && pull->redirects > 0;
    enum aloft_err err = aloft_url_resolve(text, pull->config.urls_len, reference, &pull->url);
    pull->about = err == ALOFT_ERR_URL_TOO_LONG ? reference : text;
    pull->about_at = pull->url.wrong_at;
    if (err == ALOFT_OK && pull->redirects > 0) {
        emit(pull, ALOFT_EVENT_REDIRECTED, 0);
    }
    return err == ALOFT_OK ? connect(pull, was_tls, now_ms) : err;
}

static uint32_t url_crc(const char *url)
{
    return aloft_crc32(0, (const uint8_t *)url, strlen(url));
}

// Connects to where the pull began, going on with what is in the slot if that is of the same URL.
static enum aloft_err start(struct aloft_pull *pull, uint32_t now_ms)
{
    struct aloft_intake *intake = pull->config.intake;
    struct aloft_artifact *artifact = &pull->artifact;
    uint32_t off = 0;
    if (intake->holder != NULL && intake->holder != pull) {
        return ALOFT_ERR_NET_BUSY; // no request is made
    }
    bool begun = !pull->no_resume && aloft_intake_begun(intake, artifact, &off) &&
                 aloft_resume_asks(artifact, url_crc(pull->origin));
    pull->from = begun ? off : 0;
    pull->redirects = 0;
    pull->config.urls[0] = 0;
    return go_to(pull, pull->origin, now_ms);
}

enum aloft_err aloft_pull_start(struct aloft_pull *pull, const char *url, uint32_t now_ms)
{
    const struct aloft_intake_config *config = base(pull);
    aloft_intake_release(pull->config.intake, pull);
    pull->state = ALOFT_PULL_RUNNING;
    pull->origin = url;
    pull->from = 0;
    pull->tries = 0;
    pull->no_resume = false;
    pull->busy = false;
    pull->err = ALOFT_OK;
    pull->about = NULL;
    pull->started_ms = now_ms;
    enum aloft_err err = aloft_slots_check(config->slots, config->rules->crypto);
    if (err == ALOFT_OK && aloft_slots_next(config->slots, config->running) == ALOFT_SLOT_NONE) {
        err = ALOFT_ERR_NO_OTA_SLOT;
    }
    if (err == ALOFT_OK) {
        err = start(pull, now_ms);
    }
    if (err == ALOFT_ERR_NET_BUSY) {
        fail(pull, err); // another's turn passes
    } else if (err != ALOFT_OK) {
        stop(pull, err, FAILED);
    }
    return pull->state == ALOFT_PULL_FAILED ? err : ALOFT_OK;
}

static bool request(void *ctx, struct aloft_request *out)
{
    struct aloft_pull *pull = ctx;
    memset(out, 0, sizeof *out);
    out->id = ALOFT_WAY_ID_PULL;
    if (pull->ask_close) {
        pull->ask_close = false;
        pull->open = false;
        out->kind = ALOFT_REQUEST_CLOSE;
        return true;
    }
    if (!pull->ask_open) {
        return false;
    }
    pull->ask_open = false;
    pull->open = true;
    out->kind = ALOFT_REQUEST_OPEN;
    out->link = ALOFT_LINK_TCP;
    out->tls = pull->url.tls;
    out->port = pull->url.port;
    out->host = pull->config.urls + pull->url.host;
    out->host_len = pull->url.host_len;
    return true;
}

// --- the connection

static bool is_connected(const struct aloft_pull *pull)
{
    return pull->phase == TALKING || pull->phase == BODY || pull->phase == DRAIN;
}

// Is this about the connection that the pull is waiting for or talking over?
static bool concerns(const struct aloft_pull *pull, uint8_t id)
{
    return id == ALOFT_WAY_ID_PULL && pull->open && !pull->ask_close &&
           (pull->phase == CONNECTING || is_connected(pull)); // keeps A4
}

static void opened(void *ctx, uint8_t id, const struct aloft_way_peer *peer, uint32_t now_ms)
{
    struct aloft_pull *pull = ctx;
    const struct aloft_intake_config *config = base(pull);
    uint32_t cap = pull->config.urls_len;
    (void)peer;
    if (!concerns(pull, id) || pull->phase != CONNECTING) {
        return;
    }
    int target = aloft_slots_next(config->slots, config->running);
    uint32_t room = aloft_slots_extent(config->slots, target).len;
    pull->phase = TALKING;
    touch(pull, now_ms);
    aloft_http_init(&pull->http, aloft_stages_artifact_max(config->stage, room),
                    pull->config.urls + cap, cap);
    pull->http.filter = pull->config.filter;
    aloft_http_keep_tag(&pull->http, pull->artifact.tag, sizeof pull->artifact.tag);
    emit(pull, ALOFT_EVENT_CONNECTED, 0);
}

static uint32_t send(void *ctx, uint8_t id, struct aloft_way_peer *to, uint8_t *buf, uint32_t cap)
{
    (void)to;
    struct aloft_pull *pull = ctx;
    const struct aloft_url *url = &pull->url;
    const char *text = pull->config.urls;
    if (!concerns(pull, id) || pull->phase != TALKING) {
        return 0;
    }
    const struct aloft_http_request get = {.url_text = text,
                                           .url = url,
                                           .from = pull->from,
                                           .tag = pull->artifact.tag,
                                           .tag_len = pull->artifact.tag_len,
                                           .filter = pull->config.filter};
    uint32_t n = aloft_http_get(&get, pull->sent, buf, cap);
    if (pull->sent == 0 && n > 0) {
        emit_text(pull, ALOFT_EVENT_REQUESTED, 0, text + url->path, url->path_len);
    }
    pull->sent += n;
    return n;
}

static enum aloft_err redirect(struct aloft_pull *pull, uint32_t now_ms)
{
    if (!pull->http.has_location) {
        return ALOFT_ERR_HTTP_REDIRECT_TARGET;
    }
    if (pull->redirects >= ALOFT_PULL_REDIRECTS) {
        return ALOFT_ERR_HTTP_REDIRECT_LIMIT;
    }
    pull->redirects++;
    return go_to(pull, pull->http.location, now_ms);
}

// The part that comes has an ETag, and not the one that was asked for.
static bool has_other_tag(const struct aloft_pull *pull)
{
    const struct aloft_artifact *artifact = &pull->artifact;
    const char *tag = pull->http.location;
    return pull->http.status == 206 && pull->http.has_location &&
           (strlen(tag) != artifact->tag_len || memcmp(tag, artifact->tag, artifact->tag_len) != 0);
}

// A whole file comes, or the rest of one.
static enum aloft_err begin(struct aloft_pull *pull, uint32_t length, bool rest, uint32_t now_ms)
{
    const struct aloft_http *http = &pull->http;
    struct aloft_artifact *artifact = &pull->artifact;
    if (!rest) { // what was begun, if anything, is not gone on with
        pull->from = 0;
        artifact->len = length;
        artifact->url_crc = url_crc(pull->origin);
        artifact->tag_len = http->tag_len;
    }
    const struct aloft_intake_more more = {.from = pull->from,
                                           .current = pull->config.current,
                                           .artifact = artifact,
                                           .check = pull->config.check,
                                           .just_started = now_ms < ALOFT_FAILED_REST_MS};
    return aloft_intake_begin(pull->config.intake, pull, artifact->len, &more);
}

// The headers are complete.
static enum aloft_err response(struct aloft_pull *pull, uint32_t now_ms)
{
    const struct aloft_http *http = &pull->http;
    uint32_t length = http->has_length ? http->length : 0;
    aloft_event_tell(&pull->config.events, ALOFT_EVENT_RESPONSE, http->status, length);
    if (aloft_http_is_redirect(http->status)) {
        return redirect(pull, now_ms);
    }
    const struct aloft_resume_answer answer = {.status = http->status,
                                               .has_length = http->has_length,
                                               .has_range = http->has_range,
                                               .other_tag = has_other_tag(pull),
                                               .length = http->length,
                                               .range_from = http->range_from,
                                               .range_total = http->range_total};
    bool rest = false;
    enum aloft_err err = aloft_http_status_err(http->status);
    if (err == ALOFT_OK) {
        err = aloft_resume_answers(&pull->artifact, pull->from, &answer, &rest);
    }
    if (err != ALOFT_OK) {
        return err;
    }
    pull->phase = BODY;
    pull->write_ms = now_ms;
    start_rate(pull, 0, now_ms);
    return begin(pull, length, rest, now_ms); // keeps A1
}

static void progress(struct aloft_pull *pull, uint32_t before, uint32_t now_ms)
{
    const struct aloft_http *http = &pull->http;
    uint32_t after = http->received;
    uint32_t total = http->has_length ? http->length : 0;
    if (after >= ENOUGH_PROGRESS) {
        pull->tries = 0;
    }
    if (before / ALOFT_WAY_PIECE != after / ALOFT_WAY_PIECE || after == total) {
        // Tenths of a second are fine enough; a 64-bit division would cost a kilobyte of code.
        uint32_t tenths = (now_ms - pull->write_ms) / 100 + 1;
        aloft_event_emit(&pull->config.events, &(struct aloft_event){.kind = ALOFT_EVENT_PROGRESS,
                                                                     .value = pull->from + after,
                                                                     .total = pull->from + total,
                                                                     .rate = after / tenths * 10});
    }
}

// Byte path 4/12: from core/net/http.c; is known as artifact byte n. Room was checked before.
static enum aloft_err image_bytes(struct aloft_pull *pull, const uint8_t *data, uint32_t len,
                                  uint32_t now_ms)
{
    uint32_t used;
    uint32_t before = pull->http.received - len;
    ALOFT_INVARIANT("A4", pull->phase == BODY && pull->open && !pull->ask_close);
    enum aloft_err err = aloft_intake_feed(pull->config.intake, pull, data, len, &used);
    ALOFT_INVARIANT("A2", err != ALOFT_OK || used == len);
    if (err == ALOFT_OK) {
        progress(pull, before, now_ms);
    }
    return err;
}

// The body is complete: listen a moment for bytes that should not be there.
static void complete(struct aloft_pull *pull, uint32_t now_ms)
{
    if (pull->phase == BODY) {
        pull->phase = DRAIN;
        pull->deadline_ms = now_ms + DRAIN_MS;
    }
}

static enum aloft_err handle(struct aloft_pull *pull, enum aloft_http_event event,
                             const uint8_t *end, uint32_t now_ms)
{
    switch (event) {
    case ALOFT_HTTP_HEADERS:
        return response(pull, now_ms);
    case ALOFT_HTTP_BODY:
        return image_bytes(pull, end - pull->http.body_len, pull->http.body_len, now_ms);
    case ALOFT_HTTP_DONE:
        complete(pull, now_ms);
        return ALOFT_OK;
    case ALOFT_HTTP_BAD:
        if (pull->http.err == ALOFT_ERR_HTTP_ENCODING) {
            pull->about = pull->http.line;
        }
        return pull->http.err;
    case ALOFT_HTTP_MORE:
        break;
    }
    return ALOFT_OK;
}

// Byte path 2/12: from the port's socket; is routed to the open exchange.
static uint32_t feed(void *ctx, uint8_t id, const struct aloft_way_peer *peer, const uint8_t *data,
                     uint32_t len, uint32_t now_ms)
{
    struct aloft_pull *pull = ctx;
    uint32_t taken = 0;
    (void)peer;
    len = len < ALOFT_WAY_PIECE ? len : ALOFT_WAY_PIECE;
    if (!concerns(pull, id)) {
        return len; // the connection is being closed: drop the bytes
    }
    if (!rate_counts(pull)) { // the first byte of an answer, or after the last of the body
        start_rate(pull, 0, now_ms);
    }
    while (taken < len && is_connected(pull)) {
        uint32_t used;
        uint32_t n = len - taken;
        if (pull->phase == BODY) {
            uint32_t room = aloft_intake_room(pull->config.intake, pull);
            n = n < room ? n : room;
        }
        if (n == 0) {
            break;
        }
        touch(pull, now_ms);
        enum aloft_http_event event = aloft_http_next(&pull->http, data + taken, n, &used);
        taken += used;
        enum aloft_err err = handle(pull, event, data + taken, now_ms);
        if (err != ALOFT_OK) {
            fail(pull, err);
        }
    }
    if (pull->phase == BODY && aloft_http_complete(&pull->http)) {
        complete(pull, now_ms);
    }
    return taken;
}

static void finish(struct aloft_pull *pull)
{
    ALOFT_INVARIANT("A1", aloft_http_complete(&pull->http));
    enum aloft_err err = aloft_intake_finish(pull->config.intake, pull);
    pull->ask_close = pull->open;
    pull->phase = FINISHING;
    if (err != ALOFT_OK) {
        fail(pull, err);
    }
}

static void closed(void *ctx, uint8_t id, uint32_t now_ms)
{
    struct aloft_pull *pull = ctx;
    if (!concerns(pull, id)) {
        return;
    }
    if (pull->phase == CONNECTING) {
        fail(pull, ALOFT_ERR_NET_RESET);
    } else if (aloft_http_eof(&pull->http) == ALOFT_HTTP_BAD) {
        fail(pull, pull->http.err);
    } else {
        complete(pull, now_ms);
        finish(pull);
    }
}

static void failed(void *ctx, uint8_t id, enum aloft_err err, uint32_t now_ms)
{
    struct aloft_pull *pull = ctx;
    (void)now_ms; // every deadline ends with the connection
    if (!concerns(pull, id)) {
        return;
    }
    pull->open = false;
    if (pull->phase == DRAIN) { // the body is complete: any end of the connection will do
        finish(pull);
    } else {
        fail(pull, err);
    }
}

static void wait_is_over(struct aloft_pull *pull, uint32_t now_ms)
{
    pull->err = ALOFT_OK;
    pull->about = NULL;
    enum aloft_err err = start(pull, now_ms);
    if (err != ALOFT_OK) {
        fail(pull, err);
    }
}

static void check_clock(struct aloft_pull *pull, uint32_t now_ms)
{
    bool total = passed(now_ms, pull->started_ms + pull->config.total_timeout_ms);
    bool due = passed(now_ms, pull->deadline_ms);
    bool slow = rate_counts(pull) && !is_fast(pull, now_ms);
    if (pull->phase == DRAIN && (due || total)) {
        finish(pull);
    } else if (total) {
        fail(pull, ALOFT_ERR_NET_TOTAL_TIMEOUT);
    } else if (pull->phase == WAITING && due) {
        wait_is_over(pull, now_ms);
    } else if (due) {
        fail(pull, pull->phase == CONNECTING ? ALOFT_ERR_NET_CONNECT_TIMEOUT
                                             : ALOFT_ERR_NET_IDLE_TIMEOUT);
    } else if (slow) {
        fail(pull, ALOFT_ERR_NET_TOO_SLOW);
    }
}

// What flash has to do, one operation of it. True while there is more.
static bool work(struct aloft_pull *pull)
{
    struct aloft_intake *intake = pull->config.intake;
    if (intake->sender != pull) { // the owner has taken the turn
        fail(pull, ALOFT_ERR_NET_BUSY);
        return false;
    }
    enum aloft_step step = aloft_intake_step(intake);
    if (step == ALOFT_STEP_FAILED) {
        fail(pull, intake->err);
    } else if (step == ALOFT_STEP_DONE && pull->phase == FINISHING) {
        pull->phase = DONE;
        pull->state = ALOFT_PULL_DONE;
    }
    return step == ALOFT_STEP_AGAIN;
}

// --- faults

// Doubles with each try; a part of it is chance, so that a fleet does not come back all at once.
static uint32_t backoff(struct aloft_pull *pull)
{
    struct aloft_pull_config *config = &pull->config;
    uint32_t wait = config->backoff_ms;
    for (uint32_t i = 1; i < pull->tries && wait < config->backoff_max_ms; i++) {
        wait *= 2;
    }
    wait = wait < config->backoff_max_ms ? wait : config->backoff_max_ms;
    config->seed ^= config->seed << 13;
    config->seed ^= config->seed >> 17;
    config->seed ^= config->seed << 5;
    return wait - config->seed % (wait / 2 + 1);
}

// What follows from a fault: another try later, another try from the start, or the end.
static void decide(struct aloft_pull *pull, uint32_t now_ms)
{
    uint32_t wait = 0;
    bool again;
    if (aloft_err_is(pull->err, ALOFT_ERR_CLASS_TRANSIENT)) {
        again = pull->tries < pull->config.retries;
        pull->tries++;
        wait = again ? backoff(pull) : 0;
    } else {
        again = aloft_resume_restarts(pull->from, pull->err);
        pull->no_resume =
            true; // the download that was begun, or the file on the server, has changed
        pull->from = 0;
    }
    if (!again) {
        stop(pull, pull->err, FAILED);
        return;
    }
    pull->phase = WAITING;
    pull->deadline_ms = now_ms + wait;
    emit(pull, ALOFT_EVENT_RETRYING, wait);
}

static enum aloft_way_state step(void *ctx, uint32_t now_ms)
{
    struct aloft_pull *pull = ctx;
    if (pull->phase == BROKEN) {
        decide(pull, now_ms);
    }
    bool has_image = pull->phase == BODY || pull->phase == DRAIN || pull->phase == FINISHING;
    bool busy = has_image && work(pull);
    if (busy && pull->phase == BODY) {
        touch(pull, now_ms); // keeps A3
    }
    if (pull->phase == WAITING || pull->phase == CONNECTING || is_connected(pull)) {
        check_clock(pull, now_ms); // keeps A5
    }
    pull->busy = busy;
    if (pull->phase == BROKEN) {
        decide(pull, now_ms);
    }
    ALOFT_INVARIANT("A5", pull->state != ALOFT_PULL_RUNNING || pull->phase == IDLE ||
                              deadline(pull) - pull->started_ms <= pull->config.total_timeout_ms);
    return busy || pull->phase == FINISHING ? ALOFT_WAY_BUSY : ALOFT_WAY_WAIT;
}

struct aloft_way aloft_pull_way(struct aloft_pull *pull)
{
    static const struct aloft_way_ops ops = {step,   deadline, request, opened,
                                             failed, send,     feed,    closed};
    return (struct aloft_way){&ops, pull, 1u << ALOFT_WAY_ID_PULL};
}
