// What all files of the component need of each other.
#include "state.h"
#include <esp_timer.h>

enum { US_PER_MS = 1000 };

static struct aloft_ota *_Atomic the_one; // NULL: none runs

uint32_t aloft_esp_now_ms(void)
{
    return (uint32_t)(esp_timer_get_time() / US_PER_MS);
}

esp_err_t aloft_esp_err(enum aloft_err err)
{
    switch (err) {
    case ALOFT_OK:
        return ESP_OK;
    case ALOFT_ERR_ARG:
        return ESP_ERR_INVALID_ARG;
    case ALOFT_ERR_STATE:
        return ESP_ERR_INVALID_STATE;
    default:
        return ALOFT_OTA_ERR((int)err);
    }
}

bool aloft_esp_enter(struct aloft_ota *ota)
{
    struct aloft_ota *none = NULL;
    if (ota == NULL) {
        atomic_store(&the_one, NULL);
        return true;
    }
    return atomic_compare_exchange_strong(&the_one, &none, ota);
}

bool aloft_esp_is_the_one(const struct aloft_ota *ota)
{
    return ota != NULL && ota == atomic_load(&the_one);
}
