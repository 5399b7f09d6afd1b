// The loader in process, over the NOR model: what each request answers, in ROM and in stub, and
// what it leaves in flash. The host is a few lines here; the bytes on the wire are core's.
#include "aloft/base/bytes.h"
#include "board/rom/loader.h"
#include "host_test.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flash/nor.h"
#include <stdio.h>
#include <string.h>

enum { FLASH_SIZE = 1 << 20, OUT_MAX = 1 << 20, BODY_MAX = 0x4100, ROM_BLOCK = 0x400 };

static uint8_t chip[FLASH_SIZE];
static struct aloft_nor_sector sectors[FLASH_SIZE / ALOFT_NOR_SECTOR];

struct board {
    struct aloft_nor nor;
    struct aloft_loader_port port;
    struct aloft_loader loader;
    uint8_t out[OUT_MAX]; // what the loader has sent
    uint32_t out_len;
    uint32_t out_at; // what the host has read of it
    uint32_t baud;
    uint32_t lives;
    uint8_t body[BODY_MAX];
    struct aloft_serial_reader reader;
    enum aloft_loader_wish wish;
};

static struct board board;

static void take_bytes(void *ctx, const uint8_t *bytes, uint32_t len)
{
    (void)ctx;
    assert_true(len > 0 && len <= OUT_MAX - board.out_len);
    memcpy(board.out + board.out_len, bytes, len);
    board.out_len += len;
}

static void be_alive(void *ctx)
{
    (void)ctx;
    board.lives++;
}

static void take_baud(void *ctx, uint32_t baud)
{
    (void)ctx;
    board.baud = baud;
}

static int power_up(void **state)
{
    (void)state;
    memset(&board, 0, sizeof board);
    memset(sectors, 0, sizeof sectors);
    for (uint32_t i = 0; i < FLASH_SIZE; i++) {
        chip[i] = (uint8_t)(i * 7 + (i >> 8)); // never FF, so that an erase shows
    }
    aloft_nor_init(&board.nor, chip, sectors, FLASH_SIZE);
    board.port = (struct aloft_loader_port){.ctx = &board,
                                            .send = take_bytes,
                                            .alive = be_alive,
                                            .set_baud = take_baud,
                                            .flash = &board.nor.flash,
                                            .crypto = &aloft_mbed_crypto};
    board.baud = 1;
    aloft_loader_init(&board.loader, &board.port);
    aloft_serial_reader_init(&board.reader, board.body, sizeof board.body);
    return 0;
}

static int power_down(void **state)
{
    (void)state;
    aloft_loader_release(&board.loader);
    return 0;
}

// --- the host

static void send_request(uint8_t op, uint32_t check, const void *payload, uint32_t len)
{
    static uint8_t frame[ALOFT_SERIAL_FRAME_MAX(BODY_MAX)];
    const struct aloft_serial_packet packet = {ALOFT_SERIAL_REQUEST, op, (uint16_t)len, check,
                                               payload};
    uint32_t n = aloft_serial_emit(&packet, frame, sizeof frame);
    assert_true(n > 0);
    board.wish = aloft_loader_feed(&board.loader, frame, n);
}

// The next body that the loader sent; false when there is none.
static bool next_body(void)
{
    while (board.out_at < board.out_len) {
        if (aloft_serial_feed(&board.reader, board.out[board.out_at++])) {
            return true;
        }
    }
    return false;
}

// The answer's second status byte, 0 for success; *answer has its data without the status.
static uint8_t read_answer(uint8_t op, struct aloft_serial_packet *answer)
{
    uint32_t status = board.loader.stub ? ALOFT_SERIAL_STATUS_STUB : ALOFT_SERIAL_STATUS_ROM;
    assert_true(next_body());
    assert_true(aloft_serial_parse(board.reader.body, board.reader.len, answer));
    assert_int_equal(answer->direction, ALOFT_SERIAL_RESPONSE);
    assert_int_equal(answer->op, op);
    assert_true(answer->len >= status);
    answer->len = (uint16_t)(answer->len - status);
    const uint8_t *tail = answer->payload + answer->len;
    assert_int_equal(tail[0] != 0, tail[1] != 0);
    return tail[1];
}

static uint8_t ask(uint8_t op, const void *payload, uint32_t len)
{
    struct aloft_serial_packet answer;
    send_request(op, 0, payload, len);
    return read_answer(op, &answer);
}

