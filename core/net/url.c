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

static enum aloft_err wrong(struct aloft_url *out, uint32_t at)
{
    out->wrong_at = at;
    return ALOFT_ERR_URL_SYNTAX;
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
        if (!bracket && text[at] == '%') { // blanks and names beyond ASCII
            return wrong(out, at);
        }
        at++;
    }
    out->host_len = at - out->host;
    if (out->host_len == 0 || (bracket && at == end)) {
        return wrong(out, at);
    }
    at += bracket;
    if (at == end || (text[at] == ':' && at + 1 == end)) { // "host:" means the default port
        return ALOFT_OK;
    }
    if (text[at] != ':') {
        return wrong(out, at);
    }
    while (++at < end) {
        uint32_t digit = (uint32_t)(text[at] - '0');
        port = port * 10 + digit;
        if (digit > 9 || port > 65535) {
            return wrong(out, at);
        }
    }
    out->port = port;
    return port == 0 ? wrong(out, at - 1) : ALOFT_OK;
}

enum aloft_err aloft_url_parse(const char *text, struct aloft_url *out)
{
    memset(out, 0, sizeof *out);
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
    uint32_t user = until(text, at, '@', '@');
    enum aloft_err err = user < end ? wrong(out, user) : parse_authority(text, at, end, out);
    for (at = 0; err == ALOFT_OK && text[at] != 0; at++) {
        err = text[at] > ' ' && text[at] < 0x7F ? ALOFT_OK : wrong(out, at);
    }
    return err;
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

// Puts the reference behind text[at], as a browser would ask for it.
static enum aloft_err append(char *text, uint32_t at, uint32_t cap, const char *from)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *from != 0; from++) {
        uint8_t c = (uint8_t)*from;
        bool coded = c >= 0x80 || strchr(" \"<>", c) != NULL;
        if (cap - at < (coded ? 4u : 2u)) { // and the terminator
            return ALOFT_ERR_URL_TOO_LONG;
        }
        if (coded) {
            text[at++] = '%';
            text[at++] = digits[c >> 4];
            c = (uint8_t)digits[c & 15];
        }
        text[at++] = (char)c;
    }
    text[at] = 0;
    return ALOFT_OK;
}

enum aloft_err aloft_url_resolve(char *text, uint32_t cap, const char *reference,
                                 struct aloft_url *url)
{
    ALOFT_ASSERT(strlen(text) < cap && url->path + url->path_len <= cap);
    uint32_t keep = text[0] != 0 ? kept(text, url, reference) : 0;
    bool slash = keep != 0 && keep == url->path && reference[0] != '/' && reference[0] != '?';
    if (slash && keep + 1 < cap) { // the base had no path
        text[keep++] = '/';
    }
    enum aloft_err err = append(text, keep, cap, reference);
    if (err == ALOFT_OK) {
        err = aloft_url_parse(text, url);
    }
    if (err == ALOFT_OK) {
        remove_dots(text, url->path);
        url->path_len = until(text, url->path, '#', '#') - url->path;
    }
    return err;
}
