// Requests to the device over every split and hard against unreadable memory: what is understood,
// what is refused with which status; forms with tricky boundaries; Digest answers, the RFC's own
// and those that are repeated, late, wrong or too many.
#include "aloft/net/webui.h"
#include "aloft/net/webui_auth.h"
#include "check.h"
#include "guard.h"
#include "soft_crypto.h"
#include "split.h"

enum { TRACE_MAX = 4096 };

static char trace[TRACE_MAX];
static uint32_t trace_len;

static void say(const char *text, uint32_t len)
{
    CHECK(len < TRACE_MAX - trace_len);
    memcpy(trace + trace_len, text, len);
    trace_len += len;
    trace[trace_len] = 0;
}

static void say_text(const char *text)
{
    say(text, (uint32_t)strlen(text));
}

// ---- requests

static struct aloft_webui http;

// Feeds a piece. False when the request is refused.
static bool feed(const uint8_t *data, uint32_t len)
{
    while (len > 0) {
        uint32_t used;
        enum aloft_webui_event event = aloft_webui_next(&http, data, len, &used);
        CHECK(used <= len);
        if (event == ALOFT_WEBUI_BAD) {
            return false;
        }
        if (event == ALOFT_WEBUI_CREDENTIALS) {
            say_text("credentials ");
            say_text(http.text);
            say_text("; ");
        } else if (event == ALOFT_WEBUI_READY) {
            say_text("ready; ");
        } else if (event == ALOFT_WEBUI_BODY) {
            CHECK_EQ(used, http.body_len);
            say((const char *)data, used);
        } else if (used == 0) {
            return true; // what follows the request is not part of it
        }
        data += used;
        len -= used;
    }
    return true;
}

static void feed_split(void *ctx, struct split *split)
{
    const char *text = ctx;
    trace_len = 0;
    trace[0] = 0;
    aloft_webui_init(&http);
    for (uint32_t n; (n = split_next(split)) > 0;) {
        if (!feed(guard_after(text + split->off, n), n)) {
            return;
        }
    }
}

struct request {
    const char *text;
    uint32_t status; // 0: taken
    const char *want;
};

static void check_request(void *ctx, struct split *split)
{
    const struct request *request = ctx;
    feed_split((void *)(uintptr_t)request->text, split);
    CHECK_EQ(http.status, request->status);
    if (request->want != NULL) {
        CHECK_TEXT(trace, request->want);
    }
}

static void webui_takes_requests_in_any_split(void)
{
    static const struct request requests[] = {
        {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", 0, "ready; "},
        {"HEAD /x?y=z HTTP/1.0\nHOST:h \t\n\n", 0, "ready; "},
        {"POST /update HTTP/1.1\r\nHost: h\r\ncontent-length: 5\r\nAuthorization:  Digest a=\"b\" "
         "\r\nExpect: 100-Continue\r\n\r\nhelloGET / HTTP/1.1",
         0, "credentials Digest a=\"b\"; ready; hello"},
        {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", 0,
         "ready; "},
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        every_split((uint32_t)strlen(requests[i].text), check_request,
                    (void *)(uintptr_t)&requests[i]);
    }
    CHECK_EQ(http.method, ALOFT_WEBUI_POST);
}

static void webui_refuses_what_it_cannot_take_and_says_why(void)
{
    static const struct request requests[] = {
        {"\r\n", 400, ""},
        {"GET\r\n", 400, ""},
        {"GET http://h/ HTTP/1.1\r\n", 400, ""},
        {"GET / HTTP/2.0\r\n", 505, ""},
        {"GET / HTTP/1.1 x\r\n", 505, ""},
        {"PUT / HTTP/1.1\r\n", 405, ""},
        {"get / HTTP/1.1\r\n", 405, ""},
        {"GETS / HTTP/1.1\r\n", 405, ""},
        {"GET /012345678901234567890123456789012345678901234567890123456789012 HTTP/1.1\r\n", 0,
         ""},
        {"GET /0123456789012345678901234567890123456789012345678901234567890124 HTTP/1.1\r\n", 414,
         ""},
        {"GET / HTTP/1.1\r\n\r\n", 400, ""}, // no Host
        {"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n", 400, ""},
        {"GET / HTTP/1.1\r\nHost : h\r\n", 400, ""},
        {"GET / HTTP/1.1\r\n: h\r\n", 400, ""},
        {"GET / HTTP/1.1\r\nHost: h\r\n folded: x\r\n", 400, ""},
        {"GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n", 400, ""},
        {"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n", 400, ""},
        {"POST / HTTP/1.1\r\nHost: h\r\n\r\n", 411, ""},
        {"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n", 411, ""},
        {"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n", 400, ""},
        {"POST / HTTP/1.1\r\nContent-Length: -1\r\n", 400, ""},
        {"POST / HTTP/1.1\r\nContent-Length: 1x\r\n", 400, ""},
        {"POST / HTTP/1.1\r\nContent-Length:\r\n", 400, ""},
        {"GET / HTTP/1.1\r\nAuthorization: a\r\nAuthorization: a\r\n", 400, "credentials a; "},
    };
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        every_split((uint32_t)strlen(requests[i].text), check_request,
                    (void *)(uintptr_t)&requests[i]);
    }
    struct request nul = {"GET / HTTP/1.1\r\nHost: h\r\nX: ", 400, NULL};
    aloft_webui_init(&http);
    CHECK(feed((const uint8_t *)nul.text, (uint32_t)strlen(nul.text)));
    CHECK(!feed((const uint8_t *)"", 1));
    CHECK_EQ(http.status, 400);
}

