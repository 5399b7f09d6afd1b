// What the browser way is made of, for web.h and for what answers in its name (web_answer.h). Apps
// include web.h.
#ifndef ALOFT_WEB_STATE_H
#define ALOFT_WEB_STATE_H

#include "aloft/control.h"
#include "aloft/net/pbkdf2.h"
#include "aloft/net/webui.h"
#include "aloft/net/webui_auth.h"
#include "aloft/net/webui_token.h"
#include "aloft/way.h"

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
    const char *device_id;              // for people, and for programs
    const char *realm;                  // of the verifier (webui_auth.h); NULL: device_id
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

#endif
