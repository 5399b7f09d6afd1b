// What users of other tools type. Sources: the help texts of esptool 4 and 5, idf.py and
// esp-idf-nvs-partition-gen; ESP-IDF's parttool.py and otatool.py.
#include "cli/base/alias.h"
#include <stddef.h>

typedef struct aloft_alias_option option;

#define VALUE true
#define FLAG  false
#define END                                                                                        \
    {                                                                                              \
        NULL, NULL, FLAG, NULL                                                                     \
    }

// Before the command, in esptool and idf.py; ours take them behind it.
const struct aloft_alias_option aloft_alias_front[] = {
    {"port", "--port", VALUE, NULL},
    {"p", "--port", VALUE, NULL},
    {"baud", "--baud", VALUE, NULL},
    {"b", "--baud", VALUE, NULL},
    {"chip", "--chip", VALUE, NULL},
    {"c", "--chip", VALUE, NULL},
    {"before", "--before", VALUE, NULL},
    {"after", "--after", VALUE, NULL},
    {"a", "--after", VALUE, NULL},
    {"build-dir", "@0", VALUE, NULL},
    {"B", "@0", VALUE, NULL},
    {"project-dir", "@0", VALUE, "*/build"},
    {"C", "@0", VALUE, "*/build"},
    {"partition-table-offset", "--offset", VALUE, NULL},
    {"partition-table-file", "--table", VALUE, NULL},
    {"no-stub", NULL, FLAG, NULL}, // no stub is ever loaded
    {"trace", NULL, FLAG, NULL},
    {"t", NULL, FLAG, NULL},
    {"verbose", NULL, FLAG, NULL},
    {"v", NULL, FLAG, NULL},
    {"quiet", NULL, FLAG, NULL},
    {"q", NULL, FLAG, NULL},
    {"connect-attempts", NULL, VALUE, NULL},
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
    {"flash-mode", "--flash-mode", VALUE, NULL}, {"fm", "--flash-mode", VALUE, NULL},              \
        {"flash-freq", "--flash-freq", VALUE, NULL}, {"ff", "--flash-freq", VALUE, NULL},          \
        {"flash-size", "--header-size", VALUE, NULL},                                              \
    {                                                                                              \
        "fs", "--header-size", VALUE, NULL                                                         \
    }

static const option write_flash[] = {
    HEADER_OPTIONS,
    {"compress", NULL, FLAG, NULL},
    {"z", NULL, FLAG, NULL},
    {"no-compress", "--plain", FLAG, NULL},
    {"u", "--plain", FLAG, NULL},
    {"erase-all", "--erase-all", FLAG, NULL},
    {"e", "--erase-all", FLAG, NULL},
    {"verify", NULL, FLAG, NULL}, // always
    {"no-progress", NULL, FLAG, NULL},
    {"force", "--force", FLAG, NULL},
    {"encrypt", "--encrypt", FLAG, NULL},
    END,
};

static const option merge_bin[] = {
    HEADER_OPTIONS,
    {"output", "--output", VALUE, NULL},
    {"o", "--output", VALUE, NULL},
    {"format", "--format", VALUE, NULL},
    {"f", "--format", VALUE, NULL},
    {"fill-flash-size", "--fill", VALUE, NULL},
    {"pad-to-size", "--fill", VALUE, NULL},
    {"target-offset", "--target-offset", VALUE, NULL},
    {"t", "--target-offset", VALUE, NULL},
    END,
};

static const option read_flash[] = {
    {"output", "--output", VALUE, NULL},
    {"o", "--output", VALUE, NULL},
    {"flash-key", "--flash-key", VALUE, NULL},
    {"flash-size", "--flash-size", VALUE, NULL},
    {"fs", NULL, VALUE, NULL},
    {"no-progress", NULL, FLAG, NULL},
    END,
};

static const option verify_flash[] = {
    {"diff", NULL, VALUE, NULL}, // the first sector that differs is always told
    {"d", NULL, VALUE, NULL},
    {"flash-mode", NULL, VALUE, NULL},
    {"fm", NULL, VALUE, NULL},
    {"flash-freq", NULL, VALUE, NULL},
    {"ff", NULL, VALUE, NULL},
    {"fs", NULL, VALUE, NULL},
    END,
};

static const option dump_mem[] = {
    {"output", "--output", VALUE, NULL},
    {"o", "--output", VALUE, NULL},
    END,
};

static const option flash_status[] = {
    {"bytes", NULL, VALUE, NULL}, // all three are told
    END,
};

static const option image_info[] = {
    {"version", NULL, VALUE, NULL}, // of esptool's own output
    END,
};

static const option idf_build[] = {
    {"build-dir", "--build-dir", VALUE, NULL}, {"B", "--build-dir", VALUE, NULL},
    {"project-dir", "@0", VALUE, NULL},        {"C", "@0", VALUE, NULL},
    {"define-cache-entry", "-D", VALUE, NULL}, END,
};

static const option idf_project[] = {
    {"build-dir", "--build-dir", VALUE, NULL},
    {"B", "--build-dir", VALUE, NULL},
    {"project-dir", "@0", VALUE, NULL},
    {"C", "@0", VALUE, NULL},
    END,
};

// Where neither a project nor its folder matters.
static const option idf_nowhere[] = {
    {"build-dir", NULL, VALUE, NULL},
    {"B", NULL, VALUE, NULL},
    {"project-dir", NULL, VALUE, NULL},
    {"C", NULL, VALUE, NULL},
    END,
};

static const option idf_monitor[] = {
    {"t", "--timeout", VALUE, NULL}, // ours, not esptool's --trace
    {"build-dir", NULL, VALUE, NULL},
    {"B", NULL, VALUE, NULL},
    {"project-dir", NULL, VALUE, NULL},
    {"C", NULL, VALUE, NULL},
    END,
};

static const option idf_settings[] = {
    {"build-dir", NULL, VALUE, NULL},
    {"B", NULL, VALUE, NULL},
    {"project-dir", "@0", VALUE, NULL},
    {"C", "@0", VALUE, NULL},
    END,
};

static const option idf_size[] = {
    {"format", NULL, VALUE, NULL}, // of idf.py's own output
    END,
};

static const option nvs_generate[] = {
    {"version", "--format", VALUE, NULL}, {"outdir", "--folder", VALUE, NULL},
    {"output", "--output", VALUE, NULL},  {"o", "--output", VALUE, NULL},
    {"size", "--size", VALUE, NULL},      END,
};

static const option part[] = {
    {"partition-name", "@0", VALUE, NULL},
    {"n", "@0", VALUE, NULL},
    {"name", "@0", VALUE, NULL},
    {"slot", "@0", VALUE, "ota_*"},
    {"input", "@1", VALUE, NULL},
    {"output", "--output", VALUE, NULL},
    {"partition-type", NULL, VALUE, NULL}, // the subtype's word is enough
    {"partition-subtype", "@0", VALUE, NULL},
    {"partition-boot-default", "@0", FLAG, "boot-default"},
    {"info", NULL, FLAG, NULL}, // fields follow
    END,
};

const struct aloft_alias aloft_aliases[] = {
    // esptool
    {"esptool", "write-flash", "flash", NULL, write_flash, {NULL}, true},
    {"esptool", "read-flash", "read-flash", NULL, read_flash, {NULL, NULL, "--output"}, true},
    {"esptool", "verify-flash", "verify-flash", NULL, verify_flash, {NULL}, true},
    {"esptool", "erase-region", "erase-flash", NULL, NULL, {NULL}, false},
    {"esptool", "image-info", "image info", NULL, image_info, {NULL}, false},
    {"esptool", "merge-bin", "image merge", NULL, merge_bin, {NULL}, true}, // idf.py's, too
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
     "nothing is loaded into RAM here, programs run from flash; use `aloft flash`",
     NULL,
     {NULL},
     false},
    {"esptool", "read-mem", "chip-mem", NULL, NULL, {NULL}, false},
    {"esptool", "write-mem", "chip-mem", NULL, NULL, {NULL, "--write", "--mask"}, false},
    {"esptool", "dump-mem", "chip-mem", NULL, dump_mem, {NULL, NULL, "--output"}, false},
    {"esptool", "read-flash-status", "chip-info --flash-status", NULL, flash_status, {NULL}, false},
    {"esptool",
     "write-flash-status",
     NULL,
     "a wrong bit there locks a flash for good, so it is not here; `aloft chip-info "
     "--flash-status` reads it, esptool write_flash_status writes it",
     NULL,
     {NULL},
     false},
    {"esptool",
     "read-flash-sfdp",
     NULL,
     "this table of a flash is not read here; `aloft chip-info` tells maker, type and size, and "
     "esptool read_flash_sfdp the table",
     NULL,
     {NULL},
     false},
    // idf.py; `flash` is ours
    {"idf.py", "flash monitor", "flash --monitor", NULL, NULL, {NULL}, false},
    {"idf.py", "monitor", "monitor", NULL, idf_monitor, {NULL}, false},
    {"idf.py", "erase-flash", "erase-flash", NULL, idf_nowhere, {NULL}, false},
    {"idf.py", "encrypted-flash", "flash --encrypt", NULL, NULL, {NULL}, false},
    {"idf.py", "encrypted-app-flash", "flash --encrypt --only app", NULL, NULL, {NULL}, false},
    {"idf.py", "app-flash", "flash --only app", NULL, NULL, {NULL}, false},
    {"idf.py", "bootloader-flash", "flash --only bootloader", NULL, NULL, {NULL}, false},
    {"idf.py", "partition-table-flash", "flash --only partition-table", NULL, NULL, {NULL}, false},
    {"idf.py", "build", "build", NULL, idf_build, {NULL}, false},
    {"idf.py", "all", "build", NULL, idf_build, {NULL}, false},
    {"idf.py", "app", "build", NULL, idf_build, {NULL}, false},
    {"idf.py", "partition-table", "parts show", NULL, NULL, {NULL}, false},
    {"idf.py", "read-otadata", "chip-boot", NULL, idf_nowhere, {NULL}, false},
    {"idf.py", "size", "image size", NULL, idf_size, {NULL}, false},
    {"idf.py", "size-components", "image size", NULL, idf_size, {NULL}, false},
    {"idf.py", "size-files", "image size", NULL, idf_size, {NULL}, false},
    {"idf.py", "erase-otadata", "erase-flash otadata", NULL, idf_nowhere, {NULL}, false},
    {"idf.py", "menuconfig", "project settings", NULL, idf_settings, {NULL}, false},
    {"idf.py", "set-target", "project target", NULL, idf_nowhere, {NULL}, false},
    {"idf.py", "fullclean", "project clean", NULL, idf_project, {NULL}, false},
    {"idf.py", "clean", "project clean", NULL, idf_project, {NULL}, false},
    // parttool.py
    {"parttool.py", "read-partition", "read-flash", NULL, part, {NULL}, false},
    {"parttool.py", "write-partition", "flash", NULL, part, {NULL}, false},
    {"parttool.py", "erase-partition", "erase-flash", NULL, part, {NULL}, false},
    {"parttool.py", "get-partition-info", "chip-parts", NULL, part, {NULL}, false},
    // otatool.py
    {"otatool.py", "switch-ota-partition", "chip-boot", NULL, part, {NULL}, false},
    {"otatool.py", "read-ota-partition", "read-flash", NULL, part, {NULL}, false},
    {"otatool.py", "write-ota-partition", "flash", NULL, part, {NULL}, false},
    {"otatool.py", "erase-ota-partition", "erase-flash", NULL, part, {NULL}, false},
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
