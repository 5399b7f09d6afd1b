// The trace, and its hash, by which two runs of a seed are compared; reading of slots and records.
#include "sim/state.h"

#define US_PER_S 1000000u

static void mix(struct sim_device *device, uint64_t value)
{
    device->hash = (device->hash ^ value) * 0x100000001B3u;
    device->hash ^= device->hash >> 29;
}

void sim_trace(struct sim_device *device, int station, const char *text, uint32_t off, uint32_t seq)
{
    const struct sim_shared *shared = device->shared;
    mix(device, device->now_us);
    mix(device, (uint64_t)station << 32 | off);
    mix(device, seq);
    if (shared->trace != NULL && device->round.number >= shared->trace_round) {
        char place[8] = "  -";
        if (station != 0) {
            (void)snprintf(place, sizeof place, "%3d", station);
        }
        (void)fprintf(shared->trace, "%12.6f %5u %6u %s %8x %6u  %s\n",
                      (double)device->now_us / US_PER_S, (unsigned)device->number,
                      (unsigned)device->round.number, place, (unsigned)off, (unsigned)seq, text);
    }
}

int sim_first_slot(const struct sim_device *device)
{
    return device->layout->factory ? ALOFT_SLOT_FACTORY : 0;
}

uint32_t sim_slot_addr(const struct sim_device *device, int slot)
{
    return SIM_SLOTS + (uint32_t)(slot - sim_first_slot(device)) * SIM_SLOT_STEP;
}

uint32_t sim_get32(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

const uint8_t *sim_record(const struct sim_device *device, uint32_t index)
{
    return device->bytes + SIM_OTADATA + index * ALOFT_NOR_SECTOR;
}

bool sim_record_is_sound(const uint8_t *record, uint32_t *seq)
{
    *seq = sim_get32(record);
    return *seq != 0 && *seq != 0xFFFFFFFFu && sim_crc32(record, 4) == sim_get32(record + 28);
}
