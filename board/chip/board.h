// What the programs of the virtual board share: ROM, bootloader and app follow each other in one
// process by fexecve, and know each other only through a few file descriptors and the retained
// memory. The supervisor (supervisor.h) is the board's power supply and outlives them.
//
//   supervisor ──fork──> ROM ──fexecve──> bootloader ──fexecve──> app ──fexecve──> ROM ...
//
// Retained memory is what an ESP32 keeps in its RTC domain over a reset, plus what the model needs
// to know of chip and power. It survives resets, not power.
#ifndef ALOFT_BOARD_H
#define ALOFT_BOARD_H

#include "aloft/flash.h"
#include "hostlib/flash/esp32_crypt.h"
#include "hostlib/flash/nor.h"
#include "ports/linux/console.h"
#include "ports/port.h"
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

// Why a program gave up its process without being reset.
enum aloft_board_halt {
    ALOFT_BOARD_RUNS,
    ALOFT_BOARD_NO_BOOTLOADER, // the ROM found nothing to start
    ALOFT_BOARD_NO_APP,        // the bootloader found nothing to start
    ALOFT_BOARD_NO_RESETS,     // one reset more than allowed
    ALOFT_BOARD_POWER_CUT,     // the cut plan said so
};

enum aloft_board_operation_kind {
    ALOFT_BOARD_IDLE,
    ALOFT_BOARD_PROG,
    ALOFT_BOARD_ERASE,
    ALOFT_BOARD_BURN, // of eFuses: addr is the word's number, data its bits, little-endian
};

// What of the loader runs.
enum aloft_board_loading {
    ALOFT_BOARD_NOT_LOADING,
    ALOFT_BOARD_LOADING, // the ROM's loader waits for a request
    ALOFT_BOARD_BUSY,    // it carries one out
    ALOFT_BOARD_STUB,
};

// The operation that is under way, of flash or eFuses. Published before it begins, so that whoever
// cuts the power can leave behind what a real chip would.
struct aloft_board_operation {
    _Atomic uint32_t kind;
    uint32_t addr;
    uint32_t len;
    uint8_t data[ALOFT_FLASH_PAGE];
};

// Fixed from power-on to power-off.
struct aloft_board_config {
    uint32_t flash_size;
    uint32_t ptable_addr; // 0: where the bootloader was built to look
    uint32_t resets_max;  // FFFFFFFF: any number
    bool fast;            // flash and Wi-Fi take no time
    bool trials;          // roll back apps that do not confirm themselves
    struct aloft_nor_plan plan;
};

struct aloft_retained {
    uint32_t magic;
    uint32_t crc; // of config
    struct aloft_board_config config;
    enum aloft_port_reset reset;  // why the board starts now
    enum aloft_board_halt halt;   // why it stopped for good
    enum aloft_err halt_err;      // what was wrong with the bootloader, the table or the last app
    bool download;                // the next start of the ROM goes to its loader
    _Atomic uint32_t loading;     // enum aloft_board_loading
    _Atomic uint32_t loader_baud; // what it hears at; 0: any speed
    uint32_t boots;               // starts of the ROM since power came
    uint32_t operations;          // of flash and eFuses since power came
    uint32_t ptable_addr;         // where the bootloader found its table
    uint32_t running_addr;        // of the slot whose app was loaded
    uint32_t noise;               // of weak bits
    uint64_t start_ns;            // when the ROM started: time 0 of the console
    _Atomic uint64_t watchdog_ns; // the reset that is due when nobody feeds the watchdog
    _Atomic uint64_t pins_driven; // bit N: something outside drives GPIO N,
    _Atomic uint64_t pins_high;   // and to this level
    struct aloft_board_operation operation;
    struct aloft_nor_sector sectors[]; // one per 4 KiB of flash: wear and weak bits
};

#define ALOFT_RETAINED_MAGIC 0x414C4F46u

uint32_t aloft_retained_crc(const struct aloft_retained *retained);
uint64_t aloft_board_clock_ns(void); // monotonic

// What each program holds.
struct aloft_board {
    struct aloft_retained *retained;
    struct aloft_nor nor;
    struct aloft_flash cells;        // the NOR model, taking its time
    struct aloft_esp32_crypt cipher; // of a board with flash encryption,
    struct aloft_flash_crypt crypt;  // and what encrypts in front of the cells
    struct aloft_flash flash;        // what core gets: of these two what there is
    uint32_t watchdog_ms;
    struct aloft_console *console; // of a running app; else NULL
    // Each log line passes it, as it may quote others (aloft/base/printable.h); NULL in programs
    // that show nothing but names and numbers of their own.
    void (*clean)(char *text, uint32_t len, bool lines);
    bool watchdog_frozen; // feeding has no effect any more: a shutdown has its one deadline
};

// Maps flash and retained memory. A board without its supervisor is no board: it says so and exits.
void aloft_board_attach(struct aloft_board *board, const char *name, uint32_t watchdog_ms);

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
_Noreturn void aloft_board_reset(struct aloft_board *board, enum aloft_port_reset reason);

// Stops for good; the supervisor reads why.
_Noreturn void aloft_board_halt(struct aloft_board *board, enum aloft_board_halt why,
                                enum aloft_err err);

#endif
