// The console of a chip for eyes: lines that begin like "E (123) tag" get the colours of ESP-IDF's
// monitor. Lines that bring colours of their own, and all else, pass as they are. Bytes in, bytes
// out.
#ifndef ALOFT_CLI_MONITOR_VIEW_H
#define ALOFT_CLI_MONITOR_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALOFT_MONITOR_VIEW_OUT 16u // the most bytes that one byte becomes

struct aloft_monitor_view {
    uint8_t held[3]; // the beginning of a line that may yet turn out to be a log line
    size_t held_len;
    bool inside;   // past the beginning
    bool coloured; // a colour is on
};

// Zeroed is ready. out has ALOFT_MONITOR_VIEW_OUT bytes; returns how many were written.
size_t aloft_monitor_view_feed(struct aloft_monitor_view *view, uint8_t byte, uint8_t *out);

// Gives what is held, because nothing more has come for now.
size_t aloft_monitor_view_flush(struct aloft_monitor_view *view, uint8_t *out);

// Ends a colour that is on, before something else is printed.
size_t aloft_monitor_view_reset(struct aloft_monitor_view *view, uint8_t *out);

#endif