static uint8_t ask_words(uint8_t op, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    uint8_t payload[16];
    aloft_put_le32(payload, a);
    aloft_put_le32(payload + 4, b);
    aloft_put_le32(payload + 8, c);
    aloft_put_le32(payload + 12, d);
    return ask(op, payload, sizeof payload);
}

static uint8_t send_data(uint8_t op, uint32_t seq, const uint8_t *data, uint32_t len)
{
    static uint8_t payload[BODY_MAX];
    struct aloft_serial_packet answer;
    memset(payload, 0, ALOFT_SERIAL_DATA_HEADER);
    aloft_put_le32(payload, len);
    aloft_put_le32(payload + 4, seq);
    memcpy(payload + ALOFT_SERIAL_DATA_HEADER, data, len);
    send_request(op, aloft_serial_check(data, len), payload, ALOFT_SERIAL_DATA_HEADER + len);
    return read_answer(op, &answer);
}

static uint32_t read_reg(uint32_t addr)
{
    struct aloft_serial_packet answer;
    uint8_t payload[4];
    aloft_put_le32(payload, addr);
    send_request(ALOFT_SERIAL_READ_REG, 0, payload, sizeof payload);
    assert_int_equal(read_answer(ALOFT_SERIAL_READ_REG, &answer), 0);
    return answer.value;
}

static void write_reg(uint32_t addr, uint32_t value)
{
    assert_int_equal(ask_words(ALOFT_SERIAL_WRITE_REG, addr, value, 0xFFFFFFFF, 0), 0);
}

static void start_stub(void)
{
    uint8_t program[64] = {1};
    uint32_t n = sizeof program;
    assert_int_equal(ask_words(ALOFT_SERIAL_MEM_BEGIN, n, 1, n, 0x400BE000), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_MEM_DATA, 0, program, n), 0);
    uint8_t entry[8] = {0, 0, 0, 0, 0, 0xE0, 0x0B, 0x40};
    assert_int_equal(ask(ALOFT_SERIAL_MEM_END, entry, sizeof entry), 0);
    assert_true(next_body());
    assert_int_equal(board.reader.len, 4);
    assert_memory_equal(board.reader.body, "OHAI", 4);
}

static void fill(uint8_t *data, uint32_t len, uint32_t seed)
{
    for (uint32_t i = 0; i < len; i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (uint8_t)(seed >> 24 < 200 ? seed >> 16 : i >> 4);
    }
}

// --- claims

static void sync_is_answered_eight_times_and_tells_rom_from_stub(void **state)
{
    uint8_t payload[ALOFT_SERIAL_SYNC_LEN];
    struct aloft_serial_packet answer;
    (void)state;
    aloft_serial_sync(payload);
    for (int round = 0; round < 2; round++) {
        send_request(ALOFT_SERIAL_SYNC, 0, payload, sizeof payload);
        for (int i = 0; i < 8; i++) {
            assert_int_equal(read_answer(ALOFT_SERIAL_SYNC, &answer), 0);
            assert_int_equal(answer.value != 0, round == 0);
        }
        assert_false(next_body());
        if (round == 0) {
            start_stub();
        }
    }
}

static void the_chip_is_an_esp32_v3_3_with_a_flash_of_its_size(void **state)
{
    const uint32_t spi = 0x3FF42000;
    (void)state;
    assert_int_equal(read_reg(0x40001000), 0x00F01D83);
    assert_int_equal(read_reg(0x3FF5A00C) >> 15 & 1, 1);
    assert_int_equal(read_reg(0x3FF5A014) >> 20 & 1, 1);
    assert_int_equal(read_reg(0x3FF6607C) >> 31, 1);
    assert_int_equal(read_reg(0x3FF5A014) >> 24 & 3, 3);
    assert_int_equal(read_reg(0x3FF40014), 347);
    write_reg(spi + 0x24, 7u << 28 | 0x9F);
    write_reg(spi, 1u << 18);
    assert_int_equal(read_reg(spi), 0);
    assert_int_equal(read_reg(spi + 0x80), 0x1440EF);
}

