// Writes images for the virtual board: ESP-IDF images in every byte, with one segment that carries
// a native ELF. The same recipe always gives the same bytes.
//
//   app:         header | segment 0 at 3F400020: descriptor, settings | segment 1 at A10F0000: the
//   ELF bootloader:  header | segment 0 at A10F0000: the ELF
//
// and both end in checksum and SHA-256. The header says ESP32 from v3.3 on, above every real ESP32.
#ifndef ALOFT_HOSTLIB_IMAGE_BUILD_H
#define ALOFT_HOSTLIB_IMAGE_BUILD_H

#include "hostlib/base/message.h"
#include "hostlib/image/image_desc.h"
#include "hostlib/image/settings.h"

#define ALOFT_IMAGE_BUILD_MIN_REVISION 303u // v3.3
#define ALOFT_IMAGE_BUILD_MAX_REVISION 399u // v3.99, as ESP-IDF writes it for the ESP32

struct aloft_image_recipe {
    const uint8_t *elf; // borrowed, as everything here
    size_t elf_len;
    bool bare;                    // the ELF alone: no descriptor and no settings; a bootloader
    bool no_desc;                 // zeros where the descriptor would be; no settings
    struct aloft_image_desc desc; // elf_sha256 is filled in by the builder
    const struct aloft_setting *settings;
    size_t setting_count;
};

// True when the recipe can be built.
// Fails: the input is not an ELF file or is too large, a text is too long, a setting does not fit
// or comes twice.
bool aloft_image_build_check(const struct aloft_image_recipe *recipe, struct aloft_message *error);

// Bytes of the image that a good recipe gives.
size_t aloft_image_build_len(const struct aloft_image_recipe *recipe);

// Writes the image of a good recipe, aloft_image_build_len bytes. Only crypto can fail.
enum aloft_err aloft_image_build(const struct aloft_image_recipe *recipe,
                                 const struct aloft_crypto *crypto, uint8_t *out);

#endif
