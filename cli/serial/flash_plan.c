// Everything that can be known wrong before writing is found here, so that a refused plan leaves
// the board as it was.
#include "cli/serial/flash_plan.h"
#include "aloft/base/bytes.h"
#include "aloft/chip.h"
#include "aloft/format/sigblock.h"
#include "cli/image/image_text.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGE_MAGIC = 0xE9 };

static uint32_t sectors(uint32_t len)
{
    return (len + ALOFT_FLASHER_SECTOR - 1) / ALOFT_FLASHER_SECTOR * ALOFT_FLASHER_SECTOR;
}

static bool fits(const struct aloft_flash_plan *plan, const struct aloft_flash_piece *piece,
                 struct aloft_message *error)
{
    if (piece->addr % ALOFT_FLASHER_SECTOR != 0) {
        return aloft_message_set(error,
                                 "0x%x (%s) is not at the start of a sector; use a multiple of "
                                 "0x1000",
                                 (unsigned)piece->addr, piece->name);
    }
    return (piece->addr < plan->flash_size && piece->len <= plan->flash_size - piece->addr) ||
           aloft_message_set(error,
                             "%s has %u bytes and does not fit at 0x%x: the flash ends at 0x%x",
                             piece->name, (unsigned)piece->len, (unsigned)piece->addr,
                             (unsigned)plan->flash_size);
}

static void scan(struct aloft_flash_piece *piece)
{
    const struct aloft_image_rules rules = {.crypto = &aloft_mbed_crypto,
                                            .len_max = ALOFT_IMAGE_LEN_MAX,
                                            .chip_id = 0xFFFF,
                                            .chip_revision = 0xFFFF};
    piece->is_image = piece->file.len >= ALOFT_IMAGE_HEADER && piece->file.data[0] == IMAGE_MAGIC;
    if (piece->is_image) {
        aloft_image_scan(&rules, piece->file.data, piece->len, &piece->scan);
    }
}

bool aloft_flash_plan_add(struct aloft_flash_plan *plan, uint32_t addr, const char *path,
                          struct aloft_message *error)
{
    struct aloft_flash_piece *piece = &plan->pieces[plan->count];
    const char *slash = strrchr(path, '/');
    if (plan->count == ALOFT_FLASH_PLAN_MAX) {
        return aloft_message_set(error, "more than %u files at once; flash them in two goes",
                                 (unsigned)ALOFT_FLASH_PLAN_MAX);
    }
    memset(piece, 0, sizeof *piece);
    piece->addr = addr;
    (void)snprintf(piece->name, sizeof piece->name, "%s", slash == NULL ? path : slash + 1);
    if (!aloft_file_read(path, ALOFT_FLASH_FILE_MAX, &piece->file, error)) {
        return false;
    }
    plan->count++; // from here on it is released with the plan
    piece->len = (uint32_t)piece->file.len;
    if (piece->len == 0) {
        return aloft_message_set(error, "%s is empty: there is nothing to write", path);
    }
    scan(piece);
    return fits(plan, piece, error);
}

bool aloft_flash_plan_erase(struct aloft_flash_plan *plan, struct aloft_extent where,
                            const char *name, struct aloft_message *error)
{
    struct aloft_flash_piece *piece = &plan->pieces[plan->count];
    if (plan->count == ALOFT_FLASH_PLAN_MAX) {
        return aloft_message_set(error, "more than %u pieces at once",
                                 (unsigned)ALOFT_FLASH_PLAN_MAX);
    }
    memset(piece, 0, sizeof *piece);
    piece->addr = where.addr;
    piece->len = where.len;
    (void)snprintf(piece->name, sizeof piece->name, "%s", name);
    plan->count++;
    return fits(plan, piece, error);
}

void aloft_flash_plan_release(struct aloft_flash_plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        aloft_file_release(&plan->pieces[i].file);
    }
    plan->count = 0;
    plan->has_slots = false;
}

const struct aloft_flash_piece *aloft_flash_plan_at(const struct aloft_flash_plan *plan,
                                                    uint32_t addr)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->pieces[i].addr == addr) {
            return &plan->pieces[i];
        }
    }
    return NULL;
}

// --- the table

// Flash as it will be at the table: the piece, and FF behind it.
static enum aloft_err read_table(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    const struct aloft_flash_piece *piece = ctx;
    uint8_t *out = buf;
    for (uint32_t i = 0; i < len; i++) {
        uint32_t off = addr + i - piece->addr;
        out[i] = addr + i >= piece->addr && off < piece->len ? piece->file.data[off] : 0xFF;
    }
    return ALOFT_OK;
}

static enum aloft_err no_write(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    (void)ctx, (void)addr, (void)data, (void)len;
    return ALOFT_ERR_FLASH_PROG;
}

