// The pull and the intake behind a port that does as a script says: connections open, fail, deliver
// and close at any time, servers answer anything, the clock jumps, a flash operation fails.
//
// The owner takes the turn at any time, too.
//
// Checked: only the target slot and otadata change, one change a step; a deadline always comes;
// every pull ends; DONE means that a good image is selected, FAILED that the old choice or a good
// image still is. Input: choices, then operations.
#include "aloft/pull.h"
#include "fuzz.h"
#include "oracle.h"
#include "repair.h"
#include "soft_crypto.h"
#include "watch.h"

enum { OPS_MAX = 300, END_MAX = 20000, ANSWER_MAX = 0x9000, URL_MAX = 60 };

static const int owner;

static struct {
    struct device device;
    struct aloft_intake intake;
    struct aloft_pull pull;
    struct aloft_way way;
    char urls[ALOFT_PULL_URLS(URL_MAX)];
    uint32_t now_ms;
    bool pulling;
    bool pending;   // an open was asked for and not yet answered
    bool connected; // the connection stands
    int first;      // what otadata selected at first
    int before;     // and when the pull began
    int target;     // slot that it goes to
    uint8_t answer[ANSWER_MAX];
    uint32_t len;
    uint32_t at;
} scene;

static const uint8_t *record(uint32_t index)
{
    return scene.device.ram.bytes + DEVICE_OTADATA + index * ALOFT_OTADATA_SECTOR;
}

static int selected(void)
{
    int active = oracle_active(record(0), record(1));
    uint32_t count = scene.device.slots.ota_count;
    return active < 0 ? -1 : (int)((record((uint32_t)active)[0] - 1u) % count);
}

static void hear(void *ctx, const struct aloft_event *event)
{
    char text[2 * URL_MAX];
    (void)ctx;
    FUZZ_CHECK((event->kind == ALOFT_EVENT_FAILED) == (event->err != ALOFT_OK));
    if (event->text != NULL) { // readable, all of it
        int len = (int)(event->text_len != 0 ? event->text_len : sizeof text);
        (void)snprintf(text, sizeof text, "%.*s", len, event->text);
    }
}

// The running image has rotted in flash, so an update of a fallback cannot select it first (E6).
static bool is_rotten(int slot)
{
    struct aloft_extent extent = aloft_slots_extent(&scene.device.slots, slot);
    return extent.len == 0 ||
           oracle_image(scene.device.ram.bytes + extent.addr, extent.len, NULL) == 0;
}

static void check_end(enum aloft_pull_state state)
{
    int now = selected();
    int target = scene.target;
    // The slot that is selected already, as after a boot that fell back, is selected again in place
    // (B1 in core/flash/bootsel.c): a failing program then leaves no record at all.
    bool in_place = scene.before == target && state == ALOFT_PULL_FAILED;
    // An update of a fallback carries out what an earlier one had begun, which can bring back the
    // first record, and selects what runs, before anything else (E6 in aloft/engine.h).
    int running = scene.intake.config.running;
    bool held =
        (now == running || now == scene.first || is_rotten(running)) && state == ALOFT_PULL_FAILED;
    if ((now != scene.before && !in_place && !held) || state == ALOFT_PULL_DONE) {
        struct aloft_extent slot = aloft_slots_extent(&scene.device.slots, target);
        FUZZ_CHECK(now == target);
        FUZZ_CHECK(oracle_image(scene.device.ram.bytes + slot.addr, slot.len, NULL) != 0);
    }
    FUZZ_CHECK((state == ALOFT_PULL_FAILED) == (scene.pull.err != ALOFT_OK));
}

static enum aloft_way_state step(void)
{
    watch_step();
    enum aloft_way_state state = scene.way.ops->step(scene.way.ctx, scene.now_ms);
    if (scene.pulling && scene.pull.state != ALOFT_PULL_RUNNING) {
        check_end(scene.pull.state);
        scene.pulling = false;
    }
    return state;
}

