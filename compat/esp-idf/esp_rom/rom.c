// Functions of a chip's ROM that projects call.
#include "aloft/base/crc32.h"
#include "esp_rom_crc.h"
#include "esp_rom_md5.h"
#include "esp_rom_sys.h"
#include <errno.h>
#include <time.h>

enum { US_IN_S = 1000000, NS_IN_US = 1000 };

void esp_rom_md5_init(md5_context_t *context)
{
    mbedtls_md5_init(context);
    (void)mbedtls_md5_starts_ret(context);
}

void esp_rom_md5_update(md5_context_t *context, const void *buf, uint32_t len)
{
    (void)mbedtls_md5_update_ret(context, buf, len);
}

void esp_rom_md5_final(uint8_t *digest, md5_context_t *context)
{
    (void)mbedtls_md5_finish_ret(context, digest);
    mbedtls_md5_free(context);
}

uint32_t esp_rom_crc32_le(uint32_t crc, uint8_t const *buf, uint32_t len)
{
    return aloft_crc32(crc, buf, len);
}

void esp_rom_delay_us(uint32_t us)
{
    struct timespec left = {.tv_sec = us / US_IN_S, .tv_nsec = (long)(us % US_IN_S) * NS_IN_US};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}
