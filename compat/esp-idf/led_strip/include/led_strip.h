// Addressable LEDs, as espressif/led_strip of the registry has them: code that includes this
// compiles. The virtual board has neither RMT nor SPI, so no strip can be made, and the log says
// so. Source: led_strip 3.0.
#ifndef LED_STRIP_H
#define LED_STRIP_H

#include "esp_err.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

typedef struct led_strip_t *led_strip_handle_t;

typedef enum { LED_MODEL_WS2812, LED_MODEL_SK6812, LED_MODEL_WS2811 } led_model_t;
typedef enum { LED_PIXEL_FORMAT_GRB, LED_PIXEL_FORMAT_GRBW } led_pixel_format_t;
typedef enum { SPI1_HOST, SPI2_HOST, SPI3_HOST } spi_host_device_t;

typedef struct {
    int strip_gpio_num;
    uint32_t max_leds;
    led_model_t led_model;
    led_pixel_format_t led_pixel_format;
    struct {
        uint32_t invert_out : 1;
    } flags;
} led_strip_config_t;

typedef struct {
    int clk_src;
    uint32_t resolution_hz;
    size_t mem_block_symbols;
    struct {
        uint32_t with_dma : 1;
    } flags;
} led_strip_rmt_config_t;

typedef struct {
    int clk_src;
    spi_host_device_t spi_bus;
    struct {
        uint32_t with_dma : 1;
    } flags;
} led_strip_spi_config_t;

// ESP_ERR_NOT_SUPPORTED, both.
esp_err_t led_strip_new_rmt_device(const led_strip_config_t *led_config,
                                   const led_strip_rmt_config_t *rmt_config,
                                   led_strip_handle_t *ret_strip);
esp_err_t led_strip_new_spi_device(const led_strip_config_t *led_config,
                                   const led_strip_spi_config_t *spi_config,
                                   led_strip_handle_t *ret_strip);

// ESP_ERR_INVALID_ARG: there is no strip.
esp_err_t led_strip_set_pixel(led_strip_handle_t strip, uint32_t index, uint32_t red,
                              uint32_t green, uint32_t blue);
esp_err_t led_strip_refresh(led_strip_handle_t strip);
esp_err_t led_strip_clear(led_strip_handle_t strip);
esp_err_t led_strip_del(led_strip_handle_t strip);

__END_DECLS

#endif