static void status_registers_of_the_flash_chip_are_written_after_write_enable_only(void **state)
{
    const uint32_t spi = 0x3FF42000;
    (void)state;
    for (int enabled = 0; enabled < 2; enabled++) {
        if (enabled != 0) {
            write_reg(spi + 0x24, 0x06);
            write_reg(spi, 1u << 18);
        }
        write_reg(spi + 0x28, 15);
        write_reg(spi + 0x80, 0x021C);
        write_reg(spi + 0x24, 0x01);
        write_reg(spi, 1u << 18);
        write_reg(spi + 0x24, 0x05);
        write_reg(spi, 1u << 18);
        assert_int_equal(read_reg(spi + 0x80), enabled != 0 ? 0x1C : 0);
        write_reg(spi + 0x24, 0x35);
        write_reg(spi, 1u << 18);
        assert_int_equal(read_reg(spi + 0x80), enabled != 0 ? 0x02 : 0);
    }
}

static void what_the_esp32_rom_does_not_know_is_refused_as_it_does(void **state)
{
    static const uint8_t ops[] = {0x00, 0x01, 0x14, 0xD0, 0xD1, 0xD2, 0xD3, 0xFF};
    uint8_t payload[16] = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(ops); i++) {
        assert_int_equal(ask(ops[i], payload, sizeof payload), ALOFT_SERIAL_INVALID);
    }
    start_stub();
    assert_int_equal(ask(0x14, payload, sizeof payload), ALOFT_SERIAL_STUB_UNKNOWN);
    assert_int_equal(ask(ALOFT_SERIAL_READ_FLASH_SLOW, payload, 8), ALOFT_SERIAL_STUB_UNKNOWN);
}

static void a_request_that_is_too_short_is_refused_and_nothing_changes(void **state)
{
    uint8_t payload[16] = {0};
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int op = 0; op < 256; op++) {
            bool takes_none = op == ALOFT_SERIAL_ERASE_FLASH || op == ALOFT_SERIAL_RUN_USER_CODE;
            if (!takes_none) {
                assert_int_not_equal(ask((uint8_t)op, payload, 3), 0);
            }
        }
        if (round == 0) {
            start_stub();
        }
    }
    assert_int_equal(board.nor.erases + board.nor.programs, 0);
    assert_int_equal(board.wish, ALOFT_LOADER_STAYS);
}

static void the_rom_writes_padded_blocks_and_erases_what_it_was_told(void **state)
{
    uint8_t data[3 * ROM_BLOCK];
    (void)state;
    fill(data, 2500, 1);
    memset(data + 2500, 0xFF, sizeof data - 2500);
    assert_int_equal(ask_words(ALOFT_SERIAL_FLASH_BEGIN, 2500, 3, ROM_BLOCK, 0x10000), 0);
    assert_true(aloft_bytes_are(chip + 0x10000, 0x1000, 0xFF));
    assert_int_equal(chip[0x11000], (uint8_t)(0x11000 * 7 + 0x110));
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(send_data(ALOFT_SERIAL_FLASH_DATA, i, data + i * ROM_BLOCK, ROM_BLOCK), 0);
    }
    assert_memory_equal(chip + 0x10000, data, sizeof data);
    assert_int_equal(chip[0xFFFF], (uint8_t)(0xFFFF * 7 + 0xFF));
}

// The host sends a block again when the answer to it was lost.
static void a_repeated_block_does_no_harm(void **state)
{
    uint8_t data[2 * ROM_BLOCK];
    (void)state;
    fill(data, sizeof data, 2);
    assert_int_equal(ask_words(ALOFT_SERIAL_FLASH_BEGIN, sizeof data, 2, ROM_BLOCK, 0), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_FLASH_DATA, 0, data, ROM_BLOCK), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_FLASH_DATA, 0, data, ROM_BLOCK), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_FLASH_DATA, 1, data + ROM_BLOCK, ROM_BLOCK), 0);
    assert_memory_equal(chip, data, sizeof data);
}

static uint32_t deflate_all(const uint8_t *data, uint32_t len, uint8_t *out, uint32_t cap)
{
    uLongf out_len = cap;
    assert_int_equal(compress2(out, &out_len, data, len, 9), Z_OK);
    return (uint32_t)out_len;
}

