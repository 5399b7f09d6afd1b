// MD5, which a chip has in its ROM. Source: ESP-IDF components/esp_rom/include/esp_rom_md5.h.
#ifndef ESP_ROM_MD5_H
#define ESP_ROM_MD5_H

#include <mbedtls/md5.h>
#include <stdint.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

#define ESP_ROM_MD5_DIGEST_LEN 16

typedef mbedtls_md5_context md5_context_t;

void esp_rom_md5_init(md5_context_t *context);
void esp_rom_md5_update(md5_context_t *context, const void *buf, uint32_t len);
void esp_rom_md5_final(uint8_t *digest, md5_context_t *context);

__END_DECLS

#endif
