// An HTTP filter changes what a pull sends and reads, so that servers made for another client
// accept it: it adds header lines to each request and reads the header lines of each answer.
// httpupdate.h has one. Without a filter the pull (pull.h) sends Aloft's own headers.
//
// Order of calls, for each request: put_headers, any number of times; then read_line, for each line
// of each answer's headers.
#ifndef ALOFT_HTTP_FILTER_H
#define ALOFT_HTTP_FILTER_H

#include "aloft/err.h"
#include <stdint.h>

struct aloft_http;
struct aloft_http_request;
struct aloft_http_window;

struct aloft_http_filter {
    // Puts header lines into the request with aloft_http_put; User-Agent must be one of them. Each
    // begins with CR LF. A request is sent in pieces: every call must put the same bytes.
    void (*put_headers)(void *ctx, const struct aloft_http_request *request,
                        struct aloft_http_window *out);
    // The line is in http->line: http->line_len bytes in lower case, without CR LF; truncated if it
    // has ALOFT_HTTP_LINE_MAX. A status line begins a new answer, so what was read before it is
    // void. An empty line ends the headers. A fault ends the answer.
    enum aloft_err (*read_line)(void *ctx, const struct aloft_http *http);
    void *ctx;
};

#endif
