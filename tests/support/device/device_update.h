// What a device in RAM (device.h) does between two boots: it receives an image, selects it and
// confirms itself. Each step is checked: it erases or programs at most once.
#ifndef ALOFT_DEVICE_UPDATE_H
#define ALOFT_DEVICE_UPDATE_H

#include "aloft/bootsel.h"
#include "aloft/engine.h"
#include "device.h"

// An update of `len` bytes (0: not known) into the spare slot.
struct aloft_engine_config device_config(const struct device *device, int running, uint32_t len);

// Programs and erases since the device was made.
uint32_t device_changes(const struct device *device);

// Steps the engine while device_changes is below `limit`. AGAIN: the limit was reached.
enum aloft_step device_settle(const struct device *device, struct aloft_engine *engine,
                              uint32_t limit);

// Feeds all of it and lets flash settle after each piece. The engine must take what it has room
// for.
enum aloft_err device_feed(const struct device *device, struct aloft_engine *engine,
                           const uint8_t *bytes, uint32_t len);
enum aloft_err device_finish(const struct device *device, struct aloft_engine *engine);

// begin, feed, finish.
enum aloft_err device_receive(const struct device *device, struct aloft_engine *engine,
                              const struct aloft_engine_config *config, const uint8_t *bytes,
                              uint32_t len);

// The app in this slot starts: what it does before all else. power_on: power was off before.
enum aloft_err device_started(const struct device *device, int running, bool power_on);

// Selects the slot, on trial.
enum aloft_err device_select(const struct device *device, int slot);

// The app in this slot confirms, or rejects, itself.
enum aloft_err device_confirm(const struct device *device, int running);
enum aloft_err device_reject(const struct device *device, int running);

// Receives the image and selects the slot that it went to.
enum aloft_err device_update(const struct device *device, int running, const uint8_t *bytes,
                             uint32_t len);

#endif
