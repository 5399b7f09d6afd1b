// The pull beside the owner: it has the turn from an accepted image head on, loses it to whoever
// takes it, tries again later, and never goes on with what it had begun over the bytes of another.
#include "aloft/pull.h"
#include "check.h"
#include "device.h"
#include "soft_crypto.h"

enum { EXTRA = 0x5000, FIRST = 12000, STEPS_MAX = 100000, URL_MAX = 200 };

static struct device device;
static struct aloft_intake intake;
static struct aloft_pull pull;
static struct aloft_way way;
static char urls[ALOFT_PULL_URLS(URL_MAX)];
static uint32_t now_ms;
static bool open; // the port holds a connection
static const int other;
static uint8_t image[DEVICE_IMAGE_MAX];
static uint32_t len;

static void setup(void)
{
    device_two_ota(&device);
    device_put_app(&device, ALOFT_SLOT_FACTORY, "1");
    const struct aloft_intake_config in = {.slots = &device.slots,
                                           .rules = &device.rules,
                                           .running = ALOFT_SLOT_FACTORY,
                                           .trial = true};
    const struct aloft_pull_config config = {.intake = &intake,
                                             .urls = urls,
                                             .urls_len = sizeof urls,
                                             .retries = 200,
                                             .backoff_ms = 100,
                                             .backoff_max_ms = 100};
    memcpy(image, device_image("2", EXTRA, &len), sizeof image);
    now_ms = 0;
    open = false;
    aloft_intake_init(&intake, &in);
    aloft_pull_init(&pull, &config);
    CHECK_EQ(aloft_pull_start(&pull, "http://h/f.bin", now_ms), ALOFT_OK);
    way = aloft_pull_way(&pull);
}

// Steps until the pull waits, and carries its requests out.
static void settle(void)
{
    struct aloft_request request;
    enum aloft_way_state state;
    int steps = 0;
    do {
        state = way.ops->step(&pull, now_ms);
        while (way.ops->request(&pull, &request)) {
            open = request.kind == ALOFT_REQUEST_OPEN;
        }
        CHECK(++steps < STEPS_MAX);
    } while (state == ALOFT_WAY_BUSY && steps < STEPS_MAX);
}

static void give(const void *data, uint32_t n)
{
    const uint8_t *at = data;
    for (int steps = 0; n > 0 && steps < STEPS_MAX; steps++) {
        uint32_t used = way.ops->feed(&pull, ALOFT_WAY_ID_PULL, NULL, at, n, now_ms);
        at += used;
        n -= used;
        settle();
    }
    CHECK_EQ(n, 0);
}

// Answers the pull's request with the whole file. Returns whether a part was asked for.
static bool serve(uint32_t sent)
{
    char head[128];
    char request[1024];
    way.ops->opened(&pull, ALOFT_WAY_ID_PULL, NULL, now_ms);
    request[way.ops->send(&pull, ALOFT_WAY_ID_PULL, NULL, (uint8_t *)request, sizeof request - 1)] =
        0;
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %lu\r\nETag: \"a\"\r\n\r\n",
             (unsigned long)len);
    give(head, (uint32_t)strlen(head));
    give(image, sent);
    return strstr(request, "\r\nRange: ") != NULL;
}

static void break_link(void)
{
    open = false;
    way.ops->failed(&pull, ALOFT_WAY_ID_PULL, ALOFT_ERR_NET_RESET, now_ms);
    settle();
}

static bool begun(void)
{
    struct aloft_artifact artifact;
    uint32_t off;
    return aloft_engine_begun(&device.slots, ALOFT_SLOT_FACTORY, NULL, &artifact, &off);
}

// The other sender writes the beginning of an image of its own and goes away.
static void push_a_part(void)
{
    uint32_t other_len;
    uint32_t used;
    const uint8_t *at = device_image("3", EXTRA, &other_len);
    const uint8_t *end = at + other_len / 2;
    CHECK(aloft_intake_take(&intake, &other));
    CHECK_EQ(aloft_intake_begin(&intake, &other, other_len, NULL), ALOFT_OK);
    while (at < end) {
        CHECK_EQ(aloft_intake_feed(&intake, &other, at, (uint32_t)(end - at), &used), ALOFT_OK);
        at += used;
        while (aloft_intake_step(&intake) == ALOFT_STEP_AGAIN) {
        }
        now_ms += 50; // the pull wants to try again meanwhile, and cannot
        uint32_t changes = device.ram.progs + device.ram.erases;
        settle();
        CHECK_EQ(device.ram.progs + device.ram.erases, changes);
        CHECK(!open);
        CHECK(intake.holder == &other);
    }
    aloft_intake_release(&intake, &other);
}

