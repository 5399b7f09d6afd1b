// USB adapters are ttyUSB*, chips with USB of their own ttyACM*; nothing else is guessed.
#include "cli/serial/port.h"
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool several(const glob_t *found, struct aloft_message *error)
{
    char list[256] = "";
    for (size_t i = 0; i < found->gl_pathc; i++) {
        size_t len = strlen(list);
        (void)snprintf(list + len, sizeof list - len, "%s%s", i == 0 ? "" : ", ",
                       found->gl_pathv[i]);
    }
    return aloft_message_set(error, "there are several serial ports: %s; say which with --port",
                             list);
}

bool aloft_port_choose(const char *given, char name[ALOFT_SERIAL_LINE_NAME_MAX + 1],
                       struct aloft_message *error)
{
    // Ours, idf.py's and esptool's.
    static const char *const variables[] = {"ALOFT_PORT", "ESPPORT", "ESPTOOL_PORT"};
    const char *port = given;
    glob_t found;
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        port = port == NULL || port[0] == '\0' ? getenv(variables[i]) : port;
    }
    if (port != NULL && port[0] != '\0') {
        bool fits = strlen(port) <= ALOFT_SERIAL_LINE_NAME_MAX;
        (void)snprintf(name, ALOFT_SERIAL_LINE_NAME_MAX + 1, "%s", port);
        return fits || aloft_message_set(error, "the name of the port is too long");
    }
    (void)glob("/dev/ttyUSB*", 0, NULL, &found); // finding nothing is an answer, too
    (void)glob("/dev/ttyACM*", GLOB_APPEND, NULL, &found);
    bool good = found.gl_pathc == 1;
    if (good) {
        (void)snprintf(name, ALOFT_SERIAL_LINE_NAME_MAX + 1, "%s", found.gl_pathv[0]);
    } else if (found.gl_pathc > 1) {
        (void)several(&found, error);
    } else {
        (void)aloft_message_set(error,
                                "there is no /dev/ttyUSB* and no /dev/ttyACM*; plug the board in, "
                                "or say --port /dev/pts/N, socket://host:port or "
                                "rfc2217://host:port for a virtual board");
    }
    globfree(&found);
    return good;
}
