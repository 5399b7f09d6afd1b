// Whole boots against a model of ESP-IDF's bootloader: the 23 pairs of records that its v5.1.4 was
// watched with, and 100,000 random flashes. The model is written from the description of the stock
// rules, as a table of states and the five steps over it, and shares no code with choose.c; what we
// do otherwise on purpose are rows of docs/SPEC.md, "Boot choice", each a switch of the model. A
// boot that differs from stock must be explained by one row, or by one set of rows and no other.
#include "aloft/base/bytes.h"
#include "aloft/format/ptable.h"
#include "check.h"
#include "device_boot.h"
#include "soft_crypto.h"

enum {
    SLOT = 0x10000,
    OTADATA = 0xD000,
    TABLE = 0x8000,
    SLOTS = 6, // places for apps: factory, test, ota_0..3
    CHIP = SLOT * (SLOTS + 1),
    RECORD = 32,
    FLASHES = 100000,
};

// Rows of SPEC.md's table that a flash can show, in its order.
enum row {
    SHORT_OTADATA = 1,
    NO_RECORD = 2,
    ERASED_FOR_A_NOTE = 4,
    REFUSED_LAST = 8,
    NO_SEGMENTS = 16,
    ROWS = 5,
    ALL_ROWS = (1 << ROWS) - 1
};

enum image { EMPTY, GOOD, ROTTEN, WITHOUT_SEGMENTS };

// What lies on a chip, and what a boot makes of it.
struct scene {
    bool trials;
    bool factory;
    bool test;
    uint32_t ota;
    uint32_t otadata_len; // 0: none
    uint8_t records[2][RECORD];
    enum image images[SLOTS]; // factory, test, ota_0..
};

enum what { REFUSE_OTADATA = 1, LEAVE, MARK, CLEAN, BEGIN_AT, LINE_UP, SKIP, RUN, GIVE };

// One action of a boot, in order. All that can be observed of a boot follows from its actions.
struct action {
    enum what what;
    int where; // a sector, or a slot
    uint32_t value;
};

enum { ACTIONS = 2 * SLOTS + 8 };

struct outcome {
    int order[SLOTS]; // of the slots that exist, as they are tried; 0 behind the last
    int count;
    int slot; // ALOFT_SLOT_NONE: nothing runs
    uint8_t records[2][RECORD];
    struct action actions[ACTIONS]; // only the model records them
    uint32_t action_count;
};

// FORMATS b.1 and b.2: the states, whether a record with one may be active, and what the bootloader
// makes of it when trials are on: before the choice, and when it is chosen.
static const struct state {
    uint32_t state;
    bool active;
    uint32_t before;
    uint32_t chosen;
} states[] = {
    {0, true, 0, 1}, {1, true, 4, 1}, {2, true, 2, 2}, {3, false, 3, 3}, {4, false, 4, 4},
};

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static struct state state_of(const uint8_t *record)
{
    uint32_t value = word(record + 24);
    for (uint32_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        if (states[i].state == value) {
            return states[i];
        }
    }
    return (struct state){value, true, value, value}; // UNDEFINED, and any other value
}

