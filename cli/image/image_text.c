// Tables of names. Source: ESP-IDF components/bootloader_support/include/esp_app_format.h.
#include "cli/image/image_text.h"
#include <stddef.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *aloft_image_text_spi_mode(uint8_t mode)
{
    static const char *const names[] = {"QIO", "QOUT", "DIO", "DOUT", "FAST_READ", "SLOW_READ"};
    return mode < COUNT(names) ? names[mode] : "?";
}

const char *aloft_image_text_flash_size(uint8_t speed_size)
{
    static const char *const names[] = {"1 MB",  "2 MB",  "4 MB",  "8 MB",
                                        "16 MB", "32 MB", "64 MB", "128 MB"};
    unsigned size = speed_size >> 4;
    return size < COUNT(names) ? names[size] : "?";
}
