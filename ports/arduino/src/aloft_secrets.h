// Passwords that a sketch has in its text, put into NVS as what proves them, where the component
// reads them: namespace "aloft", each listed in "aloft_guards", as `aloft secret` does it.
//
// Power loss: the old value, or the new one; a value that is there already is not written again.
// Errors: those of nvs_*; ESP_ERR_INVALID_ARG for a text that cannot be; ESP_FAIL when a hash
// fails.
#ifndef ALOFT_SECRETS_H
#define ALOFT_SECRETS_H

#include <esp_err.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

// Of push. md5: for espota.py before 3.3.1, which knows nothing else.
esp_err_t aloft_secrets_push(const char *password, bool md5);
esp_err_t aloft_secrets_push_hash(const char *hash);

// Of the page: user "admin", and the device's name, with which the hashes are made.
esp_err_t aloft_secrets_page(const char *name, const char *password);

// Whether a password of push is in NVS, or was.
bool aloft_secrets_has_push(void);

#ifdef __cplusplus
}
#endif

#endif
