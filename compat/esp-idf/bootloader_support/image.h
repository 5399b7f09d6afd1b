// Judges an image in flash; used by all calls that check one.
#ifndef ALOFT_IDF_IMAGE_H
#define ALOFT_IDF_IMAGE_H

#include "aloft/flash.h"
#include "aloft/image.h"

// Reads the image at the start of the view back and judges it whole; the lock is free between
// steps. head replaces the first head_len bytes of flash; NULL: nothing does. loud: an error is
// logged as ESP-IDF's esp_image component does. A bootloader has no descriptor and may be for any
// address. facts is set when the image is good. The security version is not checked here: ESP-IDF
// does that in calls of its own.
enum aloft_err aloft_idf_judge(const struct aloft_flash_view *view, const uint8_t *head,
                               uint32_t head_len, bool loud, struct aloft_image_facts *facts);

// The rules of the bootloader, with the security version of the eFuses, which it checks whatever
// the configuration of the app says.
struct aloft_image_rules aloft_idf_boot_rules(void);

// True, with a line in the log, when the bootloader would not boot a good image with these facts,
// because its security version is below the eFuses'. One without a description counts as 0.
bool aloft_idf_too_old(const struct aloft_image_facts *facts);

#endif
