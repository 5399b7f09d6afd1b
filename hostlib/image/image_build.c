// A cursor walks over the output; the checksum runs over segment data as it is laid down, the hash
// over everything at the end.
#include "hostlib/image/image_build.h"
#include "aloft/base/bytes.h"
#include "aloft/base/hash.h"
#include "aloft/chip.h"
#include <string.h>

#define DESC_ADDR      0x3F400020u // mapped data, at the page offset that it has in the file
#define MAGIC          0xE9u
#define SPI_DIO        2u
#define SPI_40M_4MB    0x20u
#define WP_PIN_NONE    0xEEu
#define CHECKSUM_SEED  0xEFu
#define CHECKSUM_BLOCK 16u

static const uint8_t elf_magic[4] = {0x7F, 'E', 'L', 'F'};

struct cursor {
    uint8_t *out;
    size_t len;
};

// Where an ELF64 header says where its tables lie: of segments, which run, and of sections, which
// only debuggers read.
enum {
    ELF_HEADER = 64,
    ELF_SEGMENTS = 32,
    ELF_SECTIONS = 40,
    ELF_SEGMENT_COUNT = 56,
    ELF_SECTION_COUNT = 60, // and then which of them has the names
    ELF_SEGMENT = 56,       // bytes of a row
    ELF_SECTION = 64,
    ELF_SEGMENT_OFF = 8,
    ELF_SEGMENT_LEN = 32,
};

static uint64_t le64(const uint8_t *p)
{
    return aloft_get_le32(p) | (uint64_t)aloft_get_le32(p + 4) << 32;
}

// How much of the program runs: all up to the end of its last segment, when what lies behind that
// ends with the sections' table; else all of it, as somebody put something there.
static size_t running_len(const struct aloft_image_recipe *recipe)
{
    const uint8_t *elf = recipe->elf;
    uint64_t end = ELF_HEADER;
    if (recipe->elf_len < ELF_HEADER || elf[4] != 2) {
        return recipe->elf_len;
    }
    uint64_t table = le64(elf + ELF_SEGMENTS);
    uint32_t count = aloft_get_le16(elf + ELF_SEGMENT_COUNT);
    if (count == 0 || table > recipe->elf_len || recipe->elf_len - table < count * ELF_SEGMENT) {
        return recipe->elf_len;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *row = elf + table + i * ELF_SEGMENT;
        uint64_t off = le64(row + ELF_SEGMENT_OFF);
        uint64_t len = le64(row + ELF_SEGMENT_LEN);
        bool inside = off <= recipe->elf_len && len <= recipe->elf_len - off;
        end = !inside ? recipe->elf_len : off + len > end ? off + len : end;
    }
    uint64_t sections = le64(elf + ELF_SECTIONS);
    uint64_t rows = (uint64_t)aloft_get_le16(elf + ELF_SECTION_COUNT) * ELF_SECTION;
    bool last =
        sections >= end && sections <= recipe->elf_len && recipe->elf_len - sections == rows;
    return last ? (size_t)end : recipe->elf_len;
}

static size_t native_len(const struct aloft_image_recipe *recipe)
{
    return (running_len(recipe) + 3) / 4 * 4;
}

// The program; one that was cut short says that it has no sections.
static void put_program(const struct aloft_image_recipe *recipe, uint8_t *out)
{
    size_t len = running_len(recipe);
    memcpy(out, recipe->elf, len);
    if (len < recipe->elf_len) {
        memset(out + ELF_SECTIONS, 0, 8);
        memset(out + ELF_SECTION_COUNT, 0, 4);
    }
}

static size_t head_len(const struct aloft_image_recipe *recipe)
{
    return ALOFT_IMAGE_DESC_LEN + aloft_settings_len(recipe->settings, recipe->setting_count);
}

// Up to and including the checksum.
static size_t hashed_len(const struct aloft_image_recipe *recipe)
{
    size_t len = ALOFT_IMAGE_HEADER + ALOFT_IMAGE_SEGMENT_HEADER + native_len(recipe);
    if (!recipe->bare) {
        len += ALOFT_IMAGE_SEGMENT_HEADER + head_len(recipe);
    }
    return (len | (CHECKSUM_BLOCK - 1)) + 1;
}

size_t aloft_image_build_len(const struct aloft_image_recipe *recipe)
{
    return hashed_len(recipe) + ALOFT_SHA256_LEN;
}

static bool text_fits(const char *what, const char *text, struct aloft_message *error)
{
    if (strlen(text) < ALOFT_IMAGE_TEXT) {
        return true;
    }
    return aloft_message_set(error, "the %s '%s' is longer than the 31 bytes of the descriptor",
                             what, text);
}

