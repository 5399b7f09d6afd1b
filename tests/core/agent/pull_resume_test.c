// Broken links and resets through the pull: what is asked for again, and what is not.
#include "pull_world.h"
#include "test_stages.h"

enum { EXTRA = 0x5000 };

static const uint8_t *image;
static uint32_t len;
static char heads[8][HEAD_MAX];

static void fresh(void)
{
    setup();
    config.retries = 5;
    config.backoff_ms = 100;
    init();
    image = device_image("2", EXTRA, &len);
}

// The whole file, of which `sent` bytes come before the connection ends in this way.
static void serve_whole(uint32_t connection, const char *tag, uint32_t sent, unsigned end)
{
    snprintf(heads[connection], HEAD_MAX, "HTTP/1.1 200 OK\r\nContent-Length: %lu\r\n%s%s\r\n\r\n",
             (unsigned long)len, tag[0] != 0 ? "ETag: " : "X: y", tag);
    serve(connection, heads[connection], image, sent, end);
}

static void serve_part(uint32_t connection, uint32_t from, uint32_t sent, unsigned end)
{
    snprintf(heads[connection], HEAD_MAX,
             "HTTP/1.1 206 Partial Content\r\nContent-Length: %lu\r\n"
             "Content-Range: bytes %lu-%lu/%lu\r\n\r\n",
             (unsigned long)(len - from), (unsigned long)from, (unsigned long)len - 1,
             (unsigned long)len);
    serve(connection, heads[connection], image + from, sent, end);
}

static void serve_status(uint32_t connection, const char *head)
{
    serve(connection, head, NULL, 0, CLOSES);
}

// The offset that the last request asked for; 0: for the whole file.
static uint32_t asked_from(void)
{
    unsigned long from = 0;
    world.request[world.request_len] = 0;
    const char *range = strstr(world.request, "\r\nRange: bytes=");
    if (range != NULL) {
        CHECK_EQ(sscanf(range, "\r\nRange: bytes=%lu-\r\n", &from), 1);
        CHECK(strstr(world.request, "\r\nIf-Range: \"a\"\r\n") != NULL);
    }
    return (uint32_t)from;
}

static bool said(const char *word)
{
    return strstr(world.trace, word) != NULL;
}

// Where the notes say that the download goes on. A test has to know it to serve the right part.
static uint32_t noted(void)
{
    struct aloft_artifact artifact;
    uint32_t off = 0;
    return aloft_engine_begun(&device.slots, in.running, in.stage, &artifact, &off) ? off : 0;
}

// Runs until the pull waits for its next try, or ends.
static void run_to_the_break(void)
{
    for (int i = 0; i < STEPS_MAX && !said("retrying") && !said("failed"); i++) {
        enum state state = step();
        carry_out_requests();
        if (state == WAIT) {
            serve_some();
        }
    }
    (void)step();
    carry_out_requests();
}

static void a_broken_transfer_goes_on_where_it_stopped(void)
{
    for (uint32_t sent = 400; sent < len || sent == 400; sent += 777) {
        fresh();
        check_note("broken after %ld bytes", (long)sent, 0);
        serve_whole(0, "\"a\"", sent, BREAKS);
        start("http://h/f.bin");
        run_to_the_break();
        uint32_t from = noted();
        CHECK(sent - from <= 4096);
        if (from != 0) {
            serve_part(1, from, len - from, CLOSES);
        } else {
            serve_whole(1, "\"a\"", len, CLOSES);
        }
        CHECK_EQ(run(), ALOFT_OK);
        CHECK_EQ(asked_from(), from);
        CHECK_EQ(said("resumed"), from != 0);
        check_slot_boots(0, image, len);
        CHECK_EQ(world.connection, 2);
    }
}

