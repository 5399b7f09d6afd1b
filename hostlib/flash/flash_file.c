// Reads and writes go through the descriptor and not through a mapping, so a file that somebody
// cuts short is a failed read and not a signal. aloft/flash.h has checked the ranges of every call
// before it comes here.
#include "hostlib/flash/flash_file.h"
#include "hostlib/base/file.h"
#include "hostlib/flash/efuse_file.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_at(int fd, uint32_t addr, uint8_t *buf, uint32_t len)
{
    while (len > 0) {
        ssize_t n = pread(fd, buf, len, addr);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false; // an error, or the file has become shorter
        }
        buf += n;
        addr += (uint32_t)n;
        len -= (uint32_t)n;
    }
    return true;
}

static bool write_at(int fd, uint32_t addr, const uint8_t *data, uint32_t len)
{
    while (len > 0) {
        ssize_t n = pwrite(fd, data, len, addr);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        data += n;
        addr += (uint32_t)n;
        len -= (uint32_t)n;
    }
    return true;
}

static enum aloft_err op_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    const struct aloft_flash_file *file = ctx;
    uint32_t there = addr < file->len ? file->len - addr : 0;
    there = there < len ? there : len;
    memset((uint8_t *)buf + there, 0xFF, len - there);
    return read_at(file->fd, addr, buf, there) ? ALOFT_OK : ALOFT_ERR_FLASH_READ;
}

static enum aloft_err op_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    const struct aloft_flash_file *file = ctx;
    uint8_t cells[ALOFT_FLASH_PAGE];
    const uint8_t *wanted = data;
    if (!file->writable || len > sizeof cells || !read_at(file->fd, addr, cells, len)) {
        return ALOFT_ERR_FLASH_PROG;
    }
    for (uint32_t i = 0; i < len; i++) {
        cells[i] &= wanted[i]; // programming only clears bits
    }
    return write_at(file->fd, addr, cells, len) ? ALOFT_OK : ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err op_erase(void *ctx, uint32_t addr, uint32_t len)
{
    const struct aloft_flash_file *file = ctx;
    uint8_t blank[ALOFT_FLASH_FILE_SECTOR];
    memset(blank, 0xFF, sizeof blank);
    if (!file->writable || len % sizeof blank != 0) {
        return ALOFT_ERR_FLASH_ERASE;
    }
    for (uint32_t off = 0; off < len; off += (uint32_t)sizeof blank) {
        if (!write_at(file->fd, addr + off, blank, sizeof blank)) {
            return ALOFT_ERR_FLASH_ERASE;
        }
    }
    return ALOFT_OK;
}

static const struct aloft_flash_ops ops = {op_read, op_prog, op_erase};

bool aloft_flash_file_is_size(uint64_t size)
{
    return size >= ALOFT_FLASH_FILE_MIN && size <= ALOFT_FLASH_FILE_MAX && (size & (size - 1)) == 0;
}

pid_t aloft_flash_file_holder(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET}; // length 0: the whole file
    if (fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) {
        return 0;
    }
    return lock.l_pid;
}

pid_t aloft_flash_file_lock(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    // Between the refusal and the question the holder may end; then the lock is asked for again.
    for (int tries = 0; tries < 3; tries++) {
        if (fcntl(fd, F_SETLK, &lock) == 0) {
            return 0;
        }
        if (errno != EACCES && errno != EAGAIN && errno != EINTR) {
            return -1;
        }
        pid_t holder = aloft_flash_file_holder(fd);
        if (holder > 0) {
            return holder;
        }
    }
    return -1;
}

static bool lock_for(int fd, const char *path, struct aloft_message *error)
{
    pid_t holder = aloft_flash_file_lock(fd);
    if (holder > 0) {
        return aloft_message_set(
            error,
            "flash file %s is in use by process %ld, probably a running board; "
            "stop the board first",
            path, (long)holder);
    }
    return holder == 0 ||
           aloft_message_set(error, "cannot lock flash file %s: %s", path, strerror(errno));
}

// Only a board's own file has eFuses beside it.
static bool is_board(const char *path)
{
    char efuse[4096];
    int len = snprintf(efuse, sizeof efuse, "%s.efuse", path);
    return len > 0 && (size_t)len < sizeof efuse && access(efuse, F_OK) == 0;
}

static bool check_file(int fd, const char *path, enum aloft_flash_file_mode mode, uint32_t *size,
                       struct aloft_message *error)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0) {
        return aloft_message_set(error, "cannot look at flash file %s: %s", path, strerror(errno));
    }
    if (!S_ISREG(stat.st_mode)) {
        return aloft_message_set(error, "%s is not an ordinary file, so it is not a flash file",
                                 path);
    }
    bool any = mode == ALOFT_FLASH_FILE_DUMP && stat.st_size > ALOFT_FLASH_FILE_DUMP_MIN &&
               stat.st_size <= ALOFT_FLASH_FILE_MAX;
    if (!any && !aloft_flash_file_is_size((uint64_t)stat.st_size)) {
        return aloft_message_set(error,
                                 "flash file %s has %" PRIdMAX " bytes; a flash chip has 1, 2, 4, "
                                 "... 128 MB%s",
                                 path, (intmax_t)stat.st_size,
                                 is_board(path) ? "; recreate it with `aloft board create`" : "");
    }
    *size = (uint32_t)stat.st_size;
    return true;
}

