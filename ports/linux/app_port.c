// ports/port.h on the virtual board. What the app is told about itself comes from where it runs:
// the bootloader hands over the address of its slot, and facts and settings are read from flash
// there.
#include "ports/linux/app_port.h"
#include "aloft/base/printable.h"
#include "aloft/chip.h"
#include "aloft/pull.h"
#include "aloft/verify.h"
#include "board/chip/attach.h"
#include "board/chip/board.h"
#include "board/chip/panic.h"
#include "hostlib/base/random.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/crypto/mbed_decrypt.h"
#include "hostlib/image/image_desc.h"
#include "hostlib/image/settings.h"
#include "ports/linux/app_efuse.h"
#include "ports/linux/console.h"
#include "ports/linux/guards.h"
#include "ports/linux/net.h"
#include "ports/linux/tls.h"
#include "ports/port.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { DECRYPT_KEY_MAX = 4000, HOOKS_MAX = 8, TURN_MS = 1000, WIFI_STEP_MS = 20, WIFI_IP_MS = 100 };

#define RESTART_MS 5000u // of shutdown, when a way asks for a restart

struct hook {
    void (*fn)(void *ctx);
    void *ctx;
};

// A setting that was asked for once; kept, as its text lives as long as the app.
struct known_setting {
    struct known_setting *next;
    char key[ALOFT_SETTINGS_KEY_MAX + 1];
    char value[];
};

struct aloft_port {
    struct aloft_board board;
    struct aloft_console console;
    struct aloft_net *net;
    struct aloft_slots slots;
    struct aloft_image_facts facts;
    struct aloft_app_efuse efuse;
    bool watches;  // whether the running app is confirmed
    int64_t built; // see tls.h
    int running;
    struct hook hooks[HOOKS_MAX];
    uint32_t hook_count;
    struct aloft_mbed_decrypt *decrypt; // NULL: there is no key, or nobody has asked
    struct known_setting *settings;
    uint32_t settings_len;
    uint8_t settings_block[ALOFT_SETTINGS_LEN_MAX];
    char setting_value[ALOFT_SETTINGS_VALUE_MAX + 1]; // on its way into a known_setting
};

void aloft_port_log(struct aloft_port *port, char level, const char *tag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    aloft_board_vlog(&port->board, level, tag, format, args);
    va_end(args);
}

void aloft_port_print(struct aloft_port *port, const char *format, ...)
{
    va_list args;
    (void)port; // there is one serial port
    va_start(args, format);
    aloft_board_vprint(format, args);
    va_end(args);
}

uint32_t aloft_port_now_ms(struct aloft_port *port)
{
    return aloft_board_now_ms(&port->board);
}

enum aloft_err aloft_port_add_way(struct aloft_port *port, const struct aloft_way *way)
{
    return aloft_net_add(port->net, way);
}

// Wherever the app was confirmed, by itself, by an operator or before this start, its security
// version is burned next.
static void raise_secure_version(struct aloft_port *port)
{
    aloft_app_efuse_raise(&port->efuse, &port->slots, port->running, port->facts.secure_version);
}

// One turn of all ways. A way that has brought new firmware ends this app.
static void turn(struct aloft_port *port, uint32_t until_ms)
{
    if (port->watches) {
        raise_secure_version(port);
    }
    if (aloft_net_turn(port->net, until_ms)) {
        aloft_port_restart(port, RESTART_MS);
    }
}

void aloft_port_feed_watchdog(struct aloft_port *port)
{
    aloft_board_feed_watchdog(&port->board);
}

void aloft_port_delay_ms(struct aloft_port *port, uint32_t ms)
{
    uint32_t until = aloft_board_now_ms(&port->board) + ms;
    do {
        turn(port, until);
    } while ((int32_t)(until - aloft_board_now_ms(&port->board)) > 0);
}

struct aloft_board *aloft_port_board(struct aloft_port *port)
{
    return &port->board;
}

void aloft_port_watch_confirmation(struct aloft_port *port)
{
    port->watches = true;
}

uint32_t aloft_port_secure_version(struct aloft_port *port)
{
    return port->efuse.efuse.secure_version;
}

enum aloft_err aloft_port_raise_secure_version(struct aloft_port *port, uint32_t version)
{
    return aloft_app_efuse_raise_to(&port->efuse, version);
}

