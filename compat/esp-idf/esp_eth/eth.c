// The board has no Ethernet: no event is ever sent.
#include "esp_eth.h"

ESP_EVENT_DEFINE_BASE(ETH_EVENT);
