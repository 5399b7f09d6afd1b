// First bodies are cut out of the byte stream, then packets are parsed out of bodies. Both steps
// check all lengths.
#include "aloft/format/serial.h"
#include "aloft/base/bytes.h"
#include <string.h>

enum { END = 0xC0, ESC = 0xDB, ESC_END = 0xDC, ESC_ESC = 0xDD, CHECK_SEED = 0xEF };
enum { OFF_OP = 1, OFF_LEN = 2, OFF_VALUE = 4 };

void aloft_serial_reader_init(struct aloft_serial_reader *reader, uint8_t *body, uint32_t cap)
{
    *reader = (struct aloft_serial_reader){.body = body, .cap = cap};
}

static void start_over(struct aloft_serial_reader *reader)
{
    reader->len = 0;
    reader->escaped = false;
    reader->skipping = false;
    reader->ended = false;
}

static void keep(struct aloft_serial_reader *reader, uint8_t byte)
{
    if (reader->len == reader->cap) {
        reader->skipping = true;
        return;
    }
    reader->body[reader->len++] = byte;
}

bool aloft_serial_feed(struct aloft_serial_reader *reader, uint8_t byte)
{
    if (reader->ended) {
        start_over(reader);
    }
    if (byte == END) {
        reader->ended = true;
        return reader->len > 0 && !reader->skipping && !reader->escaped;
    }
    if (reader->skipping) {
        return false;
    }
    if (reader->escaped) {
        reader->escaped = false;
        if (byte != ESC_END && byte != ESC_ESC) {
            reader->skipping = true;
            return false;
        }
        keep(reader, byte == ESC_END ? END : ESC);
    } else if (byte == ESC) {
        reader->escaped = true;
    } else {
        keep(reader, byte);
    }
    return false;
}

bool aloft_serial_parse(const uint8_t *body, uint32_t len, struct aloft_serial_packet *out)
{
    if (len < ALOFT_SERIAL_HEADER || body[0] > ALOFT_SERIAL_RESPONSE) {
        return false;
    }
    out->direction = body[0];
    out->op = body[OFF_OP];
    out->len = aloft_get_le16(body + OFF_LEN);
    out->value = aloft_get_le32(body + OFF_VALUE);
    out->payload = body + ALOFT_SERIAL_HEADER;
    return out->len == len - ALOFT_SERIAL_HEADER;
}

struct writer {
    uint8_t *out;
    uint32_t cap;
    uint32_t len;
    bool full;
};

static void put(struct writer *writer, uint8_t byte)
{
    if (writer->len == writer->cap) {
        writer->full = true;
        return;
    }
    writer->out[writer->len++] = byte;
}

static void put_escaped(struct writer *writer, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        bool special = bytes[i] == END || bytes[i] == ESC;
        put(writer, special ? ESC : bytes[i]);
        if (special) {
            put(writer, bytes[i] == END ? ESC_END : ESC_ESC);
        }
    }
}

uint32_t aloft_serial_frame(const uint8_t *body, uint32_t len, uint8_t *out, uint32_t cap)
{
    struct writer writer = {.out = out, .cap = cap};
    put(&writer, END);
    put_escaped(&writer, body, len);
    put(&writer, END);
    return writer.full ? 0 : writer.len;
}

uint32_t aloft_serial_emit(const struct aloft_serial_packet *packet, uint8_t *out, uint32_t cap)
{
    struct writer writer = {.out = out, .cap = cap};
    uint8_t head[ALOFT_SERIAL_HEADER] = {packet->direction, packet->op};
    aloft_put_le16(head + OFF_LEN, packet->len);
    aloft_put_le32(head + OFF_VALUE, packet->value);
    put(&writer, END);
    put_escaped(&writer, head, sizeof head);
    put_escaped(&writer, packet->payload, packet->len);
    put(&writer, END);
    return writer.full ? 0 : writer.len;
}

uint32_t aloft_serial_check(const uint8_t *data, uint32_t len)
{
    uint8_t check = CHECK_SEED;
    for (uint32_t i = 0; i < len; i++) {
        check ^= data[i];
    }
    return check;
}

void aloft_serial_sync(uint8_t payload[ALOFT_SERIAL_SYNC_LEN])
{
    static const uint8_t mark[] = {0x07, 0x07, 0x12, 0x20};
    memset(payload, 0x55, ALOFT_SERIAL_SYNC_LEN);
    memcpy(payload, mark, sizeof mark);
}