struct aloft_port_chip aloft_port_chip(struct aloft_port *port)
{
    return (struct aloft_port_chip){
        .name = "ESP32",
        .id = ALOFT_CHIP_ESP32,
        .revision = ALOFT_BOARD_REVISION,
        .cores = ALOFT_BOARD_CORES,
        .flash_size = port->board.flash.geometry.size,
    };
}

enum aloft_port_reset aloft_port_reset_reason(struct aloft_port *port)
{
    switch (port->board.retained->reset) {
    case ALOFT_BOARD_RESET_POWER_ON:
        return ALOFT_RESET_POWER_ON;
    case ALOFT_BOARD_RESET_SOFTWARE:
        return ALOFT_RESET_SOFTWARE;
    case ALOFT_BOARD_RESET_PANIC:
        return ALOFT_RESET_PANIC;
    case ALOFT_BOARD_RESET_WATCHDOG:
        return ALOFT_RESET_WATCHDOG;
    case ALOFT_BOARD_RESET_BROWN_OUT:
        break;
    }
    return ALOFT_RESET_BROWN_OUT;
}

const struct aloft_slots *aloft_port_slots(struct aloft_port *port)
{
    return &port->slots;
}

int aloft_port_running(struct aloft_port *port)
{
    return port->running;
}

const struct aloft_image_facts *aloft_port_running_facts(struct aloft_port *port)
{
    return &port->facts;
}

const struct aloft_image_rules *aloft_port_rules(struct aloft_port *port)
{
    return &port->efuse.rules.rules;
}

const char *aloft_port_setting(struct aloft_port *port, const char *key, const char *fallback)
{
    struct known_setting *known = port->settings;
    while (known != NULL && strcmp(known->key, key) != 0) {
        known = known->next;
    }
    if (known != NULL) {
        return known->value;
    }
    char *value = port->setting_value;
    if (strlen(key) > ALOFT_SETTINGS_KEY_MAX ||
        !aloft_settings_get(port->settings_block, port->settings_len, key, value,
                            sizeof port->setting_value)) {
        return fallback;
    }
    known = calloc(1, sizeof *known + strlen(value) + 1);
    if (known == NULL) {
        return fallback;
    }
    memcpy(known->value, value, strlen(value));
    memcpy(known->key, key, strlen(key));
    known->next = port->settings;
    port->settings = known;
    return known->value;
}

enum aloft_err aloft_port_secret_read(struct aloft_port *port, const char *key, char *out,
                                      uint32_t size)
{
    return aloft_guards_read(&port->board, key, out, size);
}

bool aloft_port_secret(struct aloft_port *port, const char *key, char *out, uint32_t size)
{
    return aloft_port_secret_read(port, key, out, size) == ALOFT_OK;
}

// The key is in NVS as PEM, for want of a chip that keeps one.
const struct aloft_decrypt *aloft_port_decrypt(struct aloft_port *port)
{
    char pem[DECRYPT_KEY_MAX];
    struct aloft_message error;
    if (port->decrypt != NULL) {
        return aloft_mbed_decrypt_table(port->decrypt);
    }
    enum aloft_err err = aloft_port_secret_read(port, "enc_key", pem, sizeof pem);
    if (err != ALOFT_OK && err != ALOFT_ERR_NVS_NOT_FOUND) {
        aloft_port_log(port, 'E', "port", "enc_key in NVS cannot be read; set it again: %s: %s",
                       aloft_err_name(err), aloft_err_sentence(err));
    }
    if (err == ALOFT_OK) {
        port->decrypt = aloft_mbed_decrypt_new("The key for encrypted firmware", (uint8_t *)pem,
                                               strlen(pem), &error);
        explicit_bzero(pem, sizeof pem);
        if (port->decrypt == NULL) {
            aloft_port_log(port, 'E', "port", "%s", error.text);
        }
    }
    return port->decrypt != NULL ? aloft_mbed_decrypt_table(port->decrypt) : NULL;
}

const char *aloft_port_device_id(struct aloft_port *port)
{
    (void)port;
    return "02a10f000001"; // the MAC that the ROM's loader tells, too
}

