// Whole pulls on a device in RAM, against a scripted server: what the port is asked, which events
// come in which order, which fault ends it when, and what flash holds afterwards.
#include "pull_world.h"

static void pull_goes_from_url_to_otadata_in_order(void)
{
    uint32_t len;
    char want[TRACE_MAX];
    setup();
    const uint8_t *image = serve_image("2", 3000, &len);
    CHECK_EQ(pull("http://example.com:8070/a/f.bin?v=1#x"), ALOFT_OK);
    check_slot_boots(0, image, len);
    CHECK_EQ(device_rest(&device, DEVICE_OTA_0, DEVICE_SLOT_LEN), world.rest);
    snprintf(want, sizeof want,
             "connecting example.com 8070; open example.com 8070; connected 0; "
             "requested /a/f.bin?v=1 0; response 200; begun 0; image 2 7; received %lu; "
             "close 0; verified %lu; selected 0; ",
             (unsigned long)len, (unsigned long)len);
    CHECK_TEXT(world.trace, want);
    CHECK_TEXT(world.request, "GET /a/f.bin?v=1 HTTP/1.1\r\nHost: example.com:8070\r\n"
                              "User-Agent: Aloft/1.0\r\nAccept-Encoding: identity\r\n"
                              "Connection: close\r\n\r\n");
    CHECK_EQ(world.progress, len);
    CHECK_EQ(step_at(world.now_ms), DONE);
}

static void pull_does_not_depend_on_the_size_of_pieces(void)
{
    static const uint32_t pieces[] = {1, 2, 7, 255, 256, 257, 319, 320, 321, 1023, 1024, 5000};
    static char first[TRACE_MAX];
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        uint32_t len;
        setup();
        const uint8_t *image = serve_image("2", 5000, &len);
        world.piece = pieces[i];
        check_note("pieces of %ld", (long)pieces[i], 0);
        CHECK_EQ(pull("http://h/f"), ALOFT_OK);
        check_slot_boots(0, image, len);
        CHECK_EQ(world.progress, len);
        CHECK_EQ(world.progress_count, len / ALOFT_WAY_PIECE + 1);
        if (i == 0) {
            memcpy(first, world.trace, sizeof first);
        }
        CHECK_TEXT(world.trace, first);
    }
}

// The body in chunks of 700 bytes.
static uint32_t chunked(uint8_t *out, const uint8_t *image, uint32_t len)
{
    uint32_t at = 0;
    for (uint32_t off = 0; off < len; off += 700) {
        uint32_t n = len - off < 700 ? len - off : 700;
        at += (uint32_t)snprintf((char *)out + at, 16, "%lx;x=y\r\n", (unsigned long)n);
        memcpy(out + at, image + off, n);
        memcpy(out + at + n, "\r\n", 2);
        at += n + 2;
    }
    memcpy(out + at, "0\r\n\r\n", 5);
    return at + 5;
}

static void pull_takes_chunked_and_close_delimited_bodies_and_http_1_0(void)
{
    static uint8_t body[DEVICE_IMAGE_MAX];
    uint32_t len;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    serve(0, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", body,
          chunked(body, image, len), CLOSES);
    CHECK_EQ(pull("http://h/f"), ALOFT_OK);
    check_slot_boots(0, image, len);

    setup();
    in.trial = false;
    init();
    serve(0, "HTTP/1.0 200 OK\r\nServer: x\r\n\r\n", image, len, CLOSES);
    CHECK_EQ(pull("http://h/f"), ALOFT_OK);
    check_slot_boots(0, image, len);
}

