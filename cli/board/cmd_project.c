// aloft project: what idf.py does with an ESP-IDF project besides building it.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include "hostlib/base/chip_info.h"
#include "hostlib/base/file.h"
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIST_MAX = 64 << 10, SETTINGS_MAX = 4 << 20 };

// tools/idf_folder writes it: the files that it made, one a line.
#define MARKER "aloft-build.txt"

// --- clean

static bool join(char path[PATH_MAX], const char *folder, const char *name, size_t name_len)
{
    int len = snprintf(path, PATH_MAX, "%s/%.*s", folder, (int)name_len, name);
    if (len >= PATH_MAX) {
        aloft_ui_error("the path %s/... is too long", folder);
    }
    return len < PATH_MAX;
}

// A name in the list stays inside the folder: no "..", no "/x", and no way through a link.
static bool is_inside(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat about;
    bool good = name[0] != '/';
    for (const char *part = name; good && part != NULL;) {
        const char *slash = strchr(part, '/');
        size_t len = slash != NULL ? (size_t)(slash - part) : strlen(part);
        good = len != 0 && !(len <= 2 && strncmp(part, "..", len) == 0);
        if (good && slash != NULL) {
            good = join(path, folder, name, (size_t)(slash - name)) &&
                   (lstat(path, &about) != 0 || S_ISDIR(about.st_mode));
        }
        part = slash != NULL ? slash + 1 : NULL;
    }
    if (!good) {
        aloft_ui_error("%s/" MARKER " names '%s', which is not in the folder; nothing was removed",
                       folder, name);
    }
    return good;
}

