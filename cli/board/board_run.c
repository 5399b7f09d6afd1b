// aloft board run, power-cycle and reset: the power switch and the reset button of a board. The
// supervisor does the work; this file reads command lines and prints how a run ended.
#include "aloft/format/ptable.h"
#include "board/supervisor/supervisor.h"
#include "cli/base/args.h"
#include "cli/base/ui.h"
#include "cli/board/board_commands.h"
#include "hostlib/flash/flash_file.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// What `aloft board run` returns besides the usual.
enum { EXIT_NOT_SEEN = 3, EXIT_NOTHING = 4, EXIT_POWER_CUT = 143 };

static bool parse_seconds(const char *text, uint64_t *ms)
{
    char *end;
    double seconds = strtod(text, &end);
    bool good = end != text && *end == 0 && seconds > 0 && seconds <= 1e6;
    *ms = good ? (uint64_t)(seconds * 1000) : 0;
    return good;
}

// "12", "12:before", "12:torn", "12:after".
static bool parse_cut(const char *text, struct aloft_nor_plan *plan)
{
    static const char *const names[] = {"before", "torn", "after"};
    static const enum aloft_nor_cut cuts[] = {ALOFT_NOR_CUT_BEFORE, ALOFT_NOR_CUT_TORN,
                                              ALOFT_NOR_CUT_AFTER};
    char *end;
    unsigned long at = strtoul(text, &end, 10);
    if (end == text || at == 0 || at > UINT32_MAX || text[0] == '-') {
        return false;
    }
    plan->cut_at = (uint32_t)at;
    plan->cut = *end == 0 ? ALOFT_NOR_CUT_TORN : ALOFT_NOR_CUT_NONE;
    for (size_t i = 0; i < COUNT(names) && *end == ':'; i++) {
        if (strcmp(end + 1, names[i]) == 0) {
            plan->cut = cuts[i];
        }
    }
    return plan->cut != ALOFT_NOR_CUT_NONE;
}

static int say_end(const struct aloft_supervisor_config *config, enum aloft_supervisor_end end,
                   const struct aloft_message *error)
{
    const char *text = config->until;
    switch (end) {
    case ALOFT_SUPERVISOR_SEEN:
    case ALOFT_SUPERVISOR_DEBUGGED:
        return ALOFT_EXIT_GOOD;
    case ALOFT_SUPERVISOR_TIMEOUT:
        aloft_ui_error("stopped by --timeout%s%s%s", text ? "; the console did not show '" : "",
                       text ? text : "", text ? "'" : "");
        return EXIT_NOT_SEEN;
    case ALOFT_SUPERVISOR_RESETS:
        aloft_ui_error("stopped by --resets%s%s%s", text ? "; the console did not show '" : "",
                       text ? text : "", text ? "'" : "");
        return EXIT_NOT_SEEN;
    case ALOFT_SUPERVISOR_NO_BOOTLOADER:
    case ALOFT_SUPERVISOR_NO_APP:
        aloft_ui_error("%s", error->text);
        aloft_ui_error(
            "`aloft board info %s` says what is in flash; the first flash of a board is: "
            "aloft board write %s 0x1000 bootloader.bin 0x%x table.bin 0x10000 app.bin",
            config->flash, config->flash,
            (unsigned)(config->ptable_addr != 0 ? config->ptable_addr : ALOFT_PTABLE_ADDR_DEFAULT));
        return EXIT_NOTHING;
    case ALOFT_SUPERVISOR_POWER_CUT:
        return EXIT_POWER_CUT;
    case ALOFT_SUPERVISOR_ERROR:
        break;
    }
    aloft_ui_error("%s", error->text);
    return ALOFT_EXIT_BAD;
}

struct run_options {
    const char *timeout;
    const char *cut;
    bool no_trials;
    struct aloft_arg_list serial;
    struct aloft_arg_list elf;
};

// The options that need more reading than a number.
static bool finish_config(struct aloft_args *args, const struct run_options *options,
                          struct aloft_supervisor_config *config)
{
    config->trials = !options->no_trials;
    config->serial = options->serial.items;
    config->serial_count = options->serial.count;
    config->elf = options->elf.items;
    config->elf_count = options->elf.count;
    struct aloft_message error;
    if (!aloft_supervisor_check(config, &error)) {
        (void)aloft_args_wrong(args, "%s", error.text);
        return false;
    }
    if (config->download && config->serial_count == 0) {
        (void)aloft_args_wrong(args, "--download: the loader needs a --serial end");
        return false;
    }
    if (options->timeout != NULL && !parse_seconds(options->timeout, &config->timeout_ms)) {
        (void)aloft_args_wrong(args, "--timeout '%s' is not a number of seconds", options->timeout);
        return false;
    }
    if (options->cut != NULL && !parse_cut(options->cut, &config->plan)) {
        (void)aloft_args_wrong(args, "--cut '%s': write 12, 12:before, 12:torn or 12:after",
                               options->cut);
        return false;
    }
    if (config->until != NULL &&
        (config->until[0] == 0 || strlen(config->until) >= ALOFT_SUPERVISOR_UNTIL_MAX)) {
        (void)aloft_args_wrong(args, "--until: the text must have 1 to %u bytes",
                               ALOFT_SUPERVISOR_UNTIL_MAX - 1);
        return false;
    }
    return true;
}

