// Takes the facts of the port into the filter's configuration.
#include "arduino.h"
#include <stdlib.h>
#include <string.h>

#define TAG "ota"

// The MAC of the Wi-Fi station is the device's id, as twelve digits; that of its access point is
// the next one. Source: ESP-IDF components/esp_hw_support/mac_addr.c.
static void read_macs(struct aloft_httpupdate_config *config, struct aloft_port *port)
{
    unsigned long long mac = strtoull(aloft_port_device_id(port), NULL, 16);
    for (size_t i = 0; i < sizeof config->sta_mac; i++) {
        config->sta_mac[i] = (uint8_t)(mac >> (40 - 8 * i));
        config->ap_mac[i] = config->sta_mac[i];
    }
    config->ap_mac[5]++;
}

const struct aloft_http_filter *arduino_start(struct aloft_httpupdate *update,
                                              struct aloft_port *port, const char *url)
{
    const struct aloft_slots *slots = aloft_port_slots(port);
    const struct aloft_image_facts *image = aloft_port_running_facts(port);
    const char *user = aloft_port_setting(port, "httpupdate_user", "");
    int running = aloft_port_running(port);
    struct aloft_httpupdate_config config = {
        .crypto = aloft_port_rules(port)->crypto,
        .url = url,
        .user = user[0] != 0 ? user : NULL,
        .password = aloft_port_setting(port, "httpupdate_password", ""),
        .version = image->has_desc ? image->version : NULL,
        .sdk_version = "Aloft/1.0",
        .image = image,
        .slot = aloft_slots_slot_view(slots, running),
        .free_space = aloft_slots_extent(slots, aloft_slots_next(slots, running)).len,
        .chip_size = aloft_port_chip(port).flash_size,
    };
    enum aloft_step step;
    if (strcmp(aloft_port_setting(port, "httpupdate", ""), "on") != 0) {
        return NULL;
    }
    read_macs(&config, port);
    aloft_httpupdate_init(update, &config);
    do {
        step = aloft_httpupdate_step(update);
        aloft_port_delay_ms(port, 0); // the watchdog is fed, and ways are served
    } while (step == ALOFT_STEP_AGAIN);
    aloft_port_log(port, 'I', TAG, "Asking as Arduino's HTTPUpdate does%s",
                   step == ALOFT_STEP_DONE ? "" : ", but the running app cannot be read");
    return &update->filter;
}