void aloft_port_random(void *ctx, uint8_t *out, uint32_t len)
{
    (void)ctx;
    while (!aloft_random(out, len)) { // as on a chip, there is no going on without
    }
}

void aloft_port_on_line(struct aloft_port *port, bool (*fn)(void *ctx, const char *line), void *ctx,
                        const char *help)
{
    port->console.on_line = fn;
    port->console.ctx = ctx;
    port->console.help = help;
}

// Acts the association out with the lines of an ESP32; the network is the host's. The setting
// wifi_down makes it fail.
bool aloft_port_wifi(struct aloft_port *port, const char *ssid, const char *password,
                     uint32_t timeout_ms)
{
    bool fast = port->board.retained->config.fast;
    (void)password; // any will do
    if (strcmp(aloft_port_setting(port, "wifi_down", "0"), "0") != 0) {
        aloft_port_delay_ms(port, timeout_ms);
        return false;
    }
    aloft_port_log(port, 'I', "wifi", "state: init -> auth (b0)");
    aloft_port_delay_ms(port, fast ? 0 : WIFI_STEP_MS);
    aloft_port_log(port, 'I', "wifi", "state: auth -> assoc (0)");
    aloft_port_log(port, 'I', "wifi", "state: assoc -> run (10)");
    aloft_port_delay_ms(port, fast ? 0 : WIFI_STEP_MS);
    aloft_port_log(port, 'I', "wifi", "connected with %s, channel 1", ssid);
    aloft_port_delay_ms(port, fast ? 0 : WIFI_IP_MS);
    aloft_port_log(port, 'I', "event",
                   "sta ip: 192.168.2.105, mask: 255.255.255.0, gw: 192.168.2.1");
    return true;
}

enum aloft_err aloft_port_run(struct aloft_port *port, struct aloft_pull *pull)
{
    const struct aloft_way way = aloft_pull_way(pull);
    enum aloft_err err = aloft_net_add(port->net, &way);
    if (err != ALOFT_OK) {
        return err; // it runs already
    }
    while (pull->state == ALOFT_PULL_RUNNING) {
        turn(port, aloft_board_now_ms(&port->board) + TURN_MS);
    }
    aloft_net_remove(port->net, &way);
    aloft_intake_release(pull->config.intake, pull);
    return pull->err;
}

enum aloft_err aloft_port_run_bootsel(struct aloft_port *port, struct aloft_bootsel *op)
{
    enum aloft_step step;
    do {
        step = aloft_bootsel_step(op);
        aloft_board_feed_watchdog(&port->board);
    } while (step == ALOFT_STEP_AGAIN);
    raise_secure_version(port);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : op->err;
}

enum aloft_err aloft_port_on_shutdown(struct aloft_port *port, void (*fn)(void *ctx), void *ctx)
{
    if (port->hook_count == HOOKS_MAX) {
        return ALOFT_ERR_ARG;
    }
    port->hooks[port->hook_count++] = (struct hook){fn, ctx};
    return ALOFT_OK;
}

void aloft_port_restart(struct aloft_port *port, uint32_t deadline_ms)
{
    struct aloft_board *board = &port->board;
    uint32_t start = aloft_board_now_ms(board);
    board->watchdog_ms = deadline_ms;
    aloft_board_feed_watchdog(board);
    board->watchdog_frozen = true;
    while (port->hook_count > 0) {
        if (aloft_board_now_ms(board) - start >= deadline_ms) {
            aloft_port_log(port, 'W', "port", "Shutdown took longer than %u ms; %u hooks left out",
                           (unsigned)deadline_ms, (unsigned)port->hook_count);
            break;
        }
        struct hook hook = port->hooks[--port->hook_count];
        hook.fn(hook.ctx);
    }
    aloft_board_reset(board, ALOFT_BOARD_RESET_SOFTWARE);
}

// From the slot's start to its end; without a table, to the end of the chip.
static struct aloft_flash_view running_view(const struct aloft_port *port)
{
    uint32_t addr = port->board.retained->running_addr;
    struct aloft_extent extent = aloft_slots_extent(&port->slots, port->running);
    uint32_t rest = port->board.flash.geometry.size - addr;
    return (struct aloft_flash_view){&port->board.flash, addr, extent.len != 0 ? extent.len : rest};
}

