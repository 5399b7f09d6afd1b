// The board has no PSRAM.
#include "esp_psram.h"

bool esp_psram_is_initialized(void)
{
    return false;
}

size_t esp_psram_get_size(void)
{
    return 0;
}
