// The tool's side of the ROM loader: finds the chip behind a serial line, brings it into its
// loader, and reads, erases and writes its flash. Works on the virtual board and on ESP32,
// ESP32-S3 and ESP32-C3. Nothing is uploaded to the chip; a stub that another tool left running is
// recognised and used.
//
// Life cycle: connect, attach, then any of write, erase, read, md5; run at the end. Each returns
// false with flasher->error when it failed. A line that is gone in the middle leaves the flash as
// far as it was written: flash again.
// Protocol: aloft/format/serial.h; docs/SPEC.md, "Serial protocol".
#ifndef ALOFT_HOSTLIB_FLASHER_H
#define ALOFT_HOSTLIB_FLASHER_H

#include "aloft/crypto.h"
#include "hostlib/flasher/flasher_reset.h"
#include "hostlib/flasher/flasher_state.h"

enum aloft_flasher_before {
    ALOFT_FLASHER_RESET,    // by DTR and RTS; where there are none, the board must listen for SYNC
    ALOFT_FLASHER_NO_RESET, // the chip is in its loader already
};

enum aloft_flasher_after {
    ALOFT_FLASHER_HARD_RESET, // by RTS; where there is none, as ALOFT_FLASHER_RUN
    ALOFT_FLASHER_RUN,        // the loader is asked to start the app
    ALOFT_FLASHER_STAY,       // in the loader, at ALOFT_FLASHER_BAUD
};

// Resets the chip into its loader, agrees with it on where frames begin, and finds out which chip
// it is. line is open, at ALOFT_FLASHER_BAUD, and outlives the flasher. expected: the chip that it
// must be; NULL: any.
bool aloft_flasher_connect(struct aloft_flasher *flasher, struct aloft_serial_line *line,
                           enum aloft_flasher_before before,
                           const struct aloft_flasher_chip *expected);

// Goes to this speed together with the chip. Lines without a speed stay as they are.
bool aloft_flasher_set_baud(struct aloft_flasher *flasher, uint32_t baud);

// Connects the flash to the chip, and finds its size; size: what it is, for a flash that does not
// tell; 0: ask it.
bool aloft_flasher_attach(struct aloft_flasher *flasher, uint32_t size);

// Writes len bytes at addr, a multiple of a sector, compressed unless plain, and compares the MD5
// of what is in flash then. Sectors that are touched are erased first; the last one loses its rest.
// A block that arrives broken is sent again, a broken write is begun again, each a few times.
// Power loss: the sectors from addr on are erased or written in part.
bool aloft_flasher_write(struct aloft_flasher *flasher, uint32_t addr, const uint8_t *data,
                         uint32_t len, bool plain);

// Erases whole sectors. Erasing the whole chip takes a minute and more on silicon; the chip says
// nothing meanwhile.
// Power loss: any of the sectors may be erased, or unstable.
bool aloft_flasher_erase(struct aloft_flasher *flasher, uint32_t addr, uint32_t len);

// The MD5 of flash content, computed by the chip.
bool aloft_flasher_md5(struct aloft_flasher *flasher, uint32_t addr, uint32_t len,
                       uint8_t digest[ALOFT_MD5_LEN]);

bool aloft_flasher_read(struct aloft_flasher *flasher, uint32_t addr, uint8_t *out, uint32_t len);

// The status registers of the flash: the first in bits 0..7, then the second and the third; 0 for
// those that a flash does not have. The flash is attached.
bool aloft_flasher_flash_status(struct aloft_flasher *flasher, uint32_t *status);

// Lets the chip go. The line stays open, at ALOFT_FLASHER_BAUD. A chip that has fallen silent is
// asked nothing more; only a reset by RTS reaches it.
bool aloft_flasher_finish(struct aloft_flasher *flasher, enum aloft_flasher_after after);

#endif
