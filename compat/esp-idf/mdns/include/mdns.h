// mDNS, as espressif/mdns of the registry has it: code that announces itself compiles. The board's
// network is the host's, so nothing is announced, and the log says so.
// Source: mdns 1.8.
#ifndef MDNS_H
#define MDNS_H

#include "esp_err.h"
#include "esp_netif.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

typedef struct {
    const char *key;
    const char *value;
} mdns_txt_item_t;

// ESP_ERR_NOT_SUPPORTED.
esp_err_t mdns_init(void);

// ESP_ERR_INVALID_STATE: it was not started.
esp_err_t mdns_hostname_set(const char *hostname);
esp_err_t mdns_instance_name_set(const char *instance_name);
esp_err_t mdns_service_add(const char *instance_name, const char *service_type, const char *proto,
                           uint16_t port, mdns_txt_item_t txt[], size_t num_items);
void mdns_free(void);

__END_DECLS

#endif
