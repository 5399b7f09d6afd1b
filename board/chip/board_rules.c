// Turns facts of the eFuses into rules for images.
#include "board/chip/board_rules.h"
#include "aloft/chip.h"
#include "hostlib/crypto/efuse_trust.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/efuse_file.h"
#include <string.h>

struct aloft_image_rules aloft_board_rules_plain(void)
{
    return (struct aloft_image_rules){
        .crypto = &aloft_mbed_crypto,
        .chip = &aloft_chip_esp32,
        .chip_revision = ALOFT_BOARD_REVISION,
        .need_addr = ALOFT_NATIVE_ADDR,
    };
}

void aloft_board_rules_read(struct aloft_board_rules *out, const struct aloft_efuse *efuse)
{
    memset(out, 0, sizeof *out);
    aloft_efuse_trust(&out->trust, efuse, out->block);
    out->rules = aloft_board_rules_plain();
    out->rules.crypto = &aloft_mbed_signed_crypto;
    out->rules.secure_version = efuse->secure_version;
    out->rules.trust = efuse->secure_boot ? &out->trust : NULL;
}

bool aloft_board_rules_of(struct aloft_board_rules *out, const char *flash,
                          struct aloft_message *error)
{
    struct aloft_efuse_file file;
    struct aloft_efuse_words words;
    struct aloft_efuse efuse;
    if (!aloft_efuse_file_open(&file, flash, ALOFT_EFUSE_FILE_READ, error)) {
        return false;
    }
    enum aloft_err err = aloft_efuse_file_read(&file, &words);
    bool closed = aloft_efuse_file_close(&file, error);
    aloft_efuse_read(&efuse, &words);
    aloft_board_rules_read(out, &efuse);
    if (err != ALOFT_OK) {
        return aloft_message_set(error, "%s: %s", flash, aloft_err_sentence(err));
    }
    return closed;
}

enum aloft_err aloft_board_rules_rom(void *ctx, const struct aloft_image *image,
                                     enum aloft_image_event event, const uint8_t *data,
                                     uint32_t len)
{
    const struct aloft_image_facts *facts = &image->facts;
    const struct aloft_chip *chip = image->rules.chip;
    (void)ctx;
    (void)data;
    (void)len;
    bool maps = chip != NULL && aloft_chip_maps(chip, facts->segment_addr);
    return event == ALOFT_IMAGE_SEGMENT && maps ? ALOFT_ERR_IMAGE_SEGMENT : ALOFT_OK;
}
