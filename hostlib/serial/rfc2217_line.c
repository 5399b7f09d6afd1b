// The server is asked for one thing at a time, and nothing is assumed before it has answered.
//
// Both ends of a telnet connection offer and ask; an answer to an answer would never end. So a
// request is answered only when it is news: `we` and `they` remember what was agreed, `refused`
// what was not. A server that says the same over and over is not answered again.
#include "hostlib/serial/rfc2217_line.h"
#include "hostlib/serial/serial_line_raw.h"
#include "hostlib/serial/telnet.h"
#include <stdlib.h>
#include <string.h>

enum { WRITE_MS = 10000, PURGE_MS = 3000, PIECE = 1024, PURGE_INPUT = 1 };
enum { DATASIZE_8 = 8, PARITY_NONE = 1, STOPSIZE_1 = 1 };

struct aloft_rfc2217 {
    struct aloft_telnet telnet;
    uint64_t we;                      // options that we offered or agreed to do, bit by option
    uint64_t they;                    // options that the server was asked or allowed to do
    bool refused_we[UINT8_MAX + 1];   // options that we were asked for, and will not do
    bool refused_they[UINT8_MAX + 1]; // that the server has offered, and shall not do
    bool agreed;                      // the server does option 44
    bool refused;
    uint8_t awaited; // the command whose answer is waited for
    bool answered;
    uint32_t missed[ALOFT_TELNET_COM_ANSWER]; // answers to each command that may still come
    uint8_t answer[4];
    uint32_t answer_len;
    bool dtr; // as the server last agreed; known says whether it ever did
    bool rts;
    bool known;
    size_t kept_off; // of the oldest kept byte
    size_t kept_len;
    uint8_t kept[ALOFT_RFC2217_KEPT_MAX];
};

static enum aloft_serial_line_result send_bytes(struct aloft_serial_line *line,
                                                const uint8_t *bytes, size_t len)
{
    struct aloft_deadline deadline = aloft_deadline_in(WRITE_MS);
    return aloft_serial_line_raw_write(line, bytes, len, &deadline);
}

static enum aloft_serial_line_result say(struct aloft_serial_line *line,
                                         enum aloft_telnet_verb verb, uint8_t option)
{
    uint8_t bytes[3];
    return send_bytes(line, bytes, aloft_telnet_verb(verb, option, bytes));
}

static uint64_t bit(uint8_t option)
{
    return option < 64 ? (uint64_t)1 << option : 0;
}

static bool wanted(uint8_t option)
{
    return option == ALOFT_TELNET_BINARY || option == ALOFT_TELNET_SGA ||
           option == ALOFT_TELNET_COM_PORT;
}

// --- what the server says

static enum aloft_serial_line_result on_verb(struct aloft_serial_line *line, uint8_t verb,
                                             uint8_t option)
{
    struct aloft_rfc2217 *state = line->rfc2217;
    bool ask = verb == ALOFT_TELNET_DO; // asks us to do it; WILL: offers to do it itself
    uint64_t *said = ask ? &state->we : &state->they;
    if (verb == ALOFT_TELNET_DONT || verb == ALOFT_TELNET_WONT) {
        state->refused = state->refused || option == ALOFT_TELNET_COM_PORT;
        return ALOFT_SERIAL_LINE_OK;
    }
    state->agreed = state->agreed || option == ALOFT_TELNET_COM_PORT;
    if (!wanted(option)) {
        bool *refused = ask ? &state->refused_we[option] : &state->refused_they[option];
        bool news = !*refused;
        *refused = true;
        return news ? say(line, ask ? ALOFT_TELNET_WONT : ALOFT_TELNET_DONT, option)
                    : ALOFT_SERIAL_LINE_OK;
    }
    if ((*said & bit(option)) != 0) {
        return ALOFT_SERIAL_LINE_OK; // this is the answer to what we said
    }
    *said |= bit(option);
    return say(line, ask ? ALOFT_TELNET_WILL : ALOFT_TELNET_DO, option);
}

