// Starts the port, TLS trust and guards of a program.
#include "ports/linux/app_start.h"
#include "board/chip/debugger.h"
#include "ports/linux/guards_restore.h"
#include "ports/linux/tls_settings.h"
#include "ports/portlib/tls/tls.h"

struct aloft_port *aloft_app_start(void)
{
    static struct aloft_tls_settings tls; // of the process that is the chip; core never sees it
    struct aloft_port *port = aloft_port_begin();
    struct aloft_device *device = aloft_port_device(port);
    tls.port = port;
    tls.built = aloft_tls_built(device->desc.date, device->desc.time);
    aloft_net_trust(aloft_port_net(port), &aloft_tls_calls, aloft_tls_settings_fill, &tls);
    aloft_guards_restore(device);
    aloft_debugger_wait(&device->board);
    return port;
}
