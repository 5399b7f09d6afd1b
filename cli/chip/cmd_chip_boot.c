// aloft chip-boot: which slot of a chip boots, over its serial port. Records are written by the
// core's machine, as aloft otadata writes them into a flash file.
#include "aloft/bootsel.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/image/image_source.h"
#include "cli/otadata/otadata_view.h"
#include "cli/serial/chip_flash.h"
#include "cli/serial/session.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flasher/flasher_trust.h"
#include "hostlib/table/table_find.h"
#include <stdio.h>

struct wish {
    struct aloft_chip_flash chip;
    uint32_t table_addr;
    const char *slot; // NULL: only tell
    bool trial;
    bool json;
};

static enum aloft_err load(struct aloft_slots *slots, const struct wish *wish)
{
    uint32_t addr = aloft_table_find(&wish->chip.flash, wish->table_addr);
    enum aloft_err err = aloft_slots_load(slots, &wish->chip.flash, &aloft_mbed_crypto, addr);
    if (err == ALOFT_OK && slots->otadata.len == 0) {
        err = ALOFT_ERR_NO_OTADATA;
    } else if (err == ALOFT_OK && slots->otadata.len != ALOFT_OTADATA_LEN) {
        err = ALOFT_ERR_OTADATA_SIZE;
    }
    return err;
}

// What the slots hold is not told: that would read all of them over the line.
static enum aloft_err tell(const struct aloft_session *session, const struct wish *wish,
                           const struct aloft_slots *slots)
{
    struct aloft_otadata_view view = {.name = session->line.name, .slot_count = slots->ota_count};
    enum aloft_err err = aloft_bootsel_read(slots, view.records);
    if (err != ALOFT_OK) {
        return err;
    }
    if (wish->json) {
        return aloft_ui_json_print(aloft_otadata_view_json(&view)) ? ALOFT_OK : ALOFT_ERR_ARG;
    }
    aloft_otadata_view_print(&view);
    return ALOFT_OK;
}

// Judged as the chip's bootloader will: with secure boot on, by the keys in its eFuses. A chip that
// does not tell them is believed to take the signature, whatever it is of.
static enum aloft_err choose(struct aloft_session *session, const struct wish *wish,
                             const struct aloft_slots *slots, int slot)
{
    static struct aloft_flasher_trust trust; // the rules point into it
    struct aloft_bootsel op;
    const struct aloft_flasher_facts *facts = &session->flasher.facts;
    if (facts->secure_boot && !aloft_flasher_trust_read(&trust, &session->flasher)) {
        aloft_ui_error("%s", session->flasher.error.text);
        return ALOFT_ERR_FLASH_READ;
    }
    const struct aloft_image_rules rules = {
        .crypto = &aloft_mbed_signed_crypto,
        .chip = aloft_chip_find(session->flasher.chip->info->id),
        .len_max = ALOFT_IMAGE_LEN_MAX,
        .chip_revision = facts->revision,
        .secure_version = facts->secure_version,
        .trust = facts->secure_boot && trust.known ? &trust.trust : NULL,
    };
    (void)fprintf(stderr, "reading the image in %s; a real chip takes a minute a megabyte\n",
                  wish->slot);
    aloft_bootsel_set_boot(&op, slots, &rules, slot, wish->trial);
    while (aloft_bootsel_step(&op) == ALOFT_STEP_AGAIN) {
    }
    return op.err;
}

static int run(struct aloft_session *session, struct wish *wish, int slot)
{
    struct aloft_slots slots;
    struct aloft_message error;
    if (!aloft_session_open(session)) {
        return ALOFT_EXIT_BAD;
    }
    session->flasher.progress = NULL; // pieces are small
    if (!aloft_chip_flash_open(&wish->chip, &session->flasher, wish->table_addr, &error)) {
        aloft_ui_error("%s", error.text);
        return aloft_session_close(session, ALOFT_EXIT_BAD);
    }
    enum aloft_err err = load(&slots, wish);
    if (err == ALOFT_OK) {
        err =
            wish->slot == NULL ? tell(session, wish, &slots) : choose(session, wish, &slots, slot);
    }
    if (err != ALOFT_OK) {
        aloft_ui_error("%s%s%s: %s (%s)", session->line.name, wish->slot != NULL ? ": " : "",
                       wish->slot != NULL ? wish->slot : "", aloft_err_sentence(err),
                       aloft_err_name(err));
    } else if (wish->slot != NULL) {
        printf("%s: boots %s%s from now on\n", session->line.name, wish->slot,
               wish->trial ? ", on trial," : "");
    }
    return aloft_session_close(session, err == ALOFT_OK ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD);
}

int cmd_chip_boot(int argc, char **argv)
{
    struct wish wish = {.chip = {.writable = true}};
    struct aloft_message error;
    int slot = ALOFT_SLOT_NONE;
    static struct aloft_session session = {ALOFT_SESSION_DEFAULTS, .quiet = true};
    struct aloft_args args = {
        .command = "aloft chip-boot",
        .operands = "[SLOT]",
        .about = "Tells the boot records of the chip at a serial port; with SLOT (factory, ota_0,\n"
                 "...) makes that one boot next, after its image was read and judged. What\n"
                 "`aloft otadata` does with a flash file.",
        .examples = "  aloft chip-boot\n"
                    "  aloft chip-boot ota_1 --trial --port /dev/ttyUSB0",
        .exits = "0 told or chosen, 1 failed; the old choice then still holds",
        .options =
            {
                ALOFT_SESSION_OPTIONS(session),
                ALOFT_CHIP_FLASH_OPTION(wish.chip),
                {ALOFT_ARG_FLAG, 0, "trial", NULL, "on trial: the app must confirm itself",
                 &wish.trial},
                {ALOFT_ARG_SIZE, 0, "offset", "N", "where the partition table lies [it is found]",
                 &wish.table_addr},
                ALOFT_ARG_JSON(&wish.json),
            },
    };
    if (!aloft_args_read(&args, argc, argv) || !aloft_session_check(&args, &session)) {
        return args.status;
    }
    wish.slot = args.given.items[0];
    if (wish.slot != NULL &&
        (!aloft_image_source_slot(wish.slot, &slot) || slot == ALOFT_SLOT_TEST)) {
        return aloft_args_wrong(&args, "'%s' is no slot to boot; write factory, ota_0, ..., ota_15",
                                wish.slot);
    }
    if (wish.trial && (wish.slot == NULL || slot == ALOFT_SLOT_FACTORY)) {
        return aloft_args_wrong(&args, "--trial goes with an OTA slot");
    }
    if (!aloft_chip_flash_load(&wish.chip, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    return run(&session, &wish, slot);
}
