// nvs_*: values of every type, ESP-IDF's codes, and that they are in flash when a set returns.
#include "check.h"
#include "esp_partition.h"
#include "nvs_flash.h"
#include "soft_crypto.h"
#include "tests/compat/esp-idf/idf_world.h"

static nvs_handle_t open_nvs(const char *ns, nvs_open_mode_t mode)
{
    nvs_handle_t handle = 0;
    CHECK_EQ(nvs_open(ns, mode, &handle), ESP_OK);
    return handle;
}

static void begin(void)
{
    world_begin(0);
    CHECK_EQ(nvs_flash_erase(), ESP_OK);
    CHECK_EQ(nvs_flash_init(), ESP_OK);
}

static void values_of_every_type_survive_a_restart(void)
{
    begin();
    nvs_handle_t handle = open_nvs("app", NVS_READWRITE);
    char text[16];
    uint8_t blob[100];
    size_t len = sizeof text;
    int8_t i8;
    uint16_t u16;
    int64_t i64;
    uint64_t u64;
    for (size_t i = 0; i < sizeof blob; i++) {
        blob[i] = (uint8_t)i;
    }
    CHECK_EQ(nvs_set_i8(handle, "i8", -5), ESP_OK);
    CHECK_EQ(nvs_set_u16(handle, "u16", 65535), ESP_OK);
    CHECK_EQ(nvs_set_i64(handle, "i64", INT64_MIN), ESP_OK);
    CHECK_EQ(nvs_set_u64(handle, "u64", UINT64_MAX), ESP_OK);
    CHECK_EQ(nvs_set_str(handle, "str", "https://x/y"), ESP_OK);
    CHECK_EQ(nvs_set_blob(handle, "blob", blob, sizeof blob), ESP_OK);
    CHECK_EQ(nvs_commit(handle), ESP_OK);
    CHECK_EQ(nvs_flash_deinit(), ESP_OK); // all that was in RAM is gone
    CHECK_EQ(nvs_commit(handle), ESP_ERR_NVS_INVALID_HANDLE);
    CHECK_EQ(nvs_flash_init(), ESP_OK);
    handle = open_nvs("app", NVS_READONLY);
    CHECK(nvs_get_i8(handle, "i8", &i8) == ESP_OK && i8 == -5);
    CHECK(nvs_get_u16(handle, "u16", &u16) == ESP_OK && u16 == 65535);
    CHECK(nvs_get_i64(handle, "i64", &i64) == ESP_OK && i64 == INT64_MIN);
    CHECK(nvs_get_u64(handle, "u64", &u64) == ESP_OK && u64 == UINT64_MAX);
    CHECK_EQ(nvs_get_str(handle, "str", text, &len), ESP_OK);
    CHECK_TEXT(text, "https://x/y");
    CHECK_EQ((long long)len, 12);
    uint8_t back[100];
    len = sizeof back;
    CHECK_EQ(nvs_get_blob(handle, "blob", back, &len), ESP_OK);
    CHECK_BYTES(back, blob, sizeof blob);
}

static void lengths_can_be_asked_for(void)
{
    char text[4];
    size_t len = 0;
    begin();
    nvs_handle_t handle = open_nvs("app", NVS_READWRITE);
    CHECK_EQ(nvs_set_str(handle, "str", "12345"), ESP_OK);
    CHECK_EQ(nvs_set_blob(handle, "blob", "abc", 3), ESP_OK);
    CHECK_EQ(nvs_get_str(handle, "str", NULL, &len), ESP_OK);
    CHECK_EQ((long long)len, 6);
    len = sizeof text;
    CHECK_EQ(nvs_get_str(handle, "str", text, &len), ESP_ERR_NVS_INVALID_LENGTH);
    CHECK_EQ((long long)len, 6);
    CHECK_EQ(nvs_get_blob(handle, "blob", NULL, &len), ESP_OK);
    CHECK_EQ((long long)len, 3);
    len = 2;
    CHECK_EQ(nvs_get_blob(handle, "blob", text, &len), ESP_ERR_NVS_INVALID_LENGTH);
}

