// A chip answers each request once and in order, but a line may lose, repeat, garble or be late: so
// a reply counts only when it is a response to this very request, a missing one is asked for by a
// request of another kind, and waiting always ends.
#include "hostlib/flasher/flasher_link.h"
#include "aloft/base/bytes.h"
#include "hostlib/base/clock.h"
#include <string.h>

enum { SYNC_MS = 100, SYNC_REPLIES = 8, WRITE_MS = 10000, SYNC_WRITE_MS = 3000 };
enum { LATE_BYTES_MAX = 1 << 18, LATE_MS = 1000 };
enum { DRAIN_MS = 200, WORDS_MAX = 6, FENCES = 3, FENCE_MS = 3000, STATUS = 2 };

struct named {
    uint8_t number;
    const char *name;
};

static const struct named ops[] = {
    {ALOFT_SERIAL_FLASH_BEGIN, "FLASH_BEGIN"},
    {ALOFT_SERIAL_FLASH_DATA, "FLASH_DATA"},
    {ALOFT_SERIAL_FLASH_END, "FLASH_END"},
    {ALOFT_SERIAL_SYNC, "SYNC"},
    {ALOFT_SERIAL_WRITE_REG, "WRITE_REG"},
    {ALOFT_SERIAL_READ_REG, "READ_REG"},
    {ALOFT_SERIAL_SPI_SET_PARAMS, "SPI_SET_PARAMS"},
    {ALOFT_SERIAL_SPI_ATTACH, "SPI_ATTACH"},
    {ALOFT_SERIAL_READ_FLASH_SLOW, "READ_FLASH_SLOW"},
    {ALOFT_SERIAL_CHANGE_BAUD, "CHANGE_BAUD"},
    {ALOFT_SERIAL_DEFL_BEGIN, "FLASH_DEFL_BEGIN"},
    {ALOFT_SERIAL_DEFL_DATA, "FLASH_DEFL_DATA"},
    {ALOFT_SERIAL_FLASH_MD5, "SPI_FLASH_MD5"},
    {ALOFT_SERIAL_SECURITY_INFO, "GET_SECURITY_INFO"},
    {ALOFT_SERIAL_ERASE_FLASH, "ERASE_FLASH"},
    {ALOFT_SERIAL_ERASE_REGION, "ERASE_REGION"},
    {ALOFT_SERIAL_READ_FLASH, "READ_FLASH"},
};

static const struct named errors[] = {
    {ALOFT_SERIAL_INVALID, "it does not know this request"},
    {ALOFT_SERIAL_FAILED, "it could not do it"},
    {ALOFT_SERIAL_BAD_CHECK, "the data arrived broken"},
    {ALOFT_SERIAL_FLASH_WRITE, "its flash could not be written"},
    {ALOFT_SERIAL_FLASH_READ, "its flash could not be read"},
    {ALOFT_SERIAL_READ_LENGTH, "it cannot read so much at once"},
    {ALOFT_SERIAL_DEFLATE, "the compressed data arrived broken"},
    {ALOFT_SERIAL_STUB_LENGTH, "the request has a wrong length"},
    {ALOFT_SERIAL_STUB_CHECK, "the data arrived broken"},
    {ALOFT_SERIAL_STUB_BLOCK, "the block has a wrong size"},
    {ALOFT_SERIAL_STUB_COMMAND, "it does not know this request"},
    {ALOFT_SERIAL_STUB_SPI, "its flash did not do it"},
    {ALOFT_SERIAL_STUB_UNLOCK, "its flash is write protected"},
    {ALOFT_SERIAL_STUB_NO_FLASH_MODE, "no write was begun"},
    {ALOFT_SERIAL_STUB_INFLATE, "the compressed data arrived broken"},
    {ALOFT_SERIAL_STUB_SHORT, "the data ended early"},
    {ALOFT_SERIAL_STUB_LONG, "more data came than was announced"},
    {ALOFT_SERIAL_STUB_UNKNOWN, "it does not know this request"},
};

static const char *name_of(const struct named *table, size_t count, uint8_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].number == number) {
            return table[i].name;
        }
    }
    return "?";
}

static const char *op_name(uint8_t op)
{
    return name_of(ops, sizeof ops / sizeof ops[0], op);
}

static enum aloft_flasher_answer from_line(struct aloft_flasher *flasher,
                                           enum aloft_serial_line_result result)
{
    if (result == ALOFT_SERIAL_LINE_OK) {
        return ALOFT_FLASHER_YES;
    }
    flasher->error = flasher->line->error;
    return result == ALOFT_SERIAL_LINE_GONE ? ALOFT_FLASHER_GONE : ALOFT_FLASHER_SILENCE;
}

