// The bootloader writes nothing but otadata, so a copy of those two sectors is enough to write to.
#include "hostlib/device/dryboot.h"
#include "aloft/base/bytes.h"
#include "aloft/bootsel.h"
#include "aloft/verify.h"
#include "boot/boot.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// The chip with a copy of otadata over it.
struct copy {
    const struct aloft_flash *under;
    uint32_t addr; // of the copy
    uint32_t len;  // 0: nothing may be written
    uint8_t bytes[ALOFT_OTADATA_LEN];
};

static enum aloft_err read_copy(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    const struct copy *copy = ctx;
    const struct aloft_flash_view view = {copy->under, addr, len};
    enum aloft_err err = aloft_flash_read(&view, 0, buf, len);
    for (uint32_t i = 0; i < len && err == ALOFT_OK; i++) {
        if (addr + i - copy->addr < copy->len) {
            ((uint8_t *)buf)[i] = copy->bytes[addr + i - copy->addr];
        }
    }
    return err;
}

static bool inside(const struct copy *copy, uint32_t addr, uint32_t len)
{
    return addr >= copy->addr && addr - copy->addr <= copy->len &&
           len <= copy->len - (addr - copy->addr);
}

static enum aloft_err prog_copy(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct copy *copy = ctx;
    if (!inside(copy, addr, len)) {
        return ALOFT_ERR_FLASH_PROG;
    }
    for (uint32_t i = 0; i < len; i++) {
        copy->bytes[addr - copy->addr + i] &= ((const uint8_t *)data)[i];
    }
    return ALOFT_OK;
}

static enum aloft_err erase_copy(void *ctx, uint32_t addr, uint32_t len)
{
    struct copy *copy = ctx;
    if (!inside(copy, addr, len)) {
        return ALOFT_ERR_FLASH_ERASE;
    }
    memset(copy->bytes + (addr - copy->addr), 0xFF, len);
    return ALOFT_OK;
}

// --- the board of this boot: it loads nothing and says nothing

static void log_nothing(void *ctx, char level, const char *tag, const char *format, ...)
{
    (void)ctx, (void)level, (void)tag, (void)format;
}

static void feed_nothing(void *ctx)
{
    (void)ctx;
}

static enum aloft_err load_nothing(void *ctx, const struct aloft_image *image,
                                   enum aloft_image_event event, const uint8_t *data, uint32_t len)
{
    (void)ctx, (void)image, (void)event, (void)data, (void)len;
    return ALOFT_OK;
}

static void unload_nothing(void *ctx)
{
    (void)ctx;
}

// --- what came of it

static void pass(struct aloft_dryboot *out, const struct aloft_boot *boot, int slot)
{
    struct aloft_flash_view view = aloft_slots_slot_view(&boot->slots, slot);
    struct aloft_dryboot_passed *passed = &out->passed[out->passed_count];
    struct aloft_verify verify;
    uint8_t head[16];
    if (view.len == 0 || out->passed_count == ALOFT_DRYBOOT_PASSED) {
        return;
    }
    aloft_verify_init(&verify, &view, boot->port->rules);
    while (aloft_verify_step(&verify) == ALOFT_STEP_AGAIN) {
    }
    passed->slot = slot;
    passed->err = verify.err;
    passed->empty = aloft_flash_read(&view, 0, head, sizeof head) == ALOFT_OK &&
                    aloft_bytes_are(head, sizeof head, 0xFF);
    out->passed_count++;
}

// The slot of the record, when the state that it had makes it one to look at.
static int slot_of(const struct aloft_boot *boot, const struct aloft_otadata *record)
{
    return aloft_otadata_sound(record) && boot->slots.ota_count > 0
               ? (int)aloft_otadata_slot(record->seq, boot->slots.ota_count)
               : ALOFT_SLOT_NONE;
}

static void read_result(struct aloft_dryboot *out, const struct aloft_boot *boot,
                        const struct aloft_otadata before[2], bool trials)
{
    struct aloft_otadata after[2];
    uint32_t state;
    for (uint32_t n = 0; n + 1 < boot->attempt; n++) {
        pass(out, boot, aloft_boot_candidate(&boot->plan, boot->slots.ota_count, n));
    }
    out->runs = boot->slot;
    if (aloft_bootsel_read(&boot->slots, after) != ALOFT_OK) {
        return;
    }
    out->trial = trials && out->runs >= 0 &&
                 aloft_bootsel_state(&boot->slots, after, out->runs, &state) &&
                 state == ALOFT_OTA_PENDING;
    for (int i = 0; i < 2; i++) {
        if (before[i].state == ALOFT_OTA_PENDING && after[i].state == ALOFT_OTA_ABORTED) {
            out->ended = slot_of(boot, &before[i]);
        } else if (before[i].state == ALOFT_OTA_ABORTED || before[i].state == ALOFT_OTA_INVALID) {
            out->refused = slot_of(boot, &before[i]);
        }
    }
}

