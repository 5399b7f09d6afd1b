// The settings of a virtual board's app: key=value lines that the image builder puts behind the app
// descriptor, so that one program makes many different images. The app's port reads them from
// flash, so every byte may be hostile.
//
// Format: "ALOFTCFG", u32 length of the text with its NUL, the text ("key=value\n"..., NUL), zeros
// up to a multiple of 4. It lies at image offset ALOFT_SETTINGS_OFF and ends with segment 0. A line
// end inside a value is a carriage return there, so a value may be a whole file of text.
#ifndef ALOFT_HOSTLIB_SETTINGS_H
#define ALOFT_HOSTLIB_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALOFT_SETTINGS_OFF       288u // ALOFT_IMAGE_HEAD_LEN: behind header and descriptor
#define ALOFT_SETTINGS_HEAD      12u
#define ALOFT_SETTINGS_LEN_MAX   65536u // of the block
#define ALOFT_SETTINGS_KEY_MAX   31u    // bytes
#define ALOFT_SETTINGS_VALUE_MAX 49152u // thirty certificates in PEM

struct aloft_setting {
    const char *key;
    const char *value;
};

// Looks a key up in a block of which len bytes are readable (more than the block is fine). Copies
// the value with a NUL. False when it is not such a block, the key is not there, or the value does
// not fit.
bool aloft_settings_get(const uint8_t *block, size_t len, const char *key, char *value,
                        size_t value_size);

// 1..31 letters, digits, '_', '-' or '.'; and a value of at most ALOFT_SETTINGS_VALUE_MAX bytes
// that are printable or line ends ('\n').
bool aloft_settings_fit(const struct aloft_setting *setting);

// Bytes of the block for these settings, a multiple of 4.
size_t aloft_settings_len(const struct aloft_setting *settings, size_t count);

// Writes the block, aloft_settings_len bytes.
void aloft_settings_emit(const struct aloft_setting *settings, size_t count, uint8_t *block);

#endif
