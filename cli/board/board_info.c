// aloft board info: what is in a board's flash, judged as the board would.
#include "aloft/base/bytes.h"
#include "aloft/bootsel.h"
#include "aloft/verify.h"
#include "board/chip/board_rules.h"
#include "cli/base/args.h"
#include "cli/base/failure.h"
#include "cli/base/ui.h"
#include "cli/board/board_commands.h"
#include "hostlib/base/chip_info.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/device/dryboot.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/table_find.h"
#include <stdio.h>
#include <string.h>

// What was found at one place for an image.
struct image_info {
    char name[16]; // "factory", "ota_0", "bootloader"
    struct aloft_extent extent;
    enum aloft_err err;
    bool blank;                     // it begins with FF, as erased flash does
    struct aloft_image_facts facts; // when err is OK
};

#define IMAGES_MAX (1 + 2 + ALOFT_OTADATA_SLOTS_MAX)

struct info {
    const char *path;
    struct aloft_flash_file file;
    struct aloft_board_rules rules; // as its eFuses have them
    uint32_t ptable_addr;           // 0: it is found
    enum aloft_err table_err;
    struct aloft_slots slots;
    struct aloft_partition partitions[ALOFT_PTABLE_MAX];
    size_t partition_count;
    enum aloft_err otadata_err;
    struct aloft_otadata records[2];
    bool no_trials;
    struct aloft_dryboot boot;
    struct image_info images[IMAGES_MAX];
    size_t image_count;
};

static enum aloft_err note_partition(void *ctx, const struct aloft_partition *partition)
{
    struct info *info = ctx;
    if (info->partition_count < ALOFT_PTABLE_MAX) {
        info->partitions[info->partition_count++] = *partition;
    }
    return ALOFT_OK;
}

static void look_at_image(struct info *info, const char *name, struct aloft_extent extent)
{
    struct aloft_image_rules rules = info->rules.rules;
    struct aloft_flash_view view = {&info->file.flash, extent.addr, extent.len};
    struct aloft_verify verify;
    enum aloft_step step;
    if (extent.len == 0) {
        return;
    }
    struct image_info *image = &info->images[info->image_count++];
    (void)snprintf(image->name, sizeof image->name, "%s", name);
    image->extent = extent;
    if (info->image_count == 1) { // the bootloader, which has no security version
        rules.secure_version = 0;
        rules.bootloader = true;
    }
    aloft_verify_init(&verify, &view, &rules);
    do {
        step = aloft_verify_step(&verify);
    } while (step == ALOFT_STEP_AGAIN);
    image->err = step == ALOFT_STEP_DONE ? ALOFT_OK : verify.err;
    image->facts = verify.image.facts;
    uint8_t head[16] = {0};
    image->blank = aloft_flash_read(&view, 0, head, sizeof head) == ALOFT_OK &&
                   aloft_bytes_are(head, sizeof head, 0xFF);
}

static void look(struct info *info)
{
    const struct aloft_flash *flash = &info->file.flash;
    const struct aloft_chip_info *chip = aloft_table_find_chip(flash);
    if (chip == NULL) {
        chip = &aloft_chip_infos[ALOFT_CHIP_ROW_ESP32];
    }
    if (chip->id != ALOFT_CHIP_ESP32) { // no board's, but a dump of another chip
        info->rules.rules.chip = aloft_chip_find(chip->id);
        info->rules.rules.chip_revision = 0xFFFF;
        info->rules.rules.need_addr = 0;
    }
    uint32_t bootloader_addr = chip->bootloader_addr;
    bool before_table = info->ptable_addr > bootloader_addr;
    struct aloft_extent bootloader = {bootloader_addr,
                                      before_table ? info->ptable_addr - bootloader_addr : 0};
    char name[ALOFT_SLOT_NAME];
    look_at_image(info, "bootloader", bootloader);
    const struct aloft_dryboot_setup setup = {.flash = flash,
                                              .rules = &info->rules.rules,
                                              .ptable_addr = info->ptable_addr,
                                              .trials = !info->no_trials};
    aloft_dryboot(&info->boot, &setup);
    info->table_err = aloft_slots_load(&info->slots, flash, &aloft_mbed_crypto, info->ptable_addr);
    if (info->table_err != ALOFT_OK) {
        return;
    }
    (void)aloft_slots_walk(flash, &aloft_mbed_crypto, info->ptable_addr, note_partition,
                           info); // it was good just now
    info->otadata_err = info->slots.otadata.len == 0
                            ? ALOFT_ERR_NO_OTADATA
                            : aloft_bootsel_read(&info->slots, info->records);
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        aloft_slot_name(slot, name);
        look_at_image(info, name, aloft_slots_extent(&info->slots, slot));
    }
}

