// Events that core reports while an update runs. An app prints them, a server counts them; they may
// be ignored.
#ifndef ALOFT_EVENT_H
#define ALOFT_EVENT_H

#include "aloft/err.h"
#include <stdint.h>

enum aloft_event_kind {
    ALOFT_EVENT_CONNECTING, // text: host; value: port
    ALOFT_EVENT_CONNECTED,
    ALOFT_EVENT_REQUESTED,  // the request has been handed over; text: path
    ALOFT_EVENT_RESPONSE,   // value: status; total: body length or 0 when not said
    ALOFT_EVENT_REDIRECTED, // text: the new URL
    ALOFT_EVENT_BEGUN,      // value: slot; total: its address in flash
    ALOFT_EVENT_IMAGE,      // the head was read; text: version, "" without descriptor
    ALOFT_EVENT_PROGRESS,   // value: image bytes taken; total: promised or 0; rate: bytes a second
    ALOFT_EVENT_RECEIVED,   // value: bytes of the whole artifact
    ALOFT_EVENT_VERIFIED,   // the image in flash is whole and good; value: its length
    ALOFT_EVENT_SELECTED,   // otadata names the new slot; value: slot
    ALOFT_EVENT_FAILED,     // err says why, text about what (a URL, a header) or NULL; the running
                            // app is as it was, and so is otadata, unless its new record could only
                            // not be read back
    ALOFT_EVENT_RETRYING,   // err and text as of FAILED; value: milliseconds until the next try
    ALOFT_EVENT_RESUMED,    // value: the byte from which the image is asked for; total: all of them
    ALOFT_EVENT_UNRESUMABLE, // the slot has no room for checkpoints: after a reset the download
                             // starts again
    ALOFT_EVENT_INVITED,     // a push begins; text: the sender's address; value: bytes that it has;
                             // total: enum aloft_espota_command
    ALOFT_EVENT_REFUSED,     // an invitation to a push was not taken up, err says why; text: the
                             // sender's address, or NULL; value: how many before it were not told.
                             // What was going on goes on
};

struct aloft_event {
    enum aloft_event_kind kind;
    enum aloft_err err;
    uint32_t value;
    uint32_t total;
    uint32_t rate;
    const char *text; // valid during the call; not terminated at text_len when that is not 0
    uint32_t text_len;
};

struct aloft_events {
    void (*fn)(void *ctx, const struct aloft_event *event); // may be NULL
    void *ctx;
};

// events may be NULL.
void aloft_event_emit(const struct aloft_events *events, const struct aloft_event *event);

// The same for an event that is only numbers.
void aloft_event_tell(const struct aloft_events *events, enum aloft_event_kind kind, uint32_t value,
                      uint32_t total);

#endif