static void carry_out_requests(void)
{
    struct aloft_request request;
    for (int n = 0; scene.way.ops->request(scene.way.ctx, &request); n++) {
        FUZZ_CHECK(n < 2 && request.id < ALOFT_WAY_IDS);
        scene.at = scene.connected ? scene.len : scene.at; // drops bytes of the old connection
        scene.connected = false;
        scene.pending = request.kind == ALOFT_REQUEST_OPEN;
        if (scene.pending) {
            char host[URL_MAX + 1];
            FUZZ_CHECK(request.host_len > 0 && request.host_len <= URL_MAX);
            memcpy(host, request.host, request.host_len);
            FUZZ_CHECK(request.port != 0);
        }
    }
}

static void pull(struct fuzz_input *in)
{
    static const char *const urls[] = {"http://h/f", "https://h:1/f?x", "http://[::1]", "ftp://h"};
    static struct aloft_image_facts current = {.has_desc = true, .version = "1", .project = "test"};
    uint8_t how = fuzz_u8(in);
    const struct aloft_intake_config base = {
        .slots = &scene.device.slots,
        .rules = &scene.device.rules,
        .events = {hear, NULL},
        .running = (int)(how >> 3 & 3) - 1,
        .trial = (how & 32) != 0,
    };
    const struct aloft_pull_config config = {
        .intake = &scene.intake,
        .current = (how & 4) != 0 ? &current : NULL,
        .events = {hear, NULL},
        .urls = scene.urls,
        .urls_len = sizeof scene.urls,
        .idle_timeout_ms = (how & 64) != 0 ? 1 : 0,
        .rate_window_s = (how & 128) != 0 ? 8 : 0,
    };
    carry_out_requests();
    scene.connected = false;
    scene.pending = false;
    scene.before = selected();
    memset(&watch.allowed, 0, sizeof watch.allowed);
    watch_step();
    aloft_intake_init(&scene.intake, &base);
    aloft_pull_init(&scene.pull, &config);
    enum aloft_err err = aloft_pull_start(&scene.pull, urls[how % 4], scene.now_ms);
    scene.pulling = true;
    if (err == ALOFT_OK) {
        scene.target = aloft_slots_next(&scene.device.slots, base.running);
        FUZZ_CHECK(scene.target >= 0 && scene.target != base.running);
        watch.allowed[0] = aloft_slots_extent(&scene.device.slots, scene.target);
        watch.allowed[1] = scene.device.slots.otadata;
    }
}

// What the server says next: an answer around an image, or any bytes.
static void make_answer(struct fuzz_input *in)
{
    static const char *const heads[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /g\r\nContent-Length: %u\r\n\r\n",
        "HTTP/1.1 404 No\r\n\r\n",
    };
    uint8_t how = fuzz_u8(in);
    char *to = (char *)scene.answer;
    char version[2] = {(char)('1' + (how >> 5) % 2), 0};
    uint32_t len;
    uint32_t extra = fuzz_u16(in);
    extra = extra % (extra < 0xF000u ? 0x1000u : 0x5000u) & ~3u; // mostly small, for speed
    const uint8_t *image = device_image(version, extra, &len);
    uint32_t at = (uint32_t)snprintf(to, ANSWER_MAX, heads[how % 5], (unsigned)len);
    memcpy(scene.answer + at, image, len);
    at += len;
    if (how % 5 == 2) {
        at += (uint32_t)snprintf(to + at, ANSWER_MAX - at, "\r\n0\r\n\r\n");
    }
    scene.len = at;
    scene.at = 0;
}

static void make_bytes(struct fuzz_input *in)
{
    scene.len = fuzz_bytes(in, scene.answer, fuzz_u16(in) % 1024u);
    scene.at = 0;
}

static void spoil(struct fuzz_input *in)
{
    uint32_t at = fuzz_u16(in) % ANSWER_MAX;
    uint8_t len = fuzz_u8(in) % 64;
    len = at + len <= ANSWER_MAX ? len : 0;
    (void)fuzz_bytes(in, scene.answer + at, len);
}

static void feed(uint32_t len)
{
    len = len < scene.len - scene.at ? len : scene.len - scene.at;
    if (!scene.connected || len == 0) {
        return;
    }
    watch_step();
    uint32_t taken =
        scene.way.ops->feed(scene.way.ctx, 0, NULL, scene.answer + scene.at, len, scene.now_ms);
    FUZZ_CHECK(taken <= len && watch.changes == 0);
    scene.at += taken;
}

