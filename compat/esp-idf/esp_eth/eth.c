// No event of Ethernet ever comes.
#include "esp_eth.h"

ESP_EVENT_DEFINE_BASE(ETH_EVENT);
