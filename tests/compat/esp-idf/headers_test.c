// All headers of ESP-IDF's API can be included together, in any order, and their constants are
// those that are stored in flash and sent over the network.
#include "lwip/sockets.h"

#include "bootloader_common.h"
#include "cJSON.h"
#include "compat/esp-idf/host/host.h"
#include "driver/gpio.h"
#include "driver/i2c_master.h"
#include "esp_bit_defs.h"
#include "esp_check.h"
#include "esp_console.h"
#include "esp_crc.h"
#include "esp_crt_bundle.h"
#include "esp_efuse.h"
#include "esp_eth.h"
#include "esp_event_base.h"
#include "esp_event_loop.h"
#include "esp_flash_encrypt.h"
#include "esp_flash_partitions.h"
#include "esp_heap_caps.h"
#include "esp_http_server.h"
#include "esp_https_ota.h"
#include "esp_image_format.h"
#include "esp_netif_ip_addr.h"
#include "esp_netif_sntp.h"
#include "esp_netif_types.h"
#include "esp_ota_ops.h"
#include "esp_psram.h"
#include "esp_rom_sys.h"
#include "esp_spi_flash.h"
#include "esp_task_wdt.h"
#include "esp_timer.h"
#include "esp_tls.h"
#include "esp_tls_crypto.h"
#include "esp_vfs.h"
#include "esp_wifi_types.h"
#include "freertos/event_groups.h"
#include "freertos/portmacro.h"
#include "led_strip.h"
#include "lwip/apps/sntp.h"
#include "lwip/dns.h"
#include "lwip/err.h"
#include "lwip/ip4_addr.h"
#include "lwip/netdb.h"
#include "lwip/sys.h"
#include "mdns.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"
#include "protocol_examples_utils.h"
#include "rom/md5_hash.h"
#include "soc/soc_caps.h"
#include "tests/compat/esp-idf/idf_world.h"

#include "check.h"

static void what_lies_in_flash_has_its_size(void)
{
    CHECK_EQ(sizeof(esp_image_header_t), 24);
    CHECK_EQ(sizeof(esp_image_segment_header_t), 8);
    CHECK_EQ(sizeof(esp_app_desc_t), 256);
    CHECK_EQ(sizeof(esp_bootloader_desc_t), 80);
    CHECK_EQ(sizeof(esp_ota_select_entry_t), 32);
    CHECK_EQ(sizeof(esp_partition_info_t), 32);
    CHECK_EQ(offsetof(esp_image_header_t, hash_appended), 23);
    CHECK_EQ(offsetof(esp_app_desc_t, app_elf_sha256), 144);
}

// err.c has numbers where a header above it has words.
#define NAMED(code)                                                                                \
    {                                                                                              \
        code, #code                                                                                \
    }

