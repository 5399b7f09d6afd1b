// What a file is, by its bytes, for `aloft image`: an image, or one of what is given in its place.
#ifndef ALOFT_CLI_IMAGE_KIND_H
#define ALOFT_CLI_IMAGE_KIND_H

#include "aloft/slots.h"
#include "hostlib/base/chip_info.h"
#include "hostlib/image/image_scan.h"
#include "hostlib/table/table_find.h"

enum aloft_image_kind {
    ALOFT_IMAGE_KIND_IMAGE,     // or nothing known: the judge says what is wrong with it
    ALOFT_IMAGE_KIND_FLASH,     // a whole flash or its beginning, such as a merged file
    ALOFT_IMAGE_KIND_ENCRYPTED, // ESP-IDF's "pre-encrypted" format
    ALOFT_IMAGE_KIND_SIGNATURE, // a Secure Boot V2 signature sector alone
    ALOFT_IMAGE_KIND_ESP8266,
};

enum aloft_image_kind aloft_image_kind_of(const uint8_t *data, uint32_t len);

// "flash", "encrypted image", ...; for scripts.
const char *aloft_image_kind_word(enum aloft_image_kind kind);

// A sentence about a file that is not an image, without its name. NULL: nothing to say.
const char *aloft_image_kind_sentence(enum aloft_image_kind kind);

// What follows an image that is whole: "none", "Secure Boot V2, 2 blocks", "Secure Boot V1".
const char *aloft_image_kind_signature(const struct aloft_image_scan *scan, const uint8_t *data,
                                       uint32_t len);

// Lists what lies in the file of kind FLASH, judged by rules (len_max and chip are set here).
// True when everything that is there is good. *apps: how many apps are.
bool aloft_image_kind_list_flash(const char *name, const struct aloft_table_bytes *bytes,
                                 const struct aloft_image_rules *rules, uint32_t *apps);

#endif
