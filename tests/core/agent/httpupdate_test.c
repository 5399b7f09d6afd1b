// The headers that a request has with the filter of Arduino's HTTPUpdate, and what is understood
// of an answer's x-MD5. Whole pulls are in pull_httpupdate_test.c.
#include "aloft/httpupdate.h"
#include "check.h"
#include "device.h"
#include "guard.h"
#include "soft_crypto.h"
#include "split.h"

static struct device device;
static struct aloft_httpupdate update;
static struct aloft_httpupdate_config httpupdate;
static struct aloft_image_facts running;
static uint32_t len; // of the running image

// The factory app, 5,000 bytes and some, runs and has not been read yet.
static void fresh(const char *url, const char *user, const char *password)
{
    device_two_ota(&device);
    const uint8_t *own = device_image("1.0", 5000, &len);
    device_put(&device, DEVICE_FACTORY, own, len);
    running = (struct aloft_image_facts){.image_len = len, .hash_appended = 1};
    for (uint32_t i = 0; i < sizeof running.digest; i++) {
        running.digest[i] = (uint8_t)(0xF0 - i);
    }
    httpupdate = (struct aloft_httpupdate_config){
        .crypto = &aloft_soft_crypto,
        .url = url,
        .user = user,
        .password = password,
        .version = "1.0",
        .sdk_version = "v5",
        .image = &running,
        .slot = aloft_slots_slot_view(&device.slots, ALOFT_SLOT_FACTORY),
        .free_space = DEVICE_SLOT_LEN,
        .chip_size = DEVICE_SIZE,
        .sta_mac = {0x02, 0xA1, 0x0F, 0, 0, 1},
        .ap_mac = {0x02, 0xA1, 0x0F, 0, 0, 2},
    };
    aloft_httpupdate_init(&update, &httpupdate);
}

static void read_running(void)
{
    enum aloft_step step;
    do {
        step = aloft_httpupdate_step(&update);
    } while (step == ALOFT_STEP_AGAIN);
}

// The request to this URL as one text.
static const char *ask(const char *url_text)
{
    static char text[2048];
    struct aloft_url url;
    const struct aloft_http_request request = {
        .url_text = url_text, .url = &url, .filter = &update.filter};
    CHECK_EQ(aloft_url_parse(url_text, &url), ALOFT_OK);
    uint32_t n = aloft_http_get(&request, 0, (uint8_t *)text, sizeof text - 1);
    CHECK(n < sizeof text - 1);
    text[n] = 0;
    return text;
}

static void a_request_has_the_lines_of_an_arduino_sketch(void)
{
    char want[1024];
    char md5[2 * ALOFT_MD5_LEN + 1];
    fresh("http://h/f.bin", NULL, NULL);
    read_running();
    struct aloft_hash hash;
    uint8_t sum[ALOFT_MD5_LEN];
    CHECK_EQ(aloft_soft_crypto.hash_init(&hash, ALOFT_HASH_MD5), ALOFT_OK);
    CHECK_EQ(aloft_soft_crypto.hash_feed(&hash, device.ram.bytes + DEVICE_FACTORY, len), ALOFT_OK);
    CHECK_EQ(aloft_soft_crypto.hash_finish(&hash, sum), ALOFT_OK);
    for (uint32_t i = 0; i < sizeof sum; i++) {
        snprintf(md5 + (size_t)2 * i, 3, "%02x", sum[i]);
    }
    snprintf(want, sizeof want,
             "GET /f.bin HTTP/1.1\r\nHost: h\r\nUser-Agent: ESP32-http-Update\r\n"
             "Cache-Control: no-cache\r\nx-ESP32-STA-MAC: 02:A1:0F:00:00:01\r\n"
             "x-ESP32-AP-MAC: 02:A1:0F:00:00:02\r\nx-ESP32-free-space: 98304\r\n"
             "x-ESP32-sketch-size: %lu\r\nx-ESP32-sketch-md5: %s\r\nx-ESP32-sketch-sha256: "
             "F0EFEEEDECEBEAE9E8E7E6E5E4E3E2E1E0DFDEDDDCDBDAD9D8D7D6D5D4D3D2D1\r\n"
             "x-ESP32-chip-size: 524288\r\nx-ESP32-sdk-version: v5\r\nx-ESP32-mode: sketch\r\n"
             "x-ESP32-version: 1.0\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n",
             (unsigned long)len, md5);
    CHECK_TEXT(ask("http://h/f.bin"), want);
}

