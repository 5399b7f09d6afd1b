// How much of a long proof runs. `./dev test` sees each n-th case, so that it stays short enough to
// be run often; `./dev test --whole`, which is what a build machine runs, sees every one.
#ifndef ALOFT_TESTS_WHOLE_H
#define ALOFT_TESTS_WHOLE_H

#include <stdint.h>
#include <stdlib.h>

// The step of a loop over cases: 1 in a whole run, else n.
static inline uint32_t whole_or(uint32_t n)
{
    return getenv("ALOFT_TEST_WHOLE") != NULL ? 1 : n;
}

#endif
