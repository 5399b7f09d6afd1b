// The judge of power cuts: says from the bytes of flash, and from what runs, whether a device kept
// its promises. It has a reader of its own for table, otadata, notes and images (SHA-256 from
// mbedTLS) and shares no code with what it judges.
//
// It remembers only what a witness could know: which versions were published, which of them is
// settled (chosen and confirmed), which one is offered (a set_boot for it has begun), and so which
// of them may run at the next boot.
//
// Life cycle: start; then tell it what the device is about to do and has done, and ask at every
// cut, at every boot and at the end.
#ifndef ALOFT_CUTS_JUDGE_H
#define ALOFT_CUTS_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    JUDGE_OTA_MAX = 16,
    JUDGE_FACTORY = 16, // place of factory among the slots; ota_n is place n
    JUDGE_SLOTS = 17,
    JUDGE_NOWHERE = -1,
    JUDGE_UNKNOWN = -1, // a whole image that was not published
};

struct judge_artifact {
    const uint8_t *bytes;
    uint32_t len;
    const uint8_t *sealed; // the same, encrypted: JUDGE_SEAL bytes more
};

enum { JUDGE_SEAL = 512, JUDGE_VERSIONS = 8 };

// What a server sends of a version, and the image that it becomes.
struct judge_sent {
    const uint8_t *bytes;
    uint32_t len;
    const uint8_t *image;
    uint32_t image_len;
};

struct judge_slot {
    uint32_t addr;
    uint32_t len;
    int version; // of the whole image in it; 0: there is none
};

struct judge_record {
    bool sound;
    uint32_t seq;
    uint32_t state;
    int slot;
};

// What flash says, read without any doubt about it.
struct judge_facts {
    bool table;
    uint32_t otadata;
    uint32_t ota_count;
    struct judge_slot slots[JUDGE_SLOTS];
    struct judge_record records[2];
    int active;     // the record that counts; JUDGE_NOWHERE
    bool progress;  // checkpoints in the slots are true
    int selected;   // the slot that it, or the lack of one, selects; JUDGE_NOWHERE
    bool open_note; // a note announces a rewrite and none says that it is done
};

// Verdicts; X(name, sentence).
// clang-format off
#define JUDGE_VERDICTS(X)                                                                          \
    X(GOOD, "no promise was broken")                                                               \
    X(TABLE, "the partition table is gone")                                                        \
    X(FROZEN, "read-only bytes changed: factory, table, bootloader")                               \
    X(LOST, "an image that may have to run is no longer whole in any slot")                        \
    X(CHOICE, "the active record selects a slot without a whole image")                            \
    X(NOTHING, "nothing boots")                                                                    \
    X(BROKEN, "what runs is not a whole published image")                                         \
    X(BYTES, "the bytes that run are not those of the image")                                      \
    X(WRONG, "what runs is neither the old nor the new image, or came back after its time")        \
    X(TRIAL, "an unconfirmed image runs as confirmed")                                             \
    X(OUTCOME, "at the end the wanted version is not the confirmed one")                           \
    X(NOTE, "at the end a note still waits to be carried out")                                     \
    X(REFUSED, "an operation was refused that must be possible again")                             \
    X(ENDLESS, "the scenario does not come to an end")                                             \
    X(FORLORN, "an app is rejected, and there is nothing to go back to")                           \
    X(NOTES, "checkpoints tell of what is not in the slot")                                        \
    X(WASTED, "more of a download is fetched twice than a sector of the image and what is in RAM") \
    X(RESTLESS, "a boot that has nothing to do writes to flash")                                   \
    X(TAKEN, "an image is taken whose signature or security version bars it")                     \
    X(MISSING, "the cut was never reached")
// clang-format on

enum judge_verdict {
#define JUDGE_ENUM(name, sentence) JUDGE_##name,
    JUDGE_VERDICTS(JUDGE_ENUM)
#undef JUDGE_ENUM
};

struct judge {
    const struct judge_artifact *artifacts; // by version; 0 is unused
    int versions;                           // highest version
    struct judge_sent sent[JUDGE_VERSIONS]; // by version
    const uint8_t *origin;                  // flash as it was at the start
    uint32_t size;                          // of the chip, bytes
    uint32_t unit;                          // what it programs at least, bytes
    const uint8_t *erased;                  // what the chip reads where it is erased
    bool stale;                             // checkpoints may be untrue
    bool is_signed;                         // an image that was not published does not count
    uint32_t barred; // bit v: version v does not count, for its signature or security version
    struct judge_facts start; // what origin said
    bool untried;             // without trials: what set_boot has set counts as confirmed
    int settled;
    int offered;     // 0: none
    uint32_t may;    // bit v: version v may run at the next boot
    bool confirming; // the offered version has begun to confirm itself
    bool hurt;       // the bootloader could not write otadata: an image may run without its mark
    bool standing;   // the offered version was the settled one, until its new record stands
};

const char *judge_sentence(enum judge_verdict verdict);

void judge_read(const struct judge *judge, const uint8_t *bytes, struct judge_facts *facts);

// origin is the chip at the start, settled the version that runs and counts as confirmed.
void judge_start(struct judge *judge, const uint8_t *origin, uint32_t size);

// What the device does, before and after it is complete.
void judge_offer(struct judge *judge, int version, const uint8_t *bytes);
void judge_offered(struct judge *judge); // set_boot has said that it is done
void judge_confirm(struct judge *judge);
void judge_confirmed(struct judge *judge);
void judge_reject(struct judge *judge, int version, const uint8_t *bytes);
enum judge_verdict judge_rejected(struct judge *judge, int version, const uint8_t *bytes);
// No other whole image is there that this one could give way to.
bool judge_forlorn(const struct judge *judge, int version, const uint8_t *bytes);
void judge_cut_in_boot(
    struct judge *judge); // a trial that did not get as far as its app has failed

// Asked when a download of which `fed` bytes had come goes on at `off`; slot: what its slot holds;
// most: bytes of what is sent that may be fetched twice.
enum judge_verdict judge_goes_on(const uint8_t *slot, uint32_t fed, uint32_t off, uint32_t most);

// Asked at a cut: flash alone.
enum judge_verdict judge_flash(const struct judge *judge, const uint8_t *bytes);

// Asked at a boot: slot is the place that runs, JUDGE_NOWHERE for none; payload is what was loaded.
enum judge_verdict judge_boot(struct judge *judge, const uint8_t *bytes, int slot,
                              const uint8_t *payload, uint32_t len);

// Asked at the end, after a boot that had nothing to do.
enum judge_verdict judge_end(const struct judge *judge, const uint8_t *bytes, int wanted);

#endif
