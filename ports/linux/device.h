// What any program on the board has without sockets: the board itself with its console, the table,
// the slot that runs, the running image's facts and settings, and eFuses. There are two kinds of
// programs: apps of ports/port.h (app_port.c adds ways and the rest), and projects that are written
// for ESP-IDF (compat/esp-idf/start.c), which bring sockets of their own.
#ifndef ALOFT_DEVICE_H
#define ALOFT_DEVICE_H

#include "board/chip/board.h"
#include "hostlib/image/image_desc.h"
#include "hostlib/image/settings.h"
#include "ports/linux/app_efuse.h"
#include "ports/linux/console.h"
#include "ports/port.h"

struct aloft_device_setting;

struct aloft_device {
    struct aloft_board board;
    struct aloft_console console;
    struct aloft_slots slots;
    struct aloft_image_facts facts; // of the running image
    struct aloft_image_desc desc;   // of the running image; zeros when it has none
    struct aloft_app_efuse efuse;
    int running;
    // private
    struct aloft_device_setting *settings; // that were asked for
    uint32_t settings_len;
    uint8_t settings_block[ALOFT_SETTINGS_LEN_MAX];
    char setting_value[ALOFT_SETTINGS_VALUE_MAX + 1]; // on its way into settings
};

// Attaches to the board, reads eFuses, table and own image, notes a trial that nobody has noted,
// says what runs, and raises the eFuses' security version if a power cut has left that over. The
// struct, which is zero, stays where it is.
void aloft_device_begin(struct aloft_device *device);

// A setting of the running image; fallback when it is not set. The text lives as long as the app.
const char *aloft_device_setting(struct aloft_device *device, const char *key,
                                 const char *fallback);

// Once the running app is confirmed, by itself or by others, its security version is burned. Costs
// nothing when there is nothing to do.
void aloft_device_raise_secure_version(struct aloft_device *device);

enum aloft_port_reset aloft_device_reset_reason(const struct aloft_device *device);

// The MAC that the ROM's loader tells, too.
const char *aloft_device_id(void);

#endif
