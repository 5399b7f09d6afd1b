// Without flasher_args.json a file is known by its bytes, whatever its name: a table by its first
// row, an app by what is mapped from flash, a bootloader by what is not, and a merged file by what
// follows its bootloader.
#include "cli/serial/flash_folder.h"
#include "hostlib/base/file.h"
#include "hostlib/base/number.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/image/image_scan.h"
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 256, NAME_SIZE = 256, LIST_MAX = 1 << 20 };
enum kind { KIND_BOOTLOADER, KIND_TABLE, KIND_APP, KIND_OTHER };

struct listing {
    char names[FILES_MAX][NAME_SIZE];
    enum kind kinds[FILES_MAX];
    size_t count;
};

static bool join(char path[4096], const char *folder, const char *name, struct aloft_message *error)
{
    int len = name[0] == '/' ? snprintf(path, 4096, "%s", name)
                             : snprintf(path, 4096, "%s/%s", folder, name);
    return (len > 0 && len < 4096) || aloft_message_set(error, "the path to %s is too long", name);
}

static bool ends(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

// What of an image it is; of a chip that is not known, its name must tell.
static enum kind kind_of_image(const struct aloft_file *file, const char *name)
{
    const struct aloft_image_rules rules = {.crypto = &aloft_mbed_crypto,
                                            .len_max = ALOFT_IMAGE_LEN_MAX,
                                            .bootloader = true,
                                            .chip_revision = 0xFFFF};
    struct aloft_image_scan scan;
    aloft_image_scan(&rules, file->data, (uint32_t)file->len, &scan);
    if (scan.chip == NULL || scan.err != ALOFT_OK) {
        return strstr(name, "bootloader.bin") != NULL ? KIND_BOOTLOADER : KIND_APP;
    }
    if (scan.facts.mapped) {
        return KIND_APP;
    }
    size_t at = scan.facts.image_len;
    while (at < file->len && file->data[at] == 0xFF) {
        at++;
    }
    bool merged = at < file->len && !scan.facts.signature;
    return merged ? KIND_OTHER : KIND_BOOTLOADER;
}

static enum kind kind_of(const char *path, const char *name)
{
    struct aloft_message ignored;
    struct aloft_file file;
    if (!aloft_file_read(path, ALOFT_FLASH_FILE_MAX, &file, &ignored)) {
        return KIND_OTHER;
    }
    enum kind kind = KIND_OTHER;
    if (file.len >= 2 && file.data[0] == 0xAA && file.data[1] == 0x50) {
        kind = KIND_TABLE;
    } else if (file.len > 0 && file.data[0] == 0xE9) {
        kind = kind_of_image(&file, name);
    }
    aloft_file_release(&file);
    return kind;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

// The .bin files of the folder, sorted.
static bool list_files(const char *folder, struct listing *listing, struct aloft_message *error)
{
    char path[4096];
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return aloft_message_set(error, "cannot read the folder %s: %s", folder, strerror(errno));
    }
    listing->count = 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        if (ends(entry->d_name, ".bin") && strlen(entry->d_name) < NAME_SIZE &&
            listing->count < FILES_MAX) {
            (void)snprintf(listing->names[listing->count++], NAME_SIZE, "%s", entry->d_name);
        }
    }
    (void)closedir(dir); // was only read
    qsort(listing->names, listing->count, NAME_SIZE, by_name);
    for (size_t i = 0; i < listing->count; i++) {
        if (!join(path, folder, listing->names[i], error)) {
            return false;
        }
        listing->kinds[i] = kind_of(path, listing->names[i]);
    }
    return true;
}

static bool is_wanted(const char *name, const char *wanted)
{
    size_t len = strlen(wanted);
    return strcmp(name, wanted) == 0 ||
           (strncmp(name, wanted, len) == 0 && strcmp(name + len, ".bin") == 0);
}

struct wish {
    enum kind kind;
    const char *what;   // "app"
    const char *option; // that chooses among several; NULL: none
    const char *wanted; // its value, or NULL
};

static bool say_missing(const struct aloft_flash_folder *folder, const struct listing *listing,
                        const struct wish *wish, struct aloft_message *error)
{
    char list[400] = "";
    for (size_t i = 0; i < listing->count; i++) {
        size_t len = strlen(list);
        if (listing->kinds[i] == wish->kind) {
            (void)snprintf(list + len, sizeof list - len, "%s%s", len == 0 ? "" : ", ",
                           listing->names[i]);
        }
    }
    if (list[0] == '\0') {
        return aloft_message_set(error, "there is no %s (.bin) in %s", wish->what, folder->path);
    }
    if (wish->wanted != NULL) {
        return aloft_message_set(error, "%s %s is not in %s; there are: %s", wish->what,
                                 wish->wanted, folder->path, list);
    }
    return aloft_message_set(error, "%s has several files that can be the %s: %s; say which%s%s",
                             folder->path, wish->what, list, wish->option == NULL ? "" : " with ",
                             wish->option == NULL ? "" : wish->option);
}

// The one file that fulfils the wish.
static const char *choose(const struct aloft_flash_folder *folder, const struct listing *listing,
                          const struct wish *wish, struct aloft_message *error)
{
    const char *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < listing->count; i++) {
        if (listing->kinds[i] == wish->kind &&
            (wish->wanted == NULL || is_wanted(listing->names[i], wish->wanted))) {
            found = listing->names[i];
            count++;
        }
    }
    if (count != 1) {
        (void)say_missing(folder, listing, wish, error);
        return NULL;
    }
    return found;
}

static bool add(const struct aloft_flash_folder *folder, struct aloft_flash_plan *plan,
                uint32_t addr, const char *name, struct aloft_message *error)
{
    char path[4096];
    return join(path, folder->path, name, error) && aloft_flash_plan_add(plan, addr, path, error);
}