static void pull_names_every_answer_without_an_image(void)
{
    static const struct {
        const char *head;
        enum aloft_err err;
    } cases[] = {
        {"HTTP/1.1 404 Not Found\r\nContent-Encoding: gzip\r\n\r\nx", ALOFT_ERR_HTTP_NOT_FOUND},
        {"HTTP/1.1 403 Forbidden\r\nContent-Length: 999999999\r\n\r\n", ALOFT_ERR_HTTP_FORBIDDEN},
        {"HTTP/1.1 401 Unauthorized\r\n\r\n", ALOFT_ERR_HTTP_UNAUTHORIZED},
        {"HTTP/1.1 410 Gone\r\n\r\n", ALOFT_ERR_HTTP_CLIENT_ERROR},
        {"HTTP/1.1 500 Oops\r\n\r\n", ALOFT_ERR_HTTP_SERVER_ERROR},
        {"HTTP/1.1 304 Not Modified\r\n\r\n", ALOFT_ERR_HTTP_NOT_MODIFIED},
        {"HTTP/1.1 206 Partial\r\nContent-Length: 5\r\n\r\nhello", ALOFT_ERR_HTTP_STATUS},
        {"HTTP/1.1 204 No Content\r\n\r\n", ALOFT_ERR_HTTP_STATUS},
        {"HTTP/1.1 101 Switching\r\n\r\n", ALOFT_ERR_HTTP_STATUS},
        {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", ALOFT_ERR_HTTP_ENCODING},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
         ALOFT_ERR_HTTP_FRAMING},
        {"HTTP/1.1 200 OK\r\nContent-Length: 98305\r\n\r\n", ALOFT_ERR_HTTP_BODY_LIMIT},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ALOFT_ERR_IMAGE_EMPTY},
        {"HTTP/1.1 200 OK\r\n\r\n", ALOFT_ERR_IMAGE_EMPTY},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>log in</html>",
         ALOFT_ERR_IMAGE_MAGIC},
        {"<html>", ALOFT_ERR_HTTP_SYNTAX},
        {"", ALOFT_ERR_NET_RESET},
        {"HTTP/1.1 200 OK\r\n", ALOFT_ERR_NET_RESET},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint32_t piece = 1; piece <= 1024; piece += 1023) {
            setup();
            world.piece = piece;
            serve(0, cases[i].head, NULL, 0, CLOSES);
            check_note("case %ld in pieces of %ld", (long)i, (long)piece);
            check_fails_before_any_erase(cases[i].err);
        }
    }
}

static void pull_refuses_a_wrong_file_before_any_erase(void)
{
    static uint8_t image[DEVICE_IMAGE_MAX];
    uint32_t len;
    setup();
    memcpy(image, serve_image("2", 3000, &len), DEVICE_IMAGE_MAX);
    image[MAKE_IMAGE_CHIP] = 5;
    serve(0, with_length(len), image, len, CLOSES);
    check_fails_before_any_erase(ALOFT_ERR_IMAGE_CHIP);
}

static void pull_refuses_the_version_that_runs_before_any_erase(void)
{
    struct aloft_image_facts facts = {.has_desc = true, .version = "2", .project = "test"};
    uint32_t len;
    setup();
    config.current = &facts;
    init();
    serve_image("2", 3000, &len);
    check_fails_before_any_erase(ALOFT_ERR_SAME_VERSION);
    CHECK(strstr(world.trace, "image 2 7; failed 52; ") != NULL);
    world.connection = 0;
    serve_image("2.1", 3000, &len);
    CHECK_EQ(pull("http://h/f"), ALOFT_OK);
}

