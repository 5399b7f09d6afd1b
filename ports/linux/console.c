// One table of commands. Typed characters are echoed, as a terminal on a serial port shows only
// what the chip sends.
#include "ports/linux/console.h"
#include "board/chip/board.h"
#include <string.h>
#include <unistd.h>

enum { CHUNK = 128, TURNS = 8, BACKSPACE = 8, DELETE = 0x7F };

static void cmd_help(struct aloft_console *console, struct aloft_board *board);

static void cmd_download(struct aloft_console *console, struct aloft_board *board)
{
    (void)console;
    board->retained->download = true;
    aloft_board_reset(board, ALOFT_BOARD_RESET_SOFTWARE);
}

static void cmd_restart(struct aloft_console *console, struct aloft_board *board)
{
    (void)console;
    aloft_board_reset(board, ALOFT_BOARD_RESET_SOFTWARE);
}

static const struct {
    const char *name;
    const char *what;
    void (*run)(struct aloft_console *console, struct aloft_board *board);
} commands[] = {
    {"help", "list the commands", cmd_help},
    {"download", "restart into the loader, to be flashed over the serial port", cmd_download},
    {"restart", "restart", cmd_restart},
};

static void cmd_help(struct aloft_console *console, struct aloft_board *board)
{
    (void)board;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        aloft_board_print("%-10s %s\n", commands[i].name, commands[i].what);
    }
    if (console->help != NULL) {
        aloft_board_print("%s\n", console->help);
    }
}

static void run_line(struct aloft_console *console, struct aloft_board *board)
{
    aloft_board_print("\n");
    console->line[console->len] = '\0';
    bool empty = console->len == 0;
    bool known = false;
    console->len = 0;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0] && !console->too_long; i++) {
        if (strcmp(console->line, commands[i].name) == 0) {
            known = true;
            commands[i].run(console, board);
        }
    }
    if (!known && !empty && !console->too_long && console->on_line != NULL) {
        known = console->on_line(console->ctx, console->line);
    }
    if (!known && !empty) {
        aloft_board_print("Unknown command; type help\n");
    }
    console->too_long = false;
}

static void type(struct aloft_console *console, struct aloft_board *board, char c)
{
    if (c == '\r' || c == '\n') {
        bool second = c == '\n' && console->len == 0; // of CR LF
        if (!second) {
            run_line(console, board);
        }
    } else if ((c == BACKSPACE || c == DELETE) && console->len > 0) {
        console->len--;
        aloft_board_print("\b \b");
    } else if (c >= ' ' && c < DELETE) {
        console->too_long = console->len == sizeof console->line - 1;
        if (!console->too_long) {
            console->line[console->len++] = c;
            aloft_board_print("%c", c);
        }
    }
}

void aloft_console_look(void *ctx, struct aloft_board *board)
{
    struct aloft_console *console = ctx;
    char typed[CHUNK];
    ssize_t n;
    for (int turn = 0; turn < TURNS && (n = read(STDIN_FILENO, typed, sizeof typed)) > 0; turn++) {
        for (ssize_t i = 0; i < n; i++) {
            type(console, board, typed[i]);
        }
    }
}