static void write_deflated(uint32_t addr, const uint8_t *data, uint32_t len, uint32_t piece)
{
    static uint8_t packed[FLASH_SIZE];
    uint32_t packed_len = deflate_all(data, len, packed, sizeof packed);
    uint32_t blocks = (packed_len + piece - 1) / piece;
    assert_int_equal(ask_words(ALOFT_SERIAL_DEFL_BEGIN, len, blocks, piece, addr), 0);
    for (uint32_t i = 0; i < blocks; i++) {
        uint32_t n = packed_len - i * piece < piece ? packed_len - i * piece : piece;
        assert_int_equal(send_data(ALOFT_SERIAL_DEFL_DATA, i, packed + i * piece, n), 0);
        if (i % 3 == 1) { // again: a stream takes a block once
            assert_int_equal(send_data(ALOFT_SERIAL_DEFL_DATA, i, packed + i * piece, n), 0);
        }
    }
}

static void deflated_data_arrives_whole_in_rom_and_stub(void **state)
{
    static uint8_t data[200000];
    (void)state;
    fill(data, sizeof data, 3);
    write_deflated(0x20000, data, sizeof data, ROM_BLOCK);
    assert_memory_equal(chip + 0x20000, data, sizeof data);
    start_stub();
    write_deflated(0x60000, data, sizeof data, 0x4000);
    assert_memory_equal(chip + 0x60000, data, sizeof data);
    assert_int_equal(ask_words(ALOFT_SERIAL_DEFL_END, 1, 0, 0, 0), 0);
    assert_memory_equal(chip + 0x20000, data, sizeof data);
}

static void a_broken_stream_is_refused_and_the_next_write_works(void **state)
{
    static uint8_t data[9000], packed[10000];
    (void)state;
    fill(data, sizeof data, 4);
    uint32_t len = deflate_all(data, sizeof data, packed, sizeof packed);
    start_stub();
    packed[0] ^= 0xFF;
    assert_int_equal(ask_words(ALOFT_SERIAL_DEFL_BEGIN, sizeof data, 1, 0x4000, 0), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_DEFL_DATA, 0, packed, len), ALOFT_SERIAL_STUB_INFLATE);
    packed[0] ^= 0xFF;
    // More than was promised.
    assert_int_equal(ask_words(ALOFT_SERIAL_DEFL_BEGIN, 5000, 1, 0x4000, 0), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_DEFL_DATA, 0, packed, len), ALOFT_SERIAL_STUB_LONG);
    // Less than was promised.
    assert_int_equal(ask_words(ALOFT_SERIAL_DEFL_BEGIN, 9001, 1, 0x4000, 0), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_DEFL_DATA, 0, packed, len), 0);
    assert_int_equal(ask_words(ALOFT_SERIAL_DEFL_END, 1, 0, 0, 0), ALOFT_SERIAL_STUB_SHORT);
    // A block that is not the next one.
    assert_int_equal(ask_words(ALOFT_SERIAL_DEFL_BEGIN, sizeof data, 2, 0x4000, 0), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_DEFL_DATA, 1, packed, len), ALOFT_SERIAL_STUB_BLOCK);
    assert_int_equal(ask_words(ALOFT_SERIAL_DEFL_BEGIN, sizeof data, 1, 0x4000, 0), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_DEFL_DATA, 0, packed, len), 0);
    assert_memory_equal(chip, data, sizeof data);
}

static void data_without_a_begin_or_with_a_wrong_check_is_refused(void **state)
{
    uint8_t data[ROM_BLOCK] = {1};
    uint8_t payload[ALOFT_SERIAL_DATA_HEADER + 4] = {4, 0, 0, 0};
    struct aloft_serial_packet answer;
    (void)state;
    assert_int_equal(send_data(ALOFT_SERIAL_FLASH_DATA, 0, data, sizeof data), ALOFT_SERIAL_FAILED);
    assert_int_equal(ask_words(ALOFT_SERIAL_FLASH_BEGIN, 4, 1, ROM_BLOCK, 0), 0);
    send_request(ALOFT_SERIAL_FLASH_DATA, 0x55, payload, sizeof payload);
    assert_int_equal(read_answer(ALOFT_SERIAL_FLASH_DATA, &answer), ALOFT_SERIAL_BAD_CHECK);
    payload[0] = 5; // not what came
    send_request(ALOFT_SERIAL_FLASH_DATA, aloft_serial_check(data, 4), payload, sizeof payload);
    assert_int_equal(read_answer(ALOFT_SERIAL_FLASH_DATA, &answer), ALOFT_SERIAL_INVALID);
    assert_int_equal(board.nor.programs, 0);
}

