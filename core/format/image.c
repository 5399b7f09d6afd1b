// The image judge: one pass over the bytes, one phase at a time.
//
//   HEADER -> (SEGMENT_HEADER -> DATA) x segment_count -> TAIL -> [HASH] -> AFTER
//
// Invariants
//   J1  Every byte of [0, signature sector) goes to the SHA-256 exactly once, in order. The image's
//       own SHA-256 is taken from a clone of it, at the end of TAIL.
//   J2  Every byte of segment data, padding segments included, goes to the checksum exactly once.
//   J3  No length from the image is used before it is bounded by rules.len_max.
//   J4  END is said once, and only when all that the rules ask for has been found good.
//   J5  BAD is final.
//   J6  Without rules.bootloader and with a chip, END is said of apps only.
#include "aloft/image.h"
#include "aloft/base/assert.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/chip.h"
#include "aloft/format/sigblock.h"
#include <string.h>

enum phase { HEADER, SEGMENT_HEADER, DATA, TAIL, HASH, AFTER, BAD };

#define MAGIC         0xE9u
#define CHECKSUM_SEED 0xEFu
#define DESC_MAGIC    0xABCD5432u
#define PAGE_DEFAULT  16u // a power of two: 64 KiB
#define NO_LIMIT      0xFFFFu

// Offsets in the descriptor.
enum { DESC_SECURE = 4, DESC_VERSION = 16, DESC_PROJECT = 48, DESC_WANTED = 80, DESC_PAGE = 180 };

void aloft_image_init(struct aloft_image *image, const struct aloft_image_rules *rules)
{
    memset(image, 0, sizeof *image);
    image->rules = *rules;
    image->phase = HEADER;
    image->checksum = CHECKSUM_SEED;
    image->page = PAGE_DEFAULT;
    if (rules->crypto != NULL) {
        image->err = rules->crypto->hash_init(&image->sha, ALOFT_HASH_SHA256);
    }
    if (image->err != ALOFT_OK) {
        image->phase = BAD;
    }
}

void aloft_image_end(struct aloft_image *image)
{
    if (image->rules.crypto != NULL) {
        image->rules.crypto->hash_drop(&image->sha);
    }
}

// What is still to be judged of the bytes that were fed.
struct input {
    const uint8_t *data;
    uint32_t len;
};

// Takes bytes from the input, and hashes them while they belong to the hashed part (J1).
static enum aloft_err take(struct aloft_image *image, struct input *in, uint32_t len)
{
    const uint8_t *data = in->data;
    bool hashed = !aloft_image_ended(image);
    image->off += len;
    ALOFT_INVARIANT("J1", !hashed || image->phase != AFTER ||
                              image->off <= aloft_image_signed_len(image)); // none reaches over
    in->data += len;
    in->len -= len;
    if (image->rules.crypto == NULL || !hashed) {
        return ALOFT_OK;
    }
    return image->rules.crypto->hash_feed(&image->sha, data, len);
}

// Gathers a fixed-length part across pieces. It is complete when none of it is left to `have`.
static enum aloft_err gather(struct aloft_image *image, struct input *in, uint32_t want)
{
    uint32_t n = want - image->have < in->len ? want - image->have : in->len;
    memcpy(image->part + image->have, in->data, n);
    image->have += n;
    if (image->have == want) {
        image->have = 0;
    }
    return take(image, in, n);
}

static bool revision_fits(const struct aloft_image *image)
{
    uint16_t revision = image->rules.chip_revision;
    uint16_t max = image->facts.max_revision;
    if (revision == NO_LIMIT) {
        return true;
    }
    return revision >= image->facts.min_revision &&
           (max == 0 || max == NO_LIMIT || revision <= max);
}

static enum aloft_err header(struct aloft_image *image, struct input *in)
{
    struct aloft_image_facts *facts = &image->facts;
    const uint8_t *p = image->part;
    enum aloft_err err = gather(image, in, ALOFT_IMAGE_HEADER);
    // A captive portal's HTML page is refused at its first byte, not at its 24th.
    if (p[0] != MAGIC) {
        return ALOFT_ERR_IMAGE_MAGIC;
    }
    if (err != ALOFT_OK || image->have != 0) {
        return err;
    }
    facts->segment_count = p[1];
    facts->spi_mode = p[2];
    facts->spi_speed_size = p[3];
    facts->entry = aloft_get_le32(p + 4);
    facts->chip_id = aloft_get_le16(p + 12);
    facts->min_revision = aloft_get_le16(p + 15);
    facts->max_revision = aloft_get_le16(p + 17);
    facts->hash_appended = p[23];
    if (image->rules.chip != NULL && facts->chip_id != image->rules.chip->id) {
        return ALOFT_ERR_IMAGE_CHIP;
    }
    if (!revision_fits(image)) {
        return ALOFT_ERR_IMAGE_REVISION;
    }
    if (facts->segment_count == 0 || facts->segment_count > ALOFT_IMAGE_SEGMENTS_MAX) {
        return ALOFT_ERR_IMAGE_SEGMENTS;
    }
    image->phase = SEGMENT_HEADER;
    image->event = ALOFT_IMAGE_HEADED;
    return ALOFT_OK;
}

