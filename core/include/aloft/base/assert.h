// Assertions: for mistakes of our own and of a caller, never for bytes that come from flash, the
// network or a user; those have errors (aloft/err.h).
//
//   ALOFT_ASSERT(len <= ALOFT_FLASH_PAGE);        pre- and postconditions at the border of a module
//   ALOFT_INVARIANT("E5", !writes_running_slot);  a numbered invariant of the module's source; the
//                                                 number is printed when it does not hold
//
// The condition must have no side effects: where assertions are off (config.h) it is compiled, but
// never evaluated. On in tests, simulator and fuzzers; off in firmware, unless its build says so.
#ifndef ALOFT_BASE_ASSERT_H
#define ALOFT_BASE_ASSERT_H

#include "aloft/config.h"

// Supplied by whoever turns assertions on: says where it was and does not return. On a device it
// should note file and line in memory that a reset keeps, and reset.
_Noreturn void aloft_assert_failed(const char *file, int line, const char *what);

#define ALOFT_ASSERT(condition)                                                                    \
    ((ALOFT_ASSERTIONS) && !(condition) ? aloft_assert_failed(__FILE__, __LINE__, #condition)      \
                                        : (void)0)

#define ALOFT_INVARIANT(number, condition)                                                         \
    ((ALOFT_ASSERTIONS) && !(condition)                                                            \
         ? aloft_assert_failed(__FILE__, __LINE__, number ": " #condition)                         \
         : (void)0)

#endif
