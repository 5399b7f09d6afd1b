// A small reader instead of getopt_long, because the options' help, their targets and the
// suggestions for misspelt ones come from one table.
#include "cli/base/args.h"
#include "cli/base/suggest.h"
#include "cli/base/ui.h"
#include "hostlib/base/number.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 32 };

static const struct aloft_args_reader *reader;

void aloft_args_read_tables(const struct aloft_args_reader *to)
{
    reader = to;
}

int aloft_args_wrong(struct aloft_args *args, const char *format, ...)
{
    char text[512];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list); // a cut sentence is fine
    va_end(list);
    aloft_ui_error("%s", text);
    (void)fprintf(stderr, "Try `%s --help`.\n", args->command);
    args->status = ALOFT_EXIT_USAGE;
    return args->status;
}

bool aloft_args_word(struct aloft_args *args, const char *what, const char *word,
                     const char *const *words, size_t count)
{
    char text[ALOFT_SUGGEST_TEXT];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0) {
            return true;
        }
    }
    (void)aloft_args_wrong(args, "%s '%s'%s", what, word,
                           aloft_suggest_of(word, words, count, text));
    return false;
}

static void print_options(const struct aloft_args *args)
{
    for (size_t i = 0; i < ALOFT_ARGS_OPTIONS && args->options[i].name != NULL; i++) {
        const struct aloft_arg *o = &args->options[i];
        char left[64];
        char letter[8] = "    ";
        if (o->letter != 0) {
            (void)snprintf(letter, sizeof letter, "-%c, ", o->letter);
        }
        (void)snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->value ? " " : "",
                       o->value ? o->value : "");
        printf("  %-30s %s\n", left, o->help);
    }
    printf("  %-30s %s\n", "-h, --help", "print this");
}

static const char *operands_of(const struct aloft_args *args)
{
    return args->operands != NULL ? args->operands : "";
}

static void print_help(const struct aloft_args *args)
{
    if (reader != NULL) {
        reader->command(args);
        return;
    }
    printf("Usage: %s%s%s", args->command, args->operands != NULL ? " " : "", operands_of(args));
    for (size_t i = 0; i < ALOFT_ARGS_OPTIONS && args->options[i].name != NULL; i++) {
        const struct aloft_arg *option = &args->options[i];
        if (option->kind == ALOFT_ARG_NEEDED) {
            printf(" --%s %s", option->name, option->value);
        }
    }
    printf(" [options]\n\n%s\n\nOptions:\n", args->about);
    print_options(args);
    printf("\nExamples:\n%s\n\nExit status: %s, 2 wrong usage.\n", args->examples,
           args->exits ? args->exits : "0 done, 1 failed");
}

static const struct aloft_arg *find(const struct aloft_args *args, const char *name, size_t len)
{
    char word[WORD_MAX + 1];
    for (size_t i = 0; i < ALOFT_ARGS_OPTIONS && args->options[i].name != NULL; i++) {
        const struct aloft_arg *option = &args->options[i];
        (void)snprintf(word, sizeof word, "%.*s", (int)len, name);
        if (strlen(option->name) == len && aloft_suggest_same(option->name, word)) {
            return option;
        }
        if (len == 1 && option->letter == name[0]) {
            return option;
        }
    }
    return NULL;
}

static bool unknown(struct aloft_args *args, const char *word, size_t len)
{
    char name[WORD_MAX + 1];
    struct aloft_suggest suggest;
    (void)snprintf(name, sizeof name, "%.*s", (int)len, word + strspn(word, "-"));
    aloft_suggest_init(&suggest, name);
    for (size_t i = 0; i < ALOFT_ARGS_OPTIONS && args->options[i].name != NULL; i++) {
        aloft_suggest_feed(&suggest, args->options[i].name);
    }
    if (suggest.best != NULL) {
        (void)aloft_args_wrong(args, "unknown option '%s'; did you mean '--%s'?", word,
                               suggest.best);
    } else {
        (void)aloft_args_wrong(args, "unknown option '%s'", word);
    }
    return false;
}

