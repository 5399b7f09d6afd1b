// The part of the board that is in all of its programs: descriptors, clock, console, watchdog and
// reset. Nothing here knows which program it is in.
#include "board/chip/board.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS 1000000u

enum { LINE_MAX_LEN = 1024 };

uint32_t aloft_board_now_ms(const struct aloft_board *board)
{
    return (uint32_t)((aloft_board_clock_ns() - board->retained->start_ns) / NS_PER_MS);
}

void aloft_board_feed_watchdog(struct aloft_board *board)
{
    if (board->watchdog_frozen) {
        return;
    }
    uint64_t due = aloft_board_clock_ns() + (uint64_t)board->watchdog_ms * NS_PER_MS;
    atomic_store(&board->retained->watchdog_ns, due);
}

void aloft_board_listen(struct aloft_board *board)
{
    if (board->listen != NULL) {
        board->listen(board->listen_ctx, board);
    }
}

static void write_all(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, text, len);
        if (n < 0 && errno != EINTR) {
            return; // the serial port is not connected: output is lost, as on a chip
        }
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

// snprintf's result made a count of the bytes that are really there.
static size_t clip(int wanted, size_t cap)
{
    return wanted < 0 ? 0 : (size_t)wanted < cap ? (size_t)wanted : cap - 1;
}

void aloft_board_vprint(const char *format, va_list args)
{
    char text[LINE_MAX_LEN];
    write_all(text, clip(vsnprintf(text, sizeof text, format, args), sizeof text));
}

void aloft_board_print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    aloft_board_vprint(format, args);
    va_end(args);
}

void aloft_board_vlog(const struct aloft_board *board, char level, const char *tag,
                      const char *format, va_list args)
{
    char text[LINE_MAX_LEN];
    size_t cap = sizeof text - 1; // the newline always fits
    size_t len = clip(
        snprintf(text, cap, "%c (%u) %s: ", level, (unsigned)aloft_board_now_ms(board), tag), cap);
    size_t said = clip(vsnprintf(text + len, cap - len, format, args), cap - len);
    if (board->clean != NULL) {
        board->clean(text + len, (uint32_t)said, false); // a line is one line
    }
    len += said;
    text[len++] = '\n';
    write_all(text, len);
}

void aloft_board_log(const struct aloft_board *board, char level, const char *tag,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    aloft_board_vlog(board, level, tag, format, args);
    va_end(args);
}

void aloft_board_reset(struct aloft_board *board, enum aloft_board_reset reason)
{
    static char *const argv[] = {"rom", NULL};
    static char *const envp[] = {NULL};
    board->retained->reset = reason;
    if (board->retained->config.debug) {
        aloft_board_halt(board, ALOFT_BOARD_RESETS, ALOFT_OK);
    }
    (void)fexecve(ALOFT_BOARD_ROM_FD, argv, envp); // returns only when it fails
    aloft_board_print("The ROM cannot be started: %s\n", strerror(errno));
    abort();
}

void aloft_board_halt(struct aloft_board *board, enum aloft_board_halt why, enum aloft_err err)
{
    board->retained->halt_err = err;
    board->retained->halt = why;
    _exit(0);
}
