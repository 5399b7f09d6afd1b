// Facts from eFuses and otadata, and one burn.
#include "ports/linux/app_efuse.h"
#include "aloft/bootsel.h"
#include "board/chip/efuse_port.h"

void aloft_app_efuse_init(struct aloft_app_efuse *app, struct aloft_board *board)
{
    struct aloft_efuse_words words;
    app->board = board;
    app->raise_failed = false;
    aloft_efuse_port_read(&words, &app->efuse);
    aloft_board_rules_read(&app->rules, &app->efuse);
}

void aloft_app_efuse_trust_own(struct aloft_app_efuse *app, const struct aloft_flash_view *view,
                               uint32_t image_len)
{
    struct aloft_board_rules *rules = &app->rules;
    if (rules->rules.trust != NULL) {
        return;
    }
    enum aloft_err err = aloft_trust_of_app(&rules->trust, rules->rules.crypto, view, image_len);
    if (err != ALOFT_OK) {
        aloft_board_log(app->board, 'E', "secure_boot",
                        "No update will be taken, for this app names no signer: %s: %s",
                        aloft_err_name(err), aloft_err_sentence(err));
    }
    rules->rules.trust = &rules->trust;
}

// A record that does not select the slot may be of the image that was there before: an update that
// was written and never selected has it still.
static bool confirmed(const struct aloft_slots *slots, int running)
{
    struct aloft_otadata records[2];
    uint32_t state;
    return running >= 0 && aloft_bootsel_read(slots, records) == ALOFT_OK &&
           aloft_bootsel_boot_slot(slots, records) == running &&
           aloft_bootsel_state(slots, records, running, &state) && state == ALOFT_OTA_VALID;
}

enum aloft_err aloft_app_efuse_raise_to(struct aloft_app_efuse *app, uint32_t version)
{
    struct aloft_efuse_words words;
    struct aloft_efuse_plan plan;
    aloft_efuse_port_read(&words, &app->efuse);
    enum aloft_err err = aloft_efuse_plan_version(&plan, &words, version);
    if (err == ALOFT_OK) {
        err = aloft_efuse_port_burn(app->board, &plan);
    }
    aloft_efuse_port_read(&words, &app->efuse);
    app->rules.rules.secure_version = app->efuse.secure_version;
    return err;
}

void aloft_app_efuse_raise(struct aloft_app_efuse *app, const struct aloft_slots *slots,
                           int running, uint32_t version)
{
    if (version <= app->efuse.secure_version || app->raise_failed || !confirmed(slots, running)) {
        return;
    }
    uint32_t old = app->efuse.secure_version;
    enum aloft_err err = aloft_app_efuse_raise_to(app, version);
    app->raise_failed = err != ALOFT_OK;
    if (err == ALOFT_OK) {
        aloft_board_log(app->board, 'I', "secure_boot",
                        "Security version raised from %u to %u: older images are refused now",
                        (unsigned)old, (unsigned)version);
    } else {
        aloft_board_log(app->board, 'E', "secure_boot",
                        "The security version cannot be raised to %u: %s: %s", (unsigned)version,
                        aloft_err_name(err), aloft_err_sentence(err));
    }
}
