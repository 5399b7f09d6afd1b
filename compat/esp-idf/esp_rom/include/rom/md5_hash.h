// MD5 by its older names. Source: ESP-IDF v4.2 components/esp_rom/include/esp32/rom/md5_hash.h.
#ifndef ROM_MD5_HASH_H
#define ROM_MD5_HASH_H

#include "esp_rom_md5.h"

#define MD5Context                   mbedtls_md5_context
#define MD5Init(context)             esp_rom_md5_init(context)
#define MD5Update(context, buf, len) esp_rom_md5_update((context), (buf), (len))
#define MD5Final(digest, context)    esp_rom_md5_final((digest), (context))

#endif
