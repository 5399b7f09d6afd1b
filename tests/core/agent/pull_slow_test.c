// Servers that drip. Issue 13.9: one that sent a byte every nine seconds was never silent for ten,
// and occupied the device for half an hour, again and again. Also what messages of faults say:
// which URL, which header, and where.
#include "pull_world.h"

enum { EXTRA = 0x5000, WINDOW_S = 8 };

static const uint8_t *image;
static uint32_t len;

static void fresh(void)
{
    setup();
    image = device_image("2", EXTRA, &len);
    serve(0, with_length(len), image, len, CLOSES);
}

// The rest comes a byte at a time, just often enough not to be silent.
static void drip_after(uint32_t burst)
{
    fresh();
    world.burst = burst;
    world.piece = 1;
    world.piece_ms = 9000;
}

static void a_server_that_drips_is_dropped_within_35_seconds(void)
{
    static const uint32_t starts[] = {0, 0xFFFFFFFF, 0xFFFFFFFF - 29999, 0x7FFFFFFF};
    static const uint32_t bursts[] = {0, 1, 20, 50, 300, 4000, 20000};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        for (size_t b = 0; b < sizeof bursts / sizeof bursts[0]; b++) {
            check_note("start %ld, after %ld bytes", (long)starts[i], (long)bursts[b]);
            drip_after(bursts[b]);
            world.now_ms = starts[i];
            check_fails(ALOFT_ERR_NET_TOO_SLOW);
            CHECK(world.now_ms - starts[i] >= 30000);
            CHECK(world.now_ms - starts[i] <= (bursts[b] == 0 ? 9000 : 0) + 35000);
        }
    }
}

// Headers that never end: none of their bytes counts as progress.
static void headers_are_complete_within_a_window(void)
{
    static char head[HEAD_MAX];
    fresh();
    memset(head, 'x', sizeof head - 1);
    memcpy(head, "HTTP/1.1 200 OK\r\nX: ", 20);
    serve(0, head, NULL, 0, SILENT);
    world.piece = 1;
    world.piece_ms = 50;
    check_fails_before_any_erase(ALOFT_ERR_NET_TOO_SLOW);
    CHECK_EQ(world.now_ms, 30050); // from its first byte on
}

static void the_least_rate_is_as_configured(void)
{
    for (uint32_t rate = 900; rate <= 1100; rate += 20) {
        fresh();
        config.rate_min = 1000;
        config.rate_window_s = WINDOW_S;
        init();
        world.burst = (uint32_t)strlen(with_length(len));
        world.piece = rate / 20;
        world.piece_ms = 50;
        check_note("rate %ld", (long)rate, 0);
        CHECK_EQ(pull("http://h/f"), rate < 1000 ? ALOFT_ERR_NET_TOO_SLOW : ALOFT_OK);
        if (rate < 1000) {
            CHECK(world.now_ms <= WINDOW_S * 1000 + 100);
        }
    }
}

// What matters is the average: bursts with pauses between them are the rule in mobile networks.
static void bursts_count_for_a_whole_window(void)
{
    for (uint32_t ms = 50; ms <= 230; ms += 60) {
        fresh();
        config.rate_window_s = WINDOW_S;
        init();
        world.piece = 256; // what is not taken costs the time once more
        world.piece_ms = ms;
        check_note("a piece each %ld ms", (long)ms, 0);
        CHECK_EQ(pull("http://h/f"), ALOFT_OK);
    }
    drip_after(16000); // the drip behind this burst is too slow
    config.rate_window_s = WINDOW_S;
    config.idle_timeout_ms = 20000;
    init();
    check_fails(ALOFT_ERR_NET_TOO_SLOW);
    CHECK(world.now_ms >= WINDOW_S * 1000 && world.now_ms <= WINDOW_S * 1000 * 9 / 8);
}

static void time_spent_on_flash_is_not_the_peers_slowness(void) // A3
{
    fresh();
    config.rate_window_s = WINDOW_S;
    config.total_timeout_ms = 0x7FFFFFFF;
    init();
    world.step_ms = 2000; // a page, or a sector
    CHECK_EQ(pull("http://h/f"), ALOFT_OK);
    CHECK(world.now_ms > 10 * WINDOW_S * 1000);
    check_slot_boots(0, image, len);
}

// Two megabytes may lie in the buffers of TCP: they must not extend the wait. The last burst here
// is what 40 windows ask for, as 1.2 MB are by default.
static void a_burst_buys_one_window_and_not_more(void)
{
    for (uint32_t burst = 8000; burst <= 20000; burst += 1500) {
        drip_after(burst);
        config.rate_min = burst < 20000 ? 200 : 16; // bytes a second, in a window of 30 s
        init();
        world.step_ms = 20;
        check_note("after %ld bytes", (long)burst, 0);
        start("http://h/f");
        for (world.progress = 0; world.progress + 1024 < burst;) {
            if (step() == WAIT) {
                carry_out_requests();
                serve_some();
            }
        }
        uint32_t sent_ms = world.now_ms;
        CHECK_EQ(run(), ALOFT_ERR_NET_TOO_SLOW);
        CHECK(world.now_ms - sent_ms >= 29000 && world.now_ms - sent_ms <= 31000);
    }
}