static void errors_are_esp_idfs(void)
{
    nvs_handle_t handle;
    uint8_t u8;
    nvs_type_t type;
    size_t len = 1;
    char c;
    world_begin(0);
    CHECK_EQ(nvs_open("app", NVS_READWRITE, &handle), ESP_ERR_NVS_NOT_INITIALIZED);
    begin();
    CHECK_EQ(nvs_open("app", NVS_READONLY, &handle), ESP_ERR_NVS_NOT_FOUND);
    CHECK_EQ(nvs_open("a name that is long", NVS_READWRITE, &handle), ESP_ERR_NVS_INVALID_NAME);
    CHECK_EQ(nvs_open_from_partition("none", "app", NVS_READWRITE, &handle),
             ESP_ERR_NVS_PART_NOT_FOUND);
    CHECK_EQ(nvs_flash_init_partition("none"), ESP_ERR_NOT_FOUND);
    handle = open_nvs("app", NVS_READWRITE);
    CHECK_EQ(nvs_get_u8(handle, "k", &u8), ESP_ERR_NVS_NOT_FOUND);
    CHECK_EQ(nvs_set_u8(handle, "k", 7), ESP_OK);
    CHECK_EQ(nvs_get_str(handle, "k", &c, &len), ESP_ERR_NVS_NOT_FOUND); // of another type
    CHECK_EQ(nvs_set_u8(handle, "a key that is long", 7), ESP_ERR_NVS_KEY_TOO_LONG);
    CHECK_EQ(nvs_find_key(handle, "k", &type), ESP_OK);
    CHECK_EQ(type, NVS_TYPE_U8);
    nvs_close(open_nvs("made", NVS_READWRITE)); // which makes it
    nvs_close(open_nvs("made", NVS_READONLY));
    nvs_handle_t reader = open_nvs("app", NVS_READONLY);
    CHECK_EQ(nvs_set_u8(reader, "k", 8), ESP_ERR_NVS_READ_ONLY);
    CHECK_EQ(nvs_erase_key(handle, "none"), ESP_ERR_NVS_NOT_FOUND);
    nvs_close(handle);
    CHECK_EQ(nvs_get_u8(handle, "k", &u8), ESP_ERR_NVS_INVALID_HANDLE);
    CHECK_EQ(nvs_get_u8(reader, "k", &u8), ESP_OK);
}

static void erasing_all_leaves_other_namespaces(void)
{
    uint8_t u8;
    begin();
    nvs_handle_t a = open_nvs("a", NVS_READWRITE);
    nvs_handle_t b = open_nvs("b", NVS_READWRITE);
    CHECK_EQ(nvs_erase_all(a), ESP_OK); // there is nothing yet
    CHECK_EQ(nvs_set_u8(a, "k", 1), ESP_OK);
    CHECK_EQ(nvs_set_u8(a, "k", 2), ESP_OK);
    CHECK_EQ(nvs_set_str(a, "s", "text"), ESP_OK);
    CHECK_EQ(nvs_set_blob(a, "bl", "bytes", 5), ESP_OK);
    CHECK_EQ(nvs_set_u8(b, "k", 3), ESP_OK);
    CHECK_EQ(nvs_erase_all(a), ESP_OK);
    CHECK_EQ(nvs_get_u8(a, "k", &u8), ESP_ERR_NVS_NOT_FOUND);
    CHECK_EQ(nvs_find_key(a, "s", NULL), ESP_ERR_NVS_NOT_FOUND);
    CHECK_EQ(nvs_find_key(a, "bl", NULL), ESP_ERR_NVS_NOT_FOUND);
    CHECK(nvs_get_u8(b, "k", &u8) == ESP_OK && u8 == 3);
}

