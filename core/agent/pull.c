// The agent's calls, one to one, with the turn around its connection.
#include "aloft/pull.h"

void aloft_pull_init(struct aloft_pull *pull, struct aloft_agent *agent,
                     struct aloft_intake *intake)
{
    *pull = (struct aloft_pull){.agent = agent, .intake = intake, .state = ALOFT_AGENT_BUSY};
}

static enum aloft_way_state step(void *ctx, uint32_t now_ms)
{
    struct aloft_pull *pull = ctx;
    if (pull->refused) {
        pull->refused = false;
        aloft_agent_failed(pull->agent, ALOFT_WAY_ID_PULL, ALOFT_ERR_NET_BUSY, now_ms);
    }
    pull->state = aloft_agent_step(pull->agent, now_ms);
    if (pull->state != ALOFT_AGENT_BUSY && !pull->linked && pull->intake != NULL) {
        aloft_intake_release(pull->intake, pull);
    }
    return pull->state == ALOFT_AGENT_BUSY ? ALOFT_WAY_BUSY : ALOFT_WAY_WAIT;
}

static uint32_t deadline(const void *ctx)
{
    const struct aloft_pull *pull = ctx;
    return aloft_agent_deadline(pull->agent);
}

static bool request(void *ctx, struct aloft_request *out)
{
    struct aloft_pull *pull = ctx;
    if (!aloft_agent_request(pull->agent, out)) {
        return false;
    }
    pull->linked = out->kind == ALOFT_REQUEST_OPEN;
    if (pull->linked && pull->intake != NULL && !aloft_intake_take(pull->intake, pull)) {
        pull->linked = false;
        pull->refused = true;
        return false;
    }
    return true;
}

static void opened(void *ctx, uint8_t id, const struct aloft_way_peer *peer, uint32_t now_ms)
{
    const struct aloft_pull *pull = ctx;
    (void)peer;
    aloft_agent_opened(pull->agent, id, now_ms);
}

static void failed(void *ctx, uint8_t id, enum aloft_err err, uint32_t now_ms)
{
    struct aloft_pull *pull = ctx;
    pull->linked = false;
    aloft_agent_failed(pull->agent, id, err, now_ms);
}

static uint32_t send(void *ctx, uint8_t id, uint8_t *buf, uint32_t cap)
{
    const struct aloft_pull *pull = ctx;
    return aloft_agent_send(pull->agent, id, buf, cap);
}

static uint32_t feed(void *ctx, uint8_t id, const struct aloft_way_peer *peer, const uint8_t *data,
                     uint32_t len, uint32_t now_ms)
{
    const struct aloft_pull *pull = ctx;
    (void)peer;
    return aloft_agent_feed(pull->agent, id, data, len, now_ms);
}

static void closed(void *ctx, uint8_t id, uint32_t now_ms)
{
    const struct aloft_pull *pull = ctx;
    aloft_agent_closed(pull->agent, id, now_ms);
}

struct aloft_way aloft_pull_way(struct aloft_pull *pull)
{
    static const struct aloft_way_ops ops = {step,   deadline, request, opened,
                                             failed, send,     feed,    closed};
    return (struct aloft_way){&ops, pull, 1u << ALOFT_WAY_ID_PULL};
}