static void after_a_reset_the_download_goes_on(void)
{
    fresh();
    serve_whole(0, "\"a\"", 9000, SILENT);
    start("http://h/f.bin");
    for (int i = 0; i < 4000 && world.off < 9000; i++) {
        enum state state = step();
        carry_out_requests();
        if (state == WAIT) {
            serve_some();
        }
    }
    uint32_t from = noted();
    CHECK(from >= 3584);
    world.open = false; // power is gone, and RAM with it
    world.progress = 0;
    memset(&puller, 0x5A, sizeof puller);
    memset(&intake, 0x5A, sizeof intake);
    init();
    serve_part(1, from, len - from, CLOSES);
    CHECK_EQ(pull("http://h/f.bin"), ALOFT_OK);
    CHECK_EQ(asked_from(), from);
    check_slot_boots(0, image, len);
}

static void begin_and_break(void)
{
    fresh();
    serve_whole(0, "\"a\"", 9000, BREAKS);
    start("http://h/f.bin");
    run_to_the_break();
    CHECK(noted() != 0);
}

static void another_url_does_not_go_on_with_it(void)
{
    begin_and_break();
    init();
    world.opening = false;
    world.connection = 0;
    serve_whole(0, "\"a\"", len, CLOSES);
    CHECK_EQ(pull("http://h/g.bin"), ALOFT_OK);
    CHECK_EQ(asked_from(), 0);
}

// If-Range: the file has changed, so the server sends all of the new one.
static void a_changed_file_starts_again(void)
{
    begin_and_break();
    image = device_image("3", EXTRA + 400, &len);
    serve_whole(1, "\"b\"", len, CLOSES);
    CHECK_EQ(run(), ALOFT_OK);
    check_slot_boots(0, image, len);
}

static void a_server_without_ranges_starts_again(void)
{
    begin_and_break();
    serve_whole(1, "", len, CLOSES);
    CHECK_EQ(run(), ALOFT_OK);
    check_slot_boots(0, image, len);
}

static void a_wrong_answer_to_a_range_starts_again_without_one(void)
{
    static const char *const wrong[] = {
        "HTTP/1.1 416 No\r\nContent-Range: bytes */9\r\n\r\n",
        "HTTP/1.1 206 P\r\nContent-Range: bytes 0-99/100\r\nContent-Length: 100\r\n\r\n",
        "HTTP/1.1 206 P\r\nContent-Length: 100\r\n\r\n",
        "HTTP/1.1 206 P\r\nContent-Range: bytes 7168-7200/99999999\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check_note("answer %ld", (long)i, 0);
        begin_and_break();
        serve_status(1, wrong[i]);
        serve_whole(2, "\"a\"", len, CLOSES);
        CHECK_EQ(run(), ALOFT_OK);
        CHECK_EQ(asked_from(), 0);
        CHECK_EQ(world.connection, 3);
        check_slot_boots(0, image, len);
    }
}

// A proxy that gives the right range of a wrong file: found when the whole image is judged.
static void mixed_bytes_are_found_and_the_download_starts_again(void)
{
    static uint8_t mixed[DEVICE_IMAGE_MAX];
    begin_and_break();
    uint32_t from = noted();
    memcpy(mixed, image, len);
    mixed[len - 100] ^= 1;
    serve_part(1, from, len - from, CLOSES);
    world.scripts[1].body = mixed + from;
    serve_whole(2, "\"a\"", len, CLOSES);
    CHECK_EQ(run(), ALOFT_OK);
    CHECK_EQ(asked_from(), 0);
    check_slot_boots(0, image, len);
}

static enum aloft_err cause; // of the last try that was given up

static void listen(void *ctx, const struct aloft_event *event)
{
    cause = event->kind == ALOFT_EVENT_RETRYING ? event->err : cause;
    hear(ctx, event);
}