// The keys that an iterator gives, with commas; it is NULL at the end.
static void check_keys(nvs_iterator_t it, esp_err_t err, const char *keys)
{
    char got[128] = "";
    int len = 0;
    nvs_entry_info_t info;
    while (err == ESP_OK) {
        CHECK_EQ(nvs_entry_info(it, &info), ESP_OK);
        len +=
            snprintf(got + len, sizeof got - (size_t)len, "%s.%s,", info.namespace_name, info.key);
        err = nvs_entry_next(&it);
    }
    CHECK_EQ(err, ESP_ERR_NVS_NOT_FOUND);
    CHECK(it == NULL);
    CHECK_TEXT(got, keys);
}

static void iterators_give_each_value_once(void)
{
    static const uint8_t blob[5000]; // two parts and an index
    nvs_iterator_t it;
    nvs_entry_info_t info;
    begin();
    nvs_handle_t a = open_nvs("a", NVS_READWRITE);
    nvs_handle_t b = open_nvs("b", NVS_READWRITE);
    CHECK_EQ(nvs_set_u8(a, "k", 1), ESP_OK);
    CHECK_EQ(nvs_set_u8(a, "k", 2), ESP_OK);
    CHECK_EQ(nvs_set_str(b, "s", "text"), ESP_OK);
    CHECK_EQ(nvs_set_blob(a, "bl", blob, sizeof blob), ESP_OK);
    CHECK_EQ(nvs_set_u8(b, "gone", 2), ESP_OK);
    CHECK_EQ(nvs_erase_key(b, "gone"), ESP_OK);
    esp_err_t err = nvs_entry_find("nvs", NULL, NVS_TYPE_ANY, &it);
    check_keys(it, err, "a.k,b.s,a.bl,");
    err = nvs_entry_find("nvs", "a", NVS_TYPE_ANY, &it);
    check_keys(it, err, "a.k,a.bl,");
    err = nvs_entry_find_in_handle(b, NVS_TYPE_ANY, &it);
    check_keys(it, err, "b.s,");
    err = nvs_entry_find("nvs", NULL, NVS_TYPE_BLOB, &it);
    CHECK(nvs_entry_info(it, &info) == ESP_OK && info.type == NVS_TYPE_BLOB);
    check_keys(it, err, "a.bl,");
    err = nvs_entry_find("nvs", "b", NVS_TYPE_U8, &it);
    check_keys(it, err, "");
    err = nvs_entry_find("nvs", "c", NVS_TYPE_ANY, &it);
    check_keys(it, err, "");
    err = nvs_entry_find("none", NULL, NVS_TYPE_ANY, &it);
    check_keys(it, err, "");
    CHECK_EQ(nvs_entry_find("nvs", NULL, NVS_TYPE_ANY, NULL), ESP_ERR_INVALID_ARG);
    CHECK_EQ(nvs_entry_find_in_handle(77, NVS_TYPE_ANY, &it), ESP_ERR_NVS_INVALID_HANDLE);
    CHECK_EQ(nvs_entry_next(NULL), ESP_ERR_INVALID_ARG);
    CHECK_EQ(nvs_entry_info(NULL, &info), ESP_ERR_INVALID_ARG);
    // The partition is closed meanwhile.
    CHECK_EQ(nvs_entry_find("nvs", NULL, NVS_TYPE_ANY, &it), ESP_OK);
    CHECK_EQ(nvs_flash_deinit(), ESP_OK);
    CHECK_EQ(nvs_entry_next(&it), ESP_ERR_NVS_NOT_FOUND);
    CHECK(it == NULL);
    nvs_release_iterator(it);
}