static void on_sub(struct aloft_rfc2217 *state)
{
    const struct aloft_telnet *telnet = &state->telnet;
    bool ours = telnet->option == ALOFT_TELNET_COM_PORT && telnet->sub_len >= 1 &&
                telnet->sub[0] == state->awaited + ALOFT_TELNET_COM_ANSWER;
    if (!ours || state->answered) {
        return; // notices of line and modem state are not asked for, and not needed
    }
    state->answered = true;
    state->answer_len = telnet->sub_len - 1;
    if (state->answer_len > sizeof state->answer) {
        state->answer_len = sizeof state->answer;
    }
    memcpy(state->answer, telnet->sub + 1, state->answer_len);
}

static void keep(struct aloft_rfc2217 *state, uint8_t byte)
{
    if (state->kept_len < sizeof state->kept) {
        size_t at = (state->kept_off + state->kept_len++) % sizeof state->kept;
        state->kept[at] = byte;
    }
}

// Takes what has come until the deadline, or until something has; data goes to the kept bytes.
static enum aloft_serial_line_result take(struct aloft_serial_line *line,
                                          struct aloft_deadline *deadline)
{
    struct aloft_rfc2217 *state = line->rfc2217;
    uint8_t bytes[PIECE];
    size_t got;
    enum aloft_serial_line_result result =
        aloft_serial_line_raw_read(line, bytes, sizeof bytes, deadline, &got);
    for (size_t i = 0; i < got && result == ALOFT_SERIAL_LINE_OK; i++) {
        switch (aloft_telnet_feed(&state->telnet, bytes[i])) {
        case ALOFT_TELNET_NOTHING:
            break;
        case ALOFT_TELNET_DATA:
            keep(state, state->telnet.byte);
            break;
        case ALOFT_TELNET_VERB:
            result = on_verb(line, state->telnet.verb, state->telnet.option);
            break;
        case ALOFT_TELNET_SUB:
            on_sub(state);
            break;
        }
    }
    return result;
}

// --- what we ask

// Waits for one answer to what was asked last.
static enum aloft_serial_line_result await(struct aloft_serial_line *line,
                                           struct aloft_deadline *deadline)
{
    struct aloft_rfc2217 *state = line->rfc2217;
    enum aloft_serial_line_result result = ALOFT_SERIAL_LINE_OK;
    state->answered = false;
    while (result == ALOFT_SERIAL_LINE_OK && !state->answered) {
        result = take(line, deadline);
    }
    return state->answered ? ALOFT_SERIAL_LINE_OK : result;
}

static bool is_answer(const struct aloft_rfc2217 *state, const uint8_t *payload, size_t len)
{
    return state->answer_len >= len && memcmp(state->answer, payload, len) == 0;
}

// Asks, and insists on getting it. An answer that was given up once may come now: only the last one
// that is due can be a refusal.
static enum aloft_serial_line_result set(struct aloft_serial_line *line, uint8_t command,
                                         const uint8_t *payload, size_t len, const char *what)
{
    struct aloft_rfc2217 *state = line->rfc2217;
    uint8_t bytes[ALOFT_TELNET_SUB_FRAME_MAX(5)];
    uint32_t *missed = &state->missed[command];
    struct aloft_deadline deadline = aloft_deadline_in(ALOFT_RFC2217_ANSWER_MS);
    state->awaited = command;
    enum aloft_serial_line_result result =
        send_bytes(line, bytes, aloft_telnet_com(command, payload, len, bytes));
    result = result == ALOFT_SERIAL_LINE_OK ? await(line, &deadline) : result;
    while (result == ALOFT_SERIAL_LINE_OK && *missed > 0 && !is_answer(state, payload, len)) {
        --*missed;
        result = await(line, &deadline);
    }
    if (result == ALOFT_SERIAL_LINE_TIMEOUT) {
        ++*missed;
        (void)aloft_message_set(&line->error,
                                "%s: the RFC 2217 server does not answer command %u within %u s",
                                line->name, (unsigned)command, ALOFT_RFC2217_ANSWER_MS / 1000);
        return ALOFT_SERIAL_LINE_REFUSED;
    }
    if (result == ALOFT_SERIAL_LINE_OK && !is_answer(state, payload, len)) {
        (void)aloft_message_set(&line->error, "%s: the RFC 2217 server will not set %s", line->name,
                                what);
        return ALOFT_SERIAL_LINE_REFUSED;
    }
    return result;
}