static void a_request_in_pieces_is_the_same_request(void)
{
    char whole[2048];
    char piece[2048];
    struct aloft_url url;
    const struct aloft_http_request request = {
        .url_text = "http://h/f.bin", .url = &url, .filter = &update.filter};
    fresh("http://h/f.bin", "user", "secret");
    read_running();
    CHECK_EQ(aloft_url_parse(request.url_text, &url), ALOFT_OK);
    snprintf(whole, sizeof whole, "%s", ask("http://h/f.bin"));
    uint32_t n = (uint32_t)strlen(whole);
    for (uint32_t sent = 0; sent <= n; sent++) {
        for (uint32_t cap = 1; cap < 70; cap += 34) {
            uint32_t left = n - sent < cap ? n - sent : cap;
            memset(piece, 0x5A, sizeof piece);
            CHECK_EQ(aloft_http_get(&request, sent, (uint8_t *)piece, cap), left);
            CHECK_BYTES(piece, whole + sent, left);
            CHECK_EQ(piece[left], 0x5A);
        }
    }
}

static void what_is_not_known_or_not_printable_is_left_out(void)
{
    static const char *const versions[] = {NULL, "", "1\r\nX: y", "1\n", "\x7f", "1.0 \xC3\xA9"};
    fresh("http://h/f.bin", NULL, NULL);
    CHECK(strstr(ask("http://h/f.bin"), "sketch-md5") == NULL); // it was not read
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        check_note("version %ld", (long)i, 0);
        httpupdate.version = versions[i];
        httpupdate.sdk_version = versions[i];
        running.hash_appended = 0;
        aloft_httpupdate_init(&update, &httpupdate);
        CHECK(strstr(ask("http://h/f.bin"), "version") == NULL);
        CHECK(strstr(ask("http://h/f.bin"), "sha256") == NULL);
        CHECK(strstr(ask("http://h/f.bin"), "X:") == NULL);
    }
}

static void a_running_app_that_cannot_be_read_has_no_md5(void)
{
    fresh("http://h/f.bin", NULL, NULL);
    for (uint32_t op = 1; op <= (len + 255) / 256; op++) {
        aloft_httpupdate_init(&update, &httpupdate);
        device.ram.ops = 0;
        device.ram.fail_op = op;
        check_note("operation %ld", (long)op, 0);
        read_running();
        CHECK(strstr(ask("http://h/f.bin"), "sketch-md5") == NULL);
    }
    device.ram.fail_op = 0;
    running.image_len = 0;
    aloft_httpupdate_init(&update, &httpupdate);
    CHECK_EQ(aloft_httpupdate_step(&update), ALOFT_STEP_FAILED);
    running.image_len = DEVICE_FACTORY_LEN + 1; // more than its slot has
    aloft_httpupdate_init(&update, &httpupdate);
    read_running();
    CHECK(strstr(ask("http://h/f.bin"), "sketch-md5") == NULL);
}

static void a_step_reads_4_kib_at_most(void)
{
    uint32_t steps = 1;
    fresh("http://h/f.bin", NULL, NULL);
    device.ram.ops = 0;
    while (aloft_httpupdate_step(&update) == ALOFT_STEP_AGAIN) {
        CHECK(device.ram.ops <= 16);
        device.ram.ops = 0;
        steps++;
    }
    CHECK_EQ(steps, len / ALOFT_HTTPUPDATE_STEP + 1);
}