// Feeds "GET / HTTP/1.1, Host, name: xxx.." and says what became of it.
static uint32_t status_with_header(const char *name, uint32_t len)
{
    static const char start[] = "GET / HTTP/1.1\r\nHost: h\r\n";
    aloft_webui_init(&http);
    trace_len = 0;
    bool taken = feed((const uint8_t *)start, sizeof start - 1) &&
                 feed((const uint8_t *)name, (uint32_t)strlen(name));
    for (uint32_t i = 0; i < len && taken; i++) {
        taken = feed((const uint8_t *)"x", 1);
    }
    (void)(taken && feed((const uint8_t *)"\r\n\r\n", 4));
    return http.status;
}

static void webui_bounds_its_headers(void)
{
    CHECK_EQ(status_with_header("Cookie: ", 5000), 0);
    CHECK_EQ(status_with_header("Cookie: ", ALOFT_WEBUI_HEADERS_MAX), 431);
    CHECK_EQ(status_with_header("Origin: ", ALOFT_WEBUI_TEXT - 8), 0);
    CHECK_EQ(status_with_header("Origin: ", ALOFT_WEBUI_TEXT - 7), 431);
    CHECK_EQ(status_with_header("Content-Type: ", 2000), 431);
}

static bool foreign(const char *host, const char *origin)
{
    char text[512];
    snprintf(text, sizeof text, "POST / HTTP/1.1\r\n%s\r\n%s\r\nContent-Length: 0\r\n\r\n", origin,
             host);
    aloft_webui_init(&http);
    trace_len = 0;
    CHECK(feed((const uint8_t *)text, (uint32_t)strlen(text)));
    CHECK_TEXT(trace, "ready; ");
    return http.foreign;
}

static void webui_recognizes_the_pages_of_other_sites(void)
{
    CHECK(!foreign("Host: 10.0.0.7", "X: y"));
    CHECK(!foreign("Host: 10.0.0.7", "Origin: http://10.0.0.7"));
    CHECK(!foreign("Host: Dev.local:8080", "Origin: http://dev.LOCAL:8080"));
    CHECK(foreign("Host: 10.0.0.7", "Origin: http://10.0.0.70"));
    CHECK(foreign("Host: 10.0.0.7", "Origin: http://10.0.0.7:81"));
    CHECK(foreign("Host: 10.0.0.7", "Origin: null"));
    CHECK(foreign("Host: 10.0.0.7", "Origin:"));
    CHECK(foreign("Host: h", "Origin: http://h\r\nOrigin: http://h"));
    char host[100] = "Host: ";
    char origin[120] = "Origin: http://";
    memset(host + 6, 'a', 70);
    memset(origin + 15, 'a', 71);
    CHECK(foreign(host, origin)); // what is cut is equal to nothing
}

static void check_type(const char *type, enum aloft_webui_content content, const char *boundary)
{
    char text[512];
    snprintf(text, sizeof text,
             "POST / HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\nContent-Length: 0\r\n\r\n", type);
    aloft_webui_init(&http);
    CHECK(feed((const uint8_t *)text, (uint32_t)strlen(text)));
    CHECK_EQ(http.content, content);
    CHECK_EQ(http.boundary_len, (uint32_t)strlen(boundary));
    CHECK_BYTES(http.boundary, boundary, strlen(boundary));
}

