// aloft image size: what fills an image, against the slot that it goes to.
#include "aloft/image.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/failure.h"
#include "cli/base/ui.h"
#include "cli/image/build_folder.h"
#include "cli/image/image_source.h"
#include "cli/parts/parts_source.h"
#include "hostlib/base/chip_info.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/image/image_scan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct size {
    struct aloft_image_source source;
    struct aloft_build_file app; // of a build folder,
    struct aloft_build_file folder_table;
    struct aloft_parts_rules parts;
    struct aloft_image_scan scan;
    const char *table;
    char slot[ALOFT_PTABLE_LABEL + 1]; // whose size it is; empty: none is known
    uint32_t slot_len;                 // 0: not known
    bool json;
};

// The smallest partition for apps: what fits it fits all of them.
static bool read_table(struct size *size)
{
    static struct aloft_parts_source source;
    if (size->table == NULL && size->parts.template == NULL) {
        return true;
    }
    if (!aloft_parts_source_load(&source, &size->parts, size->table)) {
        (void)aloft_parts_source_say_error(&source);
        return false;
    }
    for (uint32_t i = 0; i < source.plan.count; i++) {
        const struct aloft_partition *p = &source.plan.partitions[i];
        if (p->type == ALOFT_TYPE_APP && (size->slot_len == 0 || p->len < size->slot_len)) {
            size->slot_len = p->len;
            (void)snprintf(size->slot, sizeof size->slot, "%s", p->label);
        }
    }
    if (size->slot_len == 0) {
        aloft_ui_error("%s has no partition for an app", source.name);
    }
    return size->slot_len != 0;
}

static bool fits(const struct size *size)
{
    return size->slot_len == 0 || size->scan.facts.image_len <= size->slot_len;
}

static uint32_t of_memory(const struct aloft_image_scan *scan, const char *memory)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < scan->segment_count; i++) {
        const struct aloft_image_segment *s = &scan->segments[i];
        if (strcmp(aloft_chip_info_memory(scan->facts.chip_id, s->addr), memory) == 0) {
            sum += s->len;
        }
    }
    return sum;
}

static const char *memory_at(const struct aloft_image_scan *scan, uint32_t index)
{
    return aloft_chip_info_memory(scan->facts.chip_id, scan->segments[index].addr);
}

// Whether segment `index` is the first one of its memory.
static bool is_first(const struct aloft_image_scan *scan, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (strcmp(memory_at(scan, i), memory_at(scan, index)) == 0) {
            return false;
        }
    }
    return true;
}

static uint32_t in_segments(const struct aloft_image_scan *scan)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < scan->segment_count; i++) {
        sum += scan->segments[i].len;
    }
    return sum;
}

static void print_row(const char *what, uint32_t len, uint32_t all)
{
    char number[32];
    printf("  %-28s %12s  %5.1f %%\n", what[0] != '\0' ? what : "other memory",
           aloft_ui_thousands(len, number), 100.0 * len / all);
}

static void print_size(const struct size *size)
{
    const struct aloft_image_scan *scan = &size->scan;
    uint32_t all = scan->facts.image_len;
    char text[80];
    char number[32];
    char left[32];
    printf("%s: %s bytes", size->source.path, aloft_ui_thousands(all, number));
    if (size->slot_len == 0) {
        printf("; --table or --slot-size compares it with a slot\n");
    } else if (all <= size->slot_len) {
        printf(", %.1f %% of %s (%s); %s are left\n", 100.0 * all / size->slot_len,
               size->slot[0] != '\0' ? size->slot : "the slot",
               aloft_ui_thousands(size->slot_len, left),
               aloft_ui_thousands(size->slot_len - all, number));
    } else {
        printf(", %s more than %s has (%s)\n", aloft_ui_thousands(all - size->slot_len, number),
               size->slot[0] != '\0' ? size->slot : "the slot",
               aloft_ui_thousands(size->slot_len, left));
    }
    for (uint32_t i = 0; i < scan->segment_count; i++) {
        const struct aloft_image_segment *s = &scan->segments[i];
        (void)snprintf(text, sizeof text, "segment %u, %s at 0x%08x", (unsigned)i,
                       memory_at(scan, i), (unsigned)s->addr);
        print_row(text, s->len, all);
    }
    print_row("headers, checksum, SHA-256", all - in_segments(scan), all);
    printf("By memory:\n");
    for (uint32_t i = 0; i < scan->segment_count; i++) {
        if (is_first(scan, i)) {
            print_row(memory_at(scan, i), of_memory(scan, memory_at(scan, i)), all);
        }
    }
}

