// What a failed assertion of core does in a program that runs on Linux.
#include "aloft/base/assert.h"
#include <stdio.h>
#include <stdlib.h>

void aloft_assert_failed(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    abort();
}