static void a_slow_server_is_tried_again_and_what_it_sent_is_kept(void)
{
    static char first[HEAD_MAX];
    static char second[HEAD_MAX];
    fresh();
    snprintf(first, sizeof first, "HTTP/1.1 200 OK\r\nContent-Length: %lu\r\nETag: \"a\"\r\n\r\n",
             (unsigned long)len);
    serve(0, first, image, len, CLOSES);
    config.retries = 3;
    init();
    world.burst = 12000;
    world.piece = 1;
    world.piece_ms = 9000;
    start("http://h/f");
    while (strstr(world.trace, "retrying") == NULL) {
        if (step() == WAIT) {
            carry_out_requests();
            serve_some();
        }
    }
    CHECK(intake.holder == NULL);
    CHECK_EQ(puller.err, ALOFT_ERR_NET_TOO_SLOW);
    struct aloft_artifact artifact;
    uint32_t off = 0;
    CHECK(aloft_intake_begun(&intake, &artifact, &off));
    CHECK(off > 4096);
    snprintf(second, sizeof second,
             "HTTP/1.1 206 P\r\nContent-Length: %lu\r\nContent-Range: bytes %lu-%lu/%lu\r\n\r\n",
             (unsigned long)(len - off), (unsigned long)off, (unsigned long)len - 1,
             (unsigned long)len);
    serve(1, second, image + off, len - off, CLOSES);
    world.burst = UINT32_MAX;
    CHECK_EQ(run(), ALOFT_OK);
    check_slot_boots(0, image, len);
}

// --- what a fault is about

static void a_malformed_url_is_told_with_its_place(void)
{
    setup();
    CHECK_EQ(aloft_pull_start(&puller, "http://h:8o80/fw.bin", 0), ALOFT_ERR_URL_SYNTAX);
    CHECK_TEXT(puller.about, "http://h:8o80/fw.bin");
    CHECK_EQ(puller.about_at, 10);
    CHECK_EQ(puller.redirects, 0);
    CHECK_TEXT(world.trace, "failed http://h:8o80/fw.bin 60; ");
    CHECK_EQ(aloft_pull_start(&puller, "h/fw.bin", 0), ALOFT_ERR_URL_SCHEME);
    CHECK_TEXT(puller.about, "h/fw.bin");
}

static void a_malformed_redirect_is_told_as_the_servers(void)
{
    static const struct {
        const char *location, *about;
        uint32_t at;
        enum aloft_err err;
    } cases[] = {
        {"http://cdn:x/fw", "http://cdn:x/fw", 11, ALOFT_ERR_URL_SYNTAX},
        {"//two words/fw", "http://two%20words/fw", 10, ALOFT_ERR_URL_SYNTAX},
        {"ftp://h/fw", "ftp://h/fw", 0, ALOFT_ERR_URL_SCHEME},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char head[200];
        setup();
        snprintf(head, sizeof head, "HTTP/1.1 302 F\r\nLocation: %s\r\n\r\n", cases[i].location);
        serve(0, head, NULL, 0, CLOSES);
        CHECK_EQ(pull("http://h/a"), cases[i].err);
        CHECK_TEXT(puller.about, cases[i].about);
        CHECK_EQ(puller.about_at, cases[i].at);
        CHECK_EQ(puller.redirects, 1);
    }
}

static void a_redirect_with_blanks_is_followed_as_browsers_do(void)
{
    fresh();
    serve(0, "HTTP/1.1 302 F\r\nLocation: /my fw \xC3\xA4.bin \r\n\r\n", NULL, 0, CLOSES);
    serve(1, with_length(len), image, len, CLOSES);
    CHECK_EQ(pull("http://h/a"), ALOFT_OK);
    CHECK(strstr(world.trace, "redirected http://h/my%20fw%20%C3%A4.bin 0; ") != NULL);
    CHECK(strstr(world.request, "GET /my%20fw%20%C3%A4.bin HTTP/1.1\r\n") == world.request);
}

static void a_coding_is_told_with_its_name(void)
{
    setup();
    serve(0, "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\n", NULL, 0, CLOSES);
    check_fails_before_any_erase(ALOFT_ERR_HTTP_ENCODING);
    CHECK_TEXT(puller.about, "content-encoding: zstd");
    world.connection = 0; // and not of the next one, which has another fault
    serve(0, "HTTP/1.1 404 No\r\n\r\n", NULL, 0, CLOSES);
    check_fails_before_any_erase(ALOFT_ERR_HTTP_NOT_FOUND);
    CHECK(puller.about == NULL);
}

DEVICE_MAIN(TEST(a_server_that_drips_is_dropped_within_35_seconds),
            TEST(headers_are_complete_within_a_window), TEST(the_least_rate_is_as_configured),
            TEST(bursts_count_for_a_whole_window),
            TEST(time_spent_on_flash_is_not_the_peers_slowness),
            TEST(a_burst_buys_one_window_and_not_more),
            TEST(a_slow_server_is_tried_again_and_what_it_sent_is_kept),
            TEST(a_malformed_url_is_told_with_its_place),
            TEST(a_malformed_redirect_is_told_as_the_servers),
            TEST(a_redirect_with_blanks_is_followed_as_browsers_do),
            TEST(a_coding_is_told_with_its_name))