static enum aloft_err no_erase(void *ctx, uint32_t addr, uint32_t len)
{
    (void)ctx, (void)addr, (void)len;
    return ALOFT_ERR_FLASH_ERASE;
}

bool aloft_flash_plan_load_table(struct aloft_flash_plan *plan, struct aloft_message *error)
{
    static const struct aloft_flash_ops ops = {read_table, no_write, no_erase};
    const struct aloft_flash_piece *piece = aloft_flash_plan_at(plan, plan->table_addr);
    if (piece == NULL || piece->file.len == 0) {
        return true;
    }
    plan->flash = (struct aloft_flash){
        .ops = &ops,
        .ctx = (void *)(uintptr_t)piece,
        .geometry = {plan->flash_size, ALOFT_FLASHER_SECTOR, ALOFT_FLASHER_SECTOR, 1},
    };
    enum aloft_err err =
        aloft_slots_load(&plan->slots, &plan->flash, &aloft_mbed_crypto, plan->table_addr);
    plan->has_slots = err == ALOFT_OK;
    return plan->has_slots ||
           aloft_message_set(error,
                             "%s goes to 0x%x, where the partition table lies, and is none (%s); "
                             "give the right file or offset",
                             piece->name, (unsigned)plan->table_addr, aloft_err_name(err));
}

// --- checks

static bool apart(const struct aloft_flash_piece *a, const struct aloft_flash_piece *b,
                  struct aloft_message *error)
{
    return !aloft_ptable_overlap(a->addr, sectors(a->len), b->addr, sectors(b->len)) ||
           aloft_message_set(error, "%s at 0x%x (%u bytes) and %s at 0x%x (%u bytes) overlap",
                             a->name, (unsigned)a->addr, (unsigned)a->len, b->name,
                             (unsigned)b->addr, (unsigned)b->len);
}

static const char *chip_name(uint16_t id)
{
    const char *name = aloft_image_text_chip(id);
    return name == NULL ? "an unknown chip" : name;
}

// An image that a chip would run from here: the bootloader's place, or a slot.
static bool runs_at(const struct aloft_flash_plan *plan, const struct aloft_chip *chip,
                    uint32_t addr)
{
    return addr == chip->bootloader_addr ||
           (plan->has_slots && aloft_slots_find(&plan->slots, addr) != ALOFT_SLOT_NONE);
}

static bool right_chip(const struct aloft_flash_piece *piece, const struct aloft_flasher *flasher,
                       struct aloft_message *error)
{
    const struct aloft_image_facts *facts = &piece->scan.facts;
    if (!piece->scan.headed) {
        return true;
    }
    if (facts->chip_id != flasher->chip->id) {
        return aloft_message_set(error,
                                 "%s is for %s, and this chip is an %s; build it for this chip, "
                                 "or use --force",
                                 piece->name, chip_name(facts->chip_id), flasher->chip->name);
    }
    if (!flasher->secure_download && facts->min_revision > flasher->facts.revision) {
        return aloft_message_set(error,
                                 "%s needs revision %u.%u of the chip, and this is %u.%u; build it "
                                 "for older revisions, or use --force",
                                 piece->name, facts->min_revision / 100u,
                                 facts->min_revision % 100u, flasher->facts.revision / 100u,
                                 flasher->facts.revision % 100u);
    }
    return true;
}

static bool good_image(const struct aloft_flash_plan *plan, const struct aloft_flash_piece *piece,
                       struct aloft_message *error)
{
    uint32_t room = plan->table_addr - piece->addr;
    if (!piece->is_image) {
        return aloft_message_set(error,
                                 "%s at 0x%x is no image, and the chip would try to run it; give "
                                 "the right file, or use --force",
                                 piece->name, (unsigned)piece->addr);
    }
    if (piece->scan.err != ALOFT_OK) {
        return aloft_message_set(error, "%s: %s (%s); build it again, or use --force", piece->name,
                                 aloft_err_sentence(piece->scan.err),
                                 aloft_err_name(piece->scan.err));
    }
    // What follows the image may be a whole flash; the image itself ends before the table.
    if (piece->addr < plan->table_addr && piece->scan.facts.image_len > room) {
        return aloft_message_set(error,
                                 "%s has %u bytes, and the bootloader has room for %u, up to the "
                                 "partition table; give the right file, or use --force",
                                 piece->name, (unsigned)piece->scan.facts.image_len,
                                 (unsigned)room);
    }
    return true;
}

// Whether a signature stands where the chip looks for one. By which key is between it and the chip.
static bool is_signed(const struct aloft_flash_piece *piece)
{
    struct aloft_sigblock block;
    size_t at = aloft_align_up(piece->scan.facts.image_len, ALOFT_SIGBLOCK_SECTOR);
    if (piece->file.len < at + ALOFT_SIGBLOCK_LEN) {
        return false;
    }
    enum aloft_sigblock_kind kind = aloft_sigblock_read(&block, piece->file.data + at);
    return kind == ALOFT_SIGBLOCK_RSA3072 || kind == ALOFT_SIGBLOCK_P256;
}

