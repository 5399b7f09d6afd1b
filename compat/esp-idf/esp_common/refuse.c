// See the header.
#include "compat/esp-idf/esp_common/refuse.h"
#include "esp_log.h"

esp_err_t aloft_idf_refuse(const char *tag, const char *call, const char *what)
{
    ESP_LOGE(tag, "The virtual board has no %s (%s)", what, call);
    return ESP_ERR_NOT_SUPPORTED;
}
