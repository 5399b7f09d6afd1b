// What the chip has: an ESP32. Source: ESP-IDF components/soc/esp32/include/soc/soc_caps.h.
#ifndef SOC_SOC_CAPS_H
#define SOC_SOC_CAPS_H

#define SOC_WIFI_SUPPORTED 1
#define SOC_CPU_CORES_NUM  2

#endif
