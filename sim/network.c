// The server model and everything that can go wrong before it. A fault counts when it takes effect,
// not when it is drawn: one that needs a Range request, for instance, waits for one.
#include "sim/network.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US_PER_MS 1000u
#define US_PER_S  1000000u
#define HEAD_ROOM 512u

#define FIRST_FAULT  SIM_FAULT_NET_DNS
#define FAULTS_COUNT ((uint32_t)SIM_FAULT_COUNT - FIRST_FAULT)

static void fire(struct sim_network *network, enum sim_fault fault)
{
    if (!network->fired) {
        network->fired = true;
        network->tally->faults[fault]++;
    }
}

static bool is(struct sim_network *network, enum sim_fault fault)
{
    return network->fault == (int)fault;
}

static uint64_t after_s(struct sim_network *network, uint64_t now_us, uint32_t low, uint32_t high)
{
    return now_us + (uint64_t)sim_random_between(network->random, low, high) * US_PER_S;
}

static int draw_fault(struct sim_network *network)
{
    struct sim_random *random = network->random;
    if (!network->bad_weather || sim_random_chance(random, 40)) {
        return -1;
    }
    return (int)(FIRST_FAULT + sim_random_below(random, FAULTS_COUNT));
}

// How the attempt to connect ends, and when.
static void draw_opening(struct sim_network *network, uint64_t now_us)
{
    network->due_us = now_us + sim_random_between(network->random, 5, 300) * US_PER_MS;
    if (network->wifi_us > now_us) {
        network->open_err = ALOFT_ERR_NET_UNREACHABLE;
    } else if (is(network, SIM_FAULT_NET_DNS)) {
        network->open_err = ALOFT_ERR_NET_DNS;
        fire(network, SIM_FAULT_NET_DNS);
    } else if (is(network, SIM_FAULT_NET_REFUSED)) {
        network->open_err = ALOFT_ERR_NET_REFUSED;
        fire(network, SIM_FAULT_NET_REFUSED);
    } else if (is(network, SIM_FAULT_NET_HALF_OPEN)) {
        network->due_us = SIM_NEVER;
        fire(network, SIM_FAULT_NET_HALF_OPEN);
    }
}

void sim_network_open(struct sim_network *network, uint64_t now_us)
{
    struct sim_random *random = network->random;
    network->link = SIM_LINK_OPENING;
    network->open_err = ALOFT_OK;
    network->fired = false;
    network->request_len = 0;
    network->sent = 0;
    network->len = 0;
    network->end = SIM_END_CLOSES;
    network->piece = sim_random_chance(random, 70) ? SIM_PIECE_MAX
                                                   : sim_random_between(random, 1, SIM_PIECE_MAX);
    network->piece = network->piece < 40 ? 40 : network->piece;
    network->piece_us = sim_random_between(random, 1, 60) * US_PER_MS;
    network->fault = draw_fault(network);
    if (is(network, SIM_FAULT_NET_SLOW)) {
        network->piece = sim_random_between(random, 100, 400);
        network->piece_us = sim_random_between(random, 1000, 4000) * US_PER_MS;
        fire(network, SIM_FAULT_NET_SLOW);
    }
    draw_opening(network, now_us);
}

void sim_network_close(struct sim_network *network)
{
    network->link = SIM_LINK_CLOSED;
    network->due_us = SIM_NEVER;
}

// The value of "Range: bytes=N-", if the If-Range before or after it is of this file.
static bool wants_range(const struct sim_network *network, const char *tag, uint32_t *from)
{
    const char *range = strstr(network->request, "\r\nRange: bytes=");
    const char *if_range = strstr(network->request, "\r\nIf-Range: ");
    if (range == NULL || if_range == NULL) {
        return false;
    }
    if_range += strlen("\r\nIf-Range: ");
    *from = (uint32_t)strtoul(range + strlen("\r\nRange: bytes="), NULL, 10);
    return strncmp(if_range, tag, strlen(tag)) == 0;
}

static void put_text(struct sim_network *network, const char *text)
{
    size_t len = strlen(text);
    memcpy(network->response + network->len, text, len);
    network->len += (uint32_t)len;
}

static void answer_status(struct sim_network *network, uint32_t status)
{
    static const char page[] = "<html>Please log in</html>";
    char head[HEAD_ROOM];
    bool redirect = status == 302;
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 %u X\r\nContent-Length: %u\r\n%sContent-Type: text/html\r\n\r\n%s",
                   (unsigned)status, (unsigned)sizeof page - 1,
                   redirect ? "Location: /moved\r\n" : "", page);
    put_text(network, head);
}

