// The chip's download mode: the ROM loader's side of the serial protocol, and the stub's once a
// program was loaded to RAM and started. The board cannot run that program, which is for another
// CPU: it answers as esptool's stub would.
//
// A machine: it is fed the bytes that come in on the serial line and answers through `send`. Flash
// is worked on inside feed, one operation at a time, with `alive` called before each; so a feed can
// take as long as erasing the chip does. A power cut leaves what the flash operation under way
// leaves; the host starts over.
//
// Protocol: aloft/format/serial.h. Which chip it is: loader_chip.h.
#ifndef ALOFT_LOADER_H
#define ALOFT_LOADER_H

#include "aloft/crypto.h"
#include "aloft/flash.h"
#include "aloft/format/serial.h"
#include "board/rom/loader_chip.h"
#include <stdbool.h>
#define ZLIB_CONST // its input is only read
#include <zlib.h>

struct aloft_loader_port {
    void *ctx;
    void (*send)(void *ctx, const uint8_t *bytes, uint32_t len);
    void (*alive)(void *ctx);                   // the watchdog is to be fed
    void (*set_baud)(void *ctx, uint32_t baud); // from the next byte in; 0: any, found at SYNC
    const struct aloft_flash *flash; // the cells: what the host sends and reads is what is there
    const struct aloft_flash *crypt; // what encrypts in front of them; NULL: nothing does
    const struct aloft_crypto *crypto;
};

enum aloft_loader_wish {
    ALOFT_LOADER_STAYS,
    ALOFT_LOADER_BOOTS, // the host asks for a restart into what is in flash
};

enum aloft_loader_kind {
    ALOFT_LOADER_NOTHING,
    ALOFT_LOADER_PLAIN,
    ALOFT_LOADER_DEFLATED,
    ALOFT_LOADER_RAM
};

// A write that was begun.
struct aloft_loader_write {
    enum aloft_loader_kind kind;
    uint32_t addr;       // of the first byte
    uint32_t size;       // bytes that are promised
    uint32_t limit;      // bytes that are taken: the ROM gets whole blocks
    uint32_t done;       // bytes that are in flash; of a plain write the highest end
    uint32_t block_size; // of a plain write
    uint32_t next_seq;
    uint32_t erased_to; // flash from addr up to here was erased for this write
    bool encrypt;       // of a plain write: FLASH_DATA is text
    bool inflating;     // stream holds memory
    bool inflated;      // the stream has ended
    z_stream stream;
};

// Flash content on its way to the host (stub).
struct aloft_loader_read {
    bool active;
    uint32_t addr;
    uint32_t len;
    uint32_t block;
    uint32_t window; // bytes that may be on the way
    uint32_t sent;
    uint32_t acked;
    struct aloft_hash md5;
};

#define ALOFT_LOADER_BLOCK_MAX 0x1000u // of READ_FLASH

struct aloft_loader {
    const struct aloft_loader_port *port;
    struct aloft_loader_chip chip;
    struct aloft_serial_reader reader;
    struct aloft_loader_write write;
    struct aloft_loader_read read;
    bool stub;                   // the stub answers
    enum aloft_loader_wish wish; // set before the answer to the request that asks for it goes out
    uint8_t body[ALOFT_SERIAL_BODY_MAX];
    uint8_t piece[ALOFT_LOADER_BLOCK_MAX];
    uint8_t frame[ALOFT_SERIAL_FRAME_MAX(ALOFT_LOADER_BLOCK_MAX)];
};

// The struct stays where it is; the port must outlive it.
void aloft_loader_init(struct aloft_loader *loader, const struct aloft_loader_port *port);

// Takes bytes from the line. After ALOFT_LOADER_BOOTS, bytes are ignored.
enum aloft_loader_wish aloft_loader_feed(struct aloft_loader *loader, const uint8_t *bytes,
                                         uint32_t len);

// Gives back what a write that was not finished holds.
void aloft_loader_release(struct aloft_loader *loader);

#endif
