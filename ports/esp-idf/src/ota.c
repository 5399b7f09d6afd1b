// The API: checks arguments, and hands over what is to be done to Aloft's task (state.h, O1).
#include "lwip_sockets.h"
#include "report.h"
#include "task.h"
#include "tls_use.h"
#include <esp_log.h>
#include <esp_system.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG "aloft"

enum { STOP_MS = 30000 };

const char *aloft_ota_err_to_name(esp_err_t err)
{
    return err > ALOFT_OTA_ERR_BASE && err < ALOFT_OTA_ERR_BASE + 0x1000
               ? aloft_err_name((enum aloft_err)ALOFT_OTA_ERR_TO(err))
               : esp_err_to_name(err);
}

// --- start and stop

// What was made so far; the task has ended, or was never there.
static void free_all(struct aloft_ota *ota)
{
    if (ota->bits != NULL) {
        vEventGroupDelete(ota->bits);
    }
    if (ota->status_lock != NULL) {
        vSemaphoreDelete(ota->status_lock);
    }
    if (ota->ask_lock != NULL) {
        vSemaphoreDelete(ota->ask_lock);
    }
    if (ota->answered != NULL) {
        vSemaphoreDelete(ota->answered);
    }
    free(ota->urls);
    free(ota->url);
    free(ota->url_once);
    free(ota);
}

static bool make_all(struct aloft_ota *ota, const char *url)
{
    ota->urls = malloc(ALOFT_PULL_URLS(CONFIG_ALOFT_OTA_URL_MAX));
    ota->url = strdup(url != NULL ? url : "");
    ota->url_once = calloc(1, CONFIG_ALOFT_OTA_URL_MAX + 1);
    ota->bits = xEventGroupCreate();
    ota->status_lock = xSemaphoreCreateMutex();
    ota->ask_lock = xSemaphoreCreateMutex();
    ota->answered = xSemaphoreCreateBinary();
    return ota->urls != NULL && ota->url != NULL && ota->url_once != NULL && ota->bits != NULL &&
           ota->status_lock != NULL && ota->ask_lock != NULL && ota->answered != NULL;
}

static bool is_trial(void)
{
#if CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
    return true;
#else
    return false;
#endif
}

static void set_up(struct aloft_ota *ota)
{
    const struct aloft_intake_config intake = {
        .slots = &ota->facts.slots,
        .rules = &ota->facts.rules,
        .policy = &ota->policy,
        .events = {aloft_esp_on_intake, ota},
        .running = ota->facts.running,
        .trial = is_trial(),
    };
    const struct aloft_net_buffers buffers = {ota->pull_host, sizeof ota->pull_host,
                                              ota->pull_in,   sizeof ota->pull_in,
                                              ota->pull_out,  sizeof ota->pull_out};
    ota->policy.current = &ota->facts.app;
#if CONFIG_ALOFT_OTA_NO_DOWNGRADE
    ota->policy.no_downgrade = true;
#endif
#if CONFIG_ALOFT_OTA_SAME_PROJECT
    ota->policy.same_project = true;
#endif
    (void)snprintf(ota->status.version, sizeof ota->status.version, "%s", ota->facts.app.version);
    aloft_intake_init(&ota->intake, &intake);
    ota->sockets = aloft_lwip_sockets;
    ota->sockets.ctx = ota;
    ota->sockets.wait = aloft_esp_wait;
    aloft_net_init(&ota->net, &ota->sockets, &ota->net_port, "");
    aloft_net_lend(&ota->net, ALOFT_WAY_ID_PULL, &ota->pull_link, &buffers);
    aloft_esp_use_tls(ota);
}

esp_err_t aloft_ota_start(const aloft_ota_config_t *config, aloft_ota_handle_t *out)
{
    if (config == NULL || out == NULL ||
        (config->url != NULL && strlen(config->url) > CONFIG_ALOFT_OTA_URL_MAX)) {
        return ESP_ERR_INVALID_ARG;
    }
    struct aloft_ota *ota = calloc(1, sizeof *ota);
    if (ota == NULL || !make_all(ota, config->url)) {
        if (ota != NULL) {
            free_all(ota);
        }
        return ESP_ERR_NO_MEM;
    }
    ota->config = *config;
    ota->config.trial_s = config->trial_s != 0 ? config->trial_s : CONFIG_ALOFT_OTA_TRIAL_S;
    ota->config.veto_retry_s = config->veto_retry_s != 0 ? config->veto_retry_s : 1;
    enum aloft_err err = aloft_esp_facts_read(&ota->facts);
    if (err != ALOFT_OK) {
        ESP_LOGE(TAG, "No update can be taken: %s: %s", aloft_err_name(err),
                 aloft_err_sentence(err));
        free_all(ota);
        return aloft_esp_err(err);
    }
    set_up(ota);
    if (!aloft_esp_enter(ota)) {
        free_all(ota);
        return ESP_ERR_INVALID_STATE;
    }
    *out = ota;
    if (xTaskCreate(aloft_esp_task, "aloft", CONFIG_ALOFT_OTA_TASK_STACK, ota,
                    CONFIG_ALOFT_OTA_TASK_PRIORITY, &ota->task) != pdPASS) {
        (void)aloft_esp_enter(NULL);
        free_all(ota);
        return ESP_ERR_NO_MEM;
    }
    return ESP_OK;
}

