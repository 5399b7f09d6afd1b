// What host tests share: cmocka in the order in which it wants its headers, and the size of an
// array.
#ifndef ALOFT_HOST_TEST_H
#define ALOFT_HOST_TEST_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
