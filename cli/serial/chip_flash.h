// The flash of a chip behind its loader as core reads flash; and, for a chip that encrypts its
// flash and whose key the user has, the encryption: what goes to the chip is made ciphertext on the
// way, and what comes from it text. The loader itself only knows cells.
//
// Life cycle: read the option, load the key, open with a flasher that is attached.
#ifndef ALOFT_CLI_CHIP_FLASH_H
#define ALOFT_CLI_CHIP_FLASH_H

#include "hostlib/flash/esp32_crypt.h"
#include "hostlib/flasher/flasher.h"
#include "hostlib/table/table_plain.h"

struct aloft_chip_flash {
    const char *key_path;           // of --flash-key; NULL: there is none
    bool writable;                  // set it before open: prog and erase work, by whole sectors
    struct aloft_flash flash;       // with a key, decrypted
    struct aloft_table_plain plain; // what the chip's table leaves plain
    // Private.
    struct aloft_flash cells;
    struct aloft_flash_crypt crypt;
    struct aloft_esp32_crypt cipher;
};

// A row of a command's table.
#define ALOFT_CHIP_FLASH_OPTION(c)                                                                 \
    {                                                                                              \
        ALOFT_ARG_TEXT, 0, "flash-key", "FILE",                                                    \
            "of an ESP32 with flash encryption: its key, 32 bytes", &(c).key_path                  \
    }

// Reads the key file, if one is given.
bool aloft_chip_flash_load(struct aloft_chip_flash *chip, struct aloft_message *error);

// The struct stays where it is. Reads the chip's table when a key is given.
// Fails: a key for a chip that does not encrypt, or not as an ESP32 does.
bool aloft_chip_flash_open(struct aloft_chip_flash *chip, struct aloft_flasher *flasher,
                           uint32_t table_addr, struct aloft_message *error);

// Warns when the chip encrypts and no key was given: what is not as the user may think, and that
// --flash-key helps.
void aloft_chip_flash_warn(const struct aloft_chip_flash *chip, const struct aloft_flasher *flasher,
                           const char *what);

// Bytes that go to addr become what the cells hold, by what `plain` says; without a key they stay.
// len: whole units of 32 bytes.
void aloft_chip_flash_encrypt(const struct aloft_chip_flash *chip, uint32_t addr, uint8_t *bytes,
                              uint32_t len);

// Reads the chip; with a key, what its software would read, and FF where it is erased. False, with
// flasher->error, when the line failed.
bool aloft_chip_flash_read(const struct aloft_chip_flash *chip, uint32_t addr, uint8_t *out,
                           uint32_t len);

#endif
