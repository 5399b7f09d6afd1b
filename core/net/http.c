// An answer to a GET, byte by byte while headers last, in spans once the body flows.
//
//   STATUS_LINE -> (NAME -> VALUE)* -> blank line
//       1xx: back to STATUS_LINE
//       chunked: SIZE -> CHUNK -> CHUNK_END -> ... -> SIZE 0 -> (TRAILER)* -> AFTER
//       length:  BODY of `left` bytes -> AFTER
//       neither: BODY until the peer closes -> AFTER
//
// Invariants
//   H1  Bytes before the body are counted, and never more than ALOFT_HTTP_HEADERS_MAX.
//   H2  The body's length has one source: chunks, or Content-Length, or the close. Contradictions
//       (both, two different lengths, an encoding that we did not ask for) are faults, never
//       guesses.
//   H3  `received` never exceeds what was promised, nor the limit.
#include "aloft/http.h"
#include <string.h>

enum phase {
    STATUS_LINE,
    NAME,
    VALUE_START,
    VALUE,
    SIZE,
    SIZE_EXT,
    CHUNK,
    CHUNK_END,
    TRAILER,
    BODY,
    BODY_TO_CLOSE,
    AFTER,
    BAD
};

enum field { OTHER, CONTENT_LENGTH, TRANSFER_ENCODING, CONTENT_ENCODING, LOCATION };

#define STATUS_LINE_KEPT 12u // "HTTP/1.1 200"

void aloft_http_init(struct aloft_http *http, uint32_t body_limit, char *location,
                     uint32_t location_cap)
{
    memset(http, 0, sizeof *http);
    http->limit = body_limit;
    http->location = location;
    http->location_cap = location_cap;
}

