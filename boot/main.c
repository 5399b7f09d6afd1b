// The order of a boot, in plain steps:
//
//   TABLE    load the table
//   REPAIR   complete or close in otadata what an earlier boot or app had begun
//   CHOOSE   load the records, normalise them, decide (choose.c)
//   SAVE     save each record that has changed: ABORTED first, then PENDING; SAVING writes one
//   NEXT     take the next candidate; LOAD verifies and loads it; refused: NEXT; none: NOTHING
//   ACTUAL   a first boot without a record gets one
//   RUN
//
// Invariants
//   L1  Nothing is executed that was not judged good in this boot, from the bytes that run. The
//       loader keeps it (load.h).
//   L2  otadata changes only by what the plan says is to be saved, and by completing what an
//       earlier boot or app had begun; falling back changes nothing. L2 has no assertion: it would
//       be one about flash; the tests count the writes.
//   L3  A trial is recorded as begun (PENDING) before its app can run.
#include "aloft/base/assert.h"
#include "boot.h"
#include "load.h"
#include <string.h>

enum phase { TABLE, REPAIR, CHOOSE, SAVE, SAVING, NEXT, LOAD, ACTUAL, RUN, NOTHING };

#define LOG(boot, level, ...) (boot)->port->log((boot)->port->ctx, level, "boot", __VA_ARGS__)

void aloft_boot_init(struct aloft_boot *boot, const struct aloft_boot_port *port)
{
    memset(boot, 0, sizeof *boot);
    boot->port = port;
    boot->phase = TABLE;
    boot->slot = ALOFT_SLOT_NONE;
}

// The last column of the table as the stock bootloader prints it.
static const char *usage(const struct aloft_partition *partition)
{
    static const char *const data[] = {"OTA data",     "RF data",  "WiFi data",
                                       "Unknown data", "NVS keys", "efuse"};
    if (partition->type == ALOFT_TYPE_APP) {
        if (partition->subtype == ALOFT_APP_FACTORY) {
            return "factory app";
        }
        if (partition->subtype == ALOFT_APP_TEST) {
            return "test app";
        }
        return (partition->subtype & 0xF0) == ALOFT_APP_OTA_0 ? "OTA app" : "Unknown app";
    }
    if (partition->type == ALOFT_TYPE_DATA) {
        return partition->subtype < sizeof data / sizeof data[0] ? data[partition->subtype]
                                                                 : "Unknown data";
    }
    return "unknown";
}

struct table_printer {
    const struct aloft_boot *boot;
    int row;
};

static enum aloft_err print_row(void *ctx, const struct aloft_partition *partition)
{
    struct table_printer *printer = ctx;
    LOG(printer->boot, 'I', "%2d %-16s %-16s %02x %02x %08x %08x", printer->row++, partition->label,
        usage(partition), (unsigned)partition->type, (unsigned)partition->subtype,
        (unsigned)partition->addr, (unsigned)partition->len);
    return ALOFT_OK;
}

static void print_reason(const struct aloft_boot *boot)
{
    switch (boot->plan.reason) {
    case ALOFT_BOOT_SELECTED:
        break;
    case ALOFT_BOOT_NO_OTADATA:
    case ALOFT_BOOT_FACTORY:
        LOG(boot, 'I', "Defaulting to factory image");
        break;
    case ALOFT_BOOT_FIRST_OTA:
        LOG(boot, 'I', "No factory image, trying OTA 0");
        break;
    case ALOFT_BOOT_BAD_RECORDS:
        LOG(boot, 'E',
            boot->facts.has_factory
                ? "ota data partition invalid, falling back to factory"
                : "ota data partition invalid and no factory, will try all partitions");
        break;
    }
}

static void nothing(struct aloft_boot *boot, enum aloft_err err)
{
    boot->phase = NOTHING;
    boot->err = err;
}

static void read_table(struct aloft_boot *boot)
{
    const struct aloft_boot_port *port = boot->port;
    struct table_printer printer = {boot, 0};
    enum aloft_err err =
        aloft_slots_load(&boot->slots, port->flash, port->rules->crypto, port->ptable_addr);
    if (err != ALOFT_OK) {
        LOG(boot, 'E', "load partition table error! %s", aloft_err_boot_name(err));
        nothing(boot, err);
        return;
    }
    LOG(boot, 'I', "Partition Table:");
    LOG(boot, 'I', "## Label            Usage          Type ST Offset   Length");
    (void)aloft_slots_walk(port->flash, port->rules->crypto, port->ptable_addr, print_row,
                           &printer); // it was read without a fault just now
    LOG(boot, 'I', "End of partition table");

    boot->phase = REPAIR;
    aloft_bootsel_repair(&boot->work.bootsel, &boot->slots);
}

