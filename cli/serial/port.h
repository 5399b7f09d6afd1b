// Which serial port a command talks to: the one that was given, $ALOFT_PORT, $ESPPORT or
// $ESPTOOL_PORT, or the only one that there is.
#ifndef ALOFT_CLI_PORT_H
#define ALOFT_CLI_PORT_H

#include "hostlib/base/message.h"
#include "hostlib/serial/serial_line.h"

// given: the option's value, or NULL. False when there is no port, or there are several: the
// sentence lists them.
bool aloft_port_choose(const char *given, char name[ALOFT_SERIAL_LINE_NAME_MAX + 1],
                       struct aloft_message *error);

#endif