bool aloft_flasher_purge(struct aloft_flasher *flasher)
{
    flasher->in_len = 0;
    flasher->in_off = 0;
    aloft_serial_reader_init(&flasher->reader, flasher->body, sizeof flasher->body);
    return from_line(flasher, aloft_serial_line_purge(flasher->line)) != ALOFT_FLASHER_GONE;
}

// --- bodies

enum aloft_flasher_answer aloft_flasher_next_body(struct aloft_flasher *flasher,
                                                  uint64_t deadline_ms, uint32_t *len)
{
    for (;;) {
        while (flasher->in_off < flasher->in_len) {
            if (aloft_serial_feed(&flasher->reader, flasher->in[flasher->in_off++])) {
                *len = flasher->reader.len;
                return ALOFT_FLASHER_YES;
            }
        }
        flasher->in_off = 0;
        flasher->in_len = 0;
        uint32_t left_ms = (uint32_t)aloft_clock_left_ms(deadline_ms);
        if (left_ms == 0 && flasher->late == 0) {
            flasher->late_until_ms = aloft_clock_ms() + LATE_MS;
        } else if (left_ms == 0 && (flasher->late > LATE_BYTES_MAX ||
                                    aloft_clock_left_ms(flasher->late_until_ms) == 0)) {
            return ALOFT_FLASHER_SILENCE; // a line that never stops
        }
        enum aloft_flasher_answer answer = from_line(
            flasher, aloft_serial_line_read(flasher->line, flasher->in, sizeof flasher->in, left_ms,
                                            &flasher->in_len));
        if (answer != ALOFT_FLASHER_YES) {
            return answer;
        }
        flasher->late = left_ms == 0 ? flasher->late + (uint32_t)flasher->in_len : 0;
    }
}

enum aloft_flasher_answer aloft_flasher_send_body(struct aloft_flasher *flasher,
                                                  const uint8_t *body, uint32_t len)
{
    uint32_t framed = aloft_serial_frame(body, len, flasher->out, sizeof flasher->out);
    return from_line(flasher,
                     aloft_serial_line_write(flasher->line, flasher->out, framed, WRITE_MS));
}

// The next response of any kind. False: see *answer.
static bool next_response(struct aloft_flasher *flasher, uint64_t deadline_ms,
                          struct aloft_serial_packet *packet, enum aloft_flasher_answer *answer)
{
    uint32_t len;
    for (;;) {
        *answer = aloft_flasher_next_body(flasher, deadline_ms, &len);
        if (*answer != ALOFT_FLASHER_YES) {
            return false;
        }
        if (aloft_serial_parse(flasher->body, len, packet) &&
            packet->direction == ALOFT_SERIAL_RESPONSE) {
            return true;
        }
    }
}

// --- requests

// Bytes of data in a good reply; the status stands behind them. The length of the status tells
// nothing: a ROM sends 2 or 4 bytes, of which the last two hold anything (the C3's, what an MD5
// left there).
static uint32_t data_len(const struct aloft_flasher *flasher,
                         const struct aloft_serial_packet *packet)
{
    switch (packet->op) {
    case ALOFT_SERIAL_FLASH_MD5:
        return flasher->stub ? 16 : 32; // in digits
    case ALOFT_SERIAL_READ_FLASH_SLOW:
        return 64;
    case ALOFT_SERIAL_SECURITY_INFO:
        return packet->len >= 20 + STATUS ? 20 : 12; // without an id
    default:
        return 0;
    }
}

static enum aloft_flasher_answer judge(struct aloft_flasher *flasher,
                                       const struct aloft_serial_packet *packet,
                                       struct aloft_flasher_reply *reply)
{
    uint32_t len = data_len(flasher, packet);
    bool whole = packet->len >= len + STATUS;
    if (packet->len < STATUS || (!whole && packet->payload[0] == 0)) {
        (void)aloft_message_set(&flasher->error, "the chip on %s answers %s without a status",
                                flasher->line->name, op_name(packet->op));
        return ALOFT_FLASHER_REFUSED;
    }
    const uint8_t *status = packet->payload + (whole ? len : 0); // a refusal has no data
    if (status[0] == 0) {
        if (reply != NULL) {
            *reply = (struct aloft_flasher_reply){packet->value, packet->payload, len};
        }
        return ALOFT_FLASHER_YES;
    }
    (void)aloft_message_set(&flasher->error, "the chip on %s refuses %s: %s (error 0x%02x)",
                            flasher->line->name, op_name(packet->op),
                            name_of(errors, sizeof errors / sizeof errors[0], status[1]),
                            (unsigned)status[1]);
    bool broken = status[1] == ALOFT_SERIAL_BAD_CHECK || status[1] == ALOFT_SERIAL_STUB_CHECK;
    return broken ? ALOFT_FLASHER_BAD_CHECK : ALOFT_FLASHER_REFUSED;
}

