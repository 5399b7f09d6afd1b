// Slots are judged here for display only.
#include "cli/otadata/otadata_view.h"
#include "cli/base/failure.h"
#include "cli/base/ui.h"
#include <stdio.h>
#include <string.h>

static void slot_of(const struct aloft_otadata_view *view, const struct aloft_otadata *record,
                    char text[ALOFT_SLOT_NAME])
{
    text[0] = '\0';
    if (aloft_otadata_sound(record) && view->slot_count > 0) {
        aloft_slot_name((int)aloft_otadata_slot(record->seq, view->slot_count), text);
    }
}

static bool is_blank(const struct aloft_otadata *record)
{
    return record->seq == UINT32_MAX && record->crc == UINT32_MAX;
}

static void print_record(const struct aloft_otadata_view *view, int i, int active)
{
    const struct aloft_otadata *record = &view->records[i];
    char slot[ALOFT_SLOT_NAME];
    const char *remark = "";
    if (is_blank(record)) {
        printf("  record %d  empty\n", i);
        return;
    }
    slot_of(view, record, slot);
    if (!aloft_otadata_sound(record)) {
        remark = "ignored: its CRC is wrong, or no writer writes that number";
    } else if (!aloft_otadata_usable(record)) {
        remark = "not booted";
    } else if (i == active) {
        remark = "active";
    }
    printf("  record %d  seq %-10u  %-9s  crc %08x  %-7s  %s\n", i, record->seq,
           aloft_ota_state_name(record->state), record->crc, slot, remark);
}

static enum aloft_err judge_slot(const struct aloft_otadata_view *view, int slot,
                                 struct aloft_verify *verify)
{
    struct aloft_extent extent = aloft_slots_extent(view->slots, slot);
    struct aloft_flash_view flash = aloft_slots_view(view->slots, extent);
    aloft_verify_init(verify, &flash, view->rules);
    while (aloft_verify_step(verify) == ALOFT_STEP_AGAIN) {
    }
    return verify->err;
}

static void print_slot(const struct aloft_otadata_view *view, int slot, bool boots)
{
    struct aloft_extent extent = aloft_slots_extent(view->slots, slot);
    struct aloft_verify verify;
    char name[ALOFT_SLOT_NAME];
    char text[2 * ALOFT_IMAGE_TEXT + 2];
    uint8_t first = 0;
    aloft_slot_name(slot, name);
    printf("  %s %-8s 0x%07x  ", boots ? "*" : " ", name, extent.addr);
    struct aloft_flash_view flash = aloft_slots_view(view->slots, extent);
    if (aloft_flash_read(&flash, 0, &first, 1) == ALOFT_OK && first == 0xFF) {
        printf("empty\n");
        return;
    }
    enum aloft_err err = judge_slot(view, slot, &verify);
    const struct aloft_image_facts *facts = &verify.image.facts;
    if (err != ALOFT_OK) {
        printf("bad: %s (%s)\n", aloft_err_sentence(err), aloft_err_name(err));
        return;
    }
    (void)snprintf(text, sizeof text, "%s %s", facts->has_desc ? facts->project : "image",
                   facts->has_desc ? facts->version : "without a descriptor");
    aloft_ui_clean(text, text, sizeof text);
    printf("%s, %u bytes, good\n", text, facts->image_len);
}

static void print_slots(const struct aloft_otadata_view *view, int boots)
{
    for (int slot = ALOFT_SLOT_TEST; slot < (int)ALOFT_OTADATA_SLOTS_MAX; slot++) {
        if (aloft_slots_extent(view->slots, slot).len != 0) {
            print_slot(view, slot, slot == boots);
        }
    }
}

// The slot that the active record selects, with the state that it is in; "none" when none counts.
static void print_selected(const struct aloft_otadata_view *view, int active)
{
    char slot[ALOFT_SLOT_NAME];
    if (active < 0) {
        printf("Selected  none: no record counts\n");
        return;
    }
    slot_of(view, &view->records[active], slot);
    printf("Selected  %s, by record %d: %s\n", slot, active,
           aloft_ota_state_name(view->records[active].state));
}

