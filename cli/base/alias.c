// A line is read once, from left to right: options before the command, the command's word, its
// arguments. What is given is never changed; words that are not in it are copies.
#include "cli/base/alias.h"
#include "cli/base/suggest.h"
#include "cli/base/ui.h"
#include "hostlib/base/file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 << 10 };

struct reader {
    struct aloft_alias_line *line;
    const struct aloft_alias *alias; // NULL: a command of ours
    int status;                      // to return when it cannot be read
    int start;                       // where operands go, behind the command
    size_t operands;
    // Operands that were given as options.
    struct slot {
        const char *form;
        const char *value; // NULL: not given
    } slots[ALOFT_ALIAS_OPERANDS];
};

static bool put(struct aloft_alias_line *line, char *word)
{
    if (line->argc == ALOFT_ALIAS_WORDS_MAX) {
        aloft_ui_error("more than %d words; nothing was done", ALOFT_ALIAS_WORDS_MAX);
        return false;
    }
    line->argv[line->argc++] = word;
    line->argv[line->argc] = NULL;
    return true;
}

// A word of the table, whose bytes are constant.
static bool put_copy(struct aloft_alias_line *line, const char *word, size_t len)
{
    char *copy = line->made_count < ALOFT_ALIAS_WORDS_MAX ? strndup(word, len) : NULL;
    if (copy == NULL) {
        aloft_ui_error("out of memory");
        return false;
    }
    line->made[line->made_count++] = copy;
    return put(line, copy);
}

static bool put_words(struct aloft_alias_line *line, const char *words)
{
    bool good = true;
    while (good && *words != '\0') {
        size_t len = strcspn(words, " ");
        good = put_copy(line, words, len);
        words += len + strspn(words + len, " ");
    }
    return good;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && strcmp(word, "--") != 0;
}

// The option in list that word names; NULL when there is none. *equals: its value, if it is in the
// same word.
static const struct aloft_alias_option *find(const struct aloft_alias_option *list,
                                             const char *word, char **equals)
{
    char name[40];
    const char *start = word + strspn(word, "-");
    size_t len = strcspn(start, "=");
    bool is_short = word[1] != '-';
    (void)snprintf(name, sizeof name, "%.*s", (int)len, start);
    *equals = start[len] == '=' ? strchr(word, '=') + 1 : NULL;
    for (; list != NULL && list->name != NULL; list++) {
        if (aloft_suggest_same(list->name, name) && (strlen(name) < 3) == is_short) {
            return list;
        }
    }
    return NULL;
}

static const char *value_of(const char *option, const char *value)
{
    for (const struct aloft_alias_value *v = aloft_alias_values; v->option != NULL; v++) {
        if (strcmp(v->option, option) == 0 && aloft_suggest_same(v->theirs, value)) {
            return v->ours;
        }
    }
    return value;
}

// One that is made of another word than the operand's own.
static bool is_weak(const char *form)
{
    return form[0] == '*' && form[1] != '\0';
}

static bool put_option(struct reader *reader, const struct aloft_alias_option *option,
                       const char *value)
{
    if (option->ours == NULL) {
        return true;
    }
    if (option->ours[0] == '@') {
        struct slot *slot = &reader->slots[option->ours[1] - '0'];
        const char *form = option->form != NULL ? option->form : "*";
        if (slot->value == NULL || is_weak(slot->form) || !is_weak(form)) {
            *slot = (struct slot){form, value != NULL ? value : ""};
        }
        return true;
    }
    const char *ours = value != NULL ? value_of(option->ours, value) : NULL;
    return put_words(reader->line, option->ours) &&
           (ours == NULL || put_copy(reader->line, ours, strlen(ours)));
}

// Translates the option at words[*at], and leaves *at at the last word used.
static bool read_option(struct reader *reader, int count, char **words, int *at)
{
    char *word = words[*at];
    char *value;
    const struct aloft_alias_option *option =
        find(reader->alias != NULL ? reader->alias->options : NULL, word, &value);
    if (option == NULL) {
        option = find(aloft_alias_front, word, &value);
    }
    if (option == NULL) {
        return put(reader->line, word);
    }
    if (option->value && value == NULL) {
        if (*at + 1 >= count) {
            aloft_ui_error("%s needs a value", word);
            return false;
        }
        *at += 1;
        value = words[*at];
    }
    return put_option(reader, option, option->value ? value : NULL);
}

static bool read_operand(struct reader *reader, char *word)
{
    size_t index = reader->operands++;
    const char *before = reader->alias != NULL && index < ALOFT_ALIAS_OPERANDS
                             ? reader->alias->operands[index]
                             : NULL;
    return (before == NULL || put_words(reader->line, before)) && put(reader->line, word);
}

static bool read_words(struct reader *reader, int count, char **words)
{
    bool good = true;
    bool options = true;
    for (int i = 0; good && i < count; i++) {
        options = options && strcmp(words[i], "--") != 0;
        if (options && is_option(words[i])) {
            good = read_option(reader, count, words, &i);
        } else {
            good = read_operand(reader, words[i]);
        }
    }
    return good;
}

