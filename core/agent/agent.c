// One pull, from URL to otadata.
//
//   CONNECTING --opened--> TALKING --200--> BODY --complete--> DRAIN --closed--> FINISHING
//        ^                    |3xx                                                   |
//        +--------------------+                                   SELECTING <--------+
//                                                                     |
//   a fault that may pass: WAITING, then CONNECTING again           DONE
//   any other: FAILED
//
// A retry and a start after a reset are the same thing: what the notes in the slot say was begun is
// asked for from where it stopped, judged again from flash, and gone on with; see resume.h.
//
// Invariants
//   A1  The engine is begun only after a 200 or a fitting 206, and otadata is touched only in
//       SELECTING, after the engine has judged the whole image in flash good.
//   A2  Input is taken only as far as the engine has room: a slow flash slows the sender, and
//       nothing is buffered that is not in the struct.
//   A3  Time spent on flash never counts as the peer's silence.
//   A4  Nothing more is heard of a connection once its end is decided.
#include "aloft/agent.h"
#include "aloft/base/crc32.h"
#include <string.h>

enum phase {
    IDLE,
    WAITING,
    CONNECTING,
    TALKING,
    BODY,
    DRAIN,
    FINISHING,
    SELECTING,
    DONE,
    BROKEN,
    FAILED
};

#define PULL_ID 0u // the connection of a pull

#define CONNECT_TIMEOUT_MS 10000u
#define IDLE_TIMEOUT_MS    10000u
#define TOTAL_TIMEOUT_MS   600000u
#define BACKOFF_MS         1000u
#define BACKOFF_MAX_MS     60000u
#define ENOUGH_PROGRESS    4096u // bytes after which a link counts as working
#define DRAIN_MS           1000u // how long to listen for bytes after the end

static void emit_text(const struct aloft_agent *agent, enum aloft_event_kind kind, uint32_t value,
                      const char *text, uint32_t len)
{
    aloft_event_emit(
        &agent->config.events,
        &(struct aloft_event){
            .kind = kind, .err = agent->err, .value = value, .text = text, .text_len = len});
}

// While nothing has gone wrong agent->err is OK, and so is the event's.
static void emit(const struct aloft_agent *agent, enum aloft_event_kind kind, uint32_t value)
{
    emit_text(agent, kind, value, NULL, 0);
}

// Ends the connection. The phase says whether that ends the pull, too.
static void stop(struct aloft_agent *agent, enum aloft_err err, enum phase phase)
{
    agent->err = err;
    agent->ask_open = false;
    agent->ask_close = agent->open;
    agent->phase = phase;
    if (phase == FAILED) {
        emit(agent, ALOFT_EVENT_FAILED, 0);
    }
}

// Decides the end of the connection. What follows from the fault is decided at the next step, which
// knows the time; without retries there is nothing to decide.
static void fail(struct aloft_agent *agent, enum aloft_err err)
{
    bool may_go_on = (agent->config.retries != 0 || agent->from != 0) && agent->phase != SELECTING;
    stop(agent, err, may_go_on ? BROKEN : FAILED);
}

static uint32_t default_to(uint32_t value, uint32_t fallback)
{
    return value != 0 ? value : fallback;
}

void aloft_agent_init(struct aloft_agent *agent, const struct aloft_agent_config *config)
{
    memset(agent, 0, sizeof *agent);
    agent->config = *config;
    struct aloft_agent_config *mine = &agent->config;
    mine->connect_timeout_ms = default_to(mine->connect_timeout_ms, CONNECT_TIMEOUT_MS);
    mine->idle_timeout_ms = default_to(mine->idle_timeout_ms, IDLE_TIMEOUT_MS);
    mine->total_timeout_ms = default_to(mine->total_timeout_ms, TOTAL_TIMEOUT_MS);
    mine->backoff_ms = default_to(mine->backoff_ms, BACKOFF_MS);
    mine->backoff_max_ms = default_to(mine->backoff_max_ms, BACKOFF_MAX_MS);
    mine->seed = default_to(mine->seed, 1);
}

