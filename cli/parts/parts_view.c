// The picture has one line a region, in the order of addresses, and a bar that stands where the
// region lies in the chip. Tables from flash may be nonsense; regions that overlap are simply drawn
// so.
#include "cli/parts/parts_view.h"
#include "cli/base/ui.h"
#include "hostlib/base/number.h"
#include "hostlib/flash/flash_file.h"
#include "hostlib/table/ptable_words.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAR = 32, REGIONS_MAX = 2 * (ALOFT_PTABLE_MAX + 3) };

enum kind { PARTITION, SYSTEM, GAP };

struct region {
    uint64_t addr;
    uint64_t end;
    enum kind kind;
    const struct aloft_partition *partition; // of a PARTITION
    const char *name;                        // of the others
};

struct picture {
    struct region regions[REGIONS_MAX];
    size_t count;
    uint64_t size;
    bool utf8;
    const struct aloft_ptable_own_words *own_words;
};

static void add(struct picture *picture, struct region region)
{
    if (picture->count < REGIONS_MAX) {
        picture->regions[picture->count++] = region;
    }
}

static int by_addr(const void *a, const void *b)
{
    const struct region *left = a;
    const struct region *right = b;
    return (left->addr > right->addr) - (left->addr < right->addr);
}

// A table may describe the bootloader and itself; otherwise they are drawn where they must lie.
static void add_system(struct picture *picture, const struct aloft_parts_view *view)
{
    uint64_t addr = view->table_addr;
    bool bootloader = false;
    bool table = false;
    for (uint32_t i = 0; i < view->plan->count; i++) {
        const struct aloft_partition *p = &view->plan->partitions[i];
        if (aloft_ptable_plan_is_primary(p)) {
            bootloader = bootloader || p->type == ALOFT_TYPE_BOOTLOADER;
            table = table || p->type == ALOFT_TYPE_PTABLE;
        }
    }
    if (!bootloader && addr > 0) {
        add(picture, (struct region){0, addr, SYSTEM, NULL, "(bootloader)"});
    }
    if (!table) {
        add(picture,
            (struct region){addr, addr + ALOFT_PTABLE_SECTOR, SYSTEM, NULL, "(partition table)"});
    }
}

static void add_gaps(struct picture *picture)
{
    uint64_t at = 0;
    size_t count = picture->count;
    for (size_t i = 0; i < count; i++) {
        struct region region = picture->regions[i];
        if (region.addr > at) {
            add(picture, (struct region){at, region.addr, GAP, NULL, "(free)"});
        }
        at = region.end > at ? region.end : at;
    }
    if (at < picture->size) {
        add(picture, (struct region){at, picture->size, GAP, NULL, "(free)"});
    }
}

static uint64_t picture_size(const struct aloft_parts_view *view)
{
    uint64_t size = view->flash_size;
    uint64_t end = aloft_ptable_plan_end(view->plan);
    if (size == 0) {
        for (size = ALOFT_FLASH_FILE_MIN; size < end; size *= 2) {
        }
    }
    return size > end ? size : end; // a table that is too large is drawn whole
}

static void draw_bar(const struct picture *picture, const struct region *region)
{
    static const char *const fills[2][3] = {{"#", "=", "."}, {"█", "▓", "░"}};
    uint64_t first = region->addr * BAR / picture->size;
    uint64_t last = (region->end * BAR + picture->size - 1) / picture->size;
    for (uint64_t i = 0; i < last && i < BAR; i++) {
        (void)fputs(i < first ? " " : fills[picture->utf8][region->kind], stdout);
    }
}

static void draw_region(const struct picture *picture, const struct region *region)
{
    const struct aloft_ptable_own_words *own = picture->own_words;
    char name[ALOFT_PTABLE_LABEL + 1] = "";
    char size[16];
    char type[ALOFT_PTABLE_WORD] = "";
    char subtype[ALOFT_PTABLE_WORD] = "";
    const struct aloft_partition *p = region->partition;
    const char *flags = "";
    aloft_number_emit_size((uint32_t)(region->end - region->addr), size);
    if (p != NULL) {
        aloft_ui_clean(p->label, name, sizeof name);
        aloft_ptable_words_type_name(p->type, type);
        aloft_ptable_words_subtype_name(own, p->type, p->subtype, subtype);
        flags = (p->flags & 3u) == 3 ? "ER" : (p->flags & 1u) ? "E" : (p->flags & 2u) ? "R" : "";
    }
    printf("  0x%07" PRIx64 " %8s  %-17s %-5s %-9s %-2s ", region->addr, size,
           p != NULL ? name : region->name, type, subtype, flags);
    draw_bar(picture, region);
    (void)putchar('\n'); // main checks stdout at the end
}

void aloft_parts_view_draw(const struct aloft_parts_view *view)
{
    struct picture picture = {
        .size = picture_size(view), .utf8 = aloft_ui_utf8(), .own_words = view->own_words};
    for (uint32_t i = 0; i < view->plan->count; i++) {
        const struct aloft_partition *p = &view->plan->partitions[i];
        add(&picture, (struct region){p->addr, (uint64_t)p->addr + p->len, PARTITION, p, NULL});
    }
    add_system(&picture, view);
    qsort(picture.regions, picture.count, sizeof picture.regions[0], by_addr);
    add_gaps(&picture);
    qsort(picture.regions, picture.count, sizeof picture.regions[0], by_addr);

    char end[16];
    aloft_number_emit_size((uint32_t)picture.size, end);
    printf("  %-9s %8s  %-17s %-5s %-9s %-2s 0%*s\n", "Offset", "Size", "Name", "Type", "SubType",
           "", BAR - 1, end);
    for (size_t i = 0; i < picture.count; i++) {
        draw_region(&picture, &picture.regions[i]);
    }
}

static json_t *partition_json(const struct aloft_partition *p,
                              const struct aloft_ptable_own_words *own)
{
    char type[ALOFT_PTABLE_WORD];
    char subtype[ALOFT_PTABLE_WORD];
    aloft_ptable_words_type_name(p->type, type);
    aloft_ptable_words_subtype_name(own, p->type, p->subtype, subtype);
    return json_pack("{s:o, s:s, s:s, s:i, s:i, s:I, s:I, s:b, s:b}", "name",
                     aloft_ui_json_text(p->label), "type", type, "subtype", subtype, "type_number",
                     p->type, "subtype_number", p->subtype, "offset", (json_int_t)p->addr, "size",
                     (json_int_t)p->len, "encrypted", (p->flags & ALOFT_PARTITION_ENCRYPTED) != 0,
                     "readonly", (p->flags & ALOFT_PARTITION_READONLY) != 0);
}

json_t *aloft_parts_view_json(const struct aloft_parts_view *view)
{
    json_t *partitions = json_array();
    json_t *warnings = json_array();
    for (uint32_t i = 0; i < view->plan->count; i++) {
        (void)json_array_append_new(partitions,
                                    partition_json(&view->plan->partitions[i], view->own_words));
    }
    for (uint32_t i = 0; i < view->plan->warning_count; i++) {
        (void)json_array_append_new(warnings, aloft_ui_json_text(view->plan->warnings[i].text));
    }
    return json_pack("{s:I, s:o, s:b, s:o, s:o}", "table_offset", (json_int_t)view->table_addr,
                     "flash_size",
                     view->flash_size ? json_integer((json_int_t)view->flash_size) : json_null(),
                     "md5", view->plan->has_md5, "partitions", partitions, "warnings", warnings);
}
