// Without flasher_args.json a file is known by its bytes, whatever its name: a table by its first
// row, an app by what is mapped from flash, a bootloader by what is not, and a merged file by what
// follows its bootloader.
#include "cli/image/build_folder.h"
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
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 256, NAME_SIZE = 256, LIST_MAX = 1 << 20 };
enum { OTHER = -1 }; // no part

struct listing {
    char names[FILES_MAX][NAME_SIZE];
    int parts[FILES_MAX]; // enum aloft_build_part, or OTHER
    size_t count;
};

bool aloft_build_folder_join(char path[ALOFT_BUILD_FOLDER_PATH], const char *folder,
                             const char *name, struct aloft_message *error)
{
    int len = name[0] == '/' ? snprintf(path, ALOFT_BUILD_FOLDER_PATH, "%s", name)
                             : snprintf(path, ALOFT_BUILD_FOLDER_PATH, "%s/%s", folder, name);
    return (len > 0 && len < (int)ALOFT_BUILD_FOLDER_PATH) ||
           aloft_message_set(error, "the path to %s is too long", name);
}

bool aloft_build_folder_is(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

// How the parts are called: by people, by flasher_args.json and idf.py; and which option of
// `aloft flash` chooses among several.
static const struct {
    const char *what;
    const char *word;
    const char *option;
} parts[] = {
    [ALOFT_BUILD_BOOTLOADER] = {"bootloader", "bootloader", NULL},
    [ALOFT_BUILD_TABLE] = {"partition table", "partition-table", "--table"},
    [ALOFT_BUILD_APP] = {"app", "app", "--app"},
};

bool aloft_build_folder_part(const char *word, enum aloft_build_part *part)
{
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(word, parts[i].word) == 0) {
            *part = (enum aloft_build_part)i;
            return true;
        }
    }
    return false;
}

static bool ends(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

// What of an image it is; of a chip that is not known, its name must tell.
static int part_of_image(const struct aloft_file *file, const char *name)
{
    const struct aloft_image_rules rules = {.crypto = &aloft_mbed_crypto,
                                            .len_max = ALOFT_IMAGE_LEN_MAX,
                                            .bootloader = true,
                                            .chip_revision = 0xFFFF};
    struct aloft_image_scan scan;
    aloft_image_scan(&rules, file->data, (uint32_t)file->len, &scan);
    if (scan.chip == NULL || scan.err != ALOFT_OK) {
        return strstr(name, "bootloader.bin") != NULL ? ALOFT_BUILD_BOOTLOADER : ALOFT_BUILD_APP;
    }
    if (scan.facts.mapped) {
        return ALOFT_BUILD_APP;
    }
    size_t at = scan.facts.image_len;
    while (at < file->len && file->data[at] == 0xFF) {
        at++;
    }
    bool merged = at < file->len && !scan.facts.signature;
    return merged ? OTHER : ALOFT_BUILD_BOOTLOADER;
}

static int part_of(const char *path, const char *name)
{
    struct aloft_message ignored;
    struct aloft_file file;
    if (!aloft_file_read(path, ALOFT_FLASH_FILE_MAX, &file, &ignored)) {
        return OTHER;
    }
    int part = OTHER;
    if (file.len >= 2 && file.data[0] == 0xAA && file.data[1] == 0x50) {
        part = ALOFT_BUILD_TABLE;
    } else if (file.len > 0 && file.data[0] == 0xE9) {
        part = part_of_image(&file, name);
    }
    aloft_file_release(&file);
    return part;
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
        if (!aloft_build_folder_join(path, folder, listing->names[i], error)) {
            return false;
        }
        listing->parts[i] = part_of(path, listing->names[i]);
    }
    return true;
}

static bool is_wanted(const char *name, const char *wanted)
{
    size_t len = strlen(wanted);
    return strcmp(name, wanted) == 0 ||
           (strncmp(name, wanted, len) == 0 && strcmp(name + len, ".bin") == 0);
}

