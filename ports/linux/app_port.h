// How a program that runs on the board comes to its port. There are two kinds: apps of ports/port.h
// (app.c has their main), and projects that are written for ESP-IDF (idf/start.c).
#ifndef ALOFT_APP_PORT_H
#define ALOFT_APP_PORT_H

#include "board/chip/board.h"
#include "ports/linux/net.h"

// Attaches to the board, reads table and own image, and says what runs. Call it once; programs call
// aloft_app_start (app_start.h), which does.
struct aloft_port *aloft_port_begin(void);

struct aloft_net *aloft_port_net(struct aloft_port *port); // its sockets
int64_t aloft_port_built(const struct aloft_port *port);   // aloft_tls_built of the running image

struct aloft_board *aloft_port_board(struct aloft_port *port);

// From now on the port burns the security version by itself, whenever it waits, once the running
// app is confirmed. Without it an app does so by its own call; a start heals what either left over.
void aloft_port_watch_confirmation(struct aloft_port *port);

// The eFuses' security version, and raising it. Errors: those of aloft_app_efuse_raise_to.
uint32_t aloft_port_secure_version(struct aloft_port *port);
enum aloft_err aloft_port_raise_secure_version(struct aloft_port *port, uint32_t version);

#endif