static const struct {
    esp_err_t code;
    const char *name;
} all[] = {
    NAMED(ESP_OK),
    NAMED(ESP_FAIL),
    NAMED(ESP_ERR_NO_MEM),
    NAMED(ESP_ERR_INVALID_ARG),
    NAMED(ESP_ERR_INVALID_STATE),
    NAMED(ESP_ERR_INVALID_SIZE),
    NAMED(ESP_ERR_NOT_FOUND),
    NAMED(ESP_ERR_NOT_SUPPORTED),
    NAMED(ESP_ERR_TIMEOUT),
    NAMED(ESP_ERR_INVALID_RESPONSE),
    NAMED(ESP_ERR_INVALID_CRC),
    NAMED(ESP_ERR_INVALID_VERSION),
    NAMED(ESP_ERR_INVALID_MAC),
    NAMED(ESP_ERR_NOT_FINISHED),
    NAMED(ESP_ERR_NOT_ALLOWED),
    NAMED(ESP_ERR_NVS_NOT_INITIALIZED),
    NAMED(ESP_ERR_NVS_NOT_FOUND),
    NAMED(ESP_ERR_NVS_TYPE_MISMATCH),
    NAMED(ESP_ERR_NVS_READ_ONLY),
    NAMED(ESP_ERR_NVS_NOT_ENOUGH_SPACE),
    NAMED(ESP_ERR_NVS_INVALID_NAME),
    NAMED(ESP_ERR_NVS_INVALID_HANDLE),
    NAMED(ESP_ERR_NVS_REMOVE_FAILED),
    NAMED(ESP_ERR_NVS_KEY_TOO_LONG),
    NAMED(ESP_ERR_NVS_PAGE_FULL),
    NAMED(ESP_ERR_NVS_INVALID_STATE),
    NAMED(ESP_ERR_NVS_INVALID_LENGTH),
    NAMED(ESP_ERR_NVS_NO_FREE_PAGES),
    NAMED(ESP_ERR_NVS_VALUE_TOO_LONG),
    NAMED(ESP_ERR_NVS_PART_NOT_FOUND),
    NAMED(ESP_ERR_NVS_NEW_VERSION_FOUND),
    NAMED(ESP_ERR_OTA_BASE),
    NAMED(ESP_ERR_OTA_PARTITION_CONFLICT),
    NAMED(ESP_ERR_OTA_SELECT_INFO_INVALID),
    NAMED(ESP_ERR_OTA_VALIDATE_FAILED),
    NAMED(ESP_ERR_OTA_SMALL_SEC_VER),
    NAMED(ESP_ERR_OTA_ROLLBACK_FAILED),
    NAMED(ESP_ERR_OTA_ROLLBACK_INVALID_STATE),
    NAMED(ESP_ERR_OTA_ALREADY_IN_PROGRESS),
    NAMED(ESP_ERR_IMAGE_FLASH_FAIL),
    NAMED(ESP_ERR_IMAGE_INVALID),
    NAMED(ESP_ERR_WIFI_NOT_INIT),
    NAMED(ESP_ERR_WIFI_NOT_STARTED),
    NAMED(ESP_ERR_WIFI_CONN),
    NAMED(ESP_ERR_WIFI_SSID),
    NAMED(ESP_ERR_WIFI_NOT_CONNECT),
    NAMED(ESP_ERR_ESP_NETIF_INVALID_PARAMS),
    NAMED(ESP_ERR_ESP_NETIF_IF_NOT_READY),
    NAMED(ESP_ERR_HTTP_MAX_REDIRECT),
    NAMED(ESP_ERR_HTTP_CONNECT),
    NAMED(ESP_ERR_HTTP_WRITE_DATA),
    NAMED(ESP_ERR_HTTP_FETCH_HEADER),
    NAMED(ESP_ERR_HTTP_INVALID_TRANSPORT),
    NAMED(ESP_ERR_HTTP_CONNECTING),
    NAMED(ESP_ERR_HTTP_EAGAIN),
    NAMED(ESP_ERR_HTTP_CONNECTION_CLOSED),
    NAMED(ESP_ERR_HTTP_NOT_MODIFIED),
    NAMED(ESP_ERR_HTTP_RANGE_NOT_SATISFIABLE),
    NAMED(ESP_ERR_ESP_TLS_CANNOT_RESOLVE_HOSTNAME),
    NAMED(ESP_ERR_ESP_TLS_FAILED_CONNECT_TO_HOST),
    NAMED(ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT),
    NAMED(ESP_ERR_MBEDTLS_SSL_HANDSHAKE_FAILED),
    NAMED(ESP_ERR_MBEDTLS_X509_CRT_PARSE_FAILED),
    NAMED(ESP_ERR_HTTPS_OTA_IN_PROGRESS),
    NAMED(ESP_ERR_HTTPD_HANDLERS_FULL),
    NAMED(ESP_ERR_HTTPD_HANDLER_EXISTS),
    NAMED(ESP_ERR_HTTPD_INVALID_REQ),
    NAMED(ESP_ERR_HTTPD_RESULT_TRUNC),
    NAMED(ESP_ERR_HTTPD_RESP_HDR),
    NAMED(ESP_ERR_HTTPD_RESP_SEND),
    NAMED(ESP_ERR_HTTPD_ALLOC_MEM),
    NAMED(ESP_ERR_HTTPD_TASK),
};

static void the_name_of_an_error_is_that_of_its_header(void)
{
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        check_note("row %ld", (long)i, 0);
        CHECK_TEXT(esp_err_to_name(all[i].code), all[i].name);
    }
}

