// How far long work has come, on standard error: a bar with rate and remaining time on a terminal,
// a plain line every few seconds elsewhere. Nothing for work that is over at once.
#ifndef ALOFT_CLI_PROGRESS_H
#define ALOFT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct aloft_progress {
    const char *verb; // "writing"
    const char *what; // "bootloader.bin"
    uint64_t begun_ms;
    uint64_t shown_ms;
    bool terminal;
    bool shown; // a bar stands in the terminal's last line
};

void aloft_progress_begin(struct aloft_progress *progress, const char *verb, const char *what);

// Any number of times; draws at most ten times a second.
void aloft_progress_update(struct aloft_progress *progress, uint32_t done, uint32_t total);

// Takes the bar away. Returns the milliseconds since begin, at least 1.
uint64_t aloft_progress_end(struct aloft_progress *progress);

// "12.3 KB/s" into text, which has 32 bytes; returns text.
const char *aloft_progress_rate(uint64_t bytes, uint64_t ms, char text[32]);

#endif
