// All that an app sees of its port: console, clock, Wi-Fi, the loop over ways, what it runs from,
// and restart. One header for every target; each port implements it. The app provides
// aloft_app_main; app_main is left to frameworks that have an entry of this name, as ESP-IDF.
#ifndef ALOFT_PORT_H
#define ALOFT_PORT_H

#include "aloft/crypto.h"
#include "aloft/intake.h"
#include "aloft/pull.h"
#include "aloft/way.h"

struct aloft_port; // the port's own

// What the hardware says of itself.
struct aloft_port_chip {
    const char *name;  // "ESP32"
    uint16_t id;       // enum aloft_chip_id
    uint16_t revision; // major * 100 + minor
    uint8_t cores;
    uint32_t flash_size; // bytes
};

enum aloft_port_reset {
    ALOFT_RESET_POWER_ON,
    ALOFT_RESET_SOFTWARE,
    ALOFT_RESET_PANIC,
    ALOFT_RESET_WATCHDOG,
    ALOFT_RESET_BROWN_OUT
};

// The app's entry, called once by the port. When it returns, the port idles with its watchdog fed.
void aloft_app_main(struct aloft_port *port);

// One console line in ESP-IDF's shape: "I (3211) tag: text". level is E, W, I or D.
void aloft_port_log(struct aloft_port *port, char level, const char *tag, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

// Raw console text, without level and time.
void aloft_port_print(struct aloft_port *port, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

uint32_t aloft_port_now_ms(struct aloft_port *port); // since reset

// Call this between the steps of long work that does not wait.
void aloft_port_feed_watchdog(struct aloft_port *port);

// Waits; meanwhile the watchdog is fed, and ways and console are served.
void aloft_port_delay_ms(struct aloft_port *port, uint32_t ms);

struct aloft_port_chip aloft_port_chip(struct aloft_port *port);
enum aloft_port_reset aloft_port_reset_reason(struct aloft_port *port);

// The table's roles, the slot that runs (known from where it runs, not from otadata), the running
// image's own facts, and the rules that any image must meet here.
const struct aloft_slots *aloft_port_slots(struct aloft_port *port);
int aloft_port_running(struct aloft_port *port);
const struct aloft_image_facts *aloft_port_running_facts(struct aloft_port *port);
const struct aloft_image_rules *aloft_port_rules(struct aloft_port *port);

// A setting of the app, as menuconfig gives it on a chip and `aloft image build --set` on the
// board. Returns fallback when it is not set. The text lives as long as the app.
const char *aloft_port_setting(struct aloft_port *port, const char *key, const char *fallback);

// A secret of the device, or what proves one, from its key-value store (NVS, namespace "aloft").
// False when it is not set or does not fit.
bool aloft_port_secret(struct aloft_port *port, const char *key, char *out, uint32_t size);

// The same where without the secret something is open: tells one that is not set from one that
// cannot be read. Errors: NVS_NOT_FOUND when it is not set; any other: it may be set, and does not
// fit, is no text, or NVS is not what it should be.
enum aloft_err aloft_port_secret_read(struct aloft_port *port, const char *key, char *out,
                                      uint32_t size);

// Opens firmware that was encrypted for this device. NULL: it has no key. Lives as long as the app.
const struct aloft_decrypt *aloft_port_decrypt(struct aloft_port *port);

// What tells this device from others, and is printed on none: its MAC. Lives as long as the app.
const char *aloft_port_device_id(struct aloft_port *port);

// Bytes that nobody can guess. ctx: the port.
void aloft_port_random(void *ctx, uint8_t *out, uint32_t len);

// Lines that are typed on the console and that the port does not know go to fn, which says whether
// it knew them; help: lines of what there is.
void aloft_port_on_line(struct aloft_port *port, bool (*fn)(void *ctx, const char *line), void *ctx,
                        const char *help);

// Joins the Wi-Fi network; false when it cannot within timeout_ms.
bool aloft_port_wifi(struct aloft_port *port, const char *ssid, const char *password,
                     uint32_t timeout_ms);

// Serves this pull, which was started, to its end, beside the ways that were added: sockets, clock
// and flash are the port's. ALOFT_OK: restart to run it.
enum aloft_err aloft_port_run(struct aloft_port *port, struct aloft_pull *pull);

// This way is served from now on, whenever the app waits: in delay_ms and in run. When it has
// brought new firmware, the port restarts as aloft_port_restart does. way must stay. Errors:
// ALOFT_ERR_ARG when one of its ids is served already.
enum aloft_err aloft_port_add_way(struct aloft_port *port, const struct aloft_way *way);

// Runs one otadata write (confirm, reject, set_boot) to its end.
enum aloft_err aloft_port_run_bootsel(struct aloft_port *port, struct aloft_bootsel *op);

// Registers what must happen before a restart, last registered first; at most 8.
// Errors: ALOFT_ERR_ARG when there are too many.
enum aloft_err aloft_port_on_shutdown(struct aloft_port *port, void (*fn)(void *ctx), void *ctx);

// Calls the shutdown hooks, gives them deadline_ms together, then resets. The watchdog resets a
// hook that hangs.
_Noreturn void aloft_port_restart(struct aloft_port *port, uint32_t deadline_ms);

#endif