static bool set_number(struct aloft_args *args, const struct aloft_arg *option, const char *value)
{
    uint32_t *target = option->target;
    int64_t number;
    if (option->kind == ALOFT_ARG_NUMBER && aloft_number_parse(value, &number) && number == 0) {
        *target = 0;
        return true;
    }
    if (aloft_number_parse_size(value, target)) {
        return true;
    }
    (void)aloft_args_wrong(
        args, "--%s '%s' is not a number that fits here; write it like 4096, 0x1000, 64K, or 4MB",
        option->name, value);
    return false;
}

static bool set(struct aloft_args *args, const struct aloft_arg *option, const char *value)
{
    switch (option->kind) {
    case ALOFT_ARG_FLAG:
        *(bool *)option->target = true;
        return true;
    case ALOFT_ARG_TEXT:
    case ALOFT_ARG_NEEDED:
        *(const char **)option->target = value;
        return true;
    case ALOFT_ARG_SIZE:
    case ALOFT_ARG_NUMBER:
        return set_number(args, option, value);
    case ALOFT_ARG_LIST:
        break;
    }
    struct aloft_arg_list *list = option->target;
    if (list->count == ALOFT_ARG_LIST_MAX) {
        (void)aloft_args_wrong(args, "--%s is given more than %d times", option->name,
                               ALOFT_ARG_LIST_MAX);
        return false;
    }
    list->items[list->count++] = value;
    return true;
}

// Reads the option at argv[*at] and its value, and leaves *at at the last word used.
static bool read_option(struct aloft_args *args, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    const char *name = word + (word[1] == '-' ? 2 : 1);
    const char *equals = word[1] == '-' ? strchr(name, '=') : NULL;
    size_t len = equals == NULL ? strlen(name) : (size_t)(equals - name);
    const struct aloft_arg *option = find(args, name, len);
    if (option == NULL || (word[1] == '-' && len == 1)) {
        return unknown(args, word, len);
    }
    if (option->kind == ALOFT_ARG_FLAG) {
        if (equals != NULL) {
            (void)aloft_args_wrong(args, "--%s takes no value", option->name);
            return false;
        }
        return set(args, option, NULL);
    }
    if (equals != NULL) {
        return set(args, option, equals + 1);
    }
    if (*at + 1 >= argc) {
        (void)aloft_args_wrong(args, "--%s needs a value: %s", option->name, option->value);
        return false;
    }
    *at += 1;
    return set(args, option, argv[*at]);
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

// How many operands a command takes.
struct operand_range {
    size_t min;
    size_t max; // at most ALOFT_ARG_LIST_MAX
};

// Counts the words of one alternative of args->operands, which ends at end.
static struct operand_range count_operands(const char *text, const char *end)
{
    struct operand_range range = {0, 0};
    bool optional = false;
    for (const char *word = text; word < end;) {
        size_t len = strcspn(word, " ");
        optional = optional || word[0] == '[';
        if (len >= 3 && strncmp(word + strspn(word, "["), "...", 3) == 0) {
            range.max = ALOFT_ARG_LIST_MAX;
        } else if (len > 0) {
            range.min += optional ? 0 : 1;
            range.max += range.max < ALOFT_ARG_LIST_MAX ? 1 : 0;
        }
        optional = optional && word[len - 1] != ']';
        word += len + (word[len] == ' ' ? 1 : 0);
    }
    return range;
}

static struct operand_range operand_range(const char *operands)
{
    static const char or [] = " | ";
    const char *next = strstr(operands, or);
    struct operand_range range =
        count_operands(operands, next != NULL ? next : operands + strlen(operands));
    while (next != NULL) {
        const char *text = next + strlen(or);
        next = strstr(text, or);
        struct operand_range other =
            count_operands(text, next != NULL ? next : text + strlen(text));
        range.min = other.min < range.min ? other.min : range.min;
        range.max = other.max > range.max ? other.max : range.max;
    }
    return range;
}

static bool fitting_operands(struct aloft_args *args)
{
    struct operand_range range = operand_range(operands_of(args));
    if (args->given.count < range.min) {
        (void)aloft_args_wrong(args, "missing operand; usage: %s %s", args->command,
                               operands_of(args));
        return false;
    }
    if (args->given.count > range.max) {
        (void)aloft_args_wrong(args, "unexpected operand '%s'", args->given.items[range.max]);
        return false;
    }
    return true;
}

static bool nothing_missing(struct aloft_args *args)
{
    for (size_t i = 0; i < ALOFT_ARGS_OPTIONS && args->options[i].name != NULL; i++) {
        const struct aloft_arg *o = &args->options[i];
        if (o->kind == ALOFT_ARG_NEEDED && *(const char **)o->target == NULL) {
            (void)aloft_args_wrong(args, "give --%s %s: %s", o->name, o->value, o->help);
            return false;
        }
    }
    return true;
}

bool aloft_args_read(struct aloft_args *args, int argc, char **argv)
{
    bool options = true;
    args->given = (struct aloft_arg_list){.count = 0};
    args->status = ALOFT_EXIT_GOOD;
    for (int i = 1; i < argc; i++) {
        bool dashed = argv[i][0] == '-' && argv[i][1] != '\0'; // "-" alone is standard input
        if (options && is_help(argv[i])) {
            print_help(args);
            return false;
        }
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && dashed) {
            if (!read_option(args, argc, argv, &i)) {
                return false;
            }
        } else if (args->given.count == ALOFT_ARG_LIST_MAX) {
            (void)aloft_args_wrong(args, "more than %d operands", ALOFT_ARG_LIST_MAX);
            return false;
        } else {
            args->given.items[args->given.count++] = argv[i];
        }
    }
    return fitting_operands(args) && nothing_missing(args);
}

