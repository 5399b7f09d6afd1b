// The bar is drawn over itself in one line, and erased before anything else is printed.
#include "cli/base/progress.h"
#include "hostlib/base/clock.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DRAW_MS = 100, PLAIN_MS = 3000, BAR = 24 };

void aloft_progress_begin(struct aloft_progress *progress, const char *verb, const char *what)
{
    memset(progress, 0, sizeof *progress);
    progress->verb = verb;
    progress->what = what;
    progress->begun_ms = aloft_clock_ms();
    progress->shown_ms = progress->begun_ms;
    progress->terminal = isatty(STDERR_FILENO) == 1;
}

const char *aloft_progress_rate(uint64_t bytes, uint64_t ms, char text[32])
{
    double rate = (double)bytes * 1000 / (double)(ms == 0 ? 1 : ms);
    if (rate >= 1048576) {
        (void)snprintf(text, 32, "%.1f MB/s", rate / 1048576);
    } else {
        (void)snprintf(text, 32, "%.1f KB/s", rate / 1024);
    }
    return text;
}

static void draw_bar(struct aloft_progress *progress, uint32_t done, uint32_t total, uint64_t now)
{
    char bar[BAR + 1];
    char rate[32];
    uint64_t ms = now - progress->begun_ms;
    uint64_t left_s = done == 0 ? 0 : (total - done) * ms / done / 1000;
    for (uint32_t i = 0; i < BAR; i++) {
        bar[i] = i < (uint64_t)done * BAR / total ? '#' : '.';
    }
    bar[BAR] = '\0';
    (void)fprintf(stderr, "\r\033[K%s %.30s  [%s] %3u %%  %s  %u:%02u left", progress->verb,
                  progress->what, bar, (unsigned)((uint64_t)done * 100 / total),
                  aloft_progress_rate(done, ms, rate), (unsigned)(left_s / 60),
                  (unsigned)(left_s % 60));
    (void)fflush(stderr);
    progress->shown = true;
}

void aloft_progress_update(struct aloft_progress *progress, uint32_t done, uint32_t total)
{
    uint64_t now = aloft_clock_ms();
    uint32_t pause = progress->terminal ? DRAW_MS : PLAIN_MS;
    if (total == 0 || now - progress->shown_ms < pause) {
        return;
    }
    progress->shown_ms = now;
    if (progress->terminal) {
        draw_bar(progress, done, total, now);
    } else {
        (void)fprintf(stderr, "%s %s: %u %%\n", progress->verb, progress->what,
                      (unsigned)((uint64_t)done * 100 / total));
    }
}

uint64_t aloft_progress_end(struct aloft_progress *progress)
{
    uint64_t ms = aloft_clock_ms() - progress->begun_ms;
    if (progress->shown) {
        (void)fputs("\r\033[K", stderr);
        (void)fflush(stderr);
        progress->shown = false;
    }
    return ms == 0 ? 1 : ms;
}
