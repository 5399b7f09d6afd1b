// All headers of ESP-IDF's API go together, in an order that no one planned, and their numbers are
// those that travel on flash and wire.
#include "lwip/sockets.h"

#include "cJSON.h"
#include "compat/esp-idf/host/host.h"
#include "driver/gpio.h"
#include "esp_bit_defs.h"
#include "esp_check.h"
#include "esp_crt_bundle.h"
#include "esp_efuse.h"
#include "esp_event_loop.h"
#include "esp_flash_encrypt.h"
#include "esp_flash_partitions.h"
#include "esp_heap_caps.h"
#include "esp_https_ota.h"
#include "esp_image_format.h"
#include "esp_netif_ip_addr.h"
#include "esp_ota_ops.h"
#include "esp_spi_flash.h"
#include "esp_timer.h"
#include "esp_tls.h"
#include "freertos/event_groups.h"
#include "lwip/dns.h"
#include "lwip/err.h"
#include "lwip/netdb.h"
#include "lwip/sys.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"
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
    CHECK_EQ(gpio_get_level(GPIO_NUM_4), 0); // it is no input any more
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

CHECK_MAIN(TEST(what_lies_in_flash_has_its_size), TEST(errors_have_their_numbers_and_names),
           TEST(the_name_of_an_error_is_that_of_its_header), TEST(pins_read_what_drives_them),
           TEST(lines_have_esp_idfs_shape_and_level))
