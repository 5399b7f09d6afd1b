// Firmware that real products shipped: what we say of it must be what ESP-IDF and esptool say. The
// files are not part of this repository; without them the test skips.
#include "aloft/format/otadata.h"
#include "host_test.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/image/image_scan.h"
#include "hostlib/table/ptable_plan.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SKIPPED = 77 };

static const char *folder(void)
{
    const char *given = getenv("ALOFT_FIRMWARE");
    return given != NULL ? given : ALOFT_FIRMWARE_DIR;
}

static struct aloft_file read_firmware(const char *name)
{
    char path[PATH_MAX];
    struct aloft_file file;
    struct aloft_message error;
    (void)snprintf(path, sizeof path, "%s/%s", folder(), name);
    if (!aloft_file_read(path, 0x1000000, &file, &error)) {
        fail_msg("%s", error.text);
    }
    return file;
}

struct image {
    const char *name;
    uint32_t len;
    uint16_t chip_id;
    uint32_t segments;
    uint32_t entry;
    uint8_t checksum;
    const char *hash; // how the appended SHA-256 begins
    bool has_desc;
};

// From esptool v4.4.
static const struct image images[] = {
    {"esp32-idf3-bootloader.bin", 19424, 0, 4, 0x40078FB4, 0xF1, "\x46\x19\xae\x90", false},
    {"esp32-idf3-hello-world.bin", 477312, 0, 7, 0x40080F5C, 0x55, "\xed\xba\x76\x1e", false},
    {"esp32-wled-0.15.0-b3.bin", 1318176, 0, 5, 0x400843B0, 0xE1, NULL, true},
    {"esp32-wled-0.15.0-b4.bin", 1323552, 0, 5, 0x400843B8, 0x2E, NULL, true},
    {"esp32c3-wled-0.15.0-b3.bin", 1543744, 5, 5, 0x40384610, 0xA8, NULL, true},
    {"esp32c3-wled-0.15.0-b4.bin", 1543248, 5, 5, 0x4038460E, 0x21, NULL, true},
    {"esp32s3-arduino-bootloader.bin", 14768, 9, 3, 0x403C98D8, 0xB7, "\x53\x42\x95\x47", false},
};

static void real_images_are_good_and_read_as_esptool_reads_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(images); i++) {
        const struct image *c = &images[i];
        struct aloft_file file = read_firmware(c->name);
        struct aloft_image_rules rules = {.crypto = &aloft_mbed_crypto,
                                          .len_max = ALOFT_IMAGE_LEN_MAX,
                                          .chip = aloft_chip_find(c->chip_id),
                                          .bootloader = strstr(c->name, "bootloader") != NULL,
                                          .chip_revision = 0xFFFF,
                                          .alone = true};
        struct aloft_image_scan scan;
        print_message("%s\n", c->name);
        aloft_image_scan(&rules, file.data, (uint32_t)file.len, &scan);
        assert_int_equal(scan.err, ALOFT_OK);
        assert_int_equal(scan.facts.image_len, c->len);
        assert_int_equal(scan.segment_count, c->segments);
        assert_int_equal(scan.facts.entry, c->entry);
        assert_int_equal(scan.facts.checksum, c->checksum);
        assert_int_equal(scan.facts.has_desc, c->has_desc);
        if (c->hash != NULL) {
            assert_memory_equal(scan.facts.digest, c->hash, 4);
        }
        // One byte of the middle is enough to spoil it.
        file.data[file.len / 2] ^= 1;
        aloft_image_scan(&rules, file.data, (uint32_t)file.len, &scan);
        assert_int_not_equal(scan.err, ALOFT_OK);
        aloft_file_release(&file);
    }
}

struct row {
    const char *name;
    uint32_t addr;
    uint32_t len;
};

struct table {
    const char *name;
    size_t off;
    bool has_md5;
    struct row rows[8];
};

// From gen_esp32part v5.1.
static const struct table tables[] = {
    {"esp32-idf3-partitions-singleapp.bin",
     0,
     false,
     {{"nvs", 0x9000, 0x6000}, {"phy_init", 0xF000, 0x1000}, {"factory", 0x10000, 0x100000}}},
    {"esp32c3-wled-partitions.bin",
     0,
     true,
     {{"nvs", 0x9000, 0x5000},
      {"otadata", 0xE000, 0x2000},
      {"app0", 0x10000, 0x180000},
      {"app1", 0x190000, 0x180000},
      {"spiffs", 0x310000, 0xF0000}}},
    {"esp32-wled-first-flash-at-0x0.bin",
     0x8000,
     true,
     {{"nvs", 0x9000, 0x5000},
      {"otadata", 0xE000, 0x2000},
      {"app0", 0x10000, 0x180000},
      {"app1", 0x190000, 0x180000},
      {"spiffs", 0x310000, 0xF0000}}},
    {"esp32s3-wled-partitions-8m.bin",
     0,
     true,
     {{"nvs", 0x9000, 0x5000},
      {"otadata", 0xE000, 0x2000},
      {"app0", 0x10000, 0x200000},
      {"app1", 0x210000, 0x200000},
      {"spiffs", 0x410000, 0x3E0000},
      {"coredump", 0x7F0000, 0x10000}}},
};

static void real_tables_are_good_and_read_as_the_generator_reads_them(void **state)
{
    static struct aloft_ptable_plan plan;
    const struct aloft_ptable_rules rules = ALOFT_PTABLE_RULES_DEFAULT;
    struct aloft_message error;
    (void)state;
    for (size_t i = 0; i < COUNT(tables); i++) {
        const struct table *c = &tables[i];
        struct aloft_file file = read_firmware(c->name);
        print_message("%s\n", c->name);
        assert_int_equal(aloft_ptable_plan_load(&plan, file.data + c->off, file.len - c->off, 0),
                         ALOFT_OK);
        assert_true(aloft_ptable_plan_check(&plan, &rules, &error));
        assert_int_equal(plan.has_md5, c->has_md5);
        uint32_t count = 0;
        for (; count < COUNT(c->rows) && c->rows[count].name != NULL; count++) {
            assert_string_equal(plan.partitions[count].label, c->rows[count].name);
            assert_int_equal(plan.partitions[count].addr, c->rows[count].addr);
            assert_int_equal(plan.partitions[count].len, c->rows[count].len);
        }
        assert_int_equal(plan.count, count);
        aloft_file_release(&file);
    }
}

static void real_otadata_selects_ota_0(void **state)
{
    struct aloft_file file = read_firmware("esp32-arduino-otadata-ota_0.bin");
    struct aloft_otadata records[2];
    (void)state;
    assert_int_equal(file.len, ALOFT_OTADATA_LEN);
    aloft_otadata_parse(file.data, &records[0]);
    aloft_otadata_parse(file.data + ALOFT_OTADATA_SECTOR, &records[1]);
    assert_int_equal(aloft_otadata_active(records), 0);
    assert_int_equal(records[0].seq, 1);
    assert_int_equal(records[0].crc, 0x4743989A);
    assert_true(records[0].state == ALOFT_OTA_UNDEFINED);
    assert_int_equal(aloft_otadata_slot(records[0].seq, 2), 0);
    aloft_file_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_images_are_good_and_read_as_esptool_reads_them),
        cmocka_unit_test(real_tables_are_good_and_read_as_the_generator_reads_them),
        cmocka_unit_test(real_otadata_selects_ota_0),
    };
    if (access(folder(), R_OK) != 0) {
        printf("skipped: no real firmware in %s; set ALOFT_FIRMWARE to a folder that has it\n",
               folder());
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
