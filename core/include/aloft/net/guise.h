// How a pull takes the guise of another client, for servers that were written for that one: header
// lines of its request, and headers of the answer that mean something. httpupdate.h is one. The
// pull (pull.h) calls it where it matters; without a guise it is itself.
//
// Order of calls, for each request: ask, any number of times; hear, for each line of each answer.
#ifndef ALOFT_GUISE_H
#define ALOFT_GUISE_H

#include "aloft/err.h"
#include <stdint.h>

struct aloft_http;
struct aloft_http_request;
struct aloft_http_window;

struct aloft_guise {
    // Puts its header lines into the request with aloft_http_put, User-Agent among them. Each opens
    // with CR LF. It puts the same bytes each time, as a request is sent in pieces.
    void (*ask)(void *ctx, const struct aloft_http_request *request, struct aloft_http_window *out);
    // A line of an answer is in http->line, http->line_len bytes, lower case, without its end; cut
    // when it has ALOFT_HTTP_LINE_MAX. The status line opens an answer: what was heard before does
    // not hold any more. The empty line ends the headers. A fault ends the answer.
    enum aloft_err (*hear)(void *ctx, const struct aloft_http *http);
    void *ctx;
};

#endif
