// ESP-IDF's API on the board: the host of the library, the task "main", and the first thread, which
// serves console and watchdog. Only that thread resets, so that the process stays the same.
#include "board/chip/debugger.h"
#include "board/chip/panic.h"
#include "compat/esp-idf/esp_system/task_wdt.h"
#include "compat/esp-idf/host/host.h"
#include "compat/esp-idf/main_task.h"
#include "freertos/task.h"
#include "ports/linux/device.h"
#include "ports/linux/guards_restore.h"
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TURN_MS = 10, MAIN_STACK = 3584 };

static struct aloft_device device; // of the process that is the chip
static _Atomic bool restart_wanted;

static void write_console(const char *text, size_t len)
{
    aloft_board_print("%.*s", (int)len, text);
}

static uint32_t now_ms(void)
{
    return aloft_board_now_ms(&device.board);
}

static void __attribute__((noreturn)) restart(void)
{
    atomic_store(&restart_wanted, true);
    for (;;) {
        (void)pause();
    }
}

static const char *setting(const char *key, const char *fallback)
{
    aloft_idf_lock();
    const char *value = aloft_device_setting(&device, key, fallback);
    aloft_idf_unlock();
    return value;
}

// Reads one typed character, waiting for it, from a descriptor that never blocks. The carriage
// return of a terminal becomes C's newline; the character is echoed, as the console would do.
static ssize_t read_typed(void *cookie, char *buf, size_t size)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    (void)cookie;
    if (size == 0 || poll(&input, 1, -1) < 0) {
        return 0;
    }
    ssize_t n = read(STDIN_FILENO, buf, 1);
    if (n == 1) {
        buf[0] = buf[0] == '\r' ? '\n' : buf[0];
        aloft_board_print("%c", buf[0]);
    }
    return n > 0 ? n : 0;
}

static uint32_t secure_version(void)
{
    return device.efuse.efuse.secure_version;
}

static enum aloft_err raise_secure_version(uint32_t version)
{
    return aloft_app_efuse_raise_to(&device.efuse, version);
}

static bool take_input(void)
{
    const cookie_io_functions_t functions = {.read = read_typed};
    FILE *input = fopencookie(NULL, "r", functions);
    if (input == NULL) {
        return false;
    }
    (void)setvbuf(input, NULL, _IONBF, 0);
    device.board.listen = NULL; // it listens no more
    stdin = input;
    return true;
}

static void task_watchdog(pthread_t thread, const char *late)
{
    if (late != NULL) {
        aloft_panic_late(late);
    }
    (void)pthread_kill(thread, ALOFT_PANIC_WATCHDOG_SIGNAL); // the task exists, says rtos.h
}

static void fill_host(struct aloft_idf_host *host)
{
    struct aloft_board *board = &device.board;
    host->flash = &board->flash;
    host->rules = device.efuse.rules.rules;
    host->ptable_addr = board->retained->ptable_addr;
    host->running_addr = board->retained->running_addr;
    host->fast = board->retained->config.fast;
    host->reset = aloft_device_reset_reason(&device);
    host->device_id = aloft_device_id();
    host->write = write_console;
    host->now_ms = now_ms;
    host->restart = restart;
    host->secure_version = secure_version;
    host->raise_secure_version = raise_secure_version;
    host->take_input = take_input;
    host->setting = setting;
    host->task_watchdog = task_watchdog;
    host->task_begins = aloft_panic_thread;
    host->pins_driven = &board->retained->pins_driven;
    host->pins_high = &board->retained->pins_high;
}

// A turn of the first thread: watchdog and console.
static void serve_board(void)
{
    (void)poll(NULL, 0, TURN_MS);
    aloft_board_feed_watchdog(&device.board);
    aloft_board_listen(&device.board);
}

int main(void)
{
    aloft_device_begin(&device);
    aloft_guards_restore(&device);
    aloft_debugger_wait(&device.board);
    fill_host(&aloft_idf_host);
    (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ); // printf shows a line when it is whole
    device.console.on_line = aloft_idf_gpio_line;
    device.console.help = "gpio [N 0|1|-]  show or drive an input, or let it go";
    if (xTaskCreate(aloft_idf_main_task, "main", MAIN_STACK, NULL, 1, NULL) != pdPASS) {
        return 1;
    }
    bool debugged = device.board.retained->config.debug;
    while (!atomic_load(&restart_wanted)) {
        serve_board();
        if (!debugged) { // in a debugger, tasks stand still
            aloft_idf_task_wdt_look();
        }
    }
    aloft_idf_lock(); // what flash is doing is done first
    aloft_board_reset(&device.board, ALOFT_BOARD_RESET_SOFTWARE);
}
