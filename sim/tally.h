// Counts of a run: how often each fault fired, how each update ended, and every rule
// that was broken. One list of each, so that the histogram cannot forget one.
#ifndef ALOFT_SIM_TALLY_H
#define ALOFT_SIM_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define SIM_FAULTS(X)                                                                              \
    X(CUT_BEFORE, "power cut before a flash operation")                                            \
    X(CUT_TORN, "power cut in the middle of a flash operation")                                    \
    X(CUT_AFTER, "power cut after a flash operation")                                              \
    X(CUT_BETWEEN, "power cut between operations")                                                 \
    X(FLASH_FAILS, "one program or erase failed")                                                  \
    X(SECTOR_WORN, "every program and erase of a sector failed")                                   \
    X(STUCK_BIT, "a bit stuck at 0 or 1")                                                          \
    X(ROT_RUNNING, "bits flipped in the running image")                                            \
    X(ROT_SPARE, "bits flipped in the spare image")                                                \
    X(ROT_RECORD, "a bit flipped in the active otadata record")                                    \
    X(ROT_OTHER_RECORD, "a bit flipped in the other otadata record")                               \
    X(ROT_TABLE, "a bit flipped in the partition table")                                           \
    X(NET_DNS, "the name was not resolved")                                                        \
    X(NET_REFUSED, "the connection was refused")                                                   \
    X(NET_HALF_OPEN, "the connection was never made")                                              \
    X(NET_SILENT, "nothing came over the connection")                                              \
    X(NET_STALL, "the body stopped in the middle")                                                 \
    X(NET_RESET, "the connection broke in the middle")                                             \
    X(NET_TRUNCATED, "the connection ended in the middle")                                         \
    X(NET_SLOW, "a slow link")                                                                     \
    X(NET_WIFI, "the Wi-Fi dropped for a while")                                                   \
    X(NET_PORTAL, "a captive portal answered")                                                     \
    X(NET_503, "503 for a while")                                                                  \
    X(NET_404, "404 for a while")                                                                  \
    X(NET_STALE, "a proxy gave an older file")                                                     \
    X(NET_MIXED, "a proxy mixed in bytes of an older file")                                        \
    X(NET_CORRUPT, "a bit flipped on the way")                                                     \
    X(NET_NO_RANGE, "the server ignored Range")                                                    \
    X(NET_BAD_RANGE, "the Content-Range was wrong")                                                \
    X(NET_416, "416 to a Range")                                                                   \
    X(NET_CHUNKED, "chunked, without a length")                                                    \
    X(NET_UNTIL_CLOSE, "the body ended with the connection")                                       \
    X(NET_NO_TAG, "no ETag, or a weak one")                                                        \
    X(NET_LONG, "more bytes than promised")                                                        \
    X(NET_GARBAGE, "an answer that is not HTTP")                                                   \
    X(NET_REDIRECT, "a redirect, sometimes in a circle")

#define SIM_OUTCOMES(X)                                                                            \
    X(UPDATED, "updated")                                                                          \
    X(UPDATED_AFTER_FAULT, "updated, after faults")                                                \
    X(KEPT_AFTER_TRIAL, "bad firmware: tried, rolled back, last good one kept")                    \
    X(KEPT_AFTER_REFUSAL, "bad file: refused, last good one kept")                                 \
    X(ROLLED_BACK, "a trial failed and was rolled back")                                           \
    X(TRIAL_LOST, "power took a trial before its app ran")                                         \
    X(BANNED, "a release that had failed its trial was refused, last good one kept")               \
    X(BAD_AGAIN, "a release whose trial power had ended was tried again")                          \
    X(CONFIRM_CUT, "a confirm was cut, and stood at the next boot")                                \
    X(RETRIED, "the pull tried again by itself")                                                   \
    X(RESUMED, "a download went on in the same boot")                                              \
    X(RESUMED_AFTER_RESET, "a download went on after a reset")                                     \
    X(PULL_FAILED, "a pull failed, and said why")                                                  \
    X(FLASH_REFUSED, "a flash fault was noticed, and named")                                       \
    X(REPAIRED, "the bootloader completed what was cut in otadata")                                \
    X(FELL_BACK, "bit rot, and another good image ran")                                            \
    X(TABLE_NAMED, "a rotten table was named; flashed again by hand")                              \
    X(FELL_INTO_BAD, "bit rot, and what ran instead is bad firmware; flashed again by hand")       \
    X(NOTHING_LEFT, "bit rot took the last good image; flashed again by hand")

enum sim_fault {
#define SIM_ENUM(name, text) SIM_FAULT_##name,
    SIM_FAULTS(SIM_ENUM)
#undef SIM_ENUM
        SIM_FAULT_COUNT
};

enum sim_outcome {
#define SIM_ENUM(name, text) SIM_OUTCOME_##name,
    SIM_OUTCOMES(SIM_ENUM)
#undef SIM_ENUM
        SIM_OUTCOME_COUNT
};

#define SIM_ERRS       256 // faults of core by number, negated
#define SIM_SHOWN      10  // violations that are described
#define SIM_TEXT_BYTES 160

struct sim_violation {
    uint32_t device;
    uint32_t round;
    uint64_t now_us;
    char text[SIM_TEXT_BYTES];
};

struct sim_tally {
    uint64_t updates;
    uint64_t boots;
    uint64_t pulls;
    uint64_t cuts; // that power survived
    uint64_t faults[SIM_FAULT_COUNT];
    uint64_t outcomes[SIM_OUTCOME_COUNT];
    uint64_t errs[SIM_ERRS]; // why pulls failed
    uint64_t violations;
    uint32_t described; // of these, in `shown`
    struct sim_violation shown[SIM_SHOWN];
};

const char *sim_fault_name(enum sim_fault fault);
const char *sim_fault_text(enum sim_fault fault);
const char *sim_outcome_name(enum sim_outcome outcome);
const char *sim_outcome_text(enum sim_outcome outcome);

// True when every fault and outcome happened at least once in a thousand updates.
bool sim_tally_is_full(const struct sim_tally *tally);

#endif