static enum aloft_err begin_copy(struct copy *copy, struct aloft_slots *slots,
                                 const struct aloft_dryboot_setup *setup)
{
    enum aloft_err err =
        aloft_slots_load(slots, setup->flash, setup->rules->crypto, setup->ptable_addr);
    *copy = (struct copy){.under = setup->flash};
    if (err == ALOFT_OK && slots->otadata.len == ALOFT_OTADATA_LEN) {
        struct aloft_flash_view view = aloft_slots_view(slots, slots->otadata);
        copy->addr = slots->otadata.addr;
        err = aloft_flash_read(&view, 0, copy->bytes, sizeof copy->bytes);
        copy->len = err == ALOFT_OK ? ALOFT_OTADATA_LEN : 0;
    }
    return err;
}

void aloft_dryboot(struct aloft_dryboot *out, const struct aloft_dryboot_setup *setup)
{
    static const struct aloft_flash_ops ops = {read_copy, prog_copy, erase_copy};
    struct copy copy;
    struct aloft_slots slots;
    struct aloft_otadata records[2];
    struct aloft_boot boot;
    memset(out, 0, sizeof *out);
    out->selected = out->runs = out->ended = out->refused = ALOFT_SLOT_NONE;
    out->record = -1;
    out->table_err = begin_copy(&copy, &slots, setup);
    if (out->table_err != ALOFT_OK) {
        return;
    }
    const struct aloft_flash flash = {
        .ops = &ops, .ctx = &copy, .geometry = setup->flash->geometry};
    const struct aloft_boot_port port = {.flash = &flash,
                                         .rules = setup->rules,
                                         .ptable_addr = setup->ptable_addr,
                                         .trials = setup->trials,
                                         .log = log_nothing,
                                         .feed_watchdog = feed_nothing,
                                         .load = load_nothing,
                                         .unload = unload_nothing};
    if (aloft_bootsel_read(&slots, records) != ALOFT_OK) {
        memset(records, 0xFF, sizeof records); // unreadable: no record counts
    }
    out->record = slots.ota_count > 0 ? aloft_otadata_active(records) : -1;
    if (out->record >= 0) {
        out->selected = (int)aloft_otadata_slot(records[out->record].seq, slots.ota_count);
    }
    aloft_boot_init(&boot, &port);
    while (aloft_boot_step(&boot) == ALOFT_BOOT_AGAIN) {
    }
    read_result(out, &boot, records, setup->trials);
}

// --- in words

static void __attribute__((format(printf, 3, 4)))
add(char *text, size_t size, const char *format, ...)
{
    size_t used = strlen(text);
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text + used, size - used, format, list); // a cut line is fine
    va_end(list);
}

void aloft_dryboot_text(const struct aloft_dryboot *boot, char *text, size_t size)
{
    char name[ALOFT_SLOT_NAME];
    const char *next = ", as ";
    aloft_slot_name(boot->runs, name);
    (void)snprintf(text, size, "%s", boot->runs == ALOFT_SLOT_NONE ? "nothing" : name);
    if (boot->trial) {
        add(text, size, ", on trial: unless it confirms itself, the boot after goes back");
    }
    if (boot->ended != ALOFT_SLOT_NONE) {
        aloft_slot_name(boot->ended, name);
        add(text, size, "%sthe trial of %s was not confirmed and is rolled back", next, name);
        next = ", and ";
    } else if (boot->refused != ALOFT_SLOT_NONE && boot->refused != boot->runs) {
        aloft_slot_name(boot->refused, name);
        add(text, size, "%s%s failed its trial", next, name);
        next = ", and ";
    }
    for (uint32_t i = 0; i < boot->passed_count; i++) {
        const struct aloft_dryboot_passed *passed = &boot->passed[i];
        aloft_slot_name(passed->slot, name);
        add(text, size, "%s%s ", next, name);
        add(text, size, "%s%s", passed->empty ? "is empty" : "is refused: ",
            passed->empty ? "" : aloft_err_name(passed->err));
        next = ", ";
    }
    if (boot->selected == ALOFT_SLOT_NONE && boot->ended == ALOFT_SLOT_NONE &&
        boot->refused == ALOFT_SLOT_NONE && boot->passed_count == 0) {
        add(text, size, "%s%s", next, "no record counts");
    }
}
