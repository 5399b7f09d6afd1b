// URLs: parts lie inside the text and put together give it back; what a redirect resolves to is a
// URL again, clean of dots, on the host that it should be; and no URL can add a line to a request.
// Input: a URL, a NUL, a reference.
#include "aloft/net/http.h"
#include "aloft/net/url.h"
#include "fuzz.h"

enum { URL_MAX = 1024, REQUEST_MAX = 4096 };

static void check_parts(const char *text, const struct aloft_url *url)
{
    size_t len = strlen(text);
    char again[URL_MAX + 1];
    FUZZ_CHECK(url->host_len > 0 && url->port != 0);
    FUZZ_CHECK(url->authority == (url->tls ? 8 : 7));
    FUZZ_CHECK(url->host >= url->authority &&
               url->host + url->host_len <= url->authority + url->authority_len);
    FUZZ_CHECK(url->authority + url->authority_len == url->path);
    FUZZ_CHECK((size_t)(url->path + url->path_len) <= len);
    FUZZ_CHECK(memchr(text + url->authority, '@', url->authority_len) == NULL);
    FUZZ_CHECK(memchr(text + url->path, '#', url->path_len) == NULL);
    int n = snprintf(again, sizeof again, "%s%.*s%.*s", url->tls ? "https://" : "http://",
                     url->authority_len, text + url->authority, url->path_len, text + url->path);
    FUZZ_CHECK(n >= 0 && strncasecmp(again, text, (size_t)n) == 0);
    FUZZ_CHECK(text[n] == '\0' || text[n] == '#');
}

// The request is the same in any pieces, and has the lines that we wrote and no others.
static void check_request(const char *text, const struct aloft_url *url)
{
    uint8_t whole[REQUEST_MAX];
    uint8_t pieces[REQUEST_MAX];
    const struct aloft_http_request request = {.url_text = text, .url = url};
    uint32_t len = aloft_http_get(&request, 0, whole, sizeof whole);
    uint32_t sent = 0;
    uint32_t lines = 0;
    uint32_t n;
    while ((n = aloft_http_get(&request, sent, pieces + sent, 1 + sent % 61)) > 0) {
        sent += n;
    }
    FUZZ_CHECK(sent == len && memcmp(whole, pieces, len) == 0);
    for (uint32_t i = 0; i < len; i++) {
        lines += whole[i] == '\n';
        FUZZ_CHECK(whole[i] < 0x7F && (whole[i] >= ' ' || whole[i] == '\r' || whole[i] == '\n'));
    }
    FUZZ_CHECK(lines == 6 && memcmp(whole, "GET ", 4) == 0);
    FUZZ_CHECK(whole[4] == '/');
}

static void check_dots(const char *text, const struct aloft_url *url)
{
    uint32_t end = url->path + (uint32_t)url->path_len;
    for (uint32_t at = url->path; at < end && text[at] != '?'; at++) {
        uint32_t dots = 0;
        while (text[at] == '/' && at + 1 + dots < end && text[at + 1 + dots] == '.') {
            dots++;
        }
        char next = at + 1 + dots < end ? text[at + 1 + dots] : '?';
        FUZZ_CHECK(dots == 0 || dots > 2 || (next != '/' && next != '?'));
    }
}

static void check_resolve(const char *base, const char *reference)
{
    char text[URL_MAX + 1];
    char again[URL_MAX + 1];
    struct aloft_url from;
    struct aloft_url to;
    (void)snprintf(text, sizeof text, "%s", base);
    (void)aloft_url_parse(text, &from); // its caller knows that it is good
    struct aloft_url resolved = from;
    enum aloft_err err = aloft_url_resolve(text, sizeof text, reference, &resolved);
    if (err != ALOFT_OK) {
        FUZZ_CHECK(err == ALOFT_ERR_URL_TOO_LONG ||
                   (resolved.wrong_at <= strlen(text) && strlen(text) < sizeof text));
        return;
    }
    FUZZ_CHECK(aloft_url_parse(text, &to) == ALOFT_OK);
    FUZZ_CHECK(memcmp(&to, &resolved, sizeof to) == 0);
    check_parts(text, &to);
    check_request(text, &to);
    check_dots(text, &to);
    if (reference[0] != '\0' && strchr("/?#.", reference[0]) != NULL && reference[1] != '/' &&
        strchr(reference, ':') == NULL) {
        FUZZ_CHECK(to.tls == from.tls && to.port == from.port);
        FUZZ_CHECK(to.host_len == from.host_len);
        FUZZ_CHECK(memcmp(text + to.host, base + from.host, to.host_len) == 0);
    }
    memcpy(again, text, sizeof again);
    FUZZ_CHECK(aloft_url_resolve(again, sizeof again, "", &resolved) == ALOFT_OK);
    size_t len = to.path + (size_t)to.path_len;
    if (to.path_len > 0) { // else it gains a slash
        FUZZ_CHECK(strlen(again) == len && memcmp(again, text, len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct aloft_url url;
    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    size_t len = strlen(text);
    if (len <= URL_MAX && aloft_url_parse(text, &url) == ALOFT_OK) {
        check_parts(text, &url);
        check_request(text, &url);
        check_resolve(text, len < size ? text + len + 1 : "");
    }
    free(text);
    return 0;
}
