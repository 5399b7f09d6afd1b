// aloft efuse: a virtual board's eFuses. Core plans what to burn and in which order
// (aloft/efuse.h). This file refuses what would make the board useless, and asks first, because a
// burn is final.
#include "aloft/slots.h"
#include "aloft/verify.h"
#include "board/chip/board_rules.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/board/efuse_view.h"
#include "cli/keys/key_files.h"
#include "hostlib/base/chip_info.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/efuse_file.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/table_find.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_ANY 0xFFFFFFFFu

// Of a virtual board; as far as its ROM reads.
#define BOOTLOADER_ADDR aloft_chip_infos[ALOFT_CHIP_ROW_ESP32].bootloader_addr
#define BOOTLOADER_ROOM 0xF000u

enum { ANSWER_MAX = 16, MORE_MAX = 4096 };

// A board that is off, for one command.
struct work {
    const char *path;
    bool yes;   // do not ask
    bool force; // and burn even what ends the board
    struct aloft_flash_file flash;
    struct aloft_efuse_file file;
    struct aloft_efuse_words words;
    struct aloft_efuse efuse;
    struct aloft_efuse_plan plan;
};

#define YES_OPTION(work)                                                                           \
    {                                                                                              \
        ALOFT_ARG_FLAG, 'y', "yes", NULL, "do not ask; for scripts", &(work).yes                   \
    }

static bool said(const struct aloft_message *error)
{
    aloft_ui_error("%s", error->text);
    return false;
}

static bool refused(const struct work *work, enum aloft_err err)
{
    aloft_ui_error("%s: %s (%s)", work->path, aloft_err_sentence(err), aloft_err_name(err));
    return false;
}

static bool read_facts(struct work *work)
{
    enum aloft_err err = aloft_efuse_file_read(&work->file, &work->words);
    aloft_efuse_read(&work->efuse, &work->words);
    return err == ALOFT_OK || refused(work, err);
}

static bool open_efuse(struct work *work, enum aloft_efuse_file_mode mode)
{
    struct aloft_message error;
    return aloft_efuse_file_open(&work->file, work->path, mode, &error) || said(&error);
}

// Locks the board and reads what is burned. After true, close_work.
static bool open_work(struct work *work)
{
    struct aloft_message error;
    work->file.fd = -1;
    if (!aloft_flash_file_open(&work->flash, work->path, ALOFT_FLASH_FILE_WRITE, &error)) {
        return said(&error);
    }
    if (open_efuse(work, ALOFT_EFUSE_FILE_READ) && read_facts(work)) {
        return true;
    }
    (void)aloft_efuse_file_close(&work->file, &error); // nothing was written
    (void)aloft_flash_file_close(&work->flash, &error);
    return false;
}