static void a_pull_has_the_turn_from_an_accepted_head_on(void)
{
    setup();
    settle();
    CHECK(open);
    CHECK(!serve(ALOFT_IMAGE_HEAD_LEN - 1));
    CHECK(intake.holder == NULL);
    give(image + ALOFT_IMAGE_HEAD_LEN - 1, len - ALOFT_IMAGE_HEAD_LEN + 1);
    CHECK(intake.holder == &pull);
    way.ops->closed(&pull, ALOFT_WAY_ID_PULL, now_ms);
    settle();
    CHECK_EQ(pull.state, ALOFT_PULL_DONE);
    CHECK(!aloft_intake_take(&intake, &other));
    CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, len);
}

// Issue 13.9: a server that drips held the turn for half an hour, and again. Whatever the pull has,
// nothing, a part of the head, a part of the image or all of it, the owner's command begins at
// once; the pull ends its connection and goes on when the owner has done.
static void the_owner_ends_a_pull_at_any_moment(void)
{
    static const uint32_t offs[] = {0, 1, ALOFT_IMAGE_HEAD_LEN, FIRST, UINT32_MAX};
    for (size_t i = 0; i < sizeof offs / sizeof offs[0]; i++) {
        check_note("after %ld bytes", (long)offs[i], 0);
        setup();
        settle();
        (void)serve(offs[i] < len ? offs[i] : len);
        CHECK(open);
        CHECK(aloft_intake_take(&intake, &other));
        settle();
        CHECK(!open);
        CHECK_EQ(pull.err, ALOFT_ERR_NET_BUSY);
        CHECK_EQ(pull.state, ALOFT_PULL_RUNNING);
        now_ms = way.ops->deadline(&pull);
        settle();
        CHECK(!open); // and no server hears of it
        aloft_intake_release(&intake, &other);
        now_ms = way.ops->deadline(&pull);
        settle();
        CHECK(open);
        bool part = serve(0);
        CHECK_EQ(part, offs[i] >= FIRST); // it goes on where it was
    }
}

static void a_pull_starts_again_over_what_another_has_begun(void)
{
    setup();
    settle();
    CHECK(!serve(FIRST));
    break_link();
    CHECK(intake.holder == NULL); // it only waits
    CHECK(begun());
    push_a_part();
    CHECK(!begun());
    for (int i = 0; i < 1000 && !open && pull.state == ALOFT_PULL_RUNNING; i++) {
        now_ms = way.ops->deadline(&pull);
        settle();
    }
    CHECK(open);
    CHECK(!serve(len));
    way.ops->closed(&pull, ALOFT_WAY_ID_PULL, now_ms);
    settle();
    CHECK_EQ(pull.state, ALOFT_PULL_DONE);
    CHECK_BYTES(device.ram.bytes + DEVICE_OTA_0, image, len);
}

static void a_pull_goes_on_when_no_other_way_had_the_turn(void)
{
    setup();
    settle();
    CHECK(!serve(FIRST));
    break_link();
    now_ms = way.ops->deadline(&pull);
    settle();
    CHECK(open);
    CHECK(serve(0));
}

// That another sender had the turn does not mean that it wrote to the slot.
static void a_pull_that_was_refused_its_turn_still_goes_on(void)
{
    setup();
    settle();
    CHECK(!serve(FIRST));
    break_link();
    CHECK(aloft_intake_take(&intake, &other));
    for (int i = 0; i < 8; i++) {
        now_ms = way.ops->deadline(&pull);
        settle();
        CHECK(!open);
        CHECK_EQ(pull.state, ALOFT_PULL_RUNNING);
    }
    aloft_intake_release(&intake, &other);
    for (int i = 0; i < 3 && !open; i++) {
        now_ms = way.ops->deadline(&pull);
        settle();
    }
    CHECK(open);
    CHECK(serve(0));
}

DEVICE_MAIN(TEST(a_pull_has_the_turn_from_an_accepted_head_on),
            TEST(the_owner_ends_a_pull_at_any_moment),
            TEST(a_pull_starts_again_over_what_another_has_begun),
            TEST(a_pull_goes_on_when_no_other_way_had_the_turn),
            TEST(a_pull_that_was_refused_its_turn_still_goes_on))
