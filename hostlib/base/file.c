// The rename is the durable point of a write: before it the old file is whole, after it the new
// one. Written to the disk before it are the bytes, after it the folder.
#include "hostlib/base/file.h"
#include "hostlib/base/pipe.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 65536, KEY_FILE_MAX = 16384 };

// Some files are keys.
static void wipe(const struct aloft_file *file)
{
    if (file->data != NULL) {
        explicit_bzero(file->data, file->len);
        free(file->data);
    }
}

static bool grow(struct aloft_file *file, size_t *room, struct aloft_message *error)
{
    if (*room - file->len > READ_STEP) {
        return true;
    }
    size_t wanted = *room * 2 + READ_STEP + 1;
    uint8_t *data = malloc(wanted);
    if (data == NULL) {
        return aloft_message_set(error, "out of memory after %zu bytes", file->len);
    }
    if (file->len > 0) { // realloc would leave a copy behind
        memcpy(data, file->data, file->len);
    }
    wipe(file);
    file->data = data;
    *room = wanted;
    return true;
}

static bool read_all(int fd, const char *name, size_t max, struct aloft_file *file,
                     struct aloft_message *error)
{
    size_t room = 0;
    while (grow(file, &room, error)) {
        uint8_t *to = file->data + file->len;
        ssize_t n =
            fd == STDIN_FILENO ? read(fd, to, READ_STEP) : aloft_pipe_read(fd, to, READ_STEP);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return aloft_message_set(error, "cannot read %s: %s", name, aloft_pipe_error(errno));
        }
        file->len += (size_t)n;
        if (file->len > max) {
            return aloft_message_set(error, "%s is longer than the %zu bytes that make sense here",
                                     name, max);
        }
        if (n == 0) {
            file->data[file->len] = '\0';
            return true;
        }
    }
    return false;
}

bool aloft_file_read(const char *path, size_t max, struct aloft_file *file,
                     struct aloft_message *error)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : aloft_pipe_open(path, false);
    *file = (struct aloft_file){NULL, 0};
    if (fd < 0) {
        return aloft_message_set(error, "cannot open %s: %s", path, aloft_pipe_error(errno));
    }
    bool ok = read_all(fd, standard ? "standard input" : path, max, file, error);
    if (!standard) {
        (void)close(fd); // only read from
    }
    if (!ok) {
        aloft_file_release(file);
    }
    return ok;
}

void aloft_file_release(struct aloft_file *file)
{
    wipe(file);
    *file = (struct aloft_file){NULL, 0};
}

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = fd == STDOUT_FILENO ? write(fd, data, len) : aloft_pipe_write(fd, data, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return false;
        }
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_in_place(int fd, const char *name, const void *data, size_t len,
                           struct aloft_message *error)
{
    if (fd < 0 || !write_all(fd, data, len)) {
        return aloft_message_set(error, "cannot write %s: %s", name, aloft_pipe_error(errno));
    }
    return true;
}

// ---- private keys

// PKCS#1, SEC1 and PKCS#8 begin with a version, 0 or 1, and PKCS#12 with 3; an encrypted PKCS#8
// with the name of a scheme of PKCS#5 or PKCS#12. Certificates begin with another sequence, public
// keys with one or with a modulus, which is longer than a byte.
static bool is_private_der(const uint8_t *bytes, size_t len)
{
    static const uint8_t sequence = 0x30;
    static const uint8_t integer = 0x02;
    static const uint8_t pkcs[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01};
    enum { PKCS_5 = 5, PKCS_12 = 12, NAME = 4 };
    if (len < 2 || bytes[0] != sequence) {
        return false;
    }
    size_t at = bytes[1] < 0x80 ? 2 : 2 + (bytes[1] & 0x7fu);
    if (len > at + 3 && bytes[at] == integer) {
        return bytes[at + 1] == 1 && (bytes[at + 2] <= 1 || bytes[at + 2] == 3);
    }
    if (len <= at + NAME + sizeof pkcs || bytes[at] != sequence) {
        return false;
    }
    const uint8_t *name = bytes + at + NAME;
    return memcmp(name, pkcs, sizeof pkcs) == 0 &&
           (name[sizeof pkcs] == PKCS_5 || name[sizeof pkcs] == PKCS_12);
}

bool aloft_file_is_key(const uint8_t *bytes, size_t len)
{
    static const char mark[] = "PRIVATE KEY-----";
    const uint8_t *pem = memmem(bytes, len, mark, sizeof mark - 1);
    // A partition of NVS may have such a text among others, with zeros before it: no key file.
    bool text = pem != NULL && memchr(bytes, '\0', (size_t)(pem - bytes)) == NULL;
    return text || is_private_der(bytes, len);
}

bool aloft_file_spared(const char *path, struct aloft_message *error)
{
    struct stat there;
    struct aloft_file file;
    struct aloft_message unread;
    if (strcmp(path, "-") == 0 || stat(path, &there) != 0 || !S_ISREG(there.st_mode) ||
        there.st_size > KEY_FILE_MAX || !aloft_file_read(path, KEY_FILE_MAX, &file, &unread)) {
        return true; // not a key file; whether it can be written is checked when it is written
    }
    bool secret = aloft_file_is_key(file.data, file.len);
    aloft_file_release(&file);
    return !secret || aloft_message_set(error,
                                        "%s holds a private key, which is not overwritten; name "
                                        "another output",
                                        path);
}

