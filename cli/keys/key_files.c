// A private key is known by what is in the file, whatever its name and whichever link leads to it.
#include "cli/keys/key_files.h"
#include "cli/base/ui.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/pk.h"
#include <string.h>
#include <sys/stat.h>

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
    if (good && aloft_key_files_private(file->data, file->len)) {
        warn_if_exposed(path);
    }
    return good;
}

// PKCS#1, SEC1 and PKCS#8 begin with a version, 0 or 1; certificates with another sequence, public
// keys with one or with a modulus, which is longer than a byte.
static bool is_private_der(const uint8_t *bytes, size_t len)
{
    static const uint8_t sequence = 0x30;
    static const uint8_t integer = 0x02;
    if (len < 2 || bytes[0] != sequence) {
        return false;
    }
    size_t at = bytes[1] < 0x80 ? 2 : 2 + (bytes[1] & 0x7fu);
    return len > at + 3 && bytes[at] == integer && bytes[at + 1] == 1 && bytes[at + 2] <= 1;
}

bool aloft_key_files_private(const uint8_t *bytes, size_t len)
{
    static const char mark[] = "PRIVATE KEY-----";
    return is_private_der(bytes, len) || memmem(bytes, len, mark, sizeof mark - 1) != NULL;
}

bool aloft_key_files_spared(const char *output)
{
    struct stat there;
    struct aloft_file file;
    struct aloft_message error;
    if (strcmp(output, "-") == 0 || stat(output, &there) != 0 || !S_ISREG(there.st_mode) ||
        there.st_size > ALOFT_PK_FILE_MAX ||
        !aloft_file_read(output, ALOFT_PK_FILE_MAX, &file, &error)) {
        return true; // nothing that could be one; what cannot be written is told by the writer
    }
    bool secret = aloft_key_files_private(file.data, file.len);
    aloft_file_release(&file);
    if (secret) {
        aloft_ui_error("%s holds a private key, which is not overwritten; name another output",
                       output);
    }
    return !secret;
}