// The slot that a record selects, as text; "" when it selects none.
static void record_slot(const struct info *info, const struct aloft_otadata *record,
                        char text[ALOFT_SLOT_NAME])
{
    text[0] = 0;
    if (aloft_otadata_sound(record) && info->slots.ota_count > 0) {
        aloft_slot_name((int)aloft_otadata_slot(record->seq, info->slots.ota_count), text);
    }
}

static void print_image(const struct image_info *image)
{
    char number[32];
    char project[ALOFT_IMAGE_TEXT + 1];
    char version[ALOFT_IMAGE_TEXT + 1];
    printf("  %-10s 0x%06x  ", image->name, (unsigned)image->extent.addr);
    if (image->blank) {
        printf("empty\n");
        return;
    }
    if (image->err != ALOFT_OK) {
        printf("%s: %s\n", aloft_err_name(image->err), aloft_err_sentence(image->err));
        return;
    }
    aloft_ui_clean(image->facts.project, project, sizeof project);
    aloft_ui_clean(image->facts.version, version, sizeof version);
    printf("good, %s bytes", aloft_ui_thousands(image->facts.image_len, number));
    if (image->facts.has_desc) {
        printf(", %s %s", project, version);
    }
    printf("\n");
}

static void print_otadata(const struct info *info)
{
    char name[ALOFT_SLOT_NAME];
    char text[ALOFT_DRYBOOT_TEXT];
    printf("\nBoot selection:\n");
    if (info->otadata_err != ALOFT_OK) {
        printf("  %s: %s\n", aloft_err_name(info->otadata_err),
               aloft_err_sentence(info->otadata_err));
    }
    for (int i = 0; i < 2 && info->otadata_err == ALOFT_OK; i++) {
        const struct aloft_otadata *record = &info->records[i];
        record_slot(info, record, name);
        if (record->seq == UINT32_MAX) {
            printf("  record %d   empty\n", i);
        } else if (!aloft_otadata_sound(record)) {
            printf("  record %d   seq %u, bad CRC: does not count\n", i, (unsigned)record->seq);
        } else {
            printf("  record %d   seq %u, %s: %s\n", i, (unsigned)record->seq, name,
                   aloft_ota_state_name(record->state));
        }
    }
    aloft_slot_name(info->boot.selected, name);
    aloft_dryboot_text(&info->boot, text, sizeof text);
    printf("  selected   %s\n  will run   %s\n", name, text);
}

static void print_info(const struct info *info)
{
    char label[ALOFT_PTABLE_LABEL + 1];
    const struct aloft_flash *flash = &info->file.flash;
    printf("%s: %u MB of flash%s\n\nPartitions (table at 0x%x):\n", info->path,
           (unsigned)(flash->geometry.size >> 20), flash->raw != NULL ? ", encrypted" : "",
           (unsigned)info->ptable_addr);
    if (info->table_err != ALOFT_OK) {
        printf("  %s: %s%s\n", aloft_err_name(info->table_err), aloft_err_sentence(info->table_err),
               aloft_table_find_note(flash, info->ptable_addr));
    }
    for (size_t i = 0; i < info->partition_count; i++) {
        const struct aloft_partition *p = &info->partitions[i];
        aloft_ui_clean(p->label, label, sizeof label);
        printf("  %-16s type %02x subtype %02x  0x%06x  %6u KiB\n", label, p->type, p->subtype,
               (unsigned)p->addr, (unsigned)(p->len / 1024));
    }
    if (info->table_err == ALOFT_OK) {
        print_otadata(info);
    }
    printf("\nImages:\n");
    for (size_t i = 0; i < info->image_count; i++) {
        print_image(&info->images[i]);
    }
}

// null for ALOFT_OK, else the fault's name.
static json_t *json_err(enum aloft_err err)
{
    return err == ALOFT_OK ? json_null() : json_string(aloft_err_name(err));
}

static json_t *json_partitions(const struct info *info)
{
    json_t *list = json_array();
    for (size_t i = 0; i < info->partition_count; i++) {
        const struct aloft_partition *p = &info->partitions[i];
        json_t *row = json_pack("{s:o, s:i, s:i, s:I, s:I}", "name", aloft_ui_json_text(p->label),
                                "type", p->type, "subtype", p->subtype, "offset",
                                (json_int_t)p->addr, "size", (json_int_t)p->len);
        aloft_ui_json_old(row, "label", "name");
        aloft_ui_json_old(row, "addr", "offset");
        aloft_ui_json_old(row, "len", "size");
        (void)json_array_append_new(list, row); // a NULL list or row shows as failure to print
    }
    return list;
}

