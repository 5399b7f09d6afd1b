// The task that asks the servers in turn: every interval, or sooner when none has answered.
// Source: RFC 4330.
#include "compat/esp-idf/lwip/route.h"
#include "esp_log.h"
#include "esp_random.h"
#include "esp_sntp.h"
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "hostlib/base/deadline.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *TAG = "sntp";

enum {
    SERVERS = 4,
    PORT = 123,
    PACKET = 48,
    ANSWER_MS = 3000,
    RETRY_MS = 15000,
    INTERVAL_MS = 3600000,
    STACK = 4096,
    SENT_AT = 40,      // our transmit time
    ORIGINATE_AT = 24, // the same, in the answer
    ASK = 0x23,        // version 4, client
    MODE_MASK = 7,
    MODE_SERVER = 4,
    ALARM = 0xC0, // the server has no time itself
};

#define UNIX_EPOCH 2208988800u // in seconds from 1900
#define ERA_BIT    0x80000000u // not set: after 2036

static struct {
    const char *servers[SERVERS];
    uint8_t reached[SERVERS];
    esp_sntp_operatingmode_t opmode;
    sntp_sync_mode_t mode;
    _Atomic sntp_sync_status_t status;
    _Atomic(sntp_sync_time_cb_t) callback;
    _Atomic uint32_t interval_ms;
    _Atomic uint32_t run; // counts starts and stops; odd: it runs
    SemaphoreHandle_t wake;
} sntp = {.interval_ms = INTERVAL_MS};

static bool runs(uint32_t run)
{
    return sntp.run == run;
}

static uint32_t get_be32(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return ntohl(value);
}

// Reads the time in an answer to our request; false: it is no answer to it.
static bool read_answer(const uint8_t *answer, ssize_t len, const uint8_t *asked,
                        struct timeval *tv)
{
    if (len < PACKET || (answer[0] & MODE_MASK) != MODE_SERVER || (answer[0] & ALARM) == ALARM ||
        answer[1] == 0 || memcmp(answer + ORIGINATE_AT, asked + SENT_AT, 8) != 0) {
        return false;
    }
    uint32_t seconds = get_be32(answer + SENT_AT);
    uint64_t fraction = get_be32(answer + SENT_AT + 4);
    int64_t era = (seconds & ERA_BIT) != 0 ? 0 : (int64_t)1 << 32;
    tv->tv_sec = (time_t)(era + seconds - UNIX_EPOCH);
    tv->tv_usec = (suseconds_t)((fraction * 1000000u) >> 32);
    return true;
}

// Sends a request over a connected socket and waits for the answer.
static bool ask_socket(int fd, struct timeval *tv)
{
    uint8_t asked[PACKET] = {ASK};
    uint8_t answer[PACKET * 4];
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    struct aloft_deadline until = aloft_deadline_in(ANSWER_MS);
    int left_ms;
    esp_fill_random(asked + SENT_AT, 8);
    if (send(fd, asked, sizeof asked, 0) != sizeof asked) {
        return false;
    }
    while (aloft_deadline_turn(&until, &left_ms)) {
        if (poll(&poller, 1, left_ms) > 0) {
            ssize_t n = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
            if (n < 0 && errno != EAGAIN) {
                return false; // nothing listens there
            }
            if (read_answer(answer, n, asked, tv)) {
                return true;
            }
        }
    }
    return false;
}

static bool ask(const char *server, struct timeval *tv)
{
    char host[ALOFT_IDF_HOST_MAX];
    char port_text[8];
    int port = PORT;
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;
    (void)snprintf(host, sizeof host, "%s", server);
    aloft_idf_route(host, &port);
    (void)snprintf(port_text, sizeof port_text, "%d", port & 0xFFFF);
    if (getaddrinfo(host, port_text, &hints, &list) != 0) {
        return false;
    }
    bool answered = false;
    int fd = socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        answered = connect(fd, list->ai_addr, list->ai_addrlen) == 0 && ask_socket(fd, tv);
        (void)close(fd);
    }
    freeaddrinfo(list);
    return answered;
}

