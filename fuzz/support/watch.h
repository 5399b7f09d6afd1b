// Stands between core and the RAM flash of tests/support and stops the fuzzer at the operation that
// breaks a rule: a change outside what may change, or a second change in one step.
#ifndef ALOFT_FUZZ_WATCH_H
#define ALOFT_FUZZ_WATCH_H

#include "aloft/slots.h"
#include "tests/support/device/device.h"

struct watch {
    struct aloft_extent allowed[2]; // where erases and programs may happen; len 0: nowhere
    uint32_t changes;               // in this step
    uint32_t read_bytes;            // in this step
    uint32_t total;                 // operations, all steps
    bool on_slot;                   // allowed[0] was changed
};

extern struct watch watch;

// Puts the watch before the device's flash. Everything is forbidden until `allowed` is set. The
// device gets mbedTLS for its crypto, which is much faster than ours under sanitizers.
void watch_device(struct device *device);

// One step begins: at most one erase or program may follow, after a look at no more than 4 KiB; or
// any number of reads.
void watch_step(void);

// Makes the operation after the next n fail.
void watch_fail_after(struct device *device, uint32_t n);

#endif
