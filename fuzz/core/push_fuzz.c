// The push way behind a port that does as a script says: datagrams of any bytes and right ones, a
// connection back that opens, fails, delivers and closes at any time, a clock that jumps, a flash
// operation that fails.
//
// Checked: nothing is written before the sender has proved the password, and then only slot and
// otadata, one change a step; "OK" is said once, with a good image selected; every push ends, and
// RESTART comes only after an image was selected. Input: choices, then operations.
#include "aloft/base/hex.h"
#include "aloft/push.h"
#include "fuzz.h"
#include "oracle.h"
#include "soft_crypto.h"
#include "watch.h"

enum { OPS_MAX = 300, END_MAX = 20000, SAID_MAX = 4096 };

#define SENDER   "192.0.2.1"
#define VERIFIER "5ebe2294ecd0e0f08eab7690d2a6ee69"
#define CNONCE   "0123456789abcdef0123456789abcdef"

static struct {
    struct device device;
    struct aloft_intake intake;
    struct aloft_push push;
    struct aloft_way way;
    uint32_t now_ms;
    uint32_t randoms;
    bool open; // no password
    bool bound;
    bool pending; // the connection was asked for and not yet answered
    bool linked;  // the connection is open
    bool restart;
    bool selected;
    char nonce[33];
    char said[SAID_MAX];
    uint32_t said_len;
    uint8_t file[DEVICE_IMAGE_MAX];
    uint32_t len;
    uint32_t at;
} scene;

static void hear(void *ctx, const struct aloft_event *event)
{
    (void)ctx;
    bool fault = event->kind == ALOFT_EVENT_FAILED || event->kind == ALOFT_EVENT_REFUSED;
    FUZZ_CHECK(fault == (event->err != ALOFT_OK));
    scene.selected = scene.selected || event->kind == ALOFT_EVENT_SELECTED;
}

static void random_bytes(void *ctx, uint8_t *out, uint32_t len)
{
    (void)ctx;
    memset(out, 0x11, len);
    out[0] = (uint8_t)++scene.randoms;
}

static void allow(bool may)
{
    memset(&watch.allowed, 0, sizeof watch.allowed);
    if (may) {
        watch.allowed[0] = aloft_slots_extent(&scene.device.slots, 0);
        watch.allowed[1] = scene.device.slots.otadata;
    }
}

static const uint8_t *record(uint32_t index)
{
    return scene.device.ram.bytes + DEVICE_OTADATA + index * ALOFT_OTADATA_SECTOR;
}

static void check_selected(void)
{
    struct aloft_extent slot = aloft_slots_extent(&scene.device.slots, 0);
    FUZZ_CHECK(scene.selected);
    FUZZ_CHECK(oracle_active(record(0), record(1)) >= 0);
    FUZZ_CHECK(oracle_image(scene.device.ram.bytes + slot.addr, slot.len, NULL) != 0);
}

static void listen_to(void)
{
    char bytes[ALOFT_ESPOTA_DATAGRAM + 1];
    uint8_t *to = (uint8_t *)bytes;
    struct aloft_way_peer peer;
    uint32_t n = scene.way.ops->send(&scene.push, ALOFT_WAY_ID_INVITE, &peer, to, sizeof bytes - 1);
    FUZZ_CHECK(n < sizeof bytes);
    bytes[n] = 0;
    if (n == 37 && memcmp(bytes, "AUTH ", 5) == 0) {
        memcpy(scene.nonce, bytes + 5, 33);
    }
    if (scene.linked && scene.said_len < SAID_MAX - 100) {
        to = (uint8_t *)scene.said + scene.said_len;
        n = scene.way.ops->send(&scene.push, ALOFT_WAY_ID_PUSH, &peer, to, 100);
        scene.said_len += n;
        scene.said[scene.said_len] = 0;
    }
    char *ok = strstr(scene.said, "OK");
    if (ok != NULL) {
        check_selected();
        FUZZ_CHECK(ok[2] == 0 && strstr(scene.said, "ERROR") == NULL);
    }
}

