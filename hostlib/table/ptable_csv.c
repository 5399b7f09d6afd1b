// One pass over the lines: decode, expand $NAME, split, read the fields, place the row behind the
// one before it. The checks between rows follow when all rows are there (ptable_plan.c).
#include "hostlib/table/ptable_csv.h"
#include "hostlib/base/number.h"
#include "hostlib/base/text.h"
#include "hostlib/table/ptable_words.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_LEN = 1024, FIELD_COUNT = 6 };
enum field { NAME, TYPE, SUBTYPE, OFFSET, SIZE, FLAGS };

struct parser {
    struct aloft_ptable_plan *plan;
    const struct aloft_ptable_rules *rules;
    struct aloft_message *error;
    uint32_t line;
    int64_t end; // of the last placed row; where the next one may start
};

struct row {
    const char *fields[FIELD_COUNT];
    struct aloft_partition partition;
    int64_t addr;
    int64_t len;
    bool addr_blank;
};

static bool in_variable(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

// The length of "$NAME" or "${NAME}" at p with the name in `name`; 0 when it is neither.
static size_t variable_at(const char *p, char *name, size_t size)
{
    bool braced = p[1] == '{';
    const char *start = p + (braced ? 2 : 1);
    const char *end = start;
    while (in_variable(*end)) {
        end++;
    }
    size_t len = (size_t)(end - start);
    if (len == 0 || len >= size || (braced && *end != '}')) {
        return 0;
    }
    memcpy(name, start, len);
    name[len] = '\0';
    return (size_t)(end - p) + (braced ? 1 : 0);
}

static bool expand(struct parser *p, const char *line, char out[LINE_MAX_LEN])
{
    size_t used = 0;
    while (*line != '\0') {
        char name[128];
        const char *value = line;
        size_t value_len = 1;
        size_t step = *line == '$' ? variable_at(line, name, sizeof name) : 0;
        if (step > 0) {
            value = getenv(name);
            if (value == NULL) {
                return aloft_message_set(p->error,
                                         "line %u: $%s is not set in the environment; set it, or "
                                         "write the value itself",
                                         p->line, name);
            }
            value_len = strlen(value);
        }
        if (value_len >= LINE_MAX_LEN - used) {
            return aloft_message_set(p->error,
                                     "line %u: the line is longer than %d bytes; a row has six "
                                     "short fields",
                                     p->line, LINE_MAX_LEN - 1);
        }
        memcpy(out + used, value, value_len);
        used += value_len;
        line += step > 0 ? step : 1;
    }
    out[used] = '\0';
    return true;
}

static void split(char *line, const char *fields[FIELD_COUNT])
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        char *comma = line == NULL ? NULL : strchr(line, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        fields[i] = line == NULL ? "" : aloft_text_strip(line);
        line = comma == NULL ? NULL : comma + 1;
    }
}

// A type or subtype: a keyword, or a number that fits a byte.
static bool read_kind(struct parser *p, const char *text, int type, uint8_t *value)
{
    const char *what = type < 0 ? "Type" : "SubType";
    const struct aloft_ptable_own_words *own = p->rules->own_words;
    int keyword = type < 0 ? aloft_ptable_words_type(text)
                           : aloft_ptable_words_subtype(own, (uint8_t)type, text);
    int64_t number = keyword;
    char words[256];
    if (keyword < 0 && !aloft_number_parse(text, &number)) {
        aloft_ptable_words_list(own, type, words, sizeof words);
        return aloft_message_set(
            p->error,
            "line %u: %s '%s' is neither a keyword nor a number; use %s%sa number "
            "such as 0x40",
            p->line, what, text, words, words[0] ? ", or " : "");
    }
    if (number < 0 || number > UINT8_MAX) {
        return aloft_message_set(p->error, "line %u: %s '%s' is outside 0..0xff", p->line, what,
                                 text);
    }
    *value = (uint8_t)number;
    return true;
}

