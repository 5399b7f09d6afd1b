// Four bytes of the file are one word. Its place counts from the end, because the file is the
// registers backwards.
#include "hostlib/flash/efuse_file.h"
#include "aloft/base/bytes.h"
#include "hostlib/base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_REGISTER = 0x2C, PATH_ROOM = 4096 };

static off_t place(uint32_t index)
{
    return (off_t)(ALOFT_EFUSE_FILE_LEN - FIRST_REGISTER - 4 * (index + 1));
}

bool aloft_efuse_file_path(const char *flash, char *path, size_t size)
{
    int len = snprintf(path, size, "%s%s", flash, ALOFT_EFUSE_FILE_SUFFIX);
    return len > 0 && (size_t)len < size;
}

// A file of zeros. False with errno set.
static bool make_blank(const char *path)
{
    static const uint8_t blank[ALOFT_EFUSE_FILE_LEN];
    return aloft_file_create(path, 0666, blank, sizeof blank, 1);
}

// errno says why the file could not be had. A board opens it to write whenever it runs, for what
// runs on it can burn.
static bool refuse(const char *path, bool write, struct aloft_message *error)
{
    static const struct {
        const char *what;
        const char *cure;
    } kinds[] = {
        {"read", ""},
        {"make", "; eFuses lie beside the flash file, so its folder must be writable: put the "
                 "flash file into one that is"},
        {"write to", "; what runs on the board can burn eFuses, so the file must be writable"},
    };
    int why = errno;
    int kind = !write ? 0 : access(path, F_OK) != 0 ? 1 : 2;
    return aloft_message_set(error, "cannot %s eFuse file %s: %s%s", kinds[kind].what, path,
                             strerror(why), kinds[kind].cure);
}

static bool check_file(int fd, const char *path, struct aloft_message *error)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0) {
        return aloft_message_set(error, "cannot look at eFuse file %s: %s", path, strerror(errno));
    }
    if (S_ISREG(stat.st_mode) && stat.st_size == 0) { // aloft made them in two steps once
        return aloft_message_set(error,
                                 "%s is empty: it was being made when something was killed. If "
                                 "nothing was ever burned on this board, remove it and start again "
                                 "(rm %s); otherwise put its copy there",
                                 path, path);
    }
    if (!S_ISREG(stat.st_mode) || stat.st_size != (off_t)ALOFT_EFUSE_FILE_LEN) {
        return aloft_message_set(error,
                                 "%s holds no eFuses: that is a file of %u bytes; move it away, "
                                 "and the board has blank eFuses",
                                 path, ALOFT_EFUSE_FILE_LEN);
    }
    return true;
}

bool aloft_efuse_file_open(struct aloft_efuse_file *file, const char *flash,
                           enum aloft_efuse_file_mode mode, struct aloft_message *error)
{
    char path[PATH_ROOM];
    bool write = mode == ALOFT_EFUSE_FILE_WRITE;
    file->fd = -1;
    if (!aloft_efuse_file_path(flash, path, sizeof path)) {
        return aloft_message_set(error, "the name %s is too long for an eFuse file", flash);
    }
    int fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && !write) {
        return true;
    }
    if (fd < 0 && errno == ENOENT && (make_blank(path) || errno == EEXIST)) {
        fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    }
    if (fd < 0) {
        return refuse(path, write, error);
    }
    if (!check_file(fd, path, error)) {
        (void)close(fd); // nothing was written
        return false;
    }
    file->fd = fd;
    return true;
}

bool aloft_efuse_file_close(struct aloft_efuse_file *file, struct aloft_message *error)
{
    bool only_read = file->fd >= 0 && (fcntl(file->fd, F_GETFL) & O_ACCMODE) == O_RDONLY;
    bool good = file->fd < 0 || only_read || fsync(file->fd) == 0;
    good = (file->fd < 0 || close(file->fd) == 0) && good;
    file->fd = -1;
    return good ||
           aloft_message_set(error, "cannot finish writing the eFuse file: %s", strerror(errno));
}