static void errors_have_their_numbers_and_names(void)
{
    char text[64];
    CHECK_EQ(ESP_ERR_OTA_VALIDATE_FAILED, 0x1503);
    CHECK_EQ(ESP_ERR_HTTPS_OTA_IN_PROGRESS, 0x9001);
    CHECK_EQ(ESP_ERR_HTTP_EAGAIN, 0x7007);
    CHECK_EQ(ESP_ERR_NVS_NO_FREE_PAGES, 0x110D);
    CHECK_TEXT(esp_err_to_name(ESP_ERR_OTA_ROLLBACK_INVALID_STATE),
               "ESP_ERR_OTA_ROLLBACK_INVALID_STATE");
    CHECK_TEXT(esp_err_to_name(ESP_FAIL), "ESP_FAIL");
    CHECK_TEXT(esp_err_to_name(0x7777), "UNKNOWN ERROR");
    CHECK_TEXT(esp_err_to_name_r(0x7777, text, sizeof text), "Unknown error 0x7777(30583)");
}

static void pins_read_what_drives_them(void)
{
    const gpio_config_t config = {.pin_bit_mask = BIT64(4) | BIT64(5),
                                  .mode = GPIO_MODE_INPUT,
                                  .pull_up_en = GPIO_PULLUP_ENABLE};
    world_begin(0);
    CHECK_EQ(gpio_config(&config), ESP_OK);
    CHECK_EQ(gpio_get_level(GPIO_NUM_4), 1);
    CHECK(aloft_idf_gpio_line(NULL, "gpio 4 0"));
    CHECK_EQ(gpio_get_level(GPIO_NUM_4), 0);
    CHECK_EQ(gpio_get_level(GPIO_NUM_5), 1);
    CHECK(world_said("gpio 4 is driven low"));
    CHECK(aloft_idf_gpio_line(NULL, "gpio 4 -"));
    CHECK_EQ(gpio_get_level(GPIO_NUM_4), 1);
    CHECK(!aloft_idf_gpio_line(NULL, "gpio 99 0"));
    CHECK(!aloft_idf_gpio_line(NULL, "gpio 4 7"));
    CHECK(!aloft_idf_gpio_line(NULL, "gpio 4 0 0"));
    CHECK_EQ(gpio_reset_pin(GPIO_NUM_4), ESP_OK);
    CHECK_EQ(gpio_get_level(GPIO_NUM_4), 0); // it is not an input any more
    CHECK_EQ(gpio_set_level(GPIO_NUM_MAX, 1), ESP_ERR_INVALID_ARG);
    CHECK_EQ(gpio_set_direction(GPIO_NUM_4, GPIO_MODE_INPUT_OUTPUT), ESP_OK);
    CHECK_EQ(gpio_set_level(GPIO_NUM_4, 1), ESP_OK);
    CHECK_EQ(gpio_get_level(GPIO_NUM_4), 1);
}

static void lines_have_esp_idfs_shape_and_level(void)
{
    const uint8_t bytes[] = {0xE9, 0x00, 0x41};
    world_begin(0);
    ESP_LOGI("tag", "a line of %d", 7);
    CHECK(world_said(") tag: a line of 7\n"));
    CHECK_EQ(world.log[0], 'I');
    esp_log_level_set("tag", ESP_LOG_WARN);
    ESP_LOGI("tag", "hidden");
    ESP_LOGI("other", "shown");
    CHECK(!world_said("hidden"));
    CHECK(world_said("other: shown"));
    esp_log_level_set("*", ESP_LOG_INFO);
    ESP_LOGI("tag", "shown again");
    CHECK(world_said("tag: shown again"));
    ESP_LOG_BUFFER_HEX("hex", bytes, sizeof bytes);
    CHECK(world_said("hex: e9 00 41\n"));
    ESP_LOG_BUFFER_HEXDUMP("dump", bytes, sizeof bytes, ESP_LOG_INFO);
    CHECK(world_said("|..A|\n"));
}

