// A cut is an operation, counted from 1 since power came, and a kind. Nothing is random: torn parts
// and weak bits follow from the seed, so a line of numbers is a whole run.
#include "shoot.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAD_SHOWN_MAX = 12 };

struct cut {
    uint32_t at;
    enum shoot_kind kind;
};

// What a run needs besides its world: where it starts, and which line would repeat it.
struct run {
    const struct scenario *scenario;
    struct shoot_result *result;
    struct cut cuts[2];
    uint32_t count; // cuts
    uint32_t seed;
};

// Worlds are large; there is one of each.
static struct world world;     // runs
static struct world beginning; // of the scenario
static struct world recovery;  // after the first cut, power is back
static uint8_t origin[WORLD_SIZE_MAX];

struct aloft_nor_plan shoot_cut(uint32_t at, enum shoot_kind kind, uint32_t seed)
{
    static const enum aloft_nor_cut cuts[] = {ALOFT_NOR_CUT_BEFORE, ALOFT_NOR_CUT_TORN,
                                              ALOFT_NOR_CUT_TORN,   ALOFT_NOR_CUT_TORN,
                                              ALOFT_NOR_CUT_TORN,   ALOFT_NOR_CUT_AFTER};
    static const enum aloft_nor_mix mixes[] = {ALOFT_NOR_MIX_ANY,    ALOFT_NOR_MIX_OLD,
                                               ALOFT_NOR_MIX_HALF,   ALOFT_NOR_MIX_BLANK,
                                               ALOFT_NOR_MIX_PREFIX, ALOFT_NOR_MIX_ANY};
    static const enum aloft_nor_torn torn[] = {ALOFT_NOR_TORN_ANY,    ALOFT_NOR_TORN_FIRST,
                                               ALOFT_NOR_TORN_MIDDLE, ALOFT_NOR_TORN_LAST,
                                               ALOFT_NOR_TORN_HOLE,   ALOFT_NOR_TORN_ANY};
    return (struct aloft_nor_plan){.cut = cuts[kind],
                                   .cut_at = at,
                                   .mix = mixes[kind],
                                   .torn = torn[kind],
                                   .seed = seed * 0x9E3779B1u + at * 64 + (uint32_t)kind};
}

static void print_line(const struct run *run)
{
    printf("%s", run->scenario->name);
    for (uint32_t i = 0; i < run->count; i++) {
        printf(":%u:%u", (unsigned)run->cuts[i].at, (unsigned)run->cuts[i].kind);
    }
    printf(":%u", (unsigned)run->seed);
}

static void bad(const struct run *run, enum judge_verdict verdict)
{
    if (run->result->bad++ < BAD_SHOWN_MAX) {
        printf("BAD  --replay ");
        print_line(run);
        printf("  %s", judge_sentence(verdict));
        if (verdict == JUDGE_REFUSED) {
            printf(" (%s)", aloft_err_name(world.err));
        }
        printf("\n");
    }
}

// A failed assertion of core aborts the process, after it has named itself: a finding as any other.
// A signal handler reaches nothing but a static.
static const struct run *running;

static void aborted(int signal)
{
    printf("BAD  --replay ");
    print_line(running);
    printf("  core aborted (signal %d)\n", signal);
    (void)fflush(stdout);
    _exit(1);
}

// The world runs into the run's last cut and gets its power back. False: it is not worth going on.
static bool cut_down(const struct run *run)
{
    const struct cut *cut = &run->cuts[run->count - 1];
    if (cut->kind >= SHOOT_KINDS) { // not a cut: it strikes on the way to the end
        world.fault = cut->kind == SHOOT_FAILS ? WORLD_FAILS : WORLD_LIES;
        world.fault_at = cut->at;
        world.fault_seed = run->seed * 0x9E3779B1u >> 8;
        return true;
    }
    world.nor.plan = shoot_cut(cut->at, cut->kind, run->seed);
    enum world_end end = world_run(&world);
    if (end != WORLD_CUT) {
        bad(run, end == WORLD_BAD ? world.verdict : JUDGE_MISSING);
        return false;
    }
    if (world_power_on(&world) == WORLD_BAD) {
        bad(run, world.verdict);
        return false;
    }
    return true;
}

static bool recover(const struct run *run)
{
    if (world_run(&world) != WORLD_FINISHED) {
        bad(run, world.verdict);
        return false;
    }
    if (world.fault != WORLD_FAULTLESS && !world.faulted) {
        bad(run, JUDGE_MISSING);
        return false;
    }
    return true;
}

static double seconds(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t); // these clocks exist
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double shoot_now(void)
{
    return seconds(CLOCK_MONOTONIC);
}

static void begin(const struct scenario *scenario, uint32_t seed)
{
    world_begin(&beginning, scenario, origin, seed);
    world_copy(&world, &beginning);
}

// Every second cut of one first cut: run->cuts[0].
static void shoot_second(struct run *run)
{
    run->count = 1;
    world_copy(&world, &beginning);
    if (!cut_down(run)) {
        return;
    }
    run->result->firsts++;
    world_copy(&recovery, &world);
    if (!recover(run)) {
        return;
    }
    uint32_t operations = world.nor.operations;
    run->result->expected[1] += (uint64_t)operations * SHOOT_KINDS;
    run->count = 2;
    for (uint32_t i = 0; i < operations * SHOOT_KINDS; i++) {
        run->cuts[1] = (struct cut){i / SHOOT_KINDS + 1, (enum shoot_kind)(i % SHOOT_KINDS)};
        world_copy(&world, &recovery);
        if (cut_down(run)) {
            run->result->pairs[1]++;
            (void)recover(run); // counted when bad
        }
    }
}