// The artifact's bytes as they come through: the server's, or with another's among them.
static void put_bytes(struct sim_network *network, const struct sim_artifact *file, uint32_t from,
                      uint32_t len)
{
    struct sim_random *random = network->random;
    uint8_t *to = network->response + network->len;
    memcpy(to, file->bytes + from, len);
    network->len += len;
    if (len == 0) {
        return;
    }
    uint32_t low = sim_random_below(random, len);
    if (is(network, SIM_FAULT_NET_CORRUPT)) {
        to[low] ^= (uint8_t)(1u << sim_random_below(random, 8));
        fire(network, SIM_FAULT_NET_CORRUPT);
    }
    const struct sim_artifact *stale =
        &network->catalogue->firmware[network->stale].artifact[network->coding];
    uint32_t high = low + sim_random_below(random, len - low) + 1;
    if (is(network, SIM_FAULT_NET_MIXED) && from + low < stale->len && stale != file) {
        high = from + high < stale->len ? high : stale->len - from;
        memcpy(to + low, stale->bytes + from + low, high - low);
        fire(network, SIM_FAULT_NET_MIXED);
    }
}

static void put_chunks(struct sim_network *network, const struct sim_artifact *file)
{
    uint32_t from = 0;
    char line[16];
    while (from < file->len) {
        uint32_t n = sim_random_between(network->random, 200, 1000);
        n = n < file->len - from ? n : file->len - from;
        (void)snprintf(line, sizeof line, "%x\r\n", (unsigned)n);
        put_text(network, line);
        put_bytes(network, file, from, n);
        put_text(network, "\r\n");
        from += n;
    }
    put_text(network, "0\r\n\r\n");
}

// The line about length and range. True when a part is sent.
static bool put_length(struct sim_network *network, const struct sim_artifact *file, uint32_t from)
{
    char head[HEAD_ROOM];
    bool part = from != 0;
    uint32_t said = from;
    uint32_t length = file->said - from;
    if (part && is(network, SIM_FAULT_NET_BAD_RANGE)) {
        said = from - 1;
        fire(network, SIM_FAULT_NET_BAD_RANGE);
    }
    if (!part && is(network, SIM_FAULT_NET_CHUNKED)) {
        put_text(network, "Transfer-Encoding: chunked\r\n");
    } else if (part || !is(network, SIM_FAULT_NET_UNTIL_CLOSE)) {
        (void)snprintf(head, sizeof head, "Content-Length: %u\r\n", (unsigned)length);
        put_text(network, head);
    }
    if (part) {
        (void)snprintf(head, sizeof head, "Content-Range: bytes %u-%u/%u\r\n", (unsigned)said,
                       (unsigned)file->len - 1, (unsigned)file->len);
        put_text(network, head);
    }
    return part;
}

// Requests for a part are not frequent; these faults need one.
static void draw_range_fault(struct sim_network *network)
{
    static const enum sim_fault faults[] = {SIM_FAULT_NET_NO_RANGE, SIM_FAULT_NET_BAD_RANGE,
                                            SIM_FAULT_NET_416};
    if (sim_random_chance(network->random, 50)) {
        network->fault = (int)faults[sim_random_below(network->random, 3)];
    }
}

