// Messages about key files. hostlib/base/file.h tells whether a file holds a private key.
#include "cli/keys/key_files.h"
#include "cli/base/ui.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/pk.h"

static void warn_if_exposed(const char *path)
{
    if (aloft_keys_exposed(path)) {
        aloft_ui_warn("%s holds a private key and others than its owner have rights to it; take "
                      "them away: chmod 600 %s",
                      path, path);
    }
}

bool aloft_key_files_load(const char *path, struct aloft_key *key)
{
    struct aloft_message error;
    if (!aloft_keys_load(path, key, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    if (key->secret) {
        warn_if_exposed(path);
    }
    return true;
}

bool aloft_key_files_read(const char *path, struct aloft_file *file, struct aloft_message *error)
{
    bool good = aloft_file_read(path, ALOFT_PK_FILE_MAX, file, error);
    if (good && aloft_file_is_key(file->data, file->len)) {
        warn_if_exposed(path);
    }
    return good;
}

bool aloft_key_files_spared(const char *output)
{
    struct aloft_message error;
    if (aloft_file_spared(output, &error)) {
        return true;
    }
    aloft_ui_error("%s", error.text);
    return false;
}