static json_t *json_records(const struct info *info)
{
    json_t *list = json_array();
    char name[ALOFT_SLOT_NAME];
    for (int i = 0; i < 2; i++) {
        const struct aloft_otadata *record = &info->records[i];
        bool empty = record->seq == UINT32_MAX;
        record_slot(info, record, name);
        json_t *row =
            empty ? json_null()
                  : json_pack("{s:I, s:s, s:b, s:s*}", "seq", (json_int_t)record->seq, "state",
                              aloft_ota_state_name(record->state), "sound",
                              (int)aloft_otadata_sound(record), "slot", name[0] != 0 ? name : NULL);
        (void)json_array_append_new(list, row); // as above
    }
    return list;
}

static json_t *json_images(const struct info *info)
{
    json_t *list = json_array();
    for (size_t i = 0; i < info->image_count; i++) {
        const struct image_info *image = &info->images[i];
        bool good = image->err == ALOFT_OK;
        const char *project = good && image->facts.has_desc ? image->facts.project : "";
        const char *version = good && image->facts.has_desc ? image->facts.version : "";
        json_t *row =
            json_pack("{s:s, s:I, s:I, s:b, s:o, s:I, s:o, s:o}", "name", image->name, "offset",
                      (json_int_t)image->extent.addr, "size", (json_int_t)image->extent.len, "good",
                      (int)good, "error", aloft_failure_of(image->err), "image_size",
                      (json_int_t)(good ? image->facts.image_len : 0), "project",
                      aloft_ui_json_text(project), "version", aloft_ui_json_text(version));
        aloft_ui_json_old(row, "slot", "name");
        aloft_ui_json_old(row, "addr", "offset");
        aloft_ui_json_old(row, "len", "size");
        aloft_ui_json_old(row, "image_len", "image_size");
        (void)json_array_append_new(list, row); // as above
    }
    return list;
}

static bool print_json(const struct info *info)
{
    char boots[ALOFT_SLOT_NAME];
    char selected[ALOFT_SLOT_NAME];
    char why[ALOFT_DRYBOOT_TEXT] = "";
    aloft_slot_name(info->boot.runs, boots);
    aloft_slot_name(info->boot.selected, selected);
    if (info->table_err == ALOFT_OK) {
        aloft_dryboot_text(&info->boot, why, sizeof why);
    }
    bool records = info->table_err == ALOFT_OK && info->otadata_err == ALOFT_OK;
    json_t *object = json_pack(
        "{s:o, s:I, s:b, s:I, s:o, s:o, s:o, s:o, s:s, s:s, s:s, s:o, s:o}", "file",
        aloft_ui_json_text(info->path), "size", (json_int_t)info->file.flash.geometry.size,
        "encrypted", (int)(info->file.flash.raw != NULL), "table_offset",
        (json_int_t)info->ptable_addr, "table_error", json_err(info->table_err), "partitions",
        json_partitions(info), "otadata_error", json_err(info->otadata_err), "otadata",
        records ? json_records(info) : json_array(), "selected", selected, "boots", boots, "why",
        why, "images", json_images(info), "error", aloft_failure_of(info->table_err));
    aloft_ui_json_old(object, "flash", "file");
    aloft_ui_json_old(object, "table_addr", "table_offset");
    return aloft_ui_json_print(object);
}

int board_info(int argc, char **argv)
{
    static struct info info; // too large for a stack; of this process only
    bool json = false;
    struct aloft_message error;
    struct aloft_args args = {
        .command = "aloft board info",
        .operands = "FLASH",
        .about = "Shows what is in a board's flash: partitions, otadata and what it boots, and\n"
                 "which app is in each slot, judged as the board would. The board may be running.",
        .examples = "  aloft board info board.flash\n  aloft board info board.flash --json",
        .exits = "0 shown, 1 no flash file, or no partition table in it",
        .options =
            {
                ALOFT_ARG_JSON(&json),
                {ALOFT_ARG_SIZE, 0, "offset", "ADDR", "of the partition table [it is found]",
                 &info.ptable_addr},
                {ALOFT_ARG_FLAG, 0, "no-trials", NULL, "as a bootloader without rollback boots it",
                 &info.no_trials},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    info.path = args.given.items[0];
    if (!aloft_flash_file_open(&info.file, info.path, ALOFT_FLASH_FILE_READ, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    info.ptable_addr = aloft_table_find(&info.file.flash, info.ptable_addr);
    if (!aloft_board_rules_of(&info.rules, info.path, &error)) {
        aloft_ui_error("%s", error.text);
        (void)aloft_flash_file_close(&info.file, &error); // was only read
        return ALOFT_EXIT_BAD;
    }
    look(&info);
    bool printed = true;
    if (json) {
        printed = print_json(&info);
    } else {
        print_info(&info);
    }
    if (!aloft_flash_file_close(&info.file, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    return printed && info.table_err == ALOFT_OK ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}
