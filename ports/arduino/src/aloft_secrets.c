// The value first, then its name in the list: what is listed and not there would shut its way.
#include "aloft_secrets.h"
#include "aloft/base/hash.h"
#include "aloft/base/hex.h"
#include "aloft/nvs.h"
#include "aloft/web.h"
#include "aloft/webui_verifier.h"
#include "ports/portlib/psa/mbed_crypto.h"
#include <nvs.h>
#include <string.h>

#define PUSH  "push_hash"
#define REALM "web_realm"

enum { HASH_MAX = 2 * ALOFT_SHA256_LEN, MD5_DIGITS = 2 * ALOFT_MD5_LEN };

static bool is_there(nvs_handle_t handle, const char *key, const char *text)
{
    char now[HASH_MAX + 1]; // no value of these is longer
    size_t len = sizeof now;
    return nvs_get_str(handle, key, now, &len) == ESP_OK && strcmp(now, text) == 0;
}

static esp_err_t list(const char *key)
{
    nvs_handle_t handle;
    uint8_t one = 0;
    esp_err_t err = nvs_open(ALOFT_NVS_GUARDS, NVS_READWRITE, &handle);
    if (err != ESP_OK) {
        return err;
    }
    if (nvs_get_u8(handle, key, &one) != ESP_OK || one != 1) {
        err = nvs_set_u8(handle, key, 1);
        err = err == ESP_OK ? nvs_commit(handle) : err;
    }
    nvs_close(handle);
    return err;
}

static esp_err_t store(const char *key, const char *text)
{
    nvs_handle_t handle;
    esp_err_t err = nvs_open(ALOFT_NVS_GUARDED, NVS_READWRITE, &handle);
    if (err != ESP_OK) {
        return err;
    }
    if (!is_there(handle, key, text)) {
        err = nvs_set_str(handle, key, text);
        err = err == ESP_OK ? nvs_commit(handle) : err;
    }
    nvs_close(handle);
    return err == ESP_OK ? list(key) : err;
}

esp_err_t aloft_secrets_push_hash(const char *hash)
{
    uint8_t bytes[ALOFT_SHA256_LEN];
    size_t len = strlen(hash);
    bool good =
        (len == HASH_MAX || len == MD5_DIGITS) && aloft_hex_parse(hash, bytes, (uint32_t)len / 2);
    if (!good) {
        return ESP_ERR_INVALID_ARG;
    }
    char lower[HASH_MAX + 1] = "";
    aloft_hex_emit(bytes, (uint32_t)len / 2, lower); // the proof is of lower-case digits
    return store(PUSH, lower);
}

esp_err_t aloft_secrets_push(const char *password, bool md5)
{
    uint8_t bytes[ALOFT_SHA256_LEN];
    char hash[HASH_MAX + 1] = "";
    if (password[0] == '\0') {
        return ESP_ERR_INVALID_ARG;
    }
    if (aloft_hash_of(&aloft_mbed_crypto, md5 ? ALOFT_HASH_MD5 : ALOFT_HASH_SHA256, password,
                      strlen(password), bytes) != ALOFT_OK) {
        return ESP_FAIL;
    }
    aloft_hex_emit(bytes, md5 ? ALOFT_MD5_LEN : ALOFT_SHA256_LEN, hash);
    return store(PUSH, hash);
}

// The realm first: between the two nobody gets in, but never the old password with another name.
esp_err_t aloft_secrets_page(const char *name, const char *password)
{
    struct aloft_webui_verifier verifier;
    if (password[0] == '\0' || !aloft_webui_auth_is_realm(name)) {
        return ESP_ERR_INVALID_ARG;
    }
    if (aloft_webui_verifier_make(&aloft_mbed_crypto, "admin", name, password, &verifier) !=
        ALOFT_OK) {
        return ESP_FAIL;
    }
    esp_err_t err = store(REALM, name);
    err = err == ESP_OK ? store("web_ha1", verifier.sha256) : err;
    return err == ESP_OK ? store("web_ha1_md5", verifier.md5) : err;
}

bool aloft_secrets_has_push(void)
{
    nvs_handle_t handle;
    size_t len = 0;
    esp_err_t err = nvs_open(ALOFT_NVS_GUARDED, NVS_READONLY, &handle);
    if (err == ESP_OK) {
        err = nvs_get_str(handle, PUSH, NULL, &len);
        nvs_close(handle);
    }
    return err != ESP_ERR_NVS_NOT_FOUND;
}
