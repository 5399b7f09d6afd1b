// One device and its world: a NOR chip, the real bootloader, engine and otadata code, apps that
// behave as a script says, and the judge who watches. All of it is one plain struct, so a moment is
// kept and restored by copying bytes.
//
// Life cycle: world_begin; then world_run until the scenario ends or power is cut; after a cut
// world_power_on and world_run again. What a cut takes away is what a device's RAM would hold; what
// stays besides flash is the user's will: how far the script has come.
#ifndef ALOFT_CUTS_WORLD_H
#define ALOFT_CUTS_WORLD_H

#include "hostlib/flash/nor.h"
#include "judge.h"
#include "scenario.h"
#include <aloft/image.h>
#include <aloft/slots.h>
#include <aloft/trust.h>

enum {
    WORLD_SLOT = 0x10000, // bytes of a slot: one block
    WORLD_SIZE_MAX = 6 * WORLD_SLOT,
    WORLD_OTADATA = 0xD000,
    WORLD_PAYLOAD_MAX = 0x4000,
    WORLD_BOOTS_MAX = 24,
    // Between two losses of power; the longest scenario without a cut has some 250.
    WORLD_OPERATIONS_MAX = 2000,
    WORLD_READS_MAX = 2000000,
};

// What goes wrong at one operation while power stays.
enum world_fault {
    WORLD_FAULTLESS,
    WORLD_FAILS, // it says so, and changes nothing
    WORLD_LIES,  // it says that all is well: a program leaves one bit as it was, an erase all
};

enum world_end { WORLD_FINISHED, WORLD_CUT, WORLD_BAD };

struct world {
    const struct scenario *scenario;
    struct judge judge;
    enum judge_verdict verdict;
    enum aloft_err err; // of what was refused
    struct aloft_nor nor;
    struct aloft_flash flash; // nor's, with a trace
    struct aloft_slots slots;
    struct aloft_image_rules rules;
    struct aloft_trust trust; // eFuses, with rules.secure_version: a cut takes nothing from them
    bool trace;
    bool endless; // more operations than any scenario needs: the chip was stopped
    bool calm;    // weak bits read as ones until the next reset
    uint32_t seed;
    enum world_fault fault;
    uint32_t fault_at; // operation, counted from 1 since power came
    uint32_t fault_seed;
    bool faulted;    // it has happened,
    bool forgiven;   // the app has heard of it,
    int resigned;    // the version that is refused because of it
    bool over;       // and has started once more since the script's end
    bool power_on;   // the next boot is the first since power came
    bool woke;       // the boot that started the app was
    bool booting;    // the bootloader runs
    bool finished;   // the script has come to its end
    bool issued;     // set_boot of this step was done once
    uint32_t step;   // of the script
    uint32_t boots;  // since the scenario began
    int fed_version; // whose download was begun last
    uint32_t fed;    // how many bytes of it had come
    uint32_t tried;  // bit v: version v has run on trial and was not confirmed
    int running;     // place of the slot; JUDGE_NOWHERE: a reset is due
    int version;     // that runs
    uint32_t loaded; // bytes in payload
    uint8_t payload[WORLD_PAYLOAD_MAX];
    struct aloft_nor_sector sectors[WORLD_SIZE_MAX / ALOFT_NOR_SECTOR];
    uint8_t bytes[WORLD_SIZE_MAX]; // last: only the chip's size of it is copied
};

// Makes the published images when it is called first, before anything else.
void world_publish(void);

// The scenario's device as it is before its first operation; origin gets a copy of its flash.
void world_begin(struct world *world, const struct scenario *scenario, uint8_t *origin,
                 uint32_t seed);

// Boots and runs until the end of the script, a cut, or a broken promise.
enum world_end world_run(struct world *world);

// The app was told of a fault of flash that has happened: it may try again, once.
bool world_forgives(struct world *world, enum aloft_err err);

// Judges the flash as the cut has left it, and gives power back. WORLD_BAD: a promise was broken.
enum world_end world_power_on(struct world *world);

// Revokes the keys of these bits, and sets the lowest security version; the judge hears of it.
void world_bar(struct world *world, uint8_t revoked, uint32_t secure_version);

// Copies a world into another that was begun by the same scenario.
void world_copy(struct world *to, const struct world *from);

#endif
