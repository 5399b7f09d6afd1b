// A request to the device, line by line, and the answer to it.
//
//   REQUEST -> HEADER.. -> blank line -> BODY of `left` bytes -> COMPLETE
//
// Invariants
//   W1  Request line and headers are counted, and are never more than ALOFT_WEBUI_HEADERS_MAX.
//   W2  The body's length has one source, Content-Length: what would need another is refused.
//   W3  A header that matters is read whole or the request is refused; others may be of any length.
#include "aloft/net/webui.h"
#include "aloft/base/assert.h"
#include "aloft/base/decimal.h"
#include "aloft/base/printable.h"
#include "aloft/net/field.h"
#include <string.h>

enum phase { REQUEST, HEADER, COMPLETE, REFUSED, BODY };

#define LENGTH_DIGITS 6u // of an answer's Content-Length, filled with blanks
#define LENGTH_MAX    0x7FFFFFFFu

enum {
    BAD_REQUEST = 400,
    BAD_METHOD = 405,
    NO_LENGTH = 411,
    LONG_TARGET = 414,
    LONG_HEADERS = 431,
    BAD_VERSION = 505,
};

void aloft_webui_init(struct aloft_webui *webui)
{
    memset(webui, 0, sizeof *webui);
}

static enum aloft_webui_event refuse(struct aloft_webui *webui, uint32_t status)
{
    webui->phase = REFUSED;
    webui->status = status;
    return ALOFT_WEBUI_BAD;
}

// "POST /update HTTP/1.1". Only the form of a target that a device can be asked for.
static enum aloft_webui_event request_line(struct aloft_webui *webui)
{
    static const char *const methods[] = {"get", "head", "post"};
    const char *method = webui->text;
    const char *target = strchr(method, ' ');
    const char *end = target != NULL ? strchr(target + 1, ' ') : NULL;
    if (end == NULL || target[1] != '/') {
        return refuse(webui, BAD_REQUEST);
    }
    uint32_t len = (uint32_t)(end - ++target);
    if (strncmp(end, " HTTP/1.", 8) != 0 || end[8] < '0' || end[8] > '9' || end[9] != 0) {
        return refuse(webui, BAD_VERSION);
    }
    if (len > ALOFT_WEBUI_TARGET_MAX) {
        return refuse(webui, LONG_TARGET);
    }
    for (uint32_t i = 0; i < 3; i++) {
        const char *at = method;
        const char *word = methods[i];
        while (*word != 0 && *at == *word - 'a' + 'A') { // methods are upper case
            at++;
            word++;
        }
        if (*word == 0 && *at == ' ') {
            webui->method = (enum aloft_webui_method)(i + ALOFT_WEBUI_GET);
        }
    }
    memcpy(webui->target, target, len);
    webui->phase = HEADER;
    return webui->method == ALOFT_WEBUI_NONE ? refuse(webui, BAD_METHOD) : ALOFT_WEBUI_MORE;
}

static enum aloft_webui_event content_length(struct aloft_webui *webui, const char *value)
{
    uint32_t length = 0;
    const char *at = value;
    for (; *at >= '0' && *at <= '9'; at++) {
        length = length > LENGTH_MAX / 10 ? LENGTH_MAX : length * 10 + (uint32_t)(*at - '0');
    }
    if (at == value || *at != 0 || (webui->has_length && webui->length != length)) {
        return refuse(webui, BAD_REQUEST); // keeps W2
    }
    webui->has_length = true;
    webui->length = length;
    return ALOFT_WEBUI_MORE;
}

