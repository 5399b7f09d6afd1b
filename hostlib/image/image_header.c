// The three fields are bytes 2 and 3 of the image: mode, and size and frequency in one.
#include "hostlib/image/image_header.h"
#include "aloft/base/bytes.h"
#include "aloft/base/hash.h"
#include "aloft/format/sigblock.h"
#include "hostlib/base/chip_info.h"
#include "hostlib/base/number.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/image/image_scan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODE_OFF = 2, SPEED_SIZE_OFF = 3, CHIP_OFF = 12, SIZES = 8 };

static bool asks(const char *word)
{
    return word != NULL && strcmp(word, "keep") != 0;
}

bool aloft_image_header_asks(const struct aloft_image_header *header)
{
    return asks(header->mode) || asks(header->freq) || asks(header->size);
}

static bool read_mode(const char *word, uint8_t *mode, struct aloft_message *error)
{
    static const char *const words[] = {"qio", "qout", "dio", "dout"};
    for (uint8_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i]) == 0) {
            *mode = i;
            return true;
        }
    }
    return aloft_message_set(error, "flash mode '%s': write keep, qio, qout, dio or dout", word);
}

// "40m" is "40 MHz" of the chip's list.
static bool read_freq(const char *word, const struct aloft_chip_info *chip, uint8_t *speed_size,
                      struct aloft_message *error)
{
    char list[64] = "";
    for (const struct aloft_chip_frequency *f = chip->frequencies; f->text != NULL; f++) {
        char text[8];
        (void)snprintf(text, sizeof text, "%.2sm", f->text);
        if (strcmp(word, text) == 0) {
            *speed_size = (uint8_t)((*speed_size & 0xF0u) | f->code);
            return true;
        }
        size_t len = strlen(list);
        (void)snprintf(list + len, sizeof list - len, ", %s", text);
    }
    return aloft_message_set(error, "flash frequency '%s': of an %s write keep%s", word, chip->name,
                             list);
}

static bool read_size(const char *word, uint32_t flash_size, uint8_t *speed_size,
                      struct aloft_message *error)
{
    uint32_t size = flash_size;
    if (strcmp(word, "detect") == 0) {
        if (size == 0) {
            return aloft_message_set(error, "flash size 'detect' needs a chip; write keep, or 4MB");
        }
    } else if (!aloft_number_parse_size(word, &size)) {
        size = 0;
    }
    for (uint8_t code = 0; code < SIZES; code++) {
        if (size == (uint32_t)1 << (20 + code)) {
            *speed_size = (uint8_t)((*speed_size & 0x0Fu) | (unsigned)code << 4);
            return true;
        }
    }
    return aloft_message_set(error, "flash size '%s': write keep, 1MB, 2MB, 4MB, ... 128MB", word);
}

// The image's own facts. False when it is not whole, or signed.
static bool judge(const uint8_t *data, uint32_t len, struct aloft_image_facts *facts,
                  struct aloft_message *error)
{
    static const struct aloft_image_rules rules = {.crypto = &aloft_mbed_crypto,
                                                   .len_max = ALOFT_IMAGE_LEN_MAX,
                                                   .bootloader = true,
                                                   .chip_revision = 0xFFFF};
    struct aloft_image_scan *scan = malloc(sizeof *scan);
    if (scan == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    aloft_image_scan(&rules, data, len, scan);
    *facts = scan->facts;
    enum aloft_err err = scan->err;
    bool ended = scan->ended; // bytes behind the image, as in a merged file, are ignored
    free(scan);
    if (!ended) {
        return aloft_message_set(error, "its header cannot be set: %s (%s); write keep",
                                 aloft_err_sentence(err), aloft_err_name(err));
    }
    uint32_t at = aloft_align_up(facts->image_len, ALOFT_SIGBLOCK_SECTOR);
    if (len >= at + ALOFT_SIGBLOCK_SECTOR && data[at] == ALOFT_SIGBLOCK_MAGIC) {
        return aloft_message_set(error, "it is signed, so its header stays; write keep");
    }
    return true;
}

bool aloft_image_header_set(const struct aloft_image_header *header, uint32_t addr, uint8_t *data,
                            size_t len, bool *changed, struct aloft_message *error)
{
    *changed = false;
    if (!aloft_image_header_asks(header) || len < ALOFT_IMAGE_HEADER || len > UINT32_MAX ||
        data[0] != 0xE9) {
        return true;
    }
    const struct aloft_chip_info *chip = aloft_chip_info_find(aloft_get_le16(data + CHIP_OFF));
    if (chip == NULL || chip->bootloader_addr != addr) {
        return true;
    }
    struct aloft_image_facts facts = {0};
    uint8_t fields[2] = {data[MODE_OFF], data[SPEED_SIZE_OFF]};
    if ((asks(header->mode) && !read_mode(header->mode, &fields[0], error)) ||
        (asks(header->freq) && !read_freq(header->freq, chip, &fields[1], error)) ||
        (asks(header->size) && !read_size(header->size, header->flash_size, &fields[1], error))) {
        return false;
    }
    if (memcmp(fields, data + MODE_OFF, sizeof fields) == 0) {
        return true;
    }
    if (!judge(data, (uint32_t)len, &facts, error)) {
        return false;
    }
    memcpy(data + MODE_OFF, fields, sizeof fields);
    *changed = true;
    uint32_t hashed = facts.image_len - ALOFT_SHA256_LEN;
    return facts.hash_appended == 0 ||
           aloft_hash_of(&aloft_mbed_crypto, ALOFT_HASH_SHA256, data, hashed, data + hashed) ==
               ALOFT_OK ||
           aloft_message_set(error, "cannot compute a SHA-256");
}
