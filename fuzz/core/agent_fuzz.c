// The agent behind a port that does as a script says: connections open, fail, deliver and close at
// any time, servers answer anything, the clock jumps, a flash operation fails.
//
// Checked: only the target slot and otadata change, one change a step; a deadline always comes;
// every pull ends; DONE means that a good image is selected, FAILED that the old choice or a good
// image still is. Input: choices, then operations.
#include "aloft/agent.h"
#include "fuzz.h"
#include "oracle.h"
#include "repair.h"
#include "soft_crypto.h"
#include "watch.h"

enum { OPS_MAX = 300, END_MAX = 20000, ANSWER_MAX = 0x9000 };

static struct {
    struct device device;
    struct aloft_agent agent;
    uint32_t now_ms;
    bool pulling;
    bool pending;   // an open was asked for and not yet answered
    bool connected; // the connection stands
    int first;      // what otadata selected at first
    int before;     // and when the pull began
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
    char text[ALOFT_URL_MAX + 1];
    (void)ctx;
    FUZZ_CHECK((event->kind == ALOFT_EVENT_FAILED) == (event->err != ALOFT_OK));
    if (event->text != NULL) { // readable, all of it
        int len = (int)(event->text_len != 0 ? event->text_len : ALOFT_URL_MAX);
        (void)snprintf(text, sizeof text, "%.*s", len, event->text);
    }
}

// What runs is rotten in flash, so an update of a fallback cannot select it first (E6).
static bool is_rotten(int slot)
{
    struct aloft_extent extent = aloft_slots_extent(&scene.device.slots, slot);
    return extent.len == 0 ||
           oracle_image(scene.device.ram.bytes + extent.addr, extent.len, NULL) == 0;
}

static void check_end(enum aloft_agent_state state)
{
    int now = selected();
    int target = scene.agent.target;
    // The slot that is selected already, as after a boot that fell back, is selected again in place
    // (B1 in core/flash/bootsel.c): a failing program then leaves no record at all.
    bool in_place = scene.before == target && state == ALOFT_AGENT_FAILED;
    // An update of a fallback carries out what an earlier one had begun, which can bring back the
    // first record, and selects what runs, before anything else (E6 in aloft/engine.h).
    int running = scene.agent.config.running;
    bool held =
        (now == running || now == scene.first || is_rotten(running)) && state == ALOFT_AGENT_FAILED;
    if ((now != scene.before && !in_place && !held) || state == ALOFT_AGENT_DONE) {
        struct aloft_extent slot = aloft_slots_extent(&scene.device.slots, target);
        FUZZ_CHECK(now == target);
        FUZZ_CHECK(oracle_image(scene.device.ram.bytes + slot.addr, slot.len, NULL) != 0);
    }
    FUZZ_CHECK((state == ALOFT_AGENT_FAILED) == (scene.agent.err != ALOFT_OK));
}

static enum aloft_agent_state step(void)
{
    watch_step();
    enum aloft_agent_state state = aloft_agent_step(&scene.agent, scene.now_ms);
    if (state == ALOFT_AGENT_DONE || state == ALOFT_AGENT_FAILED) {
        check_end(state);
        scene.pulling = false;
    }
    return state;
}

static void carry_out_requests(void)
{
    struct aloft_request request;
    for (int n = 0; aloft_agent_request(&scene.agent, &request); n++) {
        FUZZ_CHECK(n < 2 && request.id < ALOFT_AGENT_IDS);
        scene.at = scene.connected ? scene.len : scene.at; // what was said there ends there
        scene.connected = false;
        scene.pending = request.kind == ALOFT_REQUEST_OPEN;
        if (scene.pending) {
            char host[ALOFT_URL_MAX + 1];
            FUZZ_CHECK(request.host_len > 0 && request.host_len <= ALOFT_URL_MAX);
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
    struct aloft_agent_config config = {
        .slots = &scene.device.slots,
        .rules = &scene.device.rules,
        .current = (how & 4) != 0 ? &current : NULL,
        .events = {hear, NULL},
        .running = (int)(how >> 3 & 3) - 1,
        .trial = (how & 32) != 0,
        .idle_timeout_ms = (how & 64) != 0 ? 1 : 0,
    };
    carry_out_requests();
    scene.connected = false;
    scene.pending = false;
    scene.before = selected();
    memset(&watch.allowed, 0, sizeof watch.allowed);
    watch_step();
    aloft_agent_init(&scene.agent, &config);
    enum aloft_err err = aloft_agent_pull(&scene.agent, urls[how % 4], scene.now_ms);
    scene.pulling = true;
    if (err == ALOFT_OK) {
        FUZZ_CHECK(scene.agent.target >= 0 && scene.agent.target != config.running);
        watch.allowed[0] = aloft_slots_extent(&scene.device.slots, scene.agent.target);
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
    uint32_t taken = aloft_agent_feed(&scene.agent, 0, scene.answer + scene.at, len, scene.now_ms);
    FUZZ_CHECK(taken <= len && watch.changes == 0);
    scene.at += taken;
}

static void send_some(uint32_t cap)
{
    uint8_t buf[64];
    cap = cap < sizeof buf ? cap : sizeof buf;
    if (scene.connected) {
        FUZZ_CHECK(aloft_agent_send(&scene.agent, 0, buf, cap) <= cap);
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
            aloft_agent_opened(&scene.agent, 0, scene.now_ms);
        }
        send_some(64);
        feed(4096);
        if (step() == ALOFT_AGENT_WAIT && scene.at == at) {
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
        aloft_agent_opened(&scene.agent, 0, scene.now_ms);
    } else if (op == 1 && (scene.pending || scene.connected)) {
        scene.pending = false;
        scene.connected = false;
        aloft_agent_failed(&scene.agent, 0, faults[fuzz_u8(in) % 4], scene.now_ms);
    } else if (op == 2 && scene.connected && scene.at == scene.len) {
        aloft_agent_closed(&scene.agent, 0, scene.now_ms);
    } else if (op == 3) {
        uint8_t byte = 0;
        uint8_t id = 1 + fuzz_u8(in) % 255; // not the pull's
        aloft_agent_opened(&scene.agent, id, scene.now_ms);
        (void)aloft_agent_feed(&scene.agent, id, &byte, 1, scene.now_ms);
        aloft_agent_closed(&scene.agent, id, scene.now_ms);
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
        scene.now_ms = aloft_agent_deadline(&scene.agent);
    } else if (op == 13) {
        watch_fail_after(&scene.device, fuzz_u8(in));
    } else if (op == 14) {
        carry_out_requests();
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
        if (step() == ALOFT_AGENT_WAIT) {
            scene.now_ms = aloft_agent_deadline(&scene.agent);
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
    watch_device(&scene.device);
    scene.first = selected();
    pull(&in);
    for (int n = 0; n < OPS_MAX && in.left > 0; n++) {
        operate(&in);
    }
    end();
    return 0;
}
