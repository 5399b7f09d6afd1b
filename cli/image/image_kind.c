// A file is known by how it begins; only a merged one takes a second look, as what it begins with
// depends on the chip.
#include "cli/image/image_kind.h"
#include "aloft/base/bytes.h"
#include "aloft/format/encimg.h"
#include "aloft/format/sigblock.h"
#include "cli/base/ui.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 0xE9, MAGIC_8266 = 0xEA, SEGMENTS_8266 = 4, V1_LEN = 68 };

static bool in(uint32_t addr, uint32_t low, uint32_t high)
{
    return addr >= low && addr < high;
}

// Its header has 8 bytes, so the first segment's address stands where the others have a pin.
static bool is_esp8266(const uint8_t *data, uint32_t len)
{
    if (len < 16 || (data[0] != MAGIC && data[0] != MAGIC_8266)) {
        return false;
    }
    uint32_t entry = aloft_get_le32(data + 4);
    uint32_t addr = aloft_get_le32(data + 8);
    if (data[0] == MAGIC_8266) { // of its second format, with code in flash in front
        return data[1] == SEGMENTS_8266 && in(entry, 0x40100000, 0x40300000);
    }
    return in(entry, 0x40100000, 0x40300000) &&
           (in(addr, 0x40100000, 0x40108000) || in(addr, 0x3FFE8000, 0x40000000) ||
            in(addr, 0x40200000, 0x40300000));
}

// An image at an address; chip NULL: for any.
static void scan_at(const uint8_t *data, uint32_t len, uint32_t addr,
                    const struct aloft_image_rules *rules, struct aloft_image_scan *scan)
{
    memset(scan, 0, sizeof *scan);
    scan->err = ALOFT_ERR_IMAGE_EMPTY;
    if (addr < len) {
        aloft_image_scan(rules, data + addr, len - addr, scan);
    }
}

// A table where one can lie, or a bootloader where its chip looks for it, but not an image alone.
static bool is_flash(const uint8_t *data, uint32_t len)
{
    const struct aloft_image_rules rules = {
        .len_max = ALOFT_IMAGE_LEN_MAX, .bootloader = true, .chip_revision = 0xFFFF};
    const struct aloft_table_bytes bytes = {data, len};
    const struct aloft_flash flash = aloft_table_flash_of(&bytes);
    const struct aloft_chip_info *chip = aloft_table_find_chip(&flash);
    struct aloft_slots slots;
    struct aloft_image_scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL) {
        return false;
    }
    scan_at(data, len, 0, &rules, scan);
    bool app = scan->err == ALOFT_OK && scan->facts.mapped;
    free(scan);
    bool table = aloft_slots_load(&slots, &flash, &aloft_mbed_crypto,
                                  aloft_table_find(&flash, 0)) == ALOFT_OK;
    return !app && (table || (chip != NULL && chip->bootloader_addr != 0));
}

static bool is_sector(const uint8_t *data, uint32_t len)
{
    struct aloft_sigblock block;
    return len == ALOFT_SIGBLOCK_SECTOR && data[0] == ALOFT_SIGBLOCK_MAGIC &&
           aloft_sigblock_read(&block, data) > ALOFT_SIGBLOCK_DAMAGED;
}

enum aloft_image_kind aloft_image_kind_of(const uint8_t *data, uint32_t len)
{
    struct aloft_encimg encrypted;
    if (len >= ALOFT_ENCIMG_HEADER && data[0] == ALOFT_ENCIMG_FIRST &&
        aloft_encimg_parse(data, &encrypted) != ALOFT_ERR_ENC_HEADER) {
        return ALOFT_IMAGE_KIND_ENCRYPTED;
    }
    return is_sector(data, len)    ? ALOFT_IMAGE_KIND_SIGNATURE
           : is_esp8266(data, len) ? ALOFT_IMAGE_KIND_ESP8266
           : is_flash(data, len)   ? ALOFT_IMAGE_KIND_FLASH
                                   : ALOFT_IMAGE_KIND_IMAGE;
}

const char *aloft_image_kind_word(enum aloft_image_kind kind)
{
    static const char *const words[] = {"image", "flash", "encrypted image", "signature sector",
                                        "ESP8266 image"};
    return words[kind];
}

const char *aloft_image_kind_sentence(enum aloft_image_kind kind)
{
    switch (kind) {
    case ALOFT_IMAGE_KIND_ENCRYPTED:
        return "a pre-encrypted image; `aloft decrypt` opens it with the device's key";
    case ALOFT_IMAGE_KIND_SIGNATURE:
        return "a Secure Boot V2 signature sector without the image that it belongs to";
    case ALOFT_IMAGE_KIND_ESP8266:
        return "an ESP8266 image; no ESP32 of any kind runs it";
    case ALOFT_IMAGE_KIND_IMAGE:
    case ALOFT_IMAGE_KIND_FLASH:
        break;
    }
    return NULL;
}

