// Rules of a virtual board for any image: chip, revision, a segment that it can run; and, by its
// eFuses, a signature and a security version. ROM, bootloader, app and tool all use these.
#ifndef ALOFT_HOSTLIB_BOARD_RULES_H
#define ALOFT_HOSTLIB_BOARD_RULES_H

#include "aloft/efuse.h"
#include "aloft/image.h"
#include "aloft/trust.h"
#include "hostlib/base/message.h"

#define ALOFT_BOARD_REVISION 303u // above every real ESP32

// Rules with what they point to; stays where it was filled in.
struct aloft_board_rules {
    struct aloft_image_rules rules;
    struct aloft_trust trust;
    uint8_t block[ALOFT_SIGBLOCK_LEN];
};

// Of a board without eFuses: any good image, hashes only.
struct aloft_image_rules aloft_board_rules_plain(void);

// Of a board with these eFuses: no lower security version than theirs, and with secure boot on, a
// signature of a digest that is burned and not revoked. Without one, nothing is taken.
void aloft_board_rules_read(struct aloft_board_rules *out, const struct aloft_efuse *efuse);

// Of the board whose flash file this is, by the eFuse file beside it.
bool aloft_board_rules_of(struct aloft_board_rules *out, const char *flash,
                          struct aloft_message *error);

// For aloft_verify's sink, or called by one, when the image is to run as bootloader. ctx is not
// used. The ROM maps no flash, so what has a mapped segment is an app: it has a security version
// that the ROM does not ask for, and must not come in by this door. Errors: IMAGE_SEGMENT.
enum aloft_err aloft_board_rules_rom(void *ctx, const struct aloft_image *image,
                                     enum aloft_image_event event, const uint8_t *data,
                                     uint32_t len);

#endif
