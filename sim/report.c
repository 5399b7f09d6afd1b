// Plain text that a person and grep can read. Everything but the rate follows from the seed.
#include "sim/report.h"
#include <inttypes.h>

#define US_PER_DAY 86400000000.0

void sim_report_progress(const struct sim_world *world, uint64_t updates, bool terminal)
{
    const struct sim_tally *tally = &world->shared.tally;
    (void)fprintf(stderr, "%s%" PRIu64 " of %" PRIu64 " updates, %" PRIu64 " violations%s",
                  terminal ? "\r\033[K" : "", tally->updates, updates, tally->violations,
                  terminal ? "" : "\n");
}

static void print_line(uint64_t count, uint64_t updates, const char *text)
{
    double share = updates > 0 ? 1e6 * (double)count / (double)updates : 0;
    (void)printf("  %10" PRIu64 "  %9.0f  %s%s\n", count, share, text,
                 count * 1000 < updates ? "   (rare)" : "");
}

static void print_violations(const struct sim_world *world)
{
    const struct sim_tally *tally = &world->shared.tally;
    for (uint32_t i = 0; i < tally->described; i++) {
        const struct sim_violation *violation = &tally->shown[i];
        (void)printf("VIOLATION device %u, update %u, at %.6f s: %s\n", (unsigned)violation->device,
                     (unsigned)violation->round, (double)violation->now_us / 1e6, violation->text);
        (void)printf("    replay: ./dev sim %" PRIu64 " --device %u --round %u --trace\n",
                     world->shared.seed, (unsigned)violation->device, (unsigned)violation->round);
    }
}

void sim_report_text(const struct sim_world *world, double seconds)
{
    const struct sim_tally *tally = &world->shared.tally;
    (void)printf("       count  a million  faults\n");
    for (int i = 0; i < SIM_FAULT_COUNT; i++) {
        print_line(tally->faults[i], tally->updates, sim_fault_text((enum sim_fault)i));
    }
    (void)printf("       count  a million  outcomes\n");
    for (int i = 0; i < SIM_OUTCOME_COUNT; i++) {
        print_line(tally->outcomes[i], tally->updates, sim_outcome_text((enum sim_outcome)i));
    }
    (void)printf("       count  a million  why pulls failed\n");
    for (int i = 1; i < SIM_ERRS; i++) {
        if (tally->errs[i] > 0) {
            double share = 1e6 * (double)tally->errs[i] / (double)tally->updates;
            (void)printf("  %10" PRIu64 "  %9.0f  %s\n", tally->errs[i], share,
                         aloft_err_name((enum aloft_err) - i));
        }
    }
    print_violations(world);
    (void)printf("seed %" PRIu64 ": %" PRIu64 " updates, %" PRIu64 " pulls, %" PRIu64
                 " boots, %" PRIu64 " power cuts, %.0f virtual days\n",
                 world->shared.seed, tally->updates, tally->pulls, tally->boots, tally->cuts,
                 (double)world->now_us / US_PER_DAY * world->count);
    (void)printf(
        "%.1f s, %.0f updates a second, trace hash %016" PRIx64 ", %" PRIu64 " violations\n",
        seconds, (double)tally->updates / seconds, sim_world_hash(world), tally->violations);
}

void sim_report_json(const struct sim_world *world, double seconds)
{
    const struct sim_tally *tally = &world->shared.tally;
    (void)printf("{\"seed\": %" PRIu64 ", \"updates\": %" PRIu64 ", \"pulls\": %" PRIu64
                 ", \"boots\": %" PRIu64 ", \"power_cuts\": %" PRIu64 ", \"seconds\": %.3f"
                 ", \"hash\": \"%016" PRIx64 "\", \"violations\": %" PRIu64,
                 world->shared.seed, tally->updates, tally->pulls, tally->boots, tally->cuts,
                 seconds, sim_world_hash(world), tally->violations);
    for (int i = 0; i < SIM_FAULT_COUNT; i++) {
        (void)printf("%s\"%s\": %" PRIu64, i == 0 ? ", \"faults\": {" : ", ",
                     sim_fault_name((enum sim_fault)i), tally->faults[i]);
    }
    for (int i = 0; i < SIM_OUTCOME_COUNT; i++) {
        (void)printf("%s\"%s\": %" PRIu64, i == 0 ? "}, \"outcomes\": {" : ", ",
                     sim_outcome_name((enum sim_outcome)i), tally->outcomes[i]);
    }
    const char *comma = "}, \"errors\": {";
    for (int i = 1; i < SIM_ERRS; i++) {
        if (tally->errs[i] > 0) {
            (void)printf("%s\"%s\": %" PRIu64, comma, aloft_err_name((enum aloft_err) - i),
                         tally->errs[i]);
            comma = ", ";
        }
    }
    (void)printf("%s}}\n", comma[0] == '}' ? comma : "");
}