// A mapped segment must lie in its page where it will be seen in the MMU's.
static enum aloft_err aligned(const struct aloft_image *image)
{
    uint32_t apart = image->facts.segment_addr - image->facts.segment_off;
    bool bad = image->maps && apart % (1u << image->page) != 0;
    return bad ? ALOFT_ERR_IMAGE_SEGMENT : ALOFT_OK;
}

// May the segment lie where it says? The first one's page is known after its descriptor only.
static enum aloft_err placed(struct aloft_image *image)
{
    struct aloft_image_facts *facts = &image->facts;
    const struct aloft_chip *chip = image->rules.chip;
    uint32_t addr = facts->segment_addr;
    if (chip == NULL) {
        return ALOFT_OK;
    }
    image->maps = aloft_chip_maps(chip, addr);
    if (facts->segment_len > 0) {
        facts->mapped |= image->maps;
        if (!image->maps && addr >= ALOFT_CHIP_PADDING_END &&
            !aloft_chip_loads(chip, addr, facts->segment_len)) {
            return ALOFT_ERR_IMAGE_SEGMENT;
        }
    }
    return facts->segment_index == 0 ? ALOFT_OK : aligned(image);
}

// All segments were announced: does the image meet the rules? Keeps J6.
static enum aloft_err complete(const struct aloft_image *image)
{
    const struct aloft_image_rules *rules = &image->rules;
    if (rules->chip != NULL && !rules->bootloader && !image->facts.mapped) {
        return ALOFT_ERR_IMAGE_NOT_APP;
    }
    return rules->need_addr != 0 && !image->needed_seen ? ALOFT_ERR_IMAGE_FOREIGN : ALOFT_OK;
}

static enum aloft_err segment_header(struct aloft_image *image, struct input *in)
{
    struct aloft_image_facts *facts = &image->facts;
    enum aloft_err err = gather(image, in, ALOFT_IMAGE_SEGMENT_HEADER);
    if (err != ALOFT_OK || image->have != 0) {
        return err;
    }
    facts->segment_addr = aloft_get_le32(image->part);
    facts->segment_len = aloft_get_le32(image->part + 4);
    facts->segment_off = image->off;
    image->left = facts->segment_len;
    if (facts->segment_len % 4 != 0 || facts->segment_len >= ALOFT_IMAGE_LEN_MAX) {
        return ALOFT_ERR_IMAGE_SEGMENT;
    }
    if (image->off > image->rules.len_max || image->left > image->rules.len_max - image->off) {
        return ALOFT_ERR_IMAGE_TOO_LARGE;
    }
    err = placed(image);
    image->needed_seen = image->needed_seen || facts->segment_addr == image->rules.need_addr;
    if (err == ALOFT_OK && facts->segment_index + 1 == facts->segment_count) {
        err = complete(image);
    }
    image->phase = DATA;
    image->event = ALOFT_IMAGE_SEGMENT;
    return err;
}

// Picks what is wanted of the descriptor out of the passing bytes; at is the offset in it.
static void desc_byte(struct aloft_image *image, uint32_t at, uint8_t byte)
{
    struct aloft_image_facts *facts = &image->facts;
    char *text = at < DESC_PROJECT ? facts->version : facts->project;
    if (at < 2 * sizeof(uint32_t)) {
        image->part[at] = byte;
    } else if (at >= DESC_VERSION && at < DESC_WANTED) {
        text[(at - DESC_VERSION) % ALOFT_IMAGE_TEXT] = (char)byte;
    } else if (at == DESC_PAGE) {
        image->page = byte;
    }
}

static bool in_head(const struct aloft_image *image)
{
    return image->facts.segment_index == 0 && image->off < ALOFT_IMAGE_HEAD_LEN;
}

// The page size counts when there is a descriptor and the chip has such pages.
static void settle_page(struct aloft_image *image)
{
    const struct aloft_chip *chip = image->rules.chip;
    if (!image->facts.has_desc || chip == NULL || image->page < chip->page_min ||
        image->page > chip->page_max) {
        image->page = PAGE_DEFAULT;
    }
}

