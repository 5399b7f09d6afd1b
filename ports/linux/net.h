// Seam 3 on the virtual board: the agent's connections as the host's sockets. Nothing blocks, name
// lookup included, so the agent's deadlines and the watchdog hold whatever the network does. There
// is no TLS here yet; a request for it fails as NET_TLS.
#ifndef ALOFT_NET_H
#define ALOFT_NET_H

#include "aloft/agent.h"
#include "ports/linux/board.h"

// Runs one pull to its end and closes all its connections.
enum aloft_err aloft_net_run(struct aloft_board *board, struct aloft_agent *agent);

#endif