// A ROM answers a request that it does not know more than once, and under other numbers, too: so
// all of that is waited for and thrown away.
static enum aloft_flasher_answer not_known(struct aloft_flasher *flasher, uint8_t op)
{
    aloft_clock_sleep_ms(DRAIN_MS);
    if (!aloft_flasher_purge(flasher)) {
        return ALOFT_FLASHER_GONE;
    }
    (void)aloft_message_set(&flasher->error, "the chip on %s does not know the request %s",
                            flasher->line->name, op_name(op));
    return ALOFT_FLASHER_REFUSED;
}

// Only a bare status: what a chip reads from flash may look like one.
static bool says_invalid(const struct aloft_serial_packet *packet)
{
    return packet->len >= 2 && packet->len <= ALOFT_SERIAL_STATUS_ROM && packet->payload[0] != 0 &&
           packet->payload[1] == ALOFT_SERIAL_INVALID;
}

// Waits for a reply; its request was sent at start_ms.
struct wait {
    uint8_t op;
    bool fenced; // a SYNC was sent behind the request: an answer to it tells that none will come
    bool odd;    // a reply under another number says "not known"; it may be an earlier request's
    uint64_t start_ms;
    uint64_t deadline_ms;
};

// LOST: a fence was reached; SILENCE: time is up.
static enum aloft_flasher_answer await(struct aloft_flasher *flasher, struct wait *wait,
                                       struct aloft_flasher_reply *reply)
{
    struct aloft_serial_packet packet;
    enum aloft_flasher_answer answer;
    flasher->late = 0;
    while (next_response(flasher, wait->deadline_ms, &packet, &answer)) {
        if (packet.op == wait->op) {
            return says_invalid(&packet) ? not_known(flasher, wait->op)
                                         : judge(flasher, &packet, reply);
        }
        if (wait->fenced && packet.op == ALOFT_SERIAL_SYNC) {
            return ALOFT_FLASHER_LOST;
        }
        if (says_invalid(&packet) && !wait->odd) {
            uint64_t soon = aloft_clock_ms() + DRAIN_MS;
            wait->odd = true;
            wait->deadline_ms = soon < wait->deadline_ms ? soon : wait->deadline_ms;
        }
    }
    return answer;
}

static enum aloft_flasher_answer send_request(struct aloft_flasher *flasher,
                                              const struct aloft_flasher_request *request)
{
    const struct aloft_serial_packet packet = {
        .direction = ALOFT_SERIAL_REQUEST,
        .op = request->op,
        .len = request->len,
        .value = request->check,
        .payload = request->payload,
    };
    uint32_t len = aloft_serial_emit(&packet, flasher->out, sizeof flasher->out);
    uint32_t write_ms = request->op == ALOFT_SERIAL_SYNC ? SYNC_WRITE_MS : WRITE_MS;
    return from_line(flasher, aloft_serial_line_write(flasher->line, flasher->out, len, write_ms));
}

static enum aloft_flasher_answer send_sync(struct aloft_flasher *flasher)
{
    uint8_t payload[ALOFT_SERIAL_SYNC_LEN];
    const struct aloft_flasher_request request = {
        .op = ALOFT_SERIAL_SYNC, .payload = payload, .len = sizeof payload};
    aloft_serial_sync(payload);
    return send_request(flasher, &request);
}

// Once the chip answers a request of another kind, it has answered all SYNCs before it. Asked once
// only: two replies would leave one for the next request of that kind.
static enum aloft_flasher_answer settle(struct aloft_flasher *flasher)
{
    uint8_t payload[4];
    struct aloft_serial_packet packet;
    const struct aloft_flasher_request request = {
        .op = ALOFT_SERIAL_READ_REG, .payload = payload, .len = sizeof payload};
    uint64_t deadline = aloft_clock_ms() + FENCES * FENCE_MS;
    aloft_put_le32(payload, ALOFT_FLASHER_MAGIC_REG);
    flasher->late = 0;
    enum aloft_flasher_answer answer = send_request(flasher, &request);
    while (answer == ALOFT_FLASHER_YES && flasher->unsettled &&
           next_response(flasher, deadline, &packet, &answer)) {
        flasher->unsettled = packet.op == ALOFT_SERIAL_SYNC; // a refusal will do
    }
    return answer;
}

static void say_missing(struct aloft_flasher *flasher, const struct wait *wait,
                        enum aloft_flasher_answer answer)
{
    unsigned ms = (unsigned)(aloft_clock_ms() - wait->start_ms);
    (void)aloft_message_set(&flasher->error,
                            answer == ALOFT_FLASHER_LOST
                                ? "the chip on %s did not answer %s within %u.%u s; check the "
                                  "cable, or try a lower --baud"
                                : "the chip on %s fell silent: no answer to %s for %u.%u s; check "
                                  "power and cable, or try a lower --baud",
                            flasher->line->name, op_name(wait->op), ms / 1000, ms % 1000 / 100);
}

