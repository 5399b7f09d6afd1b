// How ESP-IDF's examples connect: by Wi-Fi or Ethernet, as menuconfig says; here it makes no
// difference. Source: ESP-IDF examples/common_components/protocol_examples_common.
#ifndef PROTOCOL_EXAMPLES_COMMON_H
#define PROTOCOL_EXAMPLES_COMMON_H

#include "esp_err.h"
#include "esp_netif.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

#define EXAMPLE_NETIF_DESC_STA "example_netif_sta"
#define EXAMPLE_NETIF_DESC_ETH "example_netif_eth"
#define EXAMPLE_INTERFACE      get_example_netif()

esp_err_t example_connect(void);
esp_err_t example_disconnect(void);

// From now on typed input goes to standard input.
esp_err_t example_configure_stdin_stdout(void);

esp_netif_t *get_example_netif(void);
esp_netif_t *get_example_netif_from_desc(const char *desc);

__END_DECLS

#endif
