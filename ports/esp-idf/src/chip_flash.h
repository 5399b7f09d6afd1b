// Seam 1 over esp_flash: the chip that the app runs from. Where flash encryption is on, that are
// two flashes over the same cells (aloft/flash.h): one by the calls that encrypt, and its raw.
// esp_flash takes any address and length, and buffers that lie in flash or PSRAM.
#ifndef ALOFT_ESP_CHIP_FLASH_H
#define ALOFT_ESP_CHIP_FLASH_H

#include "aloft/flash.h"

// The one flash of the chip; NULL when its size cannot be read. It lives as long as the app.
const struct aloft_flash *aloft_esp_flash(void);

#endif
