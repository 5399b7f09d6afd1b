// URLs taken apart, refused and resolved. Every text is parsed hard against the end of memory.
#include "aloft/net/url.h"
#include "check.h"
#include "guard.h"

static char big[2 * ALOFT_URL_MAX + 2];

// Parses a copy that ends, terminator included, where memory ends.
static enum aloft_err parse(const char *text, struct aloft_url *url)
{
    return aloft_url_parse((const char *)guard_after(text, strlen(text) + 1), url);
}

static void check_part(const char *text, uint32_t off, uint32_t len, const char *want)
{
    static char part[ALOFT_URL_MAX + 1];
    memcpy(part, text + off, len);
    part[len] = 0;
    CHECK_TEXT(part, want);
}

static void url_parse_finds_every_part(void)
{
    static const struct {
        const char *text;
        bool tls;
        int port;
        const char *host, *authority, *path;
    } cases[] = {
        {"http://h", false, 80, "h", "h", ""},
        {"http://h/", false, 80, "h", "h", "/"},
        {"https://example.com/a/b.bin?v=1&u=a@b:c", true, 443, "example.com", "example.com",
         "/a/b.bin?v=1&u=a@b:c"},
        {"HTTP://Example.COM:8070/x#part", false, 8070, "Example.COM", "Example.COM:8070", "/x"},
        {"hTTpS://h:65535", true, 65535, "h", "h:65535", ""},
        {"http://h:/x", false, 80, "h", "h:", "/x"},
        {"http://h:00080/x", false, 80, "h", "h:00080", "/x"},
        {"http://h?q=/..", false, 80, "h", "h", "?q=/.."},
        {"http://h#?/@", false, 80, "h", "h", ""},
        {"http://h/a#b#c", false, 80, "h", "h", "/a"},
        {"http://192.168.4.1:1/", false, 1, "192.168.4.1", "192.168.4.1:1", "/"},
        {"http://[::1]", false, 80, "::1", "[::1]", ""},
        {"https://[fe80::1]:8443/x", true, 8443, "fe80::1", "[fe80::1]:8443", "/x"},
        {"http://[::1]:", false, 80, "::1", "[::1]:", ""},
        {"http://h/@", false, 80, "h", "h", "/@"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_url url;
        const char *text = cases[i].text;
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(parse(text, &url), ALOFT_OK);
        CHECK_EQ(url.tls, cases[i].tls);
        CHECK_EQ(url.port, cases[i].port);
        check_part(text, url.host, url.host_len, cases[i].host);
        check_part(text, url.authority, url.authority_len, cases[i].authority);
        check_part(text, url.path, url.path_len, cases[i].path);
    }
}

static void url_parse_refuses_by_name_what_is_no_url(void)
{
    static const struct {
        const char *text;
        enum aloft_err err;
    } cases[] = {
        {"", ALOFT_ERR_URL_SCHEME},
        {"h", ALOFT_ERR_URL_SCHEME},
        {"http", ALOFT_ERR_URL_SCHEME},
        {"http:/h", ALOFT_ERR_URL_SCHEME},
        {"//h/x", ALOFT_ERR_URL_SCHEME},
        {"ftp://h/x", ALOFT_ERR_URL_SCHEME},
        {"httpx://h", ALOFT_ERR_URL_SCHEME},
        {"javascript:alert(1)", ALOFT_ERR_URL_SCHEME},
        {"http://", ALOFT_ERR_URL_SYNTAX},
        {"http:///x", ALOFT_ERR_URL_SYNTAX},
        {"http://?x", ALOFT_ERR_URL_SYNTAX},
        {"http://#x", ALOFT_ERR_URL_SYNTAX},
        {"http://:80/", ALOFT_ERR_URL_SYNTAX},
        {"http://[]", ALOFT_ERR_URL_SYNTAX},
        {"http://[::1", ALOFT_ERR_URL_SYNTAX},
        {"http://[::1/]", ALOFT_ERR_URL_SYNTAX},
        {"http://[", ALOFT_ERR_URL_SYNTAX},
        {"http://[::1]x", ALOFT_ERR_URL_SYNTAX},
        {"http://h:0/", ALOFT_ERR_URL_SYNTAX},
        {"http://h:65536/", ALOFT_ERR_URL_SYNTAX},
        {"http://h:4294967376/", ALOFT_ERR_URL_SYNTAX}, // 80 and 2^32
        {"http://h:99999999999999999999/", ALOFT_ERR_URL_SYNTAX},
        {"http://h:8x/", ALOFT_ERR_URL_SYNTAX},
        {"http://h:-1/", ALOFT_ERR_URL_SYNTAX},
        {"http://h:+1/", ALOFT_ERR_URL_SYNTAX},
        {"http://h:80:80/", ALOFT_ERR_URL_SYNTAX},
        {"http://user@h/", ALOFT_ERR_URL_SYNTAX},
        {"http://user:secret@h/", ALOFT_ERR_URL_SYNTAX},
        {"http://good.example@evil.example", ALOFT_ERR_URL_SYNTAX},
        {"http://@h", ALOFT_ERR_URL_SYNTAX},
        {" http://h", ALOFT_ERR_URL_SYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_url url;
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(parse(cases[i].text, &url), cases[i].err);
    }
}

static void url_parse_refuses_controls_spaces_and_bytes_beyond_ascii_anywhere(void)
{
    for (int byte = 1; byte < 256; byte++) {
        struct aloft_url url;
        char text[] = "http://h/_";
        bool good = byte > ' ' && byte < 0x7F;
        text[9] = (char)byte;
        check_note("byte %ld", byte, 0);
        CHECK_EQ(parse(text, &url), good ? ALOFT_OK : ALOFT_ERR_URL_SYNTAX);
        text[7] = (char)byte;
        if (!good) {
            CHECK_EQ(parse(text, &url), ALOFT_ERR_URL_SYNTAX);
        }
    }
}

// "http://h/aaa..." of exactly len bytes.
static const char *of_length(uint32_t len)
{
    memset(big, 'a', len);
    memcpy(big, "http://h/", 9);
    big[len] = 0;
    return big;
}

static void url_of_1024_bytes_is_good_and_one_more_is_too_long(void)
{
    struct aloft_url url;
    CHECK_EQ(parse(of_length(ALOFT_URL_MAX), &url), ALOFT_OK);
    CHECK_EQ(url.path_len, ALOFT_URL_MAX - 8);
    CHECK_EQ(parse(of_length(ALOFT_URL_MAX + 1), &url), ALOFT_ERR_URL_TOO_LONG);
    CHECK_EQ(parse(of_length(2 * ALOFT_URL_MAX), &url), ALOFT_ERR_URL_TOO_LONG);
}

static void url_parse_keeps_every_part_inside_any_prefix_of_a_url(void)
{
    const char whole[] = "https://[fe80::1]:8443/a/../b?c=d#e";
    for (uint32_t len = 0; len < sizeof whole; len++) {
        struct aloft_url url;
        memcpy(big, whole, len);
        big[len] = 0;
        check_note("the first %ld bytes", (long)len, 0);
        if (parse(big, &url) == ALOFT_OK) {
            CHECK(url.host + url.host_len <= len);
            CHECK(url.authority + url.authority_len <= len);
            CHECK(url.path + url.path_len <= len);
            CHECK(url.host_len > 0);
        }
    }
}

// Resolves in a buffer of exactly the promised size, hard against the end of memory.
static enum aloft_err resolve(const char *base, const char *reference, char *out)
{
    static char room[ALOFT_URL_MAX + 1];
    static char copy[ALOFT_URL_MAX + 2];
    memset(room, 0x55, sizeof room);
    memcpy(room, base, strlen(base) + 1);
    memcpy(copy, reference, strlen(reference) + 1);
    char *text = (char *)guard_after(room, sizeof room);
    enum aloft_err err = aloft_url_resolve(text, copy);
    memcpy(out, text, ALOFT_URL_MAX + 1);
    return err;
}

static void url_resolve_follows_the_examples_of_rfc_3986(void)
{
    static const char *const cases[][2] = {
        {"/g", "http://a/g"},
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"//g", "http://g"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"...", "http://a/b/c/..."},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/./x", "http://a/b/c/g#s/./x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
    };
    static char out[ALOFT_URL_MAX + 1];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(resolve("http://a/b/c/d;p?q", cases[i][0], out), ALOFT_OK);
        CHECK_TEXT(out, cases[i][1]);
    }
}