// ---- written beside, then renamed

// What an ordinary open would have given the file: its old mode, or what the umask allows.
static mode_t mode_for(const struct stat *old, mode_t wanted)
{
    mode_t mask;
    if (old != NULL) {
        return old->st_mode & 07777;
    }
    mask = umask(0);
    (void)umask(mask);
    return wanted & ~mask;
}

// A new file beside path, and its name. -1 with errno set.
static int beside(const char *path, char temp[PATH_MAX])
{
    if (snprintf(temp, PATH_MAX, "%s.XXXXXX", path) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return mkstemp(temp);
}

// The new name lasts, too.
static bool sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    int len = slash == NULL ? 0 : (int)(slash - path) + 1;
    (void)snprintf(folder, sizeof folder, "%.*s", len, path);
    int fd = open(len == 0 ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL); // EINVAL: it needs none
    if (fd >= 0) {
        (void)close(fd); // only synced
    }
    return good;
}

// Not over a file that is there. Where the file system cannot say that in one step, it is asked
// first.
static bool rename_new(const char *temp, const char *path)
{
    struct stat there;
    if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return false;
    }
    if (lstat(path, &there) == 0) {
        errno = EEXIST;
        return false;
    }
    return rename(temp, path) == 0;
}

struct content {
    const void *data;
    size_t len;
    size_t times;
};

// False with errno set, and nothing is left beside. new: path must not be there.
static bool put(const char *path, mode_t mode, const struct content *content, bool new)
{
    char temp[PATH_MAX];
    int fd = beside(path, temp);
    bool ok = fd >= 0;
    for (size_t i = 0; i < content->times && ok; i++) {
        ok = write_all(fd, content->data, content->len);
    }
    ok = ok && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int why = errno;
    if (fd >= 0 && close(fd) != 0 && ok) {
        why = errno;
        ok = false;
    }
    if (ok) {
        ok = (new ? rename_new(temp, path) : rename(temp, path) == 0) && sync_folder(path);
        why = errno;
    }
    if (!ok && fd >= 0) {
        (void)unlink(temp); // it may have been renamed already; nothing else to do
    }
    errno = why;
    return ok;
}

bool aloft_file_create(const char *path, mode_t mode, const void *data, size_t len, size_t times)
{
    const struct content content = {data, len, times};
    struct stat there;
    if (lstat(path, &there) == 0) {
        errno = EEXIST;
        return false;
    }
    return put(path, mode_for(NULL, mode), &content, true);
}

bool aloft_file_remove(const char *path, struct aloft_message *error)
{
    if (!aloft_file_spared(path, error)) {
        return false;
    }
    return unlink(path) == 0 || errno == ENOENT ||
           aloft_message_set(error, "cannot remove %s: %s", path, strerror(errno));
}

static bool replace(const char *path, mode_t mode, const void *data, size_t len,
                    struct aloft_message *error)
{
    const struct content content = {data, len, 1};
    return put(path, mode, &content, false) ||
           aloft_message_set(error, "cannot write %s: %s", path, strerror(errno));
}

bool aloft_file_write(const char *path, const void *data, size_t len, struct aloft_message *error)
{
    char real[PATH_MAX];
    struct stat old;
    if (strcmp(path, "-") == 0) {
        return write_in_place(STDOUT_FILENO, "standard output", data, len, error);
    }
    if (!aloft_file_spared(path, error)) {
        return false;
    }
    if (stat(path, &old) != 0) {
        return replace(path, mode_for(NULL, 0666), data, len, error);
    }
    if (!S_ISREG(old.st_mode)) {
        int fd = aloft_pipe_open(path, true);
        bool ok = write_in_place(fd, path, data, len, error);
        if (fd >= 0 && close(fd) != 0 && ok) {
            return aloft_message_set(error, "cannot write %s: %s", path, strerror(errno));
        }
        return ok;
    }
    // Through a symbolic link, so that the link stays and its file changes.
    const char *target = realpath(path, real) != NULL ? real : path;
    return replace(target, mode_for(&old, 0), data, len, error);
}

bool aloft_file_writable(const char *path, struct aloft_message *error)
{
    char real[PATH_MAX];
    char temp[PATH_MAX];
    struct stat old;
    bool there = stat(path, &old) == 0;
    if (strcmp(path, "-") == 0) {
        return true;
    }
    if (!aloft_file_spared(path, error)) {
        return false;
    }
    if (there && S_ISDIR(old.st_mode)) {
        return aloft_message_set(error, "cannot write %s: %s", path, strerror(EISDIR));
    }
    if (there && !S_ISREG(old.st_mode)) {
        return access(path, W_OK) == 0 ||
               aloft_message_set(error, "cannot write %s: %s", path, strerror(errno));
    }
    int fd = beside(there && realpath(path, real) != NULL ? real : path, temp);
    if (fd < 0) {
        return aloft_message_set(error, "cannot write %s: %s", path, strerror(errno));
    }
    (void)close(fd); // empty, and gone at once
    (void)unlink(temp);
    return true;
}
