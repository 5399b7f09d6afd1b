// See the header: no strip can be created, so every call fails.
#include "led_strip.h"
#include "compat/esp-idf/esp_common/refuse.h"

static const char *TAG = "led_strip";

esp_err_t led_strip_new_rmt_device(const led_strip_config_t *led_config,
                                   const led_strip_rmt_config_t *rmt_config,
                                   led_strip_handle_t *ret_strip)
{
    bool good = led_config != NULL && rmt_config != NULL && ret_strip != NULL;
    return good ? aloft_idf_refuse(TAG, __func__, "RMT") : ESP_ERR_INVALID_ARG;
}

esp_err_t led_strip_new_spi_device(const led_strip_config_t *led_config,
                                   const led_strip_spi_config_t *spi_config,
                                   led_strip_handle_t *ret_strip)
{
    bool good = led_config != NULL && spi_config != NULL && ret_strip != NULL;
    return good ? aloft_idf_refuse(TAG, __func__, "SPI bus but that of its flash")
                : ESP_ERR_INVALID_ARG;
}

esp_err_t led_strip_set_pixel(led_strip_handle_t strip, uint32_t index, uint32_t red,
                              uint32_t green, uint32_t blue)
{
    (void)strip;
    (void)index;
    (void)red;
    (void)green;
    (void)blue;
    return ESP_ERR_INVALID_ARG;
}

esp_err_t led_strip_refresh(led_strip_handle_t strip)
{
    (void)strip;
    return ESP_ERR_INVALID_ARG;
}

esp_err_t led_strip_clear(led_strip_handle_t strip)
{
    (void)strip;
    return ESP_ERR_INVALID_ARG;
}

esp_err_t led_strip_del(led_strip_handle_t strip)
{
    (void)strip;
    return ESP_ERR_INVALID_ARG;
}