// Asks for a connection to where url_text points.
static enum aloft_err connect(struct aloft_agent *agent, uint32_t now_ms)
{
    struct aloft_url *url = &agent->url;
    char *text = agent->url_text;
    bool was_tls = url->tls && agent->redirects > 0;
    enum aloft_err err = aloft_url_parse(text, url);
    if (err != ALOFT_OK) {
        return err;
    }
    if (was_tls && !url->tls) { // what was asked for under TLS is not fetched without it
        return ALOFT_ERR_HTTP_REDIRECT_INSECURE;
    }
    uint32_t len = url->path + url->path_len;
    uint32_t crc = aloft_crc32(0, (const uint8_t *)text, len);
    text[len] = 0; // a fragment is no business of the server
    for (uint32_t i = 0; i < agent->redirects; i++) {
        if (agent->visited[i] == crc) {
            return ALOFT_ERR_HTTP_REDIRECT_LOOP;
        }
    }
    agent->visited[agent->redirects] = crc;
    agent->phase = CONNECTING;
    agent->sent = 0;
    agent->ask_close = agent->open;
    agent->ask_open = true;
    agent->deadline_ms = now_ms + agent->config.connect_timeout_ms;
    emit_text(agent, ALOFT_EVENT_CONNECTING, url->port, text + url->host, url->host_len);
    return ALOFT_OK;
}

static uint32_t url_crc(const char *url)
{
    return aloft_crc32(0, (const uint8_t *)url, strlen(url));
}

// Connects to where the pull began, going on with what is in the slot if that is of the same URL.
static enum aloft_err start(struct aloft_agent *agent, uint32_t now_ms)
{
    const struct aloft_agent_config *config = &agent->config;
    struct aloft_artifact *artifact = &agent->artifact;
    uint32_t off = 0;
    bool begun =
        !agent->no_resume &&
        aloft_engine_begun(config->slots, config->running, config->stage, artifact, &off) &&
        aloft_resume_asks(artifact, url_crc(agent->origin));
    agent->from = begun ? off : 0;
    agent->redirects = 0;
    memcpy(agent->url_text, agent->origin, strlen(agent->origin) + 1);
    return connect(agent, now_ms);
}

enum aloft_err aloft_agent_pull(struct aloft_agent *agent, const char *url, uint32_t now_ms)
{
    const struct aloft_agent_config *config = &agent->config;
    agent->origin = url;
    agent->from = 0;
    agent->tries = 0;
    agent->no_resume = false;
    agent->err = ALOFT_OK;
    agent->started_ms = now_ms;
    enum aloft_err err = aloft_slots_check(config->slots, config->rules->crypto);
    agent->target = aloft_slots_next(config->slots, config->running);
    if (err == ALOFT_OK && agent->target == ALOFT_SLOT_NONE) {
        err = ALOFT_ERR_NO_OTA_SLOT;
    }
    if (err == ALOFT_OK && strlen(url) > ALOFT_URL_MAX) {
        err = ALOFT_ERR_URL_TOO_LONG;
    }
    if (err == ALOFT_OK) {
        err = start(agent, now_ms);
    }
    if (err != ALOFT_OK) {
        agent->from = 0;
        stop(agent, err, FAILED);
    }
    return err;
}

bool aloft_agent_request(struct aloft_agent *agent, struct aloft_request *out)
{
    memset(out, 0, sizeof *out);
    out->id = PULL_ID;
    if (agent->ask_close) {
        agent->ask_close = false;
        agent->open = false;
        out->kind = ALOFT_REQUEST_CLOSE;
        return true;
    }
    if (!agent->ask_open) {
        return false;
    }
    agent->ask_open = false;
    agent->open = true;
    out->kind = ALOFT_REQUEST_OPEN;
    out->link = ALOFT_LINK_TCP;
    out->tls = agent->url.tls;
    out->port = agent->url.port;
    out->host = agent->url_text + agent->url.host;
    out->host_len = agent->url.host_len;
    return true;
}

