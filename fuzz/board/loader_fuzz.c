// The ROM's loader: requests and noise in any order and pieces, over a small NOR flash.
//
// Checked: every byte sent is part of a frame; every request that is whole gets an answer of its
// own op with a status that fits ROM or stub; flash changes only through erase and program inside
// the chip, and only after a request that may change it.
// Input: pieces, each a kind and what it needs.
#include "aloft/base/bytes.h"
#include "board/rom/loader.h"
#include "fuzz.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/nor.h"

enum { FLASH_SIZE = 0x20000, PIECES_MAX = 64, DATA_MAX = 0x1000, ANSWER_CAP = 0x1100 };

static struct {
    uint8_t chip[FLASH_SIZE];
    struct aloft_nor_sector sectors[FLASH_SIZE / ALOFT_NOR_SECTOR];
    struct aloft_nor nor;
    struct aloft_loader loader;
    struct aloft_serial_reader reader;
    uint8_t body[ANSWER_CAP];
    uint32_t answers; // with the op of the request
    uint8_t op;
    bool stub;  // at the time of the request
    bool noise; // what is fed now may contain requests
} scene;

// An answer has the op of its request. Other bodies come from the stub alone, and only where the
// protocol has them.
static void take_body(void)
{
    struct aloft_serial_packet answer;
    if (scene.noise) {
        return;
    }
    bool packet = aloft_serial_parse(scene.reader.body, scene.reader.len, &answer);
    if (packet && answer.direction == ALOFT_SERIAL_RESPONSE && answer.op == scene.op) {
        uint32_t status = scene.stub ? ALOFT_SERIAL_STATUS_STUB : ALOFT_SERIAL_STATUS_ROM;
        FUZZ_CHECK(answer.len >= status);
        scene.answers++;
        return;
    }
    FUZZ_CHECK(scene.loader.stub);
}

static void take_sent(void *ctx, const uint8_t *bytes, uint32_t len)
{
    (void)ctx;
    FUZZ_CHECK(len > 2 && bytes[0] == 0xC0 && bytes[len - 1] == 0xC0);
    for (uint32_t i = 0; i < len; i++) {
        if (aloft_serial_feed(&scene.reader, bytes[i])) {
            take_body();
        }
    }
}

static void be_alive(void *ctx)
{
    (void)ctx;
}

static void take_baud(void *ctx, uint32_t baud)
{
    (void)ctx;
    (void)baud;
}

static void feed(const uint8_t *bytes, uint32_t len, uint32_t seed)
{
    while (len > 0) {
        uint32_t n = fuzz_piece(&seed, len);
        (void)aloft_loader_feed(&scene.loader, bytes, n);
        bytes += n;
        len -= n;
    }
}

static void ask(struct fuzz_input *in, uint8_t op, const uint8_t *payload, uint32_t len)
{
    static uint8_t frame[ALOFT_SERIAL_FRAME_MAX(ALOFT_SERIAL_HEADER + DATA_MAX)];
    bool data = op == ALOFT_SERIAL_FLASH_DATA || op == ALOFT_SERIAL_MEM_DATA ||
                op == ALOFT_SERIAL_DEFL_DATA;
    uint32_t check =
        data && len > ALOFT_SERIAL_DATA_HEADER
            ? aloft_serial_check(payload + ALOFT_SERIAL_DATA_HEADER, len - ALOFT_SERIAL_DATA_HEADER)
            : fuzz_u8(in);
    const struct aloft_serial_packet request = {ALOFT_SERIAL_REQUEST, op, (uint16_t)len, check,
                                                payload};
    uint32_t n = aloft_serial_emit(&request, frame, sizeof frame);
    scene.noise = true;
    feed((const uint8_t *)"\xC0", 1, 0); // ends a frame that noise began
    scene.noise = false;
    bool gone = scene.loader.wish != ALOFT_LOADER_STAYS;
    scene.op = op;
    scene.stub = scene.loader.stub;
    scene.answers = 0;
    feed(frame, n, fuzz_u8(in));
    FUZZ_CHECK(gone ? scene.answers == 0 : scene.answers == 1 || scene.answers == 8);
}

