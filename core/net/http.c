// An answer to a GET: line by line while headers last, in spans once the body flows.
//
//   STATUS_LINE -> (NAME -> VALUE)* -> blank line
//       1xx: back to STATUS_LINE
//       chunked: SIZE -> CHUNK -> CHUNK_END -> ... -> SIZE 0 -> (TRAILER)* -> AFTER
//       length:  BODY of `left` bytes -> AFTER
//       neither: BODY until the peer closes -> AFTER
//
// Invariants
//   H1  Bytes between two spans of body, and before the first, are counted, and are never more than
//       ALOFT_HTTP_HEADERS_MAX.
//   H2  The body's length has one source: chunks, or Content-Length, or the close. Contradictions
//       (both, two different lengths, an encoding that we did not ask for) are faults, never
//       guesses.
//   H3  `received` never exceeds what was promised, nor the limit.
#include "aloft/net/http.h"
#include "aloft/base/assert.h"
#include "aloft/base/decimal.h"
#include <string.h>

enum phase { STATUS_LINE, NAME, VALUE, SIZE, CHUNK_END, TRAILER, AFTER, BAD, CHUNK, BODY };

static bool in_headers(const struct aloft_http *http)
{
    return http->phase == STATUS_LINE || http->phase == NAME || http->phase == VALUE;
}

static bool in_body(const struct aloft_http *http)
{
    return http->phase == CHUNK || http->phase == BODY;
}

// Where the value of a header line goes, other than into `line`.
enum keeping { IN_LINE, IN_LOCATION, IN_TAG };

#define USER_AGENT "\r\nUser-Agent: Aloft/1.0"
#define TOO_MANY   0xFFFFFFFFu // what a number is that cannot be the length of any image

void aloft_http_init(struct aloft_http *http, uint32_t body_limit, char *location,
                     uint32_t location_cap)
{
    memset(http, 0, sizeof *http);
    http->limit = body_limit != 0 ? body_limit : TOO_MANY;
    http->location = location;
    http->location_cap = location_cap - 1; // a terminator follows
}

void aloft_http_keep_tag(struct aloft_http *http, char *tag, uint32_t cap)
{
    http->tag = tag;
    http->tag_cap = cap;
}

