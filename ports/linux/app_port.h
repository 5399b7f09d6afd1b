// How a program that runs on the board comes to its port. There are two kinds: apps of ports/port.h
// (app.c has their main), and projects that are written for ESP-IDF (idf/start.c).
#ifndef ALOFT_APP_PORT_H
#define ALOFT_APP_PORT_H

#include "ports/linux/board.h"

// Attaches to the board, reads table and own image, and says what runs. Call it once.
struct aloft_port *aloft_port_begin(void);

struct aloft_board *aloft_port_board(struct aloft_port *port);

#endif
