// SHA-1 and Base64 for protocols. Source: ESP-IDF components/esp-tls/esp-tls-crypto.
#ifndef ESP_TLS_CRYPTO_H
#define ESP_TLS_CRYPTO_H

#include <stddef.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

// 0, or mbedTLS's error. Without room, base64 says in *olen how much it needs, its NUL included.
int esp_crypto_sha1(const unsigned char *input, size_t ilen, unsigned char output[20]);
int esp_crypto_base64_encode(unsigned char *dst, size_t dlen, size_t *olen,
                             const unsigned char *src, size_t slen);

__END_DECLS

#endif
