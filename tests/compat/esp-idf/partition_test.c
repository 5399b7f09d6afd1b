// esp_partition_*: finding, ESP-IDF's checks of ranges, and NOR's rules behind them.
#include "check.h"
#include "compat/esp-idf/host/host.h"
#include "esp_flash_internal.h"
#include "esp_image_format.h"
#include "esp_partition.h"
#include "tests/compat/esp-idf/idf_world.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const esp_partition_t *find(const char *label)
{
    return esp_partition_find_first(ESP_PARTITION_TYPE_ANY, ESP_PARTITION_SUBTYPE_ANY, label);
}

static void partitions_are_found_by_type_subtype_and_label(void)
{
    world_begin(0);
    const esp_partition_t *nvs = find("nvs");
    CHECK(nvs != NULL && nvs->address == 0x9000 && nvs->size == 0x4000 && nvs->erase_size == 4096);
    CHECK(find("nothing") == NULL);
    CHECK(esp_partition_find(ESP_PARTITION_TYPE_ANY, ESP_PARTITION_SUBTYPE_DATA_NVS, NULL) == NULL);
    CHECK(esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_NVS, NULL) ==
          nvs);
    int count = 0;
    esp_partition_iterator_t it =
        esp_partition_find(ESP_PARTITION_TYPE_APP, ESP_PARTITION_SUBTYPE_ANY, NULL);
    while (it != NULL) {
        CHECK_EQ(esp_partition_get(it)->type, ESP_PARTITION_TYPE_APP);
        count++;
        it = esp_partition_next(it);
    }
    CHECK_EQ(count, 3);
    esp_partition_t like = *nvs;
    CHECK(esp_partition_verify(&like) == nvs);
    like.size++;
    CHECK(esp_partition_verify(&like) == NULL);
}

static void ranges_are_checked_as_esp_idf_does(void)
{
    uint8_t buf[16] = {0};
    world_begin(0);
    const esp_partition_t *p = find("nvs");
    CHECK_EQ(esp_partition_read(p, p->size + 1, buf, 0), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_partition_read(p, p->size, buf, 0), ESP_OK);
    CHECK_EQ(esp_partition_read(p, p->size - 15, buf, 16), ESP_ERR_INVALID_SIZE);
    CHECK_EQ(esp_partition_read(p, 0, buf, SIZE_MAX), ESP_ERR_INVALID_SIZE);
    CHECK_EQ(esp_partition_write(p, p->size - 15, buf, 16), ESP_ERR_INVALID_SIZE);
    CHECK_EQ(esp_partition_erase_range(p, 0, 100), ESP_ERR_INVALID_SIZE);
    CHECK_EQ(esp_partition_erase_range(p, 100, 4096), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_partition_erase_range(p, 0, p->size + 4096), ESP_ERR_INVALID_SIZE);
    esp_partition_t locked = *p;
    locked.readonly = true;
    CHECK_EQ(esp_partition_write(&locked, 0, buf, 16), ESP_ERR_NOT_ALLOWED);
    CHECK_EQ(esp_partition_erase_range(&locked, 0, 4096), ESP_ERR_NOT_ALLOWED);
    CHECK_EQ(world.device.ram.erases + world.device.ram.progs, 0);
}

static void writes_clear_bits_and_cross_pages(void)
{
    uint8_t in[700];
    uint8_t out[700];
    world_begin(0);
    const esp_partition_t *p = find("nvs");
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i * 7);
    }
    CHECK_EQ(esp_partition_erase_range(p, 0, 8192), ESP_OK);
    CHECK_EQ(esp_partition_write(p, 4000, in, sizeof in), ESP_OK);
    CHECK_EQ(esp_partition_read(p, 4000, out, sizeof out), ESP_OK);
    CHECK_BYTES(out, in, sizeof in);
    CHECK_EQ(esp_partition_write(p, 4000, "\x00", 1), ESP_OK);
    CHECK_EQ(esp_partition_write(p, 4000, "\xFF", 1), ESP_OK);
    CHECK_EQ(esp_partition_read(p, 4000, out, 1), ESP_OK);
    CHECK_EQ(out[0], 0);
}

static void a_map_is_a_copy(void)
{
    const void *at;
    esp_partition_mmap_handle_t handle;
    world_begin(ALOFT_SLOT_FACTORY);
    const esp_partition_t *p = find("ota_0");
    CHECK_EQ(esp_partition_mmap(p, 32, 256, ESP_PARTITION_MMAP_DATA, &at, &handle), ESP_OK);
    CHECK_BYTES(at, world.device.ram.bytes + p->address + 32, 256);
    CHECK_EQ(esp_partition_erase_range(p, 0, 4096), ESP_OK);
    CHECK_EQ(*(const uint8_t *)at, 0x32);
    esp_partition_munmap(handle);
    CHECK_EQ(esp_partition_mmap(p, p->size, 1, ESP_PARTITION_MMAP_DATA, &at, &handle),
             ESP_ERR_INVALID_SIZE);
}

