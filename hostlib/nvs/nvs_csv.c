// One pass: a row is split into its fields in place, then its value is decoded and placed.
#include "hostlib/nvs/nvs_csv.h"
#include "hostlib/base/file.h"
#include "hostlib/base/text.h"
#include "hostlib/nvs/nvs_value.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 16, COLUMNS = 4, KEYS_MAX = 16384 };
enum column { KEY, TYPE, ENCODING, VALUE };

struct seen {
    uint8_t ns; // 0: the key is a namespace
    uint32_t line;
    const char *key;
};

struct parser {
    struct aloft_nvs_build *build;
    struct aloft_message *error;
    char *at;                 // what is not read yet
    uint32_t line;            // of *at
    uint32_t row_line;        // where the row begins
    char *fields[FIELDS_MAX]; //
    size_t count;             // of fields
    size_t columns[COLUMNS];  // index of each in fields
    struct seen *seen;
    size_t seen_count;
};

// --- text to rows

static bool fail(struct parser *p, const char *what)
{
    return aloft_message_set(p->error, "line %u: %s", (unsigned)p->row_line, what);
}

// Lines end as in Python's text files.
static void unify_line_ends(char *text)
{
    char *out = text;
    for (const char *in = text; *in != '\0'; in++) {
        if (*in == '\r') {
            *out++ = '\n';
            in += in[1] == '\n' ? 1 : 0;
        } else {
            *out++ = *in;
        }
    }
    *out = '\0';
}

// At the start of a line: over the comments. They are none of a quoted text either.
static void skip_comments(struct parser *p)
{
    while (*p->at == '#') {
        p->at += strcspn(p->at, "\n");
        p->at += *p->at == '\n' ? 1 : 0;
        p->line++;
    }
}

// Reads one field to where it ends, and writes it to *out. True: another one follows in the row.
static bool read_field(struct parser *p, char **out)
{
    bool quoted = *p->at == '"';
    p->at += quoted ? 1 : 0;
    for (;;) {
        char c = *p->at;
        if (c == '\0' || (!quoted && c == '\n')) {
            break;
        }
        p->at++;
        if (quoted && c == '"' && *p->at != '"') {
            quoted = false;
        } else if (!quoted && c == ',') {
            **out = '\0';
            return true;
        } else {
            p->at += quoted && c == '"' ? 1 : 0;
            *(*out)++ = c;
        }
        if (c == '\n') {
            p->line++;
            skip_comments(p);
        }
    }
    bool more = *p->at == '\n';
    p->at += more ? 1 : 0;
    p->line += more ? 1 : 0;
    **out = '\0';
    return false;
}

// The next row that is not empty. False at the end, and when it has too many fields.
static bool read_row(struct parser *p)
{
    for (skip_comments(p); *p->at == '\n'; skip_comments(p)) {
        p->at++;
        p->line++;
    }
    p->row_line = p->line;
    p->count = 0;
    if (*p->at == '\0') {
        return false;
    }
    bool more = true;
    char *out = p->at;
    while (more && p->count < FIELDS_MAX) {
        p->fields[p->count++] = out;
        more = read_field(p, &out);
        out++; // never beyond what was read: a field ends with a comma, a line end, or the text
    }
    return !more || fail(p, "too many fields; there are key, type, encoding and value");
}

static bool read_header(struct parser *p)
{
    static const char *const names[COLUMNS] = {"key", "type", "encoding", "value"};
    if (!read_row(p)) {
        return fail(p, "there is no header; the first line is key,type,encoding,value");
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        size_t k = 0;
        while (k < p->count && strcmp(p->fields[k], names[i]) != 0) {
            k++;
        }
        if (k == p->count) {
            return aloft_message_set(p->error,
                                     "line %u: the header has no '%s'; write "
                                     "key,type,encoding,value",
                                     (unsigned)p->row_line, names[i]);
        }
        p->columns[i] = k;
    }
    return true;
}

static const char *column(const struct parser *p, enum column which)
{
    return p->columns[which] < p->count ? p->fields[p->columns[which]] : "";
}

// --- rows to values