static void shoot_first(struct run *run)
{
    run->count = 1;
    world_copy(&world, &beginning);
    if (cut_down(run)) {
        run->result->pairs[0]++;
        (void)recover(run); // counted when bad
    }
}

// Faults without a cut. They are few, so a process takes every parts-th and no more.
static void shoot_faults(struct run *run, const struct shoot_plan *plan, uint32_t operations)
{
    uint32_t kinds = SHOOT_KINDS_ALL - SHOOT_KINDS;
    uint32_t count = (operations * kinds + plan->every - 1) / plan->every;
    if (plan->part == 0) {
        run->result->expected[0] += count;
    }
    for (uint32_t k = plan->part; k < count; k += plan->parts) {
        uint32_t i = k * plan->every;
        uint32_t kind = SHOOT_KINDS + (i + k / kinds) % kinds;
        run->count = 1;
        run->cuts[0] = (struct cut){i / kinds + 1, (enum shoot_kind)kind};
        world_copy(&world, &beginning);
        if (cut_down(run)) {
            run->result->pairs[0]++;
            (void)recover(run); // counted when bad
        }
    }
}

// One seed of one scenario: all first cuts that are this process's in this round.
static void shoot_seed(struct run *run, const struct shoot_plan *plan, uint32_t operations)
{
    bool two = plan->depth == 2;
    uint32_t stride = plan->every * (two && run->scenario->download ? plan->sample : 1);
    stride *= two && run->scenario->unit != 0 ? SHOOT_ENCRYPTED_SAMPLE : 1;
    uint32_t count = (operations * SHOOT_KINDS + stride - 1) / stride;
    if (plan->part == 0 && plan->round == 0) {
        *(two ? &run->result->firsts_expected : &run->result->expected[0]) += count;
    }
    for (uint32_t k = plan->part; k < count; k += plan->parts) {
        if (k / plan->parts % plan->rounds != plan->round) {
            continue;
        }
        // Any stride must meet every kind: the kind moves on by one with each round of kinds.
        uint32_t kind = (k * stride + k / SHOOT_KINDS) % SHOOT_KINDS;
        run->cuts[0] = (struct cut){k * stride / SHOOT_KINDS + 1, (enum shoot_kind)kind};
        if (!two) {
            shoot_first(run);
        } else if (plan->share_s != 0 && shoot_now() > plan->deadline) {
            run->result->skipped++;
        } else {
            shoot_second(run);
        }
    }
}

void shoot(const struct scenario *scenario, const struct shoot_plan *plan,
           struct shoot_result *result)
{
    struct run run = {.scenario = scenario, .result = result};
    double start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    running = &run;
    (void)signal(SIGABRT, aborted); // without a handler, there is no line to replay
    uint32_t seeds = plan->depth == 1 ? plan->seeds : 1;
    seeds =
        scenario->unit != 0 ? (seeds + SHOOT_ENCRYPTED_SEEDS - 1) / SHOOT_ENCRYPTED_SEEDS : seeds;
    for (run.seed = plan->seed; run.seed < plan->seed + seeds; run.seed++) {
        run.count = 0;
        begin(scenario, run.seed);
        if (world_run(&world) != WORLD_FINISHED) {
            bad(&run, world.verdict);
            continue;
        }
        result->operations = world.nor.operations;
        shoot_seed(&run, plan, result->operations);
        if (plan->depth == 1 && run.seed < plan->seed + SHOOT_FAULT_SEEDS) {
            shoot_faults(&run, plan, result->operations);
        }
    }
    result->seconds += seconds(CLOCK_PROCESS_CPUTIME_ID) - start;
}

// The numbers after the name: n:kind:seed or n:kind:n2:kind2:seed, or a seed alone, without a cut.
static bool parse_numbers(const char *text, struct run *run)
{
    uint32_t values[5];
    uint32_t count = 0;
    while (*text == ':' && count < 5) {
        char *end;
        values[count++] = (uint32_t)strtoul(text + 1, &end, 10);
        text = end;
    }
    if (*text != 0 || count % 2 != 1) {
        return false;
    }
    run->seed = values[count - 1];
    run->count = count / 2;
    for (uint32_t i = 0; i < run->count; i++) {
        run->cuts[i] = (struct cut){values[2 * i], (enum shoot_kind)values[2 * i + 1]};
        if (values[2 * i + 1] >= SHOOT_KINDS_ALL) {
            return false;
        }
    }
    return true;
}

static bool replay(struct run *run)
{
    uint32_t cuts = run->count;
    begin(run->scenario, run->seed);
    world.trace = true;
    for (run->count = 1; run->count <= cuts; run->count++) {
        printf("until cut %u:\n", (unsigned)run->count);
        if (!cut_down(run)) {
            return false;
        }
    }
    run->count = cuts;
    printf("to the end:\n");
    bool good = recover(run);
    printf("%s\n", judge_sentence(world.verdict));
    return good;
}

bool shoot_replay(const char *line)
{
    uint32_t count;
    const struct scenario *all = scenarios(&count);
    struct shoot_result result = {0};
    struct run run = {.result = &result};
    size_t len = strcspn(line, ":");
    for (uint32_t i = 0; i < count; i++) {
        if (strlen(all[i].name) == len && strncmp(all[i].name, line, len) == 0) {
            run.scenario = &all[i];
        }
    }
    if (run.scenario == NULL || !parse_numbers(line + len, &run)) {
        printf("not a line to replay: %s\n", line);
        return false;
    }
    return replay(&run);
}
