// aloft image merge: files at their offsets become one file, as `esptool merge-bin` makes it.
#include "aloft/format/ptable.h"
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "cli/image/build_folder.h"
#include "cli/image/header_options.h"
#include "hostlib/base/file.h"
#include "hostlib/base/number.h"
#include "hostlib/flash/flash_file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = ALOFT_ARG_LIST_MAX / 2 };

struct piece {
    uint32_t addr;
    const char *path;
    struct aloft_file file;
};

struct merge {
    const char *output;
    const char *format;
    const char *chip; // only for esptool's habit: images say which chip they are for
    uint32_t fill;    // 0: it ends with the last file
    uint32_t start;   // address of the first byte of the output
    struct aloft_image_header header;
    struct piece pieces[PIECES_MAX];
    size_t count;
    const char *folder;                // in place of files; NULL: none
    char all[ALOFT_BUILD_FOLDER_PATH]; // the output, if none is named
    char paths[PIECES_MAX][ALOFT_BUILD_FOLDER_PATH];
};

static int by_addr(const void *a, const void *b)
{
    const struct piece *x = a;
    const struct piece *y = b;
    return (x->addr > y->addr) - (x->addr < y->addr);
}

static bool load_piece(struct merge *merge, struct piece *piece, struct aloft_message *error)
{
    bool changed;
    struct aloft_message why;
    if (!aloft_file_read(piece->path, ALOFT_FLASH_FILE_MAX, &piece->file, error)) {
        return false;
    }
    merge->count++; // from here on it is released
    if (piece->addr < merge->start) {
        return aloft_message_set(error, "%s at 0x%x lies before --target-offset 0x%x", piece->path,
                                 (unsigned)piece->addr, (unsigned)merge->start);
    }
    if (piece->file.len > ALOFT_FLASH_FILE_MAX - piece->addr) {
        return aloft_message_set(error, "%s at 0x%x reaches beyond the largest flash, 128 MB",
                                 piece->path, (unsigned)piece->addr);
    }
    if (!aloft_image_header_set(&merge->header, piece->addr, piece->file.data, piece->file.len,
                                &changed, &why)) {
        return aloft_message_set(error, "%s: %s", piece->path, why.text);
    }
    return true;
}

static bool load_files(struct merge *merge, const struct aloft_arg_list *operands,
                       struct aloft_message *error)
{
    for (size_t i = 0; i < operands->count; i += 2) {
        struct piece *piece = &merge->pieces[i / 2];
        int64_t addr = 0;
        (void)aloft_number_parse(operands->items[i], &addr); // was checked
        *piece = (struct piece){.addr = (uint32_t)addr, .path = operands->items[i + 1]};
        if (!load_piece(merge, piece, error)) {
            return false;
        }
    }
    return true;
}

// What flasher_args.json lists, as `idf.py merge-bin` merges it.
static bool load_folder(struct merge *merge, struct aloft_message *error)
{
    char list[ALOFT_BUILD_FOLDER_PATH];
    const char *offset;
    json_t *name;
    json_t *root = aloft_build_folder_join(list, merge->folder, "flasher_args.json", error)
                       ? aloft_build_folder_read(list, error)
                       : NULL;
    bool good = root != NULL;
    json_object_foreach(json_object_get(root, "flash_files"), offset, name)
    {
        int64_t addr = 0;
        const char *file = json_string_value(name);
        size_t i = merge->count;
        if (good && (i == PIECES_MAX || file == NULL || !aloft_number_parse(offset, &addr) ||
                     addr < 0 || addr >= ALOFT_FLASH_FILE_MAX)) {
            good = aloft_message_set(error, "%s: '%s' is not an offset of a file", list, offset);
        }
        good = good && aloft_build_folder_join(merge->paths[i], merge->folder, file, error);
        if (good) {
            merge->pieces[i] = (struct piece){.addr = (uint32_t)addr, .path = merge->paths[i]};
            good = load_piece(merge, &merge->pieces[i], error);
        }
    }
    json_decref(root);
    if (good && merge->count == 0) {
        good = aloft_message_set(error, "%s lists no flash_files", list);
    }
    return good && (merge->output != NULL ||
                    aloft_build_folder_join(merge->all, merge->folder, "merged-binary.bin", error));
}

// Reads all files. False when one cannot be read, or two overlap.
static bool load(struct merge *merge, const struct aloft_arg_list *operands,
                 struct aloft_message *error)
{
    merge->header.flash_size = merge->fill;
    bool good =
        merge->folder != NULL ? load_folder(merge, error) : load_files(merge, operands, error);
    if (!good) {
        return false;
    }
    merge->output = merge->output != NULL ? merge->output : merge->all;
    qsort(merge->pieces, merge->count, sizeof merge->pieces[0], by_addr);
    for (size_t i = 0; i + 1 < merge->count; i++) {
        const struct piece *low = &merge->pieces[i];
        const struct piece *high = &merge->pieces[i + 1];
        if (low->file.len > high->addr - low->addr) {
            return aloft_message_set(error, "%s has %zu bytes at 0x%x and overlaps %s at 0x%x",
                                     low->path, low->file.len, (unsigned)low->addr, high->path,
                                     (unsigned)high->addr);
        }
    }
    return true;
}

