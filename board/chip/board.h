// What the programs of the virtual board share: ROM, bootloader and app follow each other in one
// process by fexecve, and know each other only through a few file descriptors and the retained
// memory. The supervisor (supervisor.h) is the board's power supply and outlives them.
//
//   supervisor ──fork──> ROM ──fexecve──> bootloader ──fexecve──> app ──fexecve──> ROM ...
#ifndef ALOFT_BOARD_H
#define ALOFT_BOARD_H

#include "aloft/flash.h"
#include "board/chip/retained.h"
#include "hostlib/flash/esp32_crypt.h"
#include "hostlib/flash/nor.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// The descriptors that every program of the board finds open. 0 is what comes in on the serial
// port, never blocking; 1 and 2 are the console, on its way to the serial port and to the screen.
// The loader's frames go to the serial port alone.
enum {
    ALOFT_BOARD_FLASH_FD = 3,
    ALOFT_BOARD_RETAINED_FD = 4,
    ALOFT_BOARD_ROM_FD = 5,
    ALOFT_BOARD_SERIAL_FD = 6,
    ALOFT_BOARD_EFUSE_FD = 7
};

// What the board is to the outside: an ESP32 of a revision above every real one, so that chips
// refuse its images, and it refuses theirs for lack of a native segment (board/chip/board_rules.h).
// The ROM knows no table; a bootloader may reach as far as our larger one, whose table lies there.
#define ALOFT_BOARD_CORES              2u
#define ALOFT_BOARD_BOOTLOADER_ADDR    0x1000u
#define ALOFT_BOARD_BOOTLOADER_END     0x10000u
#define ALOFT_BOARD_PTABLE_ADDR        0x8000u
#define ALOFT_BOARD_SECURE_PTABLE_ADDR 0x10000u

#define ALOFT_BOARD_BOOT_WATCHDOG_MS 8000u
#define ALOFT_BOARD_APP_WATCHDOG_MS  10000u

// What each program holds.
struct aloft_board {
    struct aloft_retained *retained;
    struct aloft_nor nor;
    struct aloft_flash cells;        // the NOR model, taking its time
    struct aloft_esp32_crypt cipher; // of a board with flash encryption,
    struct aloft_flash_crypt crypt;  // and what encrypts in front of the cells
    struct aloft_flash flash;        // what core gets: of these two what there is
    uint32_t watchdog_ms;
    // Takes what was typed on the console of a running app, with its ctx; NULL: nobody listens.
    void (*listen)(void *ctx, struct aloft_board *board);
    void *listen_ctx;
    // Each log line passes it, as it may quote others (aloft/base/printable.h); NULL in programs
    // that show nothing but names and numbers of their own.
    void (*clean)(char *text, uint32_t len, bool lines);
    bool watchdog_frozen; // feeding has no effect any more: a shutdown has its one deadline
};

uint32_t aloft_board_now_ms(const struct aloft_board *board); // since reset
void aloft_board_feed_watchdog(struct aloft_board *board);

// Carries out what was typed on the console, if there is one.
void aloft_board_listen(struct aloft_board *board);

// Console text; a line is one write, so lines never mix.
void aloft_board_vprint(const char *format, va_list args);
void aloft_board_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void aloft_board_vlog(const struct aloft_board *board, char level, const char *tag,
                      const char *format, va_list args);
void aloft_board_log(const struct aloft_board *board, char level, const char *tag,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

// Starts again from the ROM.
_Noreturn void aloft_board_reset(struct aloft_board *board, enum aloft_board_reset reason);

// Stops for good; the supervisor reads why.
_Noreturn void aloft_board_halt(struct aloft_board *board, enum aloft_board_halt why,
                                enum aloft_err err);

#endif
