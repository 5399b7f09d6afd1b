// Arduino's main: NVS, then the question whether to confirm the new sketch, then setup() and loop()
// in a task of their own.
#include "Arduino.h"
#include "ESPmDNS.h"
#include "WiFi.h"
#include <cstdarg>
#include <driver/gpio.h>
#include <esp_event.h>
#include <esp_netif.h>
#include <esp_ota_ops.h>
#include <esp_timer.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <nvs_flash.h>
#include <protocol_examples_common.h>

HardwareSerial Serial;
WiFiClass WiFi;
MDNSResponder MDNS;

extern "C" bool verifyRollbackLater(void);

void HardwareSerial::begin(unsigned long baud)
{
    (void)baud;
}

size_t HardwareSerial::printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vprintf(format, args);
    va_end(args);
    (void)fflush(stdout);
    return len > 0 ? static_cast<size_t>(len) : 0;
}

size_t HardwareSerial::println(const char *text)
{
    return printf("%s\n", text);
}

unsigned long millis()
{
    return static_cast<unsigned long>(esp_timer_get_time() / 1000);
}

void delay(uint32_t ms)
{
    vTaskDelay(pdMS_TO_TICKS(ms));
}

void pinMode(uint8_t pin, uint8_t mode)
{
    (void)gpio_set_direction(static_cast<gpio_num_t>(pin),
                             mode == OUTPUT ? GPIO_MODE_INPUT_OUTPUT : GPIO_MODE_INPUT);
}

int digitalRead(uint8_t pin)
{
    return gpio_get_level(static_cast<gpio_num_t>(pin));
}

static bool connected;

wl_status_t WiFiClass::begin(const char *name, const char *password)
{
    (void)name;
    (void)password;
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    connected = example_connect() == ESP_OK;
    return status();
}

wl_status_t WiFiClass::status()
{
    return connected ? WL_CONNECTED : WL_DISCONNECTED;
}

bool MDNSResponder::begin(const char *name)
{
    (void)Serial.printf("mDNS: %s.local\n", name);
    return true;
}

void MDNSResponder::end()
{
    (void)Serial.println("mDNS: ended");
}

void MDNSResponder::enableArduino(uint16_t port, bool auth)
{
    (void)Serial.printf("mDNS: _arduino._tcp port %u, auth_upload=%s\n",
                        static_cast<unsigned>(port), auth ? "yes" : "no");
}

bool MDNSResponder::addService(const char *service, const char *proto, uint16_t port)
{
    (void)Serial.printf("mDNS: _%s._%s port %u\n", service, proto, static_cast<unsigned>(port));
    return true;
}

static void loopTask(void *unused)
{
    (void)unused;
    setup();
    for (;;) {
        loop();
    }
}

extern "C" void app_main(void)
{
    ESP_ERROR_CHECK(nvs_flash_init());
    if (!verifyRollbackLater()) {
        (void)Serial.println("The core confirms the sketch");
        (void)esp_ota_mark_app_valid_cancel_rollback();
    }
    (void)xTaskCreate(loopTask, "loopTask", 8192, nullptr, 1, nullptr);
}