static void nothing_reaches_past_the_end_of_the_chip(void **state)
{
    static const struct {
        uint32_t size, addr;
    } cases[] = {{1, FLASH_SIZE}, {FLASH_SIZE + 1, 0}, {0x1000, 0xFFFFF000}, {0xFFFFFFFF, 1}};
    static const uint8_t begins[] = {ALOFT_SERIAL_FLASH_BEGIN, ALOFT_SERIAL_DEFL_BEGIN};
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT(cases); i++) {
            uint32_t size = cases[i].size;
            uint32_t addr = cases[i].addr;
            for (size_t k = 0; k < COUNT(begins); k++) {
                assert_int_not_equal(ask_words(begins[k], size, 1, 0x400, addr), 0);
            }
            assert_int_not_equal(ask_words(ALOFT_SERIAL_FLASH_MD5, addr, size, 0, 0), 0);
            assert_int_not_equal(ask_words(ALOFT_SERIAL_ERASE_REGION, addr, size, 0, 0), 0);
            assert_int_not_equal(ask_words(ALOFT_SERIAL_READ_FLASH, addr, size, 0x1000, 1), 0);
        }
        if (round == 0) {
            assert_int_not_equal(ask_words(ALOFT_SERIAL_READ_FLASH_SLOW, FLASH_SIZE - 10, 64, 0, 0),
                                 0);
            start_stub();
        }
    }
    assert_int_equal(board.nor.erases + board.nor.programs, 0);
}

static void md5_is_of_what_flash_holds(void **state)
{
    struct aloft_serial_packet answer;
    uint8_t payload[16] = {0};
    uint8_t md5[ALOFT_MD5_LEN];
    char hex[2 * ALOFT_MD5_LEN + 1];
    struct aloft_hash hash;
    (void)state;
    assert_int_equal(aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_MD5), ALOFT_OK);
    assert_int_equal(aloft_mbed_crypto.hash_feed(&hash, chip + 0x123, 0x4567), ALOFT_OK);
    assert_int_equal(aloft_mbed_crypto.hash_finish(&hash, md5), ALOFT_OK);
    for (size_t i = 0; i < sizeof md5; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", md5[i]);
    }
    aloft_put_le32(payload, 0x123);
    aloft_put_le32(payload + 4, 0x4567);
    send_request(ALOFT_SERIAL_FLASH_MD5, 0, payload, sizeof payload);
    assert_int_equal(read_answer(ALOFT_SERIAL_FLASH_MD5, &answer), 0);
    assert_int_equal(answer.len, 32);
    assert_memory_equal(answer.payload, hex, 32);
    start_stub();
    send_request(ALOFT_SERIAL_FLASH_MD5, 0, payload, sizeof payload);
    assert_int_equal(read_answer(ALOFT_SERIAL_FLASH_MD5, &answer), 0);
    assert_int_equal(answer.len, 16);
    assert_memory_equal(answer.payload, md5, 16);
}

static void the_stub_erases_sectors_and_the_chip(void **state)
{
    (void)state;
    start_stub();
    assert_int_equal(ask_words(ALOFT_SERIAL_ERASE_REGION, 0x3000, 0x20000, 0, 0), 0);
    assert_true(aloft_bytes_are(chip + 0x3000, 0x20000, 0xFF));
    assert_int_not_equal(chip[0x2FFF], 0xFF);
    assert_int_not_equal(chip[0x23001], 0xFF);
    assert_int_not_equal(ask_words(ALOFT_SERIAL_ERASE_REGION, 0x3001, 0x1000, 0, 0), 0);
    uint32_t lives = board.lives;
    assert_int_equal(ask(ALOFT_SERIAL_ERASE_FLASH, NULL, 0), 0);
    assert_true(aloft_bytes_are(chip, FLASH_SIZE, 0xFF));
    assert_true(board.lives - lives >= FLASH_SIZE / ALOFT_NOR_BLOCK); // the watchdog was fed
}

static void the_rom_reads_flash_in_small_pieces(void **state)
{
    struct aloft_serial_packet answer;
    uint8_t payload[8];
    (void)state;
    aloft_put_le32(payload, 0x4321);
    aloft_put_le32(payload + 4, 64);
    send_request(ALOFT_SERIAL_READ_FLASH_SLOW, 0, payload, sizeof payload);
    assert_int_equal(read_answer(ALOFT_SERIAL_READ_FLASH_SLOW, &answer), 0);
    assert_int_equal(answer.len, 64);
    assert_memory_equal(answer.payload, chip + 0x4321, 64);
}

