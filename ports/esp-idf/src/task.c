// The loop of Aloft's task. A turn of the link machine waits for input when nothing moved; what
// others asked for, checks, restart and trial are looked at between two turns.
#include "task.h"
#include "lwip_sockets.h"
#include "report.h"
#include "tls_use.h"
#include <esp_log.h>
#include <esp_random.h>
#include <esp_system.h>
#include <esp_task_wdt.h>
#include <esp_timer.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define TAG "aloft"

enum {
    TURN_MS = 1000,
    GIVE_WAY_MS = 200, // busy for so long, a tick is left to tasks of lower priority
    MS_PER_S = 1000,
    EVENTS_MS = 100, // for the handlers of events, before a restart
    RETRY_S = 60,    // to the second try after a failed check
    TRIES = 8,       // of one pull, in a row without progress
    TOTAL_MS = 30 * 60 * MS_PER_S
};

static bool is_due(uint32_t at_ms)
{
    return (int32_t)(aloft_esp_now_ms() - at_ms) >= 0;
}

// --- for the link machine

static uint32_t now_ms(void *ctx)
{
    (void)ctx;
    return aloft_esp_now_ms();
}

// Called between any two steps. Reading an image for its digest takes seconds without a wait.
static void feed_watchdog(void *ctx)
{
    struct aloft_ota *ota = ctx;
    if (ota->watched) {
        (void)esp_task_wdt_reset();
    }
    if (is_due(ota->slept_ms + GIVE_WAY_MS)) {
        vTaskDelay(1);
        ota->slept_ms = aloft_esp_now_ms();
    }
}

static void log_line(void *ctx, char level, const char *tag, const char *format, ...)
{
    char line[160];
    va_list args;
    (void)ctx;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args); // a longer one is cut
    va_end(args);
    switch (level) {
    case 'E':
        ESP_LOGE(tag, "%s", line);
        break;
    case 'W':
        ESP_LOGW(tag, "%s", line);
        break;
    default:
        ESP_LOGI(tag, "%s", line);
        break;
    }
}

void aloft_esp_wait(void *ctx, const struct aloft_socket_wait *list, uint32_t count, uint32_t ms)
{
    struct aloft_ota *ota = ctx;
    bool pull_ended = ota->pulling && ota->pull.state != ALOFT_PULL_RUNNING;
    bool check_is_due = ota->checks && !ota->pulling && !ota->restart && is_due(ota->check_ms);
    if (!pull_ended && !check_is_due && !ota->stopping && atomic_load(&ota->request) == NULL) {
        aloft_lwip_sockets.wait(NULL, list, count, ms);
        ota->slept_ms = aloft_esp_now_ms();
    }
}

// --- checks

static void check_in(struct aloft_ota *ota, uint32_t s)
{
    uint32_t jitter = s / 10 > 0 ? esp_random() % (s / 10 + 1) : 0;
    ota->checks = true;
    ota->check_ms = aloft_esp_now_ms() + (s - jitter / 2) * MS_PER_S;
}

void aloft_esp_check_now(struct aloft_ota *ota)
{
    ota->checks = true;
    ota->check_ms = aloft_esp_now_ms();
    ota->retry_s = RETRY_S;
}

// When a check that ended is followed by the next. A veto's turn comes by itself, whatever asked.
static void plan_next(struct aloft_ota *ota, enum aloft_err err)
{
    uint32_t interval_s = ota->config.interval_s;
    bool news = err != ALOFT_ERR_SAME_VERSION && err != ALOFT_ERR_HTTP_NOT_MODIFIED;
    if (err == ALOFT_ERR_APP_VETO) {
        check_in(ota, ota->config.veto_retry_s);
        return;
    }
    if (!ota->check_again) {
        ota->url_once[0] = '\0';
    }
    if (interval_s == 0 || ota->url[0] == '\0') {
        return;
    }
    check_in(ota, news && ota->retry_s < interval_s ? ota->retry_s : interval_s);
    ota->retry_s = !news ? RETRY_S : ota->retry_s < interval_s ? ota->retry_s * 2 : ota->retry_s;
}

static void end_check(struct aloft_ota *ota, enum aloft_err err, const char *about)
{
    ota->check_again = err == ALOFT_ERR_ON_TRIAL && !ota->confirmed;
    if (err == ALOFT_ERR_ON_TRIAL && ota->confirmed) { // while the check ran
        aloft_esp_check_now(ota);
        return;
    }
    aloft_esp_report_check(ota, err, about);
    if (err != ALOFT_OK) {
        plan_next(ota, err);
    }
}