// The sentences at the end: what is selected, what boots, and why.
static void print_choice(const struct aloft_otadata_view *view, int active)
{
    char text[ALOFT_DRYBOOT_TEXT];
    print_selected(view, active);
    if (view->boot == NULL) {
        printf("What runs is for the images in the slots to say; show the whole flash for that.\n");
        return;
    }
    aloft_dryboot_text(view->boot, text, sizeof text);
    printf("Will run  %s\n", text);
}

void aloft_otadata_view_print(const struct aloft_otadata_view *view)
{
    int active = aloft_otadata_active(view->records);
    if (view->slots != NULL) {
        printf("%s: otadata at 0x%x, %u OTA slots%s\n", view->name, view->slots->otadata.addr,
               view->slot_count, view->slots->factory.len ? " and factory" : "");
    } else {
        printf("%s: otadata alone, read for %u OTA slots\n", view->name, view->slot_count);
    }
    print_record(view, 0, active);
    print_record(view, 1, active);
    if (view->slots != NULL) {
        printf("\n");
        print_slots(view, view->boot->runs);
    }
    printf("\n");
    print_choice(view, active);
}

static json_t *record_json(const struct aloft_otadata_view *view, int i)
{
    const struct aloft_otadata *record = &view->records[i];
    char slot[ALOFT_SLOT_NAME];
    slot_of(view, record, slot);
    return json_pack("{s:i, s:b, s:I, s:s, s:I, s:I, s:b, s:b, s:s?}", "index", i, "empty",
                     is_blank(record), "seq", (json_int_t)record->seq, "state",
                     aloft_ota_state_name(record->state), "state_number", (json_int_t)record->state,
                     "crc", (json_int_t)record->crc, "sound", aloft_otadata_sound(record), "usable",
                     aloft_otadata_usable(record), "slot", slot[0] != '\0' ? slot : NULL);
}

static json_t *slot_json(const struct aloft_otadata_view *view, int slot)
{
    struct aloft_extent extent = aloft_slots_extent(view->slots, slot);
    struct aloft_verify verify;
    char name[ALOFT_SLOT_NAME];
    enum aloft_err err = judge_slot(view, slot, &verify);
    const struct aloft_image_facts *facts = &verify.image.facts;
    bool has_desc = err == ALOFT_OK && facts->has_desc;
    aloft_slot_name(slot, name);
    return json_pack("{s:s, s:I, s:I, s:b, s:s, s:o, s:o, s:o}", "name", name, "offset",
                     (json_int_t)extent.addr, "size", (json_int_t)extent.len, "good",
                     err == ALOFT_OK, "fault", aloft_err_name(err), "error", aloft_failure_of(err),
                     "project", has_desc ? aloft_ui_json_text(facts->project) : json_null(),
                     "version", has_desc ? aloft_ui_json_text(facts->version) : json_null());
}

json_t *aloft_otadata_view_json(const struct aloft_otadata_view *view)
{
    int active = aloft_otadata_active(view->records);
    char selected[ALOFT_SLOT_NAME] = "";
    char runs[ALOFT_SLOT_NAME] = "";
    char why[ALOFT_DRYBOOT_TEXT] = "";
    if (active >= 0) {
        slot_of(view, &view->records[active], selected);
    }
    if (view->boot != NULL) {
        aloft_dryboot_text(view->boot, why, sizeof why);
    }
    if (view->boot != NULL && view->boot->runs != ALOFT_SLOT_NONE) {
        aloft_slot_name(view->boot->runs, runs);
    }
    json_t *object = json_pack(
        "{s:o, s:[o, o], s:o, s:s?, s:s?, s:s?, s:I}", "file", aloft_ui_json_text(view->name),
        "records", record_json(view, 0), record_json(view, 1), "active",
        active < 0 ? json_null() : json_integer(active), "selected",
        selected[0] != '\0' ? selected : NULL, "boots", runs[0] != '\0' ? runs : NULL, "why",
        why[0] != '\0' ? why : NULL, "slot_count", (json_int_t)view->slot_count);
    json_t *slots = view->slots != NULL && object != NULL ? json_array() : NULL;
    if (slots == NULL) {
        return object;
    }
    for (int i = ALOFT_SLOT_TEST; i < (int)ALOFT_OTADATA_SLOTS_MAX; i++) {
        if (aloft_slots_extent(view->slots, i).len != 0) {
            (void)json_array_append_new(slots, slot_json(view, i));
        }
    }
    (void)json_object_set_new(object, "slots", slots);
    return object;
}
