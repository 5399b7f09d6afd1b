// A device in RAM and a scripted server for the tests of the agent: the port's loop, with a record
// of what the port was asked and which events came. It checks, all along, that a step changes flash
// once at most, that a feed takes 1 KiB at most, and that otadata waits for the verdict.
#ifndef ALOFT_AGENT_WORLD_H
#define ALOFT_AGENT_WORLD_H

#include "aloft/agent.h"
#include "check.h"
#include "device.h"

enum { CONNECTIONS = 12, TRACE_MAX = 4096, HEAD_MAX = 1400, STEPS_MAX = 200000 };

#define SILENT 0u // how a connection ends once all was sent
#define CLOSES 1u
#define BREAKS 2u

// What the server sends over one connection.
struct script {
    const char *head;
    const uint8_t *body;
    uint32_t body_len;
    unsigned end;
};

// The world around the agent. Everything in it starts anew with each test.
struct world {
    struct script scripts[CONNECTIONS];
    uint32_t piece;    // bytes offered at a time
    uint32_t piece_ms; // time before each
    uint32_t step_ms;  // time that a step with flash work takes
    bool confirm;      // the app confirms itself at the first answer
    bool refuse;       // connections fail
    uint32_t now_ms;
    uint32_t connection; // how many were opened
    uint32_t off;        // sent by the server
    bool open;           // the port holds a connection
    bool opening;
    uint32_t request_len;
    char request[2048];    // what the server got over the last connection
    char trace[TRACE_MAX]; // events and requests as words
    uint32_t trace_len;
    uint32_t progress; // the last value
    uint32_t progress_count;
    bool verified;
    bool selecting;
    uint32_t rest;                      // CRC of flash outside target and otadata
    uint8_t otadata[ALOFT_OTADATA_LEN]; // as it was
};

static struct device device;
static struct aloft_agent agent;
static struct aloft_agent_config config;
static struct world world;

static void say(const char *word, uint32_t value, const char *text, uint32_t len)
{
    len = text != NULL && len == 0 ? (uint32_t)strlen(text) : len;
    int n =
        snprintf(world.trace + world.trace_len, TRACE_MAX - world.trace_len, "%s %.*s%s%lu; ", word,
                 (int)len, text != NULL ? text : "", len > 0 ? " " : "", (unsigned long)value);
    world.trace_len += (uint32_t)n;
    CHECK(world.trace_len < TRACE_MAX);
}

static void confirm_now(void)
{
    struct aloft_bootsel op;
    enum aloft_step step;
    aloft_bootsel_confirm(&op, &device.slots, config.running);
    do {
        step = aloft_bootsel_step(&op);
    } while (step == ALOFT_STEP_AGAIN);
    CHECK_EQ(step, ALOFT_STEP_DONE);
    memcpy(world.otadata, device.ram.bytes + DEVICE_OTADATA, sizeof world.otadata);
}

static void hear_progress(const struct aloft_event *event)
{
    CHECK(event->value > world.progress || strstr(world.trace, "retrying") != NULL);
    CHECK(world.progress == 0 || event->value < world.progress ||
          event->value - world.progress <= 2 * ALOFT_AGENT_PIECE);
    CHECK(event->total == 0 || event->value <= event->total);
    CHECK(event->rate <= event->value * 10u);
    world.progress = event->value;
    world.progress_count++;
}

static void hear(void *ctx, const struct aloft_event *event)
{
    static const char *const words[] = {"connecting", "connected", "requested",  "response",
                                        "redirected", "begun",     "image",      "progress",
                                        "received",   "verified",  "selected",   "failed",
                                        "retrying",   "resumed",   "unresumable"};
    CHECK(ctx == &world);
    CHECK_EQ(event->err != ALOFT_OK,
             event->kind == ALOFT_EVENT_FAILED || event->kind == ALOFT_EVENT_RETRYING);
    if (event->kind == ALOFT_EVENT_PROGRESS) {
        hear_progress(event);
        return;
    }
    say(words[event->kind],
        event->kind == ALOFT_EVENT_FAILED ? (uint32_t)-event->err : event->value, event->text,
        event->text_len);
    world.verified = world.verified || event->kind == ALOFT_EVENT_VERIFIED;
    if (event->kind == ALOFT_EVENT_RESPONSE && world.confirm) {
        confirm_now();
    }
}

