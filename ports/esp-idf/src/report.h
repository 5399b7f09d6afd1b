// What core tells of updates, as log lines, as status, and as events of ESP-IDF's default loop.
#ifndef ALOFT_ESP_REPORT_H
#define ALOFT_ESP_REPORT_H

#include "state.h"

// Receivers for core (aloft/event.h); ctx is the struct aloft_ota.
void aloft_esp_on_intake(void *ctx, const struct aloft_event *event);
void aloft_esp_on_pull(void *ctx, const struct aloft_event *event);

// The check that ended: an error, or that there is nothing newer.
void aloft_esp_report_check(struct aloft_ota *ota, enum aloft_err err, const char *about);

// Posts an event; with_status: the status is its data. Nothing happens when the app has no default
// loop.
void aloft_esp_post(struct aloft_ota *ota, aloft_ota_event_t event, bool with_status);

#endif
