// ports/port.h on the virtual board: device.c with sockets, ways, and what apps ask for.
#include "ports/linux/app_port.h"
#include "aloft/chip.h"
#include "aloft/pull.h"
#include "board/chip/board.h"
#include "hostlib/base/random.h"
#include "hostlib/crypto/decrypt_key.h"
#include "ports/linux/guards.h"
#include "ports/linux/host_sockets.h"
#include "ports/port.h"
#include "ports/portlib/sockets/net.h"
#include <stdarg.h>
#include <string.h>

enum { DECRYPT_KEY_MAX = 4000, HOOKS_MAX = 8, TURN_MS = 1000, WIFI_STEP_MS = 20, WIFI_IP_MS = 100 };

#define RESTART_MS 5000u // of shutdown, when a way asks for a restart

// One id's connection. The host has memory for each.
struct room {
    struct aloft_net_link link;
    char host[ALOFT_NET_HOST];
    uint8_t in[ALOFT_WAY_PIECE];
    uint8_t out[ALOFT_WAY_PIECE];
};

struct hook {
    void (*fn)(void *ctx);
    void *ctx;
};

struct aloft_port {
    struct aloft_device device;
    struct aloft_net net;
    struct room rooms[ALOFT_WAY_IDS];
    struct aloft_net_port net_port;
    bool watches; // whether the running app is confirmed
    struct hook hooks[HOOKS_MAX];
    uint32_t hook_count;
    struct aloft_mbed_decrypt *decrypt; // NULL: there is no key, or nobody has asked
};

void aloft_port_log(struct aloft_port *port, char level, const char *tag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    aloft_board_vlog(&port->device.board, level, tag, format, args);
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
    return aloft_board_now_ms(&port->device.board);
}

enum aloft_err aloft_port_add_way(struct aloft_port *port, const struct aloft_way *way)
{
    return aloft_net_add(&port->net, way);
}

// One turn of all ways. A way that has brought new firmware ends this app.
static void turn(struct aloft_port *port, uint32_t until_ms)
{
    if (port->watches) {
        aloft_device_raise_secure_version(&port->device);
    }
    aloft_board_listen(&port->device.board);
    if (aloft_net_turn(&port->net, until_ms)) {
        aloft_port_restart(port, RESTART_MS);
    }
}

void aloft_port_feed_watchdog(struct aloft_port *port)
{
    aloft_board_feed_watchdog(&port->device.board);
}

void aloft_port_delay_ms(struct aloft_port *port, uint32_t ms)
{
    uint32_t until = aloft_board_now_ms(&port->device.board) + ms;
    do {
        turn(port, until);
    } while ((int32_t)(until - aloft_board_now_ms(&port->device.board)) > 0);
}

struct aloft_device *aloft_port_device(struct aloft_port *port)
{
    return &port->device;
}

void aloft_port_watch_confirmation(struct aloft_port *port)
{
    port->watches = true;
}

struct aloft_port_chip aloft_port_chip(struct aloft_port *port)
{
    return (struct aloft_port_chip){
        .name = "ESP32",
        .id = ALOFT_CHIP_ESP32,
        .revision = ALOFT_BOARD_REVISION,
        .cores = ALOFT_BOARD_CORES,
        .flash_size = port->device.board.flash.geometry.size,
    };
}

enum aloft_port_reset aloft_port_reset_reason(struct aloft_port *port)
{
    return aloft_device_reset_reason(&port->device);
}

const struct aloft_slots *aloft_port_slots(struct aloft_port *port)
{
    return &port->device.slots;
}

int aloft_port_running(struct aloft_port *port)
{
    return port->device.running;
}

const struct aloft_image_facts *aloft_port_running_facts(struct aloft_port *port)
{
    return &port->device.facts;
}

const struct aloft_image_rules *aloft_port_rules(struct aloft_port *port)
{
    return &port->device.efuse.rules.rules;
}

const char *aloft_port_setting(struct aloft_port *port, const char *key, const char *fallback)
{
    return aloft_device_setting(&port->device, key, fallback);
}

enum aloft_err aloft_port_secret_read(struct aloft_port *port, const char *key, char *out,
                                      uint32_t size)
{
    return aloft_guards_read(&port->device.board, key, out, size);
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
        port->decrypt = aloft_decrypt_key_read("The key for encrypted firmware", (uint8_t *)pem,
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
    return aloft_device_id();
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
    port->device.console.on_line = fn;
    port->device.console.ctx = ctx;
    port->device.console.help = help;
}

// Acts the association out with the lines of an ESP32; the network is the host's. The setting
// wifi_down makes it fail.
bool aloft_port_wifi(struct aloft_port *port, const char *ssid, const char *password,
                     uint32_t timeout_ms)
{
    bool fast = port->device.board.retained->config.fast;
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
    enum aloft_err err = aloft_net_add(&port->net, &way);
    if (err != ALOFT_OK) {
        return err; // it runs already
    }
    while (pull->state == ALOFT_PULL_RUNNING) {
        turn(port, aloft_board_now_ms(&port->device.board) + TURN_MS);
    }
    aloft_net_remove(&port->net, &way);
    aloft_intake_release(pull->config.intake, pull);
    return pull->err;
}

enum aloft_err aloft_port_run_bootsel(struct aloft_port *port, struct aloft_bootsel *op)
{
    enum aloft_step step;
    do {
        step = aloft_bootsel_step(op);
        aloft_board_feed_watchdog(&port->device.board);
    } while (step == ALOFT_STEP_AGAIN);
    aloft_device_raise_secure_version(&port->device);
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
    struct aloft_board *board = &port->device.board;
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

struct aloft_net *aloft_port_net(struct aloft_port *port)
{
    return &port->net;
}

static uint32_t now_ms(void *ctx)
{
    return aloft_board_now_ms(ctx);
}

static void feed_watchdog(void *ctx)
{
    aloft_board_feed_watchdog(ctx);
}

static void log_line(void *ctx, char level, const char *tag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    aloft_board_vlog(ctx, level, tag, format, args);
    va_end(args);
}

// A board that others can reach is for its owner to make: the network here is the host's.
static void begin_net(struct aloft_port *port)
{
    port->net_port = (struct aloft_net_port){&port->device.board, now_ms, feed_watchdog, log_line};
    aloft_net_init(&port->net, &aloft_host_sockets, &port->net_port,
                   aloft_port_setting(port, "listen", "127.0.0.1"));
    for (uint8_t id = 0; id < ALOFT_WAY_IDS; id++) {
        struct room *room = &port->rooms[id];
        aloft_net_lend(&port->net, id, &room->link,
                       &(struct aloft_net_buffers){room->host, sizeof room->host, room->in,
                                                   sizeof room->in, room->out, sizeof room->out});
    }
}

struct aloft_port *aloft_port_begin(void)
{
    static struct aloft_port port; // of the process that is the chip; core never sees it
    aloft_device_begin(&port.device);
    begin_net(&port);
    return &port;
}
