// aloft chip-info: what a chip says of itself.
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/serial/session.h"
#include "hostlib/base/number.h"
#include <stdio.h>
#include <stdlib.h>

static const char *on(bool value)
{
    return value ? "on" : "off";
}

static void print_info(const struct aloft_flasher *flasher, const uint32_t *status)
{
    const struct aloft_flasher_facts *facts = &flasher->facts;
    char mac[18];
    char size[16];
    aloft_number_emit_size(flasher->flash_size, size);
    printf("port              %s\n", flasher->line->name);
    printf("chip              %s\n", flasher->chip->info->name);
    if (flasher->secure_download) {
        printf("secure download   on: the chip tells nothing else\n");
        return;
    }
    printf("revision          %u.%u\n", facts->revision / 100u, facts->revision % 100u);
    printf("features          %s\n", facts->features);
    if (facts->crystal_mhz != 0) {
        printf("crystal           %u MHz\n", (unsigned)facts->crystal_mhz);
    }
    printf("MAC               %s\n", aloft_session_mac(facts->mac, mac));
    printf("flash             %sB, maker %02x, type %02x%02x\n", size,
           (unsigned)(flasher->flash_id & 0xFF), (unsigned)(flasher->flash_id >> 8 & 0xFF),
           (unsigned)(flasher->flash_id >> 16));
    if (status != NULL) {
        printf("flash status      0x%06x\n", (unsigned)*status);
    }
    printf("secure boot       %s\n", on(facts->secure_boot));
    printf("security version  %u\n", (unsigned)facts->secure_version);
    printf("flash encryption  %s\n", on(facts->flash_encryption));
    printf("loader            %s\n",
           flasher->stub ? "a stub that another tool left running" : "ROM");
}

static bool print_json(const struct aloft_flasher *flasher, const uint32_t *status)
{
    const struct aloft_flasher_facts *facts = &flasher->facts;
    char mac[18];
    char revision[16];
    char id[8];
    json_t *root =
        json_pack("{s:o, s:s, s:s, s:b, s:b}", "port", aloft_ui_json_text(flasher->line->name),
                  "chip", flasher->chip->info->name, "target", flasher->chip->info->word,
                  "secure_download", flasher->secure_download, "stub", flasher->stub);
    if (root == NULL || flasher->secure_download) {
        return aloft_ui_json_print(root);
    }
    (void)snprintf(revision, sizeof revision, "%u.%u", facts->revision / 100u,
                   facts->revision % 100u);
    (void)snprintf(id, sizeof id, "%06x", (unsigned)flasher->flash_id);
    json_t *more =
        json_pack("{s:s, s:s, s:s, s:i, s:s, s:i, s:b, s:b, s:i}", "revision", revision, "mac",
                  aloft_session_mac(facts->mac, mac), "features", facts->features, "crystal_mhz",
                  (int)facts->crystal_mhz, "flash_id", id, "flash_size", (int)flasher->flash_size,
                  "secure_boot", facts->secure_boot, "flash_encryption", facts->flash_encryption,
                  "secure_version", (int)facts->secure_version);
    bool good =
        more != NULL && json_object_update(root, more) == 0 &&
        (status == NULL || json_object_set_new(root, "flash_status", json_integer(*status)) == 0);
    json_decref(more);
    if (!good) {
        json_decref(root);
        root = NULL;
    }
    return aloft_ui_json_print(root);
}

int cmd_chip_info(int argc, char **argv)
{
    bool json = false;
    bool flash_status = false;
    uint32_t status;
    static struct aloft_session session = {ALOFT_SESSION_DEFAULTS}; // too large for a stack
    session.quiet = true;
    struct aloft_args args = {
        .command = "aloft chip-info",
        .about = "Tells which chip is at a serial port, and what its fuses and its flash say.",
        .examples = "  aloft chip-info\n"
                    "  aloft chip-info --port rfc2217://localhost:4000 --json",
        .exits = "0 told, 1 no chip answers",
        .options =
            {
                ALOFT_SESSION_OPTIONS(session),
                {ALOFT_ARG_FLAG, 0, "flash-status", NULL,
                 "the status registers of the flash, too: 3, 2, 1 from the left", &flash_status},
                ALOFT_ARG_JSON(&json),
            },
    };
    if (!aloft_args_read(&args, argc, argv) || !aloft_session_check(&args, &session)) {
        return args.status;
    }
    if (!aloft_session_open(&session)) {
        return ALOFT_EXIT_BAD;
    }
    const uint32_t *shown = flash_status && !session.flasher.secure_download ? &status : NULL;
    if (shown != NULL && !aloft_flasher_flash_status(&session.flasher, &status)) {
        return aloft_session_close(&session, aloft_session_failed(&session));
    }
    bool printed = json ? print_json(&session.flasher, shown) : true;
    if (!json) {
        print_info(&session.flasher, shown);
    }
    return aloft_session_close(&session, printed ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD);
}