static void what_a_board_does_not_have_is_refused_by_name(void)
{
    world_begin(0);
    const i2c_master_bus_config_t bus = {.i2c_port = I2C_NUM_0};
    i2c_master_bus_handle_t bus_handle;
    CHECK_EQ(i2c_new_master_bus(&bus, &bus_handle), ESP_ERR_NOT_SUPPORTED);
    CHECK(world_said("The virtual board has no I2C bus (i2c_new_master_bus)"));
    const led_strip_config_t strip = {.max_leds = 1};
    const led_strip_rmt_config_t rmt = {0};
    led_strip_handle_t leds;
    CHECK_EQ(led_strip_new_rmt_device(&strip, &rmt, &leds), ESP_ERR_NOT_SUPPORTED);
    CHECK(world_said("The virtual board has no RMT (led_strip_new_rmt_device)"));
    const esp_vfs_t vfs = {.flags = ESP_VFS_FLAG_DEFAULT};
    CHECK_EQ(esp_vfs_register("/x", &vfs, NULL), ESP_ERR_NOT_SUPPORTED);
    CHECK_EQ(mdns_init(), ESP_ERR_NOT_SUPPORTED);
    const wifi_init_config_t wifi = WIFI_INIT_CONFIG_DEFAULT();
    wifi_ap_record_t ap;
    CHECK_EQ(esp_wifi_init(&wifi), ESP_OK);
    CHECK_EQ(esp_wifi_set_mode(WIFI_MODE_AP), ESP_ERR_NOT_SUPPORTED);
    CHECK(world_said("The virtual board has no radio, so no access point (esp_wifi_set_mode)"));
    CHECK(esp_netif_create_default_wifi_ap() == NULL);
    CHECK_EQ(esp_wifi_sta_get_ap_info(&ap), ESP_ERR_WIFI_NOT_CONNECT);
    CHECK_EQ(esp_wifi_deinit(), ESP_OK);
    CHECK(!esp_psram_is_initialized() && esp_psram_get_size() == 0);
}

static void sums_and_codes_have_their_known_values(void)
{
    static const uint8_t text[] = "123456789";
    static const uint8_t md5_of_nothing[] = {0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04,
                                             0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e};
    uint8_t digest[20];
    char encoded[32];
    char decoded[32];
    size_t len = 0;
    CHECK_EQ(esp_crc32_le(0, text, 9), 0xCBF43926);
    struct MD5Context md5;
    MD5Init(&md5);
    MD5Update(&md5, text, 0);
    MD5Final(digest, &md5);
    CHECK_BYTES(digest, md5_of_nothing, sizeof md5_of_nothing);
    CHECK_EQ(esp_crypto_sha1(text, 9, digest), 0);
    CHECK_EQ(digest[0], 0xf7);
    CHECK_EQ(esp_crypto_base64_encode((unsigned char *)encoded, sizeof encoded, &len, text, 9), 0);
    CHECK_TEXT(encoded, "MTIzNDU2Nzg5");
    CHECK_EQ(example_uri_encode(encoded, "a b/c~", 6), 2);
    CHECK_TEXT(encoded, "a%20b%2Fc~");
    example_uri_decode(decoded, "a%20b%2fc%4", 11);
    CHECK_TEXT(decoded, "a b/c%4");
    const esp_partition_t *app =
        esp_partition_find_first(ESP_PARTITION_TYPE_APP, ESP_PARTITION_SUBTYPE_ANY, NULL);
    uint8_t by_partition[32];
    uint8_t by_address[32];
    CHECK_EQ(esp_partition_get_sha256(app, by_partition), ESP_OK);
    CHECK_EQ(bootloader_common_get_sha256_of_partition(app->address, app->size, (int)app->type,
                                                       by_address),
             ESP_OK);
    CHECK_BYTES(by_partition, by_address, 32);
    esp_tls_last_error_t error = {.last_error = ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT};
    CHECK_EQ(esp_tls_get_and_clear_last_error(&error, NULL, NULL),
             ESP_ERR_ESP_TLS_CONNECTION_TIMEOUT);
    CHECK_EQ(esp_tls_get_and_clear_last_error(&error, NULL, NULL), ESP_OK);
    CHECK_EQ(esp_tls_get_and_clear_last_error(NULL, NULL, NULL), ESP_ERR_INVALID_STATE);
}

CHECK_MAIN(TEST(what_a_board_does_not_have_is_refused_by_name),
           TEST(sums_and_codes_have_their_known_values), TEST(what_lies_in_flash_has_its_size),
           TEST(errors_have_their_numbers_and_names),
           TEST(the_name_of_an_error_is_that_of_its_header), TEST(pins_read_what_drives_them),
           TEST(lines_have_esp_idfs_shape_and_level))
