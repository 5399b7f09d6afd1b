// A device in RAM with the browser way, the port's loop, and a client that answers challenges. It
// checks, all along, that a step changes flash once at most and that the listener is never closed.
#ifndef ALOFT_WEB_WORLD_H
#define ALOFT_WEB_WORLD_H

#include "aloft/web.h"
#include "check.h"
#include "device.h"
#include "hash_ledger.h"
#include "soft_crypto.h"

enum { ANSWER_MAX = 16384, TOLD_MAX = 256, STEPS_MAX = 100000 };

static struct device device;
static struct aloft_intake intake;
static struct aloft_control control;
static struct aloft_web web;
static struct aloft_webui_verifier verifier;
static struct aloft_web_config config;
static const uint8_t page[] = "\x1f\x8b page";

// The world around the way.
static struct {
    uint32_t now_ms;
    bool listening;
    bool peer;
    uint32_t piece; // bytes offered at a time
    char answer[ANSWER_MAX];
    uint32_t answer_len;
    char told[TOLD_MAX]; // commands that ended
    bool checked;
    enum aloft_way_state state;
} world;

static void check_now(void *ctx)
{
    CHECK(ctx == &world);
    world.checked = true;
}

static void told(void *ctx, enum aloft_command command, int slot, enum aloft_err err)
{
    size_t len = strlen(world.told);
    char name[ALOFT_SLOT_NAME] = "";
    CHECK(ctx == &world);
    if (command == ALOFT_COMMAND_BOOT || command == ALOFT_COMMAND_FACTORY) {
        aloft_slot_name(slot, name);
    }
    snprintf(world.told + len, TOLD_MAX - len, "%s %s %s; ", aloft_control_name(command), name,
             aloft_err_name(err));
}

static struct aloft_way way(void)
{
    return aloft_web_way(&web);
}

static void carry_out(void)
{
    struct aloft_request request;
    while (way().ops->request(&web, &request)) {
        CHECK_EQ(request.id, ALOFT_WAY_ID_WEB);
        CHECK_EQ(request.link, ALOFT_LINK_LISTEN);
        if (request.kind == ALOFT_REQUEST_OPEN) {
            CHECK(!world.listening);
            CHECK_EQ(request.port, 8080);
            world.listening = true;
        } else {
            CHECK(world.peer); // else it would close the listener
            world.peer = false;
        }
    }
}

static void take_answer(void)
{
    uint8_t *to = (uint8_t *)world.answer;
    for (uint32_t n; world.peer && (n = way().ops->send(&web, ALOFT_WAY_ID_WEB, NULL,
                                                        to + world.answer_len, 100)) > 0;) {
        CHECK(n <= 100);
        world.answer_len += n;
        CHECK(world.answer_len < ANSWER_MAX - 100);
        world.answer[world.answer_len] = 0;
    }
}

static void turn(void)
{
    uint32_t changes = device.ram.progs + device.ram.erases;
    world.state = way().ops->step(&web, world.now_ms);
    CHECK(device.ram.progs + device.ram.erases - changes <= 1);
    carry_out();
    take_answer();
}

static void settle(void)
{
    int steps = 0;
    do {
        turn();
        CHECK(++steps < STEPS_MAX);
    } while (world.state == ALOFT_WAY_BUSY && steps < STEPS_MAX);
}

static void init_with(const struct aloft_webui_verifier *with)
{
    static const struct aloft_image_facts current = {.version = "1", .project = "old"};
    const struct aloft_intake_config in = {.slots = &device.slots,
                                           .rules = &device.rules,
                                           .current = &current,
                                           .running = ALOFT_SLOT_FACTORY,
                                           .trial = true};
    const struct aloft_control_config con = {.slots = &device.slots,
                                             .rules = &device.rules,
                                             .intake = &intake,
                                             .hooks = {check_now, told, &world},
                                             .running = ALOFT_SLOT_FACTORY,
                                             .trial = true};
    config = (struct aloft_web_config){.slots = &device.slots,
                                       .rules = &device.rules,
                                       .current = &current,
                                       .verifier = with,
                                       .intake = &intake,
                                       .control = &control,
                                       .page = page,
                                       .page_len = sizeof page,
                                       .device_id = "aloft-1",
                                       .reset_reason = "power",
                                       .running = ALOFT_SLOT_FACTORY,
                                       .port = 8080};
    memset(&world, 0, sizeof world);
    world.piece = 1024;
    hash_ledger_forget();
    aloft_intake_init(&intake, &in);
    aloft_control_init(&control, &con);
    aloft_web_init(&web, &config);
    settle();
}

