// The time, asked of servers by SNTP over UDP (the image's setting route counts). The board's clock
// is the host's and is never set: what a server says goes to the notification callback, and to an
// app's own sntp_sync_time. Source: ESP-IDF components/lwip/include/apps/esp_sntp.h.
#ifndef ESP_SNTP_H
#define ESP_SNTP_H

#include "lwip/ip_addr.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/cdefs.h>
#include <sys/time.h>

__BEGIN_DECLS

typedef enum { SNTP_SYNC_MODE_IMMED, SNTP_SYNC_MODE_SMOOTH } sntp_sync_mode_t;

typedef enum {
    SNTP_SYNC_STATUS_RESET,
    SNTP_SYNC_STATUS_COMPLETED,
    SNTP_SYNC_STATUS_IN_PROGRESS, // never
} sntp_sync_status_t;

typedef enum { ESP_SNTP_OPMODE_POLL, ESP_SNTP_OPMODE_LISTENONLY } esp_sntp_operatingmode_t;
#define SNTP_OPMODE_POLL ESP_SNTP_OPMODE_POLL

typedef void (*sntp_sync_time_cb_t)(struct timeval *tv);

// Called with the time of a server. An app may define its own.
void sntp_sync_time(struct timeval *tv);

void sntp_set_sync_mode(sntp_sync_mode_t sync_mode);
sntp_sync_mode_t sntp_get_sync_mode(void);
sntp_sync_status_t sntp_get_sync_status(void); // COMPLETED once, then RESET again
void sntp_set_sync_status(sntp_sync_status_t sync_status);
void sntp_set_time_sync_notification_cb(sntp_sync_time_cb_t callback);
void sntp_set_sync_interval(uint32_t interval_ms); // at least 15 s; 1 h
uint32_t sntp_get_sync_interval(void);
bool sntp_restart(void);

void esp_sntp_setoperatingmode(esp_sntp_operatingmode_t operating_mode);
esp_sntp_operatingmode_t esp_sntp_getoperatingmode(void);
void esp_sntp_setservername(u8_t idx, const char *server); // must stay
const char *esp_sntp_getservername(u8_t idx);
uint8_t esp_sntp_getreachability(uint8_t idx); // bit 0: the last time
void esp_sntp_init(void);
void esp_sntp_stop(void);
bool esp_sntp_enabled(void);

static inline void sntp_setoperatingmode(uint8_t operating_mode)
{
    esp_sntp_setoperatingmode((esp_sntp_operatingmode_t)operating_mode);
}

// Names of v4, and the aliases of v5.
#define sntp_setservername                     esp_sntp_setservername
#define sntp_getservername                     esp_sntp_getservername
#define sntp_getreachability                   esp_sntp_getreachability
#define sntp_init                              esp_sntp_init
#define sntp_stop                              esp_sntp_stop
#define sntp_enabled                           esp_sntp_enabled
#define esp_sntp_sync_time                     sntp_sync_time
#define esp_sntp_set_sync_mode                 sntp_set_sync_mode
#define esp_sntp_get_sync_mode                 sntp_get_sync_mode
#define esp_sntp_get_sync_status               sntp_get_sync_status
#define esp_sntp_set_sync_status               sntp_set_sync_status
#define esp_sntp_set_time_sync_notification_cb sntp_set_time_sync_notification_cb
#define esp_sntp_set_sync_interval             sntp_set_sync_interval
#define esp_sntp_get_sync_interval             sntp_get_sync_interval
#define esp_sntp_restart                       sntp_restart

__END_DECLS

#endif