// Is this about the connection that the pull is waiting for or talking over?
static bool concerns(const struct aloft_agent *agent, uint8_t id)
{
    return id == PULL_ID && agent->open && !agent->ask_close && agent->phase >= CONNECTING &&
           agent->phase <= DRAIN; // keeps A4
}

static void touch(struct aloft_agent *agent, uint32_t now_ms)
{
    agent->deadline_ms = now_ms + agent->config.idle_timeout_ms;
}

void aloft_agent_opened(struct aloft_agent *agent, uint8_t id, uint32_t now_ms)
{
    if (!concerns(agent, id) || agent->phase != CONNECTING) {
        return;
    }
    uint32_t room = aloft_slots_extent(agent->config.slots, agent->target).len;
    uint32_t limit = aloft_stages_artifact_max(agent->config.stage, room);
    agent->phase = TALKING;
    touch(agent, now_ms);
    aloft_http_init(&agent->http, limit, agent->work.location, sizeof agent->work.location);
    agent->http.guise = agent->config.guise;
    aloft_http_keep_tag(&agent->http, agent->artifact.tag, sizeof agent->artifact.tag);
    emit(agent, ALOFT_EVENT_CONNECTED, 0);
}

uint32_t aloft_agent_send(struct aloft_agent *agent, uint8_t id, uint8_t *buf, uint32_t cap)
{
    const struct aloft_url *url = &agent->url;
    if (!concerns(agent, id) || agent->phase != TALKING) {
        return 0;
    }
    const struct aloft_http_request request = {.url_text = agent->url_text,
                                               .url = url,
                                               .from = agent->from,
                                               .tag = agent->artifact.tag,
                                               .tag_len = agent->artifact.tag_len,
                                               .guise = agent->config.guise};
    uint32_t n = aloft_http_get(&request, agent->sent, buf, cap);
    if (agent->sent == 0 && n > 0) {
        emit_text(agent, ALOFT_EVENT_REQUESTED, 0, agent->url_text + url->path, url->path_len);
    }
    agent->sent += n;
    return n;
}

static enum aloft_err redirect(struct aloft_agent *agent, uint32_t now_ms)
{
    if (!agent->http.has_location) {
        return ALOFT_ERR_HTTP_REDIRECT_TARGET;
    }
    if (agent->redirects >= ALOFT_AGENT_REDIRECTS) {
        return ALOFT_ERR_HTTP_REDIRECT_LIMIT;
    }
    agent->redirects++;
    enum aloft_err err = aloft_url_resolve(agent->url_text, agent->work.location);
    if (err != ALOFT_OK) {
        return err;
    }
    emit_text(agent, ALOFT_EVENT_REDIRECTED, 0, agent->url_text, 0);
    return connect(agent, now_ms);
}

// A whole file comes: what was begun, if anything, is not gone on with.
static enum aloft_err begin(struct aloft_agent *agent, const struct aloft_engine_config *config)
{
    const struct aloft_http *http = &agent->http;
    agent->from = 0;
    agent->artifact.len = config->len;
    agent->artifact.url_crc = url_crc(agent->origin);
    agent->artifact.tag_len = http->tag_len;
    return aloft_engine_begin(&agent->work.engine, config);
}

// The rest of a file comes.
static enum aloft_err go_on(struct aloft_agent *agent, struct aloft_engine_config *config)
{
    uint32_t total = agent->artifact.len;
    uint32_t off;
    config->len = total;
    enum aloft_err err = aloft_engine_resume(&agent->work.engine, config, &off);
    if (err == ALOFT_OK && off != agent->from) {
        return ALOFT_ERR_HTTP_RANGE; // the checkpoints are not what they were
    }
    aloft_event_tell(&agent->config.events, ALOFT_EVENT_RESUMED, off, total);
    return err;
}

