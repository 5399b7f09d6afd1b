// The judge looks at places, not at files: a file may hold several, as a merged one does, and a
// place may be spoilt by a file that begins elsewhere.
#include "cli/serial/flash_judge.h"
#include "aloft/base/bytes.h"
#include "aloft/format/sigblock.h"
#include "aloft/verify.h"
#include "hostlib/base/chip_info.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGE_MAGIC = 0xE9 };

struct judge {
    const struct aloft_flash_plan *plan;
    const struct aloft_flash_present *present;
    const struct aloft_flasher *flasher;
    const struct aloft_flasher_trust *trust;
    const struct aloft_chip_info *chip;
    struct aloft_message *error;
};

// Where the chip runs what it finds.
struct place {
    char name[16]; // "the bootloader", "ota_0"
    struct aloft_extent extent;
    bool bootloader;
};

// What is written to a place: a piece from its start on, or the part of a larger one.
struct written {
    const struct aloft_flash_piece *piece;
    const uint8_t *data;
    uint32_t len;
    const struct aloft_image_scan *scan;
};

static bool touches(const struct aloft_flash_piece *piece, struct aloft_extent extent)
{
    return aloft_ptable_overlap(piece->addr, piece->len, extent.addr, extent.len);
}

// --- what happens then

// The chip's flash around the pieces; NULL when it cannot be read.
static const struct aloft_flash *under(const struct judge *judge)
{
    return judge->present->readable ? judge->present->flash : NULL;
}

static bool begins_image(const struct judge *judge, struct aloft_extent extent, bool after)
{
    uint8_t first[4] = {0};
    const struct aloft_flash_view view = {judge->present->flash, extent.addr, extent.len};
    if (extent.len == 0 || (!after && under(judge) == NULL)) {
        return false;
    }
    enum aloft_err err =
        after ? aloft_flash_plan_read(judge->plan, under(judge), extent.addr, first, sizeof first)
              : aloft_flash_read(&view, 0, first, sizeof first);
    return err == ALOFT_OK && first[0] == IMAGE_MAGIC;
}

// The end of the image that is in the chip now, its signature included: a walk over its segments.
static uint32_t image_end(const struct judge *judge, struct aloft_extent extent)
{
    uint8_t head[ALOFT_IMAGE_HEADER];
    const struct aloft_flash_view view = {judge->present->flash, extent.addr, extent.len};
    uint32_t off = ALOFT_IMAGE_HEADER;
    if (aloft_flash_read(&view, 0, head, sizeof head) != ALOFT_OK) {
        return extent.len;
    }
    for (uint8_t i = 0; i < head[1]; i++) {
        uint8_t segment[8];
        if (aloft_flash_read(&view, off, segment, sizeof segment) != ALOFT_OK ||
            aloft_get_le32(segment + 4) > extent.len - off) {
            return extent.len;
        }
        off += (uint32_t)sizeof segment + aloft_get_le32(segment + 4);
    }
    off = (off | 15u) + 1 + (head[23] == 1 ? ALOFT_SHA256_LEN : 0);
    return judge->flasher->facts.secure_boot
               ? aloft_align_up(off, ALOFT_SIGBLOCK_SECTOR) + ALOFT_SIGBLOCK_SECTOR
               : off;
}

// A slot of these that holds an image, besides `but`; ALOFT_SLOT_NONE: none does.
static int slot_with_image(const struct judge *judge, const struct aloft_slots *slots, bool after,
                           uint32_t but)
{
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        struct aloft_extent extent = aloft_slots_extent(slots, slot);
        if (extent.addr != but && begins_image(judge, extent, after)) {
            return slot;
        }
    }
    return ALOFT_SLOT_NONE;
}

// Ends the sentence with what the board would do, and the cure. Returns false.
static bool refuse(const struct judge *judge, const struct place *place, const char *why,
                   const char *cure)
{
    char then[160];
    char name[ALOFT_SLOT_NAME];
    int other = place->bootloader || !judge->plan->has_slots
                    ? ALOFT_SLOT_NONE
                    : slot_with_image(judge, &judge->plan->slots, true, place->extent.addr);
    aloft_slot_name(other, name);
    if (place->bootloader) {
        (void)snprintf(then, sizeof then, "the chip would not start before it is flashed again");
    } else if (other != ALOFT_SLOT_NONE) {
        (void)snprintf(then, sizeof then,
                       "the bootloader would not start it, and would fall back to %s at best",
                       name);
    } else {
        (void)snprintf(then, sizeof then,
                       "the bootloader would not start it, and there is nothing else to start");
    }
    return aloft_message_set(judge->error, "%s: %s; %s, or use --force", why, then, cure);
}

