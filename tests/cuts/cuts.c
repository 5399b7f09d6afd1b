// The exhaustive power-cut proof. Each scenario is run once to count its N flash operations, then
// once for every operation and every way to cut it, to its end; then the same with a second cut at
// every operation of each recovery. A pair that was not run, or whose cut was never reached, fails.
//
//     cuts [--depth 1|2] [--scenario NAME] [--flash KIND] [--all] [--every K] [--seeds S]
//          [--seed N] [--jobs J] [--share SECONDS] [--replay SCENARIO:n:kind[:n2:kind2]:seed]
//          [--list]
#include "shoot.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOBS_MAX = 16, ROUNDS = 32 };

static const char usage[] =
    "usage: cuts [options]\n"
    "  --depth 1|2      cuts in a row (2)\n"
    "  --scenario NAME  only those whose name starts with NAME\n"
    "  --flash KIND     plain, encrypted or both (both)\n"
    "  --all            every second cut of whole updates, too; else one first cut in 16\n"
    "  --every K        only each K-th first cut (1)\n"
    "  --seeds S        seeds of torn parts and weak bits at depth 1 (8)\n"
    "  --seed N         the first of them, and the one of depth 2 (1)\n"
    "  --jobs J         processes (2)\n"
    "  --share SECONDS  depth 1, then as much of depth 2 as the time allows, always in one order\n"
    "  --replay LINE    SCENARIO:n:kind[:n2:kind2]:seed, with a trace of operations and boots\n"
    "  --list           names of the scenarios\n";

struct options {
    struct shoot_plan plan;
    const char *scenario;
    const char *replay;
    uint32_t jobs;
    bool plain;
    bool encrypted;
    bool list;
};

static bool number(const char *text, uint32_t max, uint32_t *out)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *out = (uint32_t)value;
    return *text != 0 && *end == 0 && value >= 1 && value <= max;
}

static bool option(struct options *options, const char *name, const char *value)
{
    struct shoot_plan *plan = &options->plan;
    if (strcmp(name, "--depth") == 0) {
        return number(value, 2, &plan->depth);
    }
    if (strcmp(name, "--every") == 0) {
        return number(value, 100000, &plan->every);
    }
    if (strcmp(name, "--seeds") == 0) {
        return number(value, 1000, &plan->seeds);
    }
    if (strcmp(name, "--seed") == 0) {
        return number(value, 1000000, &plan->seed);
    }
    if (strcmp(name, "--jobs") == 0) {
        return number(value, JOBS_MAX, &options->jobs);
    }
    if (strcmp(name, "--share") == 0) {
        return number(value, 100000, &plan->share_s);
    }
    if (strcmp(name, "--scenario") == 0) {
        options->scenario = value;
        return true;
    }
    if (strcmp(name, "--flash") == 0) {
        bool both = strcmp(value, "both") == 0;
        options->plain = both || strcmp(value, "plain") == 0;
        options->encrypted = both || strcmp(value, "encrypted") == 0;
        return options->plain || options->encrypted;
    }
    if (strcmp(name, "--replay") == 0) {
        options->replay = value;
        return true;
    }
    return false;
}

static bool parse(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            options->list = true;
        } else if (strcmp(argv[i], "--all") == 0) {
            options->plan.sample = 1;
        } else if (i + 1 < argc && option(options, argv[i], argv[i + 1])) {
            i++;
        } else {
            return false;
        }
    }
    return true;
}

static bool chosen(const struct options *options, const struct scenario *scenario)
{
    const char *prefix = options->scenario;
    bool flash = scenario->unit != 0 ? options->encrypted : options->plain;
    return flash && (prefix == NULL || strncmp(scenario->name, prefix, strlen(prefix)) == 0);
}

// A misspelt name would run no scenario, and so find nothing wrong.
static bool any_chosen(const struct options *options, const struct scenario *all, uint32_t count)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        n += chosen(options, &all[i]);
    }
    if (n == 0) {
        fprintf(stderr, "cuts: no scenario's name starts with %s; --list has them\n",
                options->scenario);
    }
    return n > 0;
}

