// An app for tests of the port: what it does is chosen by the setting "probe".
#include "ports/port.h"
#include <string.h>

#define SHUTDOWN_MS 1000u
#define HANG_MS     3600000u
#define FLOOD_LINES 5000 // more than pipes hold

static void first_registered(void *ctx)
{
    aloft_port_print(ctx, "hook 1\n");
}

static void second_registered(void *ctx)
{
    aloft_port_print(ctx, "hook 2\n");
}

static void slow(void *ctx)
{
    aloft_port_print(ctx, "slow hook\n");
    aloft_port_delay_ms(ctx, HANG_MS); // feeds the watchdog, which must not help
}

static bool probe_is(struct aloft_port *port, const char *name)
{
    return strcmp(aloft_port_setting(port, "probe", ""), name) == 0;
}

static void register_hooks(struct aloft_port *port)
{
    int count = 0;
    enum aloft_err err = aloft_port_on_shutdown(port, first_registered, port);
    while (err == ALOFT_OK) {
        count++;
        err = aloft_port_on_shutdown(port, second_registered, port);
    }
    aloft_port_print(port, "%d hooks, then %s\n", count, aloft_err_name(err));
}

void aloft_app_main(struct aloft_port *port)
{
    aloft_port_print(port, "reset reason %d\n", (int)aloft_port_reset_reason(port));
    aloft_port_print(port, "long setting %u\n",
                     (unsigned)strlen(aloft_port_setting(port, "long", "")));
    if (probe_is(port, "hooks")) {
        register_hooks(port);
        aloft_port_restart(port, SHUTDOWN_MS);
    }
    if (probe_is(port, "slow_hook")) {
        (void)aloft_port_on_shutdown(port, slow, port); // the first of eight
        aloft_port_restart(port, SHUTDOWN_MS);
    }
    for (int i = 0; i < FLOOD_LINES && probe_is(port, "flood"); i++) {
        aloft_port_print(port, "%060d\n", i);
    }
    if (probe_is(port, "wifi")) {
        bool joined = aloft_port_wifi(port, "net", "secret", 300);
        aloft_port_print(port, "joined: %d\n", (int)joined);
    }
    aloft_port_print(port, "idle\n");
}
