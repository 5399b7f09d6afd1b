// A device in RAM with a push way, the port that runs it, and a sender of Arduino's kind, for the
// tests of push. All along it checks that a step changes flash once at most, and never outside the
// spare slot, otadata and the partition for files.
#ifndef ALOFT_PUSH_WORLD_H
#define ALOFT_PUSH_WORLD_H

#include "aloft/base/hex.h"
#include "aloft/push.h"
#include "check.h"
#include "device.h"
#include "hash_ledger.h"
#include "soft_crypto.h"

enum { SAID_MAX = 2048, TRACE_MAX = 2048, STEPS_MAX = 20000, SENDER_PORT = 40000 };
enum { FILES_ADDR = 0x60000, FILES_LEN = 0x4000, NEVER = -1 };

#define SENDER       "192.0.2.7"
#define OTHER        "192.0.2.66"
#define MD5_VERIFIER "5ebe2294ecd0e0f08eab7690d2a6ee69" // of "secret"
#define SHA_VERIFIER "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
#define CNONCE       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct world {
    struct aloft_way way;
    uint32_t now_ms;
    const char *sender; // address to connect to
    bool bound;
    bool linked;  // the port holds the connection back
    bool opening; // and has not answered yet whether it stands
    uint32_t binds;
    uint32_t cap; // of a send over the connection
    uint32_t randoms;
    long cut_after; // changes of flash that happen before the power goes; NEVER
    bool cut;
    char answer[ALOFT_ESPOTA_DATAGRAM + 1]; // the last datagram sent
    uint32_t answers;
    struct aloft_way_peer answered; // whom it went to
    uint16_t ear_port;              // whose answers are kept apart
    char ear[ALOFT_ESPOTA_DATAGRAM + 1];
    char said[SAID_MAX]; // over the connection
    uint32_t said_len;
    uint32_t counted; // what the counts add up to; each comes by itself
    char trace[TRACE_MAX];
    uint32_t trace_len;
    uint32_t progress;
};

static struct device device;
static struct aloft_intake intake;
static struct aloft_push push;
static struct aloft_push_config config;
static struct world world;
static const struct aloft_flash_ops *ram_ops;
static const struct aloft_flash_ops *raw_ops;

static void say(const char *format, const char *text, long value)
{
    uint32_t left = TRACE_MAX - world.trace_len;
    char *to = world.trace + world.trace_len;
    world.trace_len += (uint32_t)snprintf(to, left, format, text, value);
    CHECK(world.trace_len < TRACE_MAX);
}

static void hear(void *ctx, const struct aloft_event *event)
{
    (void)ctx;
    const char *text = event->text != NULL ? event->text : "";
    switch (event->kind) {
    case ALOFT_EVENT_INVITED:
        say("invited %s %ld; ", text, (long)event->value);
        break;
    case ALOFT_EVENT_CONNECTING:
        say("connecting %s %ld; ", text, (long)event->value);
        break;
    case ALOFT_EVENT_CONNECTED:
        say("connected%s; ", "", 0);
        break;
    case ALOFT_EVENT_REFUSED:
        say("refused %s %ld; ", text, (long)event->err);
        break;
    case ALOFT_EVENT_FAILED:
        say("failed%s %ld; ", "", (long)event->err);
        break;
    case ALOFT_EVENT_SELECTED:
        say("selected%s %ld; ", "", (long)event->value);
        break;
    case ALOFT_EVENT_PROGRESS:
        world.progress = event->value;
        break;
    default:
        break;
    }
}

// The same bytes never come twice.
static void random_bytes(void *ctx, uint8_t *out, uint32_t len)
{
    (void)ctx;
    world.randoms++;
    memset(out, 0x5A, len);
    memcpy(out, &world.randoms, sizeof world.randoms);
}

// --- flash: the chip in RAM behind a power switch

enum fate { HAPPENS, TEARS, NEVER_BEGINS };

// Of the operation in which power fails, the first half happens.
static enum fate fate(void)
{
    enum fate fate = world.cut ? NEVER_BEGINS : world.cut_after == 0 ? TEARS : HAPPENS;
    world.cut = fate != HAPPENS;
    world.cut_after -= fate == HAPPENS && world.cut_after != NEVER;
    return fate;
}