// A request whose fields are small enough to be plausible.
static void ask_words(struct fuzz_input *in)
{
    static const uint32_t units[] = {1, 4, 0x100, 0x400, 0x1000, 0x10000};
    uint8_t payload[20];
    uint8_t op = fuzz_u8(in);
    for (uint32_t i = 0; i < sizeof payload; i += 4) {
        uint8_t unit = fuzz_u8(in);
        aloft_put_le32(payload + i, fuzz_u8(in) * units[unit % 6]);
    }
    ask(in, op, payload, sizeof payload - fuzz_u8(in) % 8);
}

static void send_data(struct fuzz_input *in)
{
    static const uint8_t ops[] = {ALOFT_SERIAL_FLASH_DATA, ALOFT_SERIAL_DEFL_DATA,
                                  ALOFT_SERIAL_MEM_DATA};
    static uint8_t payload[DATA_MAX];
    static uint8_t plain[DATA_MAX];
    uint8_t op = ops[fuzz_u8(in) % 3];
    uint32_t seq = fuzz_u8(in) % 4;
    uLongf len = fuzz_bytes(in, plain, fuzz_u16(in) % 600);
    memset(payload, 0, ALOFT_SERIAL_DATA_HEADER);
    if (op == ALOFT_SERIAL_DEFL_DATA && len % 2 == 0) {
        uLong plain_len = len;
        len = DATA_MAX - ALOFT_SERIAL_DATA_HEADER;
        FUZZ_CHECK(compress(payload + ALOFT_SERIAL_DATA_HEADER, &len, plain, plain_len) == Z_OK);
    } else {
        memcpy(payload + ALOFT_SERIAL_DATA_HEADER, plain, len);
    }
    aloft_put_le32(payload, (uint32_t)len);
    aloft_put_le32(payload + 4, seq);
    ask(in, op, payload, ALOFT_SERIAL_DATA_HEADER + (uint32_t)len);
}

static void start_stub(struct fuzz_input *in)
{
    uint8_t words[16] = {0};
    aloft_put_le32(words + 12, 0x400BE000);
    ask(in, ALOFT_SERIAL_MEM_BEGIN, words, sizeof words);
    ask(in, ALOFT_SERIAL_MEM_END, words, 8);
}

static void acknowledge(struct fuzz_input *in)
{
    uint8_t body[4];
    uint8_t frame[ALOFT_SERIAL_FRAME_MAX(sizeof body)];
    aloft_put_le32(body, fuzz_u8(in) % 2 == 0 ? scene.loader.read.sent : fuzz_u16(in));
    scene.noise = true; // a frame mark also ends what noise began
    feed(frame, aloft_serial_frame(body, sizeof body, frame, sizeof frame), 0);
    scene.noise = false;
}

// Random bytes, which may contain requests.
static void make_noise(struct fuzz_input *in)
{
    uint8_t noise[64];
    uint32_t len = fuzz_bytes(in, noise, fuzz_u8(in) % sizeof noise);
    scene.noise = true;
    feed(noise, len, fuzz_u8(in));
    scene.noise = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const kinds[])(struct fuzz_input * in) = {ask_words,   send_data,  start_stub,
                                                            acknowledge, make_noise, ask_words};
    static const struct aloft_loader_port port = {.send = take_sent,
                                                  .alive = be_alive,
                                                  .set_baud = take_baud,
                                                  .flash = &scene.nor.flash,
                                                  .crypto = &aloft_mbed_crypto};
    struct fuzz_input in = {data, size};
    memset(scene.sectors, 0, sizeof scene.sectors);
    memset(scene.chip, 0xA5, sizeof scene.chip);
    aloft_nor_init(&scene.nor, scene.chip, scene.sectors, FLASH_SIZE);
    scene.nor.plan.fail_at = fuzz_u8(&in);
    aloft_serial_reader_init(&scene.reader, scene.body, sizeof scene.body);
    aloft_loader_init(&scene.loader, &port);
    for (int i = 0; i < PIECES_MAX && in.left > 0; i++) {
        kinds[fuzz_u8(&in) % (sizeof kinds / sizeof kinds[0])](&in);
    }
    aloft_loader_release(&scene.loader);
    return 0;
}