// As the board's eFuses say.
static bool encrypt(struct aloft_flash_file *file, const char *path, struct aloft_message *error)
{
    struct aloft_efuse_file efuse;
    uint8_t key[ALOFT_EFUSE_KEY_LEN];
    if (!aloft_efuse_file_open(&efuse, path, ALOFT_EFUSE_FILE_READ, error)) {
        return false;
    }
    if (aloft_efuse_file_flash_key(&efuse, key)) {
        aloft_esp32_crypt_init(&file->cipher, key);
        aloft_flash_crypt_init(&file->crypt, &file->cells, &file->cipher.cipher);
        file->crypt.shows_erased = true;
        file->flash = file->crypt.flash;
    }
    explicit_bzero(key, sizeof key);
    return aloft_efuse_file_close(&efuse, error);
}

bool aloft_flash_file_open(struct aloft_flash_file *file, const char *path,
                           enum aloft_flash_file_mode mode, struct aloft_message *error)
{
    uint32_t size = 0;
    bool write = mode == ALOFT_FLASH_FILE_WRITE;
    int fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return aloft_message_set(error, "cannot open flash file %s: %s", path, strerror(errno));
    }
    if (!check_file(fd, path, mode, &size, error) || (write && !lock_for(fd, path, error))) {
        (void)close(fd); // nothing was written
        return false;
    }
    uint32_t chip = aloft_flash_file_is_size(size) ? size : ALOFT_FLASH_FILE_MAX;
    *file = (struct aloft_flash_file){
        .cells = {&ops, file, {chip, ALOFT_FLASH_FILE_SECTOR, ALOFT_FLASH_FILE_BLOCK, 1}, NULL},
        .fd = fd,
        .writable = write,
        .dump = mode == ALOFT_FLASH_FILE_DUMP,
        .len = size,
    };
    file->flash = file->cells;
    if (!encrypt(file, path, error)) {
        (void)close(fd); // as above
        return false;
    }
    return true;
}

bool aloft_flash_file_create(const char *path, uint32_t size, struct aloft_message *error)
{
    if (!aloft_flash_file_is_size(size)) {
        return aloft_message_set(error,
                                 "a flash chip cannot have %u bytes; it has 1, 2, 4, ... "
                                 "128 MB",
                                 size);
    }
    uint8_t blank[ALOFT_FLASH_FILE_BLOCK];
    memset(blank, 0xFF, sizeof blank);
    return aloft_file_create(path, 0666, blank, sizeof blank, size / sizeof blank) ||
           aloft_message_set(error, "cannot create flash file %s: %s", path, strerror(errno));
}

enum aloft_err aloft_flash_file_erase(const struct aloft_flash_view *view)
{
    uint32_t unit;
    for (uint32_t off = 0; off < view->len; off += unit) {
        bool block = (view->addr + off) % ALOFT_FLASH_FILE_BLOCK == 0 &&
                     view->len - off >= ALOFT_FLASH_FILE_BLOCK;
        unit = block ? ALOFT_FLASH_FILE_BLOCK : ALOFT_FLASH_FILE_SECTOR;
        enum aloft_err err = aloft_flash_erase(view, off, unit);
        if (err != ALOFT_OK) {
            return err;
        }
    }
    return ALOFT_OK;
}

enum aloft_err aloft_flash_file_program(const struct aloft_flash_view *view, const uint8_t *data,
                                        uint32_t len)
{
    uint32_t unit = view->flash->geometry.write_unit;
    uint8_t page[ALOFT_FLASH_PAGE];
    enum aloft_err err = ALOFT_OK;
    for (uint32_t off = 0; err == ALOFT_OK && off < len; off += ALOFT_FLASH_PAGE) {
        uint32_t n = len - off < ALOFT_FLASH_PAGE ? len - off : ALOFT_FLASH_PAGE;
        memset(page, 0xFF, sizeof page);
        memcpy(page, data + off, n);
        err = aloft_flash_prog(view, off, page, (n + unit - 1) / unit * unit);
    }
    return err;
}

bool aloft_flash_file_close(struct aloft_flash_file *file, struct aloft_message *error)
{
    bool ok = !file->writable || fsync(file->fd) == 0;
    ok = close(file->fd) == 0 && ok;
    file->fd = -1;
    return ok ||
           aloft_message_set(error, "cannot finish writing the flash file: %s", strerror(errno));
}