// The part that comes has an ETag, and not the one that was asked for.
static bool has_other_tag(const struct aloft_agent *agent)
{
    const struct aloft_artifact *artifact = &agent->artifact;
    const char *tag = agent->work.location;
    return agent->http.status == 206 && agent->http.has_location &&
           (strlen(tag) != artifact->tag_len || memcmp(tag, artifact->tag, artifact->tag_len) != 0);
}

// The headers are complete.
static enum aloft_err response(struct aloft_agent *agent, uint32_t now_ms)
{
    const struct aloft_http *http = &agent->http;
    uint32_t length = http->has_length ? http->length : 0;
    aloft_event_tell(&agent->config.events, ALOFT_EVENT_RESPONSE, http->status, length);
    if (aloft_http_is_redirect(http->status)) {
        return redirect(agent, now_ms);
    }
    const struct aloft_resume_answer answer = {.status = http->status,
                                               .has_length = http->has_length,
                                               .has_range = http->has_range,
                                               .other_tag = has_other_tag(agent),
                                               .length = http->length,
                                               .range_from = http->range_from,
                                               .range_total = http->range_total};
    bool rest = false;
    enum aloft_err err = aloft_http_status_err(http->status);
    if (err == ALOFT_OK) {
        err = aloft_resume_answers(&agent->artifact, agent->from, &answer, &rest);
    }
    if (err != ALOFT_OK) {
        return err;
    }
    struct aloft_engine_config config = {
        .slots = agent->config.slots,
        .rules = agent->config.rules,
        .current = agent->config.current,
        .policy = agent->config.policy,
        .events = &agent->config.events,
        .running = agent->config.running,
        .target = agent->target,
        .len = length,
        .stage = agent->config.stage,
        .artifact = &agent->artifact,
        .check = agent->config.check,
    };
    agent->phase = BODY;
    agent->write_ms = now_ms;
    return rest ? go_on(agent, &config) : begin(agent, &config);
}

static void progress(struct aloft_agent *agent, uint32_t before, uint32_t now_ms)
{
    const struct aloft_http *http = &agent->http;
    uint32_t after = http->received;
    uint32_t total = http->has_length ? http->length : 0;
    if (after >= ENOUGH_PROGRESS) {
        agent->tries = 0;
    }
    if (before / ALOFT_AGENT_PIECE != after / ALOFT_AGENT_PIECE || after == total) {
        // Tenths of a second are fine enough; a 64-bit division would cost a kilobyte of code.
        uint32_t tenths = (now_ms - agent->write_ms) / 100 + 1;
        aloft_event_emit(&agent->config.events, &(struct aloft_event){.kind = ALOFT_EVENT_PROGRESS,
                                                                      .value = agent->from + after,
                                                                      .total = agent->from + total,
                                                                      .rate = after / tenths * 10});
    }
}

// Byte path 4/12: from core/net/http.c; is known as artifact byte n. Room was checked before.
static enum aloft_err image_bytes(struct aloft_agent *agent, const uint8_t *data, uint32_t len,
                                  uint32_t now_ms)
{
    uint32_t used;
    uint32_t before = agent->http.received - len;
    enum aloft_err err = aloft_engine_feed(&agent->work.engine, data, len, &used);
    ALOFT_ASSERT(err != ALOFT_OK || used == len); // keeps A2
    if (err == ALOFT_OK) {
        progress(agent, before, now_ms);
    }
    return err;
}

// The body is complete: listen a moment for bytes that should not be there.
static void complete(struct aloft_agent *agent, uint32_t now_ms)
{
    if (agent->phase == BODY) {
        agent->phase = DRAIN;
        agent->deadline_ms = now_ms + DRAIN_MS;
        emit(agent, ALOFT_EVENT_RECEIVED, agent->from + agent->http.received);
    }
}