// The rest of the sector in which a download went on was not erased before: where pages had been
// programmed behind the last note, a 206 with bytes of another file ended in a fault of flash
// (FLASH_VERIFY). Now it is reported as a bad image, and the whole file is fetched.
static void the_rest_of_another_file_is_a_bad_image_and_no_fault_of_flash(void)
{
    static uint8_t mixed[DEVICE_IMAGE_MAX];
    uint32_t other_len;
    for (uint32_t kind = 0; kind < 6; kind++) {
        static const uint32_t places[] = {0, 1, 255, 300, 4000};
        check_note("file %ld", (long)kind, 0);
        begin_and_break();
        puller.config.events.fn = listen;
        uint32_t from = noted();
        memcpy(mixed, image, len);
        if (kind < 5) {
            mixed[from + places[kind]] ^= 0xFF;
        } else { // a later build, as long as this one
            memcpy(mixed, device_image("9", EXTRA, &other_len), len);
            image = device_image("2", EXTRA, &len);
            memcpy(mixed + 600, image + 600, from - 600);
        }
        serve_part(1, from, len - from, CLOSES);
        world.scripts[1].body = mixed + from;
        serve_whole(2, "\"a\"", len, CLOSES);
        CHECK_EQ(run(), ALOFT_OK);
        CHECK(kind == 5 || aloft_err_class(cause) == ALOFT_ERR_CLASS_IMAGE);
        CHECK(aloft_err_class(cause) != ALOFT_ERR_CLASS_FLASH);
        check_slot_boots(0, image, len);
    }
}

static void the_part_of_a_file_with_another_tag_is_not_taken(void)
{
    begin_and_break();
    puller.config.events.fn = listen;
    uint32_t from = noted();
    serve_part(1, from, len - from, CLOSES);
    snprintf(heads[1], HEAD_MAX,
             "HTTP/1.1 206 Partial Content\r\nETag: \"b\"\r\nContent-Length: %lu\r\n"
             "Content-Range: bytes %lu-%lu/%lu\r\n\r\n",
             (unsigned long)(len - from), (unsigned long)from, (unsigned long)len - 1,
             (unsigned long)len);
    serve_whole(2, "\"b\"", len, CLOSES);
    CHECK_EQ(run(), ALOFT_OK);
    CHECK_EQ(cause, ALOFT_ERR_HTTP_RANGE);
    CHECK_EQ(world.connection, 3);
    check_slot_boots(0, image, len);
}

// What comes is not the image: it is expanded, or shrunk, and goes on where it broke all the same.
static void a_transfer_through_stages_goes_on_where_it_stopped(void)
{
    static struct test_row row;
    static uint8_t made[DEVICE_IMAGE_MAX];
    static uint8_t artifact[4 * DEVICE_IMAGE_MAX];
    uint32_t resumed = 0;
    for (uint32_t kind = 0; kind < TEST_ROWS; kind++) {
        uint32_t made_len = test_row_image(made, sizeof made, 2);
        uint32_t step = 1501;
        for (uint32_t sent = 400;; sent += step) {
            check_note("row %ld, broken after %ld bytes", (long)kind, (long)sent);
            fresh();
            image = artifact;
            len = test_row_make(kind, made, made_len, artifact);
            if (sent >= len) {
                break;
            }
            in.stage = test_row_init(&row, kind);
            init();
            world.piece = sent % 3 == 0 ? 1024 : 77;
            serve_whole(0, "\"a\"", sent, BREAKS);
            start("http://h/f.bin");
            run_to_the_break();
            uint32_t from = noted();
            if (from != 0) {
                serve_part(1, from, len - from, CLOSES);
            } else {
                serve_whole(1, "\"a\"", len, CLOSES);
            }
            CHECK_EQ(run(), ALOFT_OK);
            CHECK_EQ(asked_from(), from);
            resumed += from != 0;
            check_slot_boots(0, made, made_len);
        }
    }
    CHECK(resumed > 10);
}