static void pull_bodies_that_are_short_long_cut_or_corrupt_change_nothing_that_boots(void)
{
    static uint8_t image[DEVICE_IMAGE_MAX];
    static const struct {
        int32_t said, sent; // difference to the image's length
        bool length;
        unsigned end;
        uint32_t spoil; // offset of a flipped bit; 0: none
        enum aloft_err err;
    } cases[] = {
        {0, -1, true, CLOSES, 0, ALOFT_ERR_HTTP_SHORT},
        {0, -1000, true, CLOSES, 0, ALOFT_ERR_HTTP_SHORT},
        {0, -1000, true, BREAKS, 0, ALOFT_ERR_NET_RESET},
        {0, -1000, true, SILENT, 0, ALOFT_ERR_NET_IDLE_TIMEOUT},
        {0, 1, true, CLOSES, 0, ALOFT_ERR_HTTP_LONG},
        {0, 1, true, SILENT, 0, ALOFT_ERR_HTTP_LONG},
        {0, 1000, true, CLOSES, 0, ALOFT_ERR_HTTP_LONG},
        {-1, -1, true, CLOSES, 0, ALOFT_ERR_IMAGE_TRUNCATED},
        {0, -1000, false, CLOSES, 0, ALOFT_ERR_IMAGE_TRUNCATED},
        {0, -1000, false, BREAKS, 0, ALOFT_ERR_NET_RESET},
        {0, 0, false, SILENT, 0, ALOFT_ERR_NET_IDLE_TIMEOUT},
        {1, 1, true, CLOSES, 0, ALOFT_ERR_IMAGE_TRAILING},
        {0, 1, false, CLOSES, 0, ALOFT_ERR_IMAGE_TRAILING},
        {0, 0, true, CLOSES, 2000, ALOFT_ERR_IMAGE_CHECKSUM},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t len;
        setup();
        memset(image, 0x11, sizeof image);
        const uint8_t *good = device_image("2", 3000, &len);
        memcpy(image, good, len);
        image[cases[i].spoil] ^= cases[i].spoil != 0 ? 1 : 0;
        const char *head = cases[i].length ? with_length(len + (uint32_t)cases[i].said)
                                           : "HTTP/1.1 200 OK\r\n\r\n";
        serve(0, head, image, len + (uint32_t)cases[i].sent, cases[i].end);
        check_note("case %ld", (long)i, 0);
        check_fails(cases[i].err);
    }
}

static void pull_flips_of_a_hash_bit_are_found_in_flash(void)
{
    static uint8_t image[DEVICE_IMAGE_MAX];
    uint32_t len;
    setup();
    memcpy(image, serve_image("2", 3000, &len), DEVICE_IMAGE_MAX);
    image[len - 1] ^= 0x80;
    serve(0, with_length(len), image, len, CLOSES);
    check_fails(ALOFT_ERR_IMAGE_HASH);
}

static void pull_timeouts_are_exact_across_a_wrap_of_the_clock(void)
{
    static const uint32_t starts[] = {0, 0xFFFFFFFF, 0xFFFFFFFF - 9999, 0x7FFFFFFF, 0xFFFFEC78};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        check_note("start %ld", (long)starts[i], 0);
        setup(); // no server answers
        world.now_ms = starts[i];
        check_fails_before_any_erase(ALOFT_ERR_NET_CONNECT_TIMEOUT);
        CHECK_EQ(world.now_ms - starts[i], 10000);

        setup(); // connected, and then nothing
        world.now_ms = starts[i];
        serve(0, "", NULL, 0, SILENT);
        check_fails_before_any_erase(ALOFT_ERR_NET_IDLE_TIMEOUT);
        CHECK_EQ(world.now_ms - starts[i], 10000);

        setup(); // each byte just in time, until it is too late as a whole
        world.now_ms = starts[i];
        config.rate_window_s = 1000;
        init();
        world.piece = 1;
        world.piece_ms = 9999;
        serve(0, "HTTP/1.1 200 OK\r\nX-Long: 0123456789012345678901234567890123456789\r\n\r\n",
              NULL, 0, SILENT);
        check_fails_before_any_erase(ALOFT_ERR_NET_TOTAL_TIMEOUT);
        CHECK(world.now_ms - starts[i] >= 600000 && world.now_ms - starts[i] < 610000);
    }
}

static void pull_timeouts_are_those_of_the_config(void)
{
    setup();
    config.connect_timeout_ms = 20;
    config.idle_timeout_ms = 300;
    config.total_timeout_ms = 250;
    init();
    check_fails_before_any_erase(ALOFT_ERR_NET_CONNECT_TIMEOUT);
    CHECK_EQ(world.now_ms, 20);
    world.connection = 0;
    serve(0, "", NULL, 0, SILENT);
    check_fails_before_any_erase(ALOFT_ERR_NET_TOTAL_TIMEOUT);
    CHECK_EQ(world.now_ms, 20 + 250);
}