// The head has passed: now it is known whether it had a descriptor.
static enum aloft_err desc_done(struct aloft_image *image)
{
    struct aloft_image_facts *facts = &image->facts;
    facts->has_desc =
        image->off >= ALOFT_IMAGE_HEAD_LEN && aloft_get_le32(image->part) == DESC_MAGIC;
    if (facts->has_desc) {
        facts->secure_version = aloft_get_le32(image->part + DESC_SECURE);
    } else {
        facts->version[0] = 0;
        facts->project[0] = 0;
    }
    settle_page(image);
    image->head_said = true;
    image->event = ALOFT_IMAGE_DESC;
    return facts->secure_version < image->rules.secure_version ? ALOFT_ERR_IMAGE_SECURE_VERSION
                                                               : aligned(image);
}

static enum aloft_err segment_data(struct aloft_image *image, struct input *in)
{
    uint32_t n = image->left < in->len ? image->left : in->len;
    bool head = in_head(image);
    ALOFT_INVARIANT("J3", image->off <= image->rules.len_max &&
                              image->left <= image->rules.len_max - image->off);
    if (head) {
        uint32_t head_left = ALOFT_IMAGE_HEAD_LEN - image->off;
        n = n < head_left ? n : head_left;
    }
    for (uint32_t i = 0; i < n; i++) {
        image->checksum ^= in->data[i];
        if (head) {
            desc_byte(image, image->off + i - ALOFT_IMAGE_DESC_OFF, in->data[i]);
        }
    }
    image->left -= n;
    image->event = ALOFT_IMAGE_DATA;
    return take(image, in, n);
}

// After the last byte of a segment: the next one, or the padding that ends in the checksum.
static void segment_done(struct aloft_image *image)
{
    // What was taken off `left` went to the checksum.
    ALOFT_INVARIANT("J2", image->off - image->facts.segment_off == image->facts.segment_len);
    image->facts.segment_index++;
    if (image->facts.segment_index < image->facts.segment_count) {
        image->phase = SEGMENT_HEADER;
        return;
    }
    image->phase = TAIL;
    image->left = (image->off | 15u) + 1 - image->off;
}

static enum aloft_err ended(struct aloft_image *image)
{
    const struct aloft_image_facts *facts = &image->facts;
    ALOFT_INVARIANT("J4", facts->image_len == 0 && facts->checksum == image->checksum &&
                              facts->segment_index == facts->segment_count);
    ALOFT_INVARIANT("J6", image->rules.chip == NULL || image->rules.bootloader || facts->mapped);
    image->facts.image_len = image->off;
    image->phase = AFTER;
    image->event = ALOFT_IMAGE_END;
    return ALOFT_OK;
}

static enum aloft_err tail(struct aloft_image *image, struct input *in)
{
    uint32_t hash_len = image->facts.hash_appended != 0 ? ALOFT_SHA256_LEN : 0;
    enum aloft_err err = gather(image, in, image->left);
    if (err != ALOFT_OK || image->have != 0) {
        return err;
    }
    image->facts.checksum = image->part[image->left - 1];
    if (image->off > image->rules.len_max || hash_len > image->rules.len_max - image->off) {
        return ALOFT_ERR_IMAGE_TOO_LARGE;
    }
    if (image->facts.checksum != image->checksum) {
        return ALOFT_ERR_IMAGE_CHECKSUM;
    }
    if (hash_len == 0) {
        return ended(image);
    }
    image->phase = HASH;
    if (image->rules.crypto == NULL) {
        return ALOFT_OK;
    }
    const struct aloft_crypto *crypto = image->rules.crypto;
    struct aloft_hash sha;
    err = crypto->hash_clone(&sha, &image->sha);
    return err == ALOFT_OK ? crypto->hash_finish(&sha, image->facts.digest) : err;
}

static enum aloft_err hash(struct aloft_image *image, struct input *in)
{
    enum aloft_err err = gather(image, in, ALOFT_SHA256_LEN);
    if (err != ALOFT_OK || image->have != 0) {
        return err;
    }
    if (image->rules.crypto != NULL &&
        memcmp(image->facts.digest, image->part, ALOFT_SHA256_LEN) != 0) {
        return ALOFT_ERR_IMAGE_HASH;
    }
    memcpy(image->facts.digest, image->part, ALOFT_SHA256_LEN);
    return ended(image);
}

uint32_t aloft_image_signed_len(const struct aloft_image *image)
{
    return aloft_align_up(image->facts.image_len, ALOFT_SIGBLOCK_SECTOR);
}

