// Push: what Arduino's IDE, espota.py and `aloft push` send.
#include "aloft/push.h"
#include "guards.h"
#include "task.h"
#include <esp_log.h>
#include <esp_random.h>
#include <nvs.h>
#include <stdlib.h>

#define TAG "aloft"

enum { VERIFIER = 65 }; // 64 digits

struct push_way {
    struct aloft_esp_way base; // the first member
    struct aloft_push push;
    char verifier[VERIFIER];
    char host[ALOFT_WAY_HOST_MAX + 1];
    char from_host[1];
    uint8_t invite_in[ALOFT_NET_DATAGRAM];
    uint8_t invite_out[ALOFT_NET_DATAGRAM];
    uint8_t in[CONFIG_ALOFT_OTA_RECEIVE_SIZE];
    uint8_t out[ALOFT_NET_DATAGRAM];
};

static void random_bytes(void *ctx, uint8_t *out, uint32_t len)
{
    (void)ctx;
    esp_fill_random(out, len);
}

static void free_way(struct aloft_esp_way *self)
{
    free((struct push_way *)(void *)self);
}

static esp_err_t add(struct aloft_ota *ota, void *arg)
{
    struct push_way *way = arg;
    way->push.config.intake = &ota->intake;
    const struct aloft_push_config config = way->push.config;
    enum aloft_err err = aloft_push_init(&way->push, &config);
    if (err != ALOFT_OK) {
        ESP_LOGE(TAG, "The push password's hash is damaged; set it again: aloft secret set");
        return ESP_ERR_NVS_INVALID_STATE;
    }
    way->base.way = aloft_push_way(&way->push);
    return aloft_esp_serve(ota, &ota->push, &way->base);
}

static void lend(struct push_way *way)
{
    way->base.lent[0] = (struct aloft_esp_lent){
        .id = ALOFT_WAY_ID_INVITE,
        .buffers = {way->from_host, sizeof way->from_host, way->invite_in, sizeof way->invite_in,
                    way->invite_out, sizeof way->invite_out}};
    way->base.lent[1] =
        (struct aloft_esp_lent){.id = ALOFT_WAY_ID_PUSH,
                                .buffers = {way->host, sizeof way->host, way->in, sizeof way->in,
                                            way->out, sizeof way->out}};
    way->base.lent_count = 2;
}

esp_err_t aloft_ota_add_push(aloft_ota_handle_t ota, const aloft_ota_push_config_t *config)
{
    if (config == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    struct push_way *way = calloc(1, sizeof *way);
    if (way == NULL) {
        return ESP_ERR_NO_MEM;
    }
    esp_err_t err = aloft_esp_guard_read("push_hash", way->verifier, sizeof way->verifier);
    bool open = err == ESP_ERR_NVS_NOT_FOUND && config->open;
    if (err == ESP_OK || open) {
        way->push.config = (struct aloft_push_config){.verifier = open ? NULL : way->verifier,
                                                      .open = open,
                                                      .port = config->port,
                                                      .random = random_bytes};
        way->base.free = free_way;
        lend(way);
        err = aloft_esp_ask(ota, add, way);
    }
    if (err != ESP_OK) {
        free(way);
        return err;
    }
    ESP_LOGI(TAG, "Push is on, port %u", config->port != 0 ? config->port : 3232u);
    return ESP_OK;
}
