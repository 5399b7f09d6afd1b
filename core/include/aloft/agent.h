// Seam 3 of 4: the agent, the one place where network meets update. It pulls an image over HTTP
// into the spare slot, verifies it and selects it. Bytes in, bytes out, time in: the port owns
// sockets and clock, and runs this loop:
//
//   aloft_agent_pull(...)                       start one update
//   while aloft_agent_step(...) is not DONE or FAILED:
//       carry out each aloft_agent_request      open or close a connection
//       when a connection is there              aloft_agent_opened, or aloft_agent_failed
//       when it can take bytes                  aloft_agent_send, write them
//       when bytes came                         aloft_agent_feed: takes some of them, at most 1 KiB
//       when the peer closed                    aloft_agent_closed
//       BUSY: step again at once;  WAIT: until input or aloft_agent_deadline
//
// Up to four connection ids exist at once; an HTTP pull uses one. After a reset nothing of the
// agent remains; what flash then holds is said at aloft_agent_step.
#ifndef ALOFT_AGENT_H
#define ALOFT_AGENT_H

#include "aloft/bootsel.h"
#include "aloft/engine.h"
#include "aloft/event.h"
#include "aloft/net/http.h"
#include "aloft/net/url.h"

#define ALOFT_AGENT_IDS       4
#define ALOFT_AGENT_PIECE     1024u // the most that one feed takes
#define ALOFT_AGENT_REDIRECTS 10    // followed before giving up

enum aloft_link { ALOFT_LINK_TCP, ALOFT_LINK_UDP, ALOFT_LINK_LISTEN };

enum aloft_request_kind { ALOFT_REQUEST_OPEN, ALOFT_REQUEST_CLOSE };

// What the agent asks of its port. host is text of host_len bytes inside the agent, valid until the
// next call into it; a name or an address, IPv6 without brackets.
struct aloft_request {
    enum aloft_request_kind kind;
    uint8_t id;
    enum aloft_link link;
    bool tls;
    uint32_t port;
    const char *host;
    uint32_t host_len;
};

struct aloft_agent_config {
    const struct aloft_slots *slots;
    const struct aloft_image_rules *rules; // what an image must be to run here; crypto is required
    const struct aloft_image_facts *current; // of the running app; NULL: never refuse as the same
    struct aloft_stage *stage;         // opens encrypted images (unwrap.h); NULL: plain ones alone.
                                       // Ways that share a turn may share it
    const struct aloft_policy *policy; // what the owner refuses besides; NULL: nothing
    struct aloft_events events;
    const struct aloft_guise *guise;      // what client to be for the server; NULL: Aloft's own
    const struct aloft_file_check *check; // judges the file besides; NULL: nobody does
    int running;                          // the slot that runs
    bool trial; // select the new slot on trial (NEW), the default of products
    // Each at most INT32_MAX, as the clock wraps.
    uint32_t connect_timeout_ms; // name lookup, TCP and TLS together; 0: 10 s
    uint32_t idle_timeout_ms;    // without a byte; 0: 10 s
    uint32_t total_timeout_ms;   // of one pull, redirects and retries included; 0: 10 min
    uint32_t retries;            // tries in a row without progress after a broken link or a failing
                                 // server, before giving up; 0: none
    uint32_t backoff_ms;         // before the first of them; doubles; 0: 1 s
    uint32_t backoff_max_ms;     // 0: 1 min
    uint32_t seed;               // of the jitter: up to half of each wait; differs between devices
};

struct aloft_agent {
    enum aloft_err err; // of a failed pull
    uint32_t phase;     // private from here on
    int target;         // the slot that the pull goes to
    uint32_t redirects;
    uint32_t tries; // in a row without progress
    bool no_resume; // what is in the slot has been found unfit to go on from
    bool ask_open;
    bool ask_close;
    bool open;
    const char *origin; // the URL that was asked for, the caller's
    uint32_t from;      // byte of the artifact that this answer starts with
    uint32_t sent;      // bytes of the request
    uint32_t started_ms;
    uint32_t deadline_ms;
    uint32_t write_ms; // when the first byte of the image came
    struct aloft_agent_config config;
    struct aloft_url url;
    struct aloft_http http;
    struct aloft_artifact artifact;              // what is being downloaded
    uint32_t visited[ALOFT_AGENT_REDIRECTS + 1]; // CRC-32 of each URL, to see a circle
    union {
        char location[ALOFT_URL_MAX + 1]; // while headers come: of a redirect
        struct aloft_engine engine;       // while the image comes
        struct aloft_bootsel bootsel;     // once it is whole
    } work;
    char url_text[ALOFT_URL_MAX + 1];
};

enum aloft_agent_state {
    ALOFT_AGENT_BUSY,   // flash work is due: step again at once
    ALOFT_AGENT_WAIT,   // nothing to do before input or the deadline
    ALOFT_AGENT_DONE,   // the new slot is selected; restart to run it
    ALOFT_AGENT_FAILED, // see err; the connection is closed once the last request is carried out
};

// Prepares the agent; config is copied, what it points to must outlive the agent.
void aloft_agent_init(struct aloft_agent *agent, const struct aloft_agent_config *config);

// Starts an update from an http or https URL, which must stay until the pull has ended. When a
// download of the same artifact was begun before a reset, it goes on from there. Any pull before it
// is forgotten; close its connections first. Not to be called from inside an event. Errors:
// URL_SYNTAX, URL_SCHEME, URL_TOO_LONG, those of aloft_slots_check, NO_OTA_SLOT when only
//         the running one exists; also told as an event.
enum aloft_err aloft_agent_pull(struct aloft_agent *agent, const char *url, uint32_t now_ms);

// The next thing that the agent wants of the port; false when there is none.
bool aloft_agent_request(struct aloft_agent *agent, struct aloft_request *out);

// The connection stands.
void aloft_agent_opened(struct aloft_agent *agent, uint8_t id, uint32_t now_ms);

// The connection could not be made, or broke, and is closed. err is a NET_ or TLS_ fault.
void aloft_agent_failed(struct aloft_agent *agent, uint8_t id, enum aloft_err err, uint32_t now_ms);

// Bytes to send on this connection: up to cap of them are put into buf. 0: none now.
uint32_t aloft_agent_send(struct aloft_agent *agent, uint8_t id, uint8_t *buf, uint32_t cap);

// Bytes that came. Takes as many as it has room for and says how many; offer the rest again after
// the next step. 0 does not mean that the peer is slow: while BUSY, the agent takes nothing.
uint32_t aloft_agent_feed(struct aloft_agent *agent, uint8_t id, const uint8_t *data, uint32_t len,
                          uint32_t now_ms);

// The peer will send no more, and all that it sent has been taken. The agent asks for the close.
void aloft_agent_closed(struct aloft_agent *agent, uint8_t id, uint32_t now_ms);

// One flash operation at most, or one look at the clock.
// Power loss: until SELECTED, otadata is untouched and the running slot boots again; the spare slot
//             may hold part of an image, without its first 16 bytes. From SELECTED on the new one
//             boots.
enum aloft_agent_state aloft_agent_step(struct aloft_agent *agent, uint32_t now_ms);

// When to step again at the latest, in the clock of now_ms (which may wrap).
uint32_t aloft_agent_deadline(const struct aloft_agent *agent);

#endif
