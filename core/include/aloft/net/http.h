// HTTP/1.1 GET: the request as bytes, and the answer judged byte by byte. Answers of HTTP/1.0
// servers work too. No I/O, and no buffer but a few dozen bytes: headers that are not needed are
// only counted. Source: RFC 9110, RFC 9112.
//
// Life cycle of an answer: init; next for whatever comes, until DONE or BAD; eof when the peer
// closes.
#ifndef ALOFT_HTTP_H
#define ALOFT_HTTP_H

#include "aloft/err.h"
#include "aloft/net/http_filter.h"
#include "aloft/net/url.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_HTTP_HEADERS_MAX 16384u // bytes of status line and headers, or of a chunk's framing
#define ALOFT_HTTP_LINE_MAX    60u    // bytes kept of a line, Location's value aside

enum aloft_http_event {
    ALOFT_HTTP_MORE,    // all input was consumed
    ALOFT_HTTP_HEADERS, // the headers are complete: status, length, location are known
    ALOFT_HTTP_BODY,    // the bytes that end at data + used are `body_len` bytes of body
    ALOFT_HTTP_DONE,    // the body is complete
    ALOFT_HTTP_BAD,     // see err; final
};

struct aloft_http {
    // From HEAD on
    uint32_t status;
    uint32_t range_from;
    uint32_t range_total; // bytes of the whole file
    uint32_t tag_len;     // of the strong ETag of a 200; 0: none
    uint32_t length;      // promised
    uint32_t received;    // bytes of body so far
    uint32_t body_len;    // of the last BODY event
    enum aloft_err err;
    bool has_length; // the body's length is promised
    bool chunked;
    bool has_location; // of a redirect, and not empty. Of a 206, its ETag is there
    bool has_range;    // a 206 says which part it is
    // private; a filter reads line and line_len
    bool cr;      // the byte before was CR
    bool minor_0; // the server speaks HTTP/1.0
    uint32_t phase;
    uint32_t line_len;   // bytes kept
    uint32_t keeping;    // where the line's value goes
    uint32_t header_len; // bytes since the start or the last byte of body
    uint32_t left;       // of the body or chunk
    uint32_t limit;      // bytes of body that can be taken
    char *location;      // the caller's, for a redirect
    uint32_t location_cap;
    uint32_t location_len;
    char *tag; // the caller's, or NULL
    uint32_t tag_cap;
    const struct aloft_http_filter *filter; // reads each line and may refuse it; set by the caller
                                            // after init; NULL: none
    char line[ALOFT_HTTP_LINE_MAX + 1];
};

// body_limit: a longer body is refused by its header, or as it comes; 0: none.
// location has location_cap bytes and stays the caller's; it holds a redirect's Location header,
// or the ETag of a 206, terminated.
void aloft_http_init(struct aloft_http *http, uint32_t body_limit, char *location,
                     uint32_t location_cap);

// Where a strong ETag is kept, for a 200: cap bytes of the caller's, not terminated. Without this
// call, or when it is weak or does not fit, there is none.
void aloft_http_keep_tag(struct aloft_http *http, char *tag, uint32_t cap);

// Takes input up to the next event and says how many bytes in *used. At BODY the last body_len of
// these are body. Splits never change the outcome. Interim answers (1xx) are passed over.
// Errors (BAD): HTTP_SYNTAX, HTTP_HEADER_LIMIT, HTTP_FRAMING, HTTP_ENCODING, HTTP_BODY_LIMIT,
//               HTTP_LONG (bytes after the end of the body), URL_TOO_LONG (Location), and what a
//               filter refuses. After HTTP_ENCODING the header is in `line`.
enum aloft_http_event aloft_http_next(struct aloft_http *http, const uint8_t *data, uint32_t len,
                                      uint32_t *used);

// True once a body whose end is marked has come to it.
bool aloft_http_complete(const struct aloft_http *http);

// The peer closed: DONE when that ends the body, else BAD.
// Errors: HTTP_SHORT; NET_RESET when it closed before the end of the headers.
enum aloft_http_event aloft_http_eof(struct aloft_http *http);

// OK for 200 and 206; the fault that names any other status. Redirects are the caller's business.
enum aloft_err aloft_http_status_err(uint32_t status);
bool aloft_http_is_redirect(uint32_t status);

// What to ask for.
struct aloft_http_request {
    const char *url_text;
    const struct aloft_url *url;
    uint32_t
        from; // ask for the bytes from here on, if the file is still the tagged one; 0: for all
    const char *tag; // strong ETag with its quotes; used with from
    uint32_t tag_len;
    const struct aloft_http_filter *filter; // gives User-Agent and further lines; NULL: Aloft's
};

// A window over a longer text: the first `skip` bytes are passed over, `room` are kept.
struct aloft_http_window {
    uint8_t *to;
    uint32_t room;
    uint32_t skip;
};

// Puts text into the window, as far as it falls in there.
void aloft_http_put(struct aloft_http_window *window, const char *text, uint32_t len);
void aloft_http_put_text(struct aloft_http_window *window, const char *text);
void aloft_http_put_number(struct aloft_http_window *window, uint32_t number); // decimal

// The request, in pieces: puts bytes from offset `sent` on into buf and says how many; 0 at the
// end. The caller counts `sent` up.
uint32_t aloft_http_get(const struct aloft_http_request *request, uint32_t sent, uint8_t *buf,
                        uint32_t cap);

#endif