static bool signed_well(const struct aloft_flash_piece *piece, const struct aloft_flasher *flasher,
                        struct aloft_message *error)
{
    return !flasher->facts.secure_boot || is_signed(piece) ||
           aloft_message_set(error,
                             "secure boot is on in the chip on %s, and %s is not signed: it would "
                             "not start; sign it with `aloft sign`, or use --force",
                             flasher->line->name, piece->name);
}

// A whole image where nothing would run it: nearly always an offset of another chip, or a slip.
static bool in_its_place(const struct aloft_flash_plan *plan, const struct aloft_flash_piece *piece,
                         const struct aloft_chip *chip, struct aloft_message *error)
{
    struct aloft_extent app =
        plan->slots.factory.len != 0 ? plan->slots.factory : plan->slots.ota[0];
    if (!piece->is_image || piece->scan.err != ALOFT_OK) {
        return true;
    }
    if (piece->addr < plan->table_addr) {
        return aloft_message_set(error,
                                 "%s is an image, and nothing runs at 0x%x; the bootloader of an "
                                 "%s goes to 0x%x (or use --force)",
                                 piece->name, (unsigned)piece->addr, chip_name(chip->id),
                                 (unsigned)chip->bootloader_addr);
    }
    return !plan->has_slots ||
           aloft_message_set(error,
                             "%s is an image, and no slot starts at 0x%x; the first app goes to "
                             "0x%x (or use --force)",
                             piece->name, (unsigned)piece->addr, (unsigned)app.addr);
}

struct overrun {
    const struct aloft_flash_piece *piece;
    struct aloft_message *error;
};

// Stops the walk at the partition in which the piece begins and does not end.
static enum aloft_err overrun(void *ctx, const struct aloft_partition *partition)
{
    const struct overrun *of = ctx;
    uint32_t off = of->piece->addr - partition->addr;
    if (of->piece->addr < partition->addr || off >= partition->len ||
        of->piece->len <= partition->len - off) {
        return ALOFT_OK;
    }
    (void)aloft_message_set(of->error,
                            "%s has %u bytes, and %s has room for %u: what follows would be "
                            "overwritten; give the right file and offset, or use --force",
                            of->piece->name, (unsigned)of->piece->len, partition->label,
                            (unsigned)(partition->len - off));
    return ALOFT_ERR_PTABLE_OVERLAP;
}

static bool within(const struct aloft_flash_plan *plan, const struct aloft_flash_piece *piece,
                   struct aloft_message *error)
{
    struct overrun of = {piece, error};
    return !plan->has_slots ||
           aloft_slots_walk(plan->slots.flash, &aloft_mbed_crypto, plan->slots.ptable_addr, overrun,
                            &of) != ALOFT_ERR_PTABLE_OVERLAP;
}

bool aloft_flash_plan_check(const struct aloft_flash_plan *plan, struct aloft_message *error)
{
    for (size_t i = 0; i < plan->count; i++) {
        const struct aloft_flash_piece *piece = &plan->pieces[i];
        if (!fits(plan, piece, error)) {
            return false;
        }
        for (size_t k = 0; k < i; k++) {
            if (!apart(&plan->pieces[k], piece, error)) {
                return false;
            }
        }
    }
    return true;
}

static bool judge_piece(const struct aloft_flash_plan *plan, const struct aloft_flash_piece *piece,
                        const struct aloft_flasher *flasher, struct aloft_message *error)
{
    const struct aloft_chip *chip = aloft_chip_find(flasher->chip->id);
    if (piece->is_image && !right_chip(piece, flasher, error)) {
        return false;
    }
    bool placed = runs_at(plan, chip, piece->addr)
                      ? good_image(plan, piece, error) && signed_well(piece, flasher, error)
                      : in_its_place(plan, piece, chip, error);
    return placed && within(plan, piece, error);
}

bool aloft_flash_plan_judge(const struct aloft_flash_plan *plan,
                            const struct aloft_flasher *flasher, struct aloft_message *error)
{
    if (flasher->facts.flash_encryption) {
        return aloft_message_set(error,
                                 "flash encryption is on in the chip on %s: what is written in "
                                 "plain text will not run; encrypt it first, or use --force",
                                 flasher->line->name);
    }
    for (size_t i = 0; i < plan->count; i++) {
        const struct aloft_flash_piece *piece = &plan->pieces[i];
        if (piece->file.len == 0) {
            continue;
        }
        if (!judge_piece(plan, piece, flasher, error)) {
            return false;
        }
    }
    return true;
}