static void pull_time_spent_on_flash_is_not_the_peers_silence(void)
{
    uint32_t len;
    setup();
    config.idle_timeout_ms = 100;
    init();
    world.step_ms = 150; // a block erase
    const uint8_t *image = serve_image("2", 5000, &len);
    CHECK_EQ(pull("http://h/f"), ALOFT_OK);
    check_slot_boots(0, image, len);
}

static void pull_total_timeout_holds_while_flash_is_busy(void)
{
    uint32_t len;
    setup();
    config.total_timeout_ms = 1000;
    init();
    world.step_ms = 150;
    serve_image("2", 20000, &len);
    check_fails(ALOFT_ERR_NET_TOTAL_TIMEOUT);
    CHECK(world.now_ms < 1000 + 2 * 150);
}

static void pull_waits_a_second_for_a_server_that_does_not_close(void)
{
    uint32_t len;
    setup();
    const uint8_t *image = serve_image("2", 3000, &len);
    world.scripts[0].end = SILENT;
    CHECK_EQ(pull("http://h/f"), ALOFT_OK);
    CHECK_EQ(world.now_ms, 1000);
    check_slot_boots(0, image, len);
    setup(); // it is complete: a link that breaks now does not matter
    serve_image("2", 3000, &len);
    world.scripts[0].end = BREAKS;
    CHECK_EQ(pull("http://h/f"), ALOFT_OK);
    check_slot_boots(0, image, len);
    setup(); // nor does the total time
    config.total_timeout_ms = 500;
    init();
    serve_image("2", 3000, &len);
    world.scripts[0].end = SILENT;
    CHECK_EQ(pull("http://h/f"), ALOFT_OK);
    CHECK_EQ(world.now_ms, 500);
}

static void pull_on_trial_is_refused_unless_the_app_confirms_at_the_answer(void)
{
    for (int confirm = 0; confirm < 2; confirm++) {
        uint32_t len;
        setup();
        device_put_app(&device, 1, "1");
        device_put_record(&device, 0, 2, ALOFT_OTA_PENDING, true); // ota_1 runs
        in.running = 1;
        init();
        const uint8_t *image = serve_image("2", 3000, &len);
        world.confirm = confirm != 0;
        if (!world.confirm) {
            check_fails_before_any_erase(ALOFT_ERR_ON_TRIAL);
            continue;
        }
        CHECK_EQ(pull("http://h/f"), ALOFT_OK);
        check_slot_boots(0, image, len);
    }
}

static void pull_updates_in_a_row_alternate_and_leave_the_rest_alone(void)
{
    setup();
    for (uint32_t i = 0; i < 6; i++) {
        char version[] = "v_";
        uint32_t len;
        int target = (int)(i % 2);
        struct aloft_extent extent = aloft_slots_extent(&device.slots, target);
        version[1] = (char)('0' + i);
        const uint8_t *image = serve_image(version, 3000 + 4 * i, &len);
        world.connection = 0;
        world.verified = false;
        world.progress = 0;
        uint32_t rest = device_rest(&device, extent.addr, extent.len);
        check_note("update %ld", (long)i, 0);
        CHECK_EQ(pull("http://h/f"), ALOFT_OK);
        check_slot_boots(target, image, len);
        CHECK_EQ(device_rest(&device, extent.addr, extent.len), rest);
        in.running = target; // it boots and confirms itself
        confirm_now();
        world.trace_len = 0;
        init();
    }
}