// A client that sent the file without a Content-Type was refused as a form without a field.
static void webui_takes_a_body_of_no_stated_type_for_bytes(void)
{
    static const char text[] = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
    aloft_webui_init(&http);
    CHECK(feed((const uint8_t *)text, sizeof text - 1));
    CHECK_EQ(http.content, ALOFT_WEBUI_BYTES);
}

static void webui_finds_the_boundary(void)
{
    trace_len = 0;
    check_type("multipart/form-data; boundary=abc", ALOFT_WEBUI_FORM, "abc");
    check_type("Multipart/Form-Data ;charset=x; Boundary=\"a b=;c\"", ALOFT_WEBUI_FORM, "a b=;c");
    check_type("multipart/form-data; boundary==a=", ALOFT_WEBUI_FORM, "=a=");
    check_type("multipart/form-data; boundary=", ALOFT_WEBUI_OTHER, "");
    check_type("multipart/form-data; boundary=\"\"", ALOFT_WEBUI_OTHER, "");
    check_type("multipart/form-data", ALOFT_WEBUI_OTHER, "");
    check_type("multipart/mixed; boundary=a", ALOFT_WEBUI_OTHER, "");
    check_type("multipart/form-data; boundary="
               "0123456789012345678901234567890123456789012345678901234567890123456789",
               ALOFT_WEBUI_FORM,
               "0123456789012345678901234567890123456789012345678901234567890123456789");
    check_type("multipart/form-data; boundary="
               "01234567890123456789012345678901234567890123456789012345678901234567890",
               ALOFT_WEBUI_OTHER, "");
    check_type("application/octet-stream", ALOFT_WEBUI_BYTES, "");
    check_type("application/octet-stream; x=y", ALOFT_WEBUI_BYTES, "");
}

static void webui_answers_in_pieces_of_any_size(void)
{
    static const char want[] = "HTTP/1.1 401 Refused\r\nContent-Type: text/plain\r\n"
                               "Connection: close\r\nCache-Control: no-store\r\n"
                               "X-Content-Type-Options: nosniff\r\n"
                               "Content-Length:     21\r\n\r\n4096\"a\\\"\\\\?\"tail-tail";
    for (uint32_t piece = 1; piece < 300; piece++) {
        char got[512] = "";
        uint32_t len = 0;
        aloft_webui_init(&http);
        aloft_webui_reply(&http, 401, "text/plain", false);
        aloft_webui_body(&http);
        aloft_webui_put_number(&http, 4096);
        aloft_webui_put_json(&http, "a\"\\\n");
        aloft_webui_end(&http, (const uint8_t *)"tail-tail", 9);
        for (uint32_t n; (n = aloft_webui_send(&http, (uint8_t *)got + len, piece)) > 0;) {
            CHECK(n <= piece);
            len += n;
        }
        CHECK(aloft_webui_sent(&http));
        CHECK_TEXT(got, want);
    }
}

// The texts of an image may hold any bytes: they stay readable, and control no terminal.
static void webui_puts_text_of_any_language_into_json(void)
{
    static const char text[] = "gro\xc3\x9f \x1b[2J\n\x9b \xc2\x9b \xe2\x80\xae";
    char got[512] = "";
    uint32_t len = 0;
    aloft_webui_init(&http);
    aloft_webui_reply(&http, 200, "application/json", true);
    aloft_webui_body(&http);
    aloft_webui_put_json(&http, text);
    aloft_webui_end(&http, NULL, 0);
    for (uint32_t n; (n = aloft_webui_send(&http, (uint8_t *)got + len, 100)) > 0;) {
        len += n;
    }
    CHECK_TEXT(strstr(got, "\r\n\r\n") + 4, "\"gro\xc3\x9f ?[2J?? ?? ???\"");
}

static void webui_answers_head_without_a_body(void)
{
    char got[512] = "";
    aloft_webui_init(&http);
    http.method = ALOFT_WEBUI_HEAD;
    aloft_webui_reply(&http, 200, "t", false);
    aloft_webui_body(&http);
    aloft_webui_put(&http, "abc");
    aloft_webui_end(&http, (const uint8_t *)"tail", 4);
    uint32_t len = aloft_webui_send(&http, (uint8_t *)got, sizeof got - 1);
    CHECK(strstr(got, "Content-Length:      7\r\n") != NULL);
    CHECK_TEXT(got + len - 4, "\r\n\r\n");
}

static void webui_leaves_out_what_does_not_fit(void)
{
    aloft_webui_init(&http);
    aloft_webui_reply(&http, 200, "t", true);
    aloft_webui_body(&http);
    for (int i = 0; i < 2000; i++) {
        aloft_webui_put(&http, "abc");
    }
    CHECK_EQ(http.text_len, ALOFT_WEBUI_TEXT);
}