static json_t *size_json(const struct size *size)
{
    const struct aloft_image_scan *scan = &size->scan;
    json_t *segments = json_array();
    for (uint32_t i = 0; i < scan->segment_count; i++) {
        const struct aloft_image_segment *s = &scan->segments[i];
        (void)json_array_append_new(
            segments, json_pack("{s:s, s:I, s:I, s:I}", "memory", memory_at(scan, i), "offset",
                                (json_int_t)s->off, "size", (json_int_t)s->len, "load_address",
                                (json_int_t)s->addr));
    }
    json_t *slot =
        size->slot_len == 0
            ? json_null()
            : json_pack("{s:s?, s:I, s:b}", "name", size->slot[0] != '\0' ? size->slot : NULL,
                        "size", (json_int_t)size->slot_len, "fits", (int)fits(size));
    return json_pack(
        "{s:o, s:I, s:I, s:o, s:o, s:o}", "file", aloft_ui_json_text(size->source.path), "size",
        (json_int_t)scan->facts.image_len, "overhead",
        (json_int_t)(scan->facts.image_len - in_segments(scan)), "segments", segments, "slot", slot,
        "error", aloft_failure_of(fits(size) ? ALOFT_OK : ALOFT_ERR_IMAGE_TOO_LARGE));
}

static int show(struct size *size)
{
    const struct aloft_image_rules rules = {.crypto = &aloft_mbed_crypto,
                                            .len_max = ALOFT_IMAGE_LEN_MAX,
                                            .bootloader = true,
                                            .chip_revision = 0xFFFF};
    struct aloft_message error;
    if (!read_table(size)) {
        return ALOFT_EXIT_BAD;
    }
    if (!aloft_image_source_read(&size->source, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    if (size->source.slot != NULL && size->slot_len == 0) {
        size->slot_len = size->source.len;
        (void)snprintf(size->slot, sizeof size->slot, "%s", size->source.slot);
    }
    aloft_image_scan(&rules, size->source.file.data, size->source.len, &size->scan);
    aloft_file_release(&size->source.file);
    if (!size->scan.ended) {
        aloft_ui_error("%s: %s (%s)", size->source.path, aloft_err_sentence(size->scan.err),
                       aloft_err_name(size->scan.err));
        return ALOFT_EXIT_BAD;
    }
    if (size->json) {
        if (!aloft_ui_json_print(size_json(size))) {
            return ALOFT_EXIT_BAD;
        }
    } else {
        print_size(size);
    }
    return fits(size) ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

// The app of a build folder, against the table of that, if there is one and no other slot is named.
static bool take_folder(struct size *size)
{
    struct aloft_message error;
    const char *folder = size->source.path;
    if (!aloft_build_folder_find(folder, ALOFT_BUILD_APP, NULL, &size->app, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    size->source.path = size->app.path;
    bool named = size->table != NULL || size->parts.template != NULL || size->slot_len != 0;
    if (!named &&
        aloft_build_folder_find(folder, ALOFT_BUILD_TABLE, NULL, &size->folder_table, &error)) {
        size->table = size->folder_table.path;
    }
    return true;
}

int image_size(int argc, char **argv)
{
    static struct size size = {.parts = ALOFT_PARTS_RULES_DEFAULT}; // too large for a stack
    struct aloft_args args = {
        .command = "aloft image size",
        .operands = "[FILE]",
        .about =
            "Tells what fills an image, by segment and by memory, and how much of its slot it\n"
            "takes. FILE may be a build folder [build]: its app and table. Table: CSV, binary, or "
            "a\n"
            "whole flash.",
        .examples = "  aloft image size firmware.bin --table partitions.csv\n"
                    "  aloft image size firmware.bin --template two_ota --json\n"
                    "  aloft image size board.flash --slot ota_0",
        .exits = "0 it fits, or there was no slot to compare with, 1 it does not fit, or is not an "
                 "image",
        .options =
            {
                {ALOFT_ARG_TEXT, 0, "table", "FILE",
                 "compare with the smallest app slot of this table", &size.table},
                {ALOFT_ARG_TEXT, 't', "template", "NAME", "the same, of a built-in table",
                 &size.parts.template},
                {ALOFT_ARG_SIZE, 0, "slot-size", "N", "compare with a slot of this size",
                 &size.slot_len},
                {ALOFT_ARG_TEXT, 0, "slot", "SLOT",
                 "FILE is a flash: the image in factory, ota_0, ...", &size.source.slot},
                ALOFT_ARG_JSON(&size.json),
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if ((size.table != NULL) + (size.parts.template != NULL) + (size.slot_len != 0) > 1) {
        return aloft_args_wrong(&args, "give one of --table, --template and --slot-size");
    }
    size.source.path = args.given.items[0];
    if (size.source.path == NULL) {
        size.source.path = ALOFT_BUILD_FOLDER;
        if (!aloft_build_folder_is(ALOFT_BUILD_FOLDER)) {
            return aloft_args_wrong(&args, "name an image; there is no folder " ALOFT_BUILD_FOLDER
                                           " here to take one from");
        }
    }
    return aloft_build_folder_is(size.source.path) && !take_folder(&size) ? ALOFT_EXIT_BAD
                                                                          : show(&size);
}
