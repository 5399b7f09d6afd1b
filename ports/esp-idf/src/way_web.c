// The page, uploads of a browser, and `aloft control`.
#include "aloft/web.h"
#include "guards.h"
#include "task.h"
#include "web/device/page.h"
#include <esp_log.h>
#include <esp_random.h>
#include <esp_system.h>
#include <nvs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG "aloft"

enum { TOKEN_MAX = 160 };

struct web_way {
    struct aloft_esp_way base; // the first member
    struct aloft_ota *ota;
    struct aloft_web web;
    struct aloft_control control;
    struct aloft_webui_verifier verifier;
    struct aloft_webui_token token;
    bool has_token;
    uint16_t port;
    char name[ALOFT_WEBUI_REALM_MAX + 1];
    char realm[ALOFT_WEBUI_REALM_MAX + 1];
    char host[1];
    uint8_t in[CONFIG_ALOFT_OTA_RECEIVE_SIZE];
    uint8_t out[CONFIG_ALOFT_OTA_SEND_SIZE];
};

static void free_way(struct aloft_esp_way *self)
{
    free((struct web_way *)(void *)self);
}

static const char *reset_reason(void)
{
    switch (esp_reset_reason()) {
    case ESP_RST_POWERON:
        return "power-on";
    case ESP_RST_SW:
        return "software";
    case ESP_RST_PANIC:
        return "panic";
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
        return "watchdog";
    case ESP_RST_BROWNOUT:
        return "brown-out";
    default:
        return "unknown";
    }
}

static void on_check(void *ctx)
{
    struct web_way *way = ctx;
    aloft_esp_check_now(way->ota);
}

static void on_command(void *ctx, enum aloft_command command, int slot, enum aloft_err err)
{
    struct web_way *way = ctx;
    (void)slot;
    ESP_LOGI(TAG, "Command %s: %s: %s", aloft_control_name(command), aloft_err_name(err),
             aloft_err_sentence(err));
    if (command == ALOFT_COMMAND_CONFIRM && err == ALOFT_OK) {
        aloft_esp_confirmed(way->ota);
    }
}

// --- secrets

// One that was never set is "". Errors: it cannot be read, and may be set.
static esp_err_t read_secret(const char *key, char *out, size_t size)
{
    esp_err_t err = aloft_esp_guard_read(key, out, size);
    return err == ESP_ERR_NVS_NOT_FOUND ? ESP_OK : err;
}

static esp_err_t read_token(struct web_way *way)
{
    char text[TOKEN_MAX];
    esp_err_t err = aloft_esp_guard_read("ctl_token", text, sizeof text);
    if (err == ESP_ERR_NVS_NOT_FOUND) {
        return ESP_OK;
    }
    way->has_token = err == ESP_OK && aloft_webui_token_parse(text, &way->token);
    return err != ESP_OK || way->has_token ? err : ESP_ERR_NVS_INVALID_STATE;
}

static esp_err_t read_secrets(struct web_way *way)
{
    struct aloft_webui_verifier *ha1 = &way->verifier;
    esp_err_t err = read_secret("device_id", way->name, sizeof way->name);
    if (err == ESP_OK) {
        err = read_secret("web_realm", way->realm, sizeof way->realm);
    }
    if (err == ESP_OK) {
        err = read_secret("web_ha1", ha1->sha256, sizeof ha1->sha256);
    }
    if (err == ESP_OK) {
        err = read_secret("web_ha1_md5", ha1->md5, sizeof ha1->md5);
    }
    if (err == ESP_OK) {
        err = read_token(way);
    }
    if (err == ESP_OK && ha1->sha256[0] == '\0' && ha1->md5[0] == '\0' && !way->has_token) {
        err = ESP_ERR_NVS_NOT_FOUND;
    }
    return err;
}

// --- the way

static esp_err_t add(struct aloft_ota *ota, void *arg)
{
    struct web_way *way = arg;
    const struct aloft_esp_facts *facts = &ota->facts;
    bool trial = ota->intake.config.trial;
    const struct aloft_control_config control = {.slots = &facts->slots,
                                                 .rules = &facts->rules,
                                                 .intake = &ota->intake,
                                                 .hooks = {on_check, on_command, way},
                                                 .running = facts->running,
                                                 .trial = trial};
    struct aloft_web_config web = {
        .slots = &facts->slots,
        .rules = &facts->rules,
        .current = &facts->app,
        .verifier = &way->verifier,
        .token = way->has_token ? &way->token : NULL,
        .intake = &ota->intake,
        .control = &way->control,
        .page = aloft_web_page,
        .page_len = aloft_web_page_len,
        .device_id = way->name,
        .realm = way->realm[0] != '\0' ? way->realm : NULL,
        .reset_reason = reset_reason(),
        .running = facts->running,
        .port = way->port,
    };
    way->ota = ota;
    if (way->name[0] == '\0') {
        memcpy(way->name, facts->mac, sizeof facts->mac);
    }
    if (!aloft_webui_auth_is_realm(way->name) ||
        (way->realm[0] != '\0' && !aloft_webui_auth_is_realm(way->realm))) {
        ESP_LOGE(TAG, "The page's name has other characters than a name has");
        return ESP_ERR_INVALID_ARG;
    }
    esp_fill_random(web.secret, sizeof web.secret);
    aloft_control_init(&way->control, &control);
    aloft_web_init(&way->web, &web);
    way->base.way = aloft_web_way(&way->web);
    return aloft_esp_serve(ota, &ota->web, &way->base);
}

esp_err_t aloft_ota_add_web(aloft_ota_handle_t ota, const aloft_ota_web_config_t *config)
{
    if (config == NULL || (config->name != NULL && strlen(config->name) > ALOFT_WEBUI_REALM_MAX)) {
        return ESP_ERR_INVALID_ARG;
    }
    struct web_way *way = calloc(1, sizeof *way);
    if (way == NULL) {
        return ESP_ERR_NO_MEM;
    }
    esp_err_t err = read_secrets(way);
    if (err == ESP_OK) {
        if (way->name[0] == '\0' && config->name != NULL) {
            memcpy(way->name, config->name, strlen(config->name));
        }
        way->port = config->port;
        way->base.free = free_way;
        way->base.lent[0] =
            (struct aloft_esp_lent){.id = ALOFT_WAY_ID_WEB,
                                    .buffers = {way->host, sizeof way->host, way->in,
                                                sizeof way->in, way->out, sizeof way->out}};
        way->base.lent_count = 1;
        err = aloft_esp_ask(ota, add, way);
    }
    if (err != ESP_OK) {
        free(way);
        return err;
    }
    ESP_LOGI(TAG, "The web page is on, port %u", config->port != 0 ? config->port : 80u);
    return ESP_OK;
}
