// A device's page and its JSON interface, behind a password: status, upload, commands; try
//   curl --digest -u admin:PASSWORD http://127.0.0.1:PORT/api/status
// Usage: web FLASH PORT PASSWORD
#include "device.h"
#include "way_on_sockets.h"
#include <aloft/web.h>

// <!DOCTYPE html><p>Hello, as `gzip -9n` packs it; Aloft's own is web/device/index.html.
static const uint8_t page[] = {
    0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xB3, 0x51, 0x74, 0xF1, 0x77,
    0x0E, 0x89, 0x0C, 0x70, 0x55, 0xC8, 0x28, 0xC9, 0xCD, 0xB1, 0xB3, 0x29, 0xB0, 0xF3, 0x48,
    0xCD, 0xC9, 0xC9, 0x07, 0x00, 0xD8, 0xA6, 0x7F, 0x13, 0x17, 0x00, 0x00, 0x00,
};

static struct device device;
static struct aloft_control control;
static struct aloft_web web;

int main(int argc, char **argv)
{
    static struct aloft_webui_verifier verifier; // of the password, which is nowhere on a device
    if (argc != 4 || !device_open(&device, argv[1], NULL) ||
        aloft_webui_verifier_make(device.rules.crypto, "admin", "sensor-7", argv[3], &verifier) !=
            ALOFT_OK) {
        return puts("Usage: web FLASH PORT PASSWORD"), 2;
    }
    const struct aloft_control_config commands = {.slots = &device.slots,
                                                  .rules = &device.rules,
                                                  .intake = &device.intake,
                                                  .running = device.running,
                                                  .trial = true};
    static const struct aloft_image_facts current = {.project = "sensor", .version = "1.0.0"};
    struct aloft_web_config config = {.slots = &device.slots,
                                      .rules = &device.rules,
                                      .current = &current,
                                      .verifier = &verifier,
                                      .intake = &device.intake,
                                      .control = &control,
                                      .page = page,
                                      .page_len = sizeof page,
                                      .device_id = "sensor-7",
                                      .reset_reason = "power-on",
                                      .running = device.running,
                                      .port = (uint16_t)strtoul(argv[2], NULL, 10)};
    way_random(NULL, config.secret, sizeof config.secret);
    aloft_control_init(&control, &commands);
    aloft_web_init(&web, &config);
    struct aloft_way way = aloft_web_way(&web);
    while (way_run(&way) != ALOFT_WAY_RESTART) { // until an upload or a command asks for it
    }
    puts("restart");
    return 0;
}
