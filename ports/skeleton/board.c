// Joins target.h to the seams.
#include "ports/skeleton/board.h"
#include "ports/baremetal/soft_crypto.h"
#include "ports/portlib/flash/flash_align.h"
#include "ports/skeleton/target.h"
#include <stddef.h>

static enum aloft_err read_words(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    (void)ctx;
    return target_flash_read(addr, buf, len) ? ALOFT_OK : ALOFT_ERR_FLASH_READ;
}

static enum aloft_err prog_words(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    (void)ctx;
    return target_flash_prog(addr, data, len) ? ALOFT_OK : ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err erase(void *ctx, uint32_t addr, uint32_t len)
{
    (void)ctx;
    return target_flash_erase(addr, len) ? ALOFT_OK : ALOFT_ERR_FLASH_ERASE;
}

struct aloft_flash aloft_skeleton_flash(void)
{
    static const struct aloft_flash_ops chip = {read_words, prog_words, erase};
    static struct aloft_flash_align align = {&chip, NULL};
    return (struct aloft_flash){
        &aloft_flash_align_ops,
        &align,
        {.size = target_flash_size(), .sector = 0x1000, .block = 0x10000, .write_unit = 1},
        NULL};
}

struct aloft_image_rules aloft_skeleton_rules(void)
{
    return (struct aloft_image_rules){.crypto = &aloft_soft_crypto, // or ROM, hardware, PSA: seam 2
                                      .len_max = ALOFT_IMAGE_LEN_MAX,
                                      .chip = target_chip(),
                                      .chip_revision = target_revision(),
                                      .secure_version = target_secure_version()};
}

void aloft_skeleton_log(void *ctx, char level, const char *tag, const char *format, ...)
{
    va_list args;
    (void)ctx;
    va_start(args, format);
    target_print(level, tag, format, args);
    va_end(args);
}

void aloft_skeleton_feed_watchdog(void *ctx)
{
    (void)ctx;
    target_feed_watchdog();
}
