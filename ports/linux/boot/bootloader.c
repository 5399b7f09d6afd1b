// The second-stage bootloader of the board: boot/ with its port. It comes out of flash like any
// other image, and becomes the app that it loaded. bootloader.h says which two there are.
#include "ports/linux/boot/bootloader.h"
#include "board/chip/attach.h"
#include "board/chip/native.h"
#include "boot/boot.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct bootloader {
    struct aloft_board board;
    struct aloft_native native;
};

static void log_line(void *ctx, char level, const char *tag, const char *format, ...)
{
    struct bootloader *bootloader = ctx;
    va_list args;
    va_start(args, format);
    aloft_board_vlog(&bootloader->board, level, tag, format, args);
    va_end(args);
}

static void feed_watchdog(void *ctx)
{
    struct bootloader *bootloader = ctx;
    aloft_board_feed_watchdog(&bootloader->board);
}

static enum aloft_err load(void *ctx, const struct aloft_image *image, enum aloft_image_event event,
                           const uint8_t *data, uint32_t len)
{
    struct bootloader *bootloader = ctx;
    return aloft_native_load(&bootloader->native, image, event, data, len);
}

static void unload(void *ctx)
{
    struct bootloader *bootloader = ctx;
    aloft_native_unload(&bootloader->native);
}

// The console lines of a stock bootloader about the hardware.
static void greet(struct bootloader *bootloader)
{
    uint32_t megabytes = bootloader->board.flash.geometry.size >> 20;
    log_line(bootloader, 'I', "boot", "Aloft 2nd stage bootloader");
    log_line(bootloader, 'I', "boot", "SPI Speed      : 40MHz");
    log_line(bootloader, 'I', "boot", "SPI Mode       : DIO");
    log_line(bootloader, 'I', "boot", "SPI Flash Size : %uMB", (unsigned)megabytes);
}

int main(void)
{
    struct bootloader bootloader;
    struct aloft_board *board = &bootloader.board;
    struct aloft_boot boot;
    enum aloft_boot_result result;

    aloft_board_attach(board, "bootloader", ALOFT_BOARD_BOOT_WATCHDOG_MS);
    aloft_native_init(&bootloader.native);
    struct aloft_retained *retained = board->retained;
    uint32_t asked = retained->config.ptable_addr;
    retained->ptable_addr = asked != 0 ? asked : aloft_bootloader_ptable_addr;
    greet(&bootloader);
    const struct aloft_boot_port port = {
        .ctx = &bootloader,
        .flash = &board->flash,
        .rules = aloft_bootloader_rules(board),
        .ptable_addr = retained->ptable_addr,
        .power_on = retained->reset == ALOFT_BOARD_RESET_POWER_ON ||
                    retained->reset == ALOFT_BOARD_RESET_BROWN_OUT,
        .trials = retained->config.trials,
        .log = log_line,
        .feed_watchdog = feed_watchdog,
        .load = load,
        .unload = unload,
    };
    aloft_boot_init(&boot, &port);
    do {
        result = aloft_boot_step(&boot);
    } while (result == ALOFT_BOOT_AGAIN);
    if (result == ALOFT_BOOT_NOTHING) {
        aloft_board_halt(board, ALOFT_BOARD_NO_APP, boot.err);
    }
    retained->running_addr = boot.extent.addr;
    aloft_native_run(&bootloader.native, "app");
    log_line(&bootloader, 'E', "boot", "The app cannot be started: %s", strerror(errno));
    abort();
}