static void print_commands(const char *group, const char *about,
                           const struct aloft_command *commands)
{
    if (reader != NULL) {
        reader->group(group, about, commands);
        return;
    }
    printf("Usage: %s COMMAND [options]\n\n%s\n\nCommands:\n", group, about);
    for (const struct aloft_command *c = commands; c->name != NULL; c++) {
        printf("  %-12s %s\n", c->name, c->summary);
    }
    printf("\n`%s COMMAND --help` tells more, with examples.\n", group);
}

static int unknown_command(const char *group, const struct aloft_command *commands,
                           aloft_args_others others, const char *word)
{
    struct aloft_suggest suggest;
    aloft_suggest_init(&suggest, word);
    for (const struct aloft_command *c = commands; c->name != NULL; c++) {
        aloft_suggest_feed(&suggest, c->name);
    }
    if (others != NULL) {
        others(&suggest);
    }
    if (suggest.best != NULL) {
        aloft_ui_error("unknown command '%s'; did you mean `%s %s`?", word, group, suggest.best);
    } else {
        aloft_ui_error("unknown command '%s'", word);
    }
    (void)fprintf(stderr, "Try `%s --help`.\n", group);
    return ALOFT_EXIT_USAGE;
}

void aloft_args_turn_help(int argc, char **argv)
{
    static char help[] = "--help";
    if (argc > 2 && strcmp(argv[1], "help") == 0) {
        memmove(argv + 1, argv + 2, (size_t)(argc - 2) * sizeof *argv);
        argv[argc - 1] = help;
    }
}

int aloft_args_dispatch_near(const char *group, const char *about,
                             const struct aloft_command *commands, aloft_args_others others,
                             int argc, char **argv)
{
    if (argc < 2) {
        aloft_ui_error("which command? Try `%s --help`.", group);
        return ALOFT_EXIT_USAGE;
    }
    aloft_args_turn_help(argc, argv);
    if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
        print_commands(group, about, commands);
        return ALOFT_EXIT_GOOD;
    }
    for (const struct aloft_command *c = commands; c->name != NULL; c++) {
        if (aloft_suggest_same(c->name, argv[1])) {
            return c->run(argc - 1, argv + 1);
        }
    }
    return unknown_command(group, commands, others, argv[1]);
}

int aloft_args_dispatch(const char *group, const char *about, const struct aloft_command *commands,
                        int argc, char **argv)
{
    return aloft_args_dispatch_near(group, about, commands, NULL, argc, argv);
}