// The folders on the way to a file go with it, unless something else is in them.
static bool remove_listed(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct aloft_message error;
    if (!join(path, folder, name, strlen(name))) {
        return false;
    }
    if (!aloft_file_remove(path, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    for (char *slash; (slash = strrchr(path, '/')) != NULL && slash > path + strlen(folder);) {
        *slash = '\0';
        (void)rmdir(path);
    }
    return true;
}

// The list goes last, so that a clean that was cut short can be run again.
static bool remove_all(const char *folder, char *list)
{
    char *names[256];
    size_t count = 0;
    for (char *rest = list, *name; (name = strtok_r(rest, "\r\n", &rest)) != NULL;) {
        if (count == sizeof names / sizeof names[0] || !is_inside(folder, name)) {
            return false;
        }
        names[count++] = name;
    }
    bool good = true;
    for (size_t i = 0; good && i < count; i++) {
        good = remove_listed(folder, names[i]);
    }
    return good && remove_listed(folder, MARKER);
}

static int clean(const char *folder)
{
    char path[PATH_MAX];
    struct stat about;
    struct aloft_file list;
    struct aloft_message error;
    if (!join(path, folder, MARKER, strlen(MARKER))) {
        return ALOFT_EXIT_BAD;
    }
    if (lstat(folder, &about) != 0 && errno == ENOENT) {
        printf("there is no %s: nothing to remove\n", folder);
        return ALOFT_EXIT_GOOD;
    }
    if (access(path, F_OK) != 0) {
        aloft_ui_error("%s has no " MARKER ", the list that `aloft build` writes, so it stays; "
                       "what ESP-IDF built, idf.py fullclean removes",
                       folder);
        return ALOFT_EXIT_BAD;
    }
    if (!aloft_file_read(path, LIST_MAX, &list, &error)) {
        aloft_ui_error("%s", error.text);
        return ALOFT_EXIT_BAD;
    }
    bool good = remove_all(folder, (char *)list.data);
    aloft_file_release(&list);
    if (good) {
        printf(rmdir(folder) == 0 ? "removed %s\n"
                                  : "removed what `aloft build` made in %s; other files stay\n",
               folder);
    }
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

static int project_clean(int argc, char **argv)
{
    const char *output = NULL;
    char folder[PATH_MAX];
    struct aloft_args args = {
        .command = "aloft project clean",
        .operands = "[PROJECT]",
        .about = "Removes the build folder of an ESP-IDF project [the folder here] that `aloft\n"
                 "build` made: the files that it made, and then the folder if it is empty. Any\n"
                 "other folder stays.",
        .examples = "  aloft project clean\n"
                    "  aloft project clean -B build-board",
        .exits = "0 removed, or not there, 1 not",
        .options = {{ALOFT_ARG_TEXT, 'B', "build-dir", "DIR", "where it is [PROJECT/build]",
                     &output}},
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    const char *project = args.given.items[0] != NULL ? args.given.items[0] : ".";
    if (output == NULL) {
        bool here = strcmp(project, ".") == 0;
        if (!here && !join(folder, project, "build", strlen("build"))) {
            return ALOFT_EXIT_BAD;
        }
        output = here ? "build" : folder;
    }
    return clean(output);
}

// --- target

static int project_target(int argc, char **argv)
{
    struct aloft_args args = {
        .command = "aloft project target",
        .operands = "CHIP",
        .about = "Tells whether `aloft build` builds for this chip. The virtual board is an\n"
                 "ESP32, so there is nothing to set.",
        .examples = "  aloft project target esp32",
        .exits = "0 it does, 1 it does not",
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    const char *word = args.given.items[0];
    const struct aloft_chip_info *chip = aloft_chip_info_named(word);
    if (chip == &aloft_chip_infos[ALOFT_CHIP_ROW_ESP32]) {
        printf("esp32: `aloft build` builds for the virtual board, which is one\n");
        return ALOFT_EXIT_GOOD;
    }
    if (chip == NULL) {
        aloft_ui_error("'%s' is not a chip; `aloft build` builds for an esp32, the virtual board",
                       word);
    } else {
        aloft_ui_error("`aloft build` builds for an esp32, the virtual board; for an %s use "
                       "idf.py set-target %s build, then `aloft flash`",
                       chip->word, chip->word);
    }
    return ALOFT_EXIT_BAD;
}

// --- settings

// Notes what a line sets, and where. The last word counts; the place of the first stays.
static bool note(json_t *all, const char *file, char *line)
{
    static const char unset[] = " is not set";
    bool off = line[0] == '#';
    char *name = line + strspn(line, off ? "# \t" : " \t");
    char *end = off ? strstr(name, unset) : strchr(name, '=');
    if (strncmp(name, "CONFIG_", 7) != 0 || end == NULL) {
        return true;
    }
    *end = '\0';
    const char *value = off ? "n" : end + 1;
    char from[80];
    (void)snprintf(from, sizeof from, "%s", file);
    json_t *row = json_pack("[o, s]", aloft_ui_json_text(value), from);
    json_t *key = aloft_ui_json_text(name);
    bool good =
        row != NULL && key != NULL && json_object_set(all, json_string_value(key), row) == 0;
    json_decref(row);
    json_decref(key);
    return good;
}

static bool read_settings(const char *project, const char *name, json_t *all)
{
    char path[PATH_MAX];
    struct aloft_file file;
    struct aloft_message error;
    if (!join(path, project, name, strlen(name)) || access(path, F_OK) != 0) {
        return strlen(project) + strlen(name) + 1 < PATH_MAX;
    }
    if (!aloft_file_read(path, SETTINGS_MAX, &file, &error)) {
        aloft_ui_error("%s", error.text);
        return false;
    }
    bool good = true;
    for (char *rest = (char *)file.data, *line;
         good && (line = strtok_r(rest, "\r\n", &rest)) != NULL;) {
        good = note(all, name, line);
    }
    aloft_file_release(&file);
    if (!good) {
        aloft_ui_error("out of memory");
    }
    return good;
}

static void print_settings(const char *project, json_t *all)
{
    const char *name;
    json_t *row;
    json_object_foreach(all, name, row)
    {
        char text[512];
        (void)snprintf(text, sizeof text, "%s=%s", name, json_string_value(json_array_get(row, 0)));
        aloft_ui_clean(text, text, sizeof text);
        printf("%-48s  %s\n", text, json_string_value(json_array_get(row, 1)));
    }
    printf("%s%s sets %zu option%s; the others have ESP-IDF's defaults. Set one with a line\n"
           "CONFIG_X=V in sdkconfig.defaults, or `aloft build %s -D CONFIG_X=V`.\n",
           json_object_size(all) != 0 ? "\n" : "", project, json_object_size(all),
           json_object_size(all) == 1 ? "" : "s", project);
}

static int project_settings(int argc, char **argv)
{
    static const char *const files[] = {"sdkconfig.defaults", "sdkconfig.defaults.esp32",
                                        "sdkconfig"};
    struct aloft_args args = {
        .command = "aloft project settings",
        .operands = "[PROJECT]",
        .about = "Tells what an ESP-IDF project [the folder here] sets of its configuration, in\n"
                 "which file, and how to set more. There is no menu.",
        .examples = "  aloft project settings\n"
                    "  aloft project settings ~/esp/my_project",
        .exits = "0 told, 1 a file cannot be read",
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    const char *project = args.given.items[0] != NULL ? args.given.items[0] : ".";
    if (access(project, X_OK) != 0) {
        aloft_ui_error("%s: %s", project, strerror(errno));
        return ALOFT_EXIT_BAD;
    }
    json_t *all = json_object();
    bool good = true;
    for (size_t i = 0; good && i < sizeof files / sizeof files[0]; i++) {
        good = read_settings(project, files[i], all);
    }
    if (good) {
        print_settings(project, all);
    }
    json_decref(all);
    return good ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}

int cmd_project(int argc, char **argv)
{
    static const struct aloft_command commands[] = {
        {"clean", "remove what `aloft build` made", project_clean},
        {"target", "tell whether a chip is what `aloft build` builds for", project_target},
        {"settings", "tell what a project sets of its configuration", project_settings},
        {NULL, NULL, NULL},
    };
    return aloft_args_dispatch("aloft project", "ESP-IDF projects, besides `aloft build`.",
                               commands, argc, argv);
}