static esp_err_t stop(struct aloft_ota *ota, void *arg)
{
    (void)arg;
    ota->stopping = true;
    return ESP_OK;
}

esp_err_t aloft_ota_stop(aloft_ota_handle_t ota)
{
    bool again = aloft_esp_is_the_one(ota) && ota->stopping;
    esp_err_t err = again ? ESP_OK : aloft_esp_ask(ota, stop, NULL); // nobody answers twice
    if (err != ESP_OK) {
        return err;
    }
    EventBits_t bits =
        xEventGroupWaitBits(ota->bits, ALOFT_ESP_ENDED, pdFALSE, pdTRUE, pdMS_TO_TICKS(STOP_MS));
    if ((bits & ALOFT_ESP_ENDED) == 0) {
        return ESP_ERR_TIMEOUT;
    }
    (void)aloft_esp_enter(NULL);
    free_all(ota);
    return ESP_OK;
}

// --- requests

static esp_err_t check(struct aloft_ota *ota, void *arg)
{
    const char *url = arg;
    if (ota->pulling || ota->restart) {
        return ESP_ERR_INVALID_STATE;
    }
    (void)snprintf(ota->url_once, CONFIG_ALOFT_OTA_URL_MAX + 1, "%s", url != NULL ? url : "");
    if (ota->url_once[0] == '\0' && ota->url[0] == '\0') {
        return ESP_ERR_INVALID_ARG;
    }
    (void)xEventGroupClearBits(ota->bits, ALOFT_ESP_IDLE); // who waits from now on waits for it
    aloft_esp_check_now(ota);
    return ESP_OK;
}

esp_err_t aloft_ota_check(aloft_ota_handle_t ota, const char *url)
{
    if (url != NULL && strlen(url) > CONFIG_ALOFT_OTA_URL_MAX) {
        return ESP_ERR_INVALID_ARG;
    }
    return aloft_esp_ask(ota, check, (void *)(uintptr_t)url);
}

// Of a record that is VALID already, nothing is taken and nothing written.
static esp_err_t confirm(struct aloft_ota *ota, void *arg)
{
    struct aloft_otadata records[2];
    uint32_t state = ALOFT_OTA_UNDEFINED;
    const struct aloft_slots *slots = &ota->facts.slots;
    int running = ota->facts.running;
    (void)arg;
    bool is_valid = running < 0 || (aloft_bootsel_read(slots, records) == ALOFT_OK &&
                                    aloft_bootsel_boot_slot(slots, records) == running &&
                                    aloft_bootsel_state(slots, records, running, &state) &&
                                    state == ALOFT_OTA_VALID);
    enum aloft_err err = ALOFT_OK;
    if (!is_valid) {
        struct aloft_bootsel op;
        aloft_bootsel_confirm(&op, slots, running);
        err = aloft_esp_run_bootsel(ota, &op);
    }
    if (err == ALOFT_OK) {
        aloft_esp_confirmed(ota);
    }
    return aloft_esp_err(err);
}

esp_err_t aloft_ota_confirm(aloft_ota_handle_t ota)
{
    return aloft_esp_ask(ota, confirm, NULL);
}

static esp_err_t reject(struct aloft_ota *ota, void *arg)
{
    struct aloft_bootsel op;
    (void)arg;
    aloft_bootsel_reject(&op, &ota->facts.slots, &ota->facts.rules, ota->facts.running);
    return aloft_esp_err(aloft_esp_run_bootsel(ota, &op));
}

esp_err_t aloft_ota_reject(aloft_ota_handle_t ota)
{
    esp_err_t err = aloft_esp_ask(ota, reject, NULL);
    if (err == ESP_OK) {
        ESP_LOGW(TAG, "Rejected: going back to the app before");
        esp_restart();
    }
    return err;
}

esp_err_t aloft_ota_status(aloft_ota_handle_t ota, aloft_ota_status_t *out)
{
    if (out == NULL || !aloft_esp_is_the_one(ota)) {
        return ESP_ERR_INVALID_ARG;
    }
    (void)xSemaphoreTake(ota->status_lock, portMAX_DELAY);
    *out = ota->status;
    (void)xSemaphoreGive(ota->status_lock);
    return ESP_OK;
}

esp_err_t aloft_ota_wait(aloft_ota_handle_t ota, uint32_t timeout_ms)
{
    aloft_ota_status_t status;
    if (!aloft_esp_is_the_one(ota)) {
        return ESP_ERR_INVALID_ARG;
    }
    EventBits_t bits =
        xEventGroupWaitBits(ota->bits, ALOFT_ESP_IDLE, pdFALSE, pdTRUE, pdMS_TO_TICKS(timeout_ms));
    if ((bits & ALOFT_ESP_IDLE) == 0) {
        return ESP_ERR_TIMEOUT;
    }
    esp_err_t err = aloft_ota_status(ota, &status);
    return err == ESP_OK ? status.error : err;
}
