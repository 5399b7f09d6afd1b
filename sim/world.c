// The queue holds each device once, at the time of its next event; events at the same time happen
// in the order of the devices' numbers.
#include "sim/world.h"
#include <stdlib.h>
#include <string.h>

static bool before(const struct sim_device *a, const struct sim_device *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->number < b->number;
}

// The device at `at` has become later: moves it down to its place.
static void sink(struct sim_world *world, uint32_t at)
{
    struct sim_device **queue = world->queue;
    struct sim_device *moved = queue[at];
    for (;;) {
        uint32_t child = at * 2 + 1;
        if (child + 1 < world->queued && before(queue[child + 1], queue[child])) {
            child++;
        }
        if (child >= world->queued || !before(queue[child], moved)) {
            break;
        }
        queue[at] = queue[child];
        at = child;
    }
    queue[at] = moved;
}

static void share_out(struct sim_world *world, const struct sim_options *options)
{
    struct sim_shared *shared = &world->shared;
    bool alone = options->only_device != SIM_ANY_DEVICE;
    uint64_t rounds = (options->updates + options->devices - 1) / options->devices;
    shared->seed = options->seed;
    shared->rounds = alone ? UINT32_MAX : (uint32_t)rounds;
    shared->stop = alone;
    shared->trace = options->trace ? stdout : NULL;
    shared->trace_round = options->trace_round;
}

bool sim_world_open(struct sim_world *world, const struct sim_options *options)
{
    memset(world, 0, sizeof *world);
    bool alone = options->only_device != SIM_ANY_DEVICE;
    uint32_t count = alone ? 1 : options->devices;
    share_out(world, options);
    if (alone) {
        world->shared.rounds = (uint32_t)options->updates;
    }
    world->devices = calloc(count, sizeof *world->devices);
    world->queue = calloc(count, sizeof *world->queue);
    bool good = world->devices != NULL && world->queue != NULL &&
                sim_catalogue_open(&world->shared.catalogue, options->seed);
    for (uint32_t i = 0; good && i < count; i++) {
        uint32_t number = alone ? options->only_device : i;
        good = sim_device_open(&world->devices[i], &world->shared, number);
        world->queue[i] = &world->devices[i];
        world->count = i + 1;
        world->queued = i + 1;
    }
    for (uint32_t i = world->queued / 2; i-- > 0;) {
        sink(world, i);
    }
    return good;
}

void sim_world_close(struct sim_world *world)
{
    for (uint32_t i = 0; i < world->count; i++) {
        sim_device_close(&world->devices[i]);
    }
    sim_catalogue_close(&world->shared.catalogue);
    free(world->devices);
    free(world->queue);
    world->count = 0;
}

bool sim_world_step(struct sim_world *world)
{
    if (world->queued == 0) {
        return false;
    }
    struct sim_device *device = world->queue[0];
    sim_device_event(device);
    world->now_us = device->now_us;
    if (device->done) {
        world->queue[0] = world->queue[--world->queued];
    }
    if (world->queued > 0) {
        sink(world, 0);
    }
    return world->queued > 0;
}

uint64_t sim_world_hash(const struct sim_world *world)
{
    uint64_t hash = 0;
    for (uint32_t i = 0; i < world->count; i++) {
        hash = (hash ^ world->devices[i].hash) * 0x100000001B3u;
    }
    return hash;
}
