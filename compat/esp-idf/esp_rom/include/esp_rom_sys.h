// Waiting and printing without a scheduler. Source: ESP-IDF
// components/esp_rom/include/esp_rom_sys.h.
#ifndef ESP_ROM_SYS_H
#define ESP_ROM_SYS_H

#include <stdint.h>
#include <stdio.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

#define esp_rom_printf printf

void esp_rom_delay_us(uint32_t us);

__END_DECLS

#endif