static enum aloft_http_event bad(struct aloft_http *http, enum aloft_err err)
{
    http->phase = BAD;
    http->err = err;
    return ALOFT_HTTP_BAD;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

// Text of len bytes against a lower-case word, without regard to case.
static bool is_word(const char *text, uint32_t len, const char *word)
{
    uint32_t i = 0;
    for (; i < len && word[i] != 0; i++) {
        if (lower(text[i]) != word[i]) {
            return false;
        }
    }
    return i == len && word[i] == 0;
}

// "HTTP/1.x NNN", then a space or the end.
static enum aloft_http_event status_line(struct aloft_http *http)
{
    const char *p = http->value;
    bool shape = http->value_len >= STATUS_LINE_KEPT && memcmp(p, "HTTP/1.", 7) == 0 &&
                 is_digit(p[7]) && p[8] == ' ' && is_digit(p[9]) && is_digit(p[10]) &&
                 is_digit(p[11]) && (http->value_len == STATUS_LINE_KEPT || p[12] == ' ');
    if (!shape || p[9] == '0') {
        return bad(http, ALOFT_ERR_HTTP_SYNTAX);
    }
    http->minor_0 = p[7] == '0';
    http->status = (uint16_t)((p[9] - '0') * 100 + (p[10] - '0') * 10 + p[11] - '0');
    http->phase = NAME;
    http->name_len = 0;
    return ALOFT_HTTP_MORE;
}

static uint8_t field_of(const struct aloft_http *http)
{
    static const struct {
        const char *name;
        uint8_t field;
    } fields[] = {
        {"content-length", CONTENT_LENGTH},
        {"transfer-encoding", TRANSFER_ENCODING},
        {"content-encoding", CONTENT_ENCODING},
        {"location", LOCATION},
    };
    for (uint32_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (is_word(http->name, http->name_len, fields[i].name)) {
            return fields[i].field;
        }
    }
    return OTHER;
}

static enum aloft_http_event content_length(struct aloft_http *http)
{
    uint32_t length = 0;
    for (uint32_t i = 0; i < http->value_len; i++) {
        uint32_t digit = (uint32_t)(http->value[i] - '0');
        if (digit > 9 || length > (0xFFFFFFFFu - digit) / 10) {
            return bad(http, ALOFT_ERR_HTTP_FRAMING);
        }
        length = length * 10 + digit;
    }
    if (http->value_len == 0 || (http->has_length && http->length != length)) {
        return bad(http, ALOFT_ERR_HTTP_FRAMING);
    }
    http->has_length = true;
    http->length = length;
    return ALOFT_HTTP_MORE;
}

// A header is complete.
static enum aloft_http_event header_line(struct aloft_http *http)
{
    while (http->value_len > 0 &&
           (http->value[http->value_len - 1] == ' ' || http->value[http->value_len - 1] == '\t')) {
        http->value_len--;
    }
    http->phase = NAME;
    http->name_len = 0;
    if (http->field == LOCATION) {
        while (http->location_len > 0 && http->location[http->location_len - 1] == ' ') {
            http->location_len--;
        }
        http->location[http->location_len] = 0;
        http->has_location = true;
        return ALOFT_HTTP_MORE;
    }
    if (http->field == OTHER) {
        return ALOFT_HTTP_MORE;
    }
    if (http->field == CONTENT_LENGTH) {
        return http->too_long ? bad(http, ALOFT_ERR_HTTP_FRAMING) : content_length(http);
    }
    bool identity = is_word(http->value, http->value_len, "identity");
    if (!http->too_long && identity) {
        return ALOFT_HTTP_MORE;
    }
    if (http->field == TRANSFER_ENCODING && !http->too_long && !http->chunked &&
        is_word(http->value, http->value_len, "chunked")) {
        http->chunked = true;
        return ALOFT_HTTP_MORE;
    }
    return bad(http, ALOFT_ERR_HTTP_ENCODING);
}

// The blank line after the headers.
static enum aloft_http_event headers_end(struct aloft_http *http)
{
    bool bodiless = http->status == 204 || http->status == 304;
    if (http->status < 200) { // interim: the real answer follows
        http->phase = STATUS_LINE;
        http->value_len = 0;
        http->has_length = false;
        return ALOFT_HTTP_MORE;
    }
    if (http->chunked && (http->has_length || http->minor_0)) {
        return bad(http, ALOFT_ERR_HTTP_FRAMING);
    }
    bool image = http->status == 200;
    if (image && http->has_length && http->limit != 0 && http->length > http->limit) {
        return bad(http, ALOFT_ERR_HTTP_BODY_LIMIT);
    }
    http->left = http->length;
    http->digits = false;
    http->phase = bodiless           ? AFTER
                  : http->chunked    ? SIZE
                  : http->has_length ? (http->length == 0 ? AFTER : BODY)
                                     : BODY_TO_CLOSE;
    if (http->phase == SIZE) {
        http->left = 0;
    }
    return ALOFT_HTTP_HEAD;
}

static void keep(struct aloft_http *http, char c)
{
    if (http->value_len < ALOFT_HTTP_VALUE_MAX) {
        http->value[http->value_len++] = c;
    } else {
        http->too_long = true;
    }
}

static enum aloft_http_event name_byte(struct aloft_http *http, char c)
{
    if (c == '\n') {
        return http->name_len == 0 ? headers_end(http) : bad(http, ALOFT_ERR_HTTP_SYNTAX);
    }
    if (c == ':' && http->name_len > 0) {
        http->field = field_of(http);
        http->value_len = 0;
        http->too_long = false;
        http->phase = VALUE_START;
        if (http->field == LOCATION) {
            http->location_len = 0;
        }
        return ALOFT_HTTP_MORE;
    }
    if (c <= ' ' || c >= 0x7F || c == ':') { // also obsolete folding, which starts with a space
        return bad(http, ALOFT_ERR_HTTP_SYNTAX);
    }
    if (http->name_len < sizeof http->name) {
        http->name[http->name_len] = c;
    }
    if (http->name_len < 0xFF) { // a longer name matches none of ours anyway
        http->name_len++;
    }
    return ALOFT_HTTP_MORE;
}

static enum aloft_http_event value_byte(struct aloft_http *http, char c)
{
    if (c == '\n') {
        return header_line(http);
    }
    if (http->phase == VALUE_START && (c == ' ' || c == '\t')) {
        return ALOFT_HTTP_MORE;
    }
    http->phase = VALUE;
    if (http->field != LOCATION) {
        keep(http, c);
        return ALOFT_HTTP_MORE;
    }
    if (http->location_len + 1 >= http->location_cap) {
        return bad(http, ALOFT_ERR_URL_TOO_LONG);
    }
    http->location[http->location_len++] = c;
    return ALOFT_HTTP_MORE;
}

static int hex(char c)
{
    c = lower(c);
    if (is_digit(c)) {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The hexadecimal length of a chunk; what may follow on the line is ignored.
static enum aloft_http_event size_byte(struct aloft_http *http, char c)
{
    int digit = http->phase == SIZE ? hex(c) : -1;
    if (digit >= 0) {
        if (http->left > 0x0FFFFFFFu) {
            return bad(http, ALOFT_ERR_HTTP_FRAMING);
        }
        http->left = http->left << 4 | (uint32_t)digit;
        http->digits = true;
        return ALOFT_HTTP_MORE;
    }
    bool ends = c == '\n' || c == ';' || c == ' ' || c == '\t';
    if (!http->digits || (http->phase == SIZE && !ends)) {
        return bad(http, ALOFT_ERR_HTTP_FRAMING);
    }
    http->phase = SIZE_EXT;
    if (c == '\n') {
        http->phase = http->left == 0 ? TRAILER : CHUNK;
        http->name_len = 0;
    }
    return ALOFT_HTTP_MORE;
}

static enum aloft_http_event trailer_byte(struct aloft_http *http, char c)
{
    if (c != '\n') {
        http->name_len = 1; // the line is not blank
        return ALOFT_HTTP_MORE;
    }
    http->phase = http->name_len == 0 ? AFTER : TRAILER;
    http->name_len = 0;
    return http->phase == AFTER ? ALOFT_HTTP_DONE : ALOFT_HTTP_MORE;
}

static enum aloft_http_event chunk_end_byte(struct aloft_http *http, char c)
{
    if (c != '\n') {
        return bad(http, ALOFT_ERR_HTTP_FRAMING);
    }
    http->phase = SIZE;
    http->digits = false;
    return ALOFT_HTTP_MORE;
}

// One byte outside the body. CR is passed over: a line ends with LF, as lenient servers end it.
static enum aloft_http_event line_byte(struct aloft_http *http, char c)
{
    if (++http->header_len > ALOFT_HTTP_HEADERS_MAX && http->phase < SIZE) {
        return bad(http, ALOFT_ERR_HTTP_HEADER_LIMIT);
    }
    if (c == '\r') {
        return ALOFT_HTTP_MORE;
    }
    switch ((enum phase)http->phase) {
    case STATUS_LINE:
        if (c == '\n') {
            return status_line(http);
        }
        keep(http, c);
        // What is not HTTP is refused as soon as that shows, not when its line ends.
        return http->value_len <= 7 && c != "HTTP/1."[http->value_len - 1]
                   ? bad(http, ALOFT_ERR_HTTP_SYNTAX)
                   : ALOFT_HTTP_MORE;
    case NAME:
        return name_byte(http, c);
    case VALUE_START:
    case VALUE:
        return value_byte(http, c);
    case SIZE:
    case SIZE_EXT:
        return size_byte(http, c);
    case CHUNK_END:
        return chunk_end_byte(http, c);
    case TRAILER:
        return trailer_byte(http, c);
    default:
        return bad(http, ALOFT_ERR_HTTP_LONG);
    }
}

// A span of body.
static enum aloft_http_event body(struct aloft_http *http, uint32_t len, uint32_t *used)
{
    bool bounded = http->phase != BODY_TO_CLOSE;
    uint32_t n = bounded && http->left < len ? http->left : len;
    if (http->status == 200 && http->limit != 0 && n > http->limit - http->received) {
        return bad(http, ALOFT_ERR_HTTP_BODY_LIMIT);
    }
    *used = n;
    http->body_len = n;
    http->received += n;
    if (bounded) {
        http->left -= n;
    }
    if (bounded && http->left == 0) {
        http->phase = http->phase == CHUNK ? CHUNK_END : AFTER;
    }
    return ALOFT_HTTP_BODY;
}

// Byte path 3/12: from core/agent/agent.c; loses headers and chunk framing.
enum aloft_http_event aloft_http_next(struct aloft_http *http, const uint8_t *data, uint32_t len,
                                      uint32_t *used)
{
    *used = 0;
    if (http->phase == BAD) {
        return ALOFT_HTTP_BAD;
    }
    if (http->phase == AFTER && len == 0) {
        return ALOFT_HTTP_DONE;
    }
    while (*used < len) {
        bool in_body = http->phase == CHUNK || http->phase == BODY || http->phase == BODY_TO_CLOSE;
        if (in_body) {
            uint32_t n = 0;
            enum aloft_http_event event = body(http, len - *used, &n);
            *used += n;
            return event;
        }
        enum aloft_http_event event = line_byte(http, (char)data[(*used)++]);
        if (event != ALOFT_HTTP_MORE) {
            return event;
        }
    }
    return ALOFT_HTTP_MORE;
}

bool aloft_http_complete(const struct aloft_http *http)
{
    return http->phase == AFTER;
}

enum aloft_http_event aloft_http_eof(struct aloft_http *http)
{
    switch ((enum phase)http->phase) {
    case AFTER:
    case BODY_TO_CLOSE:
        http->phase = AFTER;
        return ALOFT_HTTP_DONE;
    case BAD:
        return ALOFT_HTTP_BAD;
    case STATUS_LINE:
    case NAME:
    case VALUE_START:
    case VALUE:
        return bad(http, http->header_len == 0 ? ALOFT_ERR_NET_RESET : ALOFT_ERR_HTTP_SYNTAX);
    default:
        return bad(http, ALOFT_ERR_HTTP_SHORT);
    }
}

enum aloft_err aloft_http_status_err(uint16_t status)
{
    switch (status) {
    case 200:
        return ALOFT_OK;
    case 304:
        return ALOFT_ERR_HTTP_NOT_MODIFIED;
    case 401:
        return ALOFT_ERR_HTTP_UNAUTHORIZED;
    case 403:
        return ALOFT_ERR_HTTP_FORBIDDEN;
    case 404:
        return ALOFT_ERR_HTTP_NOT_FOUND;
    default:
        break;
    }
    if (status >= 400 && status < 500) {
        return ALOFT_ERR_HTTP_CLIENT_ERROR;
    }
    return status >= 500 && status < 600 ? ALOFT_ERR_HTTP_SERVER_ERROR : ALOFT_ERR_HTTP_STATUS;
}

bool aloft_http_is_redirect(uint16_t status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

uint32_t aloft_http_get(const char *url_text, const struct aloft_url *url, uint32_t sent,
                        uint8_t *buf, uint32_t cap)
{
    static const char tail[] = "\r\nUser-Agent: Aloft/1.0\r\nAccept-Encoding: identity\r\n"
                               "Connection: close\r\n\r\n";
    bool bare = url->path_len == 0 || url_text[url->path] != '/';
    const struct {
        const char *text;
        uint32_t len;
    } parts[] = {
        {"GET /", bare ? 5 : 4},     {url_text + url->path, url->path_len},
        {" HTTP/1.1\r\nHost: ", 17}, {url_text + url->authority, url->authority_len},
        {tail, sizeof tail - 1},
    };
    uint32_t start = 0; // of the part, in the request
    uint32_t n = 0;
    for (uint32_t i = 0; i < sizeof parts / sizeof parts[0] && n < cap; i++) {
        uint32_t at = sent + n;
        if (at < start + parts[i].len) {
            uint32_t len = start + parts[i].len - at;
            len = len < cap - n ? len : cap - n;
            memcpy(buf + n, parts[i].text + (at - start), len);
            n += len;
        }
        start += parts[i].len;
    }
    return n;
}