static bool may_change(uint32_t addr)
{
    return (addr >= DEVICE_OTA_0 && addr < DEVICE_OTA_0 + DEVICE_SLOT_LEN) ||
           (addr >= DEVICE_OTADATA && addr < DEVICE_OTADATA + ALOFT_OTADATA_LEN) ||
           (addr >= FILES_ADDR && addr < FILES_ADDR + FILES_LEN);
}

static enum aloft_err read_flash(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    return ram_ops->read(ctx, addr, buf, len);
}

static enum aloft_err prog_flash(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    enum fate it = fate();
    CHECK(may_change(addr));
    if (it == TEARS) {
        ram_flash_tear_prog(&device.ram, addr, data, len);
    }
    return it == HAPPENS ? ram_ops->prog(ctx, addr, data, len) : ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err erase_flash(void *ctx, uint32_t addr, uint32_t len)
{
    enum fate it = fate();
    CHECK(may_change(addr));
    if (it == TEARS) {
        ram_flash_tear_erase(&device.ram, addr, len);
    }
    return it == HAPPENS ? ram_ops->erase(ctx, addr, len) : ALOFT_ERR_FLASH_ERASE;
}

static enum aloft_err read_raw(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    return raw_ops->read(ctx, addr, buf, len);
}

// Only the partition for files is kept plain.
static enum aloft_err prog_raw(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    enum fate it = fate();
    CHECK(addr >= FILES_ADDR && addr < FILES_ADDR + FILES_LEN);
    if (it != NEVER_BEGINS) {
        enum aloft_err err = raw_ops->prog(ctx, addr, data, it == TEARS ? len / 2 : len);
        return it == HAPPENS ? err : ALOFT_ERR_FLASH_PROG;
    }
    return ALOFT_ERR_FLASH_PROG;
}

// --- the device

static void power_up(void)
{
    static const struct aloft_flash_ops ops = {read_flash, prog_flash, erase_flash};
    static const struct aloft_flash_ops raw = {read_raw, prog_raw, erase_flash};
    memset(&world, 0, sizeof world);
    world.sender = SENDER;
    world.cut_after = NEVER;
    world.cap = 64;
    if (device.ram.flash.ops != &ops) {
        ram_ops = device.ram.flash.ops;
        raw_ops = device.ram.raw.ops;
        device.ram.flash.ops = &ops;
        device.ram.raw.ops = &raw;
    }
    CHECK_EQ(aloft_slots_load(&device.slots, &device.ram.flash, &aloft_soft_crypto,
                              ALOFT_PTABLE_ADDR_DEFAULT),
             ALOFT_OK);
    const struct aloft_intake_config base = {
        .slots = &device.slots,
        .rules = &device.rules,
        .events = {hear, NULL},
        .running = ALOFT_SLOT_FACTORY,
        .trial = true,
    };
    hash_ledger_forget();
    aloft_intake_init(&intake, &base);
    config.intake = &intake;
    config.random = random_bytes;
    CHECK_EQ(aloft_push_init(&push, &config), ALOFT_OK);
    world.way = aloft_push_way(&push);
}

static void setup(const char *verifier)
{
    device_two_ota(&device);
    config = (struct aloft_push_config){.verifier = verifier, .open = true};
    power_up();
}

// --- the port

static void carry_out_requests(void)
{
    struct aloft_request request;
    while (world.way.ops->request(world.way.ctx, &request)) {
        CHECK((world.way.ids & 1u << request.id) != 0);
        if (request.id == ALOFT_WAY_ID_INVITE) {
            CHECK_EQ(request.kind, ALOFT_REQUEST_OPEN);
            CHECK_EQ(request.link, ALOFT_LINK_UDP);
            CHECK_EQ(request.host_len, 0);
            world.binds = request.port;
            world.bound = true;
        } else if (request.kind == ALOFT_REQUEST_OPEN) {
            CHECK(!world.linked);
            CHECK_EQ(request.link, ALOFT_LINK_TCP);
            CHECK_EQ(request.port, SENDER_PORT);
            CHECK_EQ(request.host_len, (long)strlen(world.sender));
            CHECK_BYTES(request.host, world.sender, strlen(world.sender));
            world.linked = true;
            world.opening = true;
        } else {
            CHECK(world.linked);
            world.linked = false;
            world.opening = false;
        }
    }
}

// True when something was sent.
static bool send_all(void)
{
    uint32_t n = 0;
    bool sent = false;
    if (world.bound) {
        n = world.way.ops->send(world.way.ctx, ALOFT_WAY_ID_INVITE, &world.answered,
                                (uint8_t *)world.answer, ALOFT_ESPOTA_DATAGRAM);
    }
    if (n > 0) {
        world.answer[n] = 0;
        world.answers++;
        sent = true;
        if (world.answered.port == world.ear_port && strcmp(world.answered.host, SENDER) == 0) {
            memcpy(world.ear, world.answer, n + 1);
        }
    }
    if (world.linked && !world.opening) {
        uint8_t *to = (uint8_t *)world.said + world.said_len;
        n = world.way.ops->send(world.way.ctx, ALOFT_WAY_ID_PUSH, NULL, to, world.cap);
        CHECK(n <= world.cap);
        uint32_t count = 0;
        for (uint32_t i = 0; i < n && to[i] >= '0' && to[i] <= '9'; i++) {
            count = count * 10 + (uint32_t)(to[i] - '0');
        }
        world.counted += count;
        world.said_len += n;
        CHECK(world.said_len < SAID_MAX - 64);
        world.said[world.said_len] = 0;
        sent = sent || n > 0;
    }
    return sent;
}

// One round of the port's loop.
static enum aloft_way_state turn(void)
{
    uint32_t changes = device.ram.progs + device.ram.erases;
    enum aloft_way_state state = world.way.ops->step(world.way.ctx, world.now_ms);
    CHECK(device.ram.progs + device.ram.erases - changes <= 1);
    carry_out_requests();
    // A port sends when a way has nothing more urgent, and steps again when it could.
    bool sent = state != ALOFT_WAY_BUSY && send_all();
    return sent && state == ALOFT_WAY_WAIT ? ALOFT_WAY_BUSY : state;
}

// Until nothing happens without input or time.
static enum aloft_way_state settle(void)
{
    enum aloft_way_state state = ALOFT_WAY_BUSY;
    for (int i = 0; i < STEPS_MAX && state == ALOFT_WAY_BUSY && !world.cut; i++) {
        state = turn();
    }
    CHECK(state != ALOFT_WAY_BUSY || world.cut);
    return state;
}

// No input until the way's deadline, which is exact to the millisecond.
static enum aloft_way_state wait_deadline(void)
{
    uint32_t deadline = world.way.ops->deadline(world.way.ctx);
    CHECK((int32_t)(deadline - world.now_ms) > 0);
    world.now_ms = deadline - 1;
    CHECK_EQ(settle(), ALOFT_WAY_WAIT);
    world.now_ms++;
    return settle();
}

static void datagram_from_port(const char *host, uint16_t port, const char *text)
{
    struct aloft_way_peer peer = {.port = port};
    uint32_t len = (uint32_t)strlen(text);
    CHECK(strlen(host) <= ALOFT_WAY_HOST_MAX);
    memcpy(peer.host, host, strlen(host) + 1);
    world.answer[0] = 0;
    for (int i = 0; i < STEPS_MAX; i++) {
        uint32_t taken = world.way.ops->feed(world.way.ctx, ALOFT_WAY_ID_INVITE, &peer,
                                             (const uint8_t *)text, len, world.now_ms);
        CHECK(taken == 0 || taken == len);
        if (taken == len) {
            (void)settle();
            return;
        }
        (void)turn();
    }
    CHECK(false); // never taken
}

static void datagram_from(const char *host, const char *text)
{
    datagram_from_port(host, 5555, text);
}

// --- the sender

static void md5_of(const uint8_t *file, uint32_t len, char text[33])
{
    struct aloft_hash hash;
    uint8_t md5[ALOFT_MD5_LEN];
    (void)aloft_soft_crypto.hash_init(&hash, ALOFT_HASH_MD5);
    (void)aloft_soft_crypto.hash_feed(&hash, file, len);
    (void)aloft_soft_crypto.hash_finish(&hash, md5);
    aloft_hex_emit(md5, sizeof md5, text);
    text[32] = 0;
}

static void invite_with(uint32_t command, const uint8_t *file, uint32_t len, uint32_t claim)
{
    char text[100];
    char md5[33];
    md5_of(file, len, md5);
    (void)snprintf(text, sizeof text, "%lu %d %lu %s\n", (unsigned long)command, SENDER_PORT,
                   (unsigned long)claim, md5);
    datagram_from(SENDER, text);
}

__attribute__((unused)) static void invite(const uint8_t *file, uint32_t len)
{
    invite_with(ALOFT_ESPOTA_FLASH, file, len, len);
}

// Answers the nonce in world.answer, as somebody whose password has this verifier.
static void prove_text(const char *verifier, char text[ALOFT_ESPOTA_DATAGRAM])
{
    struct aloft_espota_proof proof;
    uint32_t digits = (uint32_t)strlen(world.answer) - 5;
    char response[65] = {0};
    CHECK(memcmp(world.answer, "AUTH ", 5) == 0);
    CHECK(digits == 32 || digits == 64);
    aloft_espota_proof_begin(&proof, &aloft_soft_crypto, verifier, (uint32_t)strlen(verifier));
    aloft_espota_proof_nonces(&proof, digits, world.answer + 5, CNONCE);
    while (aloft_espota_proof_step(&proof) == ALOFT_STEP_AGAIN) {
    }
    aloft_hex_emit(proof.response, digits / 2, response);
    (void)snprintf(text, ALOFT_ESPOTA_DATAGRAM, "200 %.*s %s\n", (int)digits, CNONCE, response);
}

static void prove(const char *verifier)
{
    char text[ALOFT_ESPOTA_DATAGRAM];
    prove_text(verifier, text);
    datagram_from(SENDER, text);
}

static void accept_connection(void)
{
    CHECK(world.opening);
    if (world.opening) {
        world.opening = false;
        world.way.ops->opened(world.way.ctx, ALOFT_WAY_ID_PUSH, NULL, world.now_ms);
        (void)settle();
    }
}

// Sends len bytes in pieces and waits for the count of each. False when it was told of a fault.
static bool stream(const uint8_t *file, uint32_t len, uint32_t piece)
{
    uint32_t before = world.counted;
    for (uint32_t off = 0; off < len && world.linked && !world.cut;) {
        uint32_t n = len - off < piece ? len - off : piece;
        while (n > 0 && world.linked && !world.cut) {
            uint32_t taken = world.way.ops->feed(world.way.ctx, ALOFT_WAY_ID_PUSH, NULL, file + off,
                                                 n, world.now_ms);
            CHECK(taken <= n);
            off += taken;
            n -= taken;
            (void)turn();
        }
        (void)settle();
        if (strstr(world.said, "ERROR") != NULL) {
            return false;
        }
        if (world.counted - before < off && world.cap >= 10 && !world.cut) {
            (void)wait_deadline(); // a count that comes late, for a piece of another length
        }
        CHECK(world.counted - before == off || world.cap < 10 || world.cut);
    }
    return true;
}

// The sender closes, having read what it wanted.
static enum aloft_way_state hang_up(void)
{
    world.way.ops->closed(world.way.ctx, ALOFT_WAY_ID_PUSH, world.now_ms);
    return settle();
}

// A whole push of a sender that knows the password; how it ends. What it was told is in world.
__attribute__((unused)) static enum aloft_way_state push_file(uint32_t command, const uint8_t *file,
                                                              uint32_t len)
{
    world.counted = 0;
    world.said_len = 0;
    invite_with(command, file, len, len);
    if (memcmp(world.answer, "AUTH ", 5) == 0) {
        prove(config.verifier);
    }
    if (strcmp(world.answer, "OK") != 0) {
        return ALOFT_WAY_WAIT;
    }
    accept_connection();
    (void)stream(file, len, 1024);
    return world.cut ? ALOFT_WAY_WAIT : hang_up();
}

#endif