static void send_some(uint32_t cap)
{
    uint8_t buf[64];
    cap = cap < sizeof buf ? cap : sizeof buf;
    if (scene.connected) {
        FUZZ_CHECK(scene.way.ops->send(scene.way.ctx, 0, NULL, buf, cap) <= cap);
    }
}

// A port that behaves: what is asked for happens, and the whole answer arrives.
static void serve(void)
{
    for (int n = 0; n < END_MAX && scene.pulling; n++) {
        uint32_t at = scene.at;
        carry_out_requests();
        if (scene.pending) {
            scene.pending = false;
            scene.connected = true;
            scene.way.ops->opened(scene.way.ctx, 0, NULL, scene.now_ms);
        }
        send_some(64);
        feed(4096);
        if (step() == ALOFT_WAY_WAIT && scene.at == at) {
            return;
        }
    }
}

static void connection(uint8_t op, struct fuzz_input *in)
{
    static const enum aloft_err faults[] = {ALOFT_ERR_NET_DNS, ALOFT_ERR_NET_REFUSED,
                                            ALOFT_ERR_NET_RESET, ALOFT_ERR_NET_TLS};
    if (op == 0 && scene.pending) {
        scene.pending = false;
        scene.connected = true;
        scene.way.ops->opened(scene.way.ctx, 0, NULL, scene.now_ms);
    } else if (op == 1 && (scene.pending || scene.connected)) {
        scene.pending = false;
        scene.connected = false;
        scene.way.ops->failed(scene.way.ctx, 0, faults[fuzz_u8(in) % 4], scene.now_ms);
    } else if (op == 2 && scene.connected && scene.at == scene.len) {
        scene.way.ops->closed(scene.way.ctx, 0, scene.now_ms);
    } else if (op == 3) {
        uint8_t byte = 0;
        uint8_t id = 1 + fuzz_u8(in) % 255; // not the pull's
        scene.way.ops->opened(scene.way.ctx, id, NULL, scene.now_ms);
        (void)scene.way.ops->feed(scene.way.ctx, id, NULL, &byte, 1, scene.now_ms);
        scene.way.ops->closed(scene.way.ctx, id, scene.now_ms);
    }
}

static void operate(struct fuzz_input *in)
{
    uint8_t op = fuzz_u8(in) % 16;
    if (op < 4) {
        watch_step();
        connection(op, in);
    } else if (op == 4) {
        pull(in);
    } else if (op == 5) {
        make_answer(in);
    } else if (op == 6) {
        make_bytes(in);
    } else if (op == 7) {
        spoil(in);
    } else if (op == 8) {
        feed(fuzz_u16(in) % 4096);
    } else if (op == 9) {
        send_some(fuzz_u8(in));
    } else if (op == 10) {
        serve();
    } else if (op == 11) {
        scene.now_ms += fuzz_u16(in);
    } else if (op == 12) {
        scene.now_ms = scene.way.ops->deadline(scene.way.ctx);
    } else if (op == 13) {
        watch_fail_after(&scene.device, fuzz_u8(in));
    } else if (op == 14) {
        carry_out_requests();
    } else if (op == 15 && aloft_intake_take(&scene.intake, &owner) && (fuzz_u8(in) & 1) != 0) {
        aloft_intake_release(&scene.intake, &owner);
    }
    if (op >= 8 || op == 4) {
        (void)step();
    }
}

// Left alone, every pull ends: work is done, then the deadlines pass.
static void end(void)
{
    for (int n = 0; scene.pulling; n++) {
        FUZZ_CHECK(n < END_MAX);
        carry_out_requests();
        if (step() == ALOFT_WAY_WAIT) {
            scene.now_ms = scene.way.ops->deadline(scene.way.ctx);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t choice = fuzz_u8(&in);
    memset(&scene, 0, sizeof scene);
    device_init(&scene.device, 1 + choice % 3, (choice & 4) == 0, true);
    if ((choice & 8) != 0) {
        device_put_record(&scene.device, choice >> 4 & 1, 1 + (choice >> 6), 2, true);
    }
    scene.now_ms = (choice & 32) != 0 ? 0xFFFFF000u : 0; // the clock wraps
    scene.way = aloft_pull_way(&scene.pull);
    watch_device(&scene.device);
    scene.first = selected();
    pull(&in);
    for (int n = 0; n < OPS_MAX && in.left > 0; n++) {
        operate(&in);
    }
    end();
    return 0;
}