static void answer_file(struct sim_network *network, const struct sim_firmware *firmware)
{
    const struct sim_artifact *file = &firmware->artifact[network->coding];
    char tag[32];
    char line[64];
    uint32_t from = 0;
    (void)snprintf(tag, sizeof tag, "\"%08x\"", (unsigned)firmware->tag);
    bool range = wants_range(network, tag, &from) && from < file->len;
    if (range && network->bad_weather && network->fault < 0) {
        draw_range_fault(network);
    }
    if (range && is(network, SIM_FAULT_NET_416)) {
        fire(network, SIM_FAULT_NET_416);
        answer_status(network, 416);
        return;
    }
    if (range && is(network, SIM_FAULT_NET_NO_RANGE)) {
        fire(network, SIM_FAULT_NET_NO_RANGE);
        range = false;
    }
    from = range ? from : 0;
    put_text(network, range ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n");
    bool weak = is(network, SIM_FAULT_NET_NO_TAG);
    if (weak) {
        fire(network, SIM_FAULT_NET_NO_TAG);
    }
    if (!weak || sim_random_chance(network->random, 50)) {
        (void)snprintf(line, sizeof line, "ETag: %s%s\r\n", weak ? "W/" : "", tag);
        put_text(network, line);
    }
    bool part = put_length(network, file, from);
    put_text(network, "\r\n");
    uint32_t body = network->len;
    if (!part && is(network, SIM_FAULT_NET_CHUNKED)) {
        fire(network, SIM_FAULT_NET_CHUNKED);
        put_chunks(network, file);
    } else {
        put_bytes(network, file, from, file->len - from);
    }
    if (!part && is(network, SIM_FAULT_NET_UNTIL_CLOSE)) {
        fire(network, SIM_FAULT_NET_UNTIL_CLOSE);
    }
    if (is(network, SIM_FAULT_NET_LONG) && body < network->len) {
        fire(network, SIM_FAULT_NET_LONG);
        put_text(network, "and more of it");
    }
}

// Where the answer stops before its end, and how.
static void cut_answer(struct sim_network *network, uint64_t now_us)
{
    uint32_t at = sim_random_below(network->random, network->len);
    if (is(network, SIM_FAULT_NET_STALL)) {
        network->end = SIM_END_SILENT;
    } else if (is(network, SIM_FAULT_NET_RESET)) {
        network->end = SIM_END_BREAKS;
    } else if (is(network, SIM_FAULT_NET_WIFI)) {
        network->end = SIM_END_BREAKS;
        network->wifi_us = after_s(network, now_us, 2, 40);
    } else if (!is(network, SIM_FAULT_NET_TRUNCATED)) {
        return;
    }
    fire(network, (enum sim_fault)network->fault);
    network->len = at;
}

static void answer(struct sim_network *network, uint64_t now_us)
{
    const struct sim_firmware *all = network->catalogue->firmware;
    bool stale = is(network, SIM_FAULT_NET_STALE) && network->stale != network->wanted;
    network->len = 0;
    network->end = SIM_END_CLOSES;
    if (is(network, SIM_FAULT_NET_503) || is(network, SIM_FAULT_NET_404)) {
        network->outage = is(network, SIM_FAULT_NET_503) ? 503 : 404;
        network->outage_us = after_s(network, now_us, 1, 60);
        fire(network, (enum sim_fault)network->fault);
    }
    if (network->outage_us > now_us) {
        answer_status(network, network->outage);
    } else if (is(network, SIM_FAULT_NET_PORTAL)) {
        fire(network, SIM_FAULT_NET_PORTAL);
        answer_status(network, 200);
    } else if (is(network, SIM_FAULT_NET_GARBAGE)) {
        fire(network, SIM_FAULT_NET_GARBAGE);
        put_text(network, "SSH-2.0-OpenSSH_9.2\r\n\r\n");
    } else if (is(network, SIM_FAULT_NET_REDIRECT)) {
        fire(network, SIM_FAULT_NET_REDIRECT);
        answer_status(network, 302);
    } else if (is(network, SIM_FAULT_NET_SILENT)) {
        fire(network, SIM_FAULT_NET_SILENT);
        network->end = SIM_END_SILENT;
    } else {
        if (stale) {
            fire(network, SIM_FAULT_NET_STALE);
        }
        answer_file(network, &all[stale ? network->stale : network->wanted]);
        cut_answer(network, now_us);
    }
}

static void opened(struct sim_network *network, const struct aloft_way *way, uint64_t now_us,
                   uint32_t now_ms)
{
    if (network->open_err != ALOFT_OK) {
        sim_network_close(network);
        way->ops->failed(way->ctx, ALOFT_WAY_ID_PULL, network->open_err, now_ms);
        return;
    }
    network->link = SIM_LINK_ASKING;
    network->due_us = now_us + network->piece_us;
    way->ops->opened(way->ctx, ALOFT_WAY_ID_PULL, NULL, now_ms);
}

static void ask(struct sim_network *network, const struct aloft_way *way, uint64_t now_us)
{
    uint32_t room = SIM_REQUEST_MAX - network->request_len;
    network->request_len +=
        way->ops->send(way->ctx, ALOFT_WAY_ID_PULL, NULL,
                       (uint8_t *)network->request + network->request_len, room < 200 ? room : 200);
    network->request[network->request_len] = 0;
    network->due_us = now_us + network->piece_us;
    if (strstr(network->request, "\r\n\r\n") != NULL) {
        answer(network, now_us);
        network->link = SIM_LINK_ANSWERING;
    }
}

static void ended(struct sim_network *network, const struct aloft_way *way, uint32_t now_ms)
{
    network->due_us = SIM_NEVER;
    if (network->end == SIM_END_CLOSES) {
        way->ops->closed(way->ctx, ALOFT_WAY_ID_PULL, now_ms);
    } else if (network->end == SIM_END_BREAKS) {
        sim_network_close(network);
        way->ops->failed(way->ctx, ALOFT_WAY_ID_PULL, ALOFT_ERR_NET_RESET, now_ms);
    }
}

static uint32_t deliver(struct sim_network *network, const struct aloft_way *way, uint64_t now_us,
                        uint32_t now_ms)
{
    uint32_t left = network->len - network->sent;
    uint32_t n = left < network->piece ? left : network->piece;
    if (left == 0) {
        ended(network, way, now_ms);
        return 0;
    }
    uint32_t taken = way->ops->feed(way->ctx, ALOFT_WAY_ID_PULL, NULL,
                                    network->response + network->sent, n, now_ms);
    network->sent += taken;
    network->due_us = now_us + (taken < n ? US_PER_MS : network->piece_us);
    return taken;
}

uint32_t sim_network_act(struct sim_network *network, const struct aloft_way *way, uint64_t now_us,
                         uint32_t now_ms)
{
    switch (network->link) {
    case SIM_LINK_CLOSED:
        network->due_us = SIM_NEVER;
        break;
    case SIM_LINK_OPENING:
        opened(network, way, now_us, now_ms);
        break;
    case SIM_LINK_ASKING:
        ask(network, way, now_us);
        break;
    case SIM_LINK_ANSWERING:
        return deliver(network, way, now_us, now_ms);
    }
    return 0;
}

bool sim_network_reaches(struct sim_network *network, uint64_t now_us)
{
    bool weather = network->bad_weather && sim_random_chance(network->random, 25);
    return !weather && network->wifi_us <= now_us && network->outage_us <= now_us;
}