static bool read_kinds(struct parser *p, struct row *row)
{
    struct aloft_partition *partition = &row->partition;
    if (row->fields[TYPE][0] == '\0') {
        return aloft_message_set(
            p->error,
            "line %u: '%s' has no Type; write app, data, or a number from 0x40 "
            "on. A row is Name, Type, SubType, Offset, Size, Flags",
            p->line, row->fields[NAME]);
    }
    if (!read_kind(p, row->fields[TYPE], -1, &partition->type)) {
        return false;
    }
    if (row->fields[SUBTYPE][0] != '\0') {
        return read_kind(p, row->fields[SUBTYPE], partition->type, &partition->subtype);
    }
    partition->subtype = ALOFT_DATA_UNDEFINED;
    return !aloft_partition_is_app(partition) ||
           aloft_message_set(p->error,
                             "line %u: the app partition '%s' has no SubType; write factory, test, "
                             "or ota_0..ota_15",
                             p->line, row->fields[NAME]);
}

static bool read_name(struct parser *p, struct row *row)
{
    const char *name = row->fields[NAME];
    size_t len = strlen(name);
    if (len > ALOFT_PTABLE_LABEL) {
        aloft_ptable_plan_warn(p->plan,
                               "line %u: the name '%s' has %zu bytes and is cut to the 16 that the "
                               "table has room for",
                               p->line, name, len);
        len = ALOFT_PTABLE_LABEL;
    } else if (len == ALOFT_PTABLE_LABEL) {
        aloft_ptable_plan_warn(p->plan,
                               "line %u: the name '%s' fills all 16 bytes; ESP-IDF documents 15, "
                               "and code that expects a terminator reads on",
                               p->line, name);
    }
    memcpy(row->partition.label, name, len);
    return true;
}

static bool read_number(struct parser *p, const char *what, const char *text, int64_t *value)
{
    if (aloft_number_parse(text, value)) {
        return true;
    }
    return aloft_message_set(p->error,
                             "line %u: %s '%s' is not a number; write bytes such as 0x10000, 64K, "
                             "or 1M",
                             p->line, what, text);
}

// The number that stands in a field of a row that describes the bootloader; people write N/A there.
static bool written(const char *field, int64_t *value)
{
    return aloft_number_parse(field, value) && *value >= 0;
}

// The length of a bootloader row: up to the table. What the row says counts only where nobody knows
// where the bootloader begins.
static bool read_bootloader_len(struct parser *p, struct row *row)
{
    const struct aloft_ptable_rules *rules = p->rules;
    bool primary = aloft_ptable_plan_is_primary(&row->partition);
    int64_t start = rules->bootloader_addr != ALOFT_PTABLE_NO_ADDR ? rules->bootloader_addr
                    : primary                                      ? row->addr
                                                                   : -1;
    if (start < 0 && !written(row->fields[SIZE], &row->len)) {
        return aloft_message_set(p->error,
                                 "line %u: a bootloader row needs to know where the chip's "
                                 "bootloader lies; give --bootloader-offset (0x1000 for ESP32 and "
                                 "S2, 0x0 for C3, S3 and C6)",
                                 p->line);
    }
    row->len = start < 0 ? row->len : (int64_t)rules->table_addr - start;
    if (row->len <= 0) {
        return aloft_message_set(p->error,
                                 "line %u: the bootloader at 0x%" PRIx64
                                 " does not lie before the table at 0x%x; "
                                 "check --bootloader-offset and --offset",
                                 p->line, start, rules->table_addr);
    }
    return true;
}