// zlib.crc32(seq, FFFFFFFF), bit by bit.
static uint32_t seq_crc(uint32_t seq)
{
    uint32_t crc = 0;
    for (int i = 0; i < 32; i++) {
        bool low = ((crc ^ seq >> i) & 1) != 0;
        crc = crc >> 1 ^ (low ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static void act(struct outcome *out, enum what what, int where, uint32_t value)
{
    struct action *action = &out->actions[out->action_count++];
    action->what = what;
    action->where = where;
    action->value = value;
}

// The CRC is right. Row NO_RECORD: a record with seq 0 does not count.
static bool crc_ok(const uint8_t *record, uint32_t rows)
{
    uint32_t seq = word(record);
    return word(record + 28) == seq_crc(seq) && !(seq == 0 && (rows & NO_RECORD) != 0);
}

static bool is_record(const uint8_t *record, uint32_t rows)
{
    return crc_ok(record, rows) && word(record) != 0xFFFFFFFF;
}

static bool invalid(const uint8_t *record)
{
    return word(record) == 0xFFFFFFFF || !state_of(record).active;
}

static bool valid(const uint8_t *record, uint32_t rows)
{
    uint32_t state = word(record + 24);
    bool unknown = state > 4 && state != 0xFFFFFFFF && (rows & NO_RECORD) != 0;
    return !invalid(record) && is_record(record, rows) && !unknown;
}

static int slot_of(const struct scene *scene, const uint8_t *record)
{
    return (int)((word(record) - 1) % scene->ota);
}

// Writes a record's state; row ERASED_FOR_A_NOTE: the other sector gets a note. The choice is still
// made from the records as they were read before.
static void mark(const struct scene *scene, struct outcome *out, uint8_t records[2][RECORD], int i,
                 uint32_t state, uint32_t rows)
{
    bool noted =
        (rows & ERASED_FOR_A_NOTE) != 0 && scene->ota > 0 && is_record(records[i], ALL_ROWS);
    bool blank = true;
    aloft_put_le32(records[i] + 24, state);
    if (noted && !is_record(records[i ^ 1], ALL_ROWS)) {
        for (uint32_t n = 0; n < RECORD; n++) {
            blank = blank && records[i ^ 1][n] == 0xFF;
        }
        memset(out->records[i ^ 1], 0xFF, RECORD);
    } else {
        blank = true;
    }
    act(out, MARK, i, state);
    if (!blank) {
        act(out, CLEAN, i ^ 1, 0);
    }
    memcpy(out->records[i], records[i], RECORD);
}

// Step 2: a record that is still PENDING is marked, by its state alone.
static void end_trials(const struct scene *scene, struct outcome *out, uint8_t records[2][RECORD],
                       uint32_t rows)
{
    for (int i = 0; i < 2; i++) {
        const uint8_t *record = records[i];
        bool spared = (rows & NO_RECORD) != 0 && !is_record(record, ALL_ROWS);
        if (state_of(record).before != word(record + 24) && !spared) {
            mark(scene, out, records, i, state_of(record).before, rows);
        } else {
            act(out, LEAVE, i, 0);
        }
    }
}

static int place_of(int slot)
{
    return slot == ALOFT_SLOT_FACTORY ? 0 : slot == ALOFT_SLOT_TEST ? 1 : 2 + slot;
}

static bool exists(const struct scene *scene, int slot)
{
    return slot == ALOFT_SLOT_FACTORY ? scene->factory
           : slot == ALOFT_SLOT_TEST  ? scene->test
                                      : slot < (int)scene->ota;
}

static void add_slot(const struct scene *scene, struct outcome *out, int slot)
{
    if (exists(scene, slot)) {
        out->order[out->count++] = slot;
    }
}

// Row REFUSED_LAST: slots that a record calls bad, and that do not come first, are tried last.
static void refused_last(const struct scene *scene, struct outcome *out, int index,
                         uint8_t records[2][RECORD])
{
    struct outcome last = {.count = 0};
    int kept = 0;
    for (int n = 0; n < out->count; n++) {
        bool bad = false;
        for (int i = 0; i < 2 && out->order[n] != index && out->order[n] >= 0; i++) {
            bad = bad || (is_record(records[i], ALL_ROWS) && !state_of(records[i]).active &&
                          slot_of(scene, records[i]) == out->order[n]);
        }
        if (bad) {
            last.order[last.count++] = out->order[n];
        } else {
            out->order[kept++] = out->order[n];
        }
    }
    memcpy(out->order + kept, last.order, (size_t)last.count * sizeof last.order[0]);
}

// Step 5: from index down to ota_0, factory, upward, test; the first whose image is good runs.
static void load(const struct scene *scene, struct outcome *out, int index, uint32_t rows,
                 uint8_t records[2][RECORD])
{
    act(out, BEGIN_AT, index, 0); // as the console shows
    for (int n = index; n >= 0; n--) {
        add_slot(scene, out, n);
    }
    add_slot(scene, out, ALOFT_SLOT_FACTORY);
    for (int n = index + 1; n < (int)scene->ota; n++) {
        add_slot(scene, out, n);
    }
    add_slot(scene, out, ALOFT_SLOT_TEST);
    if ((rows & REFUSED_LAST) != 0 && records != NULL && scene->ota > 0) {
        refused_last(scene, out, index, records);
    }
    out->slot = ALOFT_SLOT_NONE;
    for (int n = 0; n < out->count; n++) {
        act(out, LINE_UP, out->order[n], 0);
    }
    for (int n = 0; n < out->count && out->slot == ALOFT_SLOT_NONE; n++) {
        enum image image = scene->images[place_of(out->order[n])];
        bool good = image == GOOD || (image == WITHOUT_SEGMENTS && (rows & NO_SEGMENTS) == 0);
        out->slot = good ? out->order[n] : ALOFT_SLOT_NONE;
        act(out, good ? RUN : SKIP, out->order[n], 0);
    }
}

// The record that counts; -1: none.
static int active_of(uint8_t records[2][RECORD], uint32_t rows)
{
    bool first = valid(records[0], rows);
    bool second = valid(records[1], rows);
    if (first && second) {
        return word(records[1]) > word(records[0]);
    }
    return first ? 0 : second ? 1 : -1;
}

// FORMATS b.3, steps 1 to 6.
static struct outcome stock(const struct scene *scene, uint32_t rows)
{
    struct outcome out = {.slot = ALOFT_SLOT_NONE};
    uint8_t records[2][RECORD];
    int index = ALOFT_SLOT_FACTORY;
    bool initial = false;
    memcpy(out.records, scene->records, sizeof out.records);
    memcpy(records, scene->records, sizeof records);
    if (scene->otadata_len < 0x2000) {
        if (scene->otadata_len == 0 || (rows & SHORT_OTADATA) != 0) {
            load(scene, &out, index, rows, NULL);
        } else {
            act(&out, REFUSE_OTADATA, 0, 0);
        }
        return out;
    }
    if (scene->trials) {
        end_trials(scene, &out, records, rows);
    }
    if (scene->ota == 0 || (invalid(records[0]) && invalid(records[1]))) {
        index = scene->factory || scene->ota == 0 ? ALOFT_SLOT_FACTORY : 0;
        initial = !scene->factory && !is_record(records[0], rows) && !is_record(records[1], rows);
    } else {
        int active = active_of(records, rows);
        index = active >= 0 ? slot_of(scene, records[active]) : ALOFT_SLOT_FACTORY;
        if (active >= 0 && scene->trials &&
            state_of(records[active]).chosen != word(records[active] + 24)) {
            mark(scene, &out, records, active, state_of(records[active]).chosen, rows);
        }
    }
    load(scene, &out, index, rows, records);
    if (initial && out.slot >= 0) {
        struct aloft_otadata record = {.seq = (uint32_t)out.slot + 1, .state = ALOFT_OTA_VALID};
        aloft_otadata_emit(&record, out.records[0]);
        act(&out, GIVE, 0, record.seq);
    }
    return out;
}

static uint8_t chip[CHIP];
static struct device device;
static uint8_t images[4][1024];

static void make_images(void)
{
    for (int kind = GOOD; kind <= WITHOUT_SEGMENTS; kind++) {
        struct make_image make;
        memset(images[kind], 0xFF, sizeof images[kind]);
        make_image_begin(&make, images[kind], sizeof images[kind]);
        if (kind != WITHOUT_SEGMENTS) {
            make_image_app(&make, "1", "x", 256);
        }
        (void)make_image_end(&make);
        images[kind][100] ^= kind == ROTTEN;
    }
    memset(images[EMPTY], 0xFF, sizeof images[EMPTY]);
}

static void put_scene(const struct scene *scene)
{
    struct aloft_partition rows[SLOTS + 2] = {{1, 2, 0x9000, 0x4000, 0, "nvs"}};
    uint32_t count = 1;
    if (scene->otadata_len != 0) {
        rows[count++] = (struct aloft_partition){1, 0, OTADATA, scene->otadata_len, 0, "otadata"};
    }
    if (scene->factory) {
        rows[count++] = (struct aloft_partition){0, 0, SLOT, SLOT, 0, "factory"};
    }
    if (scene->test) {
        rows[count++] = (struct aloft_partition){0, 0x20, 2 * SLOT, SLOT, 0, "test"};
    }
    for (uint32_t i = 0; i < scene->ota; i++) {
        rows[count++] =
            (struct aloft_partition){0, (uint8_t)(0x10 + i), (3 + i) * SLOT, SLOT, 0, "ota"};
    }
    (void)aloft_ptable_emit_all(rows, count, NULL, chip + TABLE);
    memset(chip + OTADATA, 0xFF, 2 * ALOFT_OTADATA_SECTOR);
    for (uint32_t i = 0; i < 2; i++) {
        memcpy(chip + OTADATA + i * ALOFT_OTADATA_SECTOR, scene->records[i], RECORD);
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        memcpy(chip + (i + 1) * SLOT, images[scene->images[i]], sizeof images[0]);
    }
}

static void make_device(void)
{
    ram_flash_init(&device.ram, chip, CHIP);
    device.rules = (struct aloft_image_rules){.crypto = &aloft_soft_crypto,
                                              .len_max = CHIP,
                                              .chip = &aloft_chip_esp32,
                                              .chip_revision = 0xFFFF};
}

static struct outcome ours(const struct scene *scene)
{
    static struct aloft_boot boot;
    struct outcome out = {.count = 0};
    struct aloft_boot_port port = device_boot_port(&device);
    port.trials = scene->trials;
    put_scene(scene);
    out.slot = device_boot(&device, &boot, &port);
    for (uint32_t n = 0; n < scene->ota + 2; n++) {
        add_slot(scene, &out, aloft_boot_candidate(&boot.plan, scene->ota, n));
    }
    for (uint32_t i = 0; i < 2; i++) {
        memcpy(out.records[i], chip + OTADATA + i * ALOFT_OTADATA_SECTOR, RECORD);
    }
    return out;
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->slot == b->slot && memcmp(a->order, b->order, sizeof a->order) == 0 &&
           memcmp(a->records, b->records, sizeof a->records) == 0;
}

static uint32_t rnd(uint32_t *state)
{
    uint32_t x = *state += 0x9E3779B9u;
    x = (x ^ x >> 16) * 0x85EBCA6Bu;
    x = (x ^ x >> 13) * 0xC2B2AE35u;
    return x ^ x >> 16;
}

static void random_record(uint32_t *seed, uint8_t record[RECORD])
{
    static const uint32_t seqs[] = {0, 1, 2, 3, 4, 5, 0xFFFFFFFE, 0xFFFFFFFF};
    static const uint32_t values[] = {0, 1, 2, 3, 4, 0xFFFFFFFF, 5, 0x1234};
    uint32_t seq = seqs[rnd(seed) % 8];
    uint32_t kind = rnd(seed) % 8;
    memset(record, 0xFF, RECORD);
    if (kind == 0) {
        return; // erased
    }
    for (uint32_t i = 4; i < 24 && rnd(seed) % 4 == 0; i++) {
        record[i] = (uint8_t)rnd(seed); // a label
    }
    aloft_put_le32(record, seq);
    aloft_put_le32(record + 24, values[rnd(seed) % 8]);
    aloft_put_le32(record + 28, seq_crc(seq) ^ (kind == 1 ? 1u << rnd(seed) % 32 : 0));
}

static void random_scene(uint32_t *seed, struct scene *scene)
{
    static const uint32_t lens[] = {0x2000, 0x2000, 0x2000, 0x2000, 0x2000, 0x2000, 0x1000, 0};
    memset(scene, 0, sizeof *scene);
    scene->trials = rnd(seed) % 4 != 0;
    scene->test = rnd(seed) % 4 == 0;
    scene->ota = rnd(seed) % 5;
    scene->factory = rnd(seed) % 2 != 0 || (scene->ota == 0 && !scene->test);
    scene->otadata_len = lens[rnd(seed) % 8];
    random_record(seed, scene->records[0]);
    random_record(seed, scene->records[1]);
    for (uint32_t i = 0; i < SLOTS; i++) {
        uint32_t kind = rnd(seed) % 8;
        scene->images[i] = kind < 5    ? GOOD
                           : kind == 5 ? EMPTY
                           : kind == 6 ? ROTTEN
                                       : WITHOUT_SEGMENTS;
    }
}

static bool same_action(const struct outcome *a, const struct outcome *b, uint32_t n)
{
    bool in_a = n < a->action_count;
    bool in_b = n < b->action_count;
    return in_a == in_b && (!in_a || (a->actions[n].what == b->actions[n].what &&
                                      a->actions[n].where == b->actions[n].where &&
                                      a->actions[n].value == b->actions[n].value));
}

// The first action that is not the same; ACTIONS: all are.
static uint32_t first_difference(const struct outcome *a, const struct outcome *b)
{
    uint32_t n = 0;
    while (n < ACTIONS && same_action(a, b, n)) {
        n++;
    }
    return n;
}

// How many rows explain the first difference between the model with `rows` and the model with all
// of them: with that row added, both do the same up to this action. *found is the last such row.
static uint32_t rows_of_difference(const struct scene *scene, const struct outcome *whole,
                                   uint32_t rows, uint32_t *found)
{
    struct outcome model = stock(scene, rows);
    uint32_t at = first_difference(&model, whole);
    uint32_t count = 0;
    for (uint32_t row = 1; row < ALL_ROWS; row <<= 1) {
        if ((rows & row) == 0) {
            model = stock(scene, rows | row);
            *found = first_difference(&model, whole) > at ? row : *found;
            count += first_difference(&model, whole) > at;
        }
    }
    return count;
}

// Rows overlapped once: of 46,911 flashes that differed, 10,510 had two or three rows as their
// cause. A difference is the first action in which two boots differ. Its row is then added to the
// model, and the next difference is looked for, until none is left.
static void every_difference_belongs_to_one_row_of_the_table(void)
{
    static const char *const names[ROWS] = {"short otadata", "no record", "erased for a note",
                                            "refused last", "no segments"};
    uint32_t seed = 23;
    uint32_t flashes_of[ROWS] = {0};
    uint32_t later = 0;
    make_images();
    make_device();
    for (uint32_t n = 0; n < FLASHES; n++) {
        struct scene scene;
        uint32_t rows = 0;
        random_scene(&seed, &scene);
        check_note("flash %ld", (long)n, 0);
        struct outcome seen = ours(&scene);
        struct outcome plain = stock(&scene, 0);
        struct outcome whole = stock(&scene, ALL_ROWS);
        CHECK(same(&whole, &seen)); // the table is complete
        CHECK(first_difference(&plain, &whole) < ACTIONS || same(&plain, &seen));
        for (struct outcome model = plain; first_difference(&model, &whole) < ACTIONS;
             model = stock(&scene, rows)) {
            uint32_t row = 0;
            CHECK_EQ(rows_of_difference(&scene, &whole, rows, &row), 1);
            if (row == 0) {
                break;
            }
            flashes_of[__builtin_ctz(row)] += rows == 0;
            later += rows != 0;
            rows |= row;
        }
    }
    for (uint32_t row = 0; row < ROWS; row++) {
        printf("%-18s %6u flashes\n", names[row], (unsigned)flashes_of[row]);
        CHECK(flashes_of[row] > 0);
    }
    printf("%u further differences behind the first, each of one row as well\n", (unsigned)later);
}

// What ESP-IDF v5.1.4 was seen to do with factory, ota_0, ota_1 and trials, and what we do.
enum { F = ALOFT_SLOT_FACTORY, NONE = ALOFT_SLOT_NONE, NEW = 0, P, V, I, A, FIVE };
static const struct {
    const char *name;
    uint32_t seq[2]; // FFFFFFFF: erased
    uint32_t state[2];
    uint32_t crc[2]; // 0: the right one
    enum image factory, ota_0, ota_1;
    int stock, ours;
    uint32_t after[2]; // states
} pairs[] = {
    {"blank/blank",
     {0xFFFFFFFF, 0xFFFFFFFF},
     {0xFFFFFFFF, 0xFFFFFFFF},
     {0, 0},
     GOOD,
     GOOD,
     GOOD,
     F,
     F,
     {0xFFFFFFFF, 0xFFFFFFFF}},
    {"1V/blank", {1, 0xFFFFFFFF}, {V, 0xFFFFFFFF}, {0, 0}, GOOD, GOOD, GOOD, 0, 0, {V, 0xFFFFFFFF}},
    {"1U/blank",
     {1, 0xFFFFFFFF},
     {0xFFFFFFFF, 0xFFFFFFFF},
     {0, 0},
     GOOD,
     GOOD,
     GOOD,
     0,
     0,
     {0xFFFFFFFF, 0xFFFFFFFF}},
    {"1V bad/blank",
     {1, 0xFFFFFFFF},
     {V, 0xFFFFFFFF},
     {0x12345678, 0},
     GOOD,
     GOOD,
     GOOD,
     F,
     F,
     {V, 0xFFFFFFFF}},
    {"1V/2V", {1, 2}, {V, V}, {0, 0}, GOOD, GOOD, GOOD, 1, 1, {V, V}},
    {"1V/2N", {1, 2}, {V, NEW}, {0, 0}, GOOD, GOOD, GOOD, 1, 1, {V, P}},
    {"1V/2P", {1, 2}, {V, P}, {0, 0}, GOOD, GOOD, GOOD, 0, 0, {V, A}},
    {"1V/2I", {1, 2}, {V, I}, {0, 0}, GOOD, GOOD, GOOD, 0, 0, {V, I}},
    {"1V/2A", {1, 2}, {V, A}, {0, 0}, GOOD, GOOD, GOOD, 0, 0, {V, A}},
    {"3V/2V", {3, 2}, {V, V}, {0, 0}, GOOD, GOOD, GOOD, 0, 0, {V, V}},
    {"3V/4V bad", {3, 4}, {V, V}, {0, 1}, GOOD, GOOD, GOOD, 0, 0, {V, V}},
    {"1I/2A", {1, 2}, {I, A}, {0, 0}, GOOD, GOOD, GOOD, F, F, {I, A}},
    {"both bad", {1, 2}, {V, V}, {1, 1}, GOOD, GOOD, GOOD, F, F, {V, V}},
    {"1V/2V, ota_1 spoiled", {1, 2}, {V, V}, {0, 0}, GOOD, GOOD, ROTTEN, 0, 0, {V, V}},
    {"1V/2V, ota_1 rotten", {1, 2}, {V, V}, {0, 0}, GOOD, GOOD, ROTTEN, 0, 0, {V, V}},
    {"1V/2V, ota_1 erased", {1, 2}, {V, V}, {0, 0}, GOOD, GOOD, EMPTY, 0, 0, {V, V}},
    {"1V/2V, both erased", {1, 2}, {V, V}, {0, 0}, GOOD, EMPTY, EMPTY, F, F, {V, V}},
    {"1V/2V, all erased", {1, 2}, {V, V}, {0, 0}, EMPTY, EMPTY, EMPTY, NONE, NONE, {V, V}},
    {"1V/2N, ota_1 rotten", {1, 2}, {V, NEW}, {0, 0}, GOOD, GOOD, ROTTEN, 0, 0, {V, P}},
    {"FFFFFFFE V/blank",
     {0xFFFFFFFE, 0xFFFFFFFF},
     {V, 0xFFFFFFFF},
     {0, 0},
     GOOD,
     GOOD,
     GOOD,
     1,
     1,
     {V, 0xFFFFFFFF}},
    {"seq 0 V/blank",
     {0, 0xFFFFFFFF},
     {V, 0xFFFFFFFF},
     {0, 0},
     GOOD,
     GOOD,
     GOOD,
     1,
     F,
     {V, 0xFFFFFFFF}},
    {"5V/5V", {5, 5}, {V, V}, {0, 0}, GOOD, GOOD, GOOD, 0, 0, {V, V}},
    {"1 state 5/blank",
     {1, 0xFFFFFFFF},
     {FIVE, 0xFFFFFFFF},
     {0, 0},
     GOOD,
     GOOD,
     GOOD,
     0,
     F,
     {FIVE, 0xFFFFFFFF}},
};

static void watched_pairs_boot_as_in_stock_but_for_two_rows(void)
{
    make_images();
    make_device();
    for (uint32_t n = 0; n < sizeof pairs / sizeof pairs[0]; n++) {
        struct scene scene = {.trials = true,
                              .factory = true,
                              .ota = 2,
                              .otadata_len = 0x2000,
                              .images = {pairs[n].factory, EMPTY, pairs[n].ota_0, pairs[n].ota_1}};
        for (uint32_t i = 0; i < 2; i++) {
            struct aloft_otadata record = {.seq = pairs[n].seq[i], .state = pairs[n].state[i]};
            memset(scene.records[i], 0xFF, RECORD);
            if (record.seq != 0xFFFFFFFF) {
                aloft_otadata_emit(&record, scene.records[i]);
            }
            if (pairs[n].crc[i] != 0) {
                aloft_put_le32(scene.records[i] + 28, pairs[n].crc[i]);
            }
        }
        struct outcome theirs = stock(&scene, 0);
        struct outcome seen = ours(&scene);
        check_note("pair %ld", (long)n, 0);
        CHECK_EQ(theirs.slot, pairs[n].stock); // the model does the same
        CHECK_EQ(seen.slot, pairs[n].ours);
        for (uint32_t i = 0; i < 2; i++) {
            CHECK_EQ(word(theirs.records[i] + 24), pairs[n].after[i]);
            CHECK_BYTES(seen.records[i], theirs.records[i], RECORD);
        }
    }
}

// A consequence that the table once left out: a record that does not count does not put its slot
// last, so that without factory the slots are tried from ota_0 up, as in stock.
static void a_record_that_does_not_count_puts_no_slot_last(void)
{
    struct scene scene = {
        .trials = true, .ota = 2, .otadata_len = 0x2000, .images = {EMPTY, EMPTY, GOOD, GOOD}};
    struct aloft_otadata record = {.seq = 1, .state = 5};
    make_images();
    make_device();
    memset(scene.records, 0xFF, sizeof scene.records);
    aloft_otadata_emit(&record, scene.records[0]);
    CHECK_EQ(ours(&scene).slot, 0);
    record.state = ALOFT_OTA_INVALID;
    aloft_otadata_emit(&record, scene.records[0]);
    CHECK_EQ(ours(&scene).slot, 0); // ota_0 comes first, whatever its record says
    record.seq = 2;
    aloft_otadata_emit(&record, scene.records[0]);
    CHECK_EQ(ours(&scene).slot, 0);
    scene.images[2] = ROTTEN;
    CHECK_EQ(ours(&scene).slot, 1);
}

static void a_label_outlives_a_rewrite(void)
{
    struct scene scene = {.trials = true,
                          .factory = true,
                          .ota = 2,
                          .otadata_len = 0x2000,
                          .images = {GOOD, EMPTY, GOOD, GOOD}};
    const struct aloft_otadata records[2] = {{.seq = 1, .state = ALOFT_OTA_VALID},
                                             {.seq = 2, .state = ALOFT_OTA_NEW}};
    make_images();
    make_device();
    for (uint32_t i = 0; i < 2; i++) {
        aloft_otadata_emit(&records[i], scene.records[i]);
        memcpy(scene.records[i] + 4, "label of twenty bytes", 20);
    }
    struct outcome seen = ours(&scene);
    CHECK_EQ(word(seen.records[1] + 24), ALOFT_OTA_PENDING);
    CHECK_BYTES(seen.records[1] + 4, "label of twenty bytes", 20);
}

CHECK_MAIN(TEST(watched_pairs_boot_as_in_stock_but_for_two_rows),
           TEST(a_record_that_does_not_count_puts_no_slot_last), TEST(a_label_outlives_a_rewrite),
           TEST(every_difference_belongs_to_one_row_of_the_table))
