// What a device goes through while its power is cut. A scenario is data: the layout of the chip,
// what lies in it, which app behaves how, and what is asked of the device.
#ifndef ALOFT_CUTS_SCENARIO_H
#define ALOFT_CUTS_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

// Published versions. Their sizes differ: BIG needs two sectors, HUGE a block.
enum { NO_IMAGE, V1, V2, V3, BIG, HUGE, SCENARIO_VERSIONS = HUGE };

enum { SCENARIO_FACTORY = 16, SCENARIO_BOOTS = -1 };

// How an app spends its trial.
enum manner {
    CONFIRMS, // and goes on with the script
    REJECTS,  // finds itself bad and says so
    CRASHES,  // resets at once
    HANGS,    // tries an update, which is refused, and does no more until the watchdog resets it
};

enum verb {
    END,
    UPDATE,  // to version arg: download, set_boot, reset, until it runs and is confirmed or failed
    PART,    // half of version arg arrives, and no more
    SET,     // set_boot to slot arg, reset, until it runs and is confirmed
    AGAIN,   // the same, though it may run already
    DISOWN,  // the running app rejects itself although it is confirmed
    ONCE,    // set_boot to slot arg, reset; when it was cut, that is not made up for
    RESTART, // reset, once
    REVOKE,  // the keys of these bits are trusted no more
    BURN,    // the security version arg is the lowest from now on
    DENIED,  // to version arg, which is refused for its signature or security version
};

struct script_step {
    enum verb verb;
    int arg;
};

// What is wrong with otadata at the start.
enum damage {
    INTACT,
    BLANK,
    RANDOM,
    SEQ_ZERO,   // and an erased CRC: sound to the stock bootloader
    SEQ_LAST,   // FFFFFFFE, sound: the next number does not exist
    BAD_CRC,    // the record, with one bit of its CRC turned
    BAD_STATE,  // a sound record with a state that no writer leaves
    TORN,       // half of the record
    HALF_ERASED // its sector, with weak bits
};

struct scenario {
    const char *name;
    uint8_t ota; // slots
    bool factory;
    bool download;     // the second cut is sampled
    uint8_t images[5]; // versions in ota_0..3 and, last, factory
    struct {
        uint32_t seq; // 0: blank
        uint32_t state;
    } records[2];
    enum damage damage;
    uint8_t damaged; // bit i: record i
    uint8_t rotten;  // bit i: a bit of images[i] has turned over
    uint8_t notes;   // old notes in sector 0, of rewrites of record 1 that are done
    uint8_t torn;    // and so many torn ones behind them
    uint8_t unit;    // the chip encrypts its flash in units of 16 or 32 bytes; 0: it does not
    uint8_t tagged;  // bit v: the server gives version v a tag, so its download can be resumed
    uint8_t sealed;  // bit v: version v comes encrypted
    uint8_t row; // every version comes through this row of the tests' stages, from 1 on; 0: none
    bool stale;  // notes may be left of a download whose bytes are gone
    bool open_trial; // it begins with the app on trial running, in the slot that otadata selects
    bool untried;    // the product does without trials: what is set runs as confirmed
    enum manner manner[SCENARIO_VERSIONS + 1];
    // The device takes signed images only, and every version is signed: world.c says with what. The
    // keys of these bits are revoked already.
    bool is_signed;
    uint8_t revoked;
    struct script_step script[6];
    int wanted; // version; the one that runs and is confirmed at the end
};

enum { SCENARIOS_MAX = 480, SCENARIO_NAME_MAX = 48 };

// All of them; *count says how many. NAME@16 and NAME@32 are NAME on a chip that encrypts its flash
// in units of so many bytes.
const struct scenario *scenarios(uint32_t *count);

#endif
