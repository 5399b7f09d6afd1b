// A device in RAM and a scripted server for the tests of the pull: the port's loop, with a record
// of what the port was asked and which events came. It checks, all along, that a step changes flash
// once at most, that a feed takes 1 KiB at most, and that otadata waits for the verdict.
#ifndef ALOFT_PULL_WORLD_H
#define ALOFT_PULL_WORLD_H

#include "aloft/pull.h"
#include "check.h"
#include "device_update.h"
#include "hash_ledger.h"

enum {
    CONNECTIONS = 12,
    TRACE_MAX = 4096,
    URL_MAX = 1024,
    HEAD_MAX = URL_MAX + 400,
    STEPS_MAX = 200000
};

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

// The world around the pull. Everything in it starts anew with each test.
struct world {
    struct script scripts[CONNECTIONS];
    uint32_t piece;    // bytes offered at a time
    uint32_t piece_ms; // time before each
    uint32_t burst;    // bytes of an answer that come at once before
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
static struct aloft_intake intake;
static struct aloft_intake_config in;
static struct aloft_pull puller;
static struct aloft_pull_config config;
static struct aloft_way way;
static char urls[ALOFT_PULL_URLS(URL_MAX)];
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
    CHECK_EQ(device_confirm(&device, in.running), ALOFT_OK);
    memcpy(world.otadata, device.ram.bytes + DEVICE_OTADATA, sizeof world.otadata);
}

static void hear_progress(const struct aloft_event *event)
{
    CHECK(event->value > world.progress || strstr(world.trace, "retrying") != NULL);
    CHECK(world.progress == 0 || event->value < world.progress ||
          event->value - world.progress <= 2 * ALOFT_WAY_PIECE);
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

static void init(void)
{
    aloft_intake_init(&intake, &in);
    hash_ledger_forget();
    aloft_pull_init(&puller, &config);
    way = aloft_pull_way(&puller);
}

// Factory runs; config is the default, with events.
static void setup_with(uint32_t ota)
{
    device_init(&device, ota, true, true);
    memset(&world, 0, sizeof world);
    world.piece = 1024;
    in = (struct aloft_intake_config){
        .slots = &device.slots,
        .rules = &device.rules,
        .events = {hear, &world},
        .running = ALOFT_SLOT_FACTORY,
        .trial = true,
    };
    config = (struct aloft_pull_config){
        .intake = &intake, .events = {hear, &world}, .urls = urls, .urls_len = sizeof urls};
    init();
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
    while (way.ops->request(&puller, &request)) {
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

enum state { BUSY, WAIT, DONE, FAILED };

static enum state step_at(uint32_t now_ms)
{
    enum aloft_way_state state = way.ops->step(&puller, now_ms);
    CHECK(state == ALOFT_WAY_BUSY || state == ALOFT_WAY_WAIT);
    return puller.state == ALOFT_PULL_DONE     ? DONE
           : puller.state == ALOFT_PULL_FAILED ? FAILED
           : state == ALOFT_WAY_BUSY           ? BUSY
                                               : WAIT;
}

static enum state step(void)
{
    uint32_t changes = device.ram.progs + device.ram.erases;
    enum state state = step_at(world.now_ms);
    CHECK(device.ram.progs + device.ram.erases - changes <= 1);
    world.now_ms += state == BUSY ? world.step_ms : 0;
    if (!world.verified) { // A1
        CHECK_BYTES(device.ram.bytes + DEVICE_OTADATA, world.otadata, sizeof world.otadata);
    }
    return state;
}

static void take_request(void)
{
    uint8_t *to = (uint8_t *)world.request;
    for (uint32_t n; (n = way.ops->send(&puller, 0, NULL, to + world.request_len, 100)) > 0;) {
        CHECK(n <= 100);
        world.request_len += n;
        CHECK(world.request_len < sizeof world.request - 100);
    }
}

// As a port lets time pass: the deadline is looked at when it comes.
static void pass_time(uint32_t ms)
{
    uint32_t until = world.now_ms + ms;
    while ((int32_t)(until - way.ops->deadline(&puller)) > 0 && !puller.ask_close &&
           puller.state == ALOFT_PULL_RUNNING) {
        world.now_ms = way.ops->deadline(&puller);
        (void)step();
    }
    world.now_ms = puller.ask_close || puller.state != ALOFT_PULL_RUNNING ? world.now_ms : until;
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
    bool burst = world.off < world.burst;
    uint32_t most = burst ? world.burst - world.off : world.piece;
    uint32_t n = len - world.off < most ? len - world.off : most;
    if (!burst && world.piece_ms > 0) {
        pass_time(world.piece_ms);
    }
    if (puller.ask_close || puller.state != ALOFT_PULL_RUNNING) {
        return true;
    }
    uint32_t taken = way.ops->feed(&puller, 0, NULL, bytes + world.off, n, world.now_ms);
    CHECK(taken <= n);
    CHECK(taken <= ALOFT_WAY_PIECE);
    world.off += taken;
    return true;
}

static void serve_some(void)
{
    const struct script *script = &world.scripts[world.connection - 1];
    if (world.opening && !world.refuse && script->head != NULL) {
        world.opening = false;
        world.open = true;
        way.ops->opened(&puller, 0, NULL, world.now_ms);
        take_request();
    } else if (world.opening && world.refuse) {
        world.opening = false;
        way.ops->failed(&puller, 0, ALOFT_ERR_NET_REFUSED, world.now_ms);
    } else if (world.open && offer(script)) {
        return;
    } else if (world.open && script->end == CLOSES) {
        way.ops->closed(&puller, 0, world.now_ms);
    } else if (world.open && script->end == BREAKS) {
        world.open = false;
        way.ops->failed(&puller, 0, ALOFT_ERR_NET_RESET, world.now_ms);
    } else {
        // Nothing more is sent, or the pull waits before its next try: its deadline is exact to the
        // millisecond. Before the last deadline there are those of the slices of the least rate's
        // window.
        int looks = 0;
        do {
            world.now_ms = way.ops->deadline(&puller) - 1;
            CHECK_EQ(step(), WAIT);
            world.now_ms++;
            CHECK(++looks <= ALOFT_PULL_SLICES + 1);
        } while (step() == WAIT && !puller.ask_open && looks <= ALOFT_PULL_SLICES);
    }
}

// The port's loop, to the end of the pull that was started.
static enum aloft_err run(void)
{
    for (int i = 0; i < STEPS_MAX; i++) {
        enum state state = step();
        carry_out_requests();
        if (state == DONE || state == FAILED) {
            CHECK(!world.open && !world.opening);
            CHECK_EQ(state == FAILED, puller.err != ALOFT_OK);
            return puller.err;
        }
        if (state == WAIT) {
            serve_some();
        } else if (world.open && world.piece_ms == 0) { // also while flash is busy
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
    CHECK_EQ(aloft_pull_start(&puller, url, world.now_ms), ALOFT_OK);
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
    CHECK(ram_flash_is_erased(&device.ram, DEVICE_OTA_0, 1)); // no image begins there
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
    CHECK_EQ(state, in.trial ? ALOFT_OTA_NEW : ALOFT_OTA_UNDEFINED);
}

#endif