static void user_and_password_are_basic_authentication(void)
{
    static const struct {
        const char *user, *password, *base64;
    } cases[] = {
        {"Aladdin", "open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}, // RFC 7617
        {"test", "123\xC2\xA3", "dGVzdDoxMjPCow=="},                // the same
        {"a", "", "YTo="},
        {"", "", "Og=="},
        {"ab", "", "YWI6"},
        {"a", "b:\xFF?", "YTpiOv8/"},
        {"a", "bc", "YTpiYw=="},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char want[128];
        check_note("case %ld", (long)i, 0);
        fresh("http://h/f.bin", cases[i].user, cases[i].password);
        snprintf(want, sizeof want, "\r\nAuthorization: Basic %s\r\n", cases[i].base64);
        CHECK(strstr(ask("http://h/f.bin"), want) != NULL);
    }
}

static void credentials_go_to_the_host_that_was_asked_for_alone(void)
{
    static const struct {
        const char *url, *to;
        bool told;
    } cases[] = {
        {"http://h/f.bin", "http://h/other?x", true},
        {"http://h:81/", "http://h:81/f", true},
        {"http://h/f.bin", "http://g/f.bin", false},
        {"http://h/f.bin", "http://h:81/f.bin", false},
        {"http://h/f.bin", "http://h.evil/f.bin", false},
        {"http://h/f.bin", "https://h/f.bin", false},
        {"https://h/f.bin", "http://h/f.bin", false},
        {"no url", "http://h/f.bin", false},
        {"", "http://h/f.bin", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("case %ld", (long)i, 0);
        fresh(cases[i].url, "user", "secret");
        CHECK_EQ(strstr(ask(cases[i].to), "Authorization") != NULL, cases[i].told);
    }
}

// Feeds an answer without a body. Returns the fault that refuses it, or OK.
static enum aloft_err hear(struct split *split, const uint8_t *head)
{
    static char location[32];
    struct aloft_http http;
    enum aloft_http_event event = ALOFT_HTTP_MORE;
    aloft_httpupdate_init(&update, &httpupdate);
    aloft_http_init(&http, 0, location, sizeof location);
    http.filter = &update.filter;
    for (uint32_t n; event != ALOFT_HTTP_BAD && (n = split_next(split)) > 0;) {
        const uint8_t *at = head + split->off;
        for (uint32_t used; event != ALOFT_HTTP_BAD && n > 0; n -= used) {
            event = aloft_http_next(&http, at, n, &used);
            at += used;
        }
    }
    return http.err;
}

struct heard {
    const char *head;
    enum aloft_err err;
    bool announced; // and the file must have this MD5
};

static void hears_it(void *ctx, struct split *split)
{
    static const uint8_t file[] = "abc"; // its MD5 is that of RFC 1321
    const struct heard *heard = ctx;
    CHECK_EQ(hear(split, guard_after(heard->head, split->len)), heard->err);
    if (heard->err == ALOFT_OK) {
        const struct aloft_file_check *judge = &update.check;
        CHECK_EQ(judge->judge(judge->ctx, file, 1, 2), ALOFT_OK);
        CHECK_EQ(judge->judge(judge->ctx, file + 1, 2, 0), ALOFT_OK);
        (void)hear(&(struct split){.kind = SPLIT_BYTES, .len = split->len},
                   (const uint8_t *)heard->head);
        CHECK_EQ(judge->judge(judge->ctx, file, 2, 0),
                 heard->announced ? ALOFT_ERR_HTTP_MD5 : ALOFT_OK);
    }
}

#define OK_  "HTTP/1.1 200 OK\r\n"
#define GOOD "x-MD5: 900150983cd24fb0d6963f7d28e17f72\r\n"

static void what_an_answer_says_of_its_md5_is_understood_in_every_split(void)
{
    static const struct heard cases[] = {
        {OK_ GOOD "\r\n", ALOFT_OK, true},
        {OK_ "X: y\r\n" GOOD "Content-Length: 3\r\n\r\n", ALOFT_OK, true},
        {"HTTP/1.1 206 P\r\n" GOOD "\r\n", ALOFT_OK, true},
        {OK_ "\r\n", ALOFT_OK, false},
        {OK_ "x-MD5:\r\n\r\n", ALOFT_OK, false},
        {OK_ "x-MD5:  \t \r\n\r\n", ALOFT_OK, false},
        {OK_ "x-MD5:\r\n" GOOD "\r\n", ALOFT_OK, true},
        {OK_ "x-MD5x: 1\r\nax-MD5: 1\r\n\r\n", ALOFT_OK, false},
        {OK_ "x-MD5: 900150983cd24fb0d6963f7d28e17f7\r\n\r\n", ALOFT_ERR_HTTP_MD5, false},
        {OK_ "x-MD5: 900150983cd24fb0d6963f7d28e17f720\r\n\r\n", ALOFT_ERR_HTTP_MD5, false},
        {OK_ "x-MD5: 900150983cd24fb0d6963f7d28e17f7g\r\n\r\n", ALOFT_ERR_HTTP_MD5, false},
        {OK_ "x-MD5: \"900150983cd24fb0d6963f7d28e17f72\"\r\n\r\n", ALOFT_ERR_HTTP_MD5, false},
        {OK_ "x-MD5: kAFQmDzST7DWlj99KOF/cg==\r\n\r\n", ALOFT_ERR_HTTP_MD5, false},
        {OK_ "x-MD5: 900150983cd24fb0d6963f7d28e17f72 x\r\n\r\n", ALOFT_ERR_HTTP_MD5, false},
        {OK_ "x-MD5: 900150983cd24fb0d6963f7d28e17f72                               x\r\n\r\n",
         ALOFT_ERR_HTTP_MD5, false},
        {OK_ "x-MD5:                                                            x\r\n\r\n",
         ALOFT_ERR_HTTP_MD5, false},
        {OK_ GOOD GOOD "\r\n", ALOFT_ERR_HTTP_MD5, false},
        {OK_ "x-MD5: no\r\n" GOOD "\r\n", ALOFT_ERR_HTTP_MD5, false},
        {"HTTP/1.1 206 P\r\n\r\n", ALOFT_ERR_HTTP_MD5, false},
        {"HTTP/1.1 103 Hints\r\nx-MD5: no\r\n\r\n" OK_ GOOD "\r\n", ALOFT_OK, true},
        {"HTTP/1.1 103 Hints\r\n" GOOD "\r\n" OK_ "\r\n", ALOFT_OK, false},
        {OK_ "Transfer-Encoding: chunked\r\n\r\n0\r\nx-MD5: no\r\n\r\n", ALOFT_OK, false},
        // Headers that look like a status line do not make it forget.
        {OK_ GOOD "HTTP/1.: x\r\nHTTP/1.1: x\r\nHTTP/1.1:200\r\n\r\n", ALOFT_OK, true},
    };
    fresh("http://h/f.bin", NULL, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct heard heard = cases[i];
        every_split((uint32_t)strlen(heard.head), hears_it, &heard);
    }
}

CHECK_MAIN(TEST(a_request_has_the_lines_of_an_arduino_sketch),
           TEST(a_request_in_pieces_is_the_same_request),
           TEST(what_is_not_known_or_not_printable_is_left_out),
           TEST(a_running_app_that_cannot_be_read_has_no_md5), TEST(a_step_reads_4_kib_at_most),
           TEST(user_and_password_are_basic_authentication),
           TEST(credentials_go_to_the_host_that_was_asked_for_alone),
           TEST(what_an_answer_says_of_its_md5_is_understood_in_every_split))
