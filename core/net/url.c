// URL text in, offsets out. Everything is checked against the text's own length first, so the parts
// always lie inside it.
#include "aloft/net/url.h"
#include <string.h>

static bool starts(const char *text, const char *prefix)
{
    for (; *prefix != 0; text++, prefix++) {
        char c = *text;
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c + 'a' - 'A');
        }
        if (c != *prefix) {
            return false;
        }
    }
    return true;
}

// The first place from `at` on that holds a, b or '#', or the end of the text.
static uint32_t until(const char *text, uint32_t at, char a, char b)
{
    while (text[at] != 0 && text[at] != '#' && text[at] != a && text[at] != b) {
        at++;
    }
    return at;
}

static enum aloft_err check_text(const char *text)
{
    uint32_t len = 0;
    for (; text[len] != 0; len++) {
        if (len >= ALOFT_URL_MAX) {
            return ALOFT_ERR_URL_TOO_LONG;
        }
        if (text[len] <= ' ' || text[len] >= 0x7F) {
            return ALOFT_ERR_URL_SYNTAX;
        }
    }
    return ALOFT_OK;
}

// [host] or host, then an optional :port, filling the whole of text[at, end).
static enum aloft_err parse_authority(const char *text, uint32_t at, uint32_t end,
                                      struct aloft_url *out)
{
    bool bracket = text[at] == '[';
    char stop = bracket ? ']' : ':';
    uint32_t port = 0;
    at += bracket;
    out->host = at;
    while (at < end && text[at] != stop) {
        at++;
    }
    out->host_len = at - out->host;
    if (out->host_len == 0 || (bracket && at++ == end)) {
        return ALOFT_ERR_URL_SYNTAX;
    }
    if (at == end || (text[at] == ':' && at + 1 == end)) { // "host:" means the default port
        return ALOFT_OK;
    }
    if (text[at] != ':') {
        return ALOFT_ERR_URL_SYNTAX;
    }
    while (++at < end) {
        uint32_t digit = (uint32_t)(text[at] - '0');
        port = port * 10 + digit;
        if (digit > 9 || port > 65535) {
            return ALOFT_ERR_URL_SYNTAX;
        }
    }
    out->port = port;
    return port == 0 ? ALOFT_ERR_URL_SYNTAX : ALOFT_OK;
}

enum aloft_err aloft_url_parse(const char *text, struct aloft_url *out)
{
    memset(out, 0, sizeof *out);
    enum aloft_err err = check_text(text);
    if (err != ALOFT_OK) {
        return err;
    }
    out->tls = starts(text, "https://");
    if (!out->tls && !starts(text, "http://")) {
        return ALOFT_ERR_URL_SCHEME;
    }
    uint32_t at = out->tls ? 8 : 7;
    uint32_t end = until(text, at, '/', '?');
    out->port = out->tls ? 443 : 80;
    out->authority = at;
    out->authority_len = end - at;
    out->path = end;
    out->path_len = until(text, end, '#', '#') - end;
    if (until(text, at, '@', '@') < end) { // user information
        return ALOFT_ERR_URL_SYNTAX;
    }
    return parse_authority(text, at, end, out);
}

// Takes "." and ".." segments out of the path that starts at text[at], in place (RFC 3986, 5.2.4).
static void remove_dots(char *text, uint32_t at)
{
    uint32_t from = at;
    uint32_t to = at;
    while (text[from] == '/') {
        uint32_t next = until(text, from + 1, '/', '?');
        uint32_t dots = 0;
        while (text[from + 1 + dots] == '.') {
            dots++;
        }
        if (dots == 0 || dots > 2 || from + 1 + dots != next) {
            memmove(text + to, text + from, next - from);
            to += next - from;
        } else {
            while (dots == 2 && to > at && text[--to] != '/') {
            }
            if (text[next] != '/') {
                text[to++] = '/';
            }
        }
        from = next;
    }
    memmove(text + to, text + from, strlen(text + from) + 1);
}

// How much of the base URL stays in front of the reference (RFC 3986, 5.2.2).
static uint32_t kept(const char *text, const struct aloft_url *url, const char *reference)
{
    if (until(reference, 0, ':', ':') < until(reference, 0, '/', '?')) {
        return 0; // it has a scheme of its own
    }
    if (reference[0] == '/') {
        return reference[1] == '/' ? url->authority - 2u : url->path;
    }
    if (reference[0] == 0 || reference[0] == '#') {
        return url->path + url->path_len;
    }
    uint32_t end = until(text, url->path, '?', '?');
    while (reference[0] != '?' && end > url->path && text[end - 1] != '/') {
        end--;
    }
    return end;
}

enum aloft_err aloft_url_resolve(char *text, const char *reference)
{
    struct aloft_url url;
    enum aloft_err err = aloft_url_parse(text, &url);
    if (err == ALOFT_OK) {
        err = check_text(reference);
    }
    if (err != ALOFT_OK) {
        return err;
    }
    uint32_t keep = kept(text, &url, reference);
    bool slash = keep == url.path && reference[0] != '/' && reference[0] != '?';
    uint32_t len = (uint32_t)strlen(reference);
    if (keep + slash + len > ALOFT_URL_MAX) {
        return ALOFT_ERR_URL_TOO_LONG;
    }
    if (slash) { // the base had no path
        text[keep++] = '/';
    }
    memcpy(text + keep, reference, len + 1);
    err = aloft_url_parse(text, &url);
    if (err == ALOFT_OK) {
        remove_dots(text, url.path);
    }
    return err;
}