int board_run(int argc, char **argv)
{
    struct run_options more = {.timeout = NULL};
    struct aloft_supervisor_config config = {
        .resets_max = ALOFT_SUPERVISOR_ANY,
    };
    struct aloft_message error;
    struct aloft_args args = {
        .command = "aloft board run",
        .operands = "FLASH",
        .about =
            "Powers the board up. Its console is standard output; everything else goes to\n"
            "standard error. Ctrl-C or SIGTERM pulls the power, in the middle of what flash\n"
            "is doing; SIGUSR1 pulls it for 0.2 s, SIGUSR2 presses reset. The board dies with\n"
            "this command. With a serial port, the board can be flashed and watched by any\n"
            "tool for an ESP32; port 0 takes a free one, and the names are said at the start.\n"
            "A panic is explained with functions, files and lines of the app's ELF: one that\n"
            "--elf names, or of this build, the current folder or its build/.",
        .examples = "  aloft board run board.flash\n"
                    "  aloft board run board.flash --until 'Hello world!' --timeout 60\n"
                    "  aloft board run board.flash --cut 40:torn --seed 7\n"
                    "  aloft board run board.flash --serial pty:/tmp/board --serial rfc2217:4000\n"
                    "  aloft board run board.flash --gdb --elf build/",
        .exits =
            "0 the text was shown, or gdb has ended, 1 failed, 3 --timeout or --resets ended it,\n"
            "4 nothing bootable in flash, 143 power cut by a signal or --cut",
        .options =
            {
                {ALOFT_ARG_TEXT, 'u', "until", "TEXT", "stop when the console shows this",
                 &config.until},
                {ALOFT_ARG_TEXT, 't', "timeout", "SECONDS", "stop after this time", &more.timeout},
                {ALOFT_ARG_NUMBER, 0, "resets", "N", "stop at reset N + 1", &config.resets_max},
                {ALOFT_ARG_FLAG, 0, "fast", NULL, "flash and Wi-Fi take no time", &config.fast},
                {ALOFT_ARG_FLAG, 0, "no-trials", NULL, "keep apps that do not confirm themselves",
                 &more.no_trials},
                {ALOFT_ARG_TEXT, 0, "cut", "N[:HOW]",
                 "cut power before|torn|after flash operation N", &more.cut},
                {ALOFT_ARG_NUMBER, 0, "seed", "N", "of what a torn operation leaves",
                 &config.plan.seed},
                {ALOFT_ARG_SIZE, 0, "offset", "ADDR",
                 "of the partition table (as the bootloader has it)", &config.ptable_addr},
                {ALOFT_ARG_LIST, 0, "serial", "END",
                 "serial port: pty, pty:LINK, tcp:PORT, rfc2217:PORT", &more.serial},
                {ALOFT_ARG_FLAG, 0, "gdb", NULL, "start gdb at the app's entry, on this terminal",
                 &config.gdb},
                {ALOFT_ARG_LIST, 0, "elf", "PATH",
                 "the app's ELF or its folder, to explain a panic", &more.elf},
                {ALOFT_ARG_FLAG, 0, "download", NULL, "start in the loader, to be flashed",
                 &config.download},
            },
    };
    if (!aloft_args_read(&args, argc, argv)) {
        return args.status;
    }
    if (!finish_config(&args, &more, &config)) {
        return ALOFT_EXIT_USAGE;
    }
    config.flash = args.given.items[0];
    return say_end(&config, aloft_supervisor_run(&config, &error), &error);
}

// The board that runs on this flash file; 0: none. A tool that is just writing holds only one of
// the two locks that a board holds, and must not get a board's signal.
static pid_t find_board(int fd)
{
    pid_t holder = aloft_flash_file_holder(fd);
    if (holder == 0 || flock(fd, LOCK_SH | LOCK_NB) == 0) {
        return 0;
    }
    return holder;
}

// For both: sends the signal to the board that runs on a flash file.
static int signal_board(struct aloft_args *args, int signal, int argc, char **argv)
{
    if (!aloft_args_read(args, argc, argv)) {
        return args->status;
    }
    const char *path = args->given.items[0];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        aloft_ui_error("cannot open flash file %s: %s", path, strerror(errno));
        return ALOFT_EXIT_BAD;
    }
    pid_t board = find_board(fd);
    (void)close(fd); // opened for reading
    if (board == 0) {
        aloft_ui_error("no board runs on %s; start one with `aloft board run %s`", path, path);
        return ALOFT_EXIT_BAD;
    }
    if (kill(board, signal) != 0) {
        aloft_ui_error("cannot reach the board, process %ld: %s", (long)board, strerror(errno));
        return ALOFT_EXIT_BAD;
    }
    return ALOFT_EXIT_GOOD;
}

int board_power_cycle(int argc, char **argv)
{
    struct aloft_args args = {
        .command = "aloft board power-cycle",
        .operands = "FLASH",
        .about = "Pulls the power of a running board, in the middle of what flash is doing, and\n"
                 "gives it back 0.2 s later.",
        .examples = "  aloft board power-cycle board.flash",
    };
    return signal_board(&args, SIGUSR1, argc, argv);
}

int board_reset(int argc, char **argv)
{
    struct aloft_args args = {
        .command = "aloft board reset",
        .operands = "FLASH",
        .about = "Presses the reset button of a running board. The flash finishes what it is\n"
                 "doing, and a chip in its loader starts its app.",
        .examples = "  aloft board reset board.flash",
    };
    return signal_board(&args, SIGUSR2, argc, argv);
}
