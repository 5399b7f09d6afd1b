// The rename is the durable point of a write: before it the old file is whole, after it the new
// one.
#include "hostlib/base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_STEP = 65536 };

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
        ssize_t n = read(fd, file->data + file->len, READ_STEP);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return aloft_message_set(error, "cannot read %s: %s", name, strerror(errno));
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
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    *file = (struct aloft_file){NULL, 0};
    if (fd < 0) {
        return aloft_message_set(error, "cannot open %s: %s", path, strerror(errno));
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
        ssize_t n = write(fd, data, len);
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
        return aloft_message_set(error, "cannot write %s: %s", name, strerror(errno));
    }
    return true;
}

// What an ordinary open would have given the file: its old mode, or what the umask allows.
static mode_t mode_for(const struct stat *old)
{
    mode_t mask;
    if (old != NULL) {
        return old->st_mode & 07777;
    }
    mask = umask(0);
    (void)umask(mask);
    return 0666 & ~mask;
}

// A new file beside path, and its name. -1 with the error.
static int beside(const char *path, char temp[PATH_MAX], struct aloft_message *error)
{
    if (snprintf(temp, PATH_MAX, "%s.XXXXXX", path) >= PATH_MAX) {
        (void)aloft_message_set(error, "cannot write %s: the name is too long", path);
        return -1;
    }
    int fd = mkstemp(temp);
    if (fd < 0) {
        (void)aloft_message_set(error, "cannot write %s: %s", path, strerror(errno));
    }
    return fd;
}

static bool replace(const char *path, mode_t mode, const void *data, size_t len,
                    struct aloft_message *error)
{
    char temp[PATH_MAX];
    int fd = beside(path, temp, error);
    if (fd < 0) {
        return false;
    }
    bool ok = write_all(fd, data, len) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    ok = ok && rename(temp, path) == 0;
    if (!ok) {
        (void)aloft_message_set(error, "cannot write %s: %s", path, strerror(errno));
        (void)unlink(temp); // it may have been renamed already; nothing else to do
    }
    return ok;
}

bool aloft_file_write(const char *path, const void *data, size_t len, struct aloft_message *error)
{
    char real[PATH_MAX];
    struct stat old;
    if (strcmp(path, "-") == 0) {
        return write_in_place(STDOUT_FILENO, "standard output", data, len, error);
    }
    if (stat(path, &old) != 0) {
        return replace(path, mode_for(NULL), data, len, error);
    }
    if (!S_ISREG(old.st_mode)) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        bool ok = write_in_place(fd, path, data, len, error);
        if (fd >= 0 && close(fd) != 0 && ok) {
            return aloft_message_set(error, "cannot write %s: %s", path, strerror(errno));
        }
        return ok;
    }
    // Through a symbolic link, so that the link stays and its file changes.
    const char *target = realpath(path, real) != NULL ? real : path;
    return replace(target, mode_for(&old), data, len, error);
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
    if (there && S_ISDIR(old.st_mode)) {
        return aloft_message_set(error, "cannot write %s: %s", path, strerror(EISDIR));
    }
    if (there && !S_ISREG(old.st_mode)) {
        return access(path, W_OK) == 0 ||
               aloft_message_set(error, "cannot write %s: %s", path, strerror(errno));
    }
    int fd = beside(there && realpath(path, real) != NULL ? real : path, temp, error);
    if (fd >= 0) {
        (void)close(fd); // empty, and gone at once
        (void)unlink(temp);
    }
    return fd >= 0;
}
