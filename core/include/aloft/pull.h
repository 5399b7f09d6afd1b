// The pull: fetches an image over HTTP(S) and brings it to the intake, which verifies and selects
// it. One way among others (way.h); what an app starts and waits for, while push and browser wait
// for somebody.
//
//   init -> start(URL) -> the port's loop over aloft_pull_way, until `state` is DONE or FAILED
//
// It goes on with what an earlier boot had begun, follows redirects, and tries again by itself
// after what may pass. A server that is slow, lies or drips holds nothing that the owner needs: it
// has the turn of the intake only from an accepted image head on, and lends it back to any push,
// upload or command (NET_BUSY; the pull tries again later). After a reset nothing of the pull
// remains; what flash then holds is said at aloft_intake_step.
#ifndef ALOFT_PULL_H
#define ALOFT_PULL_H

#include "aloft/event.h"
#include "aloft/intake.h"
#include "aloft/net/http.h"
#include "aloft/net/url.h"
#include "aloft/way.h"

#define ALOFT_PULL_REDIRECTS 10 // followed before giving up

// Memory for URLs of up to `len` bytes: one, and the one that a redirect leads to.
#define ALOFT_PULL_URLS(len) (2u * ((len) + 1u))
// Presigned links with a session token have 1,200 to 2,500 bytes; a port with room takes more.
#define ALOFT_PULL_URL_DEFAULT 2048u

struct aloft_pull_config {
    struct aloft_intake *intake; // also gives the slots, the rules, and the receiver of events
    const struct aloft_image_facts *current; // of the running app; NULL: never refuse as the same
    const struct aloft_http_filter *filter;  // another client's headers; NULL: Aloft's own
    const struct aloft_file_check *check;    // judges the file besides; NULL: nobody does
    struct aloft_events events;              // of connections, progress, tries
    char *urls; // the caller's memory, ALOFT_PULL_URLS(n) bytes for URLs of n
    uint32_t urls_len;
    // Each at most INT32_MAX, as the clock wraps.
    uint32_t connect_timeout_ms; // name lookup, TCP and TLS together; 0: 10 s
    uint32_t idle_timeout_ms;    // without a byte; 0: 10 s
    uint32_t total_timeout_ms;   // of one pull, redirects and retries included; 0: 10 min
    uint32_t rate_min;           // bytes a second, at least, over each rate_window_s; 0: 1,024;
    uint32_t rate_window_s;      // 0: 30 s. An answer's headers must be complete within one.
                                 // Their product is below 4 GiB. rate_min 1: in effect no limit
    uint32_t retries;            // tries in a row without progress after a broken link or a failing
                                 // server, before giving up; 0: none
    uint32_t backoff_ms;         // before the first of them; doubles; 0: 1 s
    uint32_t backoff_max_ms;     // 0: 1 min
    uint32_t seed;               // of the jitter: up to half of each wait; differs between devices
};

// How many bytes came in the last windows, on a clock that stands still while flash has work.
#define ALOFT_PULL_SLICES 8 // of a window, so that a fault is seen an eighth late at most
struct aloft_pull_rate {
    uint32_t waited_ms; // for the peer, since the slice began
    uint32_t clock_ms;  // of the last look
    uint32_t slice;     // how many have begun
    uint32_t marks[ALOFT_PULL_SLICES];
};

enum aloft_pull_state {
    ALOFT_PULL_RUNNING,
    ALOFT_PULL_DONE,   // the new slot is selected; restart to run it
    ALOFT_PULL_FAILED, // see err; the connection is closed once the last request is carried out
};

struct aloft_pull {
    enum aloft_pull_state state;
    enum aloft_err err; // of a failed pull, or of the last try
    // What err is about, as it came from outside: a URL, or the line of a header. NULL: nothing.
    const char *about;
    uint32_t about_at;  // of URL_SYNTAX and URL_SCHEME: the offset of the first wrong byte
    uint32_t redirects; // followed; not 0: a URL in `about` is where the server redirected to
    // private
    uint32_t phase;
    uint32_t tries; // in a row without progress
    bool no_resume; // what is in the slot has been found unfit to go on from
    bool ask_open;
    bool ask_close;
    bool open;
    bool busy;          // flash has work
    const char *origin; // the URL that was asked for, the caller's
    uint32_t from;      // byte of the artifact that this answer starts with
    uint32_t sent;      // bytes of the request
    uint32_t started_ms;
    uint32_t deadline_ms;
    uint32_t write_ms; // when the first byte of the image came
    struct aloft_pull_config config;
    struct aloft_pull_rate rate;
    struct aloft_url url;
    struct aloft_http http;
    struct aloft_artifact artifact;             // what is being downloaded
    uint32_t visited[ALOFT_PULL_REDIRECTS + 1]; // CRC-32 of each URL, to see a circle
};

// Prepares the pull; config is copied, what it points to must outlive the pull.
void aloft_pull_init(struct aloft_pull *pull, const struct aloft_pull_config *config);

// Starts an update from an http or https URL, which must stay until the pull has ended. When a
// download of the same artifact was begun before a reset, it goes on from there. Any pull before it
// is forgotten; close its connections first. Not to be called from inside an event.
// Errors: URL_SYNTAX, URL_SCHEME, URL_TOO_LONG, those of aloft_slots_check, NO_OTA_SLOT when only
//         the running one exists; also told as an event.
enum aloft_err aloft_pull_start(struct aloft_pull *pull, const char *url, uint32_t now_ms);

// The way. Its step never says RESTART: whoever started the pull reads `state` and decides.
// Power loss: until SELECTED, otadata is untouched and the running slot boots again; the spare slot
//             may hold part of an image, without its first 16 bytes. From SELECTED on the new one
//             boots.
struct aloft_way aloft_pull_way(struct aloft_pull *pull);

#endif
