// The flash seam over a file, so that the examples run on a PC: a chip of 4 MB with sectors of
// 4 KiB and blocks of 64 KiB. On a device these three functions call the chip's driver.
#ifndef CHIP_IN_FILE_H
#define CHIP_IN_FILE_H

#include <aloft/flash.h>
#include <aloft/image.h>
#include <aloft/soft_crypto.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static int chip_fd;

static enum aloft_err chip_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    (void)ctx;
    return pread(chip_fd, buf, len, addr) == len ? ALOFT_OK : ALOFT_ERR_FLASH_READ;
}

// Programs only clear bits, as on the chip.
static enum aloft_err chip_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    uint8_t page[ALOFT_FLASH_PAGE];
    if (chip_read(ctx, addr, page, len) != ALOFT_OK) {
        return ALOFT_ERR_FLASH_PROG;
    }
    for (uint32_t i = 0; i < len; i++) {
        page[i] &= ((const uint8_t *)data)[i];
    }
    return pwrite(chip_fd, page, len, addr) == len ? ALOFT_OK : ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err chip_erase(void *ctx, uint32_t addr, uint32_t len)
{
    static uint8_t blank[0x10000];
    (void)ctx;
    memset(blank, 0xFF, len);
    return pwrite(chip_fd, blank, len, addr) == len ? ALOFT_OK : ALOFT_ERR_FLASH_ERASE;
}

static inline bool chip_open(struct aloft_flash *flash, const char *path)
{
    static const struct aloft_flash_ops ops = {chip_read, chip_prog, chip_erase};
    chip_fd = open(path, O_RDWR);
    *flash = (struct aloft_flash){&ops, NULL, {4u << 20, 0x1000, 0x10000, 1}, NULL};
    return chip_fd >= 0;
}

// What an image must be to run here: for an ESP32, of any revision.
static inline struct aloft_image_rules chip_rules(void)
{
    return (struct aloft_image_rules){
        .crypto = &aloft_soft_crypto, .chip = &aloft_chip_esp32, .chip_revision = 0xFFFF};
}

#endif