static void choose(struct aloft_boot *boot)
{
    struct aloft_boot_facts *facts = &boot->facts;
    facts->trials = boot->port->trials;
    facts->ota_count = boot->slots.ota_count;
    facts->has_factory = boot->slots.factory.len != 0;
    enum aloft_err err = aloft_bootsel_read(&boot->slots, facts->records);
    facts->has_otadata = boot->slots.otadata.len != 0 && err == ALOFT_OK;
    if (err != ALOFT_OK) { // too small, or unreadable: go on as if there were none
        LOG(boot, 'E', "ota data partition unusable: %s", aloft_err_boot_name(err));
    }
    boot->plan = aloft_boot_choose(facts);
    print_reason(boot);
    boot->phase = SAVE;
}

// Begins to save record i, once.
static void save(struct aloft_boot *boot, uint32_t i, bool blameless)
{
    boot->plan.save[i] = false;
    boot->phase = SAVING;
    aloft_bootsel_mark(&boot->work.bootsel, &boot->slots, i, &boot->plan.records[i], blameless);
}

// Failed trials end before one begins.
static void save_next(struct aloft_boot *boot)
{
    const struct aloft_boot_plan *plan = &boot->plan;
    for (uint32_t i = 0; i < 2; i++) {
        if (plan->save[i] && plan->records[i].state == ALOFT_OTA_ABORTED) {
            LOG(boot, 'W', "otadata[%d]: trial was not confirmed, rolling back", (int)i);
            save(boot, i, boot->port->power_on);
            return;
        }
    }
    for (uint32_t i = 0; i < 2; i++) {
        if (plan->save[i]) {
            save(boot, i, false);
            return;
        }
    }
    boot->phase = NEXT;
}

// A record that cannot be saved must not stop the boot: the device would be worse off than without
// trials.
static void save_some(struct aloft_boot *boot)
{
    enum aloft_step step = aloft_bootsel_step(&boot->work.bootsel);
    if (step == ALOFT_STEP_FAILED) {
        LOG(boot, 'E', "otadata cannot be written: %s",
            aloft_err_boot_name(boot->work.bootsel.err));
    }
    if (step != ALOFT_STEP_AGAIN) {
        boot->phase = SAVE;
    }
}

static void next_candidate(struct aloft_boot *boot)
{
    ALOFT_INVARIANT("L3", !boot->plan.save[0] && !boot->plan.save[1]);
    boot->slot = aloft_boot_candidate(&boot->plan, boot->slots.ota_count, boot->attempt++);
    if (boot->slot == ALOFT_SLOT_NONE) {
        LOG(boot, 'E', "No bootable app partitions in the partition table");
        nothing(boot, boot->err);
    } else if (aloft_boot_load_begin(boot)) {
        boot->phase = LOAD;
    }
}

static void refused(struct aloft_boot *boot)
{
    if (boot->slot >= 0) {
        LOG(boot, 'E', "OTA app partition slot %d is not bootable", boot->slot);
    } else if (boot->slot == ALOFT_SLOT_FACTORY) {
        LOG(boot, 'E', "Factory app partition is not bootable");
    }
    boot->phase = NEXT;
}

static void loaded(struct aloft_boot *boot)
{
    boot->err = ALOFT_OK;
    boot->phase = RUN;
    if (boot->plan.set_actual && boot->slot >= 0) {
        struct aloft_otadata actual = {(uint32_t)boot->slot + 1, ALOFT_OTA_VALID, 0};
        LOG(boot, 'I', "Set actual ota_seq=%u in otadata[0]", (unsigned)actual.seq);
        aloft_bootsel_mark(&boot->work.bootsel, &boot->slots, 0, &actual, false);
        boot->phase = ACTUAL;
    }
}

static void load_some(struct aloft_boot *boot)
{
    enum aloft_step step = aloft_boot_load_step(boot);
    if (step == ALOFT_STEP_DONE) {
        loaded(boot);
    } else if (step == ALOFT_STEP_FAILED) {
        refused(boot);
    }
}

enum aloft_boot_result aloft_boot_step(struct aloft_boot *boot)
{
    boot->port->feed_watchdog(boot->port->ctx);
    switch ((enum phase)boot->phase) {
    case TABLE:
        read_table(boot);
        break;
    case REPAIR:
        // Without the repair the boot is as safe as with the stock bootloader.
        if (aloft_bootsel_step(&boot->work.bootsel) != ALOFT_STEP_AGAIN) {
            boot->phase = CHOOSE;
        }
        break;
    case CHOOSE:
        choose(boot);
        break;
    case SAVE:
        save_next(boot);
        break;
    case SAVING:
        save_some(boot);
        break;
    case NEXT:
        next_candidate(boot);
        break;
    case LOAD:
        load_some(boot);
        break;
    case ACTUAL:
        if (aloft_bootsel_step(&boot->work.bootsel) != ALOFT_STEP_AGAIN) {
            boot->phase = RUN;
        }
        break;
    case RUN:
        return ALOFT_BOOT_RUN;
    case NOTHING:
        return ALOFT_BOOT_NOTHING;
    }
    return ALOFT_BOOT_AGAIN;
}