static void send_ack(uint32_t count)
{
    uint8_t body[4];
    uint8_t frame[ALOFT_SERIAL_FRAME_MAX(sizeof body)];
    aloft_put_le32(body, count);
    uint32_t n = aloft_serial_frame(body, sizeof body, frame, sizeof frame);
    board.wish = aloft_loader_feed(&board.loader, frame, n);
}

static void the_stub_sends_flash_with_at_most_a_window_unacknowledged(void **state)
{
    const uint32_t len = 10 * 0x1000 + 5;
    uint32_t got = 0;
    (void)state;
    start_stub();
    assert_int_equal(ask_words(ALOFT_SERIAL_READ_FLASH, 0x800, len, 0x1000, 0x2000), 0);
    for (int n = 0; got < len; n++) {
        assert_true(n < 20);
        uint32_t round = 0;
        while (next_body()) {
            assert_memory_equal(board.reader.body, chip + 0x800 + got, board.reader.len);
            got += board.reader.len;
            round += board.reader.len;
        }
        assert_true(round > 0 && round <= 0x2000); // the window counts bytes
        send_ack(got);
    }
    assert_true(next_body());
    assert_int_equal(board.reader.len, ALOFT_MD5_LEN);
    assert_false(next_body());
    // A host that gives up in the middle can go on with something else.
    assert_int_equal(ask_words(ALOFT_SERIAL_READ_FLASH, 0, len, 0x1000, 0x2000), 0);
    while (next_body()) {
    }
    assert_int_equal(read_reg(0x40001000), 0x00F01D83);
    send_ack(0x2000); // for a read that has ended: no packet, no answer
    assert_false(next_body());
}

static void baud_changes_follow_the_answer(void **state)
{
    (void)state;
    assert_int_equal(ask_words(ALOFT_SERIAL_CHANGE_BAUD, 921600, 0, 0, 0), 0);
    assert_int_equal(board.baud, 921600);
    assert_int_equal(read_reg(0x3FF40014), 40000000 / 921600);
    assert_int_not_equal(ask_words(ALOFT_SERIAL_CHANGE_BAUD, 0, 0, 0, 0), 0);
    assert_int_equal(board.baud, 921600);
}

// esptool --after no_reset: the stub ends, and the ROM, whose answers are longer, is back.
static void the_stub_is_left_by_a_restart(void **state)
{
    (void)state;
    start_stub();
    assert_int_equal(ask_words(ALOFT_SERIAL_DEFL_END, 0, 0, 0, 0), ALOFT_SERIAL_STUB_NO_FLASH_MODE);
    assert_int_equal(ask_words(ALOFT_SERIAL_FLASH_BEGIN, 0, 0, 0x4000, 0), 0);
    assert_int_equal(ask_words(ALOFT_SERIAL_DEFL_END, 1, 0, 0, 0), 0);
    assert_true(board.loader.stub);
    assert_int_equal(ask_words(ALOFT_SERIAL_FLASH_BEGIN, 0, 0, 0x4000, 0), 0);
    uint8_t payload[4] = {0};
    send_request(ALOFT_SERIAL_FLASH_END, 0, payload, sizeof payload);
    assert_true(next_body());
    assert_int_equal(board.reader.len, ALOFT_SERIAL_HEADER + ALOFT_SERIAL_STATUS_STUB);
    assert_false(board.loader.stub);
    assert_int_equal(board.wish, ALOFT_LOADER_STAYS);
    assert_int_equal(read_reg(0x40001000), 0x00F01D83); // with four bytes of status
    assert_int_equal(board.nor.erases, 0);
}

static void a_restart_of_the_rom_boots(void **state)
{
    uint8_t payload[4] = {0};
    (void)state;
    assert_int_equal(ask(ALOFT_SERIAL_FLASH_END, payload, sizeof payload), 0);
    assert_int_equal(board.wish, ALOFT_LOADER_BOOTS);
    send_request(ALOFT_SERIAL_READ_REG, 0, payload, sizeof payload);
    assert_false(next_body());
}

