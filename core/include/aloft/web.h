// The browser way: a page, an upload and the commands of control.h over HTTP, for one client at a
// time. A way (way.h) that a port runs beside others. Routes, dialects and limits: docs/SPEC.md,
// "Browser way"; the JSON interface: docs/CONTROL.md.
//
// Without a verifier that is not empty and without a token the way is off: it never listens. There
// is no password by default. With a token alone only /api/ can be used.
//
// Invariants
//   V1  Nothing is told and nothing is done without a good answer to a challenge, or a good token.
//   V2  Nothing is done for the page of another site (Origin).
//   V3  Between a request for an upload and its end no other image comes in; whatever ends it early
//       gives the turn back, and the slot holds no image.
//   V4  A client that stops is given up: it begins within 3 s, as browsers open connections ahead
//       of need; its headers take at most 10 s, and then no silence lasts longer than 15 s.
#ifndef ALOFT_WEB_H
#define ALOFT_WEB_H

#include "aloft/control.h"
#include "aloft/net/pbkdf2.h"
#include "aloft/net/webui.h"
#include "aloft/net/webui_auth.h"
#include "aloft/way.h"

#define ALOFT_WEB_PORT      80u
#define ALOFT_WEB_BEGIN_MS  3000u
#define ALOFT_WEB_HEAD_MS   10000u
#define ALOFT_WEB_IDLE_MS   15000u
#define ALOFT_WEB_DRAIN_MS  5000u    // for the rest of a request that was refused
#define ALOFT_WEB_REST_MS   3600000u // between two looks at the clock when nobody comes
#define ALOFT_WEB_LISTEN_MS 10000u   // until a listener that failed is tried again
#define ALOFT_WEB_ROUNDS    50u      // of PBKDF2 in a step
#define ALOFT_WEB_BODY_MAX  256u     // bytes of a command's body

struct aloft_web_config {
    const struct aloft_slots *slots;
    const struct aloft_image_rules *rules;       // crypto is required
    const struct aloft_image_facts *current;     // of the running app
    const struct aloft_webui_verifier *verifier; // NULL: there is no password
    const struct aloft_webui_token *token;       // for /api/ as a bearer token; NULL: there is none
    struct aloft_intake *intake;
    struct aloft_control *control;
    const uint8_t *page; // gzipped HTML
    uint32_t page_len;
    const char *device_id;              // and realm (webui_auth.h)
    const char *reset_reason;           // for people
    int running;                        // the slot that runs
    uint16_t port;                      // 0: 80
    uint8_t secret[ALOFT_WEBUI_SECRET]; // random, another one after each reset
};

// How the answer to an upload looks: ours, or as one of two sketches of the Arduino core answers.
enum aloft_web_dialect {
    ALOFT_WEB_OWN,     // JSON
    ALOFT_WEB_PLAIN,   // the WebUpdate example: OK or FAIL
    ALOFT_WEB_UPDATER, // HTTPUpdateServer: a sentence, always with status 200
};

struct aloft_web {
    struct aloft_web_config config;
    enum aloft_err err; // of the listener that failed last
    // private
    uint32_t phase;
    uint32_t deadline_ms;
    bool ask_open;
    bool ask_close;
    bool peer; // somebody is connected
    bool restart;
    bool fresh;     // there is something new to send
    bool streaming; // pieces of the status follow
    int piece;      // slot
    enum aloft_webui_verdict verdict;
    enum aloft_command command;
    // of an upload
    enum aloft_web_dialect dialect;
    bool file;            // an image was begun
    bool whole;           // all of the body has come
    bool closed;          // the form's closing boundary has come
    uint32_t pending_off; // bytes of text that wait for the engine
    uint32_t pending_len;
    uint32_t token_len;
    char token[ALOFT_PBKDF2_KEY_MAX]; // while the headers come
    struct aloft_pbkdf2 kdf;
    struct aloft_webui_auth auth;
    struct aloft_webui http;
    struct aloft_webui_multipart parts;
};

// config is copied, what it points to must outlive the web.
void aloft_web_init(struct aloft_web *web, const struct aloft_web_config *config);

// The way. One flash operation a step at most; what flash then holds is said at aloft_intake_step
// and aloft_control_step.
struct aloft_way aloft_web_way(struct aloft_web *web);

#endif
