// See the header. Servers do not come from DHCP, so nothing is renewed after a new address.
#include "esp_log.h"
#include "esp_netif_sntp.h"
#include "esp_sntp.h"
#include "freertos/semphr.h"

static const char *TAG = "esp_netif_sntp";

static SemaphoreHandle_t synced;
static esp_sntp_time_cb_t callback;
static bool waits;
static bool ready;

static void on_sync(struct timeval *tv)
{
    if (waits) {
        (void)xSemaphoreGive(synced);
    }
    if (callback != NULL) {
        callback(tv);
    }
}

esp_err_t esp_netif_sntp_init(const esp_sntp_config_t *config)
{
    if (config == NULL || config->num_of_servers > ALOFT_IDF_SNTP_SERVERS) {
        return ESP_ERR_INVALID_ARG;
    }
    if (ready) {
        ESP_LOGE(TAG, "esp_netif_sntp already initialized");
        return ESP_ERR_INVALID_STATE;
    }
    if (config->server_from_dhcp) {
        ESP_LOGE(TAG, "the virtual board's address is not from DHCP, nor is its time server");
        return ESP_ERR_INVALID_ARG;
    }
    if (synced == NULL && (synced = xSemaphoreCreateBinary()) == NULL) {
        return ESP_ERR_NO_MEM;
    }
    (void)xSemaphoreTake(synced, 0);
    waits = config->wait_for_sync;
    callback = config->sync_cb;
    ready = true;
    sntp_set_time_sync_notification_cb(on_sync);
    sntp_set_sync_mode(config->smooth_sync ? SNTP_SYNC_MODE_SMOOTH : SNTP_SYNC_MODE_IMMED);
    esp_sntp_setoperatingmode(ESP_SNTP_OPMODE_POLL);
    for (size_t i = 0; i < config->num_of_servers; i++) {
        esp_sntp_setservername((u8_t)i, config->servers[i]);
    }
    if (config->start) {
        esp_sntp_init();
    }
    return ESP_OK;
}

esp_err_t esp_netif_sntp_start(void)
{
    if (!ready) {
        return ESP_ERR_INVALID_STATE;
    }
    esp_sntp_stop();
    esp_sntp_init();
    return ESP_OK;
}

void esp_netif_sntp_deinit(void)
{
    if (ready) {
        sntp_set_time_sync_notification_cb(NULL);
        esp_sntp_stop();
        ready = false;
    }
}

esp_err_t esp_netif_sntp_sync_wait(TickType_t tout)
{
    if (!ready || !waits) {
        return ESP_ERR_INVALID_STATE;
    }
    return xSemaphoreTake(synced, tout) == pdTRUE ? ESP_OK : ESP_ERR_TIMEOUT;
}

esp_err_t esp_netif_sntp_reachability(unsigned index, unsigned *reachability)
{
    if (index >= ALOFT_IDF_SNTP_SERVERS || reachability == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (!ready || !esp_sntp_enabled()) {
        return ESP_ERR_INVALID_STATE;
    }
    *reachability = esp_sntp_getreachability((uint8_t)index);
    return ESP_OK;
}