static void a_partition_is_copied_whole_or_in_part(void)
{
    world_begin(ALOFT_SLOT_FACTORY);
    const esp_partition_t *from = find("ota_0");
    const esp_partition_t *to = find("ota_1");
    const uint8_t *bytes = world.device.ram.bytes;
    CHECK_EQ(esp_partition_copy(to, 0, from, 0, SIZE_MAX), ESP_OK);
    CHECK_BYTES(bytes + to->address, bytes + from->address, from->size);
    CHECK(esp_partition_check_identity(from, to));
    CHECK_EQ(esp_partition_copy(to, 0, to, 0, 4096), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_partition_copy(to, 0, from, 4096, from->size), ESP_ERR_INVALID_SIZE);
}

static void the_hash_is_the_images_own_or_of_all_bytes(void)
{
    uint8_t a[32];
    uint8_t b[32];
    world_begin(ALOFT_SLOT_FACTORY);
    const esp_partition_t *app = find("ota_0");
    esp_partition_t range = {
        .address = app->address, .size = 4096, .type = ESP_PARTITION_TYPE_DATA};
    esp_partition_pos_t pos = {app->address, app->size};
    esp_image_metadata_t image;
    CHECK_EQ(esp_partition_get_sha256(app, a), ESP_OK);
    CHECK_EQ(esp_image_get_metadata(&pos, &image), ESP_OK);
    CHECK_BYTES(a, image.image_digest, 32);
    CHECK_EQ(esp_partition_get_sha256(&range, b), ESP_OK);
    CHECK(memcmp(a, b, 32) != 0);
    CHECK_EQ(esp_partition_erase_range(app, 0, 4096), ESP_OK);
    CHECK_EQ(esp_partition_get_sha256(app, a), ESP_ERR_IMAGE_INVALID);
}

static void without_a_table_nothing_is_found(void)
{
    world_begin(0);
    memset(world.device.ram.bytes + ALOFT_PTABLE_ADDR_DEFAULT, 0xFF, 64);
    esp_partition_unload_all();
    CHECK(find("nvs") == NULL);
    CHECK(world_said("esp_partition: No usable partition table at 0x8000: PTABLE_EMPTY"));
}

static void an_app_registers_what_the_table_does_not_have(void)
{
    const esp_partition_t *p;
    const esp_partition_t *before = NULL;
    uint8_t byte;
    world_begin(0);
    before = find("nvs");
    CHECK_EQ(esp_partition_register_external(NULL, 0x1000, 0x7000, "boot",
                                             ESP_PARTITION_TYPE_BOOTLOADER,
                                             ESP_PARTITION_SUBTYPE_BOOTLOADER_PRIMARY, &p),
             ESP_OK);
    CHECK(find("boot") == p && find("nvs") == before);
    CHECK(esp_partition_verify(p) == p);
    CHECK(p->address == 0x1000 && p->size == 0x7000 && p->erase_size == 4096 && !p->readonly);
    CHECK_EQ(esp_partition_read(p, 0x7000 - 1, &byte, 1), ESP_OK);
    CHECK_EQ(esp_partition_read(p, 0x7000, &byte, 1), ESP_ERR_INVALID_SIZE);
    CHECK_EQ(esp_partition_register_external(NULL, 0x7FFF, 1, "more", ESP_PARTITION_TYPE_DATA,
                                             ESP_PARTITION_SUBTYPE_DATA_UNDEFINED, &p),
             ESP_ERR_INVALID_ARG);
    CHECK(p == NULL);
    CHECK_EQ(esp_partition_register_external(NULL, before->address + 4096, 4096, "more",
                                             ESP_PARTITION_TYPE_DATA,
                                             ESP_PARTITION_SUBTYPE_DATA_UNDEFINED, NULL),
             ESP_ERR_INVALID_ARG);
    uint32_t end;
    CHECK_EQ(esp_flash_get_size(NULL, &end), ESP_OK);
    CHECK_EQ(esp_partition_register_external(NULL, end - 4096, 8192, "more",
                                             ESP_PARTITION_TYPE_DATA,
                                             ESP_PARTITION_SUBTYPE_DATA_UNDEFINED, NULL),
             ESP_ERR_INVALID_SIZE);
    CHECK_EQ(esp_partition_deregister_external(before), ESP_ERR_INVALID_ARG);
    p = find("boot");
    CHECK_EQ(esp_partition_deregister_external(p), ESP_OK);
    CHECK(find("boot") == NULL);
    CHECK_EQ(esp_partition_deregister_external(p), ESP_ERR_NOT_FOUND);
}

