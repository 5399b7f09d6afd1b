// Progress may be lost when the loop's queue is full; all other events wait a moment for room.
#include "report.h"
#include <esp_log.h>
#include <stdio.h>
#include <string.h>

#define TAG "aloft"

enum { PROGRESS_MS = 250, POST_MS = 100 };

ESP_EVENT_DEFINE_BASE(ALOFT_OTA_EVENT);

static aloft_ota_status_t *lock(struct aloft_ota *ota)
{
    (void)xSemaphoreTake(ota->status_lock, portMAX_DELAY);
    return &ota->status;
}

static void unlock(struct aloft_ota *ota)
{
    (void)xSemaphoreGive(ota->status_lock);
}

void aloft_esp_post(struct aloft_ota *ota, aloft_ota_event_t event, bool with_status)
{
    aloft_ota_status_t status = *lock(ota);
    unlock(ota);
    TickType_t wait = event == ALOFT_OTA_EVENT_PROGRESS ? 0 : pdMS_TO_TICKS(POST_MS);
    esp_err_t err = esp_event_post(ALOFT_OTA_EVENT, (int32_t)event, with_status ? &status : NULL,
                                   with_status ? sizeof status : 0, wait);
    if (err == ESP_ERR_TIMEOUT && wait != 0) {
        ESP_LOGW(TAG, "The default event loop has no room; event %d is lost", (int)event);
    }
}

static void set_error(struct aloft_ota *ota, enum aloft_err err, const char *about)
{
    aloft_ota_status_t *status = lock(ota);
    status->error = aloft_esp_err(err);
    status->error_text[0] = '\0';
    if (err != ALOFT_OK) {
        (void)snprintf(status->error_text, sizeof status->error_text, "%s: %s%s%s",
                       aloft_err_name(err), aloft_err_sentence(err), about != NULL ? ": " : "",
                       about != NULL ? about : "");
    }
    unlock(ota);
}

static void fail(struct aloft_ota *ota, enum aloft_err err, const char *about)
{
    ESP_LOGE(TAG, "Update failed: %s: %s%s%s", aloft_err_name(err), aloft_err_sentence(err),
             about != NULL ? ": " : "", about != NULL ? about : "");
    set_error(ota, err, about);
    aloft_esp_post(ota, ALOFT_OTA_EVENT_FAILED, true);
}

void aloft_esp_report_check(struct aloft_ota *ota, enum aloft_err err, const char *about)
{
    if (err == ALOFT_ERR_SAME_VERSION || err == ALOFT_ERR_HTTP_NOT_MODIFIED) {
        ESP_LOGI(TAG, "No update: %s: %s", aloft_err_name(err), aloft_err_sentence(err));
        set_error(ota, ALOFT_OK, NULL);
        aloft_esp_post(ota, ALOFT_OTA_EVENT_UP_TO_DATE, false);
    } else if (err == ALOFT_ERR_ON_TRIAL) {
        ESP_LOGI(TAG, "Nothing is downloaded before this app is confirmed");
        set_error(ota, err, NULL);
    } else if (err != ALOFT_OK) {
        fail(ota, err, about);
    }
}

static void begun(struct aloft_ota *ota)
{
    aloft_ota_status_t *status = lock(ota);
    status->source = ota->pulling && ota->intake.sender == &ota->pull ? ALOFT_OTA_FROM_SERVER
                     : ota->push != NULL && ota->intake.sender == ota->push->way.ctx
                         ? ALOFT_OTA_FROM_PUSH
                         : ALOFT_OTA_FROM_WEB;
    status->bytes = 0;
    status->total = 0;
    status->error = ESP_OK;
    status->error_text[0] = '\0';
    status->new_version[0] = '\0';
    unlock(ota);
}

