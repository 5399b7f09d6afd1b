// All firmware of the world: a catalogue of small images of every kind, built once and shared by
// all devices. It is also what the checkers know of the truth: an image in flash is good when it
// is, byte for byte, one of these.
#ifndef ALOFT_SIM_FIRMWARE_H
#define ALOFT_SIM_FIRMWARE_H

#include "sim/coding.h"
#include "sim/random.h"

#define SIM_FIRMWARE_COUNT 160
#define SIM_FIRMWARE_NONE  (-1)
#define SIM_FIRMWARE_MAX   12288u // bytes of the largest

// What the firmware does once it runs, or what is wrong with its file.
enum sim_firmware_kind {
    SIM_FINE,           // confirms itself after its first contact with the server
    SIM_CRASHES,        // at start
    SIM_HANGS,          // until the watchdog bites
    SIM_NEVER_CONFIRMS, // and resets itself when its trial has lasted too long
    SIM_LOSES_CONFIRM,  // panics while it confirms itself
    SIM_BAD_DIGEST,     // from here on the file is not a good image
    SIM_WRONG_CHIP,
    SIM_NO_IMAGE,
    SIM_CUT_SHORT, // the file ends before the image does
    SIM_TRAILING,  // something follows the image
    SIM_TOO_LARGE, // for any slot
    SIM_KINDS
};

// What the server gives for a file.
struct sim_artifact {
    uint32_t len;
    uint32_t said; // the length that the server says
    const uint8_t *bytes;
};

struct sim_firmware {
    enum sim_firmware_kind kind;
    uint32_t len; // bytes of the file
    uint32_t tag; // of its content; the server's ETag
    const uint8_t *bytes;
    struct sim_artifact artifact[SIM_CODINGS];
};

struct sim_catalogue {
    struct sim_firmware firmware[SIM_FIRMWARE_COUNT];
    uint8_t *memory;
};

// False when there is no memory. The same seed gives the same catalogue.
bool sim_catalogue_open(struct sim_catalogue *catalogue, uint64_t seed);
void sim_catalogue_close(struct sim_catalogue *catalogue);

// Which whole, good image starts at bytes, of which there are len; SIM_FIRMWARE_NONE: none.
int sim_catalogue_find(const struct sim_catalogue *catalogue, const uint8_t *bytes, uint32_t len);

// A firmware of this kind.
int sim_catalogue_draw(const struct sim_catalogue *catalogue, struct sim_random *random,
                       enum sim_firmware_kind kind);

// True when the kind is an image that can be installed.
bool sim_firmware_is_image(enum sim_firmware_kind kind);
const char *sim_firmware_name(enum sim_firmware_kind kind);

// CRC-32 as otadata has it (from FFFFFFFF), of the simulator's own, for the checkers.
uint32_t sim_crc32(const uint8_t *bytes, uint32_t len);

#endif