// The reply is late or lost: which one?
static enum aloft_flasher_answer look_into(struct aloft_flasher *flasher, struct wait *wait,
                                           struct aloft_flasher_reply *reply)
{
    enum aloft_flasher_answer answer = ALOFT_FLASHER_SILENCE;
    wait->fenced = true;
    flasher->unsettled = true;
    for (int i = 0; i < FENCES && answer == ALOFT_FLASHER_SILENCE; i++) {
        answer = send_sync(flasher);
        wait->deadline_ms = aloft_clock_ms() + FENCE_MS;
        answer = answer == ALOFT_FLASHER_YES ? await(flasher, wait, reply) : answer;
    }
    return answer;
}

enum aloft_flasher_answer aloft_flasher_ask(struct aloft_flasher *flasher,
                                            const struct aloft_flasher_request *request,
                                            struct aloft_flasher_reply *reply)
{
    uint32_t timeout_ms = request->timeout_ms == 0 ? ALOFT_FLASHER_TIMEOUT_MS : request->timeout_ms;
    struct wait wait = {.op = request->op, .start_ms = aloft_clock_ms()};
    enum aloft_flasher_answer answer = flasher->unsettled ? settle(flasher) : ALOFT_FLASHER_YES;
    if (answer == ALOFT_FLASHER_YES) {
        answer = send_request(flasher, request);
        wait.deadline_ms = aloft_clock_ms() + timeout_ms;
        answer = answer == ALOFT_FLASHER_YES ? await(flasher, &wait, reply) : answer;
    }
    if (answer == ALOFT_FLASHER_SILENCE && !request->last) {
        answer = look_into(flasher, &wait, reply);
    }
    if (answer == ALOFT_FLASHER_LOST && wait.odd) {
        return not_known(flasher, wait.op);
    }
    if (answer == ALOFT_FLASHER_LOST || answer == ALOFT_FLASHER_SILENCE) {
        say_missing(flasher, &wait, answer);
    }
    flasher->silent = answer == ALOFT_FLASHER_SILENCE;
    return answer;
}

bool aloft_flasher_ask_words(struct aloft_flasher *flasher, uint8_t op, const uint32_t *words,
                             size_t count, uint32_t timeout_ms)
{
    uint8_t payload[4 * WORDS_MAX];
    for (size_t i = 0; i < count && i < WORDS_MAX; i++) {
        aloft_put_le32(payload + 4 * i, words[i]);
    }
    const struct aloft_flasher_request request = {
        .op = op, .payload = payload, .len = (uint16_t)(4 * count), .timeout_ms = timeout_ms};
    return aloft_flasher_ask(flasher, &request, NULL) == ALOFT_FLASHER_YES;
}

bool aloft_flasher_read_reg(struct aloft_flasher *flasher, uint32_t addr, uint32_t *value)
{
    uint8_t payload[4];
    struct aloft_flasher_reply reply;
    const struct aloft_flasher_request request = {
        .op = ALOFT_SERIAL_READ_REG, .payload = payload, .len = sizeof payload};
    aloft_put_le32(payload, addr);
    if (aloft_flasher_ask(flasher, &request, &reply) != ALOFT_FLASHER_YES) {
        return false;
    }
    *value = reply.value;
    return true;
}

bool aloft_flasher_write_reg(struct aloft_flasher *flasher, uint32_t addr, uint32_t value,
                             uint32_t mask)
{
    const uint32_t words[] = {addr, value, mask, 0}; // no delay
    return aloft_flasher_ask_words(flasher, ALOFT_SERIAL_WRITE_REG, words, 4, 0);
}

bool aloft_flasher_sync(struct aloft_flasher *flasher)
{
    struct aloft_flasher_reply reply;
    struct aloft_serial_packet packet;
    enum aloft_flasher_answer answer;
    struct wait wait = {.op = ALOFT_SERIAL_SYNC, .deadline_ms = aloft_clock_ms() + SYNC_MS};
    flasher->unsettled = true;
    if (send_sync(flasher) != ALOFT_FLASHER_YES ||
        await(flasher, &wait, &reply) != ALOFT_FLASHER_YES) {
        return false; // silence tells nothing of who is there
    }
    bool stub = reply.value == 0;
    for (int i = 1; i < SYNC_REPLIES; i++) {
        if (!next_response(flasher, aloft_clock_ms() + SYNC_MS, &packet, &answer)) {
            break;
        }
        stub = stub && packet.value == 0;
    }
    flasher->stub = stub;
    return true;
}
