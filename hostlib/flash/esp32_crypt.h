// The flash encryption of the ESP32: AES-256, a block of 16 bytes at a time, with a key that
// differs for each 32 bytes of flash. What espsecure encrypts with encrypt_flash_data (for an
// ESP32, with FLASH_CRYPT_CONFIG 0xF) decrypts here and the other way round.
//
// Facts: ESP32 Technical Reference Manual, "External Memory Encryption and Decryption";
// esptool espsecure, encrypt_flash_data.
#ifndef ALOFT_HOSTLIB_ESP32_CRYPT_H
#define ALOFT_HOSTLIB_ESP32_CRYPT_H

#include "hostlib/flash/flash_crypt.h"

#define ALOFT_ESP32_CRYPT_KEY  32u
#define ALOFT_ESP32_CRYPT_UNIT 32u

struct aloft_esp32_crypt {
    struct aloft_flash_cipher cipher; // its ctx points back here. Lengths of 16 bytes work, too
    uint8_t key[ALOFT_ESP32_CRYPT_KEY];
};

// key: as in key files; the eFuse block has its bytes in the other order.
void aloft_esp32_crypt_init(struct aloft_esp32_crypt *crypt,
                            const uint8_t key[ALOFT_ESP32_CRYPT_KEY]);

#endif
