// See the header.
#include "device_update.h"

struct aloft_engine_config device_config(const struct device *device, int running, uint32_t len)
{
    return (struct aloft_engine_config){.slots = &device->slots,
                                        .rules = &device->rules,
                                        .running = running,
                                        .target = ALOFT_SLOT_NONE,
                                        .len = len};
}

uint32_t device_changes(const struct device *device)
{
    return device->ram.progs + device->ram.erases;
}

enum aloft_step device_settle(const struct device *device, struct aloft_engine *engine,
                              uint32_t limit)
{
    enum aloft_step step = ALOFT_STEP_AGAIN;
    while (step == ALOFT_STEP_AGAIN && device_changes(device) < limit) {
        uint32_t changes = device_changes(device);
        step = aloft_engine_step(engine);
        CHECK(device_changes(device) - changes <= 1);
    }
    return step;
}

enum aloft_err device_feed(const struct device *device, struct aloft_engine *engine,
                           const uint8_t *bytes, uint32_t len)
{
    while (len > 0) {
        uint32_t used;
        uint32_t room = aloft_engine_room(engine);
        enum aloft_err err = aloft_engine_feed(engine, bytes, len, &used);
        if (err != ALOFT_OK) {
            return err;
        }
        CHECK(used <= len && used >= (len < room ? len : room));
        bytes += used;
        len -= used;
        if (device_settle(device, engine, UINT32_MAX) != ALOFT_STEP_DONE) {
            return engine->err;
        }
    }
    return ALOFT_OK;
}

enum aloft_err device_finish(const struct device *device, struct aloft_engine *engine)
{
    enum aloft_err err = aloft_engine_finish(engine);
    if (err != ALOFT_OK) {
        return err;
    }
    return device_settle(device, engine, UINT32_MAX) == ALOFT_STEP_FAILED ? engine->err : ALOFT_OK;
}

enum aloft_err device_receive(const struct device *device, struct aloft_engine *engine,
                              const struct aloft_engine_config *config, const uint8_t *bytes,
                              uint32_t len)
{
    enum aloft_err err = aloft_engine_begin(engine, config);
    err = err == ALOFT_OK ? device_feed(device, engine, bytes, len) : err;
    return err == ALOFT_OK ? device_finish(device, engine) : err;
}

static enum aloft_err run(const struct device *device, struct aloft_bootsel *op)
{
    enum aloft_step step;
    do {
        uint32_t changes = device_changes(device);
        step = aloft_bootsel_step(op);
        CHECK(device_changes(device) - changes <= 1);
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_FAILED ? op->err : ALOFT_OK;
}

enum aloft_err device_started(const struct device *device, int running, bool power_on)
{
    struct aloft_bootsel op;
    aloft_bootsel_started(&op, &device->slots, running, power_on);
    return run(device, &op);
}

enum aloft_err device_select(const struct device *device, int slot)
{
    struct aloft_bootsel op;
    aloft_bootsel_set_boot(&op, &device->slots, &device->rules, slot, true);
    return run(device, &op);
}

enum aloft_err device_confirm(const struct device *device, int running)
{
    struct aloft_bootsel op;
    aloft_bootsel_confirm(&op, &device->slots, running);
    return run(device, &op);
}

enum aloft_err device_reject(const struct device *device, int running)
{
    struct aloft_bootsel op;
    aloft_bootsel_reject(&op, &device->slots, &device->rules, running);
    return run(device, &op);
}

enum aloft_err device_update(const struct device *device, int running, const uint8_t *bytes,
                             uint32_t len)
{
    static struct aloft_engine engine;
    const struct aloft_engine_config config = device_config(device, running, len);
    enum aloft_err err = device_receive(device, &engine, &config, bytes, len);
    return err == ALOFT_OK ? device_select(device, engine.target) : err;
}