static enum aloft_way_state step(void)
{
    struct aloft_request request;
    watch_step();
    enum aloft_way_state state = scene.way.ops->step(&scene.push, scene.now_ms);
    if (state == ALOFT_WAY_RESTART) {
        check_selected();
        scene.restart = true;
    }
    while (scene.way.ops->request(&scene.push, &request)) {
        bool opens = request.kind == ALOFT_REQUEST_OPEN;
        if (request.id == ALOFT_WAY_ID_INVITE) {
            FUZZ_CHECK(opens && !scene.bound);
            scene.bound = true;
            continue;
        }
        FUZZ_CHECK(request.id == ALOFT_WAY_ID_PUSH);
        FUZZ_CHECK(opens != (scene.pending || scene.linked));
        FUZZ_CHECK(!opens || request.port != 0);
        scene.pending = opens;
        scene.linked = false;
        scene.said_len = 0;
        scene.said[0] = 0;
    }
    return state;
}

static void datagram(const uint8_t *data, uint32_t len, uint8_t host)
{
    struct aloft_way_peer peer = {.host = SENDER, .port = 9};
    peer.host[8] = (char)('1' + host % 2);
    if (scene.bound && !scene.restart) {
        watch_step();
        uint32_t taken =
            scene.way.ops->feed(&scene.push, ALOFT_WAY_ID_INVITE, &peer, data, len, scene.now_ms);
        FUZZ_CHECK((taken == 0 || taken == len) && watch.changes == 0);
    }
}

static void spoil(struct fuzz_input *in, bool wanted)
{
    uint32_t at = wanted ? fuzz_u16(in) % scene.len : 0;
    scene.file[at] ^= wanted ? fuzz_u8(in) : 0;
}

static void invite(struct fuzz_input *in)
{
    char text[ALOFT_ESPOTA_DATAGRAM];
    char md5[33];
    uint8_t digest[ALOFT_MD5_LEN];
    struct aloft_hash hash;
    uint8_t how = fuzz_u8(in);
    char version[2] = {(char)('1' + how % 2), 0};
    const uint8_t *image = device_image(version, fuzz_u16(in) % 0x1000u & ~3u, &scene.len);
    memcpy(scene.file, image, scene.len);
    spoil(in, (how & 4) != 0);
    (void)aloft_soft_crypto.hash_init(&hash, ALOFT_HASH_MD5);
    (void)aloft_soft_crypto.hash_feed(&hash, scene.file, scene.len);
    (void)aloft_soft_crypto.hash_finish(&hash, digest);
    aloft_hex_emit(digest, sizeof digest, md5);
    md5[32] = 0;
    spoil(in, (how & 8) != 0);
    int len = snprintf(text, sizeof text, "%d 4000 %lu %s\n", (how & 16) != 0 ? 100 : 0,
                       (unsigned long)scene.len + ((how & 32) != 0 ? how : 0), md5);
    scene.at = 0;
    datagram((const uint8_t *)text, (uint32_t)len, how >> 6);
}

static void prove(uint8_t how)
{
    struct aloft_espota_proof proof;
    char text[ALOFT_ESPOTA_DATAGRAM];
    char response[33] = {0};
    aloft_espota_proof_begin(&proof, &aloft_soft_crypto, VERIFIER, 32);
    aloft_espota_proof_nonces(&proof, 32, scene.nonce, CNONCE);
    (void)aloft_espota_proof_step(&proof);
    proof.response[0] ^= (how & 2) != 0;
    aloft_hex_emit(proof.response, 16, response);
    int len = snprintf(text, sizeof text, "200 %s %s\n", CNONCE, response);
    allow(watch.allowed[0].len != 0 || (how & 2) == 0); // keeps P1: from here on flash may change
    datagram((const uint8_t *)text, (uint32_t)len, how);
}

static void feed(uint32_t len)
{
    uint32_t left = scene.len - scene.at;
    len = len < left ? len : left;
    if (scene.linked && len > 0) {
        watch_step();
        uint32_t taken = scene.way.ops->feed(&scene.push, ALOFT_WAY_ID_PUSH, NULL,
                                             scene.file + scene.at, len, scene.now_ms);
        FUZZ_CHECK(taken <= len && watch.changes == 0);
        scene.at += taken;
    }
}

