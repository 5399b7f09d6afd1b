// What a flasher holds between its calls. Users include flasher.h; its parts (flasher_link.h) are
// below that.
#ifndef ALOFT_HOSTLIB_FLASHER_STATE_H
#define ALOFT_HOSTLIB_FLASHER_STATE_H

#include "aloft/format/serial.h"
#include "hostlib/flasher/flasher_chip.h"
#include "hostlib/serial/serial_line.h"

#define ALOFT_FLASHER_BAUD       115200u // of every ROM loader when it starts
#define ALOFT_FLASHER_SECTOR     0x1000u
#define ALOFT_FLASHER_BLOCK_ROM  0x400u // the most data that one request carries
#define ALOFT_FLASHER_BLOCK_STUB 0x4000u
#define ALOFT_FLASHER_BODY_MAX   0x1100u // of what a chip sends

struct aloft_flasher {
    // Set by connect.
    struct aloft_serial_line *line;
    const struct aloft_flasher_chip *chip;
    struct aloft_flasher_facts facts; // all zero when secure_download
    bool stub;                        // a stub answers, not the ROM
    bool secure_download; // the chip tells nothing and reads nothing back; it can be written
    // Set by attach.
    uint32_t flash_id;   // JEDEC: manufacturer in bits 0..7, type, capacity; 0: not known
    uint32_t flash_size; // bytes; 0: not known

    // Set by the caller, or NULL: told what is done of the total, in bytes, of write, read and md5.
    void (*progress)(void *ctx, uint32_t done, uint32_t total);
    void *ctx;

    struct aloft_message error; // of the call that failed last

    // Private to flasher*.c.
    bool unsettled;         // replies to SYNC may still come
    bool silent;            // the chip answered nothing at all to the last request
    uint32_t late;          // bytes that came when time was up
    uint64_t late_until_ms; // and no later than this
    struct aloft_serial_reader reader;
    size_t in_off;
    size_t in_len;
    uint8_t in[4096];
    uint8_t body[ALOFT_FLASHER_BODY_MAX];
    uint8_t out[ALOFT_SERIAL_FRAME_MAX(ALOFT_SERIAL_HEADER + ALOFT_SERIAL_DATA_HEADER +
                                       ALOFT_FLASHER_BLOCK_STUB)];
    uint8_t payload[ALOFT_SERIAL_DATA_HEADER + ALOFT_FLASHER_BLOCK_STUB];
};

#endif