// Rows that describe the bootloader or the table get what the build says. Where it says nothing,
// they lie where the row says: so the CSV of a table builds without further options.
static bool read_own_place(struct parser *p, struct row *row)
{
    const struct aloft_ptable_rules *rules = p->rules;
    bool table = row->partition.type == ALOFT_TYPE_PTABLE;
    bool recovery = !table && row->partition.subtype == 2;
    bool primary = row->partition.subtype == 0;
    uint32_t given = table      ? rules->table_addr
                     : recovery ? rules->recovery_addr
                                : rules->bootloader_addr;
    if (primary || recovery) {
        row->addr_blank = false;
        row->addr = given;
        if (given == ALOFT_PTABLE_NO_ADDR && !written(row->fields[OFFSET], &row->addr)) {
            return aloft_message_set(p->error,
                                     "line %u: a %sbootloader row needs to know where it lies; "
                                     "give --%s-offset%s",
                                     p->line, recovery ? "recovery " : "",
                                     recovery ? "recovery" : "bootloader",
                                     recovery ? ""
                                              : " (0x1000 for ESP32 and S2, 0x0 for C3, S3 and "
                                                "C6)");
        }
    } else if (!row->addr_blank && !read_number(p, "Offset", row->fields[OFFSET], &row->addr)) {
        return false;
    }
    row->len = ALOFT_PTABLE_SECTOR;
    return table || read_bootloader_len(p, row);
}

static bool read_place(struct parser *p, struct row *row)
{
    uint8_t type = row->partition.type;
    row->addr_blank = row->fields[OFFSET][0] == '\0';
    if (type == ALOFT_TYPE_BOOTLOADER || type == ALOFT_TYPE_PTABLE) {
        return read_own_place(p, row);
    }
    if (row->fields[SIZE][0] == '\0') {
        return aloft_message_set(p->error,
                                 "line %u: '%s' has no Size; write bytes such as 0x6000, "
                                 "24K, or 1M",
                                 p->line, row->fields[NAME]);
    }
    return read_number(p, "Size", row->fields[SIZE], &row->len) &&
           (row->addr_blank || read_number(p, "Offset", row->fields[OFFSET], &row->addr));
}

static bool read_flags(struct parser *p, struct row *row)
{
    char flags[LINE_MAX_LEN];
    (void)snprintf(flags, sizeof flags, "%s", row->fields[FLAGS]); // a field is shorter than a line
    for (char *rest = flags; rest != NULL;) {
        char *colon = strchr(rest, ':');
        char *flag = rest;
        rest = colon == NULL ? NULL : colon + 1;
        if (colon != NULL) {
            *colon = '\0';
        }
        if (strcmp(flag, "encrypted") == 0) {
            row->partition.flags |= ALOFT_PARTITION_ENCRYPTED;
        } else if (strcmp(flag, "readonly") == 0) {
            row->partition.flags |= ALOFT_PARTITION_READONLY;
        } else if (flag[0] != '\0') {
            return aloft_message_set(
                p->error,
                "line %u: unknown flag '%s'; flags are encrypted and readonly, "
                "joined by ':', and a comment needs a line of its own",
                p->line, flag);
        }
    }
    return true;
}

static bool place_behind(struct parser *p, struct row *row)
{
    int64_t unit = aloft_partition_alignment(&row->partition);
    if (!row->addr_blank && row->addr < p->end) {
        bool first = p->end == (int64_t)p->rules->table_addr + ALOFT_PTABLE_SECTOR;
        return aloft_message_set(p->error,
                                 "line %u: Offset '%s' of '%s' lies below 0x%" PRIx64 ", where %s "
                                 "ends; use that or higher, or leave the field blank",
                                 p->line, row->fields[OFFSET], row->fields[NAME], p->end,
                                 first ? "the partition table" : "the partition before it");
    }
    if (row->addr_blank) {
        row->addr = (p->end + unit - 1) / unit * unit;
    }
    if (row->len < 0) { // -X: "up to address X"
        int64_t up_to = -row->len;
        row->len = up_to - row->addr;
        if (row->len < 0) {
            return aloft_message_set(p->error,
                                     "line %u: Size '%s' of '%s' means up to 0x%" PRIx64 ", but it "
                                     "starts at 0x%" PRIx64,
                                     p->line, row->fields[SIZE], row->fields[NAME], up_to,
                                     row->addr);
        }
    }
    p->end = row->addr + row->len;
    return true;
}