static void content_type(struct aloft_webui *webui, const char *value)
{
    struct aloft_field_param param;
    const char *at = strchr(value, ';');
    uint32_t len = (uint32_t)(at != NULL ? at - value : (intptr_t)strlen(value));
    while (len > 0 && aloft_field_blank(value[len - 1])) {
        len--;
    }
    webui->has_type = true;
    webui->content = aloft_field_is(value, len, "application/octet-stream") ? ALOFT_WEBUI_BYTES
                                                                            : ALOFT_WEBUI_OTHER;
    if (!aloft_field_is(value, len, "multipart/form-data")) {
        return;
    }
    while (at != NULL && aloft_field_param(&at, ';', &param)) {
        if (aloft_field_is(param.name, param.name_len, "boundary") && param.len > 0 &&
            param.len <= ALOFT_WEBUI_BOUNDARY_MAX) {
            memcpy(webui->boundary, param.value, param.len);
            webui->boundary_len = param.len;
            webui->content = ALOFT_WEBUI_FORM;
        }
    }
}

// Keeps an authority in lower case; one that is too long is equal to no other.
static uint32_t keep_host(char *to, const char *from)
{
    uint32_t n = 0;
    for (; *from != 0 && n < ALOFT_WEBUI_HOST_MAX; from++) {
        to[n++] = aloft_field_lower(*from);
    }
    return *from == 0 ? n : ALOFT_WEBUI_HOST_MAX + 1;
}

// "http://192.168.4.1:8080", or "null" when the browser will not say.
static void origin(struct aloft_webui *webui, const char *value)
{
    const char *host = strchr(value, ':');
    bool url = host != NULL && host[1] == '/' && host[2] == '/';
    webui->origin_len = url ? keep_host(webui->origin, host + 3) : ALOFT_WEBUI_HOST_MAX + 1;
    webui->foreign = webui->has_origin; // two of them: one is not ours
    webui->has_origin = true;
}

static enum aloft_webui_event host(struct aloft_webui *webui, const char *value)
{
    if (webui->has_host) {
        return refuse(webui, BAD_REQUEST);
    }
    webui->has_host = true;
    webui->host_len = keep_host(webui->host, value);
    return ALOFT_WEBUI_MORE;
}

// Moves a value to the start of text, for the caller.
static enum aloft_webui_event credentials(struct aloft_webui *webui, const char *value)
{
    if (webui->authorized) {
        return refuse(webui, BAD_REQUEST);
    }
    webui->authorized = true;
    memmove(webui->text, value, strlen(value) + 1);
    return ALOFT_WEBUI_CREDENTIALS;
}

enum known { HOST, ORIGIN, LENGTH, TYPE, ENCODING, EXPECT, AUTHORIZATION, UNKNOWN };

static enum known known(const char *name, uint32_t len)
{
    static const char *const names[] = {
        "host",   "origin",       "content-length", "content-type", "transfer-encoding",
        "expect", "authorization"};
    for (uint32_t i = 0; i < UNKNOWN; i++) {
        if (aloft_field_is(name, len, names[i])) {
            return (enum known)i;
        }
    }
    return UNKNOWN;
}

static enum aloft_webui_event header_line(struct aloft_webui *webui)
{
    char *line = webui->text;
    const char *colon = strchr(line, ':');
    uint32_t name_len = colon != NULL ? (uint32_t)(colon - line) : 0;
    if (name_len == 0 || aloft_field_blank(line[0]) || aloft_field_blank(line[name_len - 1])) {
        return refuse(webui, BAD_REQUEST); // folded lines, too
    }
    enum known name = known(line, name_len);
    if (name == UNKNOWN) {
        return ALOFT_WEBUI_MORE;
    }
    if (webui->too_long) {
        return refuse(webui, LONG_HEADERS); // keeps W3
    }
    ALOFT_INVARIANT("W3", webui->line_len <= ALOFT_WEBUI_TEXT);
    for (uint32_t n = webui->line_len; aloft_field_blank(line[n - 1]); n--) {
        line[n - 1] = 0;
    }
    const char *value = aloft_field_skip(colon + 1);
    switch (name) {
    case HOST:
        return host(webui, value);
    case LENGTH:
        return content_length(webui, value);
    case ENCODING:
        return refuse(webui, NO_LENGTH);
    case AUTHORIZATION:
        return credentials(webui, value);
    case ORIGIN:
        origin(webui, value);
        break;
    case TYPE:
        content_type(webui, value);
        break;
    default:
        webui->expect = aloft_field_is(value, (uint32_t)strlen(value), "100-continue");
        break;
    }
    return ALOFT_WEBUI_MORE;
}