static void how_full_it_is_can_be_asked_for(void)
{
    nvs_stats_t stats;
    size_t used = 1;
    world_begin(0);
    CHECK_EQ(nvs_get_stats(NULL, &stats), ESP_ERR_NVS_NOT_INITIALIZED);
    CHECK_EQ(nvs_get_stats(NULL, NULL), ESP_ERR_INVALID_ARG);
    begin();
    nvs_handle_t handle = open_nvs("app", NVS_READWRITE);
    CHECK_EQ(nvs_get_used_entry_count(handle, &used), ESP_OK);
    CHECK_EQ((long long)used, 0);
    CHECK_EQ(nvs_set_u8(handle, "k", 1), ESP_OK);
    CHECK_EQ(nvs_set_u8(handle, "k", 2), ESP_OK);
    CHECK_EQ(nvs_set_str(handle, "s", "of 33 bytes with its NUL, 2 + 1.."), ESP_OK);
    CHECK_EQ(nvs_get_used_entry_count(handle, &used), ESP_OK);
    CHECK_EQ((long long)used, 4);
    CHECK_EQ(nvs_get_stats("nvs", &stats), ESP_OK);
    CHECK_EQ((long long)stats.used_entries, 5);
    CHECK_EQ((long long)stats.namespace_count, 1);
    CHECK_EQ((long long)stats.total_entries, 4 * 126); // 16 KiB
    CHECK_EQ((long long)stats.free_entries, 4 * 126 - 5);
    CHECK_EQ((long long)stats.available_entries, 3 * 126 - 5);
    CHECK_EQ(nvs_get_used_entry_count(77, &used), ESP_ERR_NVS_INVALID_HANDLE);
}

// Flips one bit of the first `text` in NVS.
static void damage(const char *text)
{
    uint8_t *bytes = world.device.ram.bytes;
    size_t len = strlen(text);
    uint32_t at = 0x9000;
    while (at < 0xD000 && memcmp(bytes + at, text, len) != 0) {
        at++;
    }
    CHECK(at < 0xD000);
    bytes[at] ^= 1;
}

// A damaged value of an app reads as in ESP-IDF. A damaged guard was once reported as unset, which
// left open what it guards.
static void a_damaged_guard_is_not_reported_as_unset(void)
{
    char text[32];
    size_t len = sizeof text;
    begin();
    nvs_handle_t app = open_nvs("app", NVS_READWRITE);
    nvs_handle_t aloft = open_nvs("aloft", NVS_READWRITE);
    CHECK_EQ(nvs_get_str(aloft, "pin", text, &len), ESP_ERR_NVS_NOT_FOUND);
    CHECK_EQ(nvs_set_str(app, "own", "value of the app"), ESP_OK);
    CHECK_EQ(nvs_set_str(aloft, "pin", "value of a guard"), ESP_OK);
    damage("value of the app");
    damage("value of a guard");
    CHECK_EQ(nvs_get_str(app, "own", text, &len), ESP_ERR_NVS_NOT_FOUND);
    CHECK_EQ(nvs_get_str(aloft, "pin", text, &len), ESP_ERR_NVS_INVALID_STATE);
    CHECK_EQ(nvs_find_key(app, "own", NULL), ESP_ERR_NVS_NOT_FOUND);
    CHECK_EQ(nvs_find_key(aloft, "pin", NULL), ESP_ERR_NVS_INVALID_STATE);
    CHECK_EQ(nvs_set_str(app, "own", "again"), ESP_OK);
    CHECK_EQ(nvs_set_str(aloft, "pin", "again"), ESP_OK);
    len = sizeof text;
    CHECK_EQ(nvs_get_str(aloft, "pin", text, &len), ESP_OK);
    CHECK_EQ(nvs_erase_all(aloft), ESP_OK);
    CHECK_EQ(nvs_get_str(aloft, "pin", text, &len), ESP_ERR_NVS_NOT_FOUND);
}

