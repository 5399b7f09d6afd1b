// What an app has to do with eFuses: the rules that an update must meet, and the security version,
// which rises to that of a confirmed app and never before.
#ifndef ALOFT_APP_EFUSE_H
#define ALOFT_APP_EFUSE_H

#include "aloft/slots.h"
#include "board/chip/board.h"
#include "board/chip/board_rules.h"

struct aloft_app_efuse {
    struct aloft_board *board;
    struct aloft_efuse efuse;
    struct aloft_board_rules rules; // rules.rules is what an update must meet
    bool raise_failed;              // it was said; not tried again before the next start
};

// Reads the eFuses. The struct stays where it is from then on.
void aloft_app_efuse_init(struct aloft_app_efuse *app, struct aloft_board *board);

// Signed updates without hardware secure boot: who signed the running app, at the start of the
// view, may sign the next one. With secure boot on, eFuses say so, and nothing changes. An app that
// is not signed takes no update at all then; that is logged.
void aloft_app_efuse_trust_own(struct aloft_app_efuse *app, const struct aloft_flash_view *view,
                               uint32_t image_len);

// Burns the security version up to `version`, that of the app in slot `running`, if otadata says
// that it is confirmed (VALID). Nothing to do: no read, no burn. So it can be called at any time:
// at a start it also heals what a power cut left between confirmation and burn. Power loss: a
// version between the old and the new one; the next call goes on.
void aloft_app_efuse_raise(struct aloft_app_efuse *app, const struct aloft_slots *slots,
                           int running, uint32_t version);

// Burns the security version up to `version`, whatever runs. Power loss: as above.
// Errors: EFUSE_VERSION when it is more than eFuses can count, EFUSE_BURN.
enum aloft_err aloft_app_efuse_raise_to(struct aloft_app_efuse *app, uint32_t version);

#endif