// The blank line after the headers.
static enum aloft_webui_event headers_end(struct aloft_webui *webui)
{
    bool post = webui->method == ALOFT_WEBUI_POST;
    if (!webui->has_host || (!post && webui->length > 0)) {
        return refuse(webui, BAD_REQUEST);
    }
    if (post && !webui->has_length) {
        return refuse(webui, NO_LENGTH);
    }
    webui->foreign =
        webui->foreign ||
        (webui->has_origin &&
         (webui->origin_len != webui->host_len || webui->origin_len > ALOFT_WEBUI_HOST_MAX ||
          memcmp(webui->origin, webui->host, webui->origin_len) != 0));
    if (!webui->has_type) {
        webui->content = ALOFT_WEBUI_BYTES; // RFC 9110, 8.3: bytes of no stated type
    }
    webui->left = webui->length;
    ALOFT_INVARIANT("W2", webui->left == 0 || webui->has_length);
    webui->phase = webui->left > 0 ? BODY : COMPLETE;
    return ALOFT_WEBUI_READY;
}

static enum aloft_webui_event line_end(struct aloft_webui *webui)
{
    enum aloft_webui_event event;
    ALOFT_INVARIANT("W1", webui->header_len <= ALOFT_WEBUI_HEADERS_MAX);
    webui->text[webui->line_len] = 0;
    if (webui->phase == REQUEST) {
        event = webui->too_long ? refuse(webui, LONG_TARGET) : request_line(webui);
    } else if (webui->line_len == 0) {
        event = headers_end(webui);
    } else {
        event = header_line(webui);
    }
    webui->line_len = 0;
    webui->too_long = false;
    return event;
}

// One byte outside the body. A line ends with CR LF, or with LF alone.
static enum aloft_webui_event line_byte(struct aloft_webui *webui, char c)
{
    bool cr = webui->cr;
    webui->cr = c == '\r';
    if (++webui->header_len > ALOFT_WEBUI_HEADERS_MAX) { // keeps W1
        return refuse(webui, LONG_HEADERS);
    }
    if (c == '\n') {
        return line_end(webui);
    }
    if (cr || c == 0) { // a CR inside a line would mean different things to others
        return refuse(webui, BAD_REQUEST);
    }
    if (c != '\r' && webui->line_len < ALOFT_WEBUI_TEXT) {
        webui->text[webui->line_len++] = c;
    } else if (c != '\r') {
        webui->too_long = true;
    }
    return ALOFT_WEBUI_MORE;
}

enum aloft_webui_event aloft_webui_next(struct aloft_webui *webui, const uint8_t *data,
                                        uint32_t len, uint32_t *used)
{
    *used = 0;
    if (webui->phase == BODY && len > 0) {
        webui->body_len = webui->left < len ? webui->left : len;
        *used = webui->body_len;
        webui->left -= webui->body_len;
        webui->phase = webui->left > 0 ? BODY : COMPLETE;
        return ALOFT_WEBUI_BODY;
    }
    while (*used < len && (webui->phase == REQUEST || webui->phase == HEADER)) {
        enum aloft_webui_event event = line_byte(webui, (char)data[(*used)++]);
        if (event != ALOFT_WEBUI_MORE) {
            return event;
        }
    }
    return webui->phase == REFUSED    ? ALOFT_WEBUI_BAD
           : webui->phase == COMPLETE ? ALOFT_WEBUI_DONE
                                      : ALOFT_WEBUI_MORE;
}

// ---- the answer

static void put_bytes(struct aloft_webui *webui, const char *bytes, uint32_t len)
{
    uint32_t room = ALOFT_WEBUI_TEXT - webui->text_len;
    uint32_t n = len < room ? len : room;
    memcpy(webui->text + webui->text_len, bytes, n);
    webui->text_len += n;
}