const char *aloft_image_kind_signature(const struct aloft_image_scan *scan, const uint8_t *data,
                                       uint32_t len)
{
    static const char *const blocks[] = {"damaged", "Secure Boot V2, 1 block",
                                         "Secure Boot V2, 2 blocks", "Secure Boot V2, 3 blocks"};
    struct aloft_sigblock block;
    uint32_t at = aloft_align_up(scan->facts.image_len, ALOFT_SIGBLOCK_SECTOR);
    const uint8_t *behind = data + scan->facts.image_len;
    uint32_t left = len - scan->facts.image_len;
    if (len >= at + ALOFT_SIGBLOCK_SECTOR && data[at] == ALOFT_SIGBLOCK_MAGIC) {
        size_t count = 0;
        while (count < ALOFT_SIGBLOCK_MAX &&
               aloft_sigblock_read(&block, data + at + count * ALOFT_SIGBLOCK_LEN) >
                   ALOFT_SIGBLOCK_DAMAGED) {
            count++;
        }
        return blocks[count];
    }
    // A version, which is 0, and r and s of P-256; erased flash or the file's end follows.
    bool v1 = left >= V1_LEN && aloft_bytes_are(behind, 4, 0) &&
              !aloft_bytes_are(behind + 4, 64, 0) && !aloft_bytes_are(behind + 4, 64, 0xFF) &&
              aloft_bytes_are(behind + V1_LEN, left - V1_LEN, 0xFF);
    return v1 ? "Secure Boot V1" : "none";
}

// --- a whole flash

struct listing {
    const uint8_t *data;
    uint32_t len;
    const struct aloft_image_rules *rules;
    const struct aloft_chip *chip;
    struct aloft_image_scan *scan;
    uint32_t apps;
    bool good;
};

static void list_image(struct listing *listing, const char *what, struct aloft_extent extent)
{
    struct aloft_image_rules rules = *listing->rules;
    struct aloft_image_scan *scan = listing->scan;
    uint32_t end =
        listing->len - extent.addr < extent.len ? listing->len : extent.addr + extent.len;
    char number[32];
    if (extent.addr >= listing->len || listing->data[extent.addr] == 0xFF) {
        printf("  0x%06x  %-16s empty\n", (unsigned)extent.addr, what);
        return;
    }
    rules.bootloader = strcmp(what, "bootloader") == 0;
    rules.chip = listing->chip;
    rules.len_max = extent.len;
    rules.alone = false;
    scan_at(listing->data, end, extent.addr, &rules, scan);
    if (scan->err == ALOFT_OK && rules.bootloader && scan->facts.mapped) {
        scan->err = ALOFT_ERR_IMAGE_SEGMENT; // an app where the ROM looks for a bootloader
    }
    if (scan->err != ALOFT_OK) {
        listing->good = false;
        printf("  0x%06x  %-16s bad: %s (%s)\n", (unsigned)extent.addr, what,
               aloft_err_sentence(scan->err), aloft_err_name(scan->err));
        return;
    }
    listing->apps += scan->facts.mapped ? 1 : 0;
    printf("  0x%06x  %-16s good, %s bytes", (unsigned)extent.addr, what,
           aloft_ui_thousands(scan->facts.image_len, number));
    if (scan->facts.has_desc) {
        char both[2 * ALOFT_IMAGE_TEXT + 2];
        char text[sizeof both];
        (void)snprintf(both, sizeof both, "%s %s", scan->facts.project, scan->facts.version);
        aloft_ui_clean(both, text, sizeof text);
        printf(", %s", text);
    }
    printf("\n");
}

static void list_slots(struct listing *listing, const struct aloft_slots *slots)
{
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        char name[ALOFT_SLOT_NAME];
        struct aloft_extent extent = aloft_slots_extent(slots, slot);
        aloft_slot_name(slot, name);
        if (extent.len != 0) {
            list_image(listing, name, extent);
        }
    }
}

bool aloft_image_kind_list_flash(const char *name, const struct aloft_table_bytes *bytes,
                                 const struct aloft_image_rules *rules, uint32_t *apps)
{
    const struct aloft_flash flash = aloft_table_flash_of(bytes);
    const struct aloft_chip_info *chip = aloft_table_find_chip(&flash);
    uint32_t table = aloft_table_find(&flash, 0);
    struct aloft_slots slots;
    char number[32];
    struct listing listing = {.data = bytes->data, .len = bytes->len, .rules = rules, .good = true};
    listing.chip = chip != NULL ? aloft_chip_find(chip->id) : NULL;
    listing.scan = calloc(1, sizeof *listing.scan);
    if (listing.scan == NULL) {
        aloft_ui_error("out of memory");
        return false;
    }
    printf("%s: a flash%s%s, %s bytes\n", name, chip != NULL ? " of an " : "",
           chip != NULL ? chip->name : "", aloft_ui_thousands(bytes->len, number));
    if (chip != NULL) {
        list_image(&listing, "bootloader",
                   (struct aloft_extent){chip->bootloader_addr, table - chip->bootloader_addr});
    }
    enum aloft_err err = aloft_slots_load(&slots, &flash, &aloft_mbed_crypto, table);
    printf("  0x%06x  %-16s %s\n", (unsigned)table, "partition table",
           err == ALOFT_OK ? "good" : aloft_err_sentence(err));
    if (err == ALOFT_OK) {
        list_slots(&listing, &slots);
    }
    free(listing.scan);
    if (listing.apps > 0) {
        printf("  (--slot NAME shows one of the apps)\n");
    }
    if (listing.apps == 0) {
        printf("  no app is in it\n");
    }
    *apps = listing.apps;
    return listing.good && err == ALOFT_OK;
}
