// An update as it was written for ESP-IDF v3: the old event loop, an event group, a socket and
// HTTP/1.0 by hand.
#include "esp_event_loop.h"
#include "esp_log.h"
#include "esp_ota_ops.h"
#include "esp_system.h"
#include "esp_wifi.h"
#include "freertos/FreeRTOS.h"
#include "freertos/event_groups.h"
#include "freertos/task.h"
#include "nvs_flash.h"
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

static const char *TAG = "v3";
static EventGroupHandle_t network;

static esp_err_t on_event(void *ctx, system_event_t *event)
{
    if (event->event_id == SYSTEM_EVENT_STA_START) {
        esp_wifi_connect();
    } else if (event->event_id == SYSTEM_EVENT_STA_GOT_IP) {
        ESP_LOGI(TAG, "Got %s", ip4addr_ntoa(&event->event_info.got_ip.ip_info.ip));
        xEventGroupSetBits(network, BIT0);
    }
    return ESP_OK;
}

static int ask(void)
{
    static const char request[] = "GET " CONFIG_FILE " HTTP/1.0\r\n\r\n";
    struct sockaddr_in server = {.sin_family = AF_INET};
    server.sin_addr.s_addr = inet_addr(CONFIG_SERVER_IP);
    server.sin_port = htons(strtol(CONFIG_SERVER_PORT, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) != 0 ||
        send(fd, request, strlen(request), 0) < 0) {
        ESP_LOGE(TAG, "No connection, errno %d", errno);
        return -1;
    }
    return fd;
}

// Up to the empty line that ends the headers.
static void skip_headers(int fd)
{
    char last[5] = "";
    while (strcmp(last, "\r\n\r\n") != 0) {
        memmove(last, last + 1, 3);
        if (recv(fd, last + 3, 1, 0) <= 0) {
            return;
        }
    }
}

static void update_task(void *unused)
{
    static char data[1024];
    const esp_partition_t *target = esp_ota_get_next_update_partition(NULL);
    esp_ota_handle_t update;
    int len;
    xEventGroupWaitBits(network, BIT0, false, true, portMAX_DELAY);
    int fd = ask();
    ESP_ERROR_CHECK(esp_ota_begin(target, OTA_SIZE_UNKNOWN, &update));
    skip_headers(fd);
    while ((len = recv(fd, data, sizeof data, 0)) > 0) {
        ESP_ERROR_CHECK(esp_ota_write(update, data, len));
    }
    close(fd);
    ESP_ERROR_CHECK(esp_ota_end(update));
    ESP_ERROR_CHECK(esp_ota_set_boot_partition(target));
    ESP_LOGI(TAG, "Restarting");
    esp_restart();
}

void app_main()
{
    wifi_init_config_t init = WIFI_INIT_CONFIG_DEFAULT();
    wifi_config_t config = {.sta = {.ssid = "net", .password = "secret"}};
    ESP_ERROR_CHECK(nvs_flash_init());
    tcpip_adapter_init();
    network = xEventGroupCreate();
    ESP_ERROR_CHECK(esp_event_loop_init(on_event, NULL));
    ESP_ERROR_CHECK(esp_wifi_init(&init));
    ESP_ERROR_CHECK(esp_wifi_set_storage(WIFI_STORAGE_RAM));
    ESP_ERROR_CHECK(esp_wifi_set_mode(WIFI_MODE_STA));
    ESP_ERROR_CHECK(esp_wifi_set_config(ESP_IF_WIFI_STA, &config));
    ESP_ERROR_CHECK(esp_wifi_start());
    xTaskCreate(&update_task, "update", 8192, NULL, 5, NULL);
}