static void begin_check(struct aloft_ota *ota)
{
    const struct aloft_pull_config config = {
        .intake = &ota->intake,
        .current = &ota->facts.app,
        .events = {aloft_esp_on_pull, ota},
        .urls = ota->urls,
        .urls_len = ALOFT_PULL_URLS(CONFIG_ALOFT_OTA_URL_MAX),
        .total_timeout_ms = TOTAL_MS,
        .rate_min = CONFIG_ALOFT_OTA_RATE_MIN,
        .rate_window_s = CONFIG_ALOFT_OTA_RATE_WINDOW_S,
        .retries = TRIES,
        .seed = esp_random(),
    };
    ota->checks = false;
    ota->confirmed = false;
    aloft_pull_init(&ota->pull, &config);
    const char *url = ota->url_once[0] != '\0' ? ota->url_once : ota->url;
    enum aloft_err err = aloft_pull_start(&ota->pull, url, aloft_esp_now_ms());
    if (err != ALOFT_OK) {
        end_check(ota, err, ota->pull.about);
        return;
    }
    ota->pull_way = aloft_pull_way(&ota->pull);
    ota->pulling = true;
    err = aloft_net_add(&ota->net, &ota->pull_way);
    ALOFT_ASSERT(err == ALOFT_OK); // its id is used for this alone
}

static void stop_pull(struct aloft_ota *ota)
{
    if (ota->pulling) {
        aloft_net_remove(&ota->net, &ota->pull_way);
        aloft_intake_release(&ota->intake, &ota->pull);
        aloft_esp_drop_trust(ota);
        ota->pulling = false;
    }
}

static void look_at_checks(struct aloft_ota *ota)
{
    if (ota->pulling && ota->pull.state != ALOFT_PULL_RUNNING) {
        enum aloft_err err = ota->pull.state == ALOFT_PULL_DONE ? ALOFT_OK : ota->pull.err;
        stop_pull(ota);
        ota->restart = ota->restart || err == ALOFT_OK;
        end_check(ota, err, ota->pull.about);
    }
    if (ota->checks && !ota->pulling && !ota->restart && is_due(ota->check_ms)) {
        begin_check(ota);
    }
}

// --- restart and trial

static bool allows(const struct aloft_ota *ota, aloft_ota_moment_t moment)
{
    return ota->config.allow == NULL || ota->config.allow(ota->config.ctx, moment);
}

// Of what a server offers, before anything is erased: the policy of Kconfig, and the app's veto.
static enum aloft_err judge(const struct aloft_policy *policy,
                            const struct aloft_image_facts *offered)
{
    struct aloft_ota *ota = (struct aloft_ota *)(void *)((char *)(uintptr_t)policy -
                                                         offsetof(struct aloft_ota, policy));
    enum aloft_err err = aloft_policy_judge(policy, offered);
    bool of_server = ota->pulling && ota->intake.sender == &ota->pull;
    bool same = strcmp(offered->version, ota->facts.app.version) == 0 &&
                strcmp(offered->project, ota->facts.app.project) == 0;
    if (err == ALOFT_OK && of_server && !same && !allows(ota, ALOFT_OTA_BEFORE_DOWNLOAD)) {
        return ALOFT_ERR_APP_VETO;
    }
    return err;
}

static void look_at_restart(struct aloft_ota *ota)
{
    if (!ota->restart || !is_due(ota->restart_ms)) {
        return;
    }
    if (allows(ota, ALOFT_OTA_BEFORE_RESTART)) {
        ESP_LOGI(TAG, "Restarting into the new app");
        vTaskDelay(pdMS_TO_TICKS(EVENTS_MS)); // else no handler would see SELECTED
        esp_restart();
    }
    ESP_LOGI(TAG, "The app does not want a restart now");
    ota->restart_ms = aloft_esp_now_ms() + ota->config.veto_retry_s * MS_PER_S;
}

static void look_at_trial(struct aloft_ota *ota)
{
    if (ota->on_trial && is_due(ota->trial_ms)) {
        ESP_LOGE(TAG, "Not confirmed within the trial; going back to the app before");
        esp_restart();
    }
}

void aloft_esp_confirmed(struct aloft_ota *ota)
{
    bool was_on_trial = ota->on_trial;
    ota->confirmed = true;
    ota->on_trial = false;
    aloft_esp_raise_secure_version(&ota->facts);
    if (was_on_trial) {
        ESP_LOGI(TAG, "Confirmed: this app stays");
        aloft_esp_post(ota, ALOFT_OTA_EVENT_CONFIRMED, false);
    }
    if (ota->check_again) {
        ota->check_again = false;
        aloft_esp_check_now(ota);
    }
}

enum aloft_err aloft_esp_run_bootsel(struct aloft_ota *ota, struct aloft_bootsel *op)
{
    enum aloft_step step;
    if (!aloft_intake_take(&ota->intake, op)) {
        return ALOFT_ERR_NET_BUSY;
    }
    do {
        step = aloft_bootsel_step(op);
        feed_watchdog(ota);
    } while (step == ALOFT_STEP_AGAIN);
    enum aloft_err err = step == ALOFT_STEP_DONE ? ALOFT_OK : op->err;
    aloft_bootsel_end(op);
    aloft_intake_release(&ota->intake, op);
    return err;
}

// --- the loop

