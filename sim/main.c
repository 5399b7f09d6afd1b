// ./dev sim: runs a world and reports what happened in it. The only file here with I/O: it reads
// the command line, and a clock for the rate.
#include "sim/report.h"
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define USAGE_EXIT     2
#define UPDATES        10000u
#define REPLAY_UPDATES 1000000u

static void usage(FILE *to)
{
    (void)fprintf(
        to,
        "Usage: ./dev sim [SEED] [--devices N] [--updates N] [--json] [--all]\n"
        "       ./dev sim SEED --device K [--round R] [--updates N] [--trace]\n\n"
        "Many devices that run the real core and boot code, in a world in which everything goes\n"
        "wrong. The same seed gives the same world. Exit 1 when a rule was broken.\n\n"
        "    SEED         default 1\n"
        "    --devices N  default 24; --updates N   of all devices together, default 10000\n"
        "    --json       the summary for scripts\n"
        "    --all        also exit 1 when a fault or an outcome was rare (1 in 1,000 updates)\n"
        "    --device K   this device alone, until its first violation\n"
        "    --trace      print what it does: time, device, update, station, offset, seq, text\n"
        "    --round R    print only from this update on\n\n"
        "Examples:\n"
        "    ./dev sim 7 --updates 1000000\n"
        "    ./dev sim 7 --device 3 --round 812 --trace\n");
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now); // cannot fail with this clock
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool number(const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9') {
        return false;
    }
    *out = strtoull(text, &end, 10);
    return *end == 0 && *out <= max;
}

struct command {
    struct sim_options options;
    bool json;
    bool all;
};

// One option with its value. False when the option is unknown or the value is bad.
static bool option(struct command *command, const char *name, const char *value)
{
    struct sim_options *options = &command->options;
    uint64_t n;
    if (!number(value, UINT32_MAX - 1, &n)) {
        return false;
    }
    if (strcmp(name, "--devices") == 0 && n > 0 && n <= 100000) {
        options->devices = (uint32_t)n;
    } else if (strcmp(name, "--updates") == 0 && n > 0) {
        options->updates = n;
    } else if (strcmp(name, "--device") == 0) {
        options->only_device = (uint32_t)n;
    } else if (strcmp(name, "--round") == 0) {
        options->trace_round = (uint32_t)n;
    } else {
        return false;
    }
    return true;
}

static bool flag(struct command *command, const char *name)
{
    command->json = command->json || strcmp(name, "--json") == 0;
    command->all = command->all || strcmp(name, "--all") == 0;
    command->options.trace = command->options.trace || strcmp(name, "--trace") == 0;
    return strcmp(name, "--json") == 0 || strcmp(name, "--all") == 0 ||
           strcmp(name, "--trace") == 0;
}

static bool parse(struct command *command, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (flag(command, argv[i])) {
            continue;
        }
        if (argv[i][0] == '-') {
            if (!option(command, argv[i], i + 1 < argc ? argv[i + 1] : NULL)) {
                return false;
            }
            i++;
        } else if (!number(argv[i], UINT64_MAX, &command->options.seed)) {
            return false;
        }
    }
    return true;
}

// A failed assertion of core aborts, or traps, as on a device. A signal handler can use static
// variables only, so this one is the exception from the rule against globals.
static const struct sim_world *watched;

static void gave_up(int signal)
{
    const struct sim_device *device = watched->queue[0];
    (void)fprintf(stderr, "\nVIOLATION device %u, update %u: core gave up (signal %d)\n",
                  (unsigned)device->number, (unsigned)device->round.number, signal);
    (void)fprintf(stderr, "    replay: ./dev sim %" PRIu64 " --device %u --round %u --trace\n",
                  watched->shared.seed, (unsigned)device->number, (unsigned)device->round.number);
    _exit(1);
}

static void run(struct sim_world *world, const struct command *command)
{
    bool terminal = isatty(STDERR_FILENO) == 1;
    uint64_t updates = command->options.updates;
    uint64_t every = terminal ? 1000 : updates / 10 + 1;
    uint64_t next = every;
    watched = world;
    (void)signal(SIGABRT, gave_up); // without a handler, there is no line to replay
    (void)signal(SIGILL, gave_up);
    (void)signal(SIGTRAP, gave_up);
    while (sim_world_step(world)) {
        if (world->shared.tally.updates >= next && !command->options.trace) {
            next += every;
            sim_report_progress(world, updates, terminal);
        }
    }
    if (terminal && !command->options.trace) {
        (void)fprintf(stderr, "\r\033[K");
    }
}

int main(int argc, char **argv)
{
    struct command command = {
        .options = {.seed = 1, .devices = 24, .updates = 10000, .only_device = SIM_ANY_DEVICE}};
    struct sim_world world;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        usage(stdout);
        return 0;
    }
    if (!parse(&command, argc, argv)) {
        usage(stderr);
        return USAGE_EXIT;
    }
    if (command.options.updates == 0) { // a replay goes on until it meets its violation
        bool replay = command.options.only_device != SIM_ANY_DEVICE;
        command.options.updates = replay ? REPLAY_UPDATES : UPDATES;
    }
    if (!sim_world_open(&world, &command.options)) {
        (void)fprintf(stderr, "sim: there is not enough memory for so many devices\n");
        sim_world_close(&world);
        return 1;
    }
    double start = seconds_now();
    run(&world, &command);
    double seconds = seconds_now() - start;
    if (command.json) {
        sim_report_json(&world, seconds);
    } else {
        sim_report_text(&world, seconds);
    }
    bool good = world.shared.tally.violations == 0 &&
                (!command.all || sim_tally_is_full(&world.shared.tally));
    sim_world_close(&world);
    return good ? 0 : 1;
}
