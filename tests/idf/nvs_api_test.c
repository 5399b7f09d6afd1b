// nvs_*: values of every type, ESP-IDF's codes, and that they are in flash when a set returns.
#include "check.h"
#include "esp_partition.h"
#include "nvs_flash.h"
#include "tests/idf/idf_world.h"

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
    CHECK_EQ(nvs_get_str(handle, "k", &c, &len), ESP_ERR_NVS_TYPE_MISMATCH);
    CHECK_EQ(nvs_set_u8(handle, "a key that is long", 7), ESP_ERR_NVS_KEY_TOO_LONG);
    CHECK_EQ(nvs_find_key(handle, "k", &type), ESP_OK);
    CHECK_EQ(type, NVS_TYPE_U8);
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

CHECK_MAIN(TEST(values_of_every_type_survive_a_restart), TEST(lengths_can_be_asked_for),
           TEST(errors_are_esp_idfs), TEST(erasing_all_leaves_other_namespaces))
