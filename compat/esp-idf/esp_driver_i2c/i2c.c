// See the header: no bus can be created, so every call fails.
#include "compat/esp-idf/esp_common/refuse.h"
#include "driver/i2c_master.h"

static const char *TAG = "i2c.master";

esp_err_t i2c_new_master_bus(const i2c_master_bus_config_t *bus_config,
                             i2c_master_bus_handle_t *ret_bus_handle)
{
    bool good = bus_config != NULL && ret_bus_handle != NULL;
    return good ? aloft_idf_refuse(TAG, __func__, "I2C bus") : ESP_ERR_INVALID_ARG;
}

esp_err_t i2c_master_bus_add_device(i2c_master_bus_handle_t bus_handle,
                                    const i2c_device_config_t *dev_config,
                                    i2c_master_dev_handle_t *ret_handle)
{
    (void)bus_handle;
    (void)dev_config;
    (void)ret_handle;
    return ESP_ERR_INVALID_ARG;
}

esp_err_t i2c_master_probe(i2c_master_bus_handle_t bus_handle, uint16_t address,
                           int xfer_timeout_ms)
{
    (void)bus_handle;
    (void)address;
    (void)xfer_timeout_ms;
    return ESP_ERR_INVALID_ARG;
}

esp_err_t i2c_master_transmit(i2c_master_dev_handle_t i2c_dev, const uint8_t *write_buffer,
                              size_t write_size, int xfer_timeout_ms)
{
    (void)i2c_dev;
    (void)write_buffer;
    (void)write_size;
    (void)xfer_timeout_ms;
    return ESP_ERR_INVALID_ARG;
}

esp_err_t i2c_master_receive(i2c_master_dev_handle_t i2c_dev, uint8_t *read_buffer,
                             size_t read_size, int xfer_timeout_ms)
{
    (void)i2c_dev;
    (void)read_buffer;
    (void)read_size;
    (void)xfer_timeout_ms;
    return ESP_ERR_INVALID_ARG;
}

esp_err_t i2c_master_bus_rm_device(i2c_master_dev_handle_t handle)
{
    (void)handle;
    return ESP_ERR_INVALID_ARG;
}

esp_err_t i2c_del_master_bus(i2c_master_bus_handle_t bus_handle)
{
    (void)bus_handle;
    return ESP_ERR_INVALID_ARG;
}
