// The app and bootloader image, judged while its bytes pass, in pieces of any size and in constant
// memory. The judge has no I/O: an update feeds it from the network to refuse a wrong file early,
// and again from flash to decide; the bootloader feeds it the very bytes that it loads.
//
// What a signature is of is more than the image: also its appended SHA-256, and the padding up to
// the signature sector. With a trust in the rules the hash runs on to there, in the same pass.
//
// Life cycle: init, then next until it stops saying anything but MORE, then finish.
//
// Format: ESP-IDF components/bootloader_support/include/esp_app_format.h (header, segments),
// src/esp_image_format.c (order of checks), components/esp_app_format/include/esp_app_desc.h.
#ifndef ALOFT_IMAGE_H
#define ALOFT_IMAGE_H

#include "aloft/chip.h"
#include "aloft/crypto.h"
#include <stdbool.h>
#include <stdint.h>

#define ALOFT_IMAGE_HEADER         24u
#define ALOFT_IMAGE_SEGMENT_HEADER 8u
#define ALOFT_IMAGE_SEGMENTS_MAX   16u
#define ALOFT_IMAGE_LEN_MAX        0x1000000u // 16 MiB
#define ALOFT_IMAGE_DESC_OFF       32u        // the descriptor, when there is one, opens segment 0
#define ALOFT_IMAGE_DESC_LEN       256u
#define ALOFT_IMAGE_HEAD_LEN       (ALOFT_IMAGE_DESC_OFF + ALOFT_IMAGE_DESC_LEN)
#define ALOFT_IMAGE_TEXT           32u // bytes of version and project name in the descriptor

struct aloft_trust;

// What the reader insists on. Zero means "any" unless said otherwise.
struct aloft_image_rules {
    const struct aloft_crypto *crypto; // NULL: judge structure and checksum but not the SHA-256
    uint32_t len_max;                  // bytes of the slot; required
    const struct aloft_chip *chip;     // that will run it (chip.h); NULL: any, and then nothing
                                       // is said about where its segments lie
    uint16_t chip_revision;            // major * 100 + minor; FFFF: any
    bool bootloader;                   // a bootloader is taken, too; without it only an app is:
                                       // some segment of it is mapped from flash
    bool alone;                        // nothing but FF or one signature sector may follow
    uint32_t need_addr;                // some segment must load here (the board's native segment)
    uint32_t secure_version;           // the lowest that is taken; no descriptor counts as 0
    const struct aloft_trust *trust;   // whose signature it must have (trust.h); NULL: none. This
                                       // judge finds out what is signed, aloft_verify by whom
};

// What the image says of itself. Valid from the event on that the comment names.
struct aloft_image_facts {
    // HEADER
    uint8_t segment_count;
    uint8_t spi_mode;
    uint8_t spi_speed_size;
    uint8_t hash_appended;
    uint32_t entry;
    uint16_t chip_id;
    uint16_t min_revision; // major * 100 + minor
    uint16_t max_revision; // 0 or FFFF: no limit
    // SEGMENT: the segment that was announced last
    uint8_t segment_index;
    bool mapped;           // a segment up to here is mapped from flash: it is an app
    uint32_t segment_addr; // where it is loaded or mapped; below 10000: padding
    uint32_t segment_len;
    uint32_t segment_off; // of its first data byte, from the start of the image
    // END
    uint32_t image_len;               // bytes, checksum and appended SHA-256 included
    uint8_t checksum;                 // as stored
    uint8_t digest[ALOFT_SHA256_LEN]; // as appended; zero when none is
    bool signature;                   // a sound-looking signature sector follows; with a trust,
                                      // anything that is not blank
    // DESC
    bool has_desc;
    uint32_t secure_version;
    char version[ALOFT_IMAGE_TEXT + 1];
    char project[ALOFT_IMAGE_TEXT + 1];
};

enum aloft_image_event {
    ALOFT_IMAGE_MORE,    // all input was consumed
    ALOFT_IMAGE_HEADED,  // the header is in facts
    ALOFT_IMAGE_SEGMENT, // a segment begins; see facts
    ALOFT_IMAGE_DATA,    // the bytes just consumed are segment data
    ALOFT_IMAGE_DESC,    // the head has passed: facts say whether there is a descriptor, and what
    ALOFT_IMAGE_END, // the image is complete and good; bytes after it only need feeding if alone
    ALOFT_IMAGE_BAD, // see err; nothing more may be fed
};

struct aloft_image {
    enum aloft_err err;
    uint8_t phase; // private from here on, but for rules and facts
    bool needed_seen;
    bool head_said;
    bool maps;    // the segment that was announced last is mapped
    uint8_t page; // the app's MMU page size, as a power of two
    enum aloft_image_event event;
    union {
        uint32_t checksum;  // of the segment data so far
        uint32_t block_crc; // behind the image: of the signature block so far
    };
    uint32_t have; // bytes of the current fixed-length part in `part`
    uint32_t off;  // bytes consumed since init
    union {
        uint32_t left;     // bytes left in the current segment or tail
        uint32_t in_block; // behind the image: 1 inside of a signature block
    };
    struct aloft_image_rules rules;
    struct aloft_image_facts facts;
    uint8_t part[32];
    struct aloft_hash sha; // of the bytes so far that a signature may be of
};

// rules are copied; rules.crypto must outlive the judge. What the judge was before is forgotten, so
// one that was left in the middle is ended first.
void aloft_image_init(struct aloft_image *image, const struct aloft_image_rules *rules);

// Takes bytes up to the next event and says how many in *used. After DATA, the bytes
// data[0..*used) are part of segment facts.segment_index. Splits of the input never change the
// outcome. Call again with the rest until it returns MORE.
// Errors (event BAD): IMAGE_MAGIC, IMAGE_CHIP, IMAGE_REVISION, IMAGE_SEGMENTS, IMAGE_SEGMENT,
//                     IMAGE_TOO_LARGE, IMAGE_FOREIGN, IMAGE_CHECKSUM, IMAGE_HASH, IMAGE_TRAILING,
//                     IMAGE_NOT_APP, IMAGE_SECURE_VERSION, CRYPTO.
enum aloft_image_event aloft_image_next(struct aloft_image *image, const uint8_t *data,
                                        uint32_t len, uint32_t *used);

// Feeds all of data and forgets the events in between. ALOFT_OK or the fault.
enum aloft_err aloft_image_feed(struct aloft_image *image, const uint8_t *data, uint32_t len);

// No more bytes will come. ALOFT_OK when a whole good image has passed.
// Errors: IMAGE_EMPTY (no byte at all), IMAGE_TRUNCATED (also of a signature sector that is not
//         whole), or the fault that was found before. SIGNATURE_MISSING of an image that is to be
//         alone and signed.
enum aloft_err aloft_image_finish(struct aloft_image *image);

// Gives its hash back; the facts stay. Call it when no more bytes will come, also after BAD; at any
// time, and more than once.
void aloft_image_end(struct aloft_image *image);

// Bytes from the start of the image to where its signature sector lies or would lie. From END on.
uint32_t aloft_image_signed_len(const struct aloft_image *image);

// True once the image is complete and good, and with a trust, all that its signature is of has
// passed.
bool aloft_image_ended(const struct aloft_image *image);

#endif