static bool keep(struct parser *p, struct row *row)
{
    struct aloft_ptable_plan *plan = p->plan;
    if (!aloft_ptable_plan_is_primary(&row->partition) && !place_behind(p, row)) {
        return false;
    }
    if (row->addr + row->len > (int64_t)UINT32_MAX + 1 || row->addr > UINT32_MAX ||
        row->len > UINT32_MAX) {
        return aloft_message_set(p->error,
                                 "line %u: '%s' ends at 0x%" PRIx64 ", beyond the 4 GiB that a "
                                 "table can describe; check Offset and Size",
                                 p->line, row->fields[NAME], row->addr + row->len);
    }
    if (plan->count == ALOFT_PTABLE_MAX) {
        return aloft_message_set(p->error,
                                 "line %u: a table holds at most %u partitions; remove "
                                 "the rows from here on",
                                 p->line, ALOFT_PTABLE_MAX);
    }
    row->partition.addr = (uint32_t)row->addr;
    row->partition.len = (uint32_t)row->len;
    plan->lines[plan->count] = p->line;
    plan->partitions[plan->count++] = row->partition;
    return true;
}

static bool parse_line(struct parser *p, const char *line)
{
    char expanded[LINE_MAX_LEN];
    struct row row = {0};
    size_t len = strlen(line);
    for (size_t blank; (blank = aloft_text_blank_first(line, len)) > 0; len -= blank) {
        line += blank;
    }
    if (*line == '#') {
        return true; // before the expansion: a comment may talk of $HOME
    }
    if (!expand(p, line, expanded)) {
        return false;
    }
    char *text = aloft_text_strip(expanded);
    if (text[0] == '\0' || text[0] == '#') {
        return true;
    }
    split(text, row.fields);
    return read_kinds(p, &row) && read_name(p, &row) && read_place(p, &row) &&
           read_flags(p, &row) && keep(p, &row);
}

static bool parse_lines(struct parser *p, char *text)
{
    size_t sep;
    do {
        size_t len = aloft_text_line(text, &sep);
        text[len] = '\0';
        p->line++;
        if (!parse_line(p, text)) {
            return false;
        }
        text += len + sep;
    } while (sep > 0);
    return true;
}

bool aloft_ptable_csv_parse(struct aloft_ptable_plan *plan, const void *text, size_t len,
                            const struct aloft_ptable_rules *rules, struct aloft_message *error)
{
    struct parser p = {plan, rules, error, 0, (int64_t)rules->table_addr + ALOFT_PTABLE_SECTOR};
    char *utf8;
    memset(plan, 0, sizeof *plan);
    if (len > ALOFT_PTABLE_CSV_MAX) {
        return aloft_message_set(error, "the table has %zu bytes; no table needs more than %u", len,
                                 ALOFT_PTABLE_CSV_MAX);
    }
    if (!aloft_text_decode(text, len, &utf8, error)) {
        return false;
    }
    bool ok = parse_lines(&p, utf8);
    free(utf8);
    return ok && aloft_ptable_plan_check(plan, rules, error);
}

// A name that would come back as it is: a field is read without the blanks around it, and a binary
// table may hold bytes that are no text, such as half a character at the end of a cut name.
static bool fits_csv(const char *name)
{
    struct aloft_message error;
    char *text;
    size_t len = strlen(name);
    size_t sep;
    if (len == 0) {
        return true;
    }
    if (aloft_text_blank_first(name, len) > 0 || aloft_text_blank_last(name, len) > 0 ||
        aloft_text_line(name, &sep) < len || name[0] == '#' || strpbrk(name, ",$") != NULL) {
        return false;
    }
    bool same = aloft_text_decode(name, len, &text, &error);
    if (same) {
        same = strcmp(text, name) == 0;
        free(text);
    }
    return same;
}

