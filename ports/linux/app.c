// The main of an app that is written for ports/port.h.
#include "ports/linux/app_start.h"
#include "ports/port.h"

enum { IDLE_MS = 1000 };

int main(void)
{
    struct aloft_port *port = aloft_app_start();
    aloft_port_watch_confirmation(port);
    aloft_app_main(port);
    for (;;) {
        aloft_port_delay_ms(port, IDLE_MS);
    }
}
