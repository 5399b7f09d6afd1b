// What can be typed on the console of a running app. A line is one command; `help` lists them.
#ifndef ALOFT_CONSOLE_H
#define ALOFT_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#define ALOFT_CONSOLE_LINE_MAX 80u

struct aloft_board;

struct aloft_console {
    bool (*on_line)(void *ctx, const char *line); // the app's; NULL: it has no commands
    void *ctx;
    const char *help; // of the app's commands
    char line[ALOFT_CONSOLE_LINE_MAX];
    uint32_t len;
    bool too_long;
};

// Takes what was typed since the last call, and carries out the lines that are complete. Does not
// return when a command resets the board.
void aloft_console_look(void *console, struct aloft_board *board);

#endif