// --- one image at one place

static bool right_chip(const struct judge *judge, const struct place *place,
                       const struct written *written)
{
    const struct aloft_image_facts *facts = &written->scan->facts;
    const struct aloft_flasher *flasher = judge->flasher;
    struct aloft_message why;
    char room[ALOFT_CHIP_INFO_TEXT];
    if (!written->scan->headed) {
        return true;
    }
    if (facts->chip_id != flasher->chip->info->id) {
        (void)aloft_message_set(&why, "%s is for %s, and this chip is an %s", written->piece->name,
                                aloft_chip_info_text(facts->chip_id, room),
                                flasher->chip->info->name);
        return refuse(judge, place, why.text, "build it for this chip");
    }
    if (!flasher->secure_download && facts->min_revision > flasher->facts.revision) {
        (void)aloft_message_set(&why, "%s needs revision %u.%u of the chip, and this is %u.%u",
                                written->piece->name, facts->min_revision / 100u,
                                facts->min_revision % 100u, flasher->facts.revision / 100u,
                                flasher->facts.revision % 100u);
        return refuse(judge, place, why.text, "build it for older revisions");
    }
    return true;
}

static bool whole(const struct judge *judge, const struct place *place,
                  const struct written *written)
{
    const struct aloft_image_scan *scan = written->scan;
    struct aloft_message why;
    if (written->data[0] != IMAGE_MAGIC && written->piece->addr == place->extent.addr) {
        (void)aloft_message_set(&why,
                                "%s at 0x%x is not an image, and the chip would try to run it",
                                written->piece->name, (unsigned)place->extent.addr);
        return refuse(judge, place, why.text, "give the right file");
    }
    if (written->data[0] != IMAGE_MAGIC) {
        (void)aloft_message_set(&why,
                                "%s at 0x%x reaches over %s at 0x%x, and is not an image there",
                                written->piece->name, (unsigned)written->piece->addr, place->name,
                                (unsigned)place->extent.addr);
        return refuse(judge, place, why.text, "give the right offset");
    }
    if (scan->err != ALOFT_OK) {
        (void)aloft_message_set(&why, "%s at 0x%x: %s (%s)", written->piece->name,
                                (unsigned)place->extent.addr, aloft_err_sentence(scan->err),
                                aloft_err_name(scan->err));
        return refuse(judge, place, why.text, "build it again");
    }
    if (scan->facts.image_len > place->extent.len) {
        (void)aloft_message_set(&why, "%s has %u bytes, and %s has room for %u%s",
                                written->piece->name, (unsigned)scan->facts.image_len, place->name,
                                (unsigned)place->extent.len,
                                place->bootloader ? ", up to the partition table" : "");
        return refuse(judge, place, why.text, "give the right file");
    }
    return true;
}

// Whether a signature stands where the chip looks for one. By which key is between it and the chip.
static bool is_signed(const uint8_t *data, size_t len, uint32_t image_len)
{
    struct aloft_sigblock block;
    size_t at = aloft_align_up(image_len, ALOFT_SIGBLOCK_SECTOR);
    if (len < at + ALOFT_SIGBLOCK_LEN) {
        return false;
    }
    enum aloft_sigblock_kind kind = aloft_sigblock_read(&block, data + at);
    return kind == ALOFT_SIGBLOCK_RSA3072 || kind == ALOFT_SIGBLOCK_P256;
}

static enum aloft_err read_written(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    const struct written *written = ctx;
    uint32_t left = addr < written->len ? written->len - addr : 0;
    memset(buf, 0xFF, len);
    memcpy(buf, written->data + (left > 0 ? addr : 0), len < left ? len : left);
    return ALOFT_OK;
}

