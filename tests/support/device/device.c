// See the header. The table is emitted by core, which its own tests hold against golden bytes.
#include "device.h"
#include "aloft/base/crc32.h"
#include "hash_ledger.h"
#include <string.h>

uint32_t device_unit = 1;

static uint8_t chip[DEVICE_SIZE];
static uint8_t image[DEVICE_IMAGE_MAX];

static void add(struct aloft_partition *rows, uint32_t *count, struct aloft_partition row)
{
    rows[(*count)++] = row;
}

void device_init(struct device *device, uint32_t ota, bool factory, bool otadata)
{
    static const char *const names[] = {"ota_0", "ota_1", "ota_2"};
    struct aloft_partition rows[8];
    uint8_t table[ALOFT_PTABLE_LEN];
    uint32_t count = 0;

    memset(device, 0, sizeof *device);
    hash_ledger_forget();
    ram_flash_init(&device->ram, chip, DEVICE_SIZE);
    ram_flash_encrypt(&device->ram, device_unit);
    add(rows, &count, (struct aloft_partition){1, 2, 0x9000, 0x4000, 0, "nvs"});
    if (otadata) {
        add(rows, &count, (struct aloft_partition){1, 0, DEVICE_OTADATA, 0x2000, 0, "otadata"});
    }
    if (factory) {
        add(rows, &count,
            (struct aloft_partition){0, 0, DEVICE_FACTORY, DEVICE_FACTORY_LEN, 0, "factory"});
    }
    for (uint32_t i = 0; i < ota; i++) {
        struct aloft_partition row = {
            0, (uint8_t)(0x10 + i), DEVICE_OTA_0 + i * DEVICE_SLOT_STEP, DEVICE_SLOT_LEN, 0, ""};
        memcpy(row.label, names[i], 6);
        add(rows, &count, row);
    }
    (void)aloft_ptable_emit_all(rows, count, &hash_ledger, table);
    device_put(device, ALOFT_PTABLE_ADDR_DEFAULT, table, sizeof table);
    device->rules = (struct aloft_image_rules){.crypto = &hash_ledger,
                                               .len_max = DEVICE_SIZE,
                                               .chip = &aloft_chip_esp32,
                                               .chip_revision = 0xFFFF};
    (void)aloft_slots_load(&device->slots, &device->ram.flash, &hash_ledger,
                           ALOFT_PTABLE_ADDR_DEFAULT);
    device->ram.ops = 0;
}

void device_two_ota(struct device *device)
{
    device_init(device, 2, true, true);
}

void device_put(struct device *device, uint32_t addr, const void *bytes, uint32_t len)
{
    memcpy(device->ram.bytes + addr, bytes, len);
}

const uint8_t *device_image(const char *version, uint32_t extra, uint32_t *len)
{
    struct make_image make;
    make_image_begin(&make, image, sizeof image);
    make_image_app(&make, version, "test", 256);
    make_image_segment(&make, 0x3FFB0000, NULL, extra);
    *len = make_image_end(&make);
    return image;
}

const uint8_t *device_bootloader(uint32_t *len)
{
    struct make_image make;
    make_image_begin(&make, image, sizeof image);
    make_image_segment(&make, 0x40078000, NULL, 3000);
    *len = make_image_end(&make);
    return image;
}

uint32_t device_put_app(struct device *device, int slot, const char *version)
{
    uint32_t len;
    const uint8_t *bytes = device_image(version, 600, &len);
    device_put(device, aloft_slots_extent(&device->slots, slot).addr, bytes, len);
    return len;
}

void device_put_record(struct device *device, uint32_t index, uint32_t seq, uint32_t state,
                       bool crc_ok)
{
    struct aloft_otadata record = {.seq = seq, .state = state};
    uint8_t bytes[ALOFT_OTADATA_RECORD];
    aloft_otadata_emit(&record, bytes);
    bytes[28] ^= crc_ok ? 0 : 0x5A;
    device_put(device, DEVICE_OTADATA + index * ALOFT_OTADATA_SECTOR, bytes, sizeof bytes);
}

// FNV-1a over words: tests ask thousands of times, and a CRC of each bit took most of their time.
static uint64_t sum(uint64_t so_far, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i += 8) {
        uint64_t word = 0;
        memcpy(&word, bytes + i, len - i < 8 ? len - i : 8);
        so_far = (so_far ^ word) * 0x100000001B3u;
        so_far ^= so_far >> 32;
    }
    return so_far;
}

uint32_t device_rest(const struct device *device, uint32_t addr, uint32_t len)
{
    const uint8_t *bytes = device->ram.bytes;
    uint32_t from = DEVICE_OTADATA + ALOFT_OTADATA_LEN;
    uint64_t all = sum(0, bytes, DEVICE_OTADATA);
    all = sum(all, bytes + from, addr - from);
    return (uint32_t)sum(all, bytes + addr + len, DEVICE_SIZE - addr - len);
}