static enum aloft_serial_line_result set_byte(struct aloft_serial_line *line, uint8_t command,
                                              uint8_t value, const char *what)
{
    return set(line, command, &value, 1, what);
}

enum aloft_serial_line_result aloft_rfc2217_set_baud(struct aloft_serial_line *line, uint32_t baud)
{
    const uint8_t value[4] = {(uint8_t)(baud >> 24), (uint8_t)(baud >> 16), (uint8_t)(baud >> 8),
                              (uint8_t)baud};
    return set(line, ALOFT_TELNET_COM_BAUD, value, sizeof value, "this speed; try a lower --baud");
}

enum aloft_serial_line_result aloft_rfc2217_set_lines(struct aloft_serial_line *line, bool dtr,
                                                      bool rts)
{
    struct aloft_rfc2217 *state = line->rfc2217;
    enum aloft_serial_line_result result = ALOFT_SERIAL_LINE_OK;
    if (!state->known || dtr != state->dtr) {
        result = set_byte(line, ALOFT_TELNET_COM_CONTROL,
                          dtr ? ALOFT_TELNET_DTR_ON : ALOFT_TELNET_DTR_OFF, "DTR");
    }
    if (result == ALOFT_SERIAL_LINE_OK && (!state->known || rts != state->rts)) {
        result = set_byte(line, ALOFT_TELNET_COM_CONTROL,
                          rts ? ALOFT_TELNET_RTS_ON : ALOFT_TELNET_RTS_OFF, "RTS");
    }
    state->known = result == ALOFT_SERIAL_LINE_OK;
    state->dtr = dtr;
    state->rts = rts;
    return result;
}

// What came before the answer is old. A server that gives none is not waited for again.
enum aloft_serial_line_result aloft_rfc2217_purge(struct aloft_serial_line *line)
{
    static const uint8_t input = PURGE_INPUT;
    struct aloft_rfc2217 *state = line->rfc2217;
    uint8_t bytes[ALOFT_TELNET_SUB_FRAME_MAX(1)];
    bool waits = state->missed[ALOFT_TELNET_COM_PURGE] == 0;
    state->awaited = ALOFT_TELNET_COM_PURGE;
    enum aloft_serial_line_result result =
        send_bytes(line, bytes, aloft_telnet_com(ALOFT_TELNET_COM_PURGE, &input, 1, bytes));
    if (result == ALOFT_SERIAL_LINE_OK && waits) {
        struct aloft_deadline deadline = aloft_deadline_in(PURGE_MS);
        result = await(line, &deadline);
        state->missed[ALOFT_TELNET_COM_PURGE] = result == ALOFT_SERIAL_LINE_TIMEOUT;
    }
    state->kept_len = 0;
    return result;
}

// --- open

