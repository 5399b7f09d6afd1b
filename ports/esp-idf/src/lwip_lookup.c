// An address as text needs no task; a name gets one.
#include "lwip_lookup.h"
#include <arpa/inet.h>
#include <freertos/FreeRTOS.h>
#include <freertos/task.h>
#include <lwip/netdb.h>
#include <lwip/sockets.h>
#include <netinet/in.h>
#include <sdkconfig.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRS_MAX = 4, STACK = CONFIG_ALOFT_OTA_LOOKUP_STACK };

struct aloft_socket_lookup {
    atomic_int users;    // who asked, and the task
    atomic_bool ended;   // the answer is there
    atomic_bool dropped; // nobody is to be told
    atomic_bool tells;   // the asker is being told: it waits, so that it does not end meanwhile
    TaskHandle_t asker;
    uint32_t count;
    struct aloft_socket_addr addrs[ADDRS_MAX];
    char service[8];
    char host[];
};

bool aloft_lwip_parse(const char *host, uint16_t port, struct aloft_socket_addr *out)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    _Static_assert(sizeof in <= ALOFT_SOCKET_ADDR_LEN, "an address fits");
    if (host[0] == '\0' || inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        *out = (struct aloft_socket_addr){.len = sizeof in}; // "": of every interface
        memcpy(out->opaque, &in, sizeof in);
        return true;
    }
#if CONFIG_LWIP_IPV6
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    _Static_assert(sizeof in6 <= ALOFT_SOCKET_ADDR_LEN, "an address fits");
    if (inet_pton(AF_INET6, host, &in6.sin6_addr) == 1) {
        *out = (struct aloft_socket_addr){.len = sizeof in6};
        memcpy(out->opaque, &in6, sizeof in6);
        return true;
    }
#endif
    return false;
}

static void leave(struct aloft_socket_lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->users, 1) == 1) {
        free(lookup);
    }
}

static void look_up_task(void *arg)
{
    struct aloft_socket_lookup *lookup = arg;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(lookup->host, lookup->service, &hints, &found) == 0) {
        for (const struct addrinfo *at = found; at != NULL && lookup->count < ADDRS_MAX;
             at = at->ai_next) {
            struct aloft_socket_addr *addr = &lookup->addrs[lookup->count];
            if (at->ai_addrlen <= sizeof addr->opaque) {
                addr->len = at->ai_addrlen;
                memcpy(addr->opaque, at->ai_addr, at->ai_addrlen);
                lookup->count++;
            }
        }
        freeaddrinfo(found);
    }
    TaskHandle_t asker = lookup->asker;
    atomic_store(&lookup->tells, true);
    atomic_store(&lookup->ended, true);
    if (!atomic_load(&lookup->dropped)) { // else the asker may have ended
        (void)xTaskNotifyGive(asker);
    }
    atomic_store(&lookup->tells, false);
    leave(lookup);
    vTaskDelete(NULL);
}

struct aloft_socket_lookup *aloft_lwip_look_up(void *ctx, enum aloft_socket_kind kind,
                                               const char *host, uint16_t port)
{
    struct aloft_socket_lookup *lookup = calloc(1, sizeof *lookup + strlen(host) + 1);
    (void)ctx;
    (void)kind;
    if (lookup == NULL) {
        return NULL;
    }
    if (aloft_lwip_parse(host, port, &lookup->addrs[0])) {
        lookup->users = 1;
        lookup->count = 1;
        lookup->ended = true;
        return lookup;
    }
    lookup->users = 2;
    lookup->asker = xTaskGetCurrentTaskHandle();
    (void)snprintf(lookup->service, sizeof lookup->service, "%u", port);
    memcpy(lookup->host, host, strlen(host));
    if (xTaskCreate(look_up_task, "aloft_dns", STACK, lookup, CONFIG_ALOFT_OTA_TASK_PRIORITY,
                    NULL) != pdPASS) {
        free(lookup);
        return NULL;
    }
    return lookup;
}

int32_t aloft_lwip_found(void *ctx, struct aloft_socket_lookup *lookup, uint32_t n,
                         struct aloft_socket_addr *out)
{
    (void)ctx;
    if (!atomic_load(&lookup->ended)) {
        return ALOFT_SOCKET_LATER;
    }
    if (n >= lookup->count) {
        return ALOFT_ERR_NET_DNS;
    }
    *out = lookup->addrs[n];
    return ALOFT_SOCKET_DONE;
}

void aloft_lwip_drop(void *ctx, struct aloft_socket_lookup *lookup)
{
    (void)ctx;
    atomic_store(&lookup->dropped, true);
    while (atomic_load(&lookup->tells)) {
        vTaskDelay(1);
    }
    leave(lookup);
}
