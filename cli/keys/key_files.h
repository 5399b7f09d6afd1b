// Key files on a command line: loaded with a warning about open permissions, and never written
// over.
#ifndef ALOFT_CLI_KEY_FILES_H
#define ALOFT_CLI_KEY_FILES_H

#include "hostlib/base/file.h"
#include "hostlib/keys/keys.h"

// Loads a key. Says what is wrong, and warns when others can read a private key.
bool aloft_key_files_load(const char *path, struct aloft_key *key);

// Reads a file that should be a key, of at most ALOFT_PK_FILE_MAX bytes, with the same warning.
bool aloft_key_files_read(const char *path, struct aloft_file *file, struct aloft_message *error);

// Checks an output file before long work: false, with an error printed, when it holds a private
// key. aloft_file_write refuses it as well.
bool aloft_key_files_spared(const char *output);

#endif
