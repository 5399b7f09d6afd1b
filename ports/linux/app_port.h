// How an app of ports/port.h comes to its port on the virtual board.
#ifndef ALOFT_APP_PORT_H
#define ALOFT_APP_PORT_H

#include "ports/linux/device.h"
#include "ports/portlib/sockets/net.h"

// Attaches to the board, reads table and own image, and says what runs. Call it once; programs call
// aloft_app_start (app_start.h), which does.
struct aloft_port *aloft_port_begin(void);

struct aloft_net *aloft_port_net(struct aloft_port *port); // its sockets
struct aloft_device *aloft_port_device(struct aloft_port *port);

// From now on the port burns the security version by itself, whenever it waits, once the running
// app is confirmed. Without it an app does so by its own call; a start heals what either left over.
void aloft_port_watch_confirmation(struct aloft_port *port);

#endif
