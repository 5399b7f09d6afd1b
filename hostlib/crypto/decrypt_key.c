// pk.c says what is wrong with a key; a good one is read again by mbed_decrypt.c, which has no
// words.
#include "hostlib/crypto/decrypt_key.h"
#include "hostlib/crypto/pk.h"

struct aloft_mbed_decrypt *aloft_decrypt_key_read(const char *name, const uint8_t *key, size_t len,
                                                  struct aloft_message *error)
{
    struct aloft_mbed_decrypt *decrypt = NULL;
    mbedtls_pk_context pk;
    if (aloft_pk_read_rsa3072(&pk, ALOFT_PK_PRIVATE, name, key, len, error)) {
        decrypt = aloft_mbed_decrypt_new(key, len, aloft_pk_random, NULL);
        (void)(decrypt != NULL || aloft_message_set(error, "%s: out of memory", name));
    }
    mbedtls_pk_free(&pk);
    return decrypt;
}
