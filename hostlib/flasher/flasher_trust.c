// Reads the words register by register: only chips with secure boot need the 84 requests.
#include "hostlib/flasher/flasher_trust.h"
#include "aloft/base/bytes.h"
#include "aloft/chip.h"
#include "hostlib/crypto/efuse_trust.h"
#include "hostlib/flasher/flasher_link.h"
#include <string.h>

#define ESP32_BLOCK_2 0x3FF5A058u

// The first word of block 0 as aloft/efuse.h counts; 0: the chip has other words.
static uint32_t words_addr(const struct aloft_flasher *flasher)
{
    static const uint8_t board_mac[] = ALOFT_FLASHER_BOARD_MAC;
    switch (flasher->chip->info->id) {
    case ALOFT_CHIP_ESP32C3:
        return 0x6000882Cu;
    case ALOFT_CHIP_ESP32S3:
        return 0x6000702Cu;
    default:
        return memcmp(flasher->facts.mac, board_mac, sizeof board_mac) == 0
                   ? ALOFT_FLASHER_BOARD_EFUSE
                   : 0;
    }
}

static bool read_words(struct aloft_flasher *flasher, uint32_t addr, uint32_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!aloft_flasher_read_reg(flasher, addr + 4 * (uint32_t)i, &words[i])) {
            return false;
        }
    }
    return true;
}

bool aloft_flasher_trust_read(struct aloft_flasher_trust *out, struct aloft_flasher *flasher)
{
    struct aloft_efuse_words words;
    struct aloft_efuse efuse;
    memset(out, 0, sizeof *out);
    out->trust.block = out->block;
    out->trust.judge = aloft_trust_judge;
    uint32_t addr = words_addr(flasher);
    if (flasher->secure_download) {
        return true;
    }
    if (addr != 0) {
        if (!read_words(flasher, addr, words.word, ALOFT_EFUSE_WORDS)) {
            return false;
        }
        aloft_efuse_read(&efuse, &words);
        aloft_efuse_trust(&out->trust, &efuse, out->block);
    } else {
        if (!read_words(flasher, ESP32_BLOCK_2, words.word, ALOFT_EFUSE_KEY_WORDS)) {
            return false;
        }
        for (uint32_t i = 0; i < ALOFT_EFUSE_KEY_WORDS; i++) {
            aloft_put_le32(out->trust.key[0] + 4 * i, words.word[i]);
        }
        out->trust.count = !aloft_bytes_are(out->trust.key[0], ALOFT_SHA256_LEN, 0);
    }
    out->known = out->trust.count > 0; // all zero is also what a protected block reads as
    return true;
}
