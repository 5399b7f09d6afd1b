// Commands that are typed on the board's console: registered, run, listed by `help`. A line is read
// whole: history, completion and hints while typing (linenoise) are not there, nor is argtable3.
// Source: ESP-IDF components/console/esp_console.h.
#ifndef ESP_CONSOLE_H
#define ESP_CONSOLE_H

#include "esp_err.h"
#include "esp_heap_caps.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include <sys/cdefs.h>

__BEGIN_DECLS

typedef struct {
    size_t max_cmdline_length;
    size_t max_cmdline_args;
    uint32_t heap_alloc_caps;
    int hint_color;
    int hint_bold;
} esp_console_config_t;

#define ESP_CONSOLE_CONFIG_DEFAULT()                                                               \
    {                                                                                              \
        .max_cmdline_length = 256, .max_cmdline_args = 32, .hint_color = 39                        \
    }

// Errors: ESP_ERR_INVALID_STATE (created already, or not yet), ESP_ERR_NO_MEM.
esp_err_t esp_console_init(const esp_console_config_t *config);
esp_err_t esp_console_deinit(void);

typedef int (*esp_console_cmd_func_t)(int argc, char **argv);
typedef int (*esp_console_cmd_func_with_context_t)(void *context, int argc, char **argv);

typedef struct {
    const char *command; // without blanks
    const char *help;    // NULL: `help` does not list it
    const char *hint;
    esp_console_cmd_func_t func;
    void *argtable; // not read
    esp_console_cmd_func_with_context_t func_w_context;
    void *context;
} esp_console_cmd_t;

// Errors: ESP_ERR_INVALID_ARG. A command that is there already is replaced.
esp_err_t esp_console_cmd_register(const esp_console_cmd_t *cmd);
esp_err_t esp_console_cmd_deregister(const char *cmd_name);
esp_err_t esp_console_register_help_command(void);
esp_err_t esp_console_deregister_help_command(void);

// Errors: ESP_ERR_INVALID_ARG (an empty line), ESP_ERR_NOT_FOUND (no such command).
esp_err_t esp_console_run(const char *cmdline, int *cmd_ret);

// Splits a line into words, in place: blanks separate them; "..." and \ quote.
size_t esp_console_split_argv(char *line, char **argv, size_t argv_size);
const char *esp_console_get_hint(const char *buf, int *color, int *bold);

typedef struct {
    uint32_t max_history_len;
    const char *history_save_path;
    uint32_t task_stack_size;
    uint32_t task_priority;
    BaseType_t task_core_id;
    const char *prompt; // NULL: the project's name and ">"
    size_t max_cmdline_length;
} esp_console_repl_config_t;

#define ESP_CONSOLE_REPL_CONFIG_DEFAULT()                                                          \
    {                                                                                              \
        .max_history_len = 32, .task_stack_size = 4096, .task_priority = 2,                        \
        .task_core_id = tskNO_AFFINITY                                                             \
    }

typedef struct {
    int channel;
    int baud_rate;
    int tx_gpio_num;
    int rx_gpio_num;
} esp_console_dev_uart_config_t;

#define ESP_CONSOLE_DEV_UART_CONFIG_DEFAULT()                                                      \
    {                                                                                              \
        .channel = 0, .baud_rate = 115200, .tx_gpio_num = -1, .rx_gpio_num = -1                    \
    }

typedef struct esp_console_repl_s esp_console_repl_t;
struct esp_console_repl_s {
    esp_err_t (*del)(esp_console_repl_t *repl);
};

// A task that reads lines and runs them. Typed input goes to the app from then on. There is one
// console: a second task is ESP_ERR_INVALID_STATE, a channel other than 0 ESP_ERR_NOT_SUPPORTED.
esp_err_t esp_console_new_repl_uart(const esp_console_dev_uart_config_t *dev_config,
                                    const esp_console_repl_config_t *repl_config,
                                    esp_console_repl_t **ret_repl);
esp_err_t esp_console_start_repl(esp_console_repl_t *repl);

__END_DECLS

#endif
