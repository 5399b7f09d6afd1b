// Absolute http and https URLs, and what a redirect makes of them. Pure, and of any length: the
// room is the caller's. Source: RFC 3986, as far as HTTP needs it; WHATWG URL for bytes that may
// not stand in one. User information in a URL is refused.
#ifndef ALOFT_URL_H
#define ALOFT_URL_H

#include "aloft/err.h"
#include <stdbool.h>
#include <stdint.h>

// Where the parts lie in the text. The text must stay.
struct aloft_url {
    bool tls;
    uint32_t port; // 80 or 443 when the text has none
    uint32_t host; // offset; an IPv6 address without its brackets
    uint32_t host_len;
    uint32_t authority; // offset of host[:port] as written, for the Host header
    uint32_t authority_len;
    uint32_t path; // offset of path and query; never empty: see aloft_url_parse
    uint32_t path_len;
    uint32_t wrong_at; // after URL_SYNTAX and URL_SCHEME: offset of the first byte that is wrong
};

// Takes an absolute URL apart. A URL without a path has path_len 0 and means "/". A fragment is
// left out. Bytes that may not stand in a URL (controls, space, beyond ASCII) are refused.
// Errors: URL_SYNTAX, URL_SCHEME.
enum aloft_err aloft_url_parse(const char *text, struct aloft_url *out);

// Replaces the URL in text (room for cap bytes with the terminator) by what `reference` means from
// there: an absolute URL, //host/path, /path, ?query, or a relative path with dot segments. url:
// what aloft_url_parse said of text, then of the new one. An empty text, with any url, stands for
// no base. Spaces, quotes, < and > and bytes beyond ASCII are percent-encoded, as browsers do.
// After URL_SYNTAX and URL_SCHEME text is what is wrong. After URL_TOO_LONG it is no URL.
// Errors: as aloft_url_parse; URL_TOO_LONG.
enum aloft_err aloft_url_resolve(char *text, uint32_t cap, const char *reference,
                                 struct aloft_url *url);

#endif
