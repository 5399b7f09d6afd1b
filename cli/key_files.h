// Key files on a command line: loaded with a word about careless permissions, and never written
// over.
#ifndef ALOFT_CLI_KEY_FILES_H
#define ALOFT_CLI_KEY_FILES_H

#include "cli/args.h"
#include "hostlib/keys.h"

// Loads a key. Says what is wrong, and warns when others can read a private key.
bool aloft_key_files_load(const char *path, struct aloft_key *key);

// False, and says so, when output is the same file as one of the keys.
bool aloft_key_files_spared(const char *output, const struct aloft_arg_list *keys);

#endif
