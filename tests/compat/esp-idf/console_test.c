// esp_console: words of a line, commands by name, what `help` lists.
#include "check.h"
#include "esp_console.h"
#include "tests/compat/esp-idf/idf_world.h"
#include <string.h>

enum { WORDS = 5 };

static int ran;
static char last[64];

static int note(int argc, char **argv)
{
    ran = argc;
    (void)snprintf(last, sizeof last, "%s", argv[argc - 1]);
    CHECK(argv[argc] == NULL);
    return argc == 3 ? ESP_ERR_INVALID_STATE : 0;
}

static int with_context(void *context, int argc, char **argv)
{
    (void)argv;
    *(int *)context = argc;
    return 0;
}

static void a_line_has_the_words_that_a_shell_sees(void)
{
    const struct {
        const char *line;
        size_t argc;
        const char *words[WORDS];
    } cases[] = {
        {"", 0, {NULL}},
        {"   ", 0, {NULL}},
        {"a", 1, {"a", NULL}},
        {"  set  x  1 ", 3, {"set", "x", "1", NULL}},
        {"say \"two words\" 3", 3, {"say", "two words", "3", NULL}},
        {"say \"\" b", 3, {"say", "", "b", NULL}},
        {"a\\ b c\\\"d e\\\\f", 3, {"a b", "c\"d", "e\\f", NULL}},
        {"\"a\\\"b\" \\x", 2, {"a\"b", "", NULL}},
        {"\"open", 1, {"open", NULL}},
        {"end\\", 1, {"end", NULL}},
        {"1 2 3 4 5 6", WORDS - 1, {"1", "2", "3", "4", NULL}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char line[64];
        char *argv[WORDS];
        (void)snprintf(line, sizeof line, "%s", cases[i].line);
        size_t argc = esp_console_split_argv(line, argv, WORDS);
        CHECK(argc == cases[i].argc);
        for (size_t n = 0; n < argc; n++) {
            CHECK_TEXT(argv[n], cases[i].words[n]);
        }
        CHECK(argv[argc] == NULL);
    }
}

static void a_line_runs_its_command(void)
{
    int code = -1;
    int seen = 0;
    const esp_console_config_t config = ESP_CONSOLE_CONFIG_DEFAULT();
    const esp_console_cmd_t note_cmd = {.command = "note", .hint = "WORD", .func = note};
    const esp_console_cmd_t context_cmd = {
        .command = "context", .func_w_context = with_context, .context = &seen};
    const esp_console_cmd_t bad = {.command = "a b", .func = note};
    const esp_console_cmd_t neither = {.command = "nothing"};
    world_begin(0);
    CHECK_EQ(esp_console_run("note", &code), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_console_init(&config), ESP_OK);
    CHECK_EQ(esp_console_init(&config), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_console_cmd_register(&note_cmd), ESP_OK);
    CHECK_EQ(esp_console_cmd_register(&note_cmd), ESP_OK);
    CHECK_EQ(esp_console_cmd_register(&context_cmd), ESP_OK);
    CHECK_EQ(esp_console_cmd_register(&bad), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_console_cmd_register(&neither), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_console_register_help_command(), ESP_OK);
    CHECK_EQ(esp_console_run("note \"x y\"", &code), ESP_OK);
    CHECK_EQ(code, 0);
    CHECK_EQ(ran, 2);
    CHECK_TEXT(last, "x y");
    CHECK_EQ(esp_console_run("note 1 2", &code), ESP_OK);
    CHECK_EQ(code, ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_console_run("context 1", &code), ESP_OK);
    CHECK_EQ(seen, 2);
    CHECK_EQ(esp_console_run("notes", &code), ESP_ERR_NOT_FOUND);
    CHECK_EQ(esp_console_run("  ", &code), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_console_run("help", &code), ESP_OK);
    CHECK_EQ(code, 0);
    CHECK_EQ(esp_console_run("help note", &code), ESP_OK); // it has no help text
    CHECK_EQ(code, 1);
    int color;
    int bold;
    CHECK_TEXT(esp_console_get_hint("note", &color, &bold), "WORD");
    CHECK(esp_console_get_hint("not", &color, &bold) == NULL);
    CHECK_EQ(esp_console_cmd_deregister("note"), ESP_OK);
    CHECK_EQ(esp_console_cmd_deregister("note"), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_console_run("note", &code), ESP_ERR_NOT_FOUND);
    CHECK_EQ(esp_console_deinit(), ESP_OK);
    CHECK_EQ(esp_console_deinit(), ESP_ERR_INVALID_STATE);
}

static void the_board_has_one_console(void)
{
    esp_console_repl_t *repl = NULL;
    esp_console_repl_t *second = NULL;
    esp_console_dev_uart_config_t uart = ESP_CONSOLE_DEV_UART_CONFIG_DEFAULT();
    const esp_console_repl_config_t config = ESP_CONSOLE_REPL_CONFIG_DEFAULT();
    world_begin(0);
    uart.channel = 1;
    CHECK_EQ(esp_console_new_repl_uart(&uart, &config, &repl), ESP_ERR_NOT_SUPPORTED);
    CHECK(world_said("the virtual board has one serial port, UART 0"));
    uart.channel = 0;
    CHECK_EQ(esp_console_new_repl_uart(&uart, &config, &repl), ESP_OK);
    CHECK_EQ(esp_console_new_repl_uart(&uart, &config, &second), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_console_start_repl(NULL), ESP_ERR_INVALID_STATE);
    CHECK_EQ(esp_console_start_repl(repl), ESP_FAIL); // nothing can be typed here
    CHECK_EQ(repl->del(repl), ESP_OK);
}

CHECK_MAIN(TEST(a_line_has_the_words_that_a_shell_sees), TEST(a_line_runs_its_command),
           TEST(the_board_has_one_console))
