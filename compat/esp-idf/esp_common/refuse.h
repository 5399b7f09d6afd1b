// For calls of peripherals that the virtual board does not have: they log that, and fail.
#ifndef ALOFT_IDF_REFUSE_H
#define ALOFT_IDF_REFUSE_H

#include "esp_err.h"

// "The virtual board has no RMT (led_strip_new_rmt_device)". ESP_ERR_NOT_SUPPORTED.
esp_err_t aloft_idf_refuse(const char *tag, const char *call, const char *what);

#endif
