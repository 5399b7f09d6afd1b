// The start of a program that runs on the board: its port, whom it trusts over TLS, and its guards.
#ifndef ALOFT_APP_START_H
#define ALOFT_APP_START_H

#include "ports/linux/app_port.h"

// Call it once, first.
struct aloft_port *aloft_app_start(void);

#endif