// Puts the words of the file into out, at most `room`. False when that was impossible and said.
static bool read_file(struct reader *reader, const char *path, char **out, size_t room,
                      size_t *count)
{
    struct aloft_file file;
    struct aloft_message error;
    struct aloft_alias_line *line = reader->line;
    if (line->file_count == ALOFT_ARG_LIST_MAX || !aloft_file_read(path, FILE_MAX, &file, &error)) {
        aloft_ui_error("%s",
                       line->file_count == ALOFT_ARG_LIST_MAX ? "too many @FILEs" : error.text);
        reader->status = ALOFT_EXIT_BAD;
        return false;
    }
    char *text = (char *)file.data; // released with the line; it holds no key
    line->files[line->file_count++] = text;
    *count = 0;
    for (char *rest = text, *word; (word = strtok_r(rest, " \t\r\n", &rest)) != NULL;) {
        if (*count == room) {
            aloft_ui_error("%s has too many words", path);
            return false;
        }
        out[(*count)++] = word;
    }
    return true;
}

// The arguments of another tool's command, with the words of @FILEs in them.
static bool read_arguments(struct reader *reader, int count, char **words)
{
    char *all[ALOFT_ALIAS_WORDS_MAX];
    size_t len = 0;
    for (int i = 0; i < count; i++) {
        size_t more = 1;
        if (len == ALOFT_ALIAS_WORDS_MAX) {
            aloft_ui_error("more than %d words; nothing was done", ALOFT_ALIAS_WORDS_MAX);
            return false;
        }
        if (reader->alias->files && words[i][0] == '@') {
            if (!read_file(reader, words[i] + 1, all + len, ALOFT_ALIAS_WORDS_MAX - len, &more)) {
                return false;
            }
        } else {
            all[len] = words[i];
        }
        len += more;
    }
    return read_words(reader, (int)len, all);
}

// How many words of the line the alias stands for; 0: it is another one.
static int match(const struct aloft_alias *alias, int count, char **words)
{
    char first[40];
    size_t len = strcspn(alias->words, " ");
    (void)snprintf(first, sizeof first, "%.*s", (int)len, alias->words);
    if (count < 1 || !aloft_suggest_same(first, words[0])) {
        return 0;
    }
    if (alias->words[len] == '\0') {
        return 1;
    }
    return count > 1 && aloft_suggest_same(alias->words + len + 1, words[1]) ? 2 : 0;
}

// How many of the words are options that may stand before a command.
static int count_front(int count, char **words)
{
    int i = 0;
    while (i < count && is_option(words[i])) {
        char *value;
        const struct aloft_alias_option *option = find(aloft_alias_front, words[i], &value);
        int more = option != NULL && option->value && value == NULL ? 2 : 1;
        if (option == NULL || i + more >= count) {
            break; // of the tool itself, or wrong: main will say
        }
        i += more;
    }
    return i;
}

static bool translate(struct reader *reader, int argc, char **argv)
{
    int front = count_front(argc - 1, argv + 1);
    int at = 1 + front;
    int used = 0;
    const struct aloft_alias *alias = aloft_aliases;
    while (alias->words != NULL && (used = match(alias, argc - at, argv + at)) == 0) {
        alias++;
    }
    bool good = put(reader->line, argv[0]);
    reader->start = at < argc ? 2 : 1;
    if (used == 0) {
        for (int i = at; good && i < argc; i++) {
            const char *ours = value_of(argv[i - 1], argv[i]);
            good = ours == argv[i] ? put(reader->line, argv[i])
                                   : put_copy(reader->line, ours, strlen(ours));
        }
        return good && read_words(reader, front, argv + 1);
    }
    if (alias->command == NULL) {
        aloft_ui_error("%s of %s: %s", alias->words, alias->tool, alias->hint);
        return false;
    }
    reader->alias = alias;
    good = good && put_words(reader->line, alias->command);
    reader->start = reader->line->argc;
    return good && read_arguments(reader, argc - at - used, argv + at + used) &&
           read_words(reader, front, argv + 1);
}

// Operands that were given as options come first, as words that follow them may be operands, too.
static bool put_slots(struct reader *reader)
{
    struct aloft_alias_line *line = reader->line;
    int at = reader->start;
    for (size_t i = 0; i < ALOFT_ALIAS_OPERANDS; i++) {
        const struct slot *slot = &reader->slots[i];
        char text[4096];
        if (slot->value == NULL) {
            continue;
        }
        int star = (int)strcspn(slot->form, "*");
        int len = slot->form[star] == '\0'
                      ? snprintf(text, sizeof text, "%s", slot->form)
                      : snprintf(text, sizeof text, "%.*s%s%s", star, slot->form, slot->value,
                                 slot->form + star + 1);
        if (len >= (int)sizeof text || !put_copy(line, text, (size_t)len)) {
            return false;
        }
        char *word = line->argv[line->argc - 1];
        memmove(&line->argv[at + 1], &line->argv[at],
                (size_t)(line->argc - 1 - at) * sizeof line->argv[0]);
        line->argv[at++] = word;
    }
    return true;
}

bool aloft_alias_read(struct aloft_alias_line *line, int argc, char **argv, int *status)
{
    struct reader reader = {.line = line, .status = ALOFT_EXIT_USAGE};
    line->argc = 0;
    line->file_count = 0;
    line->made_count = 0;
    aloft_args_turn_help(argc, argv);
    bool good = translate(&reader, argc, argv);
    good = good && put_slots(&reader);
    *status = reader.status;
    return good;
}

void aloft_alias_release(struct aloft_alias_line *line)
{
    for (size_t i = 0; i < line->made_count; i++) {
        free(line->made[i]);
    }
    for (size_t i = 0; i < line->file_count; i++) {
        free(line->files[i]);
    }
}