static void connection(uint8_t op)
{
    if (op == 0 && scene.pending) {
        scene.pending = false;
        scene.linked = true;
        scene.way.ops->opened(&scene.push, ALOFT_WAY_ID_PUSH, NULL, scene.now_ms);
    } else if (op == 1 && (scene.pending || scene.linked)) {
        scene.pending = scene.linked = false;
        scene.way.ops->failed(&scene.push, ALOFT_WAY_ID_PUSH, ALOFT_ERR_NET_RESET, scene.now_ms);
    } else if (op == 2 && scene.linked) {
        scene.way.ops->closed(&scene.push, ALOFT_WAY_ID_PUSH, scene.now_ms);
    } else if (op == 3 && scene.bound) {
        scene.bound = false;
        scene.way.ops->failed(&scene.push, ALOFT_WAY_ID_INVITE, ALOFT_ERR_NET_RESET, scene.now_ms);
    }
}

// A port and a sender that behave, until nothing moves.
static void serve(void)
{
    for (int n = 0; n < END_MAX && !scene.restart; n++) {
        uint32_t at = scene.at;
        uint32_t said = scene.said_len;
        bool pending = scene.pending;
        enum aloft_way_state state = step();
        listen_to();
        connection(0);
        feed(1024);
        if (state == ALOFT_WAY_WAIT && at == scene.at && said == scene.said_len && !pending) {
            return;
        }
    }
}

static void operate(struct fuzz_input *in)
{
    uint8_t bytes[200];
    uint8_t op = fuzz_u8(in) % 14;
    if (op < 4) {
        watch_step();
        connection(op);
    } else if (op == 4) {
        invite(in);
    } else if (op == 5) {
        prove(fuzz_u8(in));
    } else if (op == 6) {
        uint32_t len = fuzz_bytes(in, bytes, fuzz_u8(in) % sizeof bytes);
        datagram(bytes, len, 0);
    } else if (op == 7) {
        feed(fuzz_u16(in) % 4096);
    } else if (op == 8) {
        serve();
    } else if (op == 9) {
        scene.now_ms += fuzz_u16(in);
    } else if (op == 10) {
        scene.now_ms = scene.way.ops->deadline(&scene.push);
    } else if (op == 11) {
        watch_fail_after(&scene.device, fuzz_u8(in));
    } else if (op == 12) {
        listen_to();
    }
    (void)step();
}

// Left alone, every push ends: work is done, then the deadlines pass, and the turn is free.
static void end(void)
{
    int waits = 0;
    for (int n = 0; waits < 10 && !scene.restart; n++) {
        FUZZ_CHECK(n < END_MAX);
        if (step() == ALOFT_WAY_WAIT) {
            listen_to();
            scene.now_ms = scene.way.ops->deadline(&scene.push);
            waits++;
        }
    }
    FUZZ_CHECK(scene.restart || (scene.intake.holder == NULL && !scene.linked && !scene.pending));
    FUZZ_CHECK(scene.restart || scene.bound);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t choice = fuzz_u8(&in);
    memset(&scene, 0, sizeof scene);
    device_two_ota(&scene.device);
    scene.now_ms = (choice & 1) != 0 ? 0xFFFFF000u : 0; // the clock wraps
    scene.open = (choice & 2) != 0;
    memset(scene.nonce, '0', 32);
    watch_device(&scene.device);
    allow(scene.open);
    const struct aloft_intake_config base = {.slots = &scene.device.slots,
                                             .rules = &scene.device.rules,
                                             .events = {hear, NULL},
                                             .running = ALOFT_SLOT_FACTORY,
                                             .trial = (choice & 4) != 0};
    const struct aloft_push_config config = {.intake = &scene.intake,
                                             .verifier = scene.open ? NULL : VERIFIER,
                                             .open = scene.open,
                                             .random = random_bytes};
    aloft_intake_init(&scene.intake, &base);
    FUZZ_CHECK(aloft_push_init(&scene.push, &config) == ALOFT_OK);
    scene.way = aloft_push_way(&scene.push);
    for (int n = 0; n < OPS_MAX && in.left > 0 && !scene.restart; n++) {
        operate(&in);
    }
    end();
    return 0;
}
