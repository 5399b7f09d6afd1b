// How long the flash chip is busy during one update: a 1.3 MB image through the real engine into
// each slot of two_ota_large, on the NOR model with a datasheet's typical times. Reading takes no
// time in the model, so verifying is free on all sides of the comparison.
//
// Limits, exit 1 when one is broken:
//   floor    the cheapest mix of erase sizes that covers the image, and each page written once:
//            at most 1.05 of it, also when the length is not known
//   ESP-IDF  its order of work: erase the whole slot, by blocks as far as they fit, then write; or
//            erase sector by sector as bytes come (OTA_WITH_SEQUENTIAL_WRITES, as native_ota does):
//            below both
#include "aloft/engine.h"
#include "aloft/format/ptable.h"
#include "hostlib/flash/nor.h"
#include "make_image.h"
#include "soft_crypto.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHIP = 4 << 20, IMAGE_LEN = 1300 << 10, PIECE = 1024 };

#define FLOOR_RATIO_MAX 1.05

static const struct aloft_partition two_ota_large[] = {
    {1, 2, 0x9000, 0x6000, 0, "nvs"},
    {1, 0, 0xf000, 0x2000, 0, "otadata"},
    {1, 1, 0x11000, 0x1000, 0, "phy_init"},
    {0, 0x10, 0x20000, 1700 << 10, 0, "ota_0"},
    {0, 0x11, 0x1d0000, 1700 << 10, 0, "ota_1"},
};

struct bench {
    struct aloft_nor nor;
    struct aloft_slots slots;
    uint8_t *image;
    uint32_t image_len;
};

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

// A block pays as soon as it saves four sectors, and only where it lies inside the slot.
static double floor_ms(struct aloft_extent slot, uint32_t len)
{
    uint32_t sector_us = aloft_nor_erase_us(ALOFT_NOR_SECTOR);
    uint32_t block_us = aloft_nor_erase_us(ALOFT_NOR_BLOCK);
    double us = ceil_div(len, ALOFT_FLASH_PAGE) * (double)aloft_nor_prog_us(ALOFT_FLASH_PAGE);
    for (uint32_t off = 0; off < len; off += ALOFT_NOR_BLOCK) {
        uint32_t here = len - off < ALOFT_NOR_BLOCK ? len - off : ALOFT_NOR_BLOCK;
        uint32_t sectors_us = ceil_div(here, ALOFT_NOR_SECTOR) * sector_us;
        bool fits = slot.len - off >= ALOFT_NOR_BLOCK;
        us += fits && block_us < sectors_us ? block_us : sectors_us;
    }
    return us / 1000;
}

static double esp_idf_ms(struct aloft_extent slot, uint32_t len)
{
    double us = ceil_div(len, ALOFT_FLASH_PAGE) * (double)aloft_nor_prog_us(ALOFT_FLASH_PAGE);
    us += slot.len / ALOFT_NOR_BLOCK * (double)aloft_nor_erase_us(ALOFT_NOR_BLOCK);
    us += ceil_div(slot.len % ALOFT_NOR_BLOCK, ALOFT_NOR_SECTOR) *
          (double)aloft_nor_erase_us(ALOFT_NOR_SECTOR);
    return us / 1000;
}

static double sequential_ms(uint32_t len)
{
    double us = ceil_div(len, ALOFT_FLASH_PAGE) * (double)aloft_nor_prog_us(ALOFT_FLASH_PAGE);
    us += ceil_div(len, ALOFT_NOR_SECTOR) * (double)aloft_nor_erase_us(ALOFT_NOR_SECTOR);
    return us / 1000;
}

static void check(enum aloft_err err, const char *what)
{
    if (err != ALOFT_OK) {
        fprintf(stderr, "flash_time: %s: %s\n", what, aloft_err_sentence(err));
        exit(2);
    }
}

static void step_until_done(struct aloft_engine *engine)
{
    enum aloft_step step;
    do {
        step = aloft_engine_step(engine);
    } while (step == ALOFT_STEP_AGAIN);
    check(step == ALOFT_STEP_DONE ? ALOFT_OK : engine->err, "step");
}

// What the server sends: length and ETag, so that progress is noted; the length alone; neither.
enum told { NOTED, KNOWN, UNKNOWN, TOLD_COUNT };

