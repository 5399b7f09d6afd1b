// The chip's process has ended in the middle of an operation, of flash or eFuses, that it had
// published (flash_port.h): what becomes of it. A chip finishes what it does when it is reset; when
// power goes, a part is done.
#ifndef ALOFT_SETTLE_H
#define ALOFT_SETTLE_H

#include "board/chip/board.h"
#include "hostlib/flash/efuse_file.h"
#include "hostlib/flash/nor.h"

struct aloft_settle {
    struct aloft_retained *retained;
    struct aloft_nor *nor;
    const struct aloft_efuse_file *efuse;
    enum aloft_nor_mix mix; // of a torn erase
    uint32_t seed;
};

// Does nothing when no operation was under way. What it does is said on standard error.
void aloft_settle(const struct aloft_settle *settle, bool power_cut);

#endif
