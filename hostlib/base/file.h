// Whole files in and out: the one writer of files, for all of hostlib and the tool. What it writes
// appears whole or not at all, whatever is killed or cut when: it lies beside its place first, is
// brought to the disk, takes its name in one step, and then the folder is brought to the disk, too.
// A killed program leaves what was there, or the new file, and sometimes a NAME.XXXXXX beside it.
//
// A file that holds a private key is never written over or removed here, whoever asks for it.
#ifndef ALOFT_HOSTLIB_FILE_H
#define ALOFT_HOSTLIB_FILE_H

#include "hostlib/base/message.h"
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct aloft_file {
    uint8_t *data; // never NULL after a successful read; one NUL byte follows the last byte
    size_t len;
};

// Reads all of path, or of standard input for "-". The caller releases the result.
// Fails: when it cannot be opened or read, is a directory, or is longer than max bytes; when it is
// a pipe whose other end nobody opens, or is silent for long (pipe.h). Standard input may be
// silent.
bool aloft_file_read(const char *path, size_t max, struct aloft_file *file,
                     struct aloft_message *error);

// Wipes what was read, for it may be a key, and gives it back. So does reading on the way.
void aloft_file_release(struct aloft_file *file);

// Writes len bytes to path, or to standard output for "-". Devices and pipes are written in place;
// a pipe that nobody reads is a fault, as in aloft_file_read.
// Fails: on a private key, and when it cannot be written.
bool aloft_file_write(const char *path, const void *data, size_t len, struct aloft_message *error);

// Makes a new file of `times` times these bytes. One that is there stays: false with errno EEXIST,
// and it is for the caller to say so. mode: as of open.
bool aloft_file_create(const char *path, mode_t mode, const void *data, size_t len, size_t times);

// Removes a file. Fails: on a private key, and when it cannot be removed; not when it is not there.
bool aloft_file_remove(const char *path, struct aloft_message *error);

// False when it can be told now that aloft_file_write to path will fail: for what takes minutes and
// is written at its end. Leaves no file behind.
bool aloft_file_writable(const char *path, struct aloft_message *error);

// False when path is a file that holds a private key, PEM or DER.
bool aloft_file_spared(const char *path, struct aloft_message *error);

// Whether the bytes of a file are a private key: a text with one in PEM, or one in DER.
bool aloft_file_is_key(const uint8_t *bytes, size_t len);

#endif