// Notes a key or a namespace, which may come once.
static bool note(struct parser *p, const char *key, uint8_t ns)
{
    for (size_t i = 0; i < p->seen_count; i++) {
        if (p->seen[i].ns == ns && strcmp(p->seen[i].key, key) == 0) {
            return aloft_message_set(p->error, "line %u: %s '%s' is in line %u already%s",
                                     (unsigned)p->row_line, ns == 0 ? "namespace" : "key", key,
                                     (unsigned)p->seen[i].line,
                                     ns == 0 ? "; put all its keys there" : "");
        }
    }
    if (p->seen_count == KEYS_MAX) {
        return fail(p, "too many keys");
    }
    p->seen[p->seen_count++] = (struct seen){ns, p->row_line, key};
    return true;
}

static bool place(struct parser *p, const char *key, const struct aloft_nvs_value *value)
{
    struct aloft_message why;
    bool good = value->kind == ALOFT_NVS_VALUE_TEXT
                    ? aloft_nvs_build_str(p->build, key, (const char *)value->bytes, &why)
                : value->kind == ALOFT_NVS_VALUE_BLOB
                    ? aloft_nvs_build_blob(p->build, key, value->bytes, value->len, &why)
                    : aloft_nvs_build_number(p->build, key, value->type, value->number, &why);
    return good || fail(p, why.text);
}

static bool read_value(struct parser *p, const char *key)
{
    struct aloft_nvs_value value;
    struct aloft_message why;
    struct aloft_file file = {NULL, 0};
    const char *text = column(p, VALUE);
    bool is_file = strcmp(column(p, TYPE), "file") == 0;
    if (is_file && !aloft_file_read(text, ALOFT_NVS_VALUE_MAX, &file, &why)) {
        return fail(p, why.text);
    }
    bool good = is_file ? aloft_nvs_value_of_file(&value, column(p, ENCODING), &file, &why)
                        : aloft_nvs_value_of_text(&value, column(p, ENCODING), text, &why);
    if (good) {
        good = place(p, key, &value);
        aloft_nvs_value_release(&value);
    } else {
        (void)fail(p, why.text);
    }
    if (is_file) {
        aloft_file_release(&file);
    }
    return good;
}

static bool read_entry(struct parser *p)
{
    struct aloft_message why;
    const char *key = column(p, KEY);
    const char *type = column(p, TYPE);
    if (strcmp(type, "namespace") == 0) {
        return note(p, key, 0) && (aloft_nvs_build_ns(p->build, key, &why) || fail(p, why.text));
    }
    if (strcmp(type, "data") != 0 && strcmp(type, "file") != 0) {
        return aloft_message_set(p->error, "line %u: type '%s'; write namespace, data or file",
                                 (unsigned)p->row_line, type);
    }
    if (p->build->ns == 0) {
        return fail(p, "a value before the first namespace; begin with NAME,namespace,,");
    }
    return note(p, key, p->build->ns) && read_value(p, key);
}

bool aloft_nvs_csv_build(struct aloft_nvs_build *build, const void *text, size_t len,
                         struct aloft_message *error)
{
    char *utf8;
    if (!aloft_text_decode(text, len, &utf8, error)) {
        return false;
    }
    unify_line_ends(utf8);
    struct parser p = {.build = build, .error = error, .at = utf8, .line = 1, .row_line = 1};
    p.seen = calloc(KEYS_MAX, sizeof *p.seen);
    error->text[0] = '\0';
    bool good = p.seen != NULL ? read_header(&p) : aloft_message_set(error, "out of memory");
    while (good && read_row(&p)) {
        good = read_entry(&p);
    }
    good = good && error->text[0] == '\0'; // the last row may have been no row
    free(p.seen);
    free(utf8);
    return good;
}

// --- and back

char *aloft_nvs_csv_quote(const char *field)
{
    struct aloft_message ignored;
    char *copy;
    size_t len = strlen(field);
    if (strchr(field, '\r') != NULL || strstr(field, "\n#") != NULL ||
        !aloft_text_decode(field, len, &copy, &ignored)) {
        return NULL;
    }
    bool same = strcmp(copy, field) == 0; // a byte order mark would get lost
    free(copy);
    char *out = same ? malloc(2 * len + 3) : NULL;
    char *at = out;
    if (out == NULL) {
        return NULL;
    }
    bool plain = strpbrk(field, ",\"\n") == NULL && field[0] != '#';
    if (plain) {
        memcpy(out, field, len + 1);
        return out;
    }
    *at++ = '"';
    for (; *field != '\0'; field++) {
        if (*field == '"') {
            *at++ = '"';
        }
        *at++ = *field;
    }
    *at++ = '"';
    *at = '\0';
    return out;
}
