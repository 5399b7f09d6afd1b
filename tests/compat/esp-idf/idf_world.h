// ESP-IDF's API over a chip in RAM: two OTA slots and a factory app, as tests/support/device.h lays
// them out. A restart ends the task that asks for it, and is counted.
#ifndef ALOFT_IDF_WORLD_H
#define ALOFT_IDF_WORLD_H

#include "device.h"

struct idf_world {
    struct device device;
    _Atomic int restarts;
    uint32_t secure_version; // of the eFuses; they count to 16
    char log[65536];         // what was written to the console since begin
    uint32_t log_len;
    char route[64]; // the setting
};

extern struct idf_world world;

// A fresh chip with good apps in factory ("1"), ota_0 ("2") and ota_1 ("3"), where this slot runs;
// rollback is enabled. Everything that the API kept of the last chip is forgotten.
void world_begin(int running);

// Whether the console showed this.
bool world_said(const char *text);

// Runs fn in a task and waits for its end, or for a restart.
void world_in_task(void (*fn)(void));

#endif