esp_err_t aloft_esp_ask(struct aloft_ota *ota, esp_err_t (*fn)(struct aloft_ota *ota, void *arg),
                        void *arg)
{
    struct aloft_esp_request request = {fn, arg, ESP_FAIL};
    if (!aloft_esp_is_the_one(ota)) {
        return ESP_ERR_INVALID_ARG;
    }
    if (xTaskGetCurrentTaskHandle() == ota->task) {
        return ESP_ERR_INVALID_STATE;
    }
    (void)xSemaphoreTake(ota->ask_lock, portMAX_DELAY);
    atomic_store(&ota->request, &request);
    (void)xTaskNotifyGive(ota->task);
    (void)xSemaphoreTake(ota->answered, portMAX_DELAY);
    (void)xSemaphoreGive(ota->ask_lock);
    return request.result;
}

static void answer_request(struct aloft_ota *ota)
{
    struct aloft_esp_request *request = atomic_exchange(&ota->request, NULL);
    if (request != NULL) {
        request->result = request->fn(ota, request->arg);
        (void)xSemaphoreGive(ota->answered);
    }
}

static void show_status(struct aloft_ota *ota)
{
    bool busy = ota->pulling || ota->intake.sender != NULL;
    bool checks_now = ota->checks && !ota->restart && is_due(ota->check_ms);
    (void)xSemaphoreTake(ota->status_lock, portMAX_DELAY);
    ota->status.busy = busy;
    ota->status.on_trial = ota->on_trial;
    ota->status.restart_pending = ota->restart;
    (void)xSemaphoreGive(ota->status_lock);
    if (busy || checks_now) {
        (void)xEventGroupClearBits(ota->bits, ALOFT_ESP_IDLE);
    } else {
        (void)xEventGroupSetBits(ota->bits, ALOFT_ESP_IDLE);
    }
}

static void subscribe(struct aloft_ota *ota)
{
#if CONFIG_ALOFT_OTA_TASK_WDT
    ota->watched = esp_task_wdt_add(NULL) == ESP_OK; // else the app has none
#else
    (void)ota;
#endif
}

// The stock bootloader keeps no notes of trials; after a start the reset reason tells how one
// ended.
static void note_trial(struct aloft_ota *ota)
{
    esp_reset_reason_t reason = esp_reset_reason();
    struct aloft_bootsel op;
    aloft_bootsel_started(&op, &ota->facts.slots, ota->facts.running,
                          reason == ESP_RST_POWERON || reason == ESP_RST_BROWNOUT);
    enum aloft_err err = aloft_esp_run_bootsel(ota, &op);
    if (err != ALOFT_OK) {
        ESP_LOGW(TAG, "The end of the last trial could not be noted: fault %d", (int)err);
    }
}

static void begin(struct aloft_ota *ota)
{
    ota->net_port = (struct aloft_net_port){ota, now_ms, feed_watchdog, log_line};
    ota->policy.judge = judge;
    ota->retry_s = RETRY_S;
    ota->slept_ms = aloft_esp_now_ms();
    note_trial(ota);
    ota->on_trial = aloft_esp_on_trial(&ota->facts);
    ota->trial_ms = ota->slept_ms + ota->config.trial_s * MS_PER_S;
    aloft_esp_raise_secure_version(&ota->facts); // what a power cut may have left over
    if (ota->url[0] != '\0' && ota->config.interval_s != 0) {
        aloft_esp_check_now(ota);
    }
}

esp_err_t aloft_esp_serve(struct aloft_ota *ota, struct aloft_esp_way **place,
                          struct aloft_esp_way *way)
{
    if (*place != NULL) {
        return ESP_ERR_INVALID_STATE;
    }
    for (uint32_t i = 0; i < way->lent_count; i++) {
        struct aloft_esp_lent *lent = &way->lent[i];
        aloft_net_lend(&ota->net, lent->id, &lent->link, &lent->buffers);
    }
    enum aloft_err err = aloft_net_add(&ota->net, &way->way);
    if (err == ALOFT_OK) {
        *place = way;
    }
    return aloft_esp_err(err);
}

static void stop_way(struct aloft_ota *ota, struct aloft_esp_way *way)
{
    if (way != NULL) {
        aloft_net_remove(&ota->net, &way->way);
        aloft_intake_release(&ota->intake, way->way.ctx);
        way->free(way);
    }
}

void aloft_esp_task(void *arg)
{
    struct aloft_ota *ota = arg;
    begin(ota);
    subscribe(ota);
    while (!ota->stopping) {
        show_status(ota);
        bool restart = aloft_net_turn(&ota->net, aloft_esp_now_ms() + TURN_MS);
        ota->restart = ota->restart || restart;
        answer_request(ota);
        look_at_checks(ota);
        look_at_restart(ota);
        look_at_trial(ota);
    }
    stop_pull(ota);
    stop_way(ota, ota->push);
    stop_way(ota, ota->web);
    if (ota->watched) {
        (void)esp_task_wdt_delete(NULL);
    }
    (void)xEventGroupSetBits(ota->bits, ALOFT_ESP_ENDED | ALOFT_ESP_IDLE);
    vTaskDelete(NULL);
}
