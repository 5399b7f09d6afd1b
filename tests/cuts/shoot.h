// Places cuts: which pairs of operation and kind there are, running one, running them all, and
// running one again with a trace.
#ifndef ALOFT_CUTS_SHOOT_H
#define ALOFT_CUTS_SHOOT_H

#include "world.h"

// The ways to cut an operation. Those in the middle differ between program and erase.
enum shoot_kind {
    SHOOT_BEFORE,
    SHOOT_TORN_1, // program: first byte   erase: reads as before, but weak
    SHOOT_TORN_2, //          middle              half the bits, weak
    SHOOT_TORN_3, //          last byte           reads as blank, weak
    SHOOT_TORN_4, //          a late word         only the first bytes
    SHOOT_AFTER,
    SHOOT_KINDS,
    // No cuts: power stays, and the operation goes wrong.
    SHOOT_FAILS = SHOOT_KINDS,
    SHOOT_LIES,
    SHOOT_KINDS_ALL
};

#define SHOOT_FAULT_SEEDS 2 // of the seeds of depth 1, those with faults

// On flash that encrypts, the code under test is the same and what it reads differs: every
// operation is cut in every way, but with a quarter of the seeds, and of second cuts there are
// samples.
#define SHOOT_ENCRYPTED_SEEDS  4
#define SHOOT_ENCRYPTED_SAMPLE 8

struct shoot_plan {
    uint32_t depth;   // 1 or 2: this depth, not the ones below
    uint32_t seed;    // the first, and the one of depth 2
    uint32_t seeds;   // how many, at depth 1
    uint32_t every;   // only each n-th first cut
    uint32_t sample;  // of downloads, only each n-th first cut at depth 2
    uint32_t part;    // this process takes first cuts part, part + parts, ...
    uint32_t parts;   //
    uint32_t round;   // and of these, those of one round of several
    uint32_t rounds;  //
    uint32_t share_s; // depth 2 stops at the deadline; 0: never
    double deadline;  // of shoot_now
};

struct shoot_result {
    uint32_t operations; // N
    uint64_t pairs[2];   // run and cut where they should be, at depth 1 and 2
    uint64_t expected[2];
    uint64_t firsts; // first cuts at depth 2, as pairs and expected
    uint64_t firsts_expected;
    uint64_t bad;
    uint64_t skipped; // first cuts for which there was no time
    double seconds;   // of processor time
};

// Seconds of a clock that only goes forward.
double shoot_now(void);

// What the chip must be told to cut its at-th operation in this way.
struct aloft_nor_plan shoot_cut(uint32_t at, enum shoot_kind kind, uint32_t seed);

// Adds what it finds to the result; a violation is printed with its replay line.
void shoot(const struct scenario *scenario, const struct shoot_plan *plan,
           struct shoot_result *result);

// Runs one line again, with a trace. False when it is malformed or a promise is broken.
bool shoot_replay(const char *line);

#endif
