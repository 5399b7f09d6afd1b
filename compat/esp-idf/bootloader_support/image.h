// Judging an image in flash, for all calls that do.
#ifndef ALOFT_IDF_IMAGE_H
#define ALOFT_IDF_IMAGE_H

#include "aloft/flash.h"
#include "aloft/image.h"

// Reads the image at the view's start back and judges it whole, the lock free between steps. The
// first head_len bytes count as these; head NULL: as they are. loud: an error is logged as
// ESP-IDF's esp_image component does. A bootloader has no descriptor and may be for any address;
// facts are of the image, when it is good.
// The security version is not asked for: ESP-IDF does that in calls of its own.
enum aloft_err aloft_idf_judge(const struct aloft_flash_view *view, const uint8_t *head,
                               uint32_t head_len, bool loud, struct aloft_image_facts *facts);

// All that the bootloader asks of an image, the security version of the eFuses included: it does so
// whatever the configuration of the app says.
struct aloft_image_rules aloft_idf_boot_rules(void);

// True, and said, when the bootloader would not boot a good image with these facts, because its
// security version is below the eFuses'. One without a description counts as 0.
bool aloft_idf_too_old(const struct aloft_image_facts *facts);

#endif