static void pull_follows_redirects_relative_and_across_hosts(void)
{
    uint32_t len;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    serve(0, "HTTP/1.1 302 Found\r\nLocation: ../b?x\r\nContent-Length: 5\r\n\r\nmoved", NULL, 0,
          CLOSES);
    serve(1, "HTTP/1.0 301 Moved\r\nLocation: //cdn.example:81/c\r\n\r\n", NULL, 0, CLOSES);
    serve(2, "HTTP/1.1 307 T\r\nLocation: https://[::1]/d#frag\r\n\r\n", NULL, 0, SILENT);
    serve(3, with_length(len), image, len, CLOSES);
    CHECK_EQ(pull("http://h/a/f"), ALOFT_OK);
    check_slot_boots(0, image, len);
    CHECK(strstr(world.trace,
                 "connecting h 80; open h 80; connected 0; requested /a/f 0; response 302; "
                 "redirected http://h/b?x 0; connecting h 80; close 0; open h 80; connected 0; "
                 "requested /b?x 0; response 301; redirected http://cdn.example:81/c 0; "
                 "connecting cdn.example 81; close 0; open cdn.example 81; connected 0; "
                 "requested /c 0; response 307; redirected https://[::1]/d#frag 0; "
                 "connecting ::1 443; close 0; open-tls ::1 443; connected 0; requested /d 0; "
                 "response 200; begun 0; ") == world.trace);
}

static char hops[CONNECTIONS][64];

// Connection i answers with a redirect to /i+1.
static void serve_hops(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        snprintf(hops[i], sizeof hops[i], "HTTP/1.1 302 F\r\nLocation: /%lu\r\n\r\n",
                 (unsigned long)i + 1);
        serve(i, hops[i], NULL, 0, CLOSES);
    }
}

static void pull_follows_ten_redirects_and_not_eleven(void)
{
    uint32_t len;
    setup();
    const uint8_t *image = device_image("2", 3000, &len);
    serve_hops(10);
    serve(10, with_length(len), image, len, CLOSES);
    CHECK_EQ(pull("http://h/0"), ALOFT_OK);
    CHECK_EQ(world.connection, 11);
    setup();
    serve_hops(11);
    check_fails_before_any_erase(ALOFT_ERR_HTTP_REDIRECT_LIMIT);
    CHECK_EQ(world.connection, 11);
}