// The signature as the chip judges it: by a key of its eFuses, over these bytes.
static enum aloft_err judge_signature(const struct judge *judge, const struct written *written)
{
    static const struct aloft_flash_ops ops = {.read = read_written};
    const struct aloft_flash bytes = {
        .ops = &ops,
        .ctx = (void *)(uintptr_t)written, // only read
        .geometry = {ALOFT_FLASH_FILE_MAX, ALOFT_FLASHER_SECTOR, ALOFT_FLASHER_SECTOR, 1}};
    const struct aloft_flash_view view = {
        &bytes, 0,
        aloft_align_up(written->scan->facts.image_len, ALOFT_SIGBLOCK_SECTOR) +
            ALOFT_SIGBLOCK_SECTOR};
    const struct aloft_image_rules rules = {.crypto = &aloft_mbed_signed_crypto,
                                            .bootloader = true,
                                            .chip_revision = 0xFFFF,
                                            .trust = &judge->trust->trust};
    struct aloft_verify verify;
    enum aloft_step step;
    aloft_verify_init(&verify, &view, &rules);
    do {
        step = aloft_verify_step(&verify);
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : verify.err;
}

static bool signed_well(const struct judge *judge, const struct place *place,
                        const struct written *written)
{
    const struct aloft_flasher *flasher = judge->flasher;
    struct aloft_message why;
    if (!flasher->facts.secure_boot && !flasher->secure_download) {
        return true;
    }
    if (!is_signed(written->data, written->len, written->scan->facts.image_len)) {
        (void)aloft_message_set(&why, "%s in the chip on %s, and %s is not signed",
                                flasher->secure_download
                                    ? "secure download mode is on, so that secure boot is likely "
                                      "to be,"
                                    : "secure boot is on",
                                flasher->line->name, written->piece->name);
        return refuse(judge, place, why.text, "sign it with `aloft sign`");
    }
    enum aloft_err err = judge->trust->known ? judge_signature(judge, written) : ALOFT_OK;
    if (err != ALOFT_OK) {
        (void)aloft_message_set(&why, "secure boot is on in the chip on %s, and %s: %s (%s)",
                                flasher->line->name, written->piece->name, aloft_err_sentence(err),
                                aloft_err_name(err));
        return refuse(judge, place, why.text, "sign it with a key that the chip trusts");
    }
    return true;
}

static bool new_enough(const struct judge *judge, const struct place *place,
                       const struct written *written)
{
    const struct aloft_image_facts *facts = &written->scan->facts;
    uint32_t least = judge->flasher->facts.secure_version;
    struct aloft_message why;
    if (place->bootloader || facts->secure_version >= least) {
        return true;
    }
    (void)aloft_message_set(
        &why, "%s has security version %u, and the eFuses of the chip on %s ask for %u",
        written->piece->name, (unsigned)facts->secure_version, judge->flasher->line->name,
        (unsigned)least);
    return refuse(judge, place, why.text, "build it with that version");
}

// The ROM copies a bootloader to RAM; an app is mapped. Neither runs in the other's place.
static bool right_kind(const struct judge *judge, const struct place *place,
                       const struct written *written)
{
    bool app = written->scan->facts.mapped;
    struct aloft_message why;
    if (app != place->bootloader) {
        return true;
    }
    (void)aloft_message_set(&why,
                            app ? "%s is an app, and 0x%x is the bootloader's place"
                                : "%s is a bootloader, and at 0x%x an app is started",
                            written->piece->name, (unsigned)place->extent.addr);
    return refuse(judge, place, why.text, "give the right file");
}

static bool judge_written(const struct judge *judge, const struct place *place,
                          const struct written *written)
{
    // For another chip, an image is good by other rules: so which chip comes first.
    return right_chip(judge, place, written) && whole(judge, place, written) &&
           right_kind(judge, place, written) && signed_well(judge, place, written) &&
           new_enough(judge, place, written);
}

// The same of an image that lies inside a larger file.
static bool judge_inner(const struct judge *judge, const struct place *place,
                        const struct aloft_flash_piece *piece)
{
    const struct aloft_image_rules rules = {.crypto = &aloft_mbed_crypto,
                                            .len_max = ALOFT_IMAGE_LEN_MAX,
                                            .bootloader = true,
                                            .chip_revision = 0xFFFF};
    uint32_t off = place->extent.addr - piece->addr;
    struct written written = {piece, piece->file.data + off, piece->len - off, NULL};
    uint32_t first = written.len < 16 ? written.len : 16;
    if (aloft_bytes_are(written.data, first, 0xFF)) {
        return true; // erased flash: nothing is there to run
    }
    struct aloft_image_scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL) {
        return aloft_message_set(judge->error, "out of memory");
    }
    if (written.data[0] == IMAGE_MAGIC) {
        aloft_image_scan(&rules, written.data, written.len, scan);
    }
    written.scan = scan;
    bool good = judge_written(judge, place, &written);
    free(scan);
    return good;
}

