// Pieces of a read, and one padded copy of a program. The buffer on the stack is a page, so a
// program always fits.
#include "ports/portlib/flash/flash_align.h"
#include "aloft/base/assert.h"
#include "aloft/base/bytes.h"
#include <string.h>

static bool is_word(uint32_t addr, const void *ram)
{
    return (addr | (uint32_t)(uintptr_t)ram) % ALOFT_FLASH_WORD == 0;
}

// Reads the next piece of len > 0 bytes through the stack; returns its length in *done.
static enum aloft_err read_piece(const struct aloft_flash_align *align, uint32_t addr, uint8_t *out,
                                 uint32_t len, uint32_t *done)
{
    _Alignas(ALOFT_FLASH_WORD) uint8_t piece[ALOFT_FLASH_PAGE];
    uint32_t lead = addr % ALOFT_FLASH_WORD;
    uint32_t most = ALOFT_FLASH_PAGE - lead;
    if (lead != 0 && lead == (uintptr_t)out % ALOFT_FLASH_WORD) {
        most = ALOFT_FLASH_WORD - lead; // behind it, flash and RAM are both aligned
    }
    uint32_t n = len < most ? len : most;
    uint32_t words = aloft_align_up(lead + n, ALOFT_FLASH_WORD);
    enum aloft_err err = align->chip->read(align->ctx, addr - lead, piece, words);
    memcpy(out, piece + lead, err == ALOFT_OK ? n : 0);
    *done = n;
    return err;
}

static enum aloft_err read_any(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    const struct aloft_flash_align *align = ctx;
    uint8_t *out = buf;
    enum aloft_err err = ALOFT_OK;
    while (len > 0 && err == ALOFT_OK) {
        uint32_t n = len & ~(ALOFT_FLASH_WORD - 1);
        if (n > 0 && is_word(addr, out)) {
            err = align->chip->read(align->ctx, addr, out, n);
        } else {
            err = read_piece(align, addr, out, len, &n);
        }
        addr += n;
        out += n;
        len -= n;
    }
    return err;
}

static enum aloft_err prog_any(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    const struct aloft_flash_align *align = ctx;
    _Alignas(ALOFT_FLASH_WORD) uint8_t page[ALOFT_FLASH_PAGE];
    uint32_t lead = addr % ALOFT_FLASH_WORD;
    uint32_t words = aloft_align_up(lead + len, ALOFT_FLASH_WORD);
    ALOFT_INVARIANT("A2", (addr - lead) % ALOFT_FLASH_PAGE + words <= ALOFT_FLASH_PAGE);
    if (lead == 0 && words == len && is_word(addr, data)) {
        return align->chip->prog(align->ctx, addr, data, len);
    }
    memset(page, 0xFF, lead);
    memcpy(page + lead, data, len);
    memset(page + lead + len, 0xFF, words - lead - len);
    return align->chip->prog(align->ctx, addr - lead, page, words);
}

static enum aloft_err erase_any(void *ctx, uint32_t addr, uint32_t len)
{
    const struct aloft_flash_align *align = ctx;
    return align->chip->erase(align->ctx, addr, len); // sectors and blocks are aligned
}

const struct aloft_flash_ops aloft_flash_align_ops = {read_any, prog_any, erase_any};
