// What users of other tools type. Sources: the help texts of esptool 4 and 5, idf.py and
// esp-idf-nvs-partition-gen; ESP-IDF's parttool.py and otatool.py.
#include "cli/base/alias.h"
#include <stddef.h>

typedef struct aloft_alias_option option;

#define VALUE true
#define FLAG  false
#define END                                                                                        \
    {                                                                                              \
        NULL, NULL, FLAG                                                                           \
    }

// Before the command, in esptool and idf.py; ours take them behind it.
const struct aloft_alias_option aloft_alias_front[] = {
    {"port", "--port", VALUE},
    {"p", "--port", VALUE},
    {"baud", "--baud", VALUE},
    {"b", "--baud", VALUE},
    {"chip", "--chip", VALUE},
    {"c", "--chip", VALUE},
    {"before", "--before", VALUE},
    {"after", "--after", VALUE},
    {"a", "--after", VALUE},
    {"build-dir", "@0", VALUE},
    {"B", "@0", VALUE},
    {"partition-table-offset", "--offset", VALUE},
    {"no-stub", NULL, FLAG}, // no stub is ever loaded
    {"trace", NULL, FLAG},
    {"t", NULL, FLAG},
    {"verbose", NULL, FLAG},
    {"v", NULL, FLAG},
    {"quiet", NULL, FLAG},
    {"q", NULL, FLAG},
    {"connect-attempts", NULL, VALUE},
    END,
};

const struct aloft_alias_value aloft_alias_values[] = {
    {"--before", "default-reset", "reset"},
    {"--before", "usb-reset", "reset"},
    {"--before", "no-reset-no-sync", "no-reset"},
    {"--after", "hard-reset", "reset"},
    {"--after", "soft-reset", "run"},
    {"--after", "no-reset-stub", "no-reset"},
    {"--after", "watchdog-reset", "reset"},
    {"--before", "no_reset", "no-reset"},
    {"--after", "no_reset", "no-reset"},
    {NULL, NULL, NULL},
};

// The fields of a bootloader's header, as esptool writes them.
#define HEADER_OPTIONS                                                                             \
    {"flash-mode", "--flash-mode", VALUE}, {"fm", "--flash-mode", VALUE},                          \
        {"flash-freq", "--flash-freq", VALUE}, {"ff", "--flash-freq", VALUE},                      \
        {"flash-size", "--header-size", VALUE},                                                    \
    {                                                                                              \
        "fs", "--header-size", VALUE                                                               \
    }

static const option write_flash[] = {
    HEADER_OPTIONS,
    {"compress", NULL, FLAG},
    {"z", NULL, FLAG},
    {"no-compress", "--plain", FLAG},
    {"u", "--plain", FLAG},
    {"erase-all", "--erase-all", FLAG},
    {"e", "--erase-all", FLAG},
    {"verify", NULL, FLAG}, // always
    {"no-progress", NULL, FLAG},
    {"force", "--force", FLAG},
    END,
};

static const option merge_bin[] = {
    HEADER_OPTIONS,
    {"output", "--output", VALUE},
    {"o", "--output", VALUE},
    {"format", "--format", VALUE},
    {"f", "--format", VALUE},
    {"fill-flash-size", "--fill", VALUE},
    {"pad-to-size", "--fill", VALUE},
    {"target-offset", "--target-offset", VALUE},
    {"t", "--target-offset", VALUE},
    END,
};

static const option read_flash[] = {
    {"output", "--output", VALUE},
    {"o", "--output", VALUE},
    {"flash-key", "--flash-key", VALUE},
    {"flash-size", "--flash-size", VALUE},
    {"fs", NULL, VALUE},
    {"no-progress", NULL, FLAG},
    END,
};

static const option verify_flash[] = {
    {"diff", NULL, VALUE}, // the first sector that differs is always told
    {"d", NULL, VALUE},
    {"flash-mode", NULL, VALUE},
    {"fm", NULL, VALUE},
    {"flash-freq", NULL, VALUE},
    {"ff", NULL, VALUE},
    {"fs", NULL, VALUE},
    END,
};

static const option image_info[] = {
    {"version", NULL, VALUE}, // of esptool's own output
    END,
};

static const option nvs_generate[] = {
    {"version", "--format", VALUE}, {"outdir", "--folder", VALUE}, {"output", "--output", VALUE},
    {"o", "--output", VALUE},       {"size", "--size", VALUE},     END,
};

const struct aloft_alias aloft_aliases[] = {
    // esptool
    {"esptool", "write-flash", "flash", NULL, write_flash, {NULL}, true},
    {"esptool", "read-flash", "read-flash", NULL, read_flash, {NULL, NULL, "--output"}, true},
    {"esptool", "verify-flash", "verify-flash", NULL, verify_flash, {NULL}, true},
    {"esptool", "erase-region", "erase-flash", NULL, NULL, {NULL}, false},
    {"esptool", "image-info", "image info", NULL, image_info, {NULL}, false},
    {"esptool", "merge-bin", "image merge", NULL, merge_bin, {NULL}, true},
    {"esptool", "flash-id", "chip-info", NULL, NULL, {NULL}, false},
    {"esptool", "chip-id", "chip-info", NULL, NULL, {NULL}, false},
    {"esptool", "read-mac", "chip-info", NULL, NULL, {NULL}, false},
    {"esptool", "get-security-info", "chip-info", NULL, NULL, {NULL}, false},
    {"esptool", "run", "chip-info", NULL, NULL, {NULL}, false}, // it ends with a reset
    {"esptool", "version", "--version", NULL, NULL, {NULL}, false},
    {"esptool",
     "elf2image",
     NULL,
     "an ELF of a chip becomes an image in its build (idf.py build, or esptool elf2image); for the "
     "virtual board use `aloft image build ELF -o BIN`",
     NULL,
     {NULL},
     false},
    {"esptool",
     "load-ram",
     NULL,
     "programs run from flash; use `aloft flash`",
     NULL,
     {NULL},
     false},
    // idf.py; `flash`, `monitor` and `erase-flash` are ours
    {"idf.py", "flash monitor", "flash --monitor", NULL, NULL, {NULL}, false},
    {"idf.py", "size", "image size", NULL, NULL, {NULL}, false},
    {"idf.py", "size-components", "image size", NULL, NULL, {NULL}, false},
    {"idf.py", "erase-otadata", "erase-flash otadata", NULL, NULL, {NULL}, false},
    {"idf.py",
     "build",
     NULL,
     "build with idf.py, and flash its folder with `aloft flash build`; a virtual board's project "
     "is "
     "built by `./dev idf FOLDER` of Aloft's sources",
     NULL,
     {NULL},
     false},
    {"idf.py",
     "partition-table",
     NULL,
     "a table is made by `aloft parts build CSV -o BIN`, and shown by `aloft parts show FILE`",
     NULL,
     {NULL},
     false},
    {"idf.py",
     "app-flash",
     NULL,
     "use `aloft flash OFFSET app.bin`, or `aloft flash build` for all",
     NULL,
     {NULL},
     false},
    // nvs_partition_gen
    {"nvs_partition_gen",
     "generate",
     "nvs build",
     NULL,
     nvs_generate,
     {NULL, "--output", "--size"},
     false},
    {NULL, NULL, NULL, NULL, NULL, {NULL}, false},
};