static bool write_out(const struct merge *merge, struct aloft_message *error)
{
    const struct piece *last = &merge->pieces[merge->count - 1];
    size_t len = last->addr - merge->start + last->file.len;
    char count[32];
    if (merge->fill != 0 && merge->fill < merge->start + len) {
        return aloft_message_set(error, "%s ends at 0x%zx, beyond --fill 0x%x", last->path,
                                 merge->start + len, (unsigned)merge->fill);
    }
    len = merge->fill != 0 ? merge->fill - merge->start : len;
    uint8_t *bytes = malloc(len == 0 ? 1 : len);
    if (bytes == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    memset(bytes, 0xFF, len);
    for (size_t i = 0; i < merge->count; i++) {
        const struct piece *piece = &merge->pieces[i];
        memcpy(bytes + (piece->addr - merge->start), piece->file.data, piece->file.len);
    }
    bool good = aloft_file_write(merge->output, bytes, len, error);
    free(bytes);
    if (good && strcmp(merge->output, "-") != 0) {
        printf("%s: %s bytes; write it at 0x%x\n", merge->output, aloft_ui_thousands(len, count),
               (unsigned)merge->start);
    }
    return good;
}

static bool fitting(struct aloft_args *args, struct merge *merge)
{
    const struct aloft_arg_list *operands = &args->given;
    if (strcmp(merge->format, "raw") != 0) {
        (void)aloft_args_wrong(args, "--format '%s': only raw is made; esptool makes hex and uf2",
                               merge->format);
        return false;
    }
    const char *folder = operands->count == 0 ? ALOFT_BUILD_FOLDER : operands->items[0];
    if (operands->count < 2 && aloft_build_folder_is(folder)) {
        merge->folder = folder;
        return true;
    }
    if (operands->count == 0) {
        (void)aloft_args_wrong(args,
                               "name offsets and files; there is no folder " ALOFT_BUILD_FOLDER
                               " here to take them from");
        return false;
    }
    if (operands->count % 2 != 0) {
        (void)aloft_args_wrong(args, "offset %s has no file", operands->items[operands->count - 1]);
        return false;
    }
    if (merge->output == NULL) {
        (void)aloft_args_wrong(args, "--output is needed");
        return false;
    }
    for (size_t i = 0; i < operands->count; i += 2) {
        int64_t addr;
        if (!aloft_number_parse(operands->items[i], &addr) || addr < 0 ||
            addr >= ALOFT_FLASH_FILE_MAX) {
            (void)aloft_args_wrong(args, "'%s' is not an address in flash", operands->items[i]);
            return false;
        }
    }
    return true;
}

int image_merge(int argc, char **argv)
{
    static struct merge merge = {.format = "raw"}; // too large for a stack
    struct aloft_message error;
    struct aloft_args args = {
        .command = "aloft image merge",
        .operands = "[DIR] | OFFSET FILE [OFFSET FILE ...]",
        .about =
            "Makes one file of several, each at its offset, with FF between them: what\n"
            "`aloft flash OFFSET FILE ...` would leave in flash. The same bytes as esptool's\n"
            "merge-bin; hex and UF2 are not made. DIR [build] is an ESP-IDF build folder, whose\n"
            "flasher_args.json lists the files.",
        .examples = "  aloft image merge 0x1000 bootloader.bin 0x8000 table.bin 0x10000 app.bin -o "
                    "all.bin\n"
                    "  aloft image merge 0x0 boot.bin 0x10000 app.bin -o all.bin --fill 4MB "
                    "--flash-mode dio",
        .exits = "0 merged, 1 a file cannot be read, or two overlap",
        .options =
            {
                {ALOFT_ARG_TEXT, 'o', "output", "BIN",
                 "the merged file; - for standard output [DIR/merged-binary.bin]", &merge.output},
                {ALOFT_ARG_SIZE, 0, "fill", "SIZE",
                 "fill with FF up to this size of flash, such as 4MB", &merge.fill},
                {ALOFT_ARG_NUMBER, 0, "target-offset", "ADDR",
                 "the output begins at this address [0]", &merge.start},
                ALOFT_IMAGE_HEADER_OPTIONS(merge.header),
                {ALOFT_ARG_TEXT, 0, "format", "WORD", "raw [raw]", &merge.format},
                {ALOFT_ARG_TEXT, 0, "chip", "CHIP", "not needed; images say it", &merge.chip},
            },
    };
    if (!aloft_args_read(&args, argc, argv) || !fitting(&args, &merge)) {
        return args.status;
    }
    bool good = load(&merge, &args.given, &error) && write_out(&merge, &error);
    if (!good) {
        aloft_ui_error("%s", error.text);
    }
    for (size_t i = 0; i < merge.count; i++) {
        aloft_file_release(&merge.pieces[i].file);
    }
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}