static enum aloft_err handle(struct aloft_agent *agent, enum aloft_http_event event,
                             const uint8_t *end, uint32_t now_ms)
{
    switch (event) {
    case ALOFT_HTTP_HEAD:
        return response(agent, now_ms);
    case ALOFT_HTTP_BODY:
        return image_bytes(agent, end - agent->http.body_len, agent->http.body_len, now_ms);
    case ALOFT_HTTP_DONE:
        complete(agent, now_ms);
        return ALOFT_OK;
    case ALOFT_HTTP_BAD:
        return agent->http.err;
    case ALOFT_HTTP_MORE:
        break;
    }
    return ALOFT_OK;
}

// Byte path 2/12: from the port's socket; is routed to the open exchange.
uint32_t aloft_agent_feed(struct aloft_agent *agent, uint8_t id, const uint8_t *data, uint32_t len,
                          uint32_t now_ms)
{
    uint32_t taken = 0;
    len = len < ALOFT_AGENT_PIECE ? len : ALOFT_AGENT_PIECE;
    if (!concerns(agent, id)) {
        return len; // nobody waits for these bytes any more
    }
    while (taken < len &&
           (agent->phase == TALKING || agent->phase == BODY || agent->phase == DRAIN)) {
        uint32_t used;
        uint32_t n = len - taken;
        if (agent->phase == BODY) {
            uint32_t room = aloft_engine_room(&agent->work.engine);
            n = n < room ? n : room;
        }
        if (n == 0) {
            break;
        }
        touch(agent, now_ms);
        enum aloft_http_event event = aloft_http_next(&agent->http, data + taken, n, &used);
        taken += used;
        enum aloft_err err = handle(agent, event, data + taken, now_ms);
        if (err != ALOFT_OK) {
            fail(agent, err);
        }
    }
    if (agent->phase == BODY && aloft_http_complete(&agent->http)) {
        complete(agent, now_ms);
    }
    return taken;
}

static void finish(struct aloft_agent *agent)
{
    enum aloft_err err = aloft_engine_finish(&agent->work.engine);
    agent->ask_close = agent->open;
    agent->phase = FINISHING;
    if (err != ALOFT_OK) {
        fail(agent, err);
    }
}

void aloft_agent_closed(struct aloft_agent *agent, uint8_t id, uint32_t now_ms)
{
    if (!concerns(agent, id)) {
        return;
    }
    if (agent->phase == CONNECTING) {
        fail(agent, ALOFT_ERR_NET_RESET);
    } else if (aloft_http_eof(&agent->http) == ALOFT_HTTP_BAD) {
        fail(agent, agent->http.err);
    } else {
        complete(agent, now_ms);
        finish(agent);
    }
}

void aloft_agent_failed(struct aloft_agent *agent, uint8_t id, enum aloft_err err, uint32_t now_ms)
{
    (void)now_ms; // every deadline ends with the connection
    if (!concerns(agent, id)) {
        return;
    }
    agent->open = false;
    if (agent->phase == DRAIN) { // the body is complete; how the connection ends is no matter
        finish(agent);
    } else {
        fail(agent, err);
    }
}

static bool passed(uint32_t now_ms, uint32_t deadline_ms)
{
    return (int32_t)(now_ms - deadline_ms) >= 0;
}

uint32_t aloft_agent_deadline(const struct aloft_agent *agent)
{
    uint32_t total = agent->started_ms + agent->config.total_timeout_ms;
    return passed(agent->deadline_ms, total) ? total : agent->deadline_ms;
}

static void wait_is_over(struct aloft_agent *agent, uint32_t now_ms)
{
    agent->err = ALOFT_OK;
    enum aloft_err err = start(agent, now_ms);
    if (err != ALOFT_OK) {
        fail(agent, err);
    }
}

