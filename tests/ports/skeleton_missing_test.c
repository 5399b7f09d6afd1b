// A skeleton that is not filled in stops at once and names the function that is missing.
#include "check.h"
#include "ports/skeleton/app.h"
#include "ports/skeleton/bootloader.h"
#include "ports/skeleton/target.h"
#include "ports/skeleton/target_missing.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int told[2]; // a pipe to the test

static void tell(int signal)
{
    const char *name = (const char *)aloft_skeleton_missing;
    (void)signal;
    if (name == NULL || write(told[1], name, strlen(name)) < 0) {
        _exit(2);
    }
    _exit(1);
}

// What stops this call; "" when nothing does.
static const char *stopped_by(void (*call)(void))
{
    static char name[64];
    ssize_t len = 0;
    if (pipe(told) != 0) {
        return "no pipe";
    }
    pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGILL, tell);  // what a trap is here
        (void)signal(SIGTRAP, tell); // and elsewhere
        call();
        _exit(0);
    }
    close(told[1]);
    len = read(told[0], name, sizeof name - 1);
    close(told[0]);
    (void)waitpid(child, NULL, 0);
    name[len > 0 ? len : 0] = 0;
    return name;
}

static void start_app(void)
{
    static struct aloft_skeleton_app app;
    (void)aloft_skeleton_start(&app);
}

static void start_bootloader(void)
{
    aloft_skeleton_boot();
}

static void the_first_thing_that_is_missing_is_named(void)
{
    CHECK_TEXT(stopped_by(start_bootloader), "target_flash_size");
    CHECK_TEXT(stopped_by(start_app), "target_flash_size");
}

// Calls of them all, each by its name.
#define CALL(name, arguments)                                                                      \
    static void call_##name(void)                                                                  \
    {                                                                                              \
        (void)name arguments;                                                                      \
    }

CALL(target_feed_watchdog, ())
CALL(target_power_was_off, ())
CALL(target_chip, ())
CALL(target_revision, ())
CALL(target_secure_version, ())
CALL(target_now_ms, ())
CALL(target_reset, ())
CALL(target_sockets, ())
CALL(target_flash_size, ())
CALL(target_flash_read, (0, NULL, 0))
CALL(target_flash_prog, (0, NULL, 0))
CALL(target_flash_erase, (0, 0))
CALL(target_ram_is_free, (0, 0))
CALL(target_copy, (0, NULL, 0))
CALL(target_map, (0, 0, 0))
CALL(target_jump, (0, 0))
CALL(target_running_addr, ())

__attribute__((format(printf, 1, 2))) static void print(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    target_print('I', "test", format, args);
    va_end(args);
}

static void call_target_print(void)
{
    print("%s", "");
}

static void each_of_them_stops(void)
{
    static const struct {
        const char *name;
        void (*call)(void);
    } all[] = {
#define ROW(name) {#name, call_##name}
        ROW(target_print),       ROW(target_feed_watchdog), ROW(target_power_was_off),
        ROW(target_chip),        ROW(target_revision),      ROW(target_secure_version),
        ROW(target_now_ms),      ROW(target_reset),         ROW(target_sockets),
        ROW(target_flash_size),  ROW(target_flash_read),    ROW(target_flash_prog),
        ROW(target_flash_erase), ROW(target_ram_is_free),   ROW(target_copy),
        ROW(target_map),         ROW(target_jump),          ROW(target_running_addr),
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        CHECK_TEXT(stopped_by(all[i].call), all[i].name);
    }
}

CHECK_MAIN(TEST(the_first_thing_that_is_missing_is_named), TEST(each_of_them_stops))