// The build's time, and the ELF that a panic is explained by.
static void read_desc(struct aloft_port *port, const struct aloft_flash_view *view)
{
    uint8_t bytes[ALOFT_IMAGE_DESC_LEN];
    struct aloft_image_desc desc = {0};
    uint32_t off = ALOFT_IMAGE_HEADER + ALOFT_IMAGE_SEGMENT_HEADER;
    if (port->facts.has_desc && aloft_flash_read(view, off, bytes, sizeof bytes) == ALOFT_OK) {
        aloft_image_desc_parse(bytes, &desc);
        port->built = aloft_tls_built(desc.date, desc.time);
    }
    aloft_panic_arm(port->board.retained, desc.elf_sha256);
}

static void read_settings(struct aloft_port *port, const struct aloft_flash_view *view)
{
    uint32_t room = view->len > ALOFT_SETTINGS_OFF ? view->len - ALOFT_SETTINGS_OFF : 0;
    uint32_t len = room < sizeof port->settings_block ? room : sizeof port->settings_block;
    if (aloft_flash_read(view, ALOFT_SETTINGS_OFF, port->settings_block, len) == ALOFT_OK) {
        port->settings_len = len;
    }
}

// Whether it may run was for the bootloader to say; here are only its facts and settings. One that
// has rotted since names no signer, and then no update is taken rather than anybody's.
static void read_own_image(struct aloft_port *port)
{
    const struct aloft_image_rules rules = aloft_board_rules_plain();
    struct aloft_flash_view view = running_view(port);
    struct aloft_verify verify;
    enum aloft_step step;
    aloft_verify_init(&verify, &view, &rules);
    do {
        step = aloft_verify_step(&verify);
    } while (step == ALOFT_STEP_AGAIN);
    if (step == ALOFT_STEP_DONE) {
        port->facts = verify.image.facts;
    } else {
        aloft_port_log(port, 'E', "port", "The running image at 0x%x is not good any more: %s: %s",
                       (unsigned)view.addr, aloft_err_name(verify.err),
                       aloft_err_sentence(verify.err));
    }
    read_settings(port, &view);
    read_desc(port, &view);
    if (strcmp(aloft_port_setting(port, "signed", "no"), "yes") == 0) {
        aloft_app_efuse_trust_own(&port->efuse, &view, port->facts.image_len);
    }
}

static void read_table(struct aloft_port *port)
{
    uint32_t addr = port->board.retained->ptable_addr;
    enum aloft_err err =
        aloft_slots_load(&port->slots, &port->board.flash, &aloft_mbed_crypto, addr);
    if (err != ALOFT_OK) {
        aloft_port_log(port, 'E', "port", "No usable partition table at 0x%x: %s: %s",
                       (unsigned)addr, aloft_err_name(err), aloft_err_sentence(err));
    }
    port->running = aloft_slots_find(&port->slots, port->board.retained->running_addr);
}

struct aloft_net *aloft_port_net(struct aloft_port *port)
{
    return port->net;
}

int64_t aloft_port_built(const struct aloft_port *port)
{
    return port->built;
}

struct aloft_port *aloft_port_begin(void)
{
    static struct aloft_port port; // of the process that is the chip; core never sees it
    aloft_board_attach(&port.board, "app", ALOFT_BOARD_APP_WATCHDOG_MS);
    port.board.listen = aloft_console_look;
    port.board.listen_ctx = &port.console;
    port.board.clean = aloft_printable_clean;
    aloft_app_efuse_init(&port.efuse, &port.board);
    read_table(&port);
    read_own_image(&port);
    // A board that others can reach is for its owner to make: the network here is the host's.
    port.net = aloft_net_new(&port.board, aloft_port_setting(&port, "listen", "127.0.0.1"));
    if (port.net == NULL) { // a chip has this memory
        aloft_port_log(&port, 'E', "port", "No memory for sockets");
        aloft_board_reset(&port.board, ALOFT_BOARD_RESET_PANIC);
    }
    aloft_port_log(&port, 'I', "app_init", "Application information:");
    aloft_port_log(&port, 'I', "app_init", "Project name:     %s", port.facts.project);
    aloft_port_log(&port, 'I', "app_init", "App version:      %s", port.facts.version);
    raise_secure_version(&port);
    return &port;
}