static enum aloft_http_event bad(struct aloft_http *http, enum aloft_err err)
{
    http->phase = BAD;
    http->err = err;
    return ALOFT_HTTP_BAD;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

// Passes over the word and the blanks behind it, if *text starts with the word.
static bool skip(const char **text, const char *word)
{
    const char *at = *text;
    while (*word != 0) {
        if (*at++ != *word++) {
            return false;
        }
    }
    while (blank(*at)) {
        at++;
    }
    *text = at;
    return true;
}

// True when nothing but blanks follows, and nothing was left out of the line.
static bool ends(const struct aloft_http *http, const char *text)
{
    (void)skip(&text, "");
    return *text == 0 && http->line_len < ALOFT_HTTP_LINE_MAX;
}

// Reads digits of a base (10, 16, lower case) and passes over them. False when there are none.
static bool number(const char **text, uint32_t base, uint32_t *out)
{
    const char *at = *text;
    for (*out = 0;; at++) {
        uint32_t digit = (uint32_t)(*at - '0');
        if (digit > 9) {
            digit = *at >= 'a' ? (uint32_t)(*at - 'a') + 10 : base;
        }
        if (digit >= base) {
            break;
        }
        *out = *out > TOO_MANY >> 4 ? TOO_MANY : *out * base + digit;
    }
    bool any = at != *text;
    *text = at;
    return any;
}

// "HTTP/1.x NNN", then a space or the end. keep has seen to the first seven bytes.
static enum aloft_err status_line(struct aloft_http *http)
{
    const char *line = http->line;
    const char *end = line + 9;
    bool shape = http->line_len >= 12 && line[7] >= '0' && line[7] <= '9' && line[8] == ' ' &&
                 number(&end, 10, &http->status) && end == line + 12 && (*end == ' ' || *end == 0);
    if (!shape || http->status < 100) {
        return ALOFT_ERR_HTTP_SYNTAX;
    }
    http->minor_0 = line[7] == '0';
    http->has_length = false; // headers of an interim answer do not count for the final one
    http->chunked = false;
    http->has_location = false;
    http->has_range = false;
    http->tag_len = 0;
    http->phase = NAME;
    return ALOFT_OK;
}

// An answer that carries the file, or a part of it.
static bool has_image(const struct aloft_http *http)
{
    return http->status == 200 || http->status == 206;
}

static enum aloft_err content_length(struct aloft_http *http, const char *value)
{
    uint32_t length;
    if (!number(&value, 10, &length) || !ends(http, value) ||
        (http->has_length && http->length != length)) {
        return ALOFT_ERR_HTTP_FRAMING;
    }
    http->has_length = true;
    http->length = length;
    return ALOFT_OK;
}

// "bytes 4096-31039/31040". Anything else means that no part can be told from another.
static void content_range(struct aloft_http *http, const char *value)
{
    uint32_t last;
    http->has_range = skip(&value, "bytes") && number(&value, 10, &http->range_from) &&
                      skip(&value, "-") && number(&value, 10, &last) && skip(&value, "/") &&
                      number(&value, 10, &http->range_total) && ends(http, value) &&
                      http->range_from <= last && last < http->range_total;
}

static uint32_t without_blanks(const char *text, uint32_t len)
{
    while (len > 0 && blank(text[len - 1])) {
        len--;
    }
    return len;
}

// A value that was kept apart from the line is complete.
static void value_end(struct aloft_http *http)
{
    if (http->keeping == IN_LOCATION) {
        uint32_t len = without_blanks(http->location, http->location_len);
        http->location[len] = 0;
        http->has_location = len > 0;
        return;
    }
    // Only a strong ETag in quotes proves that two answers are of the same bytes.
    uint32_t len = http->tag_len <= http->tag_cap ? without_blanks(http->tag, http->tag_len) : 0;
    http->tag_len = len >= 2 && http->tag[0] == '"' && http->tag[len - 1] == '"' ? len : 0;
}

// Does the list name a coding that changes the bytes of the file? Servers also send values that do
// not ("", "identity", "binary", "utf-8", "aws-chunked"). If a file is coded all the same, it does
// not pass as an image. A list that was truncated counts as a coding.
static bool is_coded(const struct aloft_http *http, const char *value)
{
    static const char codings[][11] = {"gzip", "x-gzip",   "deflate",   "br",
                                       "zstd", "compress", "x-compress"};
    while (*value != 0) {
        for (uint32_t i = 0; i < sizeof codings / sizeof codings[0]; i++) {
            const char *end = value;
            if (skip(&end, codings[i]) && (*end == 0 || *end == ',' || *end == ';')) {
                return true;
            }
        }
        while (*value != 0 && *value++ != ',') {
        }
        (void)skip(&value, "");
    }
    return http->line_len == ALOFT_HTTP_LINE_MAX;
}

// A header is complete. Its name, and a value that is kept in the line, are lower case by now.
static enum aloft_err header_line(struct aloft_http *http)
{
    const char *value = http->line;
    http->phase = NAME;
    if (http->keeping != IN_LINE) {
        value_end(http);
        http->keeping = IN_LINE;
        return ALOFT_OK;
    }
    if (skip(&value, "content-length:")) {
        return content_length(http, value);
    }
    if (http->status == 206 && skip(&value, "content-range:")) {
        content_range(http, value);
        return ALOFT_OK;
    }
    if (has_image(http) && skip(&value, "content-encoding:")) { // an error page's does not matter
        return is_coded(http, value) ? ALOFT_ERR_HTTP_ENCODING : ALOFT_OK;
    }
    if (!skip(&value, "transfer-encoding:")) {
        return ALOFT_OK;
    }
    bool chunked = !http->chunked && skip(&value, "chunked");
    if ((!chunked && !skip(&value, "identity")) || !ends(http, value)) {
        return ALOFT_ERR_HTTP_ENCODING;
    }
    http->chunked = http->chunked || chunked;
    return ALOFT_OK;
}

// The blank line after the headers.
static enum aloft_err headers_end(struct aloft_http *http)
{
    if (http->status < 200 && http->status != 101) { // interim: the real answer follows
        http->phase = STATUS_LINE;
        return ALOFT_OK;
    }
    if (http->chunked && (http->has_length || http->minor_0)) {
        return ALOFT_ERR_HTTP_FRAMING;
    }
    if (has_image(http) && http->has_length && http->length > http->limit) {
        return ALOFT_ERR_HTTP_BODY_LIMIT;
    }
    bool bodiless = http->status == 204 || http->status == 304;
    http->left = http->has_length ? http->length : TOO_MANY;
    http->phase = bodiless || http->left == 0 ? AFTER : http->chunked ? SIZE : BODY;
    return ALOFT_OK;
}

// The hexadecimal length of a chunk; extensions may follow it and are ignored.
static enum aloft_err chunk_size(struct aloft_http *http)
{
    const char *end = http->line;
    if (!number(&end, 16, &http->left) ||
        (*end != ';' && *end != ' ' && *end != '\t' && !ends(http, end))) {
        return ALOFT_ERR_HTTP_FRAMING;
    }
    http->phase = http->left == 0 ? TRAILER : CHUNK;
    return ALOFT_OK;
}

// A line is complete, without its end, and terminated.
static enum aloft_err line_end(struct aloft_http *http)
{
    bool empty = http->line_len == 0;
    switch ((enum phase)http->phase) {
    case STATUS_LINE:
        return status_line(http);
    case NAME:
        return empty ? headers_end(http) : ALOFT_ERR_HTTP_SYNTAX;
    case VALUE:
        return header_line(http);
    case SIZE:
        return chunk_size(http);
    case CHUNK_END:
        http->phase = SIZE;
        return ALOFT_OK;
    default: // TRAILER
        http->phase = empty ? AFTER : TRAILER;
        return ALOFT_OK;
    }
}

static enum aloft_err keep_value(struct aloft_http *http, char c)
{
    bool location = http->keeping == IN_LOCATION;
    uint32_t *len = location ? &http->location_len : &http->tag_len;
    uint32_t cap = location ? http->location_cap : http->tag_cap;
    if (*len == 0 && blank(c)) {
        return ALOFT_OK;
    }
    if (*len < cap) {
        (location ? http->location : http->tag)[*len] = c;
    } else if (location) {
        return ALOFT_ERR_URL_TOO_LONG;
    }
    ++*len; // a tag that is too long is not kept
    return ALOFT_OK;
}

// The name of a header is in the line: does its value go elsewhere? A name has one colon, its last
// byte, so it is the whole name that is compared.
static void choose_keeping(struct aloft_http *http)
{
    const char *name = http->line;
    bool part = http->status == 206;
    if ((part || aloft_http_is_redirect(http->status)) &&
        skip(&name, part ? "etag:" : "location:")) {
        http->keeping = IN_LOCATION;
        http->location_len = 0;
    } else if (http->status == 200 && http->tag != NULL && skip(&name, "etag:")) {
        http->keeping = IN_TAG;
        http->tag_len = 0;
    }
}

// A byte of a line. What cannot be right is refused as soon as that shows, not when its line ends.
static enum aloft_err keep(struct aloft_http *http, char c)
{
    if (http->keeping != IN_LINE) {
        return keep_value(http, c);
    }
    if (http->phase == CHUNK_END) {
        return ALOFT_ERR_HTTP_FRAMING;
    }
    // A name also ends obsolete folding, which starts with a blank, and a blank before the colon.
    bool name = http->phase == NAME;
    bool colon = name && c == ':';
    if ((name && (c <= ' ' || c >= 0x7F || (colon && http->line_len == 0))) ||
        (http->phase == STATUS_LINE && http->line_len < 7 && c != "HTTP/1."[http->line_len])) {
        return ALOFT_ERR_HTTP_SYNTAX;
    }
    if (http->line_len < ALOFT_HTTP_LINE_MAX) {
        http->line[http->line_len++] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    if (colon) {
        http->phase = VALUE;
        choose_keeping(http);
    }
    return ALOFT_OK;
}

// One byte outside the body. A line ends with LF, as lenient servers end it, or CR LF.
static enum aloft_err line_byte(struct aloft_http *http, char c)
{
    enum aloft_err err = ALOFT_OK;
    if (http->phase == AFTER) {
        return ALOFT_ERR_HTTP_LONG;
    }
    if (++http->header_len > ALOFT_HTTP_HEADERS_MAX) { // keeps H1
        return ALOFT_ERR_HTTP_HEADER_LIMIT;
    }
    if (c == '\n') {
        http->line[http->line_len] = 0;
        if (http->filter != NULL && in_headers(http)) {
            err = http->filter->read_line(http->filter->ctx, http);
        }
        err = err == ALOFT_OK ? line_end(http) : err;
        http->line_len = 0;
    } else if (http->cr || c == 0) { // a CR inside a line would mean different things to others
        return ALOFT_ERR_HTTP_SYNTAX;
    } else if (c != '\r') {
        err = keep(http, c);
    }
    http->cr = c == '\r';
    return err;
}

// A span of body.
static enum aloft_http_event body(struct aloft_http *http, uint32_t len, uint32_t *used)
{
    ALOFT_INVARIANT("H1", http->header_len <= ALOFT_HTTP_HEADERS_MAX);
    ALOFT_INVARIANT("H2", (http->phase == CHUNK) == http->chunked &&
                              !(http->chunked && http->has_length));
    uint32_t room = http->limit - http->received; // keeps H3
    uint32_t n = http->left < len ? http->left : len;
    n = n < room ? n : room;
    if (n == 0) {
        return bad(http, ALOFT_ERR_HTTP_BODY_LIMIT);
    }
    *used += n;
    http->body_len = n;
    http->received += n;
    ALOFT_INVARIANT("H3", http->received <= http->limit &&
                              (!http->has_length || http->received <= http->length));
    http->left -= n;
    http->header_len = 0;
    if (http->left == 0) {
        http->phase = http->phase == CHUNK ? CHUNK_END : AFTER;
    }
    return ALOFT_HTTP_BODY;
}

// Byte path 3/12: from core/agent/pull.c; loses headers and chunk framing.
enum aloft_http_event aloft_http_next(struct aloft_http *http, const uint8_t *data, uint32_t len,
                                      uint32_t *used)
{
    *used = 0;
    while (*used < len && http->phase != BAD) {
        if (in_body(http)) {
            return body(http, len - *used, used);
        }
        bool had_headers = in_headers(http);
        enum aloft_err err = line_byte(http, (char)data[(*used)++]);
        if (err != ALOFT_OK) {
            return bad(http, err);
        }
        if (had_headers && !in_headers(http)) {
            return ALOFT_HTTP_HEADERS;
        }
        if (http->phase == AFTER) {
            return ALOFT_HTTP_DONE;
        }
    }
    return http->phase == BAD     ? ALOFT_HTTP_BAD
           : http->phase == AFTER ? ALOFT_HTTP_DONE
                                  : ALOFT_HTTP_MORE;
}

bool aloft_http_complete(const struct aloft_http *http)
{
    return http->phase == AFTER;
}

enum aloft_http_event aloft_http_eof(struct aloft_http *http)
{
    if (http->phase == BODY && !http->has_length) {
        http->phase = AFTER;
    }
    if (http->phase == AFTER) {
        return ALOFT_HTTP_DONE;
    }
    if (http->phase != BAD) {
        (void)bad(http, in_headers(http) ? ALOFT_ERR_NET_RESET : ALOFT_ERR_HTTP_SHORT);
    }
    return ALOFT_HTTP_BAD;
}

enum aloft_err aloft_http_status_err(uint32_t status)
{
    uint32_t kind = status / 100;
    if (status == 200 || status == 206) {
        return ALOFT_OK;
    }
    if (kind == 4) {
        return status == 404   ? ALOFT_ERR_HTTP_NOT_FOUND
               : status == 403 ? ALOFT_ERR_HTTP_FORBIDDEN
               : status == 401 ? ALOFT_ERR_HTTP_UNAUTHORIZED
                               : ALOFT_ERR_HTTP_CLIENT_ERROR;
    }
    return kind == 5       ? ALOFT_ERR_HTTP_SERVER_ERROR
           : status == 304 ? ALOFT_ERR_HTTP_NOT_MODIFIED
                           : ALOFT_ERR_HTTP_STATUS;
}

bool aloft_http_is_redirect(uint32_t status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

void aloft_http_put(struct aloft_http_window *window, const char *text, uint32_t len)
{
    uint32_t skip = window->skip < len ? window->skip : len;
    uint32_t n = len - skip < window->room ? len - skip : window->room;
    memcpy(window->to, text + skip, n);
    window->to += n;
    window->room -= n;
    window->skip -= skip;
}

void aloft_http_put_text(struct aloft_http_window *window, const char *text)
{
    aloft_http_put(window, text, (uint32_t)strlen(text));
}

void aloft_http_put_number(struct aloft_http_window *window, uint32_t number)
{
    char text[ALOFT_DECIMAL_MAX];
    aloft_http_put_text(window, aloft_decimal(number, text));
}

uint32_t aloft_http_get(const struct aloft_http_request *request, uint32_t sent, uint8_t *buf,
                        uint32_t cap)
{
    const struct aloft_url *url = request->url;
    const char *text = request->url_text;
    struct aloft_http_window window = {.to = buf, .room = cap, .skip = sent};
    bool bare = url->path_len == 0 || text[url->path] != '/';
    aloft_http_put_text(&window, bare ? "GET /" : "GET ");
    aloft_http_put(&window, text + url->path, url->path_len);
    aloft_http_put_text(&window, " HTTP/1.1\r\nHost: ");
    aloft_http_put(&window, text + url->authority, url->authority_len);
    if (request->from != 0) {
        aloft_http_put_text(&window, "\r\nRange: bytes=");
        aloft_http_put_number(&window, request->from);
        aloft_http_put_text(&window, "-\r\nIf-Range: ");
        aloft_http_put(&window, request->tag, request->tag_len);
    }
    const char *rest = USER_AGENT "\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n";
    if (request->filter != NULL) {
        request->filter->put_headers(request->filter->ctx, request, &window);
        rest += sizeof USER_AGENT - 1;
    }
    aloft_http_put_text(&window, rest);
    return cap - window.room;
}