// ---- forms

struct form {
    const char *boundary;
    const char *body;
    const char *want;
};

static void check_form(void *ctx, struct split *split)
{
    const struct form *form = ctx;
    struct aloft_webui_multipart parts;
    uint32_t given = 0;
    trace_len = 0;
    trace[0] = 0;
    aloft_webui_multipart_init(&parts, form->boundary, (uint32_t)strlen(form->boundary));
    for (uint32_t n; (n = split_next(split)) > 0;) {
        const uint8_t *data = guard_after(form->body + split->off, n);
        while (n > 0) {
            uint32_t used;
            enum aloft_webui_multipart_event event =
                aloft_webui_multipart_next(&parts, data, n, &used);
            CHECK(used <= n);
            data += used;
            n -= used;
            if (event == ALOFT_WEBUI_PART_BEGUN) {
                say_text(parts.has_file ? "file " : "field ");
                say_text(parts.field);
                say_text(":");
            } else if (event == ALOFT_WEBUI_PART_DATA) {
                CHECK(parts.data_len > 0);
                given += parts.data_len;
                CHECK(given <= split->next + ALOFT_WEBUI_DELIMITER);
                say((const char *)parts.data, parts.data_len);
            } else if (event == ALOFT_WEBUI_PART_END) {
                say_text("|");
            } else if (event == ALOFT_WEBUI_PARTS_END) {
                say_text("end");
            } else if (event == ALOFT_WEBUI_PARTS_BAD) {
                say_text("bad");
                CHECK_TEXT(trace, form->want);
                return;
            }
        }
    }
    CHECK_TEXT(trace, form->want);
}

#define FIRMWARE "Content-Disposition: form-data; name=\"firmware\"; filename=\"a.bin\"\r\n"

static void webui_multipart_gives_each_part_whole_in_any_split(void)
{
    static const struct form forms[] = {
        {"X", "--X\r\n" FIRMWARE "Content-Type: a/b\r\n\r\nhello\r\n--X--\r\n",
         "file firmware:hello|end"},
        {"X", "--X\r\n" FIRMWARE "\r\nhello\r\n--X--", "file firmware:hello|end"},
        {"X", "preamble\r\n--X  \r\n" FIRMWARE "\r\nhello\r\n--X--epilogue\r\n--X\r\n",
         "file firmware:hello|end"},
        // data that looks like the boundary, nearly
        {"--X-", "----X-\r\n" FIRMWARE "\r\n\r\n----X\r\n--\r\r\n----Y\n----X-\r\n----X---",
         "file firmware:\r\n----X\r\n--\r\r\n----Y\n----X-|end"},
        {"aab", "--aab\r\n" FIRMWARE "\r\n\r\n--aaab\r\n\r\n--aa\r\n--aab--",
         "file firmware:\r\n--aaab\r\n\r\n--aa|end"},
        {"X", "--X\r\n" FIRMWARE "\r\n\r\r\r\n\r\n--X--", "file firmware:\r\r\r\n|end"},
        // several parts, an empty one, names in other order and spelling
        {"X",
         "--X\r\nContent-Disposition: form-data; name=note\r\n\r\nhi\r\n--X\r\n"
         "content-disposition:form-data ; filename=\"name=\\\"x\\\"; \"; NAME=\"file system\"\r\n"
         "\r\n\r\n--X--",
         "field note:hi|file file system:|end"},
        {"X",
         "--X\r\nContent-Disposition: form-data; name=\"0123456789012345678901234567890123\"\r\n"
         "\r\n.\r\n--X--",
         "field 0123456789012345678901234567890:.|end"},
        // cut short, and malformed
        {"X", "--X\r\n" FIRMWARE "\r\nhello\r\n--X", "file firmware:hello|"},
        {"X", "--X\r\n" FIRMWARE "\r\nhello\r\n-", "file firmware:hello"},
        {"X", "--X\r\n" FIRMWARE "\r\nhello\r\n--Xy\r\n", "file firmware:hello|bad"},
        {"X", "--X\r\n" FIRMWARE "\r\nhello\r\n--X-y", "file firmware:hello|bad"},
        {"X", "--X\r\nContent-Type: a/b\r\n\r\nx\r\n--X--", "bad"},
        {"X", "--X\r\nContent\rType: a/b\r\n", "bad"},
        {"X", "nothing of the kind", ""},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        every_split((uint32_t)strlen(forms[i].body), check_form, (void *)(uintptr_t)&forms[i]);
    }
}