void aloft_efuse_file_drop_blank(const struct aloft_efuse_file *file, const char *flash)
{
    uint8_t bytes[ALOFT_EFUSE_FILE_LEN];
    char path[PATH_ROOM];
    if (file->fd >= 0 && pread(file->fd, bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes &&
        aloft_bytes_are(bytes, sizeof bytes, 0) &&
        aloft_efuse_file_path(flash, path, sizeof path)) {
        (void)unlink(path); // it stays when it cannot go, and means the same
    }
}

// The word as it is burned, hidden or not.
static bool read_word(const struct aloft_efuse_file *file, uint32_t index, uint32_t *word)
{
    uint8_t bytes[4];
    if (pread(file->fd, bytes, sizeof bytes, place(index)) != (ssize_t)sizeof bytes) {
        return false;
    }
    *word =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}

static bool write_word(const struct aloft_efuse_file *file, uint32_t index, uint32_t word)
{
    const uint8_t bytes[4] = {(uint8_t)(word >> 24), (uint8_t)(word >> 16), (uint8_t)(word >> 8),
                              (uint8_t)word};
    return pwrite(file->fd, bytes, sizeof bytes, place(index)) == (ssize_t)sizeof bytes;
}

enum aloft_err aloft_efuse_file_read(const struct aloft_efuse_file *file,
                                     struct aloft_efuse_words *words)
{
    memset(words, 0, sizeof *words);
    for (uint32_t i = 0; i < ALOFT_EFUSE_WORDS && file->fd >= 0; i++) {
        if (!read_word(file, i, &words->word[i])) {
            return ALOFT_ERR_EFUSE_READ;
        }
        if (aloft_efuse_hidden(words, i)) { // block 0, which says so, comes first
            words->word[i] = 0;
        }
    }
    return ALOFT_OK;
}

// The block's last byte is the key's first.
bool aloft_efuse_file_flash_key(const struct aloft_efuse_file *file,
                                uint8_t key[ALOFT_EFUSE_KEY_LEN])
{
    struct aloft_efuse_words words;
    uint32_t first;
    uint32_t word = 0;
    memset(key, 0, ALOFT_EFUSE_KEY_LEN);
    if (aloft_efuse_file_read(file, &words) != ALOFT_OK || !aloft_efuse_encrypts(&words, &first)) {
        return false;
    }
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEY_LEN && first != 0; i++) {
        if (i % 4 == 0 && !read_word(file, first + i / 4, &word)) {
            return false;
        }
        key[ALOFT_EFUSE_KEY_LEN - 1 - i] = (uint8_t)(word >> 8 * (i % 4));
    }
    return true;
}

enum aloft_err aloft_efuse_file_burn(const struct aloft_efuse_file *file,
                                     const struct aloft_efuse_step *step)
{
    struct aloft_efuse_words words;
    uint32_t old;
    enum aloft_err err = aloft_efuse_file_read(file, &words);
    if (err != ALOFT_OK) {
        return err;
    }
    if (file->fd < 0 || step->index >= ALOFT_EFUSE_WORDS) {
        return ALOFT_ERR_EFUSE_BURN;
    }
    if (!read_word(file, step->index, &old)) {
        return ALOFT_ERR_EFUSE_READ;
    }
    if ((step->bits & ~old & aloft_efuse_fixed(&words, step->index)) != 0) {
        return ALOFT_ERR_EFUSE_PROTECTED;
    }
    return write_word(file, step->index, old | step->bits) ? ALOFT_OK : ALOFT_ERR_EFUSE_BURN;
}

enum aloft_err aloft_efuse_file_run(const struct aloft_efuse_file *file,
                                    const struct aloft_efuse_plan *plan)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct aloft_efuse_step *step = &plan->step[i];
        uint32_t word = 0;
        enum aloft_err err = aloft_efuse_file_burn(file, step);
        if (err == ALOFT_OK && (!read_word(file, step->index, &word) || ~word & step->bits)) {
            err = ALOFT_ERR_EFUSE_BURN;
        }
        if (err != ALOFT_OK) {
            return err;
        }
    }
    return ALOFT_OK;
}

void aloft_efuse_file_turn_key(const uint8_t key[ALOFT_EFUSE_KEY_LEN],
                               uint8_t block[ALOFT_EFUSE_KEY_LEN])
{
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEY_LEN; i++) {
        block[i] = key[ALOFT_EFUSE_KEY_LEN - 1 - i];
    }
}

enum aloft_err aloft_efuse_file_encrypt(const struct aloft_efuse_file *file,
                                        const uint8_t key[ALOFT_EFUSE_KEY_LEN])
{
    struct aloft_efuse_words words;
    struct aloft_efuse_plan plan;
    uint8_t block[ALOFT_EFUSE_KEY_LEN];
    aloft_efuse_file_turn_key(key, block);
    enum aloft_err err = aloft_efuse_file_read(file, &words);
    if (err == ALOFT_OK) {
        err = aloft_efuse_plan_key(&plan, &words, ALOFT_EFUSE_XTS_AES_128, block);
    }
    if (err == ALOFT_OK) {
        err = aloft_efuse_file_run(file, &plan);
    }
    if (err == ALOFT_OK) {
        err = aloft_efuse_file_read(file, &words);
    }
    if (err == ALOFT_OK) {
        err = aloft_efuse_plan_encryption(&plan, &words);
    }
    explicit_bzero(block, sizeof block);
    return err == ALOFT_OK ? aloft_efuse_file_run(file, &plan) : err;
}

uint32_t aloft_efuse_file_torn(uint32_t bits, uint32_t seed)
{
    uint32_t x = seed * 0x9E3779B9u;
    x ^= x >> 16;
    x *= 0x85EBCA6Bu;
    x ^= x >> 13;
    return bits & x;
}
