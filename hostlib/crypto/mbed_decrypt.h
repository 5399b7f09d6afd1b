// Decryption (struct aloft_decrypt in aloft/crypto.h) over mbedTLS, for the virtual board and the
// tools. The GCM of mbedTLS cannot give its state away, nor change its direction. So what was
// decrypted before a reset is encrypted again by a second one, and the first gets that ciphertext
// as if it had been downloaded: all by documented calls, for one more encryption of what is in
// flash.
#ifndef ALOFT_HOSTLIB_MBED_DECRYPT_H
#define ALOFT_HOSTLIB_MBED_DECRYPT_H

#include "aloft/crypto.h"
#include "hostlib/base/message.h"

struct aloft_mbed_decrypt;

// With the private key in these bytes (PEM or DER, a NUL behind them). NULL: see error, where the
// key is called name.
struct aloft_mbed_decrypt *aloft_mbed_decrypt_new(const char *name, const uint8_t *key, size_t len,
                                                  struct aloft_message *error);
void aloft_mbed_decrypt_free(struct aloft_mbed_decrypt *decrypt); // may be NULL

// Lives as long as decrypt.
const struct aloft_decrypt *aloft_mbed_decrypt_table(struct aloft_mbed_decrypt *decrypt);

#endif
