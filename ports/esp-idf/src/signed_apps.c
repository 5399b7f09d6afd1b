// The digest is core's, of what is in flash and of the first bytes, which are programmed last; the
// signature sector goes to ESP-IDF's verification, which knows the keys in eFuse, or those of the
// running app.
#include "signed_apps.h"
#include <esp_secure_boot.h>
#include <sdkconfig.h>
#include <stdlib.h>

#if !CONFIG_SECURE_SIGNED_APPS_RSA_SCHEME && !CONFIG_SECURE_SIGNED_APPS_ECDSA_V2_SCHEME
#error "Aloft verifies signatures of Secure Boot V2 alone; choose RSA or ECDSA (V2) in menuconfig"
#endif

static enum aloft_err judge(const struct aloft_trust *trust, const struct aloft_crypto *crypto,
                            const struct aloft_flash_view *view, uint32_t sector,
                            const uint8_t digest[ALOFT_SHA256_LEN])
{
    uint8_t verified[ALOFT_SHA256_LEN] = {0};
    (void)trust;
    (void)crypto;
    ets_secure_boot_signature_t *blocks = malloc(sizeof *blocks);
    if (blocks == NULL) {
        return ALOFT_ERR_CRYPTO;
    }
    enum aloft_err err = aloft_flash_read(view, sector, blocks, sizeof *blocks);
    if (err == ALOFT_ERR_FLASH_RANGE) {
        err = ALOFT_ERR_SIGNATURE_MISSING;
    }
    if (err == ALOFT_OK &&
        esp_secure_boot_verify_sbv2_signature_block(blocks, digest, verified) != ESP_OK) {
        err = ALOFT_ERR_SIGNATURE_BAD;
    }
    free(blocks);
    return err;
}

const struct aloft_trust *aloft_esp_signed_apps(void)
{
    static const struct aloft_trust trust = {.judge = judge};
    return &trust;
}