// May this byte follow the image? Blank, or a signature sector. Its blocks may follow each other;
// each is checked for shape and CRC here, unless a trust is going to judge the sector.
static bool may_follow(struct aloft_image *image, uint8_t byte)
{
    uint32_t at = image->off - aloft_image_signed_len(image); // huge in front of the sector
    uint32_t in_block = at % ALOFT_SIGBLOCK_LEN;
    if (image->rules.trust != NULL) {
        bool in_sector = at < ALOFT_SIGBLOCK_SECTOR;
        image->facts.signature |= in_sector && byte != 0xFF;
        return in_sector || byte == 0xFF;
    }
    if (at == 0) {
        image->facts.signature = byte == ALOFT_SIGBLOCK_MAGIC;
    }
    if (at >= ALOFT_SIGBLOCK_LEN * ALOFT_SIGBLOCK_MAX) {
        return byte == 0xFF;
    }
    if (in_block == 0) {
        image->block_crc = 0;
        image->in_block = image->facts.signature && byte == ALOFT_SIGBLOCK_MAGIC;
    }
    if (!image->in_block) {
        return byte == 0xFF;
    }
    if (in_block >= ALOFT_SIGBLOCK_ZERO) {
        return byte == 0;
    }
    if (in_block >= ALOFT_SIGBLOCK_CRC) {
        return byte == (uint8_t)(image->block_crc >> 8 * (in_block - ALOFT_SIGBLOCK_CRC));
    }
    image->block_crc = aloft_crc32(image->block_crc, &byte, 1);
    return in_block != 1 || byte == 2 || byte == 3;
}

static enum aloft_err after(struct aloft_image *image, struct input *in)
{
    enum aloft_err err = ALOFT_OK;
    while (err == ALOFT_OK && in->len > 0 && (image->rules.alone || !aloft_image_ended(image))) {
        if (image->rules.alone && !may_follow(image, *in->data)) {
            return ALOFT_ERR_IMAGE_TRAILING;
        }
        if (image->off >= image->rules.len_max) {
            return ALOFT_ERR_IMAGE_TOO_LARGE;
        }
        err = take(image, in, 1);
    }
    in->len = 0;
    return err;
}

// At most one event. None with input left means that a phase ended without an event.
static enum aloft_err advance(struct aloft_image *image, struct input *in)
{
    if (image->phase == DATA && !image->head_said && (image->left == 0 || !in_head(image))) {
        return desc_done(image);
    }
    if (image->phase == DATA && image->left == 0) {
        segment_done(image);
    }
    if (in->len == 0) {
        return image->err;
    }
    switch ((enum phase)image->phase) {
    case HEADER:
        return header(image, in);
    case SEGMENT_HEADER:
        return segment_header(image, in);
    case DATA:
        return segment_data(image, in);
    case TAIL:
        return tail(image, in);
    case HASH:
        return hash(image, in);
    case AFTER:
        return after(image, in);
    case BAD:
        break;
    }
    return image->err;
}

enum aloft_image_event aloft_image_next(struct aloft_image *image, const uint8_t *data,
                                        uint32_t len, uint32_t *used)
{
    struct input in = {data, len};
    do {
        image->event = ALOFT_IMAGE_MORE;
        image->err = advance(image, &in);
        if (image->err != ALOFT_OK) {
            image->event = ALOFT_IMAGE_BAD;
            image->phase = BAD;
        }
        ALOFT_INVARIANT("J5", (image->phase == BAD) == (image->err != ALOFT_OK));
    } while (image->event == ALOFT_IMAGE_MORE && in.len > 0);
    *used = len - in.len;
    return image->event;
}

enum aloft_err aloft_image_feed(struct aloft_image *image, const uint8_t *data, uint32_t len)
{
    uint32_t used;
    do {
        if (aloft_image_next(image, data, len, &used) == ALOFT_IMAGE_BAD) {
            return image->err;
        }
        data += used;
        len -= used;
    } while (len > 0);
    return ALOFT_OK;
}

enum aloft_err aloft_image_finish(struct aloft_image *image)
{
    bool cut = image->off - aloft_image_signed_len(image) < ALOFT_SIGBLOCK_SECTOR;
    if (image->phase == BAD) {
        return image->err;
    }
    if (image->off == 0) {
        return ALOFT_ERR_IMAGE_EMPTY;
    }
    if (image->phase != AFTER) {
        return ALOFT_ERR_IMAGE_TRUNCATED;
    }
    if (image->facts.signature) {
        return cut ? ALOFT_ERR_IMAGE_TRUNCATED : ALOFT_OK;
    }
    return image->rules.trust != NULL && image->rules.alone ? ALOFT_ERR_SIGNATURE_MISSING
                                                            : ALOFT_OK;
}

bool aloft_image_ended(const struct aloft_image *image)
{
    return image->phase == AFTER &&
           (image->rules.trust == NULL || image->off >= aloft_image_signed_len(image));
}