// Factory runs; config is the agent's default, with events.
static void setup_with(uint32_t ota)
{
    device_init(&device, ota, true, true);
    memset(&world, 0, sizeof world);
    world.piece = 1024;
    config = (struct aloft_agent_config){
        .slots = &device.slots,
        .rules = &device.rules,
        .events = {hear, &world},
        .running = ALOFT_SLOT_FACTORY,
        .trial = true,
    };
    aloft_agent_init(&agent, &config);
}

static void setup(void)
{
    setup_with(2);
}

static void serve(uint32_t connection, const char *head, const uint8_t *body, uint32_t len,
                  unsigned end)
{
    world.scripts[connection] = (struct script){head, body, len, end};
}

static void carry_out_requests(void)
{
    struct aloft_request request;
    while (aloft_agent_request(&agent, &request)) {
        CHECK_EQ(request.id, 0);
        if (request.kind == ALOFT_REQUEST_CLOSE) {
            CHECK(world.open || world.opening);
            world.open = false;
            world.opening = false;
            say("close", 0, NULL, 0);
            continue;
        }
        CHECK(!world.open && !world.opening); // one after the other
        CHECK_EQ(request.link, ALOFT_LINK_TCP);
        world.opening = true;
        world.connection++;
        world.off = 0;
        world.request_len = 0;
        say(request.tls ? "open-tls" : "open", request.port, request.host, request.host_len);
    }
}

static enum aloft_agent_state step(void)
{
    uint32_t changes = device.ram.progs + device.ram.erases;
    enum aloft_agent_state state = aloft_agent_step(&agent, world.now_ms);
    CHECK(device.ram.progs + device.ram.erases - changes <= 1);
    world.now_ms += state == ALOFT_AGENT_BUSY ? world.step_ms : 0;
    if (!world.verified) { // A1
        CHECK_BYTES(device.ram.bytes + DEVICE_OTADATA, world.otadata, sizeof world.otadata);
    }
    return state;
}

static void take_request(void)
{
    uint8_t *to = (uint8_t *)world.request;
    for (uint32_t n; (n = aloft_agent_send(&agent, 0, to + world.request_len, 100)) > 0;) {
        CHECK(n <= 100);
        world.request_len += n;
        CHECK(world.request_len < sizeof world.request - 100);
    }
}

// Offers what comes next in the script. False when all of it was taken.
static bool offer(const struct script *script)
{
    static uint8_t bytes[HEAD_MAX + DEVICE_IMAGE_MAX];
    uint32_t head_len = (uint32_t)strlen(script->head);
    uint32_t len = head_len + script->body_len;
    if (world.off == len) {
        return false;
    }
    memcpy(bytes, script->head, head_len);
    if (script->body_len > 0) {
        memcpy(bytes + head_len, script->body, script->body_len);
    }
    uint32_t n = len - world.off < world.piece ? len - world.off : world.piece;
    world.now_ms += world.piece_ms;
    uint32_t taken = aloft_agent_feed(&agent, 0, bytes + world.off, n, world.now_ms);
    CHECK(taken <= n);
    CHECK(taken <= ALOFT_AGENT_PIECE);
    world.off += taken;
    return true;
}