static void webui_multipart_bounds_a_parts_headers(void)
{
    static char body[4000] = "--X\r\n" FIRMWARE;
    const struct form form = {"X", body, "bad"};
    memset(body + strlen(body), 'a', 2500);
    some_splits((uint32_t)strlen(body), 500, check_form, (void *)(uintptr_t)&form);
}

static void webui_multipart_takes_the_longest_boundary(void)
{
    static const char boundary[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789";
    char body[600];
    char want[200];
    struct form form = {boundary, body, want};
    snprintf(body, sizeof body, "--%s\r\n" FIRMWARE "\r\n\r\n--%.69s\r\n--%s--", boundary, boundary,
             boundary);
    snprintf(want, sizeof want, "file firmware:\r\n--%.69s|end", boundary);
    every_split((uint32_t)strlen(body), check_form, &form);
}

// ---- Digest

#define REALM  "http-auth@example.org"
#define TARGET "/dir/index.html"

static struct aloft_webui_verifier verifier;
static struct aloft_webui_auth auth;
static char nonce[ALOFT_WEBUI_NONCE_HEX + 1];

static void setup_auth(const char *user, const char *realm, const char *password)
{
    static const uint8_t secret[ALOFT_WEBUI_SECRET] = "secret of tests";
    CHECK_EQ(aloft_webui_verifier_make(&aloft_soft_crypto, user, realm, password, &verifier),
             ALOFT_OK);
    aloft_webui_auth_init(&auth, &aloft_soft_crypto, &verifier, realm, secret);
}

static enum aloft_webui_verdict ask(const char *method, const char *value, uint32_t now_ms)
{
    const struct aloft_webui_claim claim = {method, TARGET, value};
    size_t len = strlen(value) + 1;
    const struct aloft_webui_claim guarded = {claim.method, claim.target,
                                              (const char *)guard_after(value, len)};
    return aloft_webui_auth_check(&auth, &guarded, now_ms);
}

// RFC 7616, 3.9.1: Mufasa, with both algorithms.
static const char rfc_sha256[] =
    "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", "
    "algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "
    "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "
    "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
static const char rfc_md5[] =
    "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", uri=\"/dir/index.html\", "
    "algorithm=MD5, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", nc=00000001, "
    "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth, "
    "response=\"8ca523f5e9506fed4657c9700eebdbec\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

static void webui_auth_knows_the_rfcs_answers(void)
{
    setup_auth("Mufasa", REALM, "Circle of Life");
    CHECK_TEXT(verifier.md5, "3d78807defe7de2157e2b0b6573a855f");
    CHECK_EQ(ask("GET", rfc_sha256, 0), ALOFT_WEBUI_STALE); // right, but the nonce is not ours
    CHECK_EQ(ask("GET", rfc_md5, 0), ALOFT_WEBUI_STALE);
    CHECK_EQ(auth.tries.spent, 0);
    CHECK_EQ(ask("POST", rfc_md5, 0), ALOFT_WEBUI_WRONG);
    CHECK_EQ(auth.tries.spent, 1);
}

static void hex_of(enum aloft_hash_alg alg, const char *text, char *hex)
{
    struct aloft_hash hash;
    uint8_t digest[ALOFT_SHA256_LEN];
    int len = alg == ALOFT_HASH_MD5 ? ALOFT_MD5_LEN : ALOFT_SHA256_LEN;
    (void)aloft_soft_crypto.hash_init(&hash, alg);
    (void)aloft_soft_crypto.hash_feed(&hash, text, strlen(text));
    (void)aloft_soft_crypto.hash_finish(&hash, digest);
    for (int i = 0; i < len; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}

// What a client answers to the challenge `nonce`, computed without the code under test.
static const char *response(enum aloft_hash_alg alg, const char *password, const char *nc)
{
    static char out[1024];
    char text[512];
    char ha1[65];
    char ha2[65];
    char hex[65];
    snprintf(text, sizeof text, "admin:" REALM ":%s", password);
    hex_of(alg, text, ha1);
    hex_of(alg, "GET:" TARGET, ha2);
    snprintf(text, sizeof text, "%s:%s:%s:c:auth:%s", ha1, nonce, nc, ha2);
    hex_of(alg, text, hex);
    snprintf(out, sizeof out,
             "Digest username=\"admin\",realm=\"" REALM "\",nonce=\"%s\",uri=\"" TARGET
             "\",algorithm=%s,response=\"%s\",qop=auth,nc=%s,cnonce=\"c\"",
             nonce, alg == ALOFT_HASH_MD5 ? "MD5" : "SHA-256", hex, nc);
    return out;
}

static enum aloft_webui_verdict ask_nc(const char *nc, uint32_t now_ms)
{
    return ask("GET", response(ALOFT_HASH_SHA256, "pw", nc), now_ms);
}

static void challenge(uint32_t now_ms)
{
    setup_auth("admin", REALM, "pw");
    aloft_webui_auth_nonce(&auth, now_ms, nonce);
    CHECK_EQ((uint32_t)strlen(nonce), ALOFT_WEBUI_NONCE_HEX);
}

static void webui_auth_takes_each_answer_once(void)
{
    challenge(5);
    CHECK_EQ(ask_nc("00000000", 5), ALOFT_WEBUI_STALE); // counts begin at 1
    CHECK_EQ(ask_nc("00000001", 5), ALOFT_WEBUI_GOOD);
    CHECK_EQ(ask_nc("00000001", 5), ALOFT_WEBUI_STALE);
    CHECK_EQ(ask("GET", response(ALOFT_HASH_MD5, "pw", "00000002"), 5), ALOFT_WEBUI_GOOD);
    CHECK_EQ(ask_nc("00000002", 5), ALOFT_WEBUI_STALE);
    CHECK_EQ(ask_nc("00000005", 5), ALOFT_WEBUI_GOOD);
    CHECK_EQ(ask_nc("00000004", 5), ALOFT_WEBUI_GOOD); // out of order
    CHECK_EQ(ask_nc("00000004", 5), ALOFT_WEBUI_STALE);
    CHECK_EQ(ask_nc("0000003F", 5), ALOFT_WEBUI_GOOD);
    CHECK_EQ(ask_nc("0000003f", 5), ALOFT_WEBUI_STALE);
    CHECK_EQ(ask_nc("00000003", 5), ALOFT_WEBUI_STALE); // too far back to know
    CHECK_EQ(ask_nc("ffffffff", 5), ALOFT_WEBUI_GOOD);
    CHECK_EQ(ask_nc("00000000", 5), ALOFT_WEBUI_STALE);
    CHECK_EQ(ask_nc("1", 5), ALOFT_WEBUI_STALE);
    CHECK_EQ(ask_nc("0000000g", 5), ALOFT_WEBUI_STALE);
    CHECK_EQ(auth.tries.spent, 0);
}

static void webui_auth_lets_nonces_age(void)
{
    challenge(0xFFFFFF00u); // and the clock wraps
    CHECK_EQ(ask_nc("00000001", 0xFFFFFF00u + ALOFT_WEBUI_NONCE_MS - 1), ALOFT_WEBUI_GOOD);
    CHECK_EQ(ask_nc("00000002", 0xFFFFFF00u + ALOFT_WEBUI_NONCE_MS), ALOFT_WEBUI_STALE);
    CHECK_EQ(ask_nc("00000003", 0xFFFFFF00u), ALOFT_WEBUI_STALE); // and never again
    challenge(0);
    CHECK_EQ(ask_nc("00000001", ALOFT_WEBUI_NONCE_MS), ALOFT_WEBUI_STALE); // it was not used
}

// Four challenges asked for by a stranger once replaced the owner's, so that the owner never got in
// while somebody asked all the time.
static void webui_auth_keeps_a_challenge_good_while_strangers_ask_for_others(void)
{
    char first[sizeof nonce];
    challenge(0);
    memcpy(first, nonce, sizeof first);
    for (uint32_t i = 1; i < 1000; i++) {
        aloft_webui_auth_nonce(&auth, 0, nonce);
        CHECK(strcmp(first, nonce) != 0);
    }
    memcpy(nonce, first, sizeof first);
    CHECK_EQ(ask_nc("00000001", 0), ALOFT_WEBUI_GOOD);
    CHECK_EQ(ask_nc("00000001", 0), ALOFT_WEBUI_STALE);
    CHECK_EQ(ask_nc("00000002", 0), ALOFT_WEBUI_GOOD);
}

// keeps A1: of a nonce that is no longer remembered, no answer is good a second time.
static void webui_auth_takes_no_answer_twice_whatever_it_forgets(void)
{
    char first[sizeof nonce];
    challenge(0);
    memcpy(first, nonce, sizeof first);
    CHECK_EQ(ask_nc("00000001", 0), ALOFT_WEBUI_GOOD);
    for (uint32_t i = 0; i < ALOFT_WEBUI_NONCES; i++) {
        aloft_webui_auth_nonce(&auth, 0, nonce);
        CHECK_EQ(ask_nc("00000001", 0), ALOFT_WEBUI_GOOD);
    }
    memcpy(nonce, first, sizeof first);
    CHECK_EQ(ask_nc("00000001", 0), ALOFT_WEBUI_STALE);
    CHECK_EQ(ask_nc("00000002", 0), ALOFT_WEBUI_STALE);
}

// A nonce that this device has not made, of any number and time.
static void webui_auth_knows_its_own_nonces(void)
{
    challenge(0);
    for (uint32_t i = 0; i < ALOFT_WEBUI_NONCE_HEX; i++) {
        char was = nonce[i];
        nonce[i] = was == '0' ? '1' : '0';
        CHECK_EQ(ask_nc("00000001", 0), ALOFT_WEBUI_STALE);
        nonce[i] = was;
    }
    nonce[ALOFT_WEBUI_NONCE_HEX - 1] = 0;
    CHECK_EQ(ask_nc("00000001", 0), ALOFT_WEBUI_STALE);
    nonce[0] = 0;
    CHECK_EQ(ask_nc("00000001", 0), ALOFT_WEBUI_STALE);
}

// A nonce that was not used, and one that was, were good again when the clock showed their time for
// the second time, 49.7 days later.
static void webui_auth_forgets_what_is_over_before_the_clock_wraps(void)
{
    for (uint32_t used = 0; used < 2; used++) {
        challenge(1000);
        if (used == 1) {
            CHECK_EQ(ask_nc("00000001", 1000), ALOFT_WEBUI_GOOD);
        }
        aloft_webui_auth_age(&auth, 3600000);
        aloft_webui_auth_age(&auth, 2 * 3600000);
        CHECK_EQ(ask_nc("00000002", 1001), ALOFT_WEBUI_STALE); // 2^32 ms later
    }
}

static enum aloft_webui_verdict guess(uint32_t now_ms)
{
    return ask("GET", response(ALOFT_HASH_MD5, "no", "00000001"), now_ms);
}

// keeps A2
static void webui_auth_judges_one_guess_in_two_seconds_after_five(void)
{
    uint32_t now = 1000;
    challenge(now);
    for (uint32_t i = 0; i < ALOFT_WEBUI_TRIES; i++) {
        CHECK_EQ(guess(now), ALOFT_WEBUI_WRONG);
    }
    for (uint32_t i = 0; i < 100; i++) {
        CHECK_EQ(ask_nc("00000001", now), ALOFT_WEBUI_LATER); // the right one, too
        CHECK_EQ(guess(now + ALOFT_WEBUI_TRY_MS - 1), ALOFT_WEBUI_LATER);
        now += ALOFT_WEBUI_TRY_MS;
        CHECK_EQ(aloft_rate_wait(&auth.tries, now), 0);
        CHECK_EQ(guess(now), ALOFT_WEBUI_WRONG);
        CHECK_EQ(guess(now), ALOFT_WEBUI_LATER);
    }
    now += ALOFT_WEBUI_TRY_MS;
    CHECK_EQ(ask_nc("00000001", now), ALOFT_WEBUI_GOOD);
    CHECK_EQ(guess(now), ALOFT_WEBUI_WRONG); // the right one took no turn; and this ends its nonce
    CHECK_EQ(ask_nc("00000002", now), ALOFT_WEBUI_LATER);
}

// A client that is logged in is not slowed down, whatever strangers do; with its nonce, seen on the
// wire, they have one guess.
static void webui_auth_does_not_slow_down_who_is_logged_in(void)
{
    char mine[sizeof nonce];
    challenge(0);
    CHECK_EQ(ask_nc("00000001", 0), ALOFT_WEBUI_GOOD);
    memcpy(mine, nonce, sizeof mine);
    aloft_webui_auth_nonce(&auth, 0, nonce);
    for (uint32_t i = 0; i < ALOFT_WEBUI_TRIES; i++) {
        CHECK_EQ(guess(0), ALOFT_WEBUI_WRONG);
    }
    CHECK_EQ(guess(0), ALOFT_WEBUI_LATER);
    memcpy(nonce, mine, sizeof nonce);
    CHECK_EQ(ask_nc("00000002", 0), ALOFT_WEBUI_GOOD);
    CHECK_EQ(guess(0), ALOFT_WEBUI_WRONG);
    CHECK_EQ(guess(0), ALOFT_WEBUI_LATER);
}

static void webui_auth_refuses_answers_to_something_else(void)
{
    static const struct {
        const char *from;
        const char *to;
        enum aloft_webui_verdict verdict;
    } cases[] = {
        {"Digest ", "Basic  ", ALOFT_WEBUI_UNKNOWN},
        {"SHA-256", "SHA-999", ALOFT_WEBUI_UNKNOWN},
        {"uri=\"/dir", "uri=\"/dis", ALOFT_WEBUI_WRONG},
        {"realm=\"http", "realm=\"htpp", ALOFT_WEBUI_WRONG},
        {"qop=auth,", "qop=aint,", ALOFT_WEBUI_WRONG},
        {"nc=00000001", "nc=00000002", ALOFT_WEBUI_WRONG},
        {"cnonce=\"c\"", "cnonce=\"d\"", ALOFT_WEBUI_WRONG},
        {"response=\"", "respomse=\"", ALOFT_WEBUI_WRONG},
        {"response=", "response ", ALOFT_WEBUI_WRONG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024];
        challenge(0);
        snprintf(text, sizeof text, "%s", response(ALOFT_HASH_SHA256, "pw", "00000001"));
        char *at = strstr(text, cases[i].from);
        CHECK(at != NULL);
        memcpy(at, cases[i].to, strlen(cases[i].to));
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(ask("GET", text, 0), cases[i].verdict);
    }
    challenge(0);
    CHECK_EQ(ask("GET", "", 0), ALOFT_WEBUI_UNKNOWN);
    CHECK_EQ(ask("GET", "Digest", 0), ALOFT_WEBUI_UNKNOWN);
    // right, but for another page than the request's
    const struct aloft_webui_claim claim = {"GET", "/api/boot",
                                            response(ALOFT_HASH_SHA256, "pw", "00000001")};
    CHECK_EQ(aloft_webui_auth_check(&auth, &claim, 0), ALOFT_WEBUI_WRONG);
    verifier.md5[0] = 0; // not offered
    CHECK_EQ(ask("GET", response(ALOFT_HASH_MD5, "pw", "00000001"), 0), ALOFT_WEBUI_UNKNOWN);
}

static void webui_auth_takes_what_fits_into_quotes_as_realm(void)
{
    char longest[ALOFT_WEBUI_REALM_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[ALOFT_WEBUI_REALM_MAX] = 0;
    CHECK(aloft_webui_auth_is_realm("02a10f000001") && aloft_webui_auth_is_realm("kitchen light"));
    CHECK(aloft_webui_auth_is_realm((const char *)guard_after(longest, ALOFT_WEBUI_REALM_MAX + 1)));
    longest[ALOFT_WEBUI_REALM_MAX] = 'a';
    longest[ALOFT_WEBUI_REALM_MAX + 1] = 0;
    CHECK(!aloft_webui_auth_is_realm(longest) && !aloft_webui_auth_is_realm(""));
    CHECK(!aloft_webui_auth_is_realm("a\"") && !aloft_webui_auth_is_realm("a\\b"));
    CHECK(!aloft_webui_auth_is_realm("a\r\nX: y") && !aloft_webui_auth_is_realm("k\xC3\xBC"));
}

CHECK_MAIN(TEST(webui_takes_requests_in_any_split),
           TEST(webui_refuses_what_it_cannot_take_and_says_why), TEST(webui_bounds_its_headers),
           TEST(webui_recognizes_the_pages_of_other_sites),
           TEST(webui_takes_a_body_of_no_stated_type_for_bytes), TEST(webui_finds_the_boundary),
           TEST(webui_answers_in_pieces_of_any_size),
           TEST(webui_puts_text_of_any_language_into_json), TEST(webui_answers_head_without_a_body),
           TEST(webui_leaves_out_what_does_not_fit),
           TEST(webui_multipart_gives_each_part_whole_in_any_split),
           TEST(webui_multipart_bounds_a_parts_headers),
           TEST(webui_multipart_takes_the_longest_boundary),
           TEST(webui_auth_knows_the_rfcs_answers), TEST(webui_auth_takes_each_answer_once),
           TEST(webui_auth_lets_nonces_age),
           TEST(webui_auth_keeps_a_challenge_good_while_strangers_ask_for_others),
           TEST(webui_auth_takes_no_answer_twice_whatever_it_forgets),
           TEST(webui_auth_knows_its_own_nonces),
           TEST(webui_auth_forgets_what_is_over_before_the_clock_wraps),
           TEST(webui_auth_judges_one_guess_in_two_seconds_after_five),
           TEST(webui_auth_does_not_slow_down_who_is_logged_in),
           TEST(webui_auth_refuses_answers_to_something_else),
           TEST(webui_auth_takes_what_fits_into_quotes_as_realm))
