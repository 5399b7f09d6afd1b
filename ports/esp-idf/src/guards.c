// Two short looks at NVS, whenever a guard is wanted.
#include "guards.h"
#include "aloft/nvs.h"
#include <esp_log.h>
#include <nvs.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define TAG "aloft"

static esp_err_t read_text(const char *key, char *out, size_t *size)
{
    nvs_handle_t handle;
    esp_err_t err = nvs_open(ALOFT_NVS_GUARDED, NVS_READONLY, &handle);
    if (err != ESP_OK) {
        return err;
    }
    err = nvs_get_str(handle, key, out, size);
    nvs_close(handle);
    return err;
}

// ESP_ERR_NVS_NOT_FOUND: it is not.
static esp_err_t find_listed(const char *key)
{
    nvs_handle_t handle;
    uint8_t one;
    esp_err_t err = nvs_open(ALOFT_NVS_GUARDS, NVS_READONLY, &handle);
    if (err != ESP_OK) {
        return err;
    }
    err = nvs_get_u8(handle, key, &one);
    nvs_close(handle);
    return err;
}

// What reading has given, judged and told. len: of the text with its NUL.
static esp_err_t judge(const char *key, esp_err_t err, size_t len)
{
    if (err == ESP_ERR_NVS_NOT_FOUND && find_listed(key) != ESP_ERR_NVS_NOT_FOUND) {
        err = ESP_ERR_NVS_INVALID_STATE;
    }
    if (err == ESP_OK && len <= 1) {
        err = ESP_ERR_NVS_INVALID_STATE; // the tools set no empty one
    }
    if (err != ESP_OK && err != ESP_ERR_NVS_NOT_FOUND) {
        ESP_LOGE(TAG, "%s in NVS cannot be read; set it again: %s", key, esp_err_to_name(err));
    }
    return err;
}

esp_err_t aloft_esp_guard_read(const char *key, char *out, size_t size)
{
    esp_err_t err = read_text(key, out, &size);
    err = judge(key, err, size);
    if (err != ESP_OK) {
        out[0] = '\0';
    }
    return err;
}

esp_err_t aloft_esp_guard_dup(const char *key, char **out)
{
    size_t len = 0;
    *out = NULL;
    esp_err_t err = judge(key, read_text(key, NULL, &len), len);
    if (err != ESP_OK) {
        return err;
    }
    char *text = malloc(len);
    if (text == NULL) {
        return ESP_ERR_NO_MEM;
    }
    err = judge(key, read_text(key, text, &len), len);
    if (err != ESP_OK) {
        free(text);
        return err;
    }
    *out = text;
    return ESP_OK;
}
