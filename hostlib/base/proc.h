// What Linux says of a process or a task of it.
#ifndef ALOFT_HOSTLIB_PROC_H
#define ALOFT_HOSTLIB_PROC_H

#include <stdint.h>

// The number behind `key` ("TracerPid:") in /proc/WHO/status; who: "1234", "self/task/1235". 0 when
// there is no such line, or no such process any more.
uint64_t aloft_proc_status(const char *who, const char *key);

#endif