static void serve_some(void)
{
    const struct script *script = &world.scripts[world.connection - 1];
    if (world.opening && !world.refuse && script->head != NULL) {
        world.opening = false;
        world.open = true;
        aloft_agent_opened(&agent, 0, world.now_ms);
        take_request();
    } else if (world.opening && world.refuse) {
        world.opening = false;
        aloft_agent_failed(&agent, 0, ALOFT_ERR_NET_REFUSED, world.now_ms);
    } else if (world.open && offer(script)) {
        return;
    } else if (world.open && script->end == CLOSES) {
        aloft_agent_closed(&agent, 0, world.now_ms);
    } else if (world.open && script->end == BREAKS) {
        world.open = false;
        aloft_agent_failed(&agent, 0, ALOFT_ERR_NET_RESET, world.now_ms);
    } else {
        // Nothing happens any more, or a try is waited for: the agent's deadline is exact to the
        // millisecond.
        world.now_ms = aloft_agent_deadline(&agent) - 1;
        CHECK_EQ(step(), ALOFT_AGENT_WAIT);
        world.now_ms++;
        CHECK(step() != ALOFT_AGENT_WAIT || agent.ask_open);
    }
}

// The port's loop, to the end of the pull that was started.
static enum aloft_err run(void)
{
    for (int i = 0; i < STEPS_MAX; i++) {
        enum aloft_agent_state state = step();
        carry_out_requests();
        if (state == ALOFT_AGENT_DONE || state == ALOFT_AGENT_FAILED) {
            CHECK(!world.open && !world.opening);
            CHECK_EQ(state == ALOFT_AGENT_FAILED, agent.err != ALOFT_OK);
            return agent.err;
        }
        if (state == ALOFT_AGENT_WAIT) {
            serve_some();
        } else if (world.open) { // input is also offered while flash is busy
            (void)offer(&world.scripts[world.connection - 1]);
        }
    }
    CHECK(false); // it never ends
    return ALOFT_ERR_STATE;
}

static void start(const char *url)
{
    memcpy(world.otadata, device.ram.bytes + DEVICE_OTADATA, sizeof world.otadata);
    world.rest = device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN);
    device.ram.progs = 0;
    device.ram.erases = 0;
    CHECK_EQ(aloft_agent_pull(&agent, url, world.now_ms), ALOFT_OK);
}

static enum aloft_err pull(const char *url)
{
    start(url);
    return run();
}

// The fault that a pull ends with, and that nothing but the spare slot has changed.
static void check_fails(enum aloft_err want)
{
    CHECK_EQ(pull("http://h/f.bin"), want);
    CHECK_BYTES(device.ram.bytes + DEVICE_OTADATA, world.otadata, sizeof world.otadata);
    CHECK_EQ(device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN), world.rest);
    CHECK(device.ram.bytes[DEVICE_OTA_0] == 0xFF); // no image begins there
    CHECK(strstr(world.trace, "selected") == NULL);
    CHECK(strstr(world.trace, "failed") != NULL);
}

__attribute__((unused)) static void check_fails_before_any_erase(enum aloft_err want)
{
    check_fails(want);
    CHECK_EQ(device.ram.erases + device.ram.progs, 0);
}

static const char *with_length(uint32_t len)
{
    static char head[HEAD_MAX];
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %lu\r\n\r\n",
             (unsigned long)len);
    return head;
}

__attribute__((unused)) static const uint8_t *serve_image(const char *version, uint32_t extra,
                                                          uint32_t *len)
{
    const uint8_t *image = device_image(version, extra, len);
    serve(0, with_length(*len), image, *len, CLOSES);
    return image;
}

static void check_slot_boots(int slot, const uint8_t *image, uint32_t len)
{
    struct aloft_otadata records[2];
    uint32_t state = 0;
    CHECK_BYTES(device.ram.bytes + aloft_slots_extent(&device.slots, slot).addr, image, len);
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    CHECK_EQ(aloft_bootsel_boot_slot(&device.slots, records), slot);
    CHECK(aloft_bootsel_state(&device.slots, records, slot, &state));
    CHECK_EQ(state, config.trial ? ALOFT_OTA_NEW : ALOFT_OTA_UNDEFINED);
}

#endif
