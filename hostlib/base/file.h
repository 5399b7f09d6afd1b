// Whole files in and out. A file is written beside its place and renamed into it, so a full disk or
// a killed program leaves what was there.
#ifndef ALOFT_HOSTLIB_FILE_H
#define ALOFT_HOSTLIB_FILE_H

#include "hostlib/base/message.h"
#include <stddef.h>
#include <stdint.h>

struct aloft_file {
    uint8_t *data; // never NULL after a successful read; one NUL byte follows the last byte
    size_t len;
};

// Reads all of path, or of standard input for "-". The caller releases the result.
// Fails: when it cannot be opened or read, is a directory, or is longer than max bytes.
bool aloft_file_read(const char *path, size_t max, struct aloft_file *file,
                     struct aloft_message *error);

// Wipes what was read, for it may be a key, and gives it back. So does reading on the way.
void aloft_file_release(struct aloft_file *file);

// Writes len bytes to path, or to standard output for "-". Devices and pipes are written in place.
bool aloft_file_write(const char *path, const void *data, size_t len, struct aloft_message *error);

// False when it can be told now that aloft_file_write to path will fail: for what takes minutes and
// is written at its end. Leaves no file behind.
bool aloft_file_writable(const char *path, struct aloft_message *error);

#endif