static void url_resolve_works_from_bases_without_a_path_and_across_hosts(void)
{
    static const char *const cases[][3] = {
        {"http://h", "b", "http://h/b"},
        {"http://h", "/b", "http://h/b"},
        {"http://h", "?b", "http://h?b"},
        {"http://h?x=/y", "b", "http://h/b"},
        {"http://h?x", "?y", "http://h?y"},
        {"http://h:8070#f", "b", "http://h:8070/b"},
        {"http://h/a//b", "../c", "http://h/a/c"},
        {"http://h/", "/a//../b", "http://h/a/b"},
        {"http://h/", "/.//x", "http://h//x"},
        {"http://h/a", "https://cdn.example/x", "https://cdn.example/x"},
        {"http://h/a", "HTTPS://cdn.example/x", "HTTPS://cdn.example/x"},
        {"https://h/a", "//cdn.example:1/x", "https://cdn.example:1/x"},
        {"http://h/a", "//cdn.example", "http://cdn.example"},
        {"http://h/d/a", "b?token=1:2/3", "http://h/d/b?token=1:2/3"},
        {"http://h/d/a", "b#t:u", "http://h/d/b#t:u"},
        {"http://h/d/a", "./b:c", "http://h/d/b:c"},
        {"http://h/d/a", "http://g/../x/./y", "http://g/x/y"},
    };
    static char out[ALOFT_URL_MAX + 1];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(resolve(cases[i][0], cases[i][1], out), ALOFT_OK);
        CHECK_TEXT(out, cases[i][2]);
    }
}

