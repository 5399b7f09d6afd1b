// SNTP with a wait for the first answer; see esp_sntp.h for what the board does with the time.
// Source: ESP-IDF components/esp_netif/include/esp_netif_sntp.h.
#ifndef ESP_NETIF_SNTP_H
#define ESP_NETIF_SNTP_H

#include "esp_err.h"
#include "esp_netif.h"
#include "freertos/FreeRTOS.h"
#include <sys/cdefs.h>
#include <sys/time.h>

__BEGIN_DECLS

#define ALOFT_IDF_SNTP_SERVERS 4

typedef void (*esp_sntp_time_cb_t)(struct timeval *tv);

typedef struct esp_sntp_config {
    bool smooth_sync;
    bool server_from_dhcp; // not there: ESP_ERR_INVALID_ARG
    bool wait_for_sync;
    bool start;
    esp_sntp_time_cb_t sync_cb;
    bool renew_servers_after_new_IP;
    ip_event_t ip_event_to_renew;
    size_t index_of_first_server;
    size_t num_of_servers;
    const char *servers[ALOFT_IDF_SNTP_SERVERS];
} esp_sntp_config_t;

#define ESP_SNTP_SERVER_LIST(...)                                                                  \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define ESP_NETIF_SNTP_DEFAULT_CONFIG_MULTIPLE(servers_in_list, list_of_servers)                   \
    {                                                                                              \
        .wait_for_sync = true, .start = true, .ip_event_to_renew = IP_EVENT_STA_GOT_IP,            \
        .num_of_servers = (servers_in_list), .servers = list_of_servers                            \
    }
#define ESP_NETIF_SNTP_DEFAULT_CONFIG(server) ESP_NETIF_SNTP_DEFAULT_CONFIG_MULTIPLE(1, {server})

// Errors: ESP_ERR_INVALID_STATE (initialized already), ESP_ERR_INVALID_ARG.
esp_err_t esp_netif_sntp_init(const esp_sntp_config_t *config);
esp_err_t esp_netif_sntp_start(void);
void esp_netif_sntp_deinit(void);

// Errors: ESP_ERR_TIMEOUT, ESP_ERR_INVALID_STATE.
esp_err_t esp_netif_sntp_sync_wait(TickType_t tout);
esp_err_t esp_netif_sntp_reachability(unsigned index, unsigned *reachability);

__END_DECLS

#endif