static void only_ram_takes_a_program(void **state)
{
    static const uint32_t bad[] = {0, 0x3FF42000, 0x3FFFFFF0, 0x400C2000, 0xFFFFFFF0};
    uint8_t program[64] = {0};
    uint8_t entry[8] = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_not_equal(ask_words(ALOFT_SERIAL_MEM_BEGIN, 64, 1, 64, bad[i]), 0);
    }
    assert_int_not_equal(ask(ALOFT_SERIAL_MEM_END, entry, sizeof entry), 0);
    assert_int_equal(ask_words(ALOFT_SERIAL_MEM_BEGIN, 64, 1, 64, 0x400BE000), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_MEM_DATA, 0, program, 64), 0);
    assert_int_equal(send_data(ALOFT_SERIAL_MEM_DATA, 1, program, 64), ALOFT_SERIAL_FAILED);
    entry[0] = 1; // loaded, not to be run
    assert_int_equal(ask(ALOFT_SERIAL_MEM_END, entry, sizeof entry), 0);
    assert_false(board.loader.stub);
}

static void a_flash_that_fails_is_told_to_the_host(void **state)
{
    uint8_t data[ROM_BLOCK] = {0};
    (void)state;
    board.nor.plan.fail_at = board.nor.operations + 1;
    assert_int_equal(ask_words(ALOFT_SERIAL_FLASH_BEGIN, ROM_BLOCK, 1, ROM_BLOCK, 0),
                     ALOFT_SERIAL_FLASH_WRITE);
    assert_int_equal(ask_words(ALOFT_SERIAL_FLASH_BEGIN, ROM_BLOCK, 1, ROM_BLOCK, 0), 0);
    board.nor.plan.fail_at = board.nor.operations + 1;
    assert_int_equal(send_data(ALOFT_SERIAL_FLASH_DATA, 0, data, sizeof data),
                     ALOFT_SERIAL_FLASH_WRITE);
    assert_int_equal(send_data(ALOFT_SERIAL_FLASH_DATA, 0, data, sizeof data), 0);
}

// Console text, line noise and halves of frames stand between and before requests.
static void garbage_between_frames_costs_nothing_but_itself(void **state)
{
    static const uint8_t noise[] = {0x00, 0x08, 0x24, 'h', 'i', 0xDB, 0x00, 0xFF, 0xC0};
    static uint8_t big[2 * ALOFT_SERIAL_BODY_MAX];
    (void)state;
    memset(big, 'x', sizeof big);
    for (uint32_t i = 0; i <= sizeof noise; i++) {
        (void)aloft_loader_feed(&board.loader, noise, i);
        assert_int_equal(read_reg(0x40001000), 0x00F01D83);
    }
    (void)aloft_loader_feed(&board.loader, big, sizeof big); // longer than any frame
    assert_int_equal(read_reg(0x40001000), 0x00F01D83);
    assert_false(next_body());
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, power_up, power_down)
    const struct CMUnitTest tests[] = {
        CLAIM(sync_is_answered_eight_times_and_tells_rom_from_stub),
        CLAIM(the_chip_is_an_esp32_v3_3_with_a_flash_of_its_size),
        CLAIM(status_registers_of_the_flash_chip_are_written_after_write_enable_only),
        CLAIM(what_the_esp32_rom_does_not_know_is_refused_as_it_does),
        CLAIM(a_request_that_is_too_short_is_refused_and_nothing_changes),
        CLAIM(the_rom_writes_padded_blocks_and_erases_what_it_was_told),
        CLAIM(a_repeated_block_does_no_harm),
        CLAIM(deflated_data_arrives_whole_in_rom_and_stub),
        CLAIM(a_broken_stream_is_refused_and_the_next_write_works),
        CLAIM(data_without_a_begin_or_with_a_wrong_check_is_refused),
        CLAIM(nothing_reaches_past_the_end_of_the_chip),
        CLAIM(md5_is_of_what_flash_holds),
        CLAIM(the_stub_erases_sectors_and_the_chip),
        CLAIM(the_rom_reads_flash_in_small_pieces),
        CLAIM(the_stub_sends_flash_with_at_most_a_window_unacknowledged),
        CLAIM(baud_changes_follow_the_answer),
        CLAIM(the_stub_is_left_by_a_restart),
        CLAIM(a_restart_of_the_rom_boots),
        CLAIM(only_ram_takes_a_program),
        CLAIM(a_flash_that_fails_is_told_to_the_host),
        CLAIM(garbage_between_frames_costs_nothing_but_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