// One process: its part of every scenario. A share that ends early has seen everything once at
// depth 1, and at depth 2 as many rounds as there was time for, each over all scenarios.
static void work(const struct options *options, uint32_t job, struct shoot_result *results)
{
    uint32_t count;
    const struct scenario *all = scenarios(&count);
    struct shoot_plan plan = options->plan;
    plan.part = job;
    plan.parts = options->jobs;
    for (plan.depth = 1; plan.depth <= options->plan.depth; plan.depth++) {
        plan.rounds = plan.depth == 2 && plan.share_s != 0 ? ROUNDS : 1;
        for (uint32_t i = 0; i < count * plan.rounds; i++) {
            plan.round = i / count;
            if (chosen(options, &all[i % count])) {
                shoot(&all[i % count], &plan, &results[i % count]);
            }
        }
    }
}

static void add(struct shoot_result *sum, const struct shoot_result *one)
{
    sum->operations = one->operations > sum->operations ? one->operations : sum->operations;
    for (int i = 0; i < 2; i++) {
        sum->pairs[i] += one->pairs[i];
        sum->expected[i] += one->expected[i];
    }
    sum->firsts += one->firsts;
    sum->firsts_expected += one->firsts_expected;
    sum->seconds += one->seconds;
    sum->bad += one->bad;
    sum->skipped += one->skipped;
}

static bool complete(const struct shoot_result *r)
{
    return r->pairs[0] == r->expected[0] && r->pairs[1] == r->expected[1] &&
           r->firsts + r->skipped == r->firsts_expected;
}

static void print_row(const char *name, const struct shoot_result *r)
{
    uint64_t cuts = r->pairs[0] + r->pairs[1];
    printf("%-36s %4u %8llu %9llu %7.1f %7.0f %5llu%s\n", name, (unsigned)r->operations,
           (unsigned long long)r->pairs[0], (unsigned long long)r->pairs[1], r->seconds,
           r->seconds > 0 ? (double)cuts / r->seconds : 0, (unsigned long long)r->bad,
           complete(r) ? "" : "  PAIRS ARE MISSING");
}

// True when nothing was bad and nothing is missing.
static bool report(const struct options *options, const struct shoot_result *results)
{
    uint32_t count;
    const struct scenario *all = scenarios(&count);
    struct shoot_result total = {0};
    bool good = true;
    printf("%-36s %4s %8s %9s %7s %7s %5s\n", "scenario", "N", "one cut", "two cuts", "seconds",
           "cuts/s", "bad");
    for (uint32_t i = 0; i < count; i++) {
        struct shoot_result sum = {0};
        for (uint32_t job = 0; job < options->jobs; job++) {
            add(&sum, &results[job * SCENARIOS_MAX + i]);
        }
        if (chosen(options, &all[i])) {
            print_row(all[i].name, &sum);
            good = good && complete(&sum);
            add(&total, &sum);
        }
    }
    print_row("all", &total);
    if (total.skipped != 0) {
        printf("the share's time was up: %llu first cuts were left out at depth 2\n",
               (unsigned long long)total.skipped);
    }
    return good && total.bad == 0 && total.pairs[0] > 0;
}

static bool run(const struct options *options)
{
    size_t size = sizeof(struct shoot_result) * JOBS_MAX * SCENARIOS_MAX;
    struct shoot_result *results =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool good = results != MAP_FAILED;
    pid_t children[JOBS_MAX];
    for (uint32_t job = 0; good && job < options->jobs; job++) {
        children[job] = fork();
        if (children[job] == 0) {
            work(options, job, results + job * SCENARIOS_MAX);
            _exit(0);
        }
    }
    for (uint32_t job = 0; good && job < options->jobs; job++) {
        int status = 1;
        bool ended = waitpid(children[job], &status, 0) >= 0 && status == 0;
        if (!ended) {
            printf("process %u failed\n", (unsigned)job);
            return false;
        }
    }
    return good && report(options, results);
}

int main(int argc, char **argv)
{
    struct options options = {
        .plan = {.depth = 2, .every = 1, .seeds = 8, .seed = 1, .sample = 16, .parts = 1},
        .jobs = 2,
        .plain = true,
        .encrypted = true};
    uint32_t count;
    const struct scenario *all = scenarios(&count);
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (!parse(argc, argv, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    if (!any_chosen(&options, all, count)) {
        return 2;
    }
    options.plan.deadline = shoot_now() + options.plan.share_s;
    world_publish();
    (void)setvbuf(stdout, NULL, _IOLBF, 0); // processes share it, so whole lines only
    if (options.list) {
        for (uint32_t i = 0; i < count; i++) {
            puts(all[i].name);
        }
        return 0;
    }
    if (options.replay != NULL) {
        return shoot_replay(options.replay) ? 0 : 1;
    }
    return run(&options) ? 0 : 1;
}