// Appends a row; the room is more than 95 of the longest need.
static void emit_row(const struct aloft_partition *p, const struct aloft_ptable_own_words *own,
                     char *text, size_t size)
{
    char type[ALOFT_PTABLE_WORD];
    char subtype[ALOFT_PTABLE_WORD];
    char room[16];
    size_t used = strlen(text);
    bool encrypted = (p->flags & ALOFT_PARTITION_ENCRYPTED) != 0;
    bool readonly = (p->flags & ALOFT_PARTITION_READONLY) != 0;
    aloft_ptable_words_type_name(p->type, type);
    aloft_ptable_words_subtype_name(own, p->type, p->subtype, subtype);
    aloft_number_emit_size(p->len, room);
    (void)snprintf(text + used, size - used, "%s,%s,%s,0x%x,%s,%s%s%s\n", p->label, type, subtype,
                   p->addr, room, encrypted ? "encrypted" : "", encrypted && readonly ? ":" : "",
                   readonly ? "readonly" : "");
}

static int by_addr(const void *a, const void *b)
{
    const struct aloft_partition *left = a;
    const struct aloft_partition *right = b;
    return (left->addr > right->addr) - (left->addr < right->addr);
}

// A builder takes explicit offsets in rising order only; the two primary rows stand anywhere.
static bool rising(const struct aloft_ptable_plan *plan)
{
    uint32_t addr = 0;
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct aloft_partition *p = &plan->partitions[i];
        if (aloft_ptable_plan_is_primary(p)) {
            continue;
        }
        if (p->addr < addr) {
            return false;
        }
        addr = p->addr;
    }
    return true;
}

static bool same_row(const struct aloft_partition *a, const struct aloft_partition *b)
{
    const uint32_t flags = ALOFT_PARTITION_ENCRYPTED | ALOFT_PARTITION_READONLY;
    return a->type == b->type && a->subtype == b->subtype && a->addr == b->addr &&
           a->len == b->len && ((a->flags ^ b->flags) & flags) == 0 &&
           strcmp(a->label, b->label) == 0;
}

// Whether the text leads to these rows.
static bool builds(const char *text, const struct aloft_partition *rows, uint32_t count,
                   const struct aloft_ptable_rules *rules, struct aloft_message *error)
{
    struct aloft_message why;
    struct aloft_ptable_plan *again = calloc(1, sizeof *again);
    if (again == NULL) {
        return aloft_message_set(error, "out of memory");
    }
    bool good =
        aloft_ptable_csv_parse(again, text, strlen(text), rules, &why) ||
        aloft_message_set(error, "no CSV builds this table; in what comes nearest, %s", why.text);
    for (uint32_t i = 0; good && i < count; i++) {
        good = same_row(&again->partitions[i], &rows[i]) ||
               aloft_message_set(error,
                                 "no CSV builds this table: '%s' would get 0x%x bytes at 0x%x, "
                                 "and has 0x%x at 0x%x",
                                 rows[i].label, again->partitions[i].len, again->partitions[i].addr,
                                 rows[i].len, rows[i].addr);
    }
    free(again);
    return good;
}

bool aloft_ptable_csv_emit(struct aloft_ptable_plan *plan, const struct aloft_ptable_rules *rules,
                           char *text, size_t size, size_t *len, struct aloft_message *error)
{
    struct aloft_partition rows[ALOFT_PTABLE_MAX];
    memcpy(rows, plan->partitions, sizeof rows);
    if (!rising(plan)) {
        qsort(rows, plan->count, sizeof rows[0], by_addr);
        aloft_ptable_plan_warn(plan, "the rows do not stand in the order of their offsets; the CSV "
                                     "is sorted, and builds the same partitions in another order");
    }
    (void)snprintf(text, size,
                   "# ESP-IDF Partition Table\n"
                   "# Name, Type, SubType, Offset, Size, Flags\n");
    for (uint32_t i = 0; i < plan->count; i++) {
        if (!fits_csv(rows[i].label)) {
            return aloft_message_set(error, "the name '%s' cannot be written in a CSV file",
                                     rows[i].label);
        }
        emit_row(&rows[i], rules->own_words, text, size);
    }
    *len = strlen(text);
    return (*len < size - 1 || aloft_message_set(error, "the table's text does not fit")) &&
           builds(text, rows, plan->count, rules, error);
}
