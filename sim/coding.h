// In what form a device gets its firmware: as it is, or through stages of an update, one of which
// expands. Its server gives artifacts of that form, and its pull has the stages for it. The stages
// are those of the tests, and the one that decrypts over a stand-in cipher.
#ifndef ALOFT_SIM_CODING_H
#define ALOFT_SIM_CODING_H

#include "aloft/unwrap.h"
#include "tests/cuts/seal.h"
#include "tests/support/test_stages.h"

#define SIM_CODINGS 4u
// Length of the longest artifact that a file of this length can become.
#define SIM_CODING_MAX(len) (3 * (len) + ALOFT_ENCIMG_HEADER)

struct sim_stages {
    struct seal seal;
    struct aloft_unwrap unwrap;
    struct test_row row;
};

// The stages of a coding as after a reset; NULL: it has none. The struct must not move.
struct aloft_stage *sim_stages_init(struct sim_stages *stages, uint32_t coding);

// The artifact that becomes the file; returns its length.
uint32_t sim_coding_make(uint32_t coding, const uint8_t *file, uint32_t len, uint8_t *out);

#endif