// The piece from which the place's start comes, and how far the image there reaches; NULL: none.
static const struct aloft_flash_piece *starter(const struct judge *judge, const struct place *place)
{
    for (size_t i = 0; i < judge->plan->count; i++) {
        const struct aloft_flash_piece *piece = &judge->plan->pieces[i];
        if (piece->addr <= place->extent.addr && touches(piece, place->extent)) {
            return piece;
        }
    }
    return NULL;
}

static bool judge_place(const struct judge *judge, const struct place *place)
{
    const struct aloft_flash_piece *first = starter(judge, place);
    struct aloft_message why;
    for (size_t i = 0; i < judge->plan->count; i++) {
        const struct aloft_flash_piece *piece = &judge->plan->pieces[i];
        if (piece->file.len == 0 || !touches(piece, place->extent)) {
            continue;
        }
        if (piece->addr > place->extent.addr) {
            // Behind an image that is written with it there is room for other things.
            if (first != NULL || !begins_image(judge, place->extent, false) ||
                piece->addr - place->extent.addr >= image_end(judge, place->extent)) {
                continue;
            }
            (void)aloft_message_set(&why, "%s at 0x%x begins in the middle of %s, and breaks it",
                                    piece->name, (unsigned)piece->addr, place->name);
            return refuse(judge, place, why.text, "give the right offset");
        }
        const struct written written = {piece, piece->file.data, piece->len, &piece->scan};
        bool good = piece->addr == place->extent.addr ? judge_written(judge, place, &written)
                                                      : judge_inner(judge, place, piece);
        if (!good) {
            return false;
        }
    }
    return true;
}

// The bootloader and every slot of the table that will be in flash.
static bool judge_places(const struct judge *judge)
{
    const struct aloft_flash_plan *plan = judge->plan;
    uint32_t boot = judge->chip->bootloader_addr;
    struct place place = {.name = "the bootloader",
                          .extent = {boot, plan->table_addr > boot ? plan->table_addr - boot : 0},
                          .bootloader = true};
    if (!judge_place(judge, &place)) {
        return false;
    }
    place.bootloader = false;
    for (int slot = ALOFT_SLOT_TEST; plan->has_slots && slot < (int)ALOFT_OTADATA_SLOTS_MAX;
         slot++) {
        place.extent = aloft_slots_extent(&plan->slots, slot);
        aloft_slot_name(slot, place.name);
        if (place.extent.len != 0 && !judge_place(judge, &place)) {
            return false;
        }
    }
    return true;
}

// --- images where nothing runs

static bool runs_at(const struct judge *judge, uint32_t addr)
{
    return addr == judge->chip->bootloader_addr ||
           (judge->plan->has_slots &&
            aloft_slots_find(&judge->plan->slots, addr) != ALOFT_SLOT_NONE);
}

