// aloft build: an ESP-IDF project becomes a build folder for the virtual board. The work is done by
// `./dev idf` of Aloft's sources; this finds them.
#include "cli/base/args.h"
#include "cli/base/commands.h"
#include "cli/base/ui.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOLDERS_UP = 4 }; // SOURCES/build/release/cli/aloft

// The `dev` of the sources: of those that ALOFT_SOURCES names, else of those that this program was
// built in. False when there are none.
static bool find_dev(char path[PATH_MAX])
{
    static const char dev[] = "/dev";
    const char *named = getenv("ALOFT_SOURCES");
    if (named != NULL) {
        int len = snprintf(path, PATH_MAX, "%s%s", named, dev);
        return len < PATH_MAX && access(path, X_OK) == 0;
    }
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof dev);
    path[n > 0 ? n : 0] = '\0';
    for (int i = 0; i < FOLDERS_UP; i++) {
        char *slash = strrchr(path, '/');
        if (slash == NULL) {
            return false;
        }
        *slash = '\0';
    }
    memcpy(path + strlen(path), dev, sizeof dev);
    return access(path, X_OK) == 0;
}

int cmd_build(int argc, char **argv)
{
    const char *output = NULL;
    struct aloft_arg_list settings = {.count = 0};
    struct aloft_args args = {
        .command = "aloft build",
        .operands = "[PROJECT]",
        .about =
            "Builds an ESP-IDF project [the folder here] for the virtual board: bootloader,\n"
            "partition table and app, in a folder as idf.py makes it, for `aloft flash` and\n"
            "esptool. Needs Aloft's sources: those that this tool was built in, or those that\n"
            "$ALOFT_SOURCES names. For a chip, build with idf.py.",
        .examples = "  aloft build && aloft flash --monitor --port tty\n"
                    "  aloft build ~/esp/my_project -B ~/esp/my_project/build-board\n"
                    "  aloft build -D CONFIG_LOG_DEFAULT_LEVEL_DEBUG=y",
        .exits = "0 built, 1 not",
        .options =
            {
                {ALOFT_ARG_TEXT, 'B', "build-dir", "DIR", "where to [PROJECT/build]", &output},
                {ALOFT_ARG_LIST, 'D', "define", "CONFIG_X=V", "a setting of the project",
                 &settings},
            },
    };
    char dev[PATH_MAX];
    char folder[PATH_MAX];
    char *words[6 + ALOFT_ARG_LIST_MAX] = {dev, (char[]){"idf"}};
    size_t count = 2;
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    const char *project = args.given.items[0] != NULL ? args.given.items[0] : ".";
    if (!find_dev(dev)) {
        aloft_ui_error("a project is built by Aloft's sources, and they are not here: let "
                       "ALOFT_SOURCES name their folder. For a chip, use idf.py build");
        return ALOFT_EXIT_BAD;
    }
    if (output == NULL && snprintf(folder, sizeof folder, "%s/build", project) < PATH_MAX) {
        output = folder;
    }
    words[count++] = strdup(project);
    words[count++] = (char[]){"-B"};
    words[count++] = strdup(output);
    for (size_t i = 0; i < settings.count; i++) {
        words[count++] = strdup(settings.items[i]);
    }
    (void)execv(dev, words); // what was allocated ends here
    aloft_ui_error("cannot run %s: %s", dev, strerror(errno));
    return ALOFT_EXIT_BAD;
}
