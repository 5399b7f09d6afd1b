// Runs every command with --help, and gets its table instead of the text.
#include "cli/base/describe.h"
#include "cli/base/ui.h"

static json_t *rows; // while it is on

static void command_row(const struct aloft_args *args)
{
    json_t *options = json_array();
    for (size_t i = 0; i < ALOFT_ARGS_OPTIONS && args->options[i].name != NULL; i++) {
        const struct aloft_arg *o = &args->options[i];
        const char letter[2] = {o->letter, '\0'};
        (void)json_array_append_new(
            options, json_pack("{s:s, s:s, s:s?, s:s, s:b, s:b}", "name", o->name, "letter", letter,
                               "value", o->value, "help", o->help, "repeats",
                               o->kind == ALOFT_ARG_LIST, "needed", o->kind == ALOFT_ARG_NEEDED));
    }
    (void)json_array_append_new(rows, json_pack("{s:s, s:s?, s:s, s:s, s:s?, s:o}", "command",
                                                args->command, "operands", args->operands, "about",
                                                args->about, "examples", args->examples, "exits",
                                                args->exits, "options", options));
}

static void group_rows(const char *group, const char *about, const struct aloft_command *commands)
{
    json_t *list = json_array();
    for (const struct aloft_command *c = commands; c->name != NULL; c++) {
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s}", "name", c->name, "summary", c->summary));
    }
    (void)json_array_append_new(
        rows, json_pack("{s:s, s:s, s:o}", "command", group, "about", about, "commands", list));
    for (const struct aloft_command *c = commands; c->name != NULL; c++) {
        char name[] = "command", help[] = "--help";
        (void)c->run(2, (char *[]){name, help, NULL});
    }
}

int aloft_describe(const char *group, const char *about, const struct aloft_command *commands)
{
    static const struct aloft_args_reader reader = {group_rows, command_row};
    rows = json_array();
    aloft_args_read_tables(&reader);
    group_rows(group, about, commands);
    aloft_args_read_tables(NULL);
    return aloft_ui_json_print(rows) ? ALOFT_EXIT_GOOD : ALOFT_EXIT_BAD;
}