static void check_clock(struct aloft_agent *agent, uint32_t now_ms)
{
    uint32_t deadline = aloft_agent_deadline(agent);
    if (!passed(now_ms, deadline)) {
        return;
    }
    if (agent->phase == DRAIN) {
        finish(agent);
    } else if (agent->phase == WAITING && deadline == agent->deadline_ms) {
        wait_is_over(agent, now_ms);
    } else {
        fail(agent, deadline != agent->deadline_ms ? ALOFT_ERR_NET_TOTAL_TIMEOUT
                    : agent->phase == CONNECTING   ? ALOFT_ERR_NET_CONNECT_TIMEOUT
                                                   : ALOFT_ERR_NET_IDLE_TIMEOUT);
    }
}

// What flash has to do, one operation of it. True while there is more.
static bool work(struct aloft_agent *agent)
{
    struct aloft_engine *engine = &agent->work.engine;
    struct aloft_bootsel *bootsel = &agent->work.bootsel;
    bool selecting = agent->phase == SELECTING;
    enum aloft_step step = selecting ? aloft_bootsel_step(bootsel) : aloft_engine_step(engine);
    if (step == ALOFT_STEP_FAILED) {
        fail(agent, selecting ? bootsel->err : engine->err);
    } else if (step == ALOFT_STEP_DONE && selecting) {
        agent->phase = DONE;
        emit(agent, ALOFT_EVENT_SELECTED, (uint32_t)agent->target);
    } else if (step == ALOFT_STEP_DONE && agent->phase == FINISHING) {
        // The image is in its slot, whole and good: name it.
        aloft_bootsel_set_boot(bootsel, agent->config.slots, agent->config.rules, agent->target,
                               agent->config.trial);
        agent->phase = SELECTING;
    }
    return step == ALOFT_STEP_AGAIN;
}

// Doubles with each try; a part of it is chance, so that a fleet does not come back all at once.
static uint32_t backoff(struct aloft_agent *agent)
{
    struct aloft_agent_config *config = &agent->config;
    uint32_t wait = config->backoff_ms;
    for (uint32_t i = 1; i < agent->tries && wait < config->backoff_max_ms; i++) {
        wait *= 2;
    }
    wait = wait < config->backoff_max_ms ? wait : config->backoff_max_ms;
    config->seed ^= config->seed << 13;
    config->seed ^= config->seed >> 17;
    config->seed ^= config->seed << 5;
    return wait - config->seed % (wait / 2 + 1);
}

// What follows from a fault: another try later, another try from the start, or the end.
static void decide(struct aloft_agent *agent, uint32_t now_ms)
{
    uint32_t wait = 0;
    bool again;
    if (aloft_err_class(agent->err) == ALOFT_ERR_CLASS_TRANSIENT) {
        again = agent->tries < agent->config.retries;
        agent->tries++;
        wait = again ? backoff(agent) : 0;
    } else {
        again = aloft_resume_restarts(agent->from, agent->err);
        agent->no_resume = true; // what was begun, or the server's view of it, is not what it was
        agent->from = 0;
    }
    if (!again) {
        stop(agent, agent->err, FAILED);
        return;
    }
    agent->phase = WAITING;
    agent->deadline_ms = now_ms + wait;
    emit(agent, ALOFT_EVENT_RETRYING, wait);
}

enum aloft_agent_state aloft_agent_step(struct aloft_agent *agent, uint32_t now_ms)
{
    if (agent->phase == BROKEN) {
        decide(agent, now_ms);
    }
    bool busy = agent->phase >= BODY && agent->phase <= SELECTING && work(agent);
    if (busy && agent->phase == BODY) {
        touch(agent, now_ms); // keeps A3
    }
    if (agent->phase >= WAITING && agent->phase <= DRAIN) {
        check_clock(agent, now_ms);
    }
    if (agent->phase == BROKEN) {
        decide(agent, now_ms);
    }
    switch ((enum phase)agent->phase) {
    case DONE:
        return ALOFT_AGENT_DONE;
    case FAILED:
        return ALOFT_AGENT_FAILED;
    case FINISHING:
    case SELECTING:
        return ALOFT_AGENT_BUSY;
    default:
        return busy ? ALOFT_AGENT_BUSY : ALOFT_AGENT_WAIT;
    }
}
