// Random bytes that nobody can guess, from the host.
#ifndef ALOFT_HOSTLIB_RANDOM_H
#define ALOFT_HOSTLIB_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

// False when the host has none; then out has anything in it.
bool aloft_random(void *out, size_t len);

#endif
