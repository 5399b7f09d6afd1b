// Files are compared by what they are, not by name: a link to a key is the key.
#include "cli/key_files.h"
#include "cli/ui.h"
#include <sys/stat.h>

bool aloft_key_files_load(const char *path, struct aloft_key *key)
{
    struct aloft_message error;
    if (!aloft_keys_load(path, key, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    if (key->exposed) {
        aloft_ui_warn("%s holds a private key and others than its owner have rights to it; take "
                      "them away: chmod 600 %s",
                      path, path);
    }
    return true;
}

bool aloft_key_files_spared(const char *output, const struct aloft_arg_list *keys)
{
    struct stat out;
    struct stat key;
    if (stat(output, &out) != 0) {
        return true;
    }
    for (size_t i = 0; i < keys->count; i++) {
        if (stat(keys->items[i], &key) == 0 && key.st_dev == out.st_dev &&
            key.st_ino == out.st_ino) {
            aloft_ui_error("%s is the key file %s, which is not overwritten; name another output",
                           output, keys->items[i]);
            return false;
        }
    }
    return true;
}
