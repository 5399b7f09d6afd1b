// Retained memory: what an ESP32 keeps in its RTC domain over a reset, plus what the model needs to
// know of chip and power. It survives resets, not power. Its layout is shared by programs of
// different builds (an old app on a new ROM), so fields keep their places.
#ifndef ALOFT_RETAINED_H
#define ALOFT_RETAINED_H

#include "aloft/err.h"
#include "aloft/flash.h"
#include "hostlib/flash/nor.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

// Why the chip started. Numbers are kept, as those of the layout are.
enum aloft_board_reset {
    ALOFT_BOARD_RESET_POWER_ON,
    ALOFT_BOARD_RESET_SOFTWARE,
    ALOFT_BOARD_RESET_PANIC,
    ALOFT_BOARD_RESET_WATCHDOG,
    ALOFT_BOARD_RESET_BROWN_OUT
};

// Why a program gave up its process without being reset.
enum aloft_board_halt {
    ALOFT_BOARD_RUNS,
    ALOFT_BOARD_NO_BOOTLOADER, // the ROM found nothing to start
    ALOFT_BOARD_NO_APP,        // the bootloader found nothing to start
    ALOFT_BOARD_NO_RESETS,     // one reset more than allowed
    ALOFT_BOARD_POWER_CUT,     // the cut plan said so
    ALOFT_BOARD_RESETS,        // in a debugger, which cannot follow into ROM and bootloader
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

// Why a program died, in ESP-IDF's terms.
enum aloft_panic_cause {
    ALOFT_PANIC_NONE,
    ALOFT_PANIC_LOAD,    // LoadProhibited
    ALOFT_PANIC_STORE,   // StoreProhibited
    ALOFT_PANIC_FETCH,   // InstrFetchProhibited
    ALOFT_PANIC_ILLEGAL, // IllegalInstruction
    ALOFT_PANIC_DIVIDE,  // IntegerDivideByZero
    ALOFT_PANIC_ABORT,
    ALOFT_PANIC_STACK, // a stack overflow
    ALOFT_PANIC_TASK_WATCHDOG,
};

#define ALOFT_PANIC_FRAMES 24u
#define ALOFT_PANIC_NAME   40u

// One frame of the stack. where: its function, when that is in one of the host's shared libraries,
// of which no ELF is kept.
struct aloft_panic_frame {
    uint64_t pc;
    uint64_t sp;
    char where[ALOFT_PANIC_NAME];
};

// What a program that dies leaves behind (board/chip/panic.h). Addresses are those of the Linux
// process that is the chip.
struct aloft_panic {
    _Atomic uint32_t armed; // the program leaves this when it dies
    _Atomic uint32_t cause; // enum aloft_panic_cause; set last, but for the frames
    uint64_t pc;
    uint64_t sp;
    uint64_t addr; // that could not be read, written or run
    char task[16];
    char late[16];          // that the task watchdog waited for; empty: IDLE0
    uint8_t elf_sha256[32]; // of the descriptor of the app that runs
    _Atomic uint32_t frame_count;
    struct aloft_panic_frame frames[ALOFT_PANIC_FRAMES];
};

// Fixed from power-on to power-off.
struct aloft_board_config {
    uint32_t flash_size;
    uint32_t ptable_addr; // 0: where the bootloader was built to look
    uint32_t resets_max;  // FFFFFFFF: any number
    bool fast;            // flash and Wi-Fi take no time
    bool trials;          // roll back apps that do not confirm themselves
    bool debug;           // apps wait for a debugger before they begin
    struct aloft_nor_plan plan;
};

struct aloft_retained {
    uint32_t magic;
    uint32_t crc; // of config
    struct aloft_board_config config;
    enum aloft_board_reset reset; // why the board starts now, or is to start again
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
    _Atomic uint32_t waits;       // the app has started, and waits to be let go by a debugger
    struct aloft_panic panic;
    struct aloft_board_operation operation;
    struct aloft_nor_sector sectors[]; // one per 4 KiB of flash: wear and weak bits
};

#define ALOFT_RETAINED_MAGIC 0x414C4F46u

uint32_t aloft_retained_crc(const struct aloft_retained *retained);
uint64_t aloft_board_clock_ns(void); // monotonic

#endif