// Whether fn ends its process by a panic. It runs in a child, so its changes of the chip are not
// seen here.
static bool panics(void (*fn)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGABRT, SIG_DFL);
        fn();
        _exit(0);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void erase_running(void)
{
    (void)esp_partition_erase_range(find("ota_0"), 4096, 4096);
}

static void write_running(void)
{
    (void)esp_partition_write(find("ota_0"), 0, "\0", 1);
}

// An app that erased itself by mistake once passed here, and died on the chip.
static void what_runs_and_what_boots_it_is_protected(void)
{
    world_begin(0);
    esp_partition_t table = *find("nvs");
    table.address = ALOFT_PTABLE_ADDR_DEFAULT;
    CHECK(panics(erase_running));
    CHECK(panics(write_running));
    aloft_idf_config.dangerous_writes = 1;
    CHECK(!panics(write_running));
    CHECK_EQ(esp_partition_write(find("ota_0"), 0, "\0", 1), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_partition_erase_range(&table, 0, 4096), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_partition_copy(find("ota_0"), 0, find("ota_1"), 0, 4096), ESP_ERR_INVALID_ARG);
    CHECK_EQ(world.device.ram.bytes[find("ota_0")->address], 0xE9);
    CHECK_EQ(esp_partition_write(find("ota_1"), 0, "\0", 1), ESP_OK);
    CHECK_EQ(esp_partition_erase_range(find("factory"), 0, 4096), ESP_OK);
    CHECK_EQ(esp_flash_set_dangerous_write_protection(NULL, false), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_flash_set_dangerous_write_protection(esp_flash_default_chip, false), ESP_OK);
    CHECK_EQ(esp_partition_write(find("ota_0"), 0, "\0", 1), ESP_OK);
    world_begin(0);
    aloft_idf_config.dangerous_writes = 2;
    CHECK_EQ(esp_partition_write(find("ota_0"), 0, "\0", 1), ESP_OK);
    CHECK_EQ(esp_partition_erase_range(&table, 0, 4096), ESP_OK);
    aloft_idf_config.dangerous_writes = 0;
}

static void write_table(void)
{
    static const uint8_t byte = 0;
    (void)esp_flash_write(NULL, &byte, ALOFT_PTABLE_ADDR_DEFAULT, 1);
}

static void the_chip_is_reached_by_addresses(void)
{
    world_begin(0);
    const esp_partition_t *slot = find("ota_1");
    uint8_t seen[4];
    uint32_t size = 0;
    CHECK_EQ(esp_flash_get_size(NULL, &size), ESP_OK);
    CHECK_EQ(esp_flash_erase_region(NULL, slot->address, 4096), ESP_OK);
    CHECK_EQ(esp_flash_write(NULL, "abc", slot->address + 255, 3), ESP_OK);
    CHECK_EQ(esp_partition_read(slot, 255, seen, 3), ESP_OK);
    CHECK(memcmp(seen, "abc", 3) == 0);
    CHECK_EQ(esp_flash_read(NULL, seen, slot->address + 256, 2), ESP_OK);
    CHECK(memcmp(seen, "bc", 2) == 0);
    CHECK_EQ(esp_flash_read_encrypted(NULL, slot->address + 256, seen, 2), ESP_OK);
    CHECK_EQ(esp_flash_write_encrypted(NULL, slot->address, seen, 16), ESP_ERR_NOT_SUPPORTED);
    CHECK_EQ(esp_flash_read(NULL, seen, size - 1, 2), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_flash_read(NULL, seen, UINT32_MAX, 2), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_flash_write(NULL, NULL, slot->address, 2), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_flash_erase_region(NULL, slot->address + 1, 4096), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_flash_erase_region(NULL, slot->address, 4095), ESP_ERR_INVALID_ARG);
    CHECK(panics(write_table)); // what boots the app is protected here, too
}

CHECK_MAIN(TEST(partitions_are_found_by_type_subtype_and_label),
           TEST(ranges_are_checked_as_esp_idf_does), TEST(writes_clear_bits_and_cross_pages),
           TEST(a_map_is_a_copy), TEST(a_partition_is_copied_whole_or_in_part),
           TEST(the_hash_is_the_images_own_or_of_all_bytes), TEST(without_a_table_nothing_is_found),
           TEST(an_app_registers_what_the_table_does_not_have),
           TEST(what_runs_and_what_boots_it_is_protected), TEST(the_chip_is_reached_by_addresses))
