// Everything that can be known wrong before writing is found here, so that a refused plan leaves
// the board as it was.
#include "cli/serial/flash_plan.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/table_find.h"
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
                                            .bootloader = true,
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

bool aloft_flash_plan_fill(struct aloft_flash_plan *plan, const char *label, uint32_t len,
                           struct aloft_message *error)
{
    struct aloft_flash_piece *piece = &plan->pieces[plan->count - 1];
    if (piece->len > len) {
        return aloft_message_set(error, "%s has %u bytes, the partition '%s' %u", piece->name,
                                 (unsigned)piece->len, label, (unsigned)len);
    }
    uint8_t *data = realloc(piece->file.data, (size_t)len + 1);
    if (data == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    memset(data + piece->len, 0xFF, len - piece->len);
    data[len] = 0;
    piece->file = (struct aloft_file){data, len};
    piece->len = len;
    return true;
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

bool aloft_flash_plan_set_header(struct aloft_flash_plan *plan,
                                 const struct aloft_image_header *header,
                                 struct aloft_message *error)
{
    for (size_t i = 0; i < plan->count; i++) {
        struct aloft_flash_piece *piece = &plan->pieces[i];
        struct aloft_message why;
        bool changed;
        if (!aloft_image_header_set(header, piece->addr, piece->file.data, piece->file.len,
                                    &changed, &why)) {
            return aloft_message_set(error, "%s: %s", piece->name, why.text);
        }
        if (changed) {
            scan(piece);
        }
    }
    return true;
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

bool aloft_flash_plan_touches(const struct aloft_flash_plan *plan, struct aloft_extent extent)
{
    for (size_t i = 0; i < plan->count; i++) {
        if (aloft_ptable_overlap(plan->pieces[i].addr, plan->pieces[i].len, extent.addr,
                                 extent.len)) {
            return true;
        }
    }
    return false;
}

// --- the table

enum aloft_err aloft_flash_plan_read(const struct aloft_flash_plan *plan,
                                     const struct aloft_flash *under, uint32_t addr, void *buf,
                                     uint32_t len)
{
    uint8_t *out = buf;
    const uint32_t all = len;
    memset(out, 0xFF, len);
    for (uint32_t off = 0; off < all; off += len) {
        // The next run of bytes that are one piece's, or no piece's.
        const struct aloft_flash_piece *in = NULL;
        uint32_t at = addr + off;
        uint32_t end = addr + all;
        for (size_t i = 0; i < plan->count; i++) {
            const struct aloft_flash_piece *piece = &plan->pieces[i];
            uint32_t piece_end = piece->addr + sectors(piece->len);
            if (piece->addr <= at && at < piece_end) {
                in = piece;
                end = end < piece_end ? end : piece_end;
            } else if (piece->addr > at && piece->addr < end) {
                end = piece->addr;
            }
        }
        len = end - at;
        if (in == NULL && under != NULL) {
            const struct aloft_flash_view view = {under, at, len};
            enum aloft_err err = aloft_flash_read(&view, 0, out + off, len);
            if (err != ALOFT_OK) {
                return err;
            }
        } else if (in != NULL && at - in->addr < in->file.len) {
            uint32_t left = (uint32_t)in->file.len - (at - in->addr);
            memcpy(out + off, in->file.data + (at - in->addr), len < left ? len : left);
        }
    }
    return ALOFT_OK;
}

static enum aloft_err read_pieces(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    return aloft_flash_plan_read(ctx, NULL, addr, buf, len);
}

bool aloft_flash_plan_load_table(struct aloft_flash_plan *plan, struct aloft_message *error)
{
    static const struct aloft_flash_ops ops = {.read = read_pieces};
    const struct aloft_flash_piece *piece;
    plan->flash = (struct aloft_flash){
        .ops = &ops,
        .ctx = plan,
        .geometry = {plan->flash_size, ALOFT_FLASHER_SECTOR, ALOFT_FLASHER_SECTOR, 1},
    };
    plan->table_addr = aloft_table_find(&plan->flash, plan->table_asked);
    enum aloft_err err =
        aloft_slots_load(&plan->slots, &plan->flash, &aloft_mbed_crypto, plan->table_addr);
    plan->has_slots = err == ALOFT_OK;
    piece = aloft_flash_plan_at(plan, plan->table_addr);
    return plan->has_slots || piece == NULL || piece->file.len == 0 ||
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
