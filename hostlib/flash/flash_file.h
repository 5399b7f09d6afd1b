// A flash chip in a file, for tools that work on a board while it is off: NOR rules, no timing and
// no faults (nor.h has those). The file is the chip, byte for byte.
//
// When the eFuses beside it (efuse_file.h) say that the board's flash is encrypted, `flash`
// encrypts and decrypts as the board does, but that erased units read as FF, and `flash.raw` is the
// file; otherwise `flash` is the file.
//
// Life cycle: open, use .flash, close. A file opened for writing is locked, by the POSIX lock that
// a running board holds too, so two writers never meet; reading needs no lock. POSIX locks belong
// to the process: closing any other descriptor of the same file drops them.
#ifndef ALOFT_HOSTLIB_FLASH_FILE_H
#define ALOFT_HOSTLIB_FLASH_FILE_H

#include "aloft/flash.h"
#include "hostlib/base/message.h"
#include "hostlib/flash/esp32_crypt.h"
#include <sys/types.h>

#define ALOFT_FLASH_FILE_MIN      0x100000u  // 1 MB
#define ALOFT_FLASH_FILE_MAX      0x8000000u // 128 MB
#define ALOFT_FLASH_FILE_SECTOR   0x1000u
#define ALOFT_FLASH_FILE_DUMP_MIN 0x8000u // where the first table can lie
#define ALOFT_FLASH_FILE_BLOCK    0x10000u

enum aloft_flash_file_mode {
    ALOFT_FLASH_FILE_READ,
    ALOFT_FLASH_FILE_WRITE,
    ALOFT_FLASH_FILE_DUMP, // to read; a file of any length that reaches to a table, such as a
                           // merged one, is a flash of ALOFT_FLASH_FILE_MAX; its rest is erased
};

struct aloft_flash_file {
    struct aloft_flash flash; // its ctx points back here, so the struct stays where it was opened
    struct aloft_flash cells; // the file
    struct aloft_esp32_crypt cipher; // of a board with flash encryption,
    struct aloft_flash_crypt crypt;  // and what encrypts in front of the file
    int fd;
    bool writable;
    bool dump;    // it was opened as one
    uint32_t len; // of the file
};

// True for 1, 2, 4, ... 128 MB.
bool aloft_flash_file_is_size(uint64_t size);

// Opens an existing chip.
// Fails: no such file, no chip's size, or, for writing, in use; the sentence says by which process.
//        Also when there is an eFuse file that cannot be read: whether this flash is encrypted is
//        not known then.
bool aloft_flash_file_open(struct aloft_flash_file *file, const char *path,
                           enum aloft_flash_file_mode mode, struct aloft_message *error);

// Makes a new, erased chip; never replaces a file.
bool aloft_flash_file_create(const char *path, uint32_t size, struct aloft_message *error);

// Erases the whole view, which begins and ends at sectors, by the largest units that fit.
// Errors: those of aloft_flash_erase.
enum aloft_err aloft_flash_file_erase(const struct aloft_flash_view *view);

// Programs erased flash of any file or chip, page by page; what is left of the last unit becomes
// FF. Errors: those of aloft_flash_prog.
enum aloft_err aloft_flash_file_program(const struct aloft_flash_view *view, const uint8_t *data,
                                        uint32_t len);

// Releases the lock too. False when the last writes may not have reached the disk.
bool aloft_flash_file_close(struct aloft_flash_file *file, struct aloft_message *error);

// Takes the lock on an open descriptor: 0, the pid of the process that has it, or -1 when the file
// system knows no locks.
pid_t aloft_flash_file_lock(int fd);

// The pid of the process that holds the lock; 0 when nobody does.
pid_t aloft_flash_file_holder(int fd);

#endif
