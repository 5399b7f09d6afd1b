// Words for the numbers in an image header that mean the same on every chip; for the others see
// hostlib/base/chip_info.h. For display only; nothing is decided by it.
#ifndef ALOFT_CLI_IMAGE_TEXT_H
#define ALOFT_CLI_IMAGE_TEXT_H

#include <stdint.h>

// "DIO"; "?" when unknown.
const char *aloft_image_text_spi_mode(uint8_t mode);
const char *aloft_image_text_flash_size(uint8_t speed_size);

#endif
