// A seed determines everything that happens: the same one twice gives the same trace, and one
// device alone does the same as among all others.
#include "check.h"
#include "sim/world.h"

enum { DEVICES = 6, UPDATES = 120 };

static struct sim_world world;

static void run(uint64_t seed, uint32_t only_device, uint64_t updates)
{
    struct sim_options options = {
        .seed = seed, .devices = DEVICES, .updates = updates, .only_device = only_device};
    CHECK(sim_world_open(&world, &options));
    while (sim_world_step(&world)) {
    }
}

static void the_same_seed_gives_the_same_world(void)
{
    run(5, SIM_ANY_DEVICE, UPDATES);
    uint64_t hash = sim_world_hash(&world);
    struct sim_tally tally = world.shared.tally;
    sim_world_close(&world);
    run(5, SIM_ANY_DEVICE, UPDATES);
    CHECK(sim_world_hash(&world) == hash);
    CHECK(memcmp(&world.shared.tally, &tally, sizeof tally) == 0);
    CHECK(tally.updates >= UPDATES);
    sim_world_close(&world);
    run(6, SIM_ANY_DEVICE, UPDATES);
    CHECK(sim_world_hash(&world) != hash);
    sim_world_close(&world);
}

static void one_device_alone_does_what_it_does_among_all(void)
{
    uint64_t hashes[DEVICES];
    run(5, SIM_ANY_DEVICE, UPDATES);
    for (uint32_t i = 0; i < DEVICES; i++) {
        hashes[i] = world.devices[i].hash;
    }
    sim_world_close(&world);
    for (uint32_t i = 0; i < DEVICES; i++) {
        run(5, i, UPDATES / DEVICES);
        CHECK(world.devices[0].hash == hashes[i]);
        sim_world_close(&world);
    }
}

static void a_small_world_breaks_no_rule(void)
{
    run(9, SIM_ANY_DEVICE, UPDATES);
    CHECK_EQ((long long)world.shared.tally.violations, 0);
    CHECK(world.shared.tally.boots > UPDATES);
    CHECK(world.shared.tally.cuts > 0);
    sim_world_close(&world);
}

CHECK_MAIN(TEST(the_same_seed_gives_the_same_world),
           TEST(one_device_alone_does_what_it_does_among_all), TEST(a_small_world_breaks_no_rule))
