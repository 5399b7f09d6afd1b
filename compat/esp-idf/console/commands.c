// The list of commands, in alphabetical order.
#include "esp_console.h"
#include "esp_log.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_DEFAULT = 256 };

struct command {
    esp_console_cmd_t cmd;
    struct command *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // around the list
static struct command *commands;
static esp_console_config_t config;
static bool ready;

esp_err_t esp_console_init(const esp_console_config_t *wanted)
{
    if (wanted == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (ready) {
        return ESP_ERR_INVALID_STATE;
    }
    config = *wanted;
    config.max_cmdline_length =
        config.max_cmdline_length > 0 ? config.max_cmdline_length : LINE_MAX_DEFAULT;
    ready = true;
    return ESP_OK;
}

esp_err_t esp_console_deinit(void)
{
    if (!ready) {
        return ESP_ERR_INVALID_STATE;
    }
    while (commands != NULL) {
        struct command *next = commands->next;
        free(commands);
        commands = next;
    }
    ready = false;
    return ESP_OK;
}

// The position of the name in the list, or where it is to be inserted.
static struct command **place(const char *name)
{
    struct command **at = &commands;
    while (*at != NULL && strcmp((*at)->cmd.command, name) < 0) {
        at = &(*at)->next;
    }
    return at;
}

static bool is_at(struct command *const *at, const char *name)
{
    return *at != NULL && strcmp((*at)->cmd.command, name) == 0;
}

esp_err_t esp_console_cmd_register(const esp_console_cmd_t *cmd)
{
    if (cmd == NULL || cmd->command == NULL || strchr(cmd->command, ' ') != NULL ||
        (cmd->func == NULL) == (cmd->func_w_context == NULL)) {
        return ESP_ERR_INVALID_ARG;
    }
    (void)pthread_mutex_lock(&lock);
    struct command **at = place(cmd->command);
    if (!is_at(at, cmd->command)) {
        struct command *fresh = malloc(sizeof *fresh);
        if (fresh == NULL) {
            (void)pthread_mutex_unlock(&lock);
            return ESP_ERR_NO_MEM;
        }
        fresh->next = *at;
        *at = fresh;
    }
    (*at)->cmd = *cmd;
    (void)pthread_mutex_unlock(&lock);
    return ESP_OK;
}

esp_err_t esp_console_cmd_deregister(const char *cmd_name)
{
    if (cmd_name == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    (void)pthread_mutex_lock(&lock);
    struct command **at = place(cmd_name);
    struct command *gone = is_at(at, cmd_name) ? *at : NULL;
    *at = gone != NULL ? gone->next : *at;
    (void)pthread_mutex_unlock(&lock);
    free(gone);
    return gone != NULL ? ESP_OK : ESP_ERR_INVALID_ARG;
}

// False: there is none.
static bool find(const char *name, esp_console_cmd_t *out)
{
    (void)pthread_mutex_lock(&lock);
    struct command **at = place(name);
    bool found = is_at(at, name);
    if (found) {
        *out = (*at)->cmd;
    }
    (void)pthread_mutex_unlock(&lock);
    return found;
}

size_t esp_console_split_argv(char *line, char **argv, size_t argv_size)
{
    size_t argc = 0;
    char *out = line;
    if (argv_size == 0) {
        return 0;
    }
    for (;;) {
        line += strspn(line, " ");
        if (*line == '\0' || argc == argv_size - 1) {
            break;
        }
        bool quoted = *line == '"';
        line += quoted ? 1 : 0;
        argv[argc++] = out;
        while (*line != '\0' && *line != (quoted ? '"' : ' ')) {
            bool escaped = *line == '\\';
            line += escaped ? 1 : 0;
            if (*line != '\0' && (!escaped || strchr("\\\" ", *line) != NULL)) {
                *out++ = *line;
            }
            line += *line != '\0' ? 1 : 0;
        }
        line += *line != '\0' ? 1 : 0; // skip the delimiter; the NUL may overwrite it
        *out++ = '\0';
    }
    argv[argc] = NULL;
    return argc;
}

esp_err_t esp_console_run(const char *cmdline, int *cmd_ret)
{
    esp_console_cmd_t cmd;
    if (!ready) {
        return ESP_ERR_INVALID_STATE;
    }
    if (cmdline == NULL || cmd_ret == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    char *line = strndup(cmdline, config.max_cmdline_length - 1);
    char **argv = calloc(config.max_cmdline_args + 1, sizeof *argv);
    esp_err_t err = line == NULL || argv == NULL ? ESP_ERR_NO_MEM : ESP_OK;
    if (err == ESP_OK) {
        size_t argc = esp_console_split_argv(line, argv, config.max_cmdline_args);
        if (argc == 0) {
            err = ESP_ERR_INVALID_ARG;
        } else if (!find(argv[0], &cmd)) {
            err = ESP_ERR_NOT_FOUND;
        } else if (cmd.func != NULL) {
            *cmd_ret = cmd.func((int)argc, argv);
        } else {
            *cmd_ret = cmd.func_w_context(cmd.context, (int)argc, argv);
        }
    }
    free(argv);
    free(line);
    return err;
}

const char *esp_console_get_hint(const char *buf, int *color, int *bold)
{
    esp_console_cmd_t cmd;
    if (!find(buf, &cmd)) {
        return NULL;
    }
    *color = config.hint_color;
    *bold = config.hint_bold;
    return cmd.hint;
}

static void show(const esp_console_cmd_t *cmd)
{
    (void)printf("%s %s\n", cmd->command, cmd->hint != NULL ? cmd->hint : "");
    (void)printf("  %s\n\n", cmd->help);
}

// "help" or "help COMMAND"
static int help(int argc, char **argv)
{
    bool found = false;
    (void)pthread_mutex_lock(&lock);
    for (const struct command *at = commands; at != NULL; at = at->next) {
        bool wanted = argc < 2 || strcmp(argv[1], at->cmd.command) == 0;
        if (wanted && at->cmd.help != NULL) {
            found = true;
            show(&at->cmd);
        }
    }
    (void)pthread_mutex_unlock(&lock);
    if (!found) {
        (void)printf("help: Unrecognized option '%s'. Please use correct command as argument or "
                     "type 'help' to show all commands\n",
                     argc < 2 ? "" : argv[1]);
    }
    return found ? 0 : 1;
}

esp_err_t esp_console_register_help_command(void)
{
    const esp_console_cmd_t cmd = {.command = "help",
                                   .hint = "[<string>]",
                                   .help =
                                       "Print the summary of all registered commands, or of one",
                                   .func = help};
    return esp_console_cmd_register(&cmd);
}

esp_err_t esp_console_deregister_help_command(void)
{
    return esp_console_cmd_deregister("help");
}
