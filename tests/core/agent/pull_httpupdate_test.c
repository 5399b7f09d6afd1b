// Whole pulls with the filter of Arduino's HTTPUpdate: what x-MD5 does to them, in pieces, over
// redirects, broken links and resets.
#include "aloft/httpupdate.h"
#include "pull_world.h"
#include "soft_crypto.h"

enum { EXTRA = 0x5000, MD5_TEXT = 2 * ALOFT_MD5_LEN + 1 };

static struct aloft_httpupdate update;
static struct aloft_httpupdate_config httpupdate;
static struct aloft_image_facts running;
static const uint8_t *image;
static uint32_t len;
static char heads[4][HEAD_MAX];

static void md5_text(const uint8_t *data, uint32_t n, char text[MD5_TEXT])
{
    struct aloft_hash hash;
    uint8_t md5[ALOFT_MD5_LEN];
    CHECK_EQ(aloft_soft_crypto.hash_init(&hash, ALOFT_HASH_MD5), ALOFT_OK);
    CHECK_EQ(aloft_soft_crypto.hash_feed(&hash, data, n), ALOFT_OK);
    CHECK_EQ(aloft_soft_crypto.hash_finish(&hash, md5), ALOFT_OK);
    for (uint32_t i = 0; i < ALOFT_MD5_LEN; i++) {
        snprintf(text + (size_t)2 * i, 3, "%02x", md5[i]);
    }
}

// A device that has not read its running app; its agent tries up to five times.
static void fresh(void)
{
    setup();
    httpupdate = (struct aloft_httpupdate_config){
        .crypto = &aloft_soft_crypto,
        .url = "http://h/f.bin",
        .user = "user",
        .password = "secret",
        .image = &running,
        .slot = aloft_slots_slot_view(&device.slots, ALOFT_SLOT_FACTORY),
    };
    aloft_httpupdate_init(&update, &httpupdate);
    config.filter = &update.filter;
    config.check = &update.check;
    config.retries = 5;
    config.backoff_ms = 100;
    init();
    image = device_image("2", EXTRA, &len);
}

// The whole file with these header lines; `sent` bytes of it come.
static void serve_with(uint32_t connection, const char *lines, uint32_t sent, unsigned end)
{
    snprintf(heads[connection], HEAD_MAX, "HTTP/1.1 200 OK\r\n%sContent-Length: %lu\r\n\r\n", lines,
             (unsigned long)len);
    serve(connection, heads[connection], image, sent, end);
}

static void serve_part(uint32_t connection, const char *lines, uint32_t from)
{
    snprintf(heads[connection], HEAD_MAX,
             "HTTP/1.1 206 Partial Content\r\nContent-Length: %lu\r\n%s"
             "Content-Range: bytes %lu-%lu/%lu\r\n\r\n",
             (unsigned long)(len - from), lines, (unsigned long)from, (unsigned long)len - 1,
             (unsigned long)len);
    serve(connection, heads[connection], image + from, len - from, CLOSES);
}

// "x-MD5: <the image's>" CR LF, with an ETag before it if wanted.
static const char *announce(bool tag)
{
    static char lines[HEAD_MAX];
    char md5[MD5_TEXT];
    md5_text(image, len, md5);
    snprintf(lines, sizeof lines, "%sx-MD5: %s\r\n", tag ? "ETag: \"a\"\r\n" : "", md5);
    return lines;
}

static const char *request_text(void)
{
    world.request[world.request_len] = 0;
    return world.request;
}

static bool said(const char *word)
{
    return strstr(world.trace, word) != NULL;
}

static void the_announced_file_is_taken_in_pieces_of_any_size(void)
{
    static const uint32_t pieces[] = {1, 2, 7, 255, 256, 257, 1023, 1024, 5000};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        fresh();
        world.piece = pieces[i];
        check_note("pieces of %ld", (long)pieces[i], 0);
        serve_with(0, announce(false), len, CLOSES);
        CHECK_EQ(pull("http://h/f.bin"), ALOFT_OK);
        check_slot_boots(0, image, len);
    }
}

static void a_file_with_another_md5_changes_nothing_that_boots(void)
{
    static const char hex[] = "0123456789abcdef";
    for (uint32_t at = 0; at < MD5_TEXT - 1; at++) {
        char lines[64];
        char md5[MD5_TEXT];
        fresh();
        md5_text(image, len, md5);
        md5[at] = hex[(strchr(hex, md5[at]) - hex) ^ 1 << at % 4];
        snprintf(lines, sizeof lines, "X-md5:%s\r\n", md5);
        check_note("digit %ld", (long)at, 0);
        serve_with(0, lines, len, CLOSES);
        check_fails(ALOFT_ERR_HTTP_MD5);
        CHECK_EQ(world.connection, 1); // and it is not asked for again at once
        CHECK(!said("retrying") && !said("verified"));
    }
}

