// The one Aloft of an app: its state, which only its task touches.
//
//   O1  Core's machines, sockets and flash are used in Aloft's task alone. Another task
//       hands over a function and waits until Aloft's task has run it, between two turns
//       (aloft_esp_ask).
//   O2  What other tasks read is `status`, under its lock.
//   O3  Only who holds the intake's turn changes flash; for a record of otadata Aloft's own task
//       takes it as an owner does.
#ifndef ALOFT_ESP_STATE_H
#define ALOFT_ESP_STATE_H

#include "aloft/bootsel.h"
#include "aloft/intake.h"
#include "aloft/policy.h"
#include "aloft/pull.h"
#include "aloft_ota.h"
#include "chip_facts.h"
#include "ports/portlib/sockets/net.h"
#include <freertos/FreeRTOS.h>
#include <freertos/event_groups.h>
#include <freertos/semphr.h>
#include <freertos/task.h>
#include <sdkconfig.h>
#include <stdatomic.h>

#define ALOFT_ESP_IDLE  1u // of `bits`: nothing is coming in
#define ALOFT_ESP_ENDED 2u // the task has ended

// What another task asks for.
struct aloft_esp_request {
    esp_err_t (*fn)(struct aloft_ota *ota, void *arg);
    void *arg;
    esp_err_t result;
};

// Texts of NVS, on the heap; NULL: none.
struct aloft_esp_trust_texts {
    char *ca;
    char *pins;
    char *revoked;
};

// A way that was added, with its memory.
#define ALOFT_ESP_WAY_IDS 2 // at most, of one way
struct aloft_esp_way {
    struct aloft_way way;
    void (*free)(struct aloft_esp_way *self);
    struct aloft_esp_lent {
        uint8_t id;
        struct aloft_net_buffers buffers;
        struct aloft_net_link link;
    } lent[ALOFT_ESP_WAY_IDS];
    uint32_t lent_count;
};

struct aloft_ota {
    aloft_ota_config_t config;
    struct aloft_esp_facts facts;
    struct aloft_policy policy;
    struct aloft_intake intake;
    struct aloft_net net;
    struct aloft_net_port net_port;
    struct aloft_sockets sockets; // lwIP's, with a wait that ends when there is something to do
    TaskHandle_t task;
    EventGroupHandle_t bits;
    SemaphoreHandle_t status_lock;
    SemaphoreHandle_t ask_lock; // one asks at a time
    SemaphoreHandle_t answered;
    struct aloft_esp_request *_Atomic request; // NULL: none
    aloft_ota_status_t status;                 // under status_lock
    struct aloft_esp_way *push;                // NULL: none
    struct aloft_esp_way *web;
    struct aloft_esp_trust_texts trust; // of the check that runs
    bool watched;                       // by the task watchdog
    atomic_bool stopping;               // the task ends after this turn
    // the pull
    bool pulling;
    struct aloft_pull pull;
    struct aloft_way pull_way;
    bool announce;    // the image that begins to come
    bool confirmed;   // since the last check began
    bool check_again; // when the app is confirmed: nothing is downloaded during its trial
    bool checks;      // a check is due at check_ms, if nothing runs
    uint32_t check_ms;
    uint32_t retry_s; // until the next try after a failed one; doubles
    char *url;        // configured; "" when there is none
    char *url_once;   // of the next check alone; "" when there is none
    char *urls;       // the pull's
    // the restart into a new app
    bool restart;        // is due
    uint32_t restart_ms; // when the veto is asked next
    // the trial of the running app
    bool on_trial;
    uint32_t trial_ms;    // when it ends
    uint32_t progress_ms; // of the last PROGRESS that was posted
    uint32_t slept_ms;    // when this task last gave way to lower ones
    struct aloft_net_link pull_link;
    char pull_host[ALOFT_NET_HOST];
    uint8_t pull_in[CONFIG_ALOFT_OTA_RECEIVE_SIZE];
    uint8_t pull_out[CONFIG_ALOFT_OTA_SEND_SIZE];
};

// Milliseconds since reset; it wraps.
uint32_t aloft_esp_now_ms(void);

// An error of core as this API has it.
esp_err_t aloft_esp_err(enum aloft_err err);

// Makes ota the one of the app; NULL: there is none any more. False: there is one.
bool aloft_esp_enter(struct aloft_ota *ota);
bool aloft_esp_is_the_one(const struct aloft_ota *ota);

#endif
