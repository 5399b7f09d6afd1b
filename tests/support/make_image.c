// An image is written front to back; the only look back is for the segment count in the header.
#include "make_image.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/err.h"
#include "soft_crypto.h"
#include <string.h>

enum {
    HEADER = 24,
    DESC = 256,
    SECURE_AT = 36, // in the image
    SECTOR = 0x1000,
    BLOCK = 1216,
    BLOCK_CRC = 1196,
    BLOCK_ZERO = 1200
};

#define DROM_ADDR 0x3F400020u // mapped: the low 16 bits equal the offset of the data in the file

static uint8_t *grow(struct make_image *image, uint32_t len)
{
    uint8_t *at = image->bytes + image->len;
    ALOFT_ASSERT(len <= image->cap - image->len);
    image->len += len;
    return at;
}

void make_image_begin(struct make_image *image, uint8_t *bytes, uint32_t cap)
{
    static const uint8_t header[HEADER] = {0xE9, 0, 2, 0x20, 0x54, 0x10, 0x08, 0x40, 0xEE, 0, 0, 0,
                                           0,    0, 0, 0,    0,    0xFF, 0xFF, 0,    0,    0, 0, 1};
    *image = (struct make_image){.bytes = bytes, .cap = cap, .checksum = 0xEF};
    memcpy(grow(image, HEADER), header, HEADER);
}

void make_image_segment(struct make_image *image, uint32_t addr, const uint8_t *data, uint32_t len)
{
    uint8_t *head = grow(image, 8);
    uint8_t *to = grow(image, len);
    aloft_put_le32(head, addr);
    aloft_put_le32(head + 4, len);
    for (uint32_t i = 0; i < len; i++) {
        to[i] = data != NULL ? data[i] : (uint8_t)(i * 7 + (i >> 8) + image->bytes[1]);
        image->checksum ^= to[i];
    }
    image->bytes[1]++;
}

void make_image_app(struct make_image *image, const char *version, const char *project,
                    uint32_t len)
{
    uint8_t *to = image->bytes + image->len + 8;
    uint8_t head[DESC] = {0x32, 0x54, 0xCD, 0xAB, 7};
    strncpy((char *)head + 16, version, 32);
    strncpy((char *)head + 48, project, 32);
    make_image_segment(image, DROM_ADDR, NULL, len);
    for (uint32_t i = 0; i < DESC; i++) {
        image->checksum ^= to[i] ^ head[i];
    }
    memcpy(to, head, DESC);
}

void make_image_secure(struct make_image *image, uint8_t version)
{
    uint8_t *at = image->bytes + SECURE_AT;
    image->checksum ^= *at ^ version;
    *at = version;
}

uint32_t make_image_end(struct make_image *image)
{
    uint32_t zeros = 15 - image->len % 16;
    memset(grow(image, zeros), 0, zeros);
    *grow(image, 1) = image->checksum;
    if (image->bytes[MAKE_IMAGE_HASHED] == 1) {
        struct aloft_hash sha;
        uint32_t hashed = image->len;
        aloft_soft_crypto.hash_init(&sha, ALOFT_HASH_SHA256);
        aloft_soft_crypto.hash_feed(&sha, image->bytes, hashed);
        aloft_soft_crypto.hash_finish(&sha, grow(image, ALOFT_SHA256_LEN));
    }
    return image->len;
}

uint32_t make_image_sign(struct make_image *image, uint32_t blocks)
{
    uint32_t gap = aloft_align_up(image->len, SECTOR) - image->len;
    memset(grow(image, gap), 0xFF, gap);
    uint8_t *sector = grow(image, SECTOR);
    memset(sector, 0xFF, SECTOR);
    for (uint32_t i = 0; i < blocks; i++) {
        uint8_t *block = sector + (size_t)i * BLOCK;
        memset(block, (int)(0x30 + i), BLOCK);
        block[0] = 0xE7;
        block[1] = 2;
        aloft_put_le32(block + BLOCK_CRC, aloft_crc32(0, block, BLOCK_CRC));
        memset(block + BLOCK_ZERO, 0, BLOCK - BLOCK_ZERO);
    }
    return image->len;
}

uint32_t make_image(uint8_t *bytes, uint32_t cap, uint32_t extra)
{
    struct make_image image;
    make_image_begin(&image, bytes, cap);
    make_image_app(&image, "1.2.3", "hello_world", DESC + extra);
    return make_image_end(&image);
}