static bool settings_fit(const struct aloft_image_recipe *recipe, struct aloft_message *error)
{
    for (size_t i = 0; i < recipe->setting_count; i++) {
        const struct aloft_setting *setting = &recipe->settings[i];
        if (!aloft_settings_fit(setting)) {
            return aloft_message_set(error,
                                     "the setting '%s=%.80s' does not fit: a key has 1 to %u "
                                     "letters, digits, '_', '-' or '.', a value at most %u "
                                     "printable bytes and line ends",
                                     setting->key, setting->value, ALOFT_SETTINGS_KEY_MAX,
                                     ALOFT_SETTINGS_VALUE_MAX);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(recipe->settings[k].key, setting->key) == 0) {
                return aloft_message_set(error, "the setting '%s' is given twice", setting->key);
            }
        }
    }
    if (aloft_settings_len(recipe->settings, recipe->setting_count) > ALOFT_SETTINGS_LEN_MAX) {
        return aloft_message_set(error, "the settings together need more than %u bytes",
                                 ALOFT_SETTINGS_LEN_MAX);
    }
    return true;
}

bool aloft_image_build_check(const struct aloft_image_recipe *recipe, struct aloft_message *error)
{
    if (recipe->elf_len < sizeof elf_magic ||
        memcmp(recipe->elf, elf_magic, sizeof elf_magic) != 0) {
        return aloft_message_set(error,
                                 "the input is not an ELF program; give the program that the "
                                 "board shall run");
    }
    if (recipe->elf_len > ALOFT_IMAGE_LEN_MAX) {
        return aloft_message_set(error, "the program has %zu bytes; an image has at most %u",
                                 recipe->elf_len, ALOFT_IMAGE_LEN_MAX);
    }
    if ((recipe->bare || recipe->no_desc) && recipe->setting_count > 0) {
        return aloft_message_set(error, "an image without a descriptor has no place for settings");
    }
    if (!recipe->bare && (!text_fits("version", recipe->desc.version, error) ||
                          !text_fits("project name", recipe->desc.project, error))) {
        return false;
    }
    if (!settings_fit(recipe, error)) {
        return false;
    }
    if (aloft_image_build_len(recipe) > ALOFT_IMAGE_LEN_MAX) {
        return aloft_message_set(error, "the image would have %zu bytes; an image has at most %u",
                                 aloft_image_build_len(recipe), ALOFT_IMAGE_LEN_MAX);
    }
    return true;
}

static void put_header(struct cursor *at, uint8_t segment_count)
{
    uint8_t *p = at->out;
    p[0] = MAGIC;
    p[1] = segment_count;
    p[2] = SPI_DIO;
    p[3] = SPI_40M_4MB;
    aloft_put_le32(p + 4, ALOFT_NATIVE_ADDR);
    p[8] = WP_PIN_NONE;
    aloft_put_le16(p + 12, ALOFT_CHIP_ESP32);
    p[14] = ALOFT_IMAGE_BUILD_MIN_REVISION / 100; // where old tools look
    aloft_put_le16(p + 15, ALOFT_IMAGE_BUILD_MIN_REVISION);
    aloft_put_le16(p + 17, ALOFT_IMAGE_BUILD_MAX_REVISION);
    p[23] = 1; // a SHA-256 follows
    at->len = ALOFT_IMAGE_HEADER;
}

// Starts a segment and returns where its data goes; the data is zero so far.
static uint8_t *put_segment(struct cursor *at, uint32_t addr, size_t len)
{
    uint8_t *p = at->out + at->len;
    aloft_put_le32(p, addr);
    aloft_put_le32(p + 4, (uint32_t)len);
    at->len += ALOFT_IMAGE_SEGMENT_HEADER + len;
    return p + ALOFT_IMAGE_SEGMENT_HEADER;
}

static uint8_t xor_all(uint8_t sum, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        sum ^= data[i];
    }
    return sum;
}

enum aloft_err aloft_image_build(const struct aloft_image_recipe *recipe,
                                 const struct aloft_crypto *crypto, uint8_t *out)
{
    struct cursor at = {out, 0};
    uint8_t sum = CHECKSUM_SEED;
    size_t hashed = hashed_len(recipe);

    memset(out, 0, aloft_image_build_len(recipe));
    put_header(&at, recipe->bare ? 1 : 2);
    if (!recipe->bare) {
        struct aloft_image_desc desc = recipe->desc;
        enum aloft_err err =
            aloft_hash_of(crypto, ALOFT_HASH_SHA256, recipe->elf, recipe->elf_len, desc.elf_sha256);
        if (err != ALOFT_OK) {
            return err;
        }
        uint8_t *head = put_segment(&at, DESC_ADDR, head_len(recipe));
        if (!recipe->no_desc) {
            aloft_image_desc_emit(&desc, head);
        }
        aloft_settings_emit(recipe->settings, recipe->setting_count, head + ALOFT_IMAGE_DESC_LEN);
        sum = xor_all(sum, head, head_len(recipe));
    }
    uint8_t *native = put_segment(&at, ALOFT_NATIVE_ADDR, native_len(recipe));
    put_program(recipe, native);
    out[hashed - 1] = xor_all(sum, native, native_len(recipe));
    return aloft_hash_of(crypto, ALOFT_HASH_SHA256, out, hashed, out + hashed);
}