static void setup(void)
{
    device_two_ota(&device);
    device_put_app(&device, ALOFT_SLOT_FACTORY, "1");
    CHECK_EQ(aloft_webui_verifier_make(&aloft_soft_crypto, "admin", "aloft-1", "pw", &verifier),
             ALOFT_OK);
    init_with(&verifier);
    CHECK(world.listening);
}

static void hex_of(const char *text, char *hex)
{
    struct aloft_hash hash;
    uint8_t digest[ALOFT_SHA256_LEN];
    (void)aloft_soft_crypto.hash_init(&hash, ALOFT_HASH_SHA256);
    (void)aloft_soft_crypto.hash_feed(&hash, text, strlen(text));
    (void)aloft_soft_crypto.hash_finish(&hash, digest);
    for (int i = 0; i < ALOFT_SHA256_LEN; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}

// "Authorization: ..." for a request, to a challenge that the test takes at the door.
static const char *credentials(const char *method, const char *target, const char *password)
{
    static char out[1024];
    char nonce[ALOFT_WEBUI_NONCE_HEX + 1];
    char text[512];
    char ha1[65];
    char ha2[65];
    char response[65];
    aloft_webui_auth_nonce(&web.auth, world.now_ms, nonce);
    snprintf(text, sizeof text, "admin:aloft-1:%s", password);
    hex_of(text, ha1);
    snprintf(text, sizeof text, "%s:%s", method, target);
    hex_of(text, ha2);
    snprintf(text, sizeof text, "%s:%s:00000001:c:auth:%s", ha1, nonce, ha2);
    hex_of(text, response);
    snprintf(out, sizeof out,
             "Authorization: Digest realm=\"aloft-1\", nonce=\"%s\", uri=\"%s\", qop=auth, "
             "nc=00000001, cnonce=\"c\", algorithm=SHA-256, response=\"%s\"\r\n",
             nonce, target, response);
    return out;
}

static void open_peer(void)
{
    const struct aloft_way_peer peer = {"10.0.0.2", 4711};
    CHECK(world.listening && !world.peer);
    world.peer = true;
    world.answer_len = 0;
    world.answer[0] = 0;
    way().ops->opened(&web, ALOFT_WAY_ID_WEB, &peer, world.now_ms);
}

// Offers bytes until they are taken, or the connection is closed. Time passes where the way waits.
static void give(const void *data, uint32_t len)
{
    const uint8_t *at = data;
    int steps = 0;
    while (len > 0 && world.peer && ++steps < STEPS_MAX) {
        uint32_t n = len < world.piece ? len : world.piece;
        n = way().ops->feed(&web, ALOFT_WAY_ID_WEB, NULL, at, n, world.now_ms);
        at += n;
        len -= n;
        if (n == 0 && world.state == ALOFT_WAY_WAIT) {
            world.now_ms = way().ops->deadline(&web);
        }
        turn();
    }
    CHECK(steps < STEPS_MAX);
}

static void give_text(const char *text)
{
    give(text, (uint32_t)strlen(text));
}

// Sends the head of a request with a good password.
static void give_head(const char *method, const char *target, const char *headers)
{
    char text[2048];
    open_peer();
    snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: d\r\n%s%s\r\n", method, target,
             credentials(method, target, "pw"), headers);
    give_text(text);
}

static inline const char *body(void)
{
    const char *at = strstr(world.answer, "\r\n\r\n");
    return at != NULL ? at + 4 : "";
}

static bool says(const char *text)
{
    return strstr(world.answer, text) != NULL;
}

static void ask(const char *method, const char *target, const char *headers, const char *text)
{
    give_head(method, target, headers);
    give_text(text);
    settle();
    CHECK(!world.peer); // answered and closed
}

static int selected(void)
{
    struct aloft_otadata records[2];
    CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
    return aloft_bootsel_boot_slot(&device.slots, records);
}

// Nothing of an upload is left behind, and the next one may come.
static void check_nothing_happened(void)
{
    CHECK_EQ(selected(), ALOFT_SLOT_FACTORY);
    CHECK(ram_flash_is_erased(&device.ram, DEVICE_OTA_0, 1));
    CHECK(intake.holder == NULL);
    CHECK_EQ(world.state, ALOFT_WAY_WAIT);
}

static inline void check_updated(const uint8_t *image, uint32_t len)
{
    CHECK_EQ(selected(), 0);
    CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, len);
    CHECK_EQ(world.state, ALOFT_WAY_RESTART);
}

#endif
