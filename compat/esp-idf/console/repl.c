// The task that reads what is typed, line by line, and runs it.
#include "compat/esp-idf/host/host.h"
#include "esp_app_desc.h"
#include "esp_console.h"
#include "esp_log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *TAG = "console.repl";

enum { PROMPT_MAX = 40 };

static struct repl {
    esp_console_repl_t public; // what the app has
    esp_console_repl_config_t config;
    char prompt[PROMPT_MAX];
    bool made;
    bool started;
} repl;

static esp_err_t delete_repl(esp_console_repl_t *unused)
{
    (void)unused;
    if (repl.started) {
        ESP_LOGE(TAG, "the console's task does not end on the virtual board");
        return ESP_ERR_NOT_SUPPORTED;
    }
    repl.made = false;
    return esp_console_deinit();
}

static void run(char *line)
{
    int code = 0;
    line[strcspn(line, "\r\n")] = '\0';
    esp_err_t err = esp_console_run(line, &code);
    if (err == ESP_ERR_NOT_FOUND) {
        (void)printf("Unrecognized command\n");
    } else if (err == ESP_OK && code != ESP_OK) {
        (void)printf("Command returned non-zero error code: 0x%x (%s)\n", (unsigned)code,
                     esp_err_to_name(code));
    } else if (err != ESP_OK && err != ESP_ERR_INVALID_ARG) {
        (void)printf("Internal error: %s\n", esp_err_to_name(err));
    }
}

static void read_lines(void *unused)
{
    char *line = NULL;
    size_t size = 0;
    (void)unused;
    (void)printf("\nType 'help' to get the list of commands.\n");
    for (;;) {
        (void)printf("%s ", repl.prompt);
        (void)fflush(stdout);
        if (getline(&line, &size, stdin) < 0) {
            break; // nothing can be typed any more
        }
        run(line);
    }
    free(line);
    vTaskDelete(NULL);
}

esp_err_t esp_console_new_repl_uart(const esp_console_dev_uart_config_t *dev_config,
                                    const esp_console_repl_config_t *repl_config,
                                    esp_console_repl_t **ret_repl)
{
    if (dev_config == NULL || repl_config == NULL || ret_repl == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (dev_config->channel != 0) {
        ESP_LOGE(TAG, "the virtual board has one serial port, UART 0");
        return ESP_ERR_NOT_SUPPORTED;
    }
    if (repl.made) {
        ESP_LOGE(TAG, "the virtual board has one console, and it is taken");
        return ESP_ERR_INVALID_STATE;
    }
    esp_console_config_t config = ESP_CONSOLE_CONFIG_DEFAULT();
    config.max_cmdline_length = repl_config->max_cmdline_length;
    esp_err_t err = esp_console_init(&config);
    if (err == ESP_OK) {
        err = esp_console_register_help_command();
    }
    if (err != ESP_OK) {
        return err;
    }
    repl = (struct repl){.public = {.del = delete_repl}, .config = *repl_config, .made = true};
    if (repl_config->prompt != NULL) {
        (void)snprintf(repl.prompt, sizeof repl.prompt, "%s", repl_config->prompt);
    } else {
        (void)snprintf(repl.prompt, sizeof repl.prompt, "%.32s>",
                       esp_app_get_description()->project_name);
    }
    *ret_repl = &repl.public;
    return ESP_OK;
}

esp_err_t esp_console_start_repl(esp_console_repl_t *handle)
{
    if (handle != &repl.public || !repl.made || repl.started) {
        return ESP_ERR_INVALID_STATE;
    }
    if (!aloft_idf_host.take_input()) {
        return ESP_FAIL;
    }
    repl.started = true;
    return xTaskCreatePinnedToCore(read_lines, "console_repl", repl.config.task_stack_size, NULL,
                                   repl.config.task_priority, NULL,
                                   repl.config.task_core_id) == pdPASS
               ? ESP_OK
               : ESP_FAIL;
}