// What comes is not what was announced, though it is a good image.
static void another_good_image_is_not_the_announced_one(void)
{
    fresh();
    const char *lines = announce(false);
    image = device_image("3", EXTRA, &len);
    serve_with(0, lines, len, CLOSES);
    check_fails(ALOFT_ERR_HTTP_MD5);
}

static void an_md5_may_have_capitals_and_blanks_around_it(void)
{
    for (int upper = 0; upper < 2; upper++) {
        char lines[128];
        char md5[MD5_TEXT];
        fresh();
        md5_text(image, len, md5);
        for (char *c = md5; upper != 0 && *c != 0; c++) {
            *c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
        }
        snprintf(lines, sizeof lines, "X-MD5:\t  %s \t \r\n", md5);
        serve_with(0, lines, len, CLOSES);
        CHECK_EQ(pull("http://h/f.bin"), ALOFT_OK);
        check_slot_boots(0, image, len);
    }
}

static void a_malformed_md5_is_refused_before_any_erase(void)
{
    fresh();
    serve_with(0, "x-MD5: 12345\r\n", len, CLOSES);
    check_fails_before_any_erase(ALOFT_ERR_HTTP_MD5);
    CHECK_EQ(world.connection, 1);
}

static void every_body_is_judged_by_its_md5(void)
{
    static uint8_t body[DEVICE_IMAGE_MAX];
    for (int wrong = 0; wrong < 2; wrong++) {
        char head[HEAD_MAX];
        fresh();
        memcpy(body, image, len); // blank bytes may follow an image, and are part of the file
        memset(body + len, 0xFF, 100);
        image = body;
        len += wrong != 0 ? 99 : 100;
        snprintf(head, sizeof head, "HTTP/1.0 200 OK\r\n%s\r\n", announce(false));
        serve(0, head, body, len + (wrong != 0 ? 1 : 0), CLOSES); // up to the close
        CHECK_EQ(pull("http://h/f.bin"), wrong != 0 ? ALOFT_ERR_HTTP_MD5 : ALOFT_OK);
    }
}