static void url_resolve_refuses_by_name_where_it_cannot_go(void)
{
    static char out[ALOFT_URL_MAX + 1];
    CHECK_EQ(resolve("http://h/", "ftp://h/x", out), ALOFT_ERR_URL_SCHEME);
    CHECK_EQ(resolve("http://h/", "data:,x", out), ALOFT_ERR_URL_SCHEME);
    CHECK_EQ(resolve("http://h/", "http:x", out), ALOFT_ERR_URL_SCHEME);
    CHECK_EQ(resolve("http://h/", "//", out), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(resolve("http://h/", "//u@h/", out), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(resolve("http://h/", "a b", out), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(resolve("http://h/", "a\r\nb", out), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(resolve("nonsense", "/b", out), ALOFT_ERR_URL_SCHEME);
}

static void url_resolve_fills_exactly_1024_bytes_and_refuses_one_more(void)
{
    static char out[ALOFT_URL_MAX + 1];
    static char reference[ALOFT_URL_MAX + 2];
    memset(reference, 'r', sizeof reference);
    reference[ALOFT_URL_MAX - 9] = 0;
    CHECK_EQ(resolve("http://h/x", reference, out), ALOFT_OK);
    CHECK_EQ((long)strlen(out), ALOFT_URL_MAX);
    CHECK_EQ(resolve("http://h", reference, out), ALOFT_OK); // the slash is new
    CHECK_EQ((long)strlen(out), ALOFT_URL_MAX);
    reference[ALOFT_URL_MAX - 9] = 'r';
    reference[ALOFT_URL_MAX - 8] = 0;
    CHECK_EQ(resolve("http://h/x", reference, out), ALOFT_ERR_URL_TOO_LONG);
    CHECK_EQ(resolve("http://h", reference, out), ALOFT_ERR_URL_TOO_LONG);
    memset(reference, 'r', sizeof reference);
    reference[ALOFT_URL_MAX + 1] = 0;
    CHECK_EQ(resolve("http://h/x", reference, out), ALOFT_ERR_URL_TOO_LONG);
    CHECK_EQ(resolve("http://h/", of_length(ALOFT_URL_MAX), out), ALOFT_OK);
    CHECK_TEXT(out, big);
}

CHECK_MAIN(TEST(url_parse_finds_every_part), TEST(url_parse_refuses_by_name_what_is_no_url),
           TEST(url_parse_refuses_controls_spaces_and_bytes_beyond_ascii_anywhere),
           TEST(url_of_1024_bytes_is_good_and_one_more_is_too_long),
           TEST(url_parse_keeps_every_part_inside_any_prefix_of_a_url),
           TEST(url_resolve_follows_the_examples_of_rfc_3986),
           TEST(url_resolve_works_from_bases_without_a_path_and_across_hosts),
           TEST(url_resolve_refuses_by_name_where_it_cannot_go),
           TEST(url_resolve_fills_exactly_1024_bytes_and_refuses_one_more))
