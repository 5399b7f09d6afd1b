// The browser way behind a port: a command with a right token and any JSON, or any request without
// one, in pieces. Input: choices, then the command's body or the request.
//
// Checked: without the token nothing changes; with it only otadata does, one change a step, and a
// slot is selected only when the body names it and it holds a good image; every client is done
// with, and an answer is whole.
#include "aloft/web.h"
#include "fuzz.h"
#include "soft_crypto.h"
#include "watch.h"

#define TOKEN "sesame"

enum { STEPS_MAX = 20000, ANSWER_MAX = 0x8000, HEAD_MAX = 256 };

static struct {
    struct device device;
    struct aloft_intake intake;
    struct aloft_control control;
    struct aloft_web web;
    struct aloft_webui_verifier verifier;
    struct aloft_webui_token token;
    uint32_t now_ms;
    bool peer;
    char answer[ANSWER_MAX];
    uint32_t answer_len;
} scene;

static void begin(void)
{
    static const char page[] = "page";
    const struct aloft_pbkdf2_salt salt = {scene.token.salt, sizeof scene.token.salt};
    struct aloft_pbkdf2 kdf;
    memset(&scene, 0, sizeof scene);
    memset(&watch, 0, sizeof watch);
    device_two_ota(&scene.device);
    device_put_app(&scene.device, ALOFT_SLOT_FACTORY, "1");
    device_put_app(&scene.device, 0, "2");
    watch_device(&scene.device);
    const struct aloft_intake_config in = {
        .slots = &scene.device.slots, .rules = &scene.device.rules, .running = ALOFT_SLOT_FACTORY};
    const struct aloft_control_config con = {.slots = &scene.device.slots,
                                             .rules = &scene.device.rules,
                                             .intake = &scene.intake,
                                             .running = ALOFT_SLOT_FACTORY};
    FUZZ_CHECK(aloft_webui_verifier_make(&aloft_soft_crypto, "u", "d", "p", &scene.verifier) ==
               ALOFT_OK);
    scene.token.rounds = 1;
    aloft_pbkdf2_begin(&kdf, &aloft_soft_crypto, TOKEN, strlen(TOKEN), salt, scene.token.rounds);
    while (aloft_pbkdf2_step(&kdf, 1) == ALOFT_STEP_AGAIN) {
    }
    memcpy(scene.token.key, kdf.out, sizeof scene.token.key);
    const struct aloft_web_config config = {.slots = &scene.device.slots,
                                            .rules = &scene.device.rules,
                                            .verifier = &scene.verifier,
                                            .token = &scene.token,
                                            .intake = &scene.intake,
                                            .control = &scene.control,
                                            .page = (const uint8_t *)page,
                                            .page_len = sizeof page,
                                            .device_id = "d",
                                            .reset_reason = "power",
                                            .running = ALOFT_SLOT_FACTORY};
    aloft_intake_init(&scene.intake, &in);
    aloft_control_init(&scene.control, &con);
    aloft_web_init(&scene.web, &config);
}

// One turn of a port; true while it wants another at once.
static bool turn(const struct aloft_way *way)
{
    struct aloft_request request;
    watch_step();
    enum aloft_way_state state = way->ops->step(way->ctx, scene.now_ms);
    while (way->ops->request(way->ctx, &request)) {
        scene.peer = scene.peer && request.kind == ALOFT_REQUEST_OPEN;
    }
    uint8_t *to = (uint8_t *)scene.answer + scene.answer_len;
    uint32_t n = scene.peer ? way->ops->send(way->ctx, ALOFT_WAY_ID_WEB, NULL, to, 512) : 0;
    scene.answer_len += n;
    FUZZ_CHECK(n <= 512 && scene.answer_len < ANSWER_MAX - 512);
    return state == ALOFT_WAY_BUSY || n > 0;
}

static void settle(const struct aloft_way *way)
{
    uint32_t steps = 0;
    while (turn(way)) {
        FUZZ_CHECK(++steps < STEPS_MAX);
    }
}

static void give(const struct aloft_way *way, const uint8_t *data, uint32_t len, uint32_t *seed)
{
    uint32_t idle = 0;
    while (len > 0 && scene.peer) {
        uint32_t n = fuzz_piece(seed, len);
        n = way->ops->feed(way->ctx, ALOFT_WAY_ID_WEB, NULL, data, n, scene.now_ms);
        FUZZ_CHECK(n <= len);
        data += n;
        len -= n;
        idle = n > 0 ? 0 : idle + 1;
        FUZZ_CHECK(idle < STEPS_MAX); // bytes are taken sooner or later
        (void)turn(way);
    }
}

// The text in quotes stands somewhere in the body.
static bool names(const uint8_t *body, uint32_t len, const char *slot)
{
    char quoted[ALOFT_SLOT_NAME + 2];
    int n = snprintf(quoted, sizeof quoted, "\"%s\"", slot);
    return memmem(body, len, quoted, (size_t)n) != NULL;
}

static void command(const struct aloft_way *way, struct fuzz_input in, uint32_t seed)
{
    char head[HEAD_MAX];
    uint32_t len = in.left < ALOFT_WEB_BODY_MAX ? (uint32_t)in.left : ALOFT_WEB_BODY_MAX;
    int n = snprintf(head, sizeof head,
                     "POST /api/boot HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer " TOKEN "\r\n"
                     "Content-Length: %u\r\n\r\n",
                     (unsigned)len);
    watch.allowed[0] = scene.device.slots.otadata;
    give(way, (const uint8_t *)head, (uint32_t)n, &seed);
    give(way, in.data, len, &seed);
    settle(way);
    struct aloft_otadata records[2];
    FUZZ_CHECK(aloft_bootsel_read(&scene.device.slots, records) == ALOFT_OK);
    int boots = aloft_bootsel_boot_slot(&scene.device.slots, records);
    FUZZ_CHECK(boots == ALOFT_SLOT_FACTORY || (boots == 0 && names(in.data, len, "ota_0")));
    bool good = memcmp(scene.answer, "HTTP/1.1 200", 12) == 0;
    FUZZ_CHECK(scene.answer_len > 12 && (good || memcmp(scene.answer, "HTTP/1.1 4", 10) == 0));
    FUZZ_CHECK(!good || names(in.data, len, "ota_0") || names(in.data, len, "factory"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    bool known = (fuzz_u8(&in) & 1) != 0;
    uint32_t seed = fuzz_u16(&in);
    begin();
    const struct aloft_way way = aloft_web_way(&scene.web);
    settle(&way);
    scene.peer = true;
    way.ops->opened(way.ctx, ALOFT_WAY_ID_WEB, NULL, 0);
    if (known) {
        command(&way, in, seed);
        return 0;
    }
    // The watch allows no change here, so a command without the token would stop at its first.
    bool proved = memmem(data, size, TOKEN, strlen(TOKEN)) != NULL;
    watch.allowed[0].len = proved ? scene.device.slots.otadata.len : 0;
    watch.allowed[0].addr = scene.device.slots.otadata.addr;
    give(&way, in.data, (uint32_t)in.left, &seed);
    for (uint32_t i = 0; scene.peer; i++) { // the client sends no more: it is given up in time
        FUZZ_CHECK(i < 10);
        settle(&way);
        scene.now_ms = way.ops->deadline(way.ctx);
    }
    return 0;
}