// A table of NVS partitions alone: (address, length, flags) of "fctry" and "nvs".
static void use_table(uint32_t len, uint32_t flags)
{
    const struct aloft_partition rows[] = {
        {ALOFT_TYPE_DATA, ALOFT_DATA_NVS, 0x9000, 0x4000, 0, "nvs"},
        {ALOFT_TYPE_DATA, ALOFT_DATA_NVS, 0x50000, len, flags, "fctry"},
    };
    uint8_t table[ALOFT_PTABLE_LEN];
    CHECK_EQ(aloft_ptable_emit_all(rows, 2, &aloft_soft_crypto, table), ALOFT_OK);
    device_put(&world.device, ALOFT_PTABLE_ADDR_DEFAULT, table, sizeof table);
    esp_partition_unload_all();
}

// ESP_ERR_NVS_NO_FREE_PAGES for one page of factory data made apps erase it.
static void one_page_that_is_read_only_is_read(void)
{
    static uint8_t page[0x1000];
    nvs_handle_t handle;
    char text[8];
    size_t len = sizeof text;
    begin();
    CHECK_EQ(nvs_set_str(open_nvs("ns", NVS_READWRITE), "b", "hello"), ESP_OK);
    memcpy(page, world.device.ram.bytes + 0x9000, sizeof page);
    use_table(0x1000, ALOFT_PARTITION_READONLY);
    device_put(&world.device, 0x50000, page, sizeof page);
    CHECK_EQ(nvs_flash_init_partition("fctry"), ESP_OK);
    CHECK_EQ(nvs_open_from_partition("fctry", "ns", NVS_READONLY, &handle), ESP_OK);
    CHECK_EQ(nvs_get_str(handle, "b", text, &len), ESP_OK);
    CHECK_TEXT(text, "hello");
    CHECK_EQ(nvs_set_str(handle, "b", "x"), ESP_ERR_NVS_READ_ONLY);
    CHECK_EQ(nvs_open_from_partition("fctry", "ns", NVS_READWRITE, &handle), ESP_ERR_NOT_ALLOWED);
    CHECK_EQ(nvs_open_from_partition("fctry", "no", NVS_READWRITE, &handle), ESP_ERR_NOT_ALLOWED);
    CHECK_BYTES(world.device.ram.bytes + 0x50000, page, sizeof page);
    CHECK_EQ(nvs_flash_deinit_partition("fctry"), ESP_OK);
    use_table(0x1000, 0); // to be written, it needs three
    CHECK_EQ(nvs_flash_init_partition("fctry"), ESP_ERR_NVS_NO_FREE_PAGES);
    use_table(0x2000, 0);
    CHECK_EQ(nvs_flash_init_partition("fctry"), ESP_ERR_NVS_NO_FREE_PAGES);
    use_table(0x3000, 0);
    CHECK_EQ(nvs_flash_init_partition("fctry"), ESP_OK);
    CHECK_EQ(nvs_flash_deinit_partition("fctry"), ESP_OK);
}

// The app goes on as the examples of ESP-IDF do.
static void a_partition_of_something_else_wants_to_be_erased(void)
{
    begin();
    CHECK_EQ(nvs_flash_deinit(), ESP_OK);
    for (uint32_t at = 0x9000; at < 0xD000; at++) {
        world.device.ram.bytes[at] = (uint8_t)(at * 7 + at / 256);
    }
    CHECK_EQ(nvs_flash_init(), ESP_ERR_NVS_NO_FREE_PAGES);
    CHECK_EQ(nvs_flash_erase(), ESP_OK);
    CHECK_EQ(nvs_flash_init(), ESP_OK);
    CHECK_EQ(nvs_set_u8(open_nvs("app", NVS_READWRITE), "k", 1), ESP_OK);
}

CHECK_MAIN(TEST(values_of_every_type_survive_a_restart), TEST(lengths_can_be_asked_for),
           TEST(errors_are_esp_idfs), TEST(erasing_all_leaves_other_namespaces),
           TEST(iterators_give_each_value_once), TEST(how_full_it_is_can_be_asked_for),
           TEST(a_damaged_guard_is_not_reported_as_unset), TEST(one_page_that_is_read_only_is_read),
           TEST(a_partition_of_something_else_wants_to_be_erased))
