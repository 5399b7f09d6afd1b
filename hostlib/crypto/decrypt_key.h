// Keys for encrypted firmware as people keep them, with a message for each that cannot be used.
#ifndef ALOFT_HOSTLIB_DECRYPT_KEY_H
#define ALOFT_HOSTLIB_DECRYPT_KEY_H

#include "hostlib/base/message.h"
#include "ports/portlib/psa/mbed_decrypt.h"

// With the private key in these bytes (PEM or DER, a NUL behind them). NULL: see error, where the
// key is called name. Release with aloft_mbed_decrypt_free.
struct aloft_mbed_decrypt *aloft_decrypt_key_read(const char *name, const uint8_t *key, size_t len,
                                                  struct aloft_message *error);

#endif
