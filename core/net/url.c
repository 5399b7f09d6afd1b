// URL text in, offsets out. Everything is checked against the text's own length first, so the parts
// always lie inside it.
#include "aloft/url.h"
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

// The first place from `at` on that holds one of three bytes, or the end of the text.
static uint32_t until(const char *text, uint32_t at, char a, char b, char c)
{
    while (text[at] != 0 && text[at] != a && text[at] != b && text[at] != c) {
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
    uint32_t host_end = at;
    bool bracket = at < end && text[at] == '[';
    char stop = bracket ? ']' : ':';
    out->host = (uint16_t)(bracket ? at + 1 : at);
    while (host_end < end && text[host_end] != stop) {
        host_end++;
    }
    if (host_end <= out->host || (bracket && host_end == end)) {
        return ALOFT_ERR_URL_SYNTAX;
    }
    out->host_len = (uint16_t)(host_end - out->host);
    at = bracket ? host_end + 1 : host_end;
    if (at == end) {
        return ALOFT_OK;
    }
    uint32_t port = 0;
    if (text[at++] != ':') {
        return ALOFT_ERR_URL_SYNTAX;
    }
    for (; at < end; at++) {
        if (text[at] < '0' || text[at] > '9') {
            return ALOFT_ERR_URL_SYNTAX;
        }
        port = port * 10 + (uint32_t)(text[at] - '0');
        if (port > 65535) {
            return ALOFT_ERR_URL_SYNTAX;
        }
    }
    if (text[end - 1] != ':') { // "host:" means the default port
        out->port = (uint16_t)port;
    }
    return out->port == 0 ? ALOFT_ERR_URL_SYNTAX : ALOFT_OK;
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
    uint32_t end = until(text, at, '/', '?', '#');
    out->port = out->tls ? 443 : 80;
    out->authority = (uint16_t)at;
    out->authority_len = (uint16_t)(end - at);
    if (until(text, at, '@', '@', '@') < end) {
        return ALOFT_ERR_URL_SYNTAX; // user information
    }
    err = parse_authority(text, at, end, out);
    out->path = (uint16_t)end;
    out->path_len = (uint16_t)(until(text, end, '#', '#', '#') - end);
    return err;
}

// Takes "." and ".." segments out of the path that starts at text[at], in place (RFC 3986, 5.2.4).
static void remove_dots(char *text, uint32_t at)
{
    uint32_t end = until(text, at, '?', '#', '#');
    uint32_t from = at;
    uint32_t to = at;
    while (from < end) {
        uint32_t next = from + 1; // text[from] is '/'
        while (next < end && text[next] != '/') {
            next++;
        }
        uint32_t len = next - from;
        bool one = len == 2 && text[from + 1] == '.';
        bool two = len == 3 && text[from + 1] == '.' && text[from + 2] == '.';
        if (two) {
            while (to > at && text[--to] != '/') {
            }
        }
        if (!one && !two) {
            memmove(text + to, text + from, len);
            to += len;
        } else if (next == end) {
            text[to++] = '/';
        }
        from = next;
    }
    memmove(text + to, text + end, strlen(text + end) + 1);
}

// How much of the base URL stays in front of the reference.
static uint32_t kept(const char *text, const struct aloft_url *url, const char *reference)
{
    if (starts(reference, "http://") || starts(reference, "https://")) {
        return 0;
    }
    if (reference[0] == '/' && reference[1] == '/') {
        return url->tls ? 6 : 5;
    }
    if (reference[0] == '/') {
        return url->path;
    }
    uint32_t end = until(text, url->path, '?', '#', '#');
    if (reference[0] == '?' || reference[0] == 0) {
        return end;
    }
    while (end > url->path && text[end - 1] != '/') {
        end--;
    }
    return end;
}

// True for "name:..." that is neither http nor https: another scheme, not a relative path.
static bool other_scheme(const char *reference)
{
    uint32_t len = until(reference, 0, ':', '/', '?');
    return len > 0 && reference[len] == ':' && !starts(reference, "http://") &&
           !starts(reference, "https://");
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
    if (other_scheme(reference)) {
        return ALOFT_ERR_URL_SCHEME;
    }
    uint32_t keep = kept(text, &url, reference);
    bool slash = keep == url.path && keep != 0 && reference[0] != '/' && reference[0] != '?' &&
                 reference[0] != 0;
    uint32_t len = (uint32_t)strlen(reference);
    if (keep + len + (slash ? 1 : 0) > ALOFT_URL_MAX) {
        return ALOFT_ERR_URL_TOO_LONG;
    }
    if (slash) {
        text[keep++] = '/';
    }
    memcpy(text + keep, reference, len + 1);
    err = aloft_url_parse(text, &url);
    if (err == ALOFT_OK && url.path_len > 0 && text[url.path] == '/') {
        remove_dots(text, url.path);
    }
    return err;
}