// A whole image where nothing would run it: nearly always an offset of another chip, or a slip.
// Where the slots are not known, it may run, and then it must be good.
static bool in_its_place(const struct judge *judge, const struct aloft_flash_piece *piece)
{
    const struct aloft_flash_plan *plan = judge->plan;
    struct aloft_extent app =
        plan->slots.factory.len != 0 ? plan->slots.factory : plan->slots.ota[0];
    const struct place place = {.name = "its slot",
                                .extent = {piece->addr, plan->flash_size - piece->addr}};
    const struct written written = {piece, piece->file.data, piece->len, &piece->scan};
    if (!piece->is_image || piece->file.len == 0 || runs_at(judge, piece->addr)) {
        return true;
    }
    if (piece->addr < plan->table_addr && piece->scan.err == ALOFT_OK) {
        return aloft_message_set(judge->error,
                                 "%s is an image, and nothing runs at 0x%x; the bootloader of an "
                                 "%s goes to 0x%x (or use --force)",
                                 piece->name, (unsigned)piece->addr, judge->chip->name,
                                 (unsigned)judge->chip->bootloader_addr);
    }
    if (!right_chip(judge, &place, &written)) {
        return false;
    }
    if (plan->has_slots) {
        return piece->scan.err != ALOFT_OK ||
               aloft_message_set(judge->error,
                                 "%s is an image, and no slot starts at 0x%x; the first app goes "
                                 "to 0x%x (or use --force)",
                                 piece->name, (unsigned)piece->addr, (unsigned)app.addr);
    }
    return signed_well(judge, &place, &written) && new_enough(judge, &place, &written);
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

static bool within(const struct judge *judge, const struct aloft_flash_piece *piece)
{
    const struct aloft_slots *slots = &judge->plan->slots;
    struct overrun of = {piece, judge->error};
    return !judge->plan->has_slots || piece->file.len == 0 ||
           aloft_slots_walk(slots->flash, &aloft_mbed_crypto, slots->ptable_addr, overrun, &of) !=
               ALOFT_ERR_PTABLE_OVERLAP;
}

// --- the table

// The piece that reaches into the table's bytes; NULL: none does.
static const struct aloft_flash_piece *table_piece(const struct judge *judge, uint32_t table_addr)
{
    for (size_t i = 0; i < judge->plan->count; i++) {
        const struct aloft_flash_piece *piece = &judge->plan->pieces[i];
        if (touches(piece, (struct aloft_extent){table_addr, ALOFT_PTABLE_LEN})) {
            return piece;
        }
    }
    return NULL;
}

static bool judge_table(const struct judge *judge)
{
    const struct aloft_flash_plan *plan = judge->plan;
    const struct aloft_flash_present *present = judge->present;
    bool bootloader = aloft_flash_plan_at(plan, judge->chip->bootloader_addr) != NULL;
    const struct aloft_flash_piece *piece = table_piece(judge, plan->table_addr);
    if (present->has_table && !bootloader && present->slots.ptable_addr != plan->table_addr) {
        return aloft_message_set(judge->error,
                                 "the partition table of this board lies at 0x%x, and %s would go "
                                 "to 0x%x, where its bootloader does not look; write it to 0x%x, "
                                 "or use --force",
                                 (unsigned)present->slots.ptable_addr,
                                 piece != NULL ? piece->name : "the table",
                                 (unsigned)plan->table_addr, (unsigned)present->slots.ptable_addr);
    }
    if (piece != NULL && present->has_table && !plan->has_slots) {
        return aloft_message_set(judge->error,
                                 "%s at 0x%x would overwrite the partition table at 0x%x, and the "
                                 "bootloader would start nothing; give the right offset, or use "
                                 "--force",
                                 piece->name, (unsigned)piece->addr, (unsigned)plan->table_addr);
    }
    if (piece == NULL || !present->has_table ||
        slot_with_image(judge, &present->slots, false, UINT32_MAX) == ALOFT_SLOT_NONE ||
        slot_with_image(judge, &plan->slots, true, UINT32_MAX) != ALOFT_SLOT_NONE) {
        return true;
    }
    return aloft_message_set(judge->error,
                             "with the table of %s no slot would hold an app any more, and the "
                             "bootloader would start nothing; flash the app with it, or use "
                             "--force",
                             piece->name);
}

bool aloft_flash_judge(const struct aloft_flash_plan *plan, const struct aloft_flash_chip *on,
                       struct aloft_message *error)
{
    const struct aloft_flasher *flasher = on->flasher;
    const struct judge judge = {.plan = plan,
                                .present = on->present,
                                .flasher = flasher,
                                .trust = on->trust,
                                .chip = flasher->chip->info,
                                .error = error};
    if (flasher->facts.flash_encryption && !on->present->readable) {
        return aloft_message_set(error,
                                 "flash encryption is on in the chip on %s: what is written in "
                                 "plain text will not run; give its key with --flash-key, "
                                 "or encrypt it first and use --force",
                                 flasher->line->name);
    }
    for (size_t i = 0; i < plan->count; i++) {
        if (!in_its_place(&judge, &plan->pieces[i]) || !within(&judge, &plan->pieces[i])) {
            return false;
        }
    }
    return judge_places(&judge) && judge_table(&judge);
}
