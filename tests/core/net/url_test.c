// URLs taken apart, refused and resolved. Every text is parsed hard against the end of memory.
#include "aloft/net/url.h"
#include "check.h"
#include "guard.h"

enum { URL_MAX = 1024 }; // of the buffers here

static char big[2 * URL_MAX + 2];

// Parses a copy that ends, terminator included, where memory ends.
static enum aloft_err parse(const char *text, struct aloft_url *url)
{
    return aloft_url_parse((const char *)guard_after(text, strlen(text) + 1), url);
}

static void check_part(const char *text, uint32_t off, uint32_t len, const char *want)
{
    static char part[URL_MAX + 1];
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

static void url_parse_refuses_what_is_not_a_url_by_name(void)
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
        {" http://h", ALOFT_ERR_URL_SCHEME},
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

// A user sees a URL of two thousand characters and looks for what is wrong with it.
static void url_parse_says_where_the_first_wrong_byte_is(void)
{
    static const struct {
        const char *text;
        uint32_t at;
    } cases[] = {
        {"http://h:8x/", 10},
        {"http://h:99999/", 13},
        {"http://h:0/", 9},
        {"http://h/a b", 10},
        {"http://h/\xC3\xA4", 9},
        {"http://u:p@h/", 10},
        {"http:///f.bin", 7},
        {"http://[::1/", 11},
        {"http://[::1]x/", 12},
        {"http://my%20server/", 9},
        {"http://b\xC3\xBCro/", 8},
        {"ftp://h/", 0},
        {"http://h/f.bin#two words", 18},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_url url;
        check_note("case %ld", (long)i, 0);
        CHECK(parse(cases[i].text, &url) != ALOFT_OK);
        CHECK_EQ(url.wrong_at, cases[i].at);
    }
}

static void url_may_have_any_length(void)
{
    struct aloft_url url;
    CHECK_EQ(parse(of_length(2 * URL_MAX), &url), ALOFT_OK);
    CHECK_EQ(url.path_len, 2 * URL_MAX - 8);
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
    static char room[URL_MAX + 1];
    static char copy[URL_MAX + 2];
    struct aloft_url url = {.tls = false};
    if (base[0] != 0 && aloft_url_parse(base, &url) != ALOFT_OK) {
        CHECK(false);
    }
    memset(room, 0x55, sizeof room);
    memcpy(room, base, strlen(base) + 1);
    memcpy(copy, reference, strlen(reference) + 1);
    char *text = (char *)guard_after(room, sizeof room);
    enum aloft_err err = aloft_url_resolve(text, sizeof room, copy, &url);
    memcpy(out, text, URL_MAX + 1);
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
    static char out[URL_MAX + 1];
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
    static char out[URL_MAX + 1];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(resolve(cases[i][0], cases[i][1], out), ALOFT_OK);
        CHECK_TEXT(out, cases[i][2]);
    }
}

static void url_resolve_refuses_by_name_where_it_cannot_go(void)
{
    static char out[URL_MAX + 1];
    CHECK_EQ(resolve("http://h/", "ftp://h/x", out), ALOFT_ERR_URL_SCHEME);
    CHECK_EQ(resolve("http://h/", "data:,x", out), ALOFT_ERR_URL_SCHEME);
    CHECK_EQ(resolve("http://h/", "http:x", out), ALOFT_ERR_URL_SCHEME);
    CHECK_EQ(resolve("http://h/", "//", out), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(resolve("http://h/", "//u@h/", out), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(resolve("http://h/", "//two words/", out), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(resolve("http://h/", "//b\xC3\xBCro/", out), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(resolve("http://h/", "a\r\nb", out), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(resolve("http://h/", "a\x7F", out), ALOFT_ERR_URL_SYNTAX);
    CHECK_EQ(resolve("", "/b", out), ALOFT_ERR_URL_SCHEME);
    CHECK_EQ(resolve("", "h/b", out), ALOFT_ERR_URL_SCHEME);
}

// Servers write the name of a file into Location as it is, and browsers cope.
static void url_resolve_percent_encodes_blanks_and_bytes_beyond_ascii(void)
{
    static const char *const cases[][3] = {
        {"http://h/a", "/my fw.bin", "http://h/my%20fw.bin"},
        {"http://h/a", "/\"<fw>\"?<1>", "http://h/%22%3Cfw%3E%22?%3C1%3E"},
        {"http://h/a", "my  fw.bin?v=1 2", "http://h/my%20%20fw.bin?v=1%202"},
        {"http://h/d/a",
         "b\xC3\xBC"
         "cher/\xE5\x9B\xBA",
         "http://h/d/b%C3%BCcher/%E5%9B%BA"},
        {"http://h/a", "/latin\xFC", "http://h/latin%FC"},
        {"http://h/a", "/my%20fw.bin", "http://h/my%20fw.bin"}, // once, not twice
        {"http://h/a", "http://g/x y/../z", "http://g/z"},
        {"", "http://h/my fw.bin", "http://h/my%20fw.bin"},
    };
    static char out[URL_MAX + 1];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(resolve(cases[i][0], cases[i][1], out), ALOFT_OK);
        CHECK_TEXT(out, cases[i][2]);
    }
}

static void url_resolve_fills_the_room_exactly_and_refuses_one_more(void)
{
    static char out[URL_MAX + 1];
    static char reference[URL_MAX + 2];
    memset(reference, 'r', sizeof reference);
    reference[URL_MAX - 9] = 0;
    CHECK_EQ(resolve("http://h/x", reference, out), ALOFT_OK);
    CHECK_EQ((long)strlen(out), URL_MAX);
    CHECK_EQ(resolve("http://h", reference, out), ALOFT_OK); // the slash is new
    CHECK_EQ((long)strlen(out), URL_MAX);
    reference[URL_MAX - 9] = 'r';
    reference[URL_MAX - 8] = 0;
    CHECK_EQ(resolve("http://h/x", reference, out), ALOFT_ERR_URL_TOO_LONG);
    CHECK_EQ(resolve("http://h", reference, out), ALOFT_ERR_URL_TOO_LONG);
    memset(reference, 'r', sizeof reference);
    reference[URL_MAX + 1] = 0;
    CHECK_EQ(resolve("http://h/x", reference, out), ALOFT_ERR_URL_TOO_LONG);
    CHECK_EQ(resolve("http://h/", of_length(URL_MAX), out), ALOFT_OK);
    CHECK_TEXT(out, big);
    reference[URL_MAX - 9] = 0;
    reference[5] = ' '; // it takes three
    CHECK_EQ(resolve("http://h/x", reference, out), ALOFT_ERR_URL_TOO_LONG);
    reference[URL_MAX - 11] = 0;
    CHECK_EQ(resolve("http://h/x", reference, out), ALOFT_OK);
    CHECK_EQ((long)strlen(out), URL_MAX);
}

CHECK_MAIN(TEST(url_parse_finds_every_part), TEST(url_parse_refuses_what_is_not_a_url_by_name),
           TEST(url_parse_refuses_controls_spaces_and_bytes_beyond_ascii_anywhere),
           TEST(url_parse_says_where_the_first_wrong_byte_is), TEST(url_may_have_any_length),
           TEST(url_parse_keeps_every_part_inside_any_prefix_of_a_url),
           TEST(url_resolve_follows_the_examples_of_rfc_3986),
           TEST(url_resolve_works_from_bases_without_a_path_and_across_hosts),
           TEST(url_resolve_refuses_by_name_where_it_cannot_go),
           TEST(url_resolve_percent_encodes_blanks_and_bytes_beyond_ascii),
           TEST(url_resolve_fills_the_room_exactly_and_refuses_one_more))
