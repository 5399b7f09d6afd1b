// The eFuses of a virtual board, in a file beside its flash: FLASH.efuse. A board without the file
// has blank ones. The file is what esptool's espefuse keeps for a virtual ESP32-C3 (--virt
// --path-efuse-file): the 512 bytes of the controller's registers, the last byte first.
//
// The model keeps the rules of the hardware: bits are only ever set; what write protection covers
// stays; a read-protected key block reads as zeros, though the file keeps it. One burn is one word.
// Power that goes in the middle of it leaves any part of the wanted bits set; a second burn sets
// the rest (efuse.h says in which order what is burned, and why every part is harmless).
//
// Life cycle: open beside a flash file that the caller has locked, use, close. Whoever holds the
// lock of the flash file (flash_file.h) has the board, its eFuses included.
#ifndef ALOFT_HOSTLIB_EFUSE_FILE_H
#define ALOFT_HOSTLIB_EFUSE_FILE_H

#include "aloft/efuse.h"
#include "hostlib/base/message.h"
#include <stddef.h>

#define ALOFT_EFUSE_FILE_LEN    512u
#define ALOFT_EFUSE_FILE_SUFFIX ".efuse"

enum aloft_efuse_file_mode {
    ALOFT_EFUSE_FILE_READ,  // a file that is not there reads as blank
    ALOFT_EFUSE_FILE_WRITE, // one that is not there is made
};

struct aloft_efuse_file {
    int fd; // -1: there is no file
};

// The name of the file that belongs to this flash file. False when it is too long.
bool aloft_efuse_file_path(const char *flash, char *path, size_t size);

// Fails: no ordinary file of 512 bytes, or not to be opened or made.
bool aloft_efuse_file_open(struct aloft_efuse_file *file, const char *flash,
                           enum aloft_efuse_file_mode mode, struct aloft_message *error);

// False when the last burns may not have reached the disk.
bool aloft_efuse_file_close(struct aloft_efuse_file *file, struct aloft_message *error);

// Removes the file again when nothing is burned, so that boards that burn nothing have no file.
void aloft_efuse_file_drop_blank(const struct aloft_efuse_file *file, const char *flash);

// What the flash controller reads, and software cannot: true when flash encryption is on, and *key
// is as key files have it; zeros when none is burned. False also when the file cannot be read,
// which aloft_efuse_file_read tells.
bool aloft_efuse_file_flash_key(const struct aloft_efuse_file *file,
                                uint8_t key[ALOFT_EFUSE_KEY_LEN]);

// What software reads. Errors: EFUSE_READ.
enum aloft_err aloft_efuse_file_read(const struct aloft_efuse_file *file,
                                     struct aloft_efuse_words *words);

// Burns the bits of one step.
// Errors: EFUSE_PROTECTED when one of them is new and fixed; then none is burned. EFUSE_BURN,
//         EFUSE_READ.
enum aloft_err aloft_efuse_file_burn(const struct aloft_efuse_file *file,
                                     const struct aloft_efuse_step *step);

// Burns a plan, step by step, each read back from the file. Errors: those of a burn.
enum aloft_err aloft_efuse_file_run(const struct aloft_efuse_file *file,
                                    const struct aloft_efuse_plan *plan);

// Makes the board one with flash encryption, for good: burns the key, as key files have it, which
// no software reads afterwards, and turns encryption on. What is in flash is not touched. Errors:
// those of a burn, EFUSE_FULL.
enum aloft_err aloft_efuse_file_encrypt(const struct aloft_efuse_file *file,
                                        const uint8_t key[ALOFT_EFUSE_KEY_LEN]);

// The bytes of a key for flash encryption as its block has them: in the other order.
void aloft_efuse_file_turn_key(const uint8_t key[ALOFT_EFUSE_KEY_LEN],
                               uint8_t block[ALOFT_EFUSE_KEY_LEN]);

// The bits that a burn of these has set when power goes in its middle.
uint32_t aloft_efuse_file_torn(uint32_t bits, uint32_t seed);

#endif