static void pull_refuses_redirects_that_lead_nowhere(void)
{
    static char head[HEAD_MAX];
    static const struct {
        const char *url, *location;
        enum aloft_err err;
    } cases[] = {
        {"http://h/a", "Location: /a\r\n", ALOFT_ERR_HTTP_REDIRECT_LOOP},
        {"http://h/a", "Location: #x\r\n", ALOFT_ERR_HTTP_REDIRECT_LOOP},
        {"http://h/a#y", "Location: http://h/a#x\r\n", ALOFT_ERR_HTTP_REDIRECT_LOOP},
        {"http://h/a", "", ALOFT_ERR_HTTP_REDIRECT_TARGET},
        {"http://h/a", "Location:\r\n", ALOFT_ERR_HTTP_REDIRECT_TARGET},
        {"http://h/a", "Location: ftp://h/a\r\n", ALOFT_ERR_URL_SCHEME},
        {"http://h/a", "Location: http://u:p@h/\r\n", ALOFT_ERR_URL_SYNTAX},
        {"http://h/a", "Location: http://g:x/\r\n", ALOFT_ERR_URL_SYNTAX},
        {"https://h/a", "Location: http://h/a\r\n", ALOFT_ERR_HTTP_REDIRECT_INSECURE},
        {"https://h/a", "Location: HTTP://g/\r\n", ALOFT_ERR_HTTP_REDIRECT_INSECURE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        setup();
        snprintf(head, sizeof head, "HTTP/1.1 302 F\r\n%s\r\n", cases[i].location);
        serve(0, head, NULL, 0, CLOSES);
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(pull(cases[i].url), cases[i].err);
        CHECK_EQ(world.connection, 1); // and no other server was asked
        CHECK_EQ(device.ram.erases, 0);
    }
}

static void pull_sees_a_circle_of_redirects_over_two_hosts(void)
{
    setup();
    serve(0, "HTTP/1.1 302 F\r\nLocation: http://g/b\r\n\r\n", NULL, 0, CLOSES);
    serve(1, "HTTP/1.1 302 F\r\nLocation: http://h/f.bin\r\n\r\n", NULL, 0, CLOSES);
    check_fails_before_any_erase(ALOFT_ERR_HTTP_REDIRECT_LOOP);
    CHECK_EQ(world.connection, 2);
}

static void pull_redirect_may_be_as_long_as_the_buffer_and_no_longer(void)
{
    static char head[HEAD_MAX];
    for (uint32_t extra = 0; extra < 2; extra++) {
        uint32_t len;
        static const char prefix[] = "HTTP/1.1 302 F\r\nLocation: ";
        uint32_t at = sizeof prefix - 1;
        setup();
        const uint8_t *image = device_image("2", 3000, &len);
        memcpy(head, prefix, at);
        memset(head + at, 'u', URL_MAX + extra);
        memcpy(head + at, "http://g/", 9);
        memcpy(head + at + URL_MAX + extra, "\r\n\r\n", 5);
        serve(0, head, NULL, 0, CLOSES);
        serve(1, with_length(len), image, len, CLOSES);
        CHECK_EQ(pull("http://h/"), extra == 0 ? ALOFT_OK : ALOFT_ERR_URL_TOO_LONG);
        CHECK_EQ(world.connection, extra == 0 ? 2 : 1);
    }
}

// The server's FIN and last bytes often come together with the redirect, before the port has had a
// chance to carry out the close that the pull wants. They must not be taken for the new
// connection's.
static void pull_ignores_the_old_connection_once_it_asked_for_its_end(void)
{
    static const char redirect[] = "HTTP/1.1 302 F\r\nLocation: /b\r\n\r\nsome body";
    struct aloft_request request;
    setup();
    start("http://h/a");
    CHECK(way.ops->request(&puller, &request));
    way.ops->opened(&puller, 0, NULL, 0);
    take_request();
    uint32_t n = way.ops->feed(&puller, 0, NULL, (const uint8_t *)redirect, sizeof redirect - 1, 0);
    CHECK_EQ(n, sizeof redirect - 1 - 9);
    CHECK_EQ(way.ops->feed(&puller, 0, NULL, (const uint8_t *)redirect + n, 9, 0), 9);
    way.ops->opened(&puller, 0, NULL, 0);
    way.ops->closed(&puller, 0, 0);
    way.ops->failed(&puller, 0, ALOFT_ERR_NET_RESET, 0);
    CHECK_EQ(step_at(0), WAIT);
    CHECK(way.ops->request(&puller, &request));
    CHECK_EQ(request.kind, ALOFT_REQUEST_CLOSE);
    CHECK(way.ops->request(&puller, &request));
    CHECK_EQ(request.kind, ALOFT_REQUEST_OPEN);
    CHECK(!way.ops->request(&puller, &request));
    way.ops->closed(&puller, 0, 0); // of the new one, this time
    CHECK_EQ(puller.err, ALOFT_ERR_NET_RESET);
}

static void pull_hears_nothing_over_ids_that_it_did_not_open(void)
{
    uint8_t bytes[8];
    struct aloft_request request;
    setup();
    start("http://h/a");
    way.ops->opened(&puller, 0, NULL, 0); // not even asked for yet
    CHECK_TEXT(world.trace, "connecting h 80; ");
    CHECK(way.ops->request(&puller, &request));
    for (uint8_t id = 1; id < ALOFT_WAY_IDS; id++) {
        way.ops->opened(&puller, id, NULL, 0);
        way.ops->failed(&puller, id, ALOFT_ERR_NET_DNS, 0);
        way.ops->closed(&puller, id, 0);
        CHECK_EQ(way.ops->send(&puller, id, NULL, bytes, sizeof bytes), 0);
        CHECK_EQ(way.ops->feed(&puller, id, NULL, (const uint8_t *)"<html>", 6, 0), 6);
    }
    CHECK_EQ(step_at(0), WAIT);
    CHECK_TEXT(world.trace, "connecting h 80; ");
    CHECK_EQ(way.ops->send(&puller, 0, NULL, bytes, sizeof bytes), 0); // not open yet
    way.ops->opened(&puller, 0, NULL, 0);
    CHECK_EQ(way.ops->send(&puller, 0, NULL, bytes, sizeof bytes), 8);
}

static void pull_after_a_failed_one_works(void)
{
    uint32_t len;
    setup();
    world.refuse = true;
    check_fails_before_any_erase(ALOFT_ERR_NET_REFUSED);
    CHECK_EQ(step_at(0), FAILED);
    CHECK_EQ(way.ops->feed(&puller, 0, NULL, (const uint8_t *)"x", 1, 0), 1); // thrown away
    world.refuse = false;
    world.connection = 0;
    serve_image("2", 3000, &len);
    world.scripts[0].body_len = 2000; // fails in the middle of writing
    check_fails(ALOFT_ERR_HTTP_SHORT);
    world.connection = 0;
    world.progress = 0;
    const uint8_t *image = serve_image("2", 3000, &len);
    CHECK_EQ(pull("http://h/f"), ALOFT_OK);
    check_slot_boots(0, image, len);
}

static void pull_replaces_the_one_that_runs(void)
{
    uint32_t len;
    setup();
    const uint8_t *image = serve_image("2", 3000, &len);
    start("http://h/f");
    for (int i = 0; i < 12; i++) {
        if (step() == WAIT) {
            carry_out_requests();
            serve_some();
        }
    }
    CHECK(strstr(world.trace, "begun 0") != NULL);
    CHECK(world.open);
    world.progress = 0;
    serve(1, with_length(len), image, len, CLOSES);
    CHECK_EQ(pull("http://g/f"), ALOFT_OK);
    CHECK(strstr(world.trace, "connecting g 80; close 0; open g 80; ") != NULL);
    check_slot_boots(0, image, len);
}

static void check_pull_refused(const char *url, enum aloft_err want)
{
    struct aloft_request request;
    CHECK_EQ(aloft_pull_start(&puller, url, 0), want);
    CHECK_EQ(puller.err, want);
    CHECK_EQ(step_at(0), FAILED);
    CHECK(!way.ops->request(&puller, &request));
    CHECK_EQ(strncmp(world.trace, "failed", 6), 0);
    world.trace_len = 0;
}

static void pull_refuses_what_cannot_work_before_it_connects(void)
{
    static char url[URL_MAX + 2];
    setup();
    check_pull_refused("example.com/f.bin", ALOFT_ERR_URL_SCHEME);
    check_pull_refused("http:///f.bin", ALOFT_ERR_URL_SYNTAX);
    memset(url, 'u', sizeof url - 1);
    memcpy(url, "http://h/", 9);
    check_pull_refused(url, ALOFT_ERR_URL_TOO_LONG);
    url[URL_MAX] = 0;
    CHECK_EQ(aloft_pull_start(&puller, url, 0), ALOFT_OK);
    setup_with(0);
    check_pull_refused("http://h/f", ALOFT_ERR_NO_OTA_SLOT);
    setup_with(1);
    in.running = 0;
    init();
    check_pull_refused("http://h/f", ALOFT_ERR_NO_OTA_SLOT);
    setup();
    device_init(&device, 2, true, false);
    check_pull_refused("http://h/f", ALOFT_ERR_NO_OTADATA);
    setup();
    device.ram.bytes[ALOFT_PTABLE_ADDR_DEFAULT] = 0;
    check_pull_refused("http://h/f", ALOFT_ERR_PTABLE_MAGIC);
}

static void pull_before_its_first_pull_waits(void)
{
    struct aloft_request request;
    setup();
    CHECK_EQ(step_at(12345), WAIT);
    CHECK(!way.ops->request(&puller, &request));
    CHECK_EQ(way.ops->feed(&puller, 0, NULL, (const uint8_t *)"x", 1, 0), 1);
}

// Every flash operation of a pull fails in turn: the fault has the operation's name, and what boots
// is what booted. Only the last one, reading the record back, comes after the durable point; and
// the one that looks for an earlier download's notes, which are only an offer, may fail unnoticed.
static void pull_failure_of_any_flash_operation_leaves_the_old_choice(void)
{
    uint32_t len;
    setup();
    serve_image("2", 600, &len);
    device.ram.ops = 0;
    CHECK_EQ(pull("http://h/f"), ALOFT_OK);
    uint32_t ops = device.ram.ops;
    uint32_t unnoticed = 0;
    for (uint32_t op = 1; op < ops; op++) {
        struct aloft_otadata records[2];
        setup();
        serve_image("2", 600, &len);
        check_note("operation %ld of %ld fails", (long)op, (long)ops);
        world.rest = 0;
        memcpy(world.otadata, device.ram.bytes + DEVICE_OTADATA, sizeof world.otadata);
        device.ram.ops = 0;
        device.ram.fail_op = op;
        enum aloft_err err = aloft_pull_start(&puller, "http://h/f", 0);
        err = err == ALOFT_OK ? run() : err;
        if (err == ALOFT_OK && unnoticed++ < 2) {
            continue;
        }
        CHECK(err == ALOFT_ERR_FLASH_READ || err == ALOFT_ERR_FLASH_PROG ||
              err == ALOFT_ERR_FLASH_ERASE);
        device.ram.fail_op = 0;
        CHECK_EQ(aloft_bootsel_read(&device.slots, records), ALOFT_OK);
        CHECK_EQ(aloft_bootsel_boot_slot(&device.slots, records), ALOFT_SLOT_FACTORY);
    }
}

DEVICE_MAIN(TEST(pull_goes_from_url_to_otadata_in_order),
            TEST(pull_does_not_depend_on_the_size_of_pieces),
            TEST(pull_takes_chunked_and_close_delimited_bodies_and_http_1_0),
            TEST(pull_names_every_answer_without_an_image),
            TEST(pull_refuses_a_wrong_file_before_any_erase),
            TEST(pull_refuses_the_version_that_runs_before_any_erase),
            TEST(pull_bodies_that_are_short_long_cut_or_corrupt_change_nothing_that_boots),
            TEST(pull_flips_of_a_hash_bit_are_found_in_flash),
            TEST(pull_timeouts_are_exact_across_a_wrap_of_the_clock),
            TEST(pull_timeouts_are_those_of_the_config),
            TEST(pull_time_spent_on_flash_is_not_the_peers_silence),
            TEST(pull_total_timeout_holds_while_flash_is_busy),
            TEST(pull_waits_a_second_for_a_server_that_does_not_close),
            TEST(pull_on_trial_is_refused_unless_the_app_confirms_at_the_answer),
            TEST(pull_updates_in_a_row_alternate_and_leave_the_rest_alone),
            TEST(pull_follows_redirects_relative_and_across_hosts),
            TEST(pull_follows_ten_redirects_and_not_eleven),
            TEST(pull_refuses_redirects_that_lead_nowhere),
            TEST(pull_sees_a_circle_of_redirects_over_two_hosts),
            TEST(pull_redirect_may_be_as_long_as_the_buffer_and_no_longer),
            TEST(pull_ignores_the_old_connection_once_it_asked_for_its_end),
            TEST(pull_hears_nothing_over_ids_that_it_did_not_open),
            TEST(pull_after_a_failed_one_works), TEST(pull_replaces_the_one_that_runs),
            TEST(pull_refuses_what_cannot_work_before_it_connects),
            TEST(pull_before_its_first_pull_waits),
            TEST(pull_failure_of_any_flash_operation_leaves_the_old_choice))