static bool negotiate(struct aloft_serial_line *line)
{
    static const uint8_t both[] = {ALOFT_TELNET_BINARY, ALOFT_TELNET_SGA};
    struct aloft_rfc2217 *state = line->rfc2217;
    struct aloft_deadline deadline = aloft_deadline_in(ALOFT_RFC2217_ANSWER_MS);
    enum aloft_serial_line_result result = say(line, ALOFT_TELNET_WILL, ALOFT_TELNET_COM_PORT);
    state->we = bit(ALOFT_TELNET_COM_PORT);
    for (size_t i = 0; i < sizeof both && result == ALOFT_SERIAL_LINE_OK; i++) {
        state->we |= bit(both[i]);
        state->they |= bit(both[i]);
        result = say(line, ALOFT_TELNET_WILL, both[i]);
        if (result == ALOFT_SERIAL_LINE_OK) {
            result = say(line, ALOFT_TELNET_DO, both[i]);
        }
    }
    while (result == ALOFT_SERIAL_LINE_OK && !state->agreed && !state->refused) {
        result = take(line, &deadline);
    }
    if (result == ALOFT_SERIAL_LINE_GONE) {
        return false;
    }
    return state->agreed ||
           (state->refused
                ? aloft_message_set(&line->error,
                                    "%s: the other end does not speak RFC 2217; if it is a plain "
                                    "TCP port, write socket://",
                                    line->name)
                : aloft_message_set(&line->error,
                                    "%s: no RFC 2217 server answered within %u s; if it is a plain "
                                    "TCP port, write socket://",
                                    line->name, ALOFT_RFC2217_ANSWER_MS / 1000));
}

static bool set_8n1(struct aloft_serial_line *line)
{
    return aloft_rfc2217_set_baud(line, line->baud) == ALOFT_SERIAL_LINE_OK &&
           set_byte(line, ALOFT_TELNET_COM_DATASIZE, DATASIZE_8, "8 data bits") ==
               ALOFT_SERIAL_LINE_OK &&
           set_byte(line, ALOFT_TELNET_COM_PARITY, PARITY_NONE, "no parity") ==
               ALOFT_SERIAL_LINE_OK &&
           set_byte(line, ALOFT_TELNET_COM_STOPSIZE, STOPSIZE_1, "1 stop bit") ==
               ALOFT_SERIAL_LINE_OK &&
           set_byte(line, ALOFT_TELNET_COM_CONTROL, ALOFT_TELNET_NO_FLOW, "no flow control") ==
               ALOFT_SERIAL_LINE_OK;
}

bool aloft_rfc2217_open(struct aloft_serial_line *line)
{
    line->rfc2217 = calloc(1, sizeof *line->rfc2217);
    if (line->rfc2217 == NULL) {
        return aloft_message_set(&line->error, "out of memory");
    }
    aloft_telnet_init(&line->rfc2217->telnet);
    return negotiate(line) && set_8n1(line);
}

// --- bytes

enum aloft_serial_line_result aloft_rfc2217_write(struct aloft_serial_line *line,
                                                  const uint8_t *data, size_t len,
                                                  struct aloft_deadline *deadline)
{
    uint8_t bytes[2 * PIECE];
    enum aloft_serial_line_result result = ALOFT_SERIAL_LINE_OK;
    while (len > 0 && result == ALOFT_SERIAL_LINE_OK) {
        size_t piece = len < PIECE ? len : PIECE;
        result = aloft_serial_line_raw_write(line, bytes, aloft_telnet_data(data, piece, bytes),
                                             deadline);
        data += piece;
        len -= piece;
    }
    return result;
}

enum aloft_serial_line_result aloft_rfc2217_read(struct aloft_serial_line *line, uint8_t *buf,
                                                 size_t cap, struct aloft_deadline *deadline,
                                                 size_t *got)
{
    struct aloft_rfc2217 *state = line->rfc2217;
    enum aloft_serial_line_result result = ALOFT_SERIAL_LINE_OK;
    while (state->kept_len == 0 && result == ALOFT_SERIAL_LINE_OK) {
        result = take(line, deadline);
    }
    for (*got = 0; *got < cap && state->kept_len > 0; state->kept_len--) {
        buf[(*got)++] = state->kept[state->kept_off];
        state->kept_off = (state->kept_off + 1) % sizeof state->kept;
    }
    return *got > 0 ? ALOFT_SERIAL_LINE_OK : result;
}