static void progress(struct aloft_ota *ota, const struct aloft_event *event)
{
    uint32_t now = aloft_esp_now_ms();
    aloft_ota_status_t *status = lock(ota);
    status->bytes = event->value;
    status->total = event->total;
    unlock(ota);
    if (ota->announce) {
        ota->announce = false;
        aloft_esp_post(ota, ALOFT_OTA_EVENT_STARTED, true);
    }
    if (now - ota->progress_ms >= PROGRESS_MS) {
        ota->progress_ms = now;
        ESP_LOGI(TAG, "%u of %u bytes, %u bytes/s", (unsigned)event->value, (unsigned)event->total,
                 (unsigned)event->rate);
        aloft_esp_post(ota, ALOFT_OTA_EVENT_PROGRESS, true);
    }
}

// A version is text of a file that is not trusted yet.
static void image(struct aloft_ota *ota, const struct aloft_event *event)
{
    aloft_ota_status_t *status = lock(ota);
    (void)snprintf(status->new_version, sizeof status->new_version, "%s", event->text);
    for (char *c = status->new_version; *c != '\0'; c++) {
        *c = *c < ' ' || *c > '~' ? '?' : *c;
    }
    unlock(ota);
    ESP_LOGI(TAG, "The image is of version %s", ota->status.new_version);
    ota->announce = true; // when it has been accepted
}

void aloft_esp_on_intake(void *ctx, const struct aloft_event *event)
{
    struct aloft_ota *ota = ctx;
    switch (event->kind) {
    case ALOFT_EVENT_BEGUN:
        begun(ota);
        ESP_LOGI(TAG, "Writing to the slot at 0x%x", (unsigned)event->total);
        break;
    case ALOFT_EVENT_IMAGE:
        image(ota, event);
        break;
    case ALOFT_EVENT_PROGRESS:
        progress(ota, event);
        break;
    case ALOFT_EVENT_VERIFIED:
        ESP_LOGI(TAG, "%u bytes in flash are whole and good", (unsigned)event->value);
        break;
    case ALOFT_EVENT_SELECTED:
        ESP_LOGI(TAG, "The new app boots next");
        set_error(ota, ALOFT_OK, NULL);
        aloft_esp_post(ota, ALOFT_OTA_EVENT_SELECTED, true);
        break;
    case ALOFT_EVENT_UNRESUMABLE:
        ESP_LOGW(TAG, "The slot has no room for notes: a reset means starting again");
        break;
    case ALOFT_EVENT_RESUMED:
        ESP_LOGI(TAG, "Going on at byte %u of %u", (unsigned)event->value, (unsigned)event->total);
        break;
    case ALOFT_EVENT_INVITED:
        ESP_LOGI(TAG, "Push from %s: %u bytes", event->text, (unsigned)event->value);
        break;
    case ALOFT_EVENT_REFUSED:
        ESP_LOGW(TAG, "Push from %s refused: %s: %s", event->text != NULL ? event->text : "a host",
                 aloft_err_name(event->err), aloft_err_sentence(event->err));
        break;
    case ALOFT_EVENT_FAILED:
        fail(ota, event->err, NULL);
        break;
    default:
        break;
    }
}

void aloft_esp_on_pull(void *ctx, const struct aloft_event *event)
{
    struct aloft_ota *ota = ctx;
    switch (event->kind) {
    case ALOFT_EVENT_CONNECTING:
        ESP_LOGI(TAG, "Server %.*s, port %u",
                 (int)(event->text_len != 0 ? event->text_len : strlen(event->text)), event->text,
                 (unsigned)event->value);
        break;
    case ALOFT_EVENT_RESPONSE:
        ESP_LOGI(TAG, "Server answered %u, %u bytes", (unsigned)event->value,
                 (unsigned)event->total);
        aloft_esp_post(ota, ALOFT_OTA_EVENT_ANSWERED, false);
        break;
    case ALOFT_EVENT_PROGRESS:
        progress(ota, event);
        break;
    case ALOFT_EVENT_RETRYING:
        ESP_LOGW(TAG, "%s: %s; next try in %u ms", aloft_err_name(event->err),
                 aloft_err_sentence(event->err), (unsigned)event->value);
        break;
    default: // its end is told where it was started
        break;
    }
}