static int close_work(struct work *work, bool good)
{
    struct aloft_message error;
    good = (aloft_efuse_file_close(&work->file, &error) || said(&error)) && good;
    good = (aloft_flash_file_close(&work->flash, &error) || said(&error)) && good;
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static bool ask(const char *what)
{
    char answer[ANSWER_MAX] = "";
    FILE *terminal = fopen("/dev/tty", "r+");
    if (terminal == NULL) {
        aloft_ui_error("there is no terminal to ask on; give --yes to burn without asking");
        return false;
    }
    (void)fprintf(terminal, "%s\nThis can never be undone. Type BURN to go on: ", what);
    (void)fflush(terminal);
    bool good = fgets(answer, sizeof answer, terminal) != NULL && strcmp(answer, "BURN\n") == 0;
    (void)fclose(terminal);
    if (!good) {
        aloft_ui_error("not burned: the answer was not BURN");
    }
    return good;
}

// Burns the work's plan after asking, and says that it is done. what: a sentence without its end.
static bool burn(struct work *work, const char *what)
{
    char question[MORE_MAX];
    struct aloft_message error;
    if (work->plan.count == 0) {
        printf("%s: %s already; nothing to burn\n", work->path, what);
        return true;
    }
    (void)snprintf(question, sizeof question, "%s: after this, %s.", work->path, what);
    if (!work->yes && !ask(question)) {
        return false;
    }
    (void)aloft_efuse_file_close(&work->file, &error); // opened to read
    if (!open_efuse(work, ALOFT_EFUSE_FILE_WRITE)) {
        return false;
    }
    enum aloft_err err = aloft_efuse_file_run(&work->file, &work->plan);
    if (err == ALOFT_OK) {
        printf("%s: %s\n", work->path, what);
    }
    return err == ALOFT_OK || refused(work, err);
}

// --- show

static int efuse_show(int argc, char **argv)
{
    struct work work = {.yes = false};
    bool json = false;
    struct aloft_message error;
    struct aloft_args args = {
        .command = "aloft efuse show",
        .operands = "FLASH",
        .about =
            "Shows the eFuses of a board as its software reads them: the keys that it trusts,\n"
            "secure boot, the security version. They lie in FLASH.efuse; without that file\n"
            "they are blank. The board may be running.",
        .examples = "  aloft efuse show board.flash\n  aloft efuse show board.flash --json",
        .options =
            {
                ALOFT_ARG_JSON(&json),
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    work.path = args.given.items[0];
    if (!aloft_flash_file_open(&work.flash, work.path, ALOFT_FLASH_FILE_READ, &error)) {
        (void)said(&error);
        return ALOFT_EXIT_BAD;
    }
    bool good = open_efuse(&work, ALOFT_EFUSE_FILE_READ) && read_facts(&work);
    if (good && json) {
        good = aloft_ui_json_print(aloft_efuse_view_json(&work.efuse));
    } else if (good) {
        aloft_efuse_view_print(&work.efuse);
    }
    return close_work(&work, good);
}

// --- keys

// The slot that holds this digest, revoked or not; SLOT_ANY: none.
static uint32_t slot_of(const struct aloft_efuse *efuse, const uint8_t *digest)
{
    for (uint32_t i = 0; i < ALOFT_EFUSE_DIGESTS; i++) {
        if ((efuse->digests >> i & 1) != 0 &&
            memcmp(efuse->digest[i], digest, ALOFT_EFUSE_KEY_LEN) == 0) {
            return i;
        }
    }
    return SLOT_ANY;
}

// Where a digest goes that nobody gave a slot for; ALOFT_EFUSE_DIGESTS: nowhere.
static uint32_t free_slot(const struct aloft_efuse *efuse)
{
    uint32_t slot = 0;
    while (slot < ALOFT_EFUSE_DIGESTS && ((efuse->digests | efuse->revoked) >> slot & 1) != 0) {
        slot++;
    }
    return slot;
}

static bool choose_slot(const struct work *work, const uint8_t *digest, uint32_t *slot)
{
    uint32_t holds = slot_of(&work->efuse, digest);
    if (holds != SLOT_ANY && (work->efuse.revoked >> holds & 1) != 0) {
        aloft_ui_error("%s: this key is revoked, as digest %u; who revokes a key must not trust it "
                       "again",
                       work->path, (unsigned)holds);
        return false;
    }
    if (holds != SLOT_ANY && *slot != SLOT_ANY && *slot != holds) {
        aloft_ui_error("%s: this key is burned already, as digest %u", work->path, (unsigned)holds);
        return false;
    }
    if (*slot == SLOT_ANY) {
        *slot = holds != SLOT_ANY ? holds : free_slot(&work->efuse);
    }
    if (*slot == ALOFT_EFUSE_DIGESTS) {
        aloft_ui_error("%s: all three digest slots are burned or revoked; `aloft efuse show` lists "
                       "them",
                       work->path);
        return false;
    }
    return true;
}

static bool burn_digest(struct work *work, const uint8_t *digest, uint32_t slot)
{
    char hex[2 * ALOFT_EFUSE_KEY_LEN + 1];
    char what[MORE_MAX];
    if (!choose_slot(work, digest, &slot)) {
        return false;
    }
    enum aloft_err err = aloft_efuse_plan_digest(&work->plan, &work->words, slot, digest);
    if (err != ALOFT_OK) {
        return refused(work, err);
    }
    (void)snprintf(what, sizeof what, "key digest %s is burned as digest %u, in KEY%u",
                   aloft_ui_hex(digest, ALOFT_EFUSE_KEY_LEN, hex), (unsigned)slot,
                   (unsigned)work->plan.key);
    return burn(work, what);
}

static bool burn_other(struct work *work, const uint8_t *key, uint32_t purpose)
{
    char what[MORE_MAX];
    uint8_t turned[ALOFT_EFUSE_KEY_LEN];
    aloft_efuse_file_turn_key(key, turned);
    enum aloft_err err =
        aloft_efuse_plan_key(&work->plan, &work->words, (enum aloft_efuse_purpose)purpose,
                             purpose == ALOFT_EFUSE_XTS_AES_128 ? turned : key);
    explicit_bzero(turned, sizeof turned);
    if (err != ALOFT_OK) {
        return refused(work, err);
    }
    (void)snprintf(what, sizeof what, "the key is burned in KEY%u for %s%s",
                   (unsigned)work->plan.key, aloft_efuse_purpose_name(purpose),
                   purpose == ALOFT_EFUSE_USER ? "" : ", and no software can read it");
    return burn(work, what);
}

static bool read_key_file(const char *path, uint8_t key[ALOFT_EFUSE_KEY_LEN])
{
    struct aloft_message error;
    struct aloft_file file;
    if (!aloft_file_read(path, MORE_MAX, &file, &error)) {
        return said(&error);
    }
    bool good = file.len == ALOFT_EFUSE_KEY_LEN;
    if (good) {
        memcpy(key, file.data, ALOFT_EFUSE_KEY_LEN);
    } else {
        aloft_ui_error("%s has %zu bytes; an eFuse key has 32, as `espsecure "
                       "digest_sbv2_public_key` writes them",
                       path, file.len);
    }
    aloft_file_release(&file);
    return good;
}

static int burn_key(int argc, char **argv)
{
    struct work work = {.yes = false};
    uint32_t slot = SLOT_ANY;
    struct aloft_key key;
    struct aloft_args args = {
        .command = "aloft efuse burn-key",
        .operands = "FLASH KEY.pem",
        .about = "Makes the board trust a signing key: burns the digest of its public part, which\n"
                 "is all that is needed of it. The board must be off.",
        .examples = "  aloft efuse burn-key board.flash release.pub.pem\n"
                    "  aloft efuse burn-key board.flash next.pem --slot 1 --yes",
        .exits = "0 burned, or burned already; 1 refused",
        .options = {{ALOFT_ARG_NUMBER, 0, "slot", "N",
                     "digest slot 0, 1 or 2 [the first that is free]", &slot},
                    YES_OPTION(work)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (slot != SLOT_ANY && slot >= ALOFT_EFUSE_DIGESTS) {
        return aloft_args_wrong(&args, "--slot: 0, 1 or 2");
    }
    work.path = args.given.items[0];
    if (!aloft_key_files_load(args.given.items[1], &key)) {
        return ALOFT_EXIT_BAD;
    }
    bool opened = open_work(&work);
    int result = opened ? close_work(&work, burn_digest(&work, key.digest, slot)) : ALOFT_EXIT_BAD;
    aloft_keys_release(&key);
    return result;
}

static int burn_key_file(int argc, char **argv)
{
    struct work work = {.yes = false};
    uint32_t slot = SLOT_ANY;
    uint32_t purpose = ALOFT_EFUSE_DIGEST0;
    const char *word = NULL;
    uint8_t key[ALOFT_EFUSE_KEY_LEN];
    struct aloft_args args = {
        .command = "aloft efuse burn-key-file",
        .operands = "FLASH FILE",
        .about = "Burns 32 bytes into a key block: the digest of a public key, as `espsecure\n"
                 "digest_sbv2_public_key` writes it, or a key of another purpose. All but digests\n"
                 "and user keys are read-protected at once. The board must be off.",
        .examples = "  aloft efuse burn-key-file board.flash digest.bin --slot 1\n"
                    "  aloft efuse burn-key-file board.flash hmac.bin --purpose hmac_up --yes",
        .exits = "0 burned, or burned already; 1 refused",
        .options = {{ALOFT_ARG_NUMBER, 0, "slot", "N",
                     "digest slot 0, 1 or 2 [the first that is free]", &slot},
                    {ALOFT_ARG_TEXT, 0, "purpose", "P",
                     "user, xts_aes_128_key or hmac_up [a digest]", &word},
                    YES_OPTION(work)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    static const char *const words[] = {"user", "xts_aes_128_key", "hmac_up"};
    if (word != NULL &&
        (!aloft_args_word(&args, "--purpose", word, words, sizeof words / sizeof words[0]) ||
         !aloft_efuse_purpose_find(word, &purpose))) {
        return args.status;
    }
    if (slot != SLOT_ANY && (slot >= ALOFT_EFUSE_DIGESTS || word != NULL)) {
        return aloft_args_wrong(&args, "--slot: 0, 1 or 2, for a digest");
    }
    work.path = args.given.items[0];
    if (!read_key_file(args.given.items[1], key) || !open_work(&work)) {
        return ALOFT_EXIT_BAD;
    }
    bool good = word != NULL ? burn_other(&work, key, purpose) : burn_digest(&work, key, slot);
    explicit_bzero(key, sizeof key);
    return close_work(&work, good);
}

// --- revoke, secure-version, enable-secure-boot

// True when the ROM of a board with these eFuses would start the bootloader in flash. Otherwise the
// reason was printed, unless --force was given.
static bool bootloader_passes(const struct work *work, const struct aloft_efuse *efuse)
{
    struct aloft_board_rules rules;
    struct aloft_verify verify;
    struct aloft_flash_view view = {&work->flash.flash, BOOTLOADER_ADDR, BOOTLOADER_ROOM};
    enum aloft_step step;
    aloft_board_rules_read(&rules, efuse);
    rules.rules.secure_version = 0; // that of apps
    rules.rules.bootloader = true;
    aloft_verify_init(&verify, &view, &rules.rules);
    verify.sink = aloft_board_rules_rom;
    do {
        step = aloft_verify_step(&verify);
    } while (step == ALOFT_STEP_AGAIN);
    if (step == ALOFT_STEP_FAILED && !work->force) {
        aloft_ui_error("%s: after this, the board would not start its bootloader any more: %s "
                       "(%s). Write one that is signed with a trusted key first, or give --force",
                       work->path, aloft_err_sentence(verify.err), aloft_err_name(verify.err));
    }
    return step == ALOFT_STEP_DONE || work->force;
}

// Is the image in the slot good by the rules of these eFuses?
static bool slot_boots(const struct aloft_slots *slots, int slot, const struct aloft_efuse *efuse)
{
    struct aloft_board_rules rules;
    struct aloft_verify verify;
    struct aloft_flash_view view = aloft_slots_slot_view(slots, slot);
    enum aloft_step step = view.len > 0 ? ALOFT_STEP_AGAIN : ALOFT_STEP_FAILED;
    aloft_board_rules_read(&rules, efuse);
    aloft_verify_init(&verify, &view, &rules.rules);
    while (step == ALOFT_STEP_AGAIN) {
        step = aloft_verify_step(&verify);
    }
    return step == ALOFT_STEP_DONE;
}

// Names the slots that boot now and would not with the eFuses `after`. False when there are any,
// without --force.
static bool slots_pass(const struct work *work, const struct aloft_efuse *after)
{
    struct aloft_slots slots;
    char list[ALOFT_SLOT_NAME * (ALOFT_OTADATA_SLOTS_MAX + 2) * 2] = "";
    const struct aloft_flash *flash = &work->flash.flash;
    if (aloft_slots_load(&slots, flash, &aloft_mbed_crypto, aloft_table_find(flash, 0)) !=
        ALOFT_OK) {
        return true; // no table: nothing boots now
    }
    for (int slot = ALOFT_SLOT_TEST; slot < (int)slots.ota_count; slot++) {
        if (slot_boots(&slots, slot, &work->efuse) && !slot_boots(&slots, slot, after)) {
            char name[ALOFT_SLOT_NAME];
            size_t len = strlen(list);
            aloft_slot_name(slot, name);
            (void)snprintf(list + len, sizeof list - len, "%s%s", len > 0 ? ", " : "", name);
        }
    }
    if (list[0] == '\0') {
        return true;
    }
    if (work->force) {
        aloft_ui_warn("%s: images in these slots will not boot any more: %s", work->path, list);
    } else {
        aloft_ui_error("%s: after this, images in these slots would not boot any more: %s. Update "
                       "them first with an image that another key has signed, or give --force",
                       work->path, list);
    }
    return work->force;
}

static bool revoke(struct work *work, uint32_t slot)
{
    char what[MORE_MAX];
    uint32_t left = (uint32_t)(work->efuse.digests & ~work->efuse.revoked) & ~(1u << slot);
    if (work->efuse.secure_boot && left == 0 && !work->force) {
        aloft_ui_error("%s: with secure boot on and digest %u revoked, no key would be left, and "
                       "the board would never boot again; burn another key first, or give --force",
                       work->path, (unsigned)slot);
        return false;
    }
    struct aloft_efuse after = work->efuse;
    after.revoked |= (uint8_t)(1u << slot);
    if (after.secure_boot && (!bootloader_passes(work, &after) || !slots_pass(work, &after))) {
        return false;
    }
    enum aloft_err err = aloft_efuse_plan_revoke(&work->plan, &work->words, slot);
    if (err != ALOFT_OK) {
        return refused(work, err);
    }
    (void)snprintf(what, sizeof what, "digest %u is revoked", (unsigned)slot);
    return burn(work, what);
}

static bool parse_number(const char *text, uint32_t max, uint32_t *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *number = (uint32_t)value;
    return text[0] >= '0' && text[0] <= '9' && *end == 0 && value <= max;
}

static int efuse_revoke(int argc, char **argv)
{
    struct work work = {.yes = false};
    uint32_t slot;
    struct aloft_args args = {
        .command = "aloft efuse revoke",
        .operands = "FLASH SLOT",
        .about =
            "Revokes the key of digest slot 0, 1 or 2 for ever: what only it has signed is\n"
            "refused from then on, and does not boot with secure boot on. Slots that would not\n"
            "boot any more are named, and then --force is needed. The board must be off.",
        .examples = "  aloft efuse revoke board.flash 0",
        .exits = "0 revoked, or revoked already; 1 refused",
        .options =
            {
                YES_OPTION(work),
                {ALOFT_ARG_FLAG, 0, "force", NULL,
                 "even if slots, or the board, would not boot any more", &work.force},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!parse_number(args.given.items[1], ALOFT_EFUSE_DIGESTS - 1, &slot)) {
        return aloft_args_wrong(&args, "'%s' is not a digest slot; write 0, 1 or 2",
                                args.given.items[1]);
    }
    work.path = args.given.items[0];
    return open_work(&work) ? close_work(&work, revoke(&work, slot)) : ALOFT_EXIT_BAD;
}

static bool raise_version(struct work *work, uint32_t version)
{
    char what[MORE_MAX];
    enum aloft_err err = aloft_efuse_plan_version(&work->plan, &work->words, version);
    if (err != ALOFT_OK) {
        return refused(work, err);
    }
    uint32_t now = version > work->efuse.secure_version ? version : work->efuse.secure_version;
    (void)snprintf(what, sizeof what, "the security version is %u", (unsigned)now);
    return burn(work, what);
}

static int burn_secure_version(int argc, char **argv)
{
    struct work work = {.yes = false};
    uint32_t version;
    struct aloft_args args = {
        .command = "aloft efuse burn-secure-version",
        .operands = "FLASH VERSION",
        .about = "Raises the security version, at most to 16: images with a lower one are refused\n"
                 "from then on, also those that are in flash already. Apps raise it themselves\n"
                 "once they are confirmed. The board must be off.",
        .examples = "  aloft efuse burn-secure-version board.flash 2",
        .exits = "0 burned, or as high already; 1 refused",
        .options = {YES_OPTION(work)},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!parse_number(args.given.items[1], ALOFT_EFUSE_VERSION_MAX, &version)) {
        return aloft_args_wrong(&args, "'%s' is not a security version; write 0 to 16",
                                args.given.items[1]);
    }
    work.path = args.given.items[0];
    return open_work(&work) ? close_work(&work, raise_version(&work, version)) : ALOFT_EXIT_BAD;
}

static bool enable(struct work *work, bool revoke_empty)
{
    enum aloft_err err = aloft_efuse_plan_secure_boot(&work->plan, &work->words, revoke_empty);
    if (err != ALOFT_OK) {
        return refused(work, err);
    }
    uint32_t empty = ~(uint32_t)(work->efuse.digests | work->efuse.revoked) & 7;
    struct aloft_efuse after = work->efuse;
    after.secure_boot = true;
    if (!bootloader_passes(work, &after) || !burn(work, "secure boot is on")) {
        return false;
    }
    if (empty != 0 && !revoke_empty) {
        printf("Digest slots that are empty stay open for new keys, and for whoever gets to burn "
               "one;\n--revoke-empty closes them.\n");
    }
    return true;
}

static int enable_secure_boot(int argc, char **argv)
{
    struct work work = {.yes = false};
    bool revoke_empty = false;
    struct aloft_args args = {
        .command = "aloft efuse enable-secure-boot",
        .operands = "FLASH",
        .about =
            "Turns secure boot on for ever: the ROM then runs signed bootloaders only. Burn a\n"
            "key and write a signed bootloader first. The board must be off.",
        .examples = "  aloft efuse enable-secure-boot board.flash --revoke-empty",
        .exits = "0 on, or on already; 1 refused",
        .options =
            {
                {ALOFT_ARG_FLAG, 0, "revoke-empty", NULL,
                 "also revoke the digest slots that are empty", &revoke_empty},
                YES_OPTION(work),
                {ALOFT_ARG_FLAG, 0, "force", NULL,
                 "even if the bootloader in flash would not start", &work.force},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    work.path = args.given.items[0];
    return open_work(&work) ? close_work(&work, enable(&work, revoke_empty)) : ALOFT_EXIT_BAD;
}

int cmd_efuse(int argc, char **argv)
{
    static const struct aloft_command commands[] = {
        {"show", "show what is burned", efuse_show},
        {"burn-key", "trust a signing key", burn_key},
        {"burn-key-file", "burn 32 bytes: a key's digest, or a key", burn_key_file},
        {"revoke", "revoke a key for ever", efuse_revoke},
        {"enable-secure-boot", "let the ROM run signed bootloaders only", enable_secure_boot},
        {"burn-secure-version", "refuse images of lower security versions", burn_secure_version},
        {NULL, NULL, NULL},
    };
    static const char about[] =
        "A board's eFuses: bits that are burned once and never cleared. Of a virtual board\n"
        "they lie in a file beside its flash, FLASH.efuse. docs/SECURE_BOOT.md has the steps.";
    return aloft_args_dispatch("aloft efuse", about, commands, argc, argv);
}
