// The guise of Arduino's HTTPUpdate (aloft/httpupdate.h) for ota_demo's pull, with what the device
// knows of itself filled in.
//
// Settings:
//   httpupdate            "on": ask as an Arduino sketch would
//   httpupdate_user, httpupdate_password   Basic authentication, when there is a user
#ifndef ALOFT_OTA_DEMO_ARDUINO_H
#define ALOFT_OTA_DEMO_ARDUINO_H

#include "aloft/httpupdate.h"
#include "ports/port.h"

// The guise, when it is on; else NULL. Reads the running image once. update must stay as long as
// the app, and so must url.
const struct aloft_guise *arduino_start(struct aloft_httpupdate *update, struct aloft_port *port,
                                        const char *url);

#endif