static void a_slot_that_was_damaged_meanwhile_starts_again(void)
{
    begin_and_break();
    device.ram.bytes[DEVICE_OTA_0 + 30] = 0; // in the header of segment 0
    uint32_t from = noted();
    serve_part(1, from, len - from, CLOSES);
    serve_whole(2, "\"a\"", len, CLOSES);
    CHECK_EQ(run(), ALOFT_OK);
    check_slot_boots(0, image, len);
}

static void tries_wait_longer_and_longer_and_end(void)
{
    fresh();
    config.retries = 6;
    config.backoff_ms = 1000;
    config.backoff_max_ms = 8000;
    config.seed = 99;
    init();
    world.refuse = true;
    CHECK_EQ(pull("http://h/f.bin"), ALOFT_ERR_NET_REFUSED);
    CHECK_EQ(world.connection, 7);
    // 1 + 2 + 4 + 8 + 8 + 8 s, each shortened by chance by up to half.
    CHECK(world.now_ms > 15500 && world.now_ms < 31000);
}

static void progress_gives_new_tries(void)
{
    fresh();
    config.retries = 1;
    init();
    serve_whole(0, "\"a\"", 6000, BREAKS);
    start("http://h/f.bin");
    for (uint32_t connection = 1; connection < 3; connection++) {
        world.trace_len = 0;
        world.trace[0] = 0;
        world.progress = 0;
        run_to_the_break();
        CHECK(said("retrying"));
        uint32_t from = noted();
        serve_part(connection, from, connection == 2 ? len - from : 8000, BREAKS);
        world.scripts[connection].end = connection == 2 ? CLOSES : BREAKS;
    }
    CHECK_EQ(run(), ALOFT_OK);
    check_slot_boots(0, image, len);
}

static void the_total_time_ends_all_tries(void)
{
    fresh();
    config.retries = 1000;
    config.total_timeout_ms = 60000;
    init();
    world.refuse = true;
    CHECK_EQ(pull("http://h/f.bin"), ALOFT_ERR_NET_TOTAL_TIMEOUT);
    CHECK_EQ(world.now_ms, 60000);
}

static void what_will_not_pass_is_not_tried_again(void)
{
    static const char *const heads_of[] = {"HTTP/1.1 404 No\r\n\r\n", "HTTP/1.1 403 No\r\n\r\n",
                                           "HTTP/1.1 304 Same\r\n\r\n", "nonsense"};
    for (size_t i = 0; i < sizeof heads_of / sizeof heads_of[0]; i++) {
        fresh();
        serve_status(0, heads_of[i]);
        CHECK(pull("http://h/f.bin") != ALOFT_OK);
        CHECK_EQ(world.connection, 1);
        CHECK(!said("retrying"));
    }
}

static void a_failing_server_is_tried_again(void)
{
    fresh();
    serve_status(0, "HTTP/1.1 503 Busy\r\n\r\n");
    serve_whole(1, "\"a\"", len, CLOSES);
    CHECK_EQ(pull("http://h/f.bin"), ALOFT_OK);
    check_slot_boots(0, image, len);
}

DEVICE_MAIN(TEST(a_broken_transfer_goes_on_where_it_stopped),
            TEST(after_a_reset_the_download_goes_on), TEST(another_url_does_not_go_on_with_it),
            TEST(a_changed_file_starts_again), TEST(a_server_without_ranges_starts_again),
            TEST(a_wrong_answer_to_a_range_starts_again_without_one),
            TEST(mixed_bytes_are_found_and_the_download_starts_again),
            TEST(the_rest_of_another_file_is_a_bad_image_and_no_fault_of_flash),
            TEST(the_part_of_a_file_with_another_tag_is_not_taken),
            TEST(a_transfer_through_stages_goes_on_where_it_stopped),
            TEST(a_slot_that_was_damaged_meanwhile_starts_again),
            TEST(tries_wait_longer_and_longer_and_end), TEST(progress_gives_new_tries),
            TEST(the_total_time_ends_all_tries), TEST(what_will_not_pass_is_not_tried_again),
            TEST(a_failing_server_is_tried_again))
