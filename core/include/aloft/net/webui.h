// The HTTP/1.1 server of the browser way: one request as its bytes come, in pieces of any size, and
// the answer to it. No I/O, one buffer for a line and then for the answer. One request a
// connection. Source: RFC 9110, RFC 9112.
//
// Life cycle: init; next for whatever comes; once HEAD or BAD has come: reply, put.., end; then
// send until it gives nothing more.
#ifndef ALOFT_WEBUI_H
#define ALOFT_WEBUI_H

#include "aloft/net/webui_multipart.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_WEBUI_HEADERS_MAX 8192u // bytes of request line and headers
#define ALOFT_WEBUI_TEXT        1024u // bytes of a header that matters, and of an answer in RAM
#define ALOFT_WEBUI_TARGET_MAX  64u
#define ALOFT_WEBUI_HOST_MAX    64u

enum aloft_webui_method { ALOFT_WEBUI_NONE, ALOFT_WEBUI_GET, ALOFT_WEBUI_HEAD, ALOFT_WEBUI_POST };

enum aloft_webui_content {
    ALOFT_WEBUI_OTHER,
    ALOFT_WEBUI_FORM,  // multipart/form-data with a boundary
    ALOFT_WEBUI_BYTES, // application/octet-stream, or no type is stated
};

enum aloft_webui_event {
    ALOFT_WEBUI_MORE,        // all input was consumed
    ALOFT_WEBUI_CREDENTIALS, // an Authorization header; its value is text, until the next call
    ALOFT_WEBUI_READY,       // the headers are complete
    ALOFT_WEBUI_BODY,        // the bytes that end at data + used are body_len bytes of body
    ALOFT_WEBUI_DONE,        // the request is complete
    ALOFT_WEBUI_BAD,         // refuse it with `status`; final
};

struct aloft_webui {
    // From CREDENTIALS on
    enum aloft_webui_method method;
    char target[ALOFT_WEBUI_TARGET_MAX + 1]; // as it was sent: path and query
    // From READY on
    enum aloft_webui_content content;
    uint32_t length;   // of the body
    uint32_t left;     // bytes of it that have not come
    uint32_t body_len; // of the last BODY event
    bool expect;       // the client waits for "100 Continue" before it sends the body
    bool foreign;      // a page of another site sent this request: Origin is not Host
    uint32_t boundary_len;
    char boundary[ALOFT_WEBUI_BOUNDARY_MAX];
    // From BAD on
    uint32_t status;
    // private, but for text
    uint32_t phase;
    uint32_t line_len;
    uint32_t header_len;
    uint32_t text_len; // of the answer
    uint32_t sent;
    uint32_t length_at; // where its Content-Length goes; 0: it has none
    uint32_t body_at;
    const uint8_t *tail; // follows text
    uint32_t tail_len;
    bool cr;
    bool too_long; // the line did not fit
    bool has_length;
    bool has_type;
    bool has_host;
    bool has_origin;
    bool authorized; // an Authorization header has come
    uint32_t host_len;
    uint32_t origin_len;
    char host[ALOFT_WEBUI_HOST_MAX];
    char origin[ALOFT_WEBUI_HOST_MAX];
    // From READY to reply the caller's, for what it wants to keep of the body.
    char text[ALOFT_WEBUI_TEXT + 1];
};

void aloft_webui_init(struct aloft_webui *webui);

// Takes bytes up to the next event and says how many in *used; call again with the rest. Splits of
// the input never change the outcome. Statuses of BAD: 400, 405, 411, 414, 431, 505.
enum aloft_webui_event aloft_webui_next(struct aloft_webui *webui, const uint8_t *data,
                                        uint32_t len, uint32_t *used);

// The client may send the body that it holds back.
void aloft_webui_continue(struct aloft_webui *webui);

// Starts an answer: status and type. streamed: its length is not known, the close ends it.
void aloft_webui_reply(struct aloft_webui *webui, uint32_t status, const char *type, bool streamed);

// Adds to the answer: first whole header lines, then, after body, what the client shall show. What
// does not fit is left out.
void aloft_webui_body(struct aloft_webui *webui);
void aloft_webui_put(struct aloft_webui *webui, const char *text);
void aloft_webui_put_number(struct aloft_webui *webui, uint32_t value);
void aloft_webui_put_json(struct aloft_webui *webui, const char *text); // a string, in quotes

// The answer is complete; tail follows what was put and must stay. HEAD gets the headers alone.
void aloft_webui_end(struct aloft_webui *webui, const uint8_t *tail, uint32_t len);

// Of a streamed answer, when all was sent: what is put from now on follows.
void aloft_webui_again(struct aloft_webui *webui);

// Up to cap bytes of the answer are put into buf. 0: none now.
uint32_t aloft_webui_send(struct aloft_webui *webui, uint8_t *buf, uint32_t cap);
bool aloft_webui_sent(const struct aloft_webui *webui);

#endif