static bool say_missing(const char *folder, const struct listing *listing,
                        enum aloft_build_part part, const char *wanted, struct aloft_message *error)
{
    char list[400] = "";
    const char *what = parts[part].what;
    const char *option = parts[part].option;
    for (size_t i = 0; i < listing->count; i++) {
        size_t len = strlen(list);
        if (listing->parts[i] == (int)part) {
            (void)snprintf(list + len, sizeof list - len, "%s%s", len == 0 ? "" : ", ",
                           listing->names[i]);
        }
    }
    if (list[0] == '\0') {
        return aloft_message_set(error, "there is no %s (.bin) in %s", what, folder);
    }
    if (wanted != NULL) {
        return aloft_message_set(error, "%s %s is not in %s; there are: %s", what, wanted, folder,
                                 list);
    }
    return aloft_message_set(error, "%s has several files that can be the %s: %s; say which%s%s",
                             folder, what, list, option == NULL ? "" : " with ",
                             option == NULL ? "" : option);
}

// The one file that is this part.
static bool choose(const char *folder, const struct listing *listing, enum aloft_build_part part,
                   const char *wanted, struct aloft_build_file *out, struct aloft_message *error)
{
    const char *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < listing->count; i++) {
        if (listing->parts[i] == (int)part &&
            (wanted == NULL || is_wanted(listing->names[i], wanted))) {
            found = listing->names[i];
            count++;
        }
    }
    return count == 1 ? aloft_build_folder_join(out->path, folder, found, error)
                      : say_missing(folder, listing, part, wanted, error);
}

json_t *aloft_build_folder_read(const char *list, struct aloft_message *error)
{
    json_error_t mistake;
    struct aloft_file text;
    if (!aloft_file_read(list, LIST_MAX, &text, error)) {
        return NULL;
    }
    json_t *root = json_loadb((const char *)text.data, text.len, 0, &mistake);
    aloft_file_release(&text);
    if (root == NULL) {
        (void)aloft_message_set(error, "%s, line %d: %s", list, mistake.line, mistake.text);
    }
    return root;
}

// "app": {"offset": "0x10000", "file": "hello.bin"}.
static bool find_listed(const char *folder, const char *list, enum aloft_build_part part,
                        struct aloft_build_file *out, struct aloft_message *error)
{
    int64_t offset = 0;
    json_t *root = aloft_build_folder_read(list, error);
    if (root == NULL) {
        return false;
    }
    const json_t *item = json_object_get(root, parts[part].word);
    const char *file = json_string_value(json_object_get(item, "file"));
    const char *place = json_string_value(json_object_get(item, "offset"));
    bool good = file != NULL && place != NULL && aloft_number_parse(place, &offset) &&
                offset >= 0 && offset < ALOFT_BUILD_FOLDER_NOWHERE;
    if (good) {
        out->offset = (uint32_t)offset;
        good = aloft_build_folder_join(out->path, folder, file, error);
    } else {
        (void)aloft_message_set(error, "%s lists no %s", list, parts[part].what);
    }
    json_decref(root);
    return good;
}

bool aloft_build_folder_find(const char *folder, enum aloft_build_part part, const char *wanted,
                             struct aloft_build_file *out, struct aloft_message *error)
{
    char list[ALOFT_BUILD_FOLDER_PATH];
    out->offset = ALOFT_BUILD_FOLDER_NOWHERE;
    if (!aloft_build_folder_join(list, folder, "flasher_args.json", error)) {
        return false;
    }
    if (wanted == NULL && access(list, F_OK) == 0) {
        return find_listed(folder, list, part, out, error);
    }
    struct listing *listing = malloc(sizeof *listing);
    if (listing == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    bool good =
        list_files(folder, listing, error) && choose(folder, listing, part, wanted, out, error);
    free(listing);
    return good;
}
