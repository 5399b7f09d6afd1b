// Aloft's task: the loop over ways, checks, restart and trial; and how other tasks reach it.
#ifndef ALOFT_ESP_TASK_H
#define ALOFT_ESP_TASK_H

#include "state.h"

// The task's function; arg is the struct aloft_ota.
void aloft_esp_task(void *arg);

// Runs fn(ota, arg) in Aloft's task and gives its result; waits for as long as that takes.
// Errors: ESP_ERR_INVALID_ARG when ota does not run; ESP_ERR_INVALID_STATE in Aloft's task itself;
// those of fn.
esp_err_t aloft_esp_ask(struct aloft_ota *ota, esp_err_t (*fn)(struct aloft_ota *ota, void *arg),
                        void *arg);

// Waits as struct aloft_sockets says; not at all when the task has something to do between turns.
void aloft_esp_wait(void *ctx, const struct aloft_socket_wait *list, uint32_t count, uint32_t ms);

// All of these in Aloft's task alone.

// Serves a way from now on, with this memory for its ids.
// Errors: ESP_ERR_INVALID_STATE when the way is there already.
esp_err_t aloft_esp_serve(struct aloft_ota *ota, struct aloft_esp_way **place,
                          struct aloft_esp_way *way);

// Carries out one write of otadata. Errors: NET_BUSY when the owner is just sending an image; those
// of the machine.
enum aloft_err aloft_esp_run_bootsel(struct aloft_ota *ota, struct aloft_bootsel *op);

// A check is due now.
void aloft_esp_check_now(struct aloft_ota *ota);

// The running app was confirmed: by this API, or by a command of the page.
void aloft_esp_confirmed(struct aloft_ota *ota);

#endif