// --- ESP-IDF's list

static bool add_listed(const struct aloft_flash_folder *folder, json_t *files,
                       struct aloft_flash_plan *plan, struct aloft_message *error)
{
    const char *offset;
    json_t *name;
    json_object_foreach(files, offset, name)
    {
        int64_t addr;
        if (!aloft_number_parse(offset, &addr) || addr < 0 || addr > UINT32_MAX ||
            !json_is_string(name)) {
            return aloft_message_set(error, "%s/flasher_args.json: '%s' is not an offset of a file",
                                     folder->path, offset);
        }
        if (!add(folder, plan, (uint32_t)addr, json_string_value(name), error)) {
            return false;
        }
    }
    return plan->count > 0 ||
           aloft_message_set(error, "%s/flasher_args.json lists no flash_files", folder->path);
}

// What the list was made for: "extra_esptool_args": {"chip": "esp32"}, "flash_settings":
// {"flash_size": "4MB"}; "detect" and "keep" are sizes, too, and fit all.
static bool fits_board(const struct aloft_flash_folder *folder, const json_t *root,
                       const struct aloft_flash_plan *plan, struct aloft_message *error)
{
    const char *chip =
        json_string_value(json_object_get(json_object_get(root, "extra_esptool_args"), "chip"));
    const char *size =
        json_string_value(json_object_get(json_object_get(root, "flash_settings"), "flash_size"));
    uint32_t bytes;
    if (folder->chip == NULL || folder->force) {
        return true;
    }
    if (chip != NULL && strcmp(chip, "auto") != 0 && strcmp(chip, folder->chip->info->word) != 0) {
        return aloft_message_set(error, "%s/flasher_args.json is for %.20s, and this is %s",
                                 folder->path, chip, folder->chip->info->word);
    }
    return size == NULL || !aloft_number_parse_size(size, &bytes) || bytes <= plan->flash_size ||
           aloft_message_set(error,
                             "%s/flasher_args.json is for a flash of %.20s, and this one has "
                             "0x%x bytes",
                             folder->path, size, (unsigned)plan->flash_size);
}

static bool plan_listed(const struct aloft_flash_folder *folder, const char *list,
                        struct aloft_flash_plan *plan, struct aloft_message *error)
{
    json_error_t mistake;
    struct aloft_file text;
    if (!aloft_file_read(list, LIST_MAX, &text, error)) {
        return false;
    }
    json_t *root = json_loadb((const char *)text.data, text.len, 0, &mistake);
    aloft_file_release(&text);
    if (root == NULL) {
        return aloft_message_set(error, "%s, line %d: %s", list, mistake.line, mistake.text);
    }
    bool good = fits_board(folder, root, plan, error) &&
                add_listed(folder, json_object_get(root, "flash_files"), plan, error) &&
                aloft_flash_plan_load_table(plan, error);
    json_decref(root);
    return good;
}

// --- a folder of files

static bool add_app(const struct aloft_flash_folder *folder, const char *app,
                    struct aloft_flash_plan *plan, struct aloft_message *error)
{
    struct aloft_extent slot = aloft_slots_extent(&plan->slots, ALOFT_SLOT_FACTORY);
    if (slot.len == 0) {
        slot = aloft_slots_extent(&plan->slots, 0);
    }
    if (slot.len == 0) {
        return aloft_message_set(error, "the partition table has no factory and no ota_0 slot");
    }
    if (plan->slots.otadata.len != 0 &&
        !aloft_flash_plan_erase(plan, plan->slots.otadata, "otadata", error)) {
        return false;
    }
    return add(folder, plan, slot.addr, app, error);
}

static bool plan_files(const struct aloft_flash_folder *folder, const struct listing *listing,
                       struct aloft_flash_plan *plan, struct aloft_message *error)
{
    const struct aloft_chip_info *chip =
        folder->chip != NULL ? folder->chip->info : &aloft_chip_infos[ALOFT_CHIP_ROW_ESP32];
    const struct wish wishes[] = {
        {KIND_BOOTLOADER, "bootloader", NULL, NULL},
        {KIND_TABLE, "partition table", "--table", NULL},
        {KIND_APP, "app", "--app", folder->app},
    };
    const char *bootloader = choose(folder, listing, &wishes[0], error);
    const char *table = folder->table;
    if (bootloader != NULL && table == NULL) {
        table = choose(folder, listing, &wishes[1], error);
    }
    const char *app =
        bootloader != NULL && table != NULL ? choose(folder, listing, &wishes[2], error) : NULL;
    if (app == NULL || !add(folder, plan, chip->bootloader_addr, bootloader, error)) {
        return false;
    }
    uint32_t table_addr = plan->table_asked != 0 ? plan->table_asked : ALOFT_PTABLE_ADDR_DEFAULT;
    // --table names a file from where the user stands.
    bool added = folder->table != NULL ? aloft_flash_plan_add(plan, table_addr, table, error)
                                       : add(folder, plan, table_addr, table, error);
    return added && aloft_flash_plan_load_table(plan, error) && add_app(folder, app, plan, error);
}

bool aloft_flash_folder_plan(const struct aloft_flash_folder *folder, struct aloft_flash_plan *plan,
                             struct aloft_message *error)
{
    char list[4096];
    if (!join(list, folder->path, "flasher_args.json", error)) {
        return false;
    }
    if (access(list, F_OK) == 0) {
        return plan_listed(folder, list, plan, error);
    }
    struct listing *listing = malloc(sizeof *listing);
    if (listing == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    bool good =
        list_files(folder->path, listing, error) && plan_files(folder, listing, plan, error);
    free(listing);
    return good;
}
