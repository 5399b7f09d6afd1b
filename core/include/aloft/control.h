// What a person at the device may ask of it, the same for browser, console and tools: which slot
// boots, confirm, roll back, restart, check for an update. Each command is a name and one write of
// otadata at most, done in steps.
//
// Life cycle of a command: begin, step until it is not AGAIN; then `restart` says whether the chip
// is to be restarted, by whoever began it.
//
// Invariants
//   C1  Nothing is selected that would not boot: its image is read and judged whole before.
//       C1 has no assertion: set_boot judges the image (bootsel.h), and its step returns the fault.
//   C2  While a command writes, no image comes in, and none is interrupted: it has the turn.
//   C3  Each command's end is told, with its fault when there was one.
//       C3 has no assertion: one function ends a command, and tells it.
#ifndef ALOFT_CONTROL_H
#define ALOFT_CONTROL_H

#include "aloft/intake.h"

enum aloft_command {
    ALOFT_COMMAND_BOOT,     // run this slot from now on: select it, then restart
    ALOFT_COMMAND_CONFIRM,  // the running app is good
    ALOFT_COMMAND_ROLLBACK, // the running app is bad: refuse it, then restart
    ALOFT_COMMAND_FACTORY,  // as boot, with the factory app
    ALOFT_COMMAND_RESTART,
    ALOFT_COMMAND_CHECK, // look for an update now
    ALOFT_COMMAND_COUNT,
};

struct aloft_control_hooks {
    // Look for an update now; NULL: CHECK is refused. It must return at once: it sets a flag.
    void (*check)(void *ctx);
    // A command has ended; may be NULL. slot: of BOOT and FACTORY.
    void (*told)(void *ctx, enum aloft_command command, int slot, enum aloft_err err);
    void *ctx;
};

struct aloft_control_config {
    const struct aloft_slots *slots;
    const struct aloft_image_rules *rules;
    struct aloft_intake *intake; // whose turn it takes; NULL: no other writer exists
    struct aloft_control_hooks hooks;
    int running; // the slot that runs
    bool trial;  // BOOT selects on trial: the app must confirm itself
};

struct aloft_control {
    struct aloft_control_config config;
    enum aloft_err err; // of a failed command
    bool restart;       // the chip is to be restarted
    // private
    enum aloft_command command;
    int slot;
    bool active;
    bool writes;
    struct aloft_bootsel op;
};

// config is copied, what it points to must outlive the control.
void aloft_control_init(struct aloft_control *control, const struct aloft_control_config *config);

// "boot", "confirm", ...
const char *aloft_control_name(enum aloft_command command);

// The command of this name, and the slot ("ota_1", "factory") that BOOT goes to. False: there is no
// such one.
bool aloft_control_find(const char *name, uint32_t len, enum aloft_command *command);
bool aloft_control_slot(const char *name, uint32_t len, int *slot);

// What the head of the image in a slot says of it; whether it is whole is judged when it is to
// boot. False: no image begins there.
bool aloft_control_image(const struct aloft_slots *slots, int slot, struct aloft_image_facts *out);

// Begins a command; slot is for BOOT.
// Errors: NET_BUSY while another one, or an update, is under way; SLOT_UNKNOWN; CONTROL_COMMAND for
//         CHECK without a check hook. The `told` hook is called for these, too.
enum aloft_err aloft_control_begin(struct aloft_control *control, enum aloft_command command,
                                   int slot);

// One flash operation, or reading at most 4 KiB.
// Power loss: as aloft_bootsel_set_boot, confirm and reject.
// Errors:     those of these three.
enum aloft_step aloft_control_step(struct aloft_control *control);

#endif
