// The filter of Arduino's HTTPUpdate (aloft/httpupdate.h) for ota_demo's pull, with the facts of
// the device filled in.
//
// Settings:
//   httpupdate            "on": ask as an Arduino sketch would
//   httpupdate_user, httpupdate_password   Basic authentication, when there is a user
#ifndef ALOFT_OTA_DEMO_ARDUINO_H
#define ALOFT_OTA_DEMO_ARDUINO_H

#include "aloft/httpupdate.h"
#include "ports/port.h"

// The filter, if the setting turns it on; else NULL. Reads the running image once. update and url
// must stay valid as long as the app runs.
const struct aloft_http_filter *arduino_start(struct aloft_httpupdate *update,
                                              struct aloft_port *port, const char *url);

#endif
