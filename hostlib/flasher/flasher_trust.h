// Whose signatures the chip behind a flasher takes: the key digests in its eFuses, where software
// may read them. So the tool judges a signature as the chip will.
//
// ESP32-C3 and ESP32-S3 have the words that aloft/efuse.h knows. An ESP32 has one digest, in its
// block 2. The virtual board says that it is an ESP32, and has the former's words at an address of
// its own; it is known by its MAC.
#ifndef ALOFT_HOSTLIB_FLASHER_TRUST_H
#define ALOFT_HOSTLIB_FLASHER_TRUST_H

#include "aloft/trust.h"
#include "hostlib/flasher/flasher.h"

#define ALOFT_FLASHER_BOARD_MAC                                                                    \
    {                                                                                              \
        0x02, 0xA1, 0x0F, 0x00, 0x00, 0x01                                                         \
    }
#define ALOFT_FLASHER_BOARD_EFUSE 0xA10FE000u // where the virtual board's eFuse words are

struct aloft_flasher_trust {
    bool known; // false: the chip does not tell
    struct aloft_trust trust;
    uint8_t block[ALOFT_SIGBLOCK_LEN];
};

// Reads the digests. trust points into out, which therefore stays where it is. False, with
// flasher->error, when the line failed.
bool aloft_flasher_trust_read(struct aloft_flasher_trust *out, struct aloft_flasher *flasher);

#endif