void aloft_webui_put(struct aloft_webui *webui, const char *text)
{
    put_bytes(webui, text, (uint32_t)strlen(text));
}

void aloft_webui_put_number(struct aloft_webui *webui, uint32_t value)
{
    char text[ALOFT_DECIMAL_MAX];
    aloft_webui_put(webui, aloft_decimal(value, text));
}

void aloft_webui_put_json(struct aloft_webui *webui, const char *text)
{
    aloft_webui_put(webui, "\"");
    uint32_t left = (uint32_t)strlen(text);
    for (uint32_t n; left > 0; text += n, left -= n) {
        uint32_t printable = aloft_printable(text, left); // texts of an image may have any bytes
        n = printable > 0 ? printable : 1;
        if (*text == '"' || *text == '\\') {
            aloft_webui_put(webui, "\\");
        }
        put_bytes(webui, printable > 0 ? text : "?", n);
    }
    aloft_webui_put(webui, "\"");
}

void aloft_webui_continue(struct aloft_webui *webui)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    webui->tail = (const uint8_t *)line; // text is the caller's now
    webui->tail_len = sizeof line - 1;
    webui->text_len = 0;
    webui->sent = 0;
}

void aloft_webui_reply(struct aloft_webui *webui, uint32_t status, const char *type, bool streamed)
{
    webui->text_len = 0;
    webui->sent = 0;
    webui->tail_len = 0;
    webui->length_at = 0;
    aloft_webui_put(webui, "HTTP/1.1 ");
    aloft_webui_put_number(webui, status);
    // The reason is for people, who find it in the body; clients read the number.
    aloft_webui_put(webui, status == 200 ? " OK" : " Refused");
    aloft_webui_put(webui, "\r\nContent-Type: ");
    aloft_webui_put(webui, type);
    aloft_webui_put(webui, "\r\nConnection: close\r\nCache-Control: no-store\r\n"
                           "X-Content-Type-Options: nosniff\r\n");
    if (!streamed) {
        aloft_webui_put(webui, "Content-Length: ");
        webui->length_at = webui->text_len;
        aloft_webui_put(webui, "      \r\n");
    }
}

void aloft_webui_body(struct aloft_webui *webui)
{
    aloft_webui_put(webui, "\r\n");
    webui->body_at = webui->text_len;
}

void aloft_webui_end(struct aloft_webui *webui, const uint8_t *tail, uint32_t len)
{
    char text[ALOFT_DECIMAL_MAX];
    const char *length = aloft_decimal(webui->text_len - webui->body_at + len, text);
    uint32_t digits = (uint32_t)strlen(length);
    webui->tail = tail;
    webui->tail_len = len;
    if (webui->method == ALOFT_WEBUI_HEAD) {
        webui->text_len = webui->body_at;
        webui->tail_len = 0;
    }
    if (webui->length_at != 0) {
        ALOFT_ASSERT(digits <= LENGTH_DIGITS);
        memcpy(webui->text + webui->length_at + LENGTH_DIGITS - digits, length, digits);
    }
}

void aloft_webui_again(struct aloft_webui *webui)
{
    webui->text_len = 0;
    webui->sent = 0;
    webui->tail_len = 0;
}

bool aloft_webui_sent(const struct aloft_webui *webui)
{
    return webui->sent == webui->text_len + webui->tail_len;
}

uint32_t aloft_webui_send(struct aloft_webui *webui, uint8_t *buf, uint32_t cap)
{
    bool in_text = webui->sent < webui->text_len;
    uint32_t left = webui->text_len - webui->sent + (in_text ? 0 : webui->tail_len);
    uint32_t n = left < cap ? left : cap;
    if (n > 0) {
        const void *from = webui->text + webui->sent;
        memcpy(buf, in_text ? from : webui->tail + (webui->sent - webui->text_len), n);
        webui->sent += n;
    }
    return n;
}