static void serve(void *arg)
{
    uint32_t run = (uint32_t)(uintptr_t)arg;
    while (runs(run)) {
        struct timeval tv;
        bool answered = false;
        for (int i = 0; i < SERVERS && runs(run) && !answered; i++) {
            if (sntp.servers[i] != NULL) {
                answered = ask(sntp.servers[i], &tv);
                sntp.reached[i] = (uint8_t)(sntp.reached[i] << 1 | (answered ? 1 : 0));
            }
        }
        if (answered && runs(run)) {
            sntp_sync_time(&tv);
        }
        uint32_t wait_ms = answered ? sntp.interval_ms : RETRY_MS;
        (void)xSemaphoreTake(sntp.wake, pdMS_TO_TICKS(wait_ms));
    }
    vTaskDelete(NULL);
}

__attribute__((weak)) void sntp_sync_time(struct timeval *tv)
{
    struct timeval now;
    (void)gettimeofday(&now, NULL);
    int64_t off = (int64_t)tv->tv_sec - (int64_t)now.tv_sec;
    if (off < -1 || off > 1) {
        ESP_LOGW(TAG, "the board's clock is the host's, %lld s from the server's; it stays",
                 (long long)off);
    }
    sntp.status = SNTP_SYNC_STATUS_COMPLETED;
    sntp_sync_time_cb_t callback = sntp.callback;
    if (callback != NULL) {
        callback(tv);
    }
}

// An app that sets the time would set the host's.
int settimeofday(const struct timeval *tv, const struct timezone *zone)
{
    (void)tv;
    (void)zone;
    ESP_LOGE(TAG, "settimeofday: the board's clock is the host's, and is not set");
    errno = EPERM;
    return -1;
}

void sntp_set_sync_mode(sntp_sync_mode_t sync_mode)
{
    sntp.mode = sync_mode;
}

sntp_sync_mode_t sntp_get_sync_mode(void)
{
    return sntp.mode;
}

sntp_sync_status_t sntp_get_sync_status(void)
{
    sntp_sync_status_t completed = SNTP_SYNC_STATUS_COMPLETED;
    return atomic_compare_exchange_strong(&sntp.status, &completed, SNTP_SYNC_STATUS_RESET)
               ? SNTP_SYNC_STATUS_COMPLETED
               : completed;
}

void sntp_set_sync_status(sntp_sync_status_t sync_status)
{
    sntp.status = sync_status;
}

void sntp_set_time_sync_notification_cb(sntp_sync_time_cb_t callback)
{
    sntp.callback = callback;
}

void sntp_set_sync_interval(uint32_t interval_ms)
{
    sntp.interval_ms = interval_ms < RETRY_MS ? RETRY_MS : interval_ms;
}

uint32_t sntp_get_sync_interval(void)
{
    return sntp.interval_ms;
}

bool sntp_restart(void)
{
    if (!esp_sntp_enabled()) {
        return false;
    }
    esp_sntp_stop();
    esp_sntp_init();
    return true;
}

void esp_sntp_setoperatingmode(esp_sntp_operatingmode_t operating_mode)
{
    sntp.opmode = operating_mode;
}

esp_sntp_operatingmode_t esp_sntp_getoperatingmode(void)
{
    return sntp.opmode;
}

void esp_sntp_setservername(u8_t idx, const char *server)
{
    if (idx < SERVERS) {
        sntp.servers[idx] = server;
    }
}

const char *esp_sntp_getservername(u8_t idx)
{
    return idx < SERVERS ? sntp.servers[idx] : NULL;
}

uint8_t esp_sntp_getreachability(uint8_t idx)
{
    return idx < SERVERS ? sntp.reached[idx] : 0;
}

void esp_sntp_init(void)
{
    if (sntp.opmode != ESP_SNTP_OPMODE_POLL) {
        ESP_LOGE(TAG, "the virtual board hears no broadcasts: SNTP polls");
        return;
    }
    if (sntp.wake == NULL) {
        sntp.wake = xSemaphoreCreateBinary();
    }
    if (esp_sntp_enabled() || sntp.wake == NULL) {
        return;
    }
    uint32_t run = ++sntp.run;
    sntp.status = SNTP_SYNC_STATUS_RESET;
    (void)xTaskCreate(serve, "sntp", STACK, (void *)(uintptr_t)run, 1, NULL);
}

void esp_sntp_stop(void)
{
    if (esp_sntp_enabled()) {
        sntp.run++;
        (void)xSemaphoreGive(sntp.wake);
    }
}

bool esp_sntp_enabled(void)
{
    return sntp.run % 2 == 1;
}
