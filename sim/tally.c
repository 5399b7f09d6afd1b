// Names and texts come from the lists in the header.
#include "sim/tally.h"

const char *sim_fault_name(enum sim_fault fault)
{
    static const char *const names[] = {
#define SIM_NAME(name, text) #name,
        SIM_FAULTS(SIM_NAME)
#undef SIM_NAME
    };
    return names[fault];
}

const char *sim_fault_text(enum sim_fault fault)
{
    static const char *const texts[] = {
#define SIM_TEXT(name, text) text,
        SIM_FAULTS(SIM_TEXT)
#undef SIM_TEXT
    };
    return texts[fault];
}

const char *sim_outcome_name(enum sim_outcome outcome)
{
    static const char *const names[] = {
#define SIM_NAME(name, text) #name,
        SIM_OUTCOMES(SIM_NAME)
#undef SIM_NAME
    };
    return names[outcome];
}

const char *sim_outcome_text(enum sim_outcome outcome)
{
    static const char *const texts[] = {
#define SIM_TEXT(name, text) text,
        SIM_OUTCOMES(SIM_TEXT)
#undef SIM_TEXT
    };
    return texts[outcome];
}

static bool often(uint64_t count, uint64_t updates)
{
    return count * 1000 >= updates;
}

bool sim_tally_is_full(const struct sim_tally *tally)
{
    for (int i = 0; i < SIM_FAULT_COUNT; i++) {
        if (!often(tally->faults[i], tally->updates)) {
            return false;
        }
    }
    for (int i = 0; i < SIM_OUTCOME_COUNT; i++) {
        if (!often(tally->outcomes[i], tally->updates)) {
            return false;
        }
    }
    return true;
}
