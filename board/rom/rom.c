// The mask ROM: says why the chip started, loads the second-stage bootloader from flash at 0x1000
// and runs it, or waits on the serial port for a host that flashes the chip. It is the one program
// of the board that does not come from flash.
#include "aloft/verify.h"
#include "board/chip/attach.h"
#include "board/chip/board.h"
#include "board/chip/board_rules.h"
#include "board/chip/efuse_port.h"
#include "board/chip/native.h"
#include "board/rom/rom_download.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rom {
    struct aloft_native native;
    struct aloft_efuse_words words;
    struct aloft_efuse efuse; // what they say
    struct aloft_board_rules rules;
    uint32_t loaded; // segments that were announced on the console
};

// The real ROM's words for the reset register: code and name.
static const char *reset_text(enum aloft_board_reset reset)
{
    switch (reset) {
    case ALOFT_BOARD_RESET_POWER_ON:
        return "0x1 (POWERON_RESET)";
    case ALOFT_BOARD_RESET_SOFTWARE:
    case ALOFT_BOARD_RESET_PANIC: // a panic ends in a software reset
        return "0xc (SW_CPU_RESET)";
    case ALOFT_BOARD_RESET_WATCHDOG:
        return "0x10 (RTCWDT_RTC_RESET)";
    case ALOFT_BOARD_RESET_BROWN_OUT:
        return "0xf (RTCWDT_BROWN_OUT_RESET)";
    }
    return "0x0 (?)";
}

static void greet(enum aloft_board_reset reset, bool download)
{
    aloft_board_print("ets Jun  8 2016 00:22:57\n\n");
    aloft_board_print("rst:%s,boot:%s\n", reset_text(reset),
                      download ? "0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))"
                               : "0x13 (SPI_FAST_FLASH_BOOT)");
    if (download) {
        return;
    }
    aloft_board_print("configsip: 0, SPIWP:0xee\n");
    aloft_board_print("clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00\n");
    aloft_board_print("mode:DIO, clock div:2\n");
}

static enum aloft_err load(void *ctx, const struct aloft_image *image, enum aloft_image_event event,
                           const uint8_t *data, uint32_t len)
{
    struct rom *rom = ctx;
    if (event == ALOFT_IMAGE_SEGMENT) {
        aloft_board_print("load:0x%08x,len:%u\n", (unsigned)image->facts.segment_addr,
                          (unsigned)image->facts.segment_len);
    }
    enum aloft_err err = aloft_board_rules_rom(NULL, image, event, data, len);
    return err == ALOFT_OK ? aloft_native_load(&rom->native, image, event, data, len) : err;
}

static enum aloft_err load_bootloader(struct rom *rom, struct aloft_board *board,
                                      struct aloft_verify *verify)
{
    uint32_t asked = board->retained->config.ptable_addr;
    uint32_t end = asked != 0 ? asked : ALOFT_BOARD_BOOTLOADER_END;
    struct aloft_flash_view view = {&board->flash, ALOFT_BOARD_BOOTLOADER_ADDR,
                                    end - ALOFT_BOARD_BOOTLOADER_ADDR};
    enum aloft_step step;
    aloft_verify_init(verify, &view, &rom->rules.rules);
    verify->sink = load;
    verify->ctx = rom;
    do {
        step = aloft_verify_step(verify);
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : verify->err;
}

// The real ROM repeats its line for ever; here the supervisor says the rest.
static _Noreturn void nothing_to_run(const struct rom *rom, struct aloft_board *board,
                                     enum aloft_err err)
{
    uint8_t head[4] = {0};
    struct aloft_flash_view view = {&board->flash, ALOFT_BOARD_BOOTLOADER_ADDR, sizeof head};
    if (err == ALOFT_ERR_IMAGE_MAGIC && aloft_flash_read(&view, 0, head, sizeof head) == ALOFT_OK) {
        for (int i = 0; i < 3; i++) {
            aloft_board_print("invalid header: 0x%02x%02x%02x%02x\n", head[3], head[2], head[1],
                              head[0]);
        }
    } else if (rom->efuse.secure_boot) {
        aloft_board_print("%s: %s\nsecure boot verification failed\n", aloft_err_name(err),
                          aloft_err_sentence(err));
    } else {
        aloft_board_print("invalid bootloader: %s: %s\n", aloft_err_name(err),
                          aloft_err_sentence(err));
    }
    aloft_board_halt(board, ALOFT_BOARD_NO_BOOTLOADER, err);
}

// The rules for the bootloader. Security versions are for apps; a bootloader has none.
static void read_efuses(struct rom *rom)
{
    aloft_efuse_port_read(&rom->words, &rom->efuse);
    aloft_board_rules_read(&rom->rules, &rom->efuse);
    rom->rules.rules.secure_version = 0;
    rom->rules.rules.bootloader = true;
}

static void say_keys(const struct aloft_efuse *efuse)
{
    uint32_t usable = (uint32_t)(efuse->digests & ~efuse->revoked);
    if (efuse->secure_boot) {
        aloft_board_print("Valid secure boot key blocks:%s%s%s%s\n", usable & 1 ? " 0" : "",
                          usable & 2 ? " 1" : "", usable & 4 ? " 2" : "", usable ? "" : " none");
    }
}

int main(void)
{
    struct aloft_board board;
    struct aloft_verify verify;
    struct rom rom;

    aloft_board_attach(&board, "rom", ALOFT_BOARD_BOOT_WATCHDOG_MS);
    struct aloft_retained *retained = board.retained;
    if (retained->boots > retained->config.resets_max) {
        aloft_board_halt(&board, ALOFT_BOARD_NO_RESETS, ALOFT_OK);
    }
    retained->boots++;
    retained->running_addr = 0;
    memset(&retained->panic, 0, sizeof retained->panic);
    atomic_store(&retained->waits, 0);
    retained->ptable_addr = 0;
    retained->start_ns = aloft_board_clock_ns();
    bool download = retained->download;
    atomic_store(&retained->loading, download ? ALOFT_BOARD_LOADING : ALOFT_BOARD_NOT_LOADING);
    retained->download = false; // of this start only
    greet(retained->reset, download);
    read_efuses(&rom);
    if (download) {
        aloft_rom_download(&board, &rom.words);
    }

    say_keys(&rom.efuse);
    aloft_native_init(&rom.native);
    enum aloft_err err = load_bootloader(&rom, &board, &verify);
    if (err != ALOFT_OK) {
        nothing_to_run(&rom, &board, err);
    }
    if (rom.efuse.secure_boot) {
        aloft_board_print("secure boot verification succeeded\n");
    }
    aloft_board_print("entry 0x%08x\n", (unsigned)verify.image.facts.entry);
    aloft_native_run(&rom.native, "bootloader");
    aloft_board_print("The bootloader cannot be started: %s\n", strerror(errno));
    abort();
}