// One update from the other slot; returns the modelled time.
static double update_ms(struct bench *bench, int running, enum told told)
{
    struct aloft_artifact artifact = {.len = bench->image_len, .tag_len = 6, .tag = "\"etag\""};
    struct aloft_image_rules rules = {.crypto = &aloft_soft_crypto,
                                      .len_max = CHIP,
                                      .chip = &aloft_chip_esp32,
                                      .chip_revision = 0xFFFF,
                                      .alone = true};
    struct aloft_engine_config config = {.slots = &bench->slots,
                                         .rules = &rules,
                                         .running = running,
                                         .target = ALOFT_SLOT_NONE,
                                         .len = told == UNKNOWN ? 0 : bench->image_len,
                                         .artifact = told == NOTED ? &artifact : NULL};
    struct aloft_engine engine;
    uint64_t before = bench->nor.busy_total_us;
    check(aloft_engine_begin(&engine, &config), "begin");
    for (uint32_t off = 0; off < bench->image_len;) {
        uint32_t left = bench->image_len - off;
        uint32_t used = 0;
        check(aloft_engine_feed(&engine, bench->image + off, left < PIECE ? left : PIECE, &used),
              "feed");
        off += used;
        step_until_done(&engine);
    }
    check(aloft_engine_finish(&engine), "finish");
    step_until_done(&engine);
    struct aloft_extent slot = aloft_slots_extent(&bench->slots, 1 - running);
    if (memcmp(bench->nor.bytes + slot.addr, bench->image, bench->image_len) != 0) {
        check(ALOFT_ERR_FLASH_VERIFY, "the slot");
    }
    return (double)(bench->nor.busy_total_us - before) / 1000;
}

static void set_up(struct bench *bench)
{
    struct make_image image;
    uint8_t *chip = malloc(CHIP);
    struct aloft_nor_sector *sectors = calloc(CHIP / ALOFT_NOR_SECTOR, sizeof *sectors);
    bench->image = malloc(IMAGE_LEN + 64);
    if (chip == NULL || sectors == NULL || bench->image == NULL) {
        abort();
    }
    memset(chip, 0, CHIP); // no part is erased by chance
    memset(chip + 0xf000, 0xFF, ALOFT_OTADATA_LEN);
    check(aloft_ptable_emit_all(two_ota_large, 5, &aloft_soft_crypto, chip + 0x8000), "table");
    aloft_nor_init(&bench->nor, chip, sectors, CHIP);
    check(aloft_slots_load(&bench->slots, &bench->nor.flash, &aloft_soft_crypto, 0x8000), "slots");
    make_image_begin(&image, bench->image, IMAGE_LEN + 64);
    make_image_app(&image, "1.0", "flash_time", IMAGE_LEN - 512);
    bench->image_len = make_image_end(&image);
}

// Prints one row for each of these cases; false when a limit is exceeded.
static bool measure(struct bench *bench, int target)
{
    static const char *const words[TOLD_COUNT] = {"with notes", "known", "unknown"};
    struct aloft_extent slot = aloft_slots_extent(&bench->slots, target);
    double least = floor_ms(slot, bench->image_len);
    double idf = esp_idf_ms(slot, bench->image_len);
    double sequential = sequential_ms(bench->image_len);
    bool good = true;
    for (enum told told = NOTED; told < TOLD_COUNT; told++) {
        double ms = update_ms(bench, 1 - target, told);
        printf("ota_%-4d%12s%12.1f%12.1f%8.3f%12.1f%9.0f%%%12.1f%9.0f%%\n", target, words[told], ms,
               least, ms / least, idf, 100 * ms / idf, sequential, 100 * ms / sequential);
        good =
            good && ms < idf && ms < sequential && (told == NOTED || ms <= FLOOR_RATIO_MAX * least);
    }
    return good;
}

int main(void)
{
    static struct bench bench;
    bool good = true;
    set_up(&bench);
    printf("Modelled flash time of an update of %u bytes, two_ota_large\n", bench.image_len);
    printf("%-8s%12s%12s%12s%8s%12s%10s%12s%10s\n", "slot", "length", "Aloft ms", "floor ms",
           "ratio", "ESP-IDF ms", "of that", "by sectors", "of that");
    for (int target = 0; target < 2; target++) {
        good = measure(&bench, target) && good;
    }
    printf("Limits: at most %.2f of the floor without notes, and below ESP-IDF: %s\n",
           FLOOR_RATIO_MAX, good ? "kept" : "BROKEN");
    return good ? 0 : 1;
}
