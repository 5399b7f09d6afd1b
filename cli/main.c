// The front of `aloft`: picks the command, and makes sure at the end that what it printed has
// arrived.
#include "cli/base/alias.h"
#include "cli/base/commands.h"
#include "cli/base/describe.h"
#include "cli/base/ui.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct aloft_command commands[] = {
    {"parts", "build, show and check partition tables", cmd_parts},
    {"image", "look into, verify and build app images", cmd_image},
    {"keys", "create keys that sign firmware, and show their digests", cmd_keys},
    {"sign", "sign an image, or attach a signature made elsewhere", cmd_sign},
    {"verify", "check the signatures of a file", cmd_verify},
    {"encrypt", "encrypt an image for the devices that have a key", cmd_encrypt},
    {"decrypt", "open an encrypted image", cmd_decrypt},
    {"otadata", "see and change which slot a board boots", cmd_otadata},
    {"nvs", "see and change the values in a board's NVS", cmd_nvs},
    {"secret", "set the passwords of a board's ways in", cmd_secret},
    {"efuse", "see and burn a board's eFuses: trusted keys, secure boot, versions", cmd_efuse},
    {"board", "create, run and stop virtual boards", cmd_board},
    {"build", "build an ESP-IDF project for the virtual board", cmd_build},
    {"project", "clean an ESP-IDF project, tell its target and its settings", cmd_project},
    {"serve", "serve a folder of firmware over HTTP, for development", cmd_serve},
    {"push", "send firmware to a device in the network, as Arduino's IDE does", cmd_push},
    {"control", "tell a device in the network what to boot, and ask what it runs", cmd_control},
    {"flash", "write a build folder or files into a board, over its serial port", cmd_flash},
    {"erase-flash", "erase a board's flash, over its serial port", cmd_erase_flash},
    {"read-flash", "read a board's flash into a file", cmd_read_flash},
    {"verify-flash", "compare files with a board's flash", cmd_verify_flash},
    {"monitor", "show a board's console, and type to it", cmd_monitor},
    {"chip-info", "tell which chip is at a serial port", cmd_chip_info},
    {"chip-parts", "tell the partition table of a chip at a serial port", cmd_chip_parts},
    {"chip-mem", "read and write words of a chip's memory and registers", cmd_chip_mem},
    {"chip-boot", "tell or choose which slot of a chip boots, over its serial port", cmd_chip_boot},
    {NULL, NULL, NULL},
};

static const char about[] =
    "Partition tables, firmware images, boot selection and virtual boards for\n"
    "over-the-air updates of ESP32-class devices.";

static const char tour[] =
    "What people do first:\n"
    "\n"
    "Look at what there is\n"
    "  aloft image info firmware.bin              whole? for which chip? which version?\n"
    "  aloft image size firmware.bin --slot-size 1536K\n"
    "  aloft parts show partitions.csv            the map of the flash\n"
    "\n"
    "A chip at a serial port, or a virtual board instead of one\n"
    "  aloft chip-info --port /dev/ttyUSB0\n"
    "  aloft flash build --port /dev/ttyUSB0 --monitor\n"
    "  aloft board create board.flash && aloft board run board.flash --serial pty:tty &\n"
    "  aloft flash build --port tty --monitor\n"
    "\n"
    "An update over the air\n"
    "  aloft serve build --port 8070              devices pull\n"
    "  aloft push 192.168.1.20 firmware.bin       or it is sent to one, as Arduino does\n"
    "  aloft control 192.168.1.20 status          what does it run now?\n"
    "\n"
    "Words of esptool, idf.py, parttool.py, otatool.py and nvs_partition_gen work here, too:\n"
    "  aloft --port /dev/ttyUSB0 write_flash 0x10000 firmware.bin\n"
    "\n"
    "`aloft --help` lists the commands, `aloft help COMMAND` tells more, with examples.\n";

// Words of other tools that could have been meant.
static void feed_aliases(struct aloft_suggest *suggest)
{
    for (const struct aloft_alias *alias = aloft_aliases; alias->words != NULL; alias++) {
        aloft_suggest_feed(suggest, alias->words);
    }
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        printf("aloft %s. %s", ALOFT_VERSION, tour);
        return ALOFT_EXIT_GOOD;
    }
    if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
        printf("aloft %s\n", ALOFT_VERSION);
        return ALOFT_EXIT_GOOD;
    }
    if (argc == 2 && strcmp(argv[1], "--commands") == 0) {
        return aloft_describe("aloft", about, commands); // for tools/manual
    }
    return aloft_args_dispatch_near("aloft", about, commands, feed_aliases, argc, argv);
}

int main(int argc, char **argv)
{
    static struct aloft_alias_line line;
    int status;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            aloft_ui_json_want();
        }
    }
    if (aloft_alias_read(&line, argc, argv, &status)) {
        status = run(line.argc, line.argv);
    }
    aloft_ui_json_end(status == ALOFT_EXIT_GOOD    ? NULL
                      : status == ALOFT_EXIT_USAGE ? "USAGE"
                                                   : "FAILED");
    aloft_alias_release(&line);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        aloft_ui_error("cannot write to standard output: %s", strerror(errno));
        return ALOFT_EXIT_BAD;
    }
    return status;
}