static void statuses_are_named_and_end_the_pull(void)
{
    static const struct {
        const char *head;
        enum aloft_err err;
    } cases[] = {
        {"HTTP/1.1 304 Not Modified\r\nx-MD5: 0\r\n\r\n", ALOFT_ERR_HTTP_NOT_MODIFIED},
        {"HTTP/1.1 403 Forbidden\r\nx-MD5: 0\r\n\r\n", ALOFT_ERR_HTTP_FORBIDDEN},
        {"HTTP/1.1 404 Not Found\r\nx-MD5: 0\r\n\r\n", ALOFT_ERR_HTTP_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fresh();
        serve(0, cases[i].head, NULL, 0, CLOSES);
        check_fails_before_any_erase(cases[i].err);
        CHECK_EQ(world.connection, 1);
    }
}

static void after_redirects_the_md5_of_the_last_answer_counts(void)
{
    for (int last = 0; last < 2; last++) {
        fresh();
        serve(0,
              "HTTP/1.1 302 F\r\nLocation: /b\r\nx-MD5: 00000000000000000000000000000000\r\n\r\n",
              NULL, 0, CLOSES);
        serve_with(1, last != 0 ? announce(false) : "", len, CLOSES);
        CHECK_EQ(pull("http://h/f.bin"), ALOFT_OK);
        check_slot_boots(0, image, len);
    }
}

static void a_redirect_to_another_host_has_no_credentials(void)
{
    fresh();
    serve(0, "HTTP/1.1 302 F\r\nLocation: http://g/b\r\n\r\n", NULL, 0, CLOSES);
    serve_with(1, "", len, CLOSES);
    start("http://h/f.bin");
    CHECK_EQ(step(), WAIT);
    carry_out_requests();
    serve_some();
    CHECK(strstr(request_text(), "Authorization: Basic ") != NULL);
    CHECK_EQ(run(), ALOFT_OK);
    CHECK(strstr(request_text(), "Host: g") != NULL);
    CHECK(strstr(request_text(), "Authorization") == NULL);
}

static uint32_t noted(void)
{
    struct aloft_artifact artifact;
    uint32_t off = 0;
    return aloft_engine_begun(&device.slots, in.running, in.stage, &artifact, &off) ? off : 0;
}

// 9,000 bytes have come, of a file that was announced with its ETag and MD5, when power goes.
static void begin_and_reset(void)
{
    fresh();
    serve_with(0, announce(true), 9000, SILENT);
    start("http://h/f.bin");
    for (int i = 0; i < 4000 && world.off < 9000; i++) {
        enum state state = step();
        carry_out_requests();
        if (state == WAIT) {
            serve_some();
        }
    }
    CHECK(noted() >= 3584);
    world.open = false;
    world.progress = 0;
    memset(&puller, 0x5A, sizeof puller);
    memset(&intake, 0x5A, sizeof intake);
    memset(&update, 0x5A, sizeof update);
    aloft_httpupdate_init(&update, &httpupdate);
    init();
}

static void after_a_reset_the_md5_is_of_the_whole_file(void)
{
    begin_and_reset();
    serve_part(1, announce(false), noted());
    CHECK_EQ(pull("http://h/f.bin"), ALOFT_OK);
    CHECK(said("resumed") && strstr(request_text(), "Range: bytes=") != NULL);
    CHECK_EQ(world.connection, 2);
    check_slot_boots(0, image, len);
}

// The file may have been announced with an MD5 before the reset, which is not known any more.
static void a_rest_without_an_md5_starts_again(void)
{
    begin_and_reset();
    serve_part(1, "", noted());
    serve_with(2, announce(true), len, CLOSES);
    CHECK_EQ(pull("http://h/f.bin"), ALOFT_OK);
    CHECK(strstr(request_text(), "Range:") == NULL);
    CHECK_EQ(world.connection, 3);
    check_slot_boots(0, image, len);
}

static void a_rest_with_another_md5_starts_again_once(void)
{
    for (int twice = 0; twice < 2; twice++) {
        begin_and_reset();
        serve_part(1, "x-MD5: 00000000000000000000000000000000\r\n", noted());
        serve_with(2, twice != 0 ? "x-MD5: 00000000000000000000000000000000\r\n" : announce(true),
                   len, CLOSES);
        CHECK_EQ(pull("http://h/f.bin"), twice != 0 ? ALOFT_ERR_HTTP_MD5 : ALOFT_OK);
        CHECK_EQ(world.connection, 3);
        CHECK_EQ(ram_flash_is_erased(&device.ram, DEVICE_OTA_0, 1), twice != 0);
        CHECK_EQ(device.ram.bytes[DEVICE_OTA_0] == 0xE9, twice == 0);
    }
}

static void a_retry_forgets_what_a_broken_answer_announced(void)
{
    fresh();
    serve_with(0, "x-MD5: 00000000000000000000000000000000\r\n", 3000, BREAKS);
    serve_with(1, announce(false), len, CLOSES);
    CHECK_EQ(pull("http://h/f.bin"), ALOFT_OK);
    CHECK_EQ(world.connection, 2);
    check_slot_boots(0, image, len);
}

static enum aloft_err no_md5(struct aloft_hash *hash, enum aloft_hash_alg alg)
{
    return alg == ALOFT_HASH_MD5 ? ALOFT_ERR_CRYPTO : aloft_soft_crypto.hash_init(hash, alg);
}

static void without_md5_in_the_crypto_library_no_announced_file_is_taken(void)
{
    struct aloft_crypto crypto = aloft_soft_crypto;
    crypto.hash_init = no_md5;
    fresh();
    httpupdate.crypto = &crypto;
    aloft_httpupdate_init(&update, &httpupdate);
    CHECK_EQ(aloft_httpupdate_step(&update), ALOFT_STEP_FAILED);
    serve_with(0, announce(false), len, CLOSES);
    check_fails_before_any_erase(ALOFT_ERR_CRYPTO);
}

DEVICE_MAIN(TEST(the_announced_file_is_taken_in_pieces_of_any_size),
            TEST(a_file_with_another_md5_changes_nothing_that_boots),
            TEST(another_good_image_is_not_the_announced_one),
            TEST(an_md5_may_have_capitals_and_blanks_around_it),
            TEST(a_malformed_md5_is_refused_before_any_erase),
            TEST(every_body_is_judged_by_its_md5), TEST(statuses_are_named_and_end_the_pull),
            TEST(after_redirects_the_md5_of_the_last_answer_counts),
            TEST(a_redirect_to_another_host_has_no_credentials),
            TEST(after_a_reset_the_md5_is_of_the_whole_file),
            TEST(a_rest_without_an_md5_starts_again),
            TEST(a_rest_with_another_md5_starts_again_once),
            TEST(a_retry_forgets_what_a_broken_answer_announced),
            TEST(without_md5_in_the_crypto_library_no_announced_file_is_taken))
