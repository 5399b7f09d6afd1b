// A scripted chip for tests of the flasher: a thread behind a socket that plays a ROM or a stub
// loader, keeps flash, and does at a given moment what real cables and chips do wrong.
#ifndef ALOFT_FLASHER_WORLD_H
#define ALOFT_FLASHER_WORLD_H

#include "aloft/base/bytes.h"
#include "host_test.h"
#include "hostlib/base/clock.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flasher/flasher.h"
#include "hostlib/flasher/flasher_link.h"
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

enum { FLASH_SIZE = 1 << 20, DATA_LEN = 40000, REGS_MAX = 24, OTHER = 0x77 };

enum model { MODEL_ESP32, MODEL_C3, MODEL_S3, MODEL_S2, MODEL_UNKNOWN };

enum fault {
    FAULT_NONE,
    FAULT_BAD_CHECK, // the block counts as broken, once
    FAULT_NOT_HEARD, // the block is lost on its way, once
    FAULT_NO_REPLY,  // the block is taken, and its reply is lost, once
    FAULT_PULL,      // the cable is pulled
    FAULT_WEAR,      // a byte of flash does not take what is written
    FAULT_WEAR_ONCE, // the same, and all is well at the second try
    FAULT_REFUSE,    // the block is refused for good
};

struct reg {
    uint32_t addr;
    uint32_t value;
};

struct chip {
    // the script
    enum model model;
    bool stub;
    bool noisy; // console text, half frames and old answers between replies
    bool deaf;
    bool slow;      // SYNC is not answered in time
    bool echoes;    // what says that a request is not known comes once more, before the next reply
    uint8_t late;   // the first request of this kind is answered late: once so many
    int late_bytes; // bytes of others have come
    uint8_t pull;   // the cable is pulled at the first request of this kind
    uint32_t flash_id;
    enum fault fault;
    uint32_t fault_at; // which data block, from 0

    int listener;
    pthread_t thread;
    int fd;
    struct reg regs[REGS_MAX];
    size_t reg_count;
    uint8_t flash[FLASH_SIZE];
    uint32_t write_addr;
    uint32_t write_left;
    uint32_t blocks; // data blocks that came, all told
    z_stream inflater;
    bool inflating;
    // what was asked for
    uint32_t begin_words; // of the last BEGIN
    uint32_t begin_size;
    uint32_t begin_block;
    uint32_t begins;
    uint32_t baud;
    uint32_t reboots;
    uint32_t attach_len;
    bool pulled;
    bool echo;     // is due
    bool digested; // an MD5 was asked for, of the ROM
};

static struct chip chip;
static struct aloft_flasher flasher;
static struct aloft_serial_line line;
static uint8_t data[DATA_LEN];

// --- the chip

static struct reg *find_reg(uint32_t addr)
{
    for (size_t i = 0; i < chip.reg_count; i++) {
        if (chip.regs[i].addr == addr) {
            return &chip.regs[i];
        }
    }
    struct reg *reg = &chip.regs[chip.reg_count < REGS_MAX ? chip.reg_count++ : 0];
    *reg = (struct reg){addr, 0};
    return reg;
}

static void send_all(const void *bytes, size_t len)
{
    (void)!send(chip.fd, bytes, len, MSG_NOSIGNAL); // the client sees what is missing
}

static void reply(uint8_t op, uint32_t value, const void *bytes, uint32_t len, uint8_t error)
{
    uint8_t payload[64 + ALOFT_SERIAL_STATUS_ROM] = {0};
    uint8_t frame[ALOFT_SERIAL_FRAME_MAX(ALOFT_SERIAL_HEADER + sizeof payload)];
    uint32_t status = chip.stub ? ALOFT_SERIAL_STATUS_STUB : ALOFT_SERIAL_STATUS_ROM;
    if (chip.digested) { // the last two bytes of a status are what is left there
        payload[len + 2] = '8';
        payload[len + 3] = 'a';
    }
    if (len > 0) {
        memcpy(payload, bytes, len);
    }
    payload[len] = error != 0;
    payload[len + 1] = error;
    const struct aloft_serial_packet packet = {ALOFT_SERIAL_RESPONSE, op, (uint16_t)(len + status),
                                               value, payload};
    if (chip.noisy) {
        static const char noise[] = "E (5) wdt: late\r\n\xC0\x01\x13\x02\xDB\xC0\xC0"
                                    "\x01\x08\x04\x00\x07\x07\x12\x20\x00\x00\x00\x00\xC0";
        send_all(noise, sizeof noise - 1);
    }
    send_all(frame, aloft_serial_emit(&packet, frame, sizeof frame));
}

static void on_sync(void)
{
    for (int i = 0; i < 8; i++) {
        reply(ALOFT_SERIAL_SYNC, chip.stub ? 0 : 0x20120707, NULL, 0, 0);
    }
}

static void on_security_info(void)
{
    static const uint32_t ids[] = {[MODEL_C3] = 5, [MODEL_S3] = 9, [MODEL_UNKNOWN] = 99};
    uint8_t info[20] = {0};
    if (chip.model ==
        MODEL_ESP32) { // its ROM answers a request that it does not know more than once
        reply(ALOFT_SERIAL_SECURITY_INFO, 0, NULL, 0, ALOFT_SERIAL_INVALID);
        reply(OTHER, 0, NULL, 0, ALOFT_SERIAL_INVALID);
        chip.echo = chip.echoes;
        return;
    }
    if (chip.model == MODEL_S2) { // a shorter form, without an id
        reply(ALOFT_SERIAL_SECURITY_INFO, 0, info, 12, 0);
        return;
    }
    aloft_put_le32(info + 12, ids[chip.model]);
    reply(ALOFT_SERIAL_SECURITY_INFO, 0, info, sizeof info, 0);
}

static void on_begin(const struct aloft_serial_packet *packet, bool deflate)
{
    uint32_t size = aloft_get_le32(packet->payload);
    chip.begin_words = packet->len / 4;
    chip.begin_size = size;
    chip.begin_block = aloft_get_le32(packet->payload + 8);
    chip.begins++;
    chip.write_addr = aloft_get_le32(packet->payload + 12);
    chip.write_left = size;
    for (uint32_t i = 0; i < (size + 0xFFF) / 0x1000 * 0x1000; i++) {
        chip.flash[chip.write_addr + i] = 0xFF;
    }
    if (chip.inflating) {
        (void)inflateEnd(&chip.inflater); // frees memory only
    }
    memset(&chip.inflater, 0, sizeof chip.inflater);
    chip.inflating = deflate && inflateInit(&chip.inflater) == Z_OK;
    reply(packet->op, 0, NULL, 0, 0);
}

static void program(const uint8_t *bytes, uint32_t len)
{
    uint32_t n = len < chip.write_left ? len : chip.write_left;
    memcpy(chip.flash + chip.write_addr, bytes, n);
    chip.write_addr += n;
    chip.write_left -= n;
}

static bool inflate_block(const uint8_t *bytes, uint32_t len)
{
    uint8_t out[4096];
    int result = Z_OK;
    chip.inflater.next_in = bytes;
    chip.inflater.avail_in = len;
    while (chip.inflater.avail_in > 0 && result == Z_OK) {
        chip.inflater.next_out = out;
        chip.inflater.avail_out = sizeof out;
        result = inflate(&chip.inflater, Z_NO_FLUSH);
        program(out, (uint32_t)sizeof out - chip.inflater.avail_out);
    }
    return result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
}

static void wear(void)
{
    if (chip.fault == FAULT_WEAR || (chip.fault == FAULT_WEAR_ONCE && chip.begins == 1)) {
        chip.flash[0x10000 + 5] = (uint8_t)~data[5];
    }
}

static void pull(void)
{
    (void)shutdown(chip.fd, SHUT_RDWR); // the client sees it
    chip.pulled = true;
}

// True when the block is to be taken and answered.
static bool play_fault(uint8_t op)
{
    bool now = chip.blocks++ == chip.fault_at;
    if (!now) {
        return true;
    }
    switch (chip.fault) {
    case FAULT_BAD_CHECK:
        reply(op, 0, NULL, 0, chip.stub ? ALOFT_SERIAL_STUB_CHECK : ALOFT_SERIAL_BAD_CHECK);
        return false;
    case FAULT_REFUSE:
        chip.fault_at++; // and the next one, too
        reply(op, 0, NULL, 0, ALOFT_SERIAL_FLASH_WRITE);
        return false;
    case FAULT_PULL:
        pull();
        return false;
    case FAULT_NOT_HEARD:
        return false;
    case FAULT_NONE:
    case FAULT_NO_REPLY:
    case FAULT_WEAR:
    case FAULT_WEAR_ONCE:
        break;
    }
    return true;
}

static void on_data(const struct aloft_serial_packet *packet, bool deflate)
{
    const uint8_t *bytes = packet->payload + ALOFT_SERIAL_DATA_HEADER;
    uint32_t len = packet->len - ALOFT_SERIAL_DATA_HEADER;
    uint32_t block = chip.blocks;
    uint8_t error = 0;
    if (!play_fault(packet->op)) {
        return;
    }
    if (packet->value != aloft_serial_check(bytes, len)) {
        error = ALOFT_SERIAL_BAD_CHECK;
    } else if (!deflate) {
        program(bytes, len);
    } else if (!inflate_block(bytes, len)) {
        error = ALOFT_SERIAL_DEFLATE;
    }
    wear();
    if (chip.fault != FAULT_NO_REPLY || block != chip.fault_at) {
        reply(packet->op, 0, NULL, 0, error);
    }
}

static void md5_of(const uint8_t *bytes, uint32_t len, uint8_t digest[ALOFT_MD5_LEN])
{
    struct aloft_hash hash;
    (void)aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_MD5); // a wrong digest would show
    (void)aloft_mbed_crypto.hash_feed(&hash, bytes, len);     // likewise
    (void)aloft_mbed_crypto.hash_finish(&hash, digest);       // likewise
}

static void on_md5(const struct aloft_serial_packet *packet)
{
    uint8_t digest[ALOFT_MD5_LEN];
    char hex[2 * ALOFT_MD5_LEN + 1];
    md5_of(chip.flash + aloft_get_le32(packet->payload), aloft_get_le32(packet->payload + 4),
           digest);
    if (chip.stub) {
        reply(packet->op, 0, digest, sizeof digest, 0);
        return;
    }
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    reply(packet->op, 0, hex, 2 * ALOFT_MD5_LEN, 0);
    chip.digested = true;
}

static void on_read(const struct aloft_serial_packet *packet)
{
    uint32_t addr = aloft_get_le32(packet->payload);
    uint32_t len = aloft_get_le32(packet->payload + 4);
    uint8_t buffer[64] = {0};
    uint8_t frame[ALOFT_SERIAL_FRAME_MAX(0x1000)];
    uint8_t digest[ALOFT_MD5_LEN];
    if (packet->op == ALOFT_SERIAL_READ_FLASH_SLOW) { // always 64 bytes, however few were wanted
        memcpy(buffer, chip.flash + addr, len);
        reply(packet->op, 0, buffer, sizeof buffer, 0);
        return;
    }
    reply(packet->op, 0, NULL, 0, 0);
    for (uint32_t off = 0; off < len; off += 0x1000) {
        uint32_t piece = len - off < 0x1000 ? len - off : 0x1000;
        send_all(frame, aloft_serial_frame(chip.flash + addr + off, piece, frame, sizeof frame));
    }
    md5_of(chip.flash + addr, len, digest);
    send_all(frame, aloft_serial_frame(digest, sizeof digest, frame, sizeof frame));
}

static void on_write_reg(const struct aloft_serial_packet *packet)
{
    uint32_t addr = aloft_get_le32(packet->payload);
    uint32_t base = chip.model == MODEL_ESP32 ? 0x3FF42000 : 0x60002000;
    struct reg *reg = find_reg(addr);
    uint32_t mask = aloft_get_le32(packet->payload + 8);
    reg->value = (reg->value & ~mask) | (aloft_get_le32(packet->payload + 4) & mask);
    if (addr == base) { // the command runs at once, and is over
        uint32_t command = find_reg(base + (chip.model == MODEL_ESP32 ? 0x24 : 0x20))->value & 0xFF;
        find_reg(base + (chip.model == MODEL_ESP32 ? 0x80 : 0x58))->value =
            command == 0x9F ? chip.flash_id : 0;
        find_reg(base)->value = 0;
    }
    reply(packet->op, 0, NULL, 0, 0);
}

// The machine is busy, or the network slow: the host has asked for more meanwhile.
static void be_late(void)
{
    int waiting = 0;
    chip.late = 0;
    while (!chip.pulled && waiting < chip.late_bytes &&
           poll(&(struct pollfd){.fd = chip.fd, .events = POLLRDHUP}, 1, 1) == 0) {
        assert_int_equal(ioctl(chip.fd, FIONREAD, &waiting), 0);
    }
}

static void on_request(const struct aloft_serial_packet *packet)
{
    if (packet->op == chip.late) {
        be_late();
    }
    if (packet->op == chip.pull) {
        pull();
        return;
    }
    if (chip.echo) {
        chip.echo = false;
        reply(OTHER, 0, NULL, 0, ALOFT_SERIAL_INVALID);
    }
    switch (packet->op) {
    case ALOFT_SERIAL_SYNC:
        if (!chip.slow) {
            on_sync();
        }
        break;
    case ALOFT_SERIAL_SECURITY_INFO:
        on_security_info();
        break;
    case ALOFT_SERIAL_READ_REG:
        reply(packet->op, find_reg(aloft_get_le32(packet->payload))->value, NULL, 0, 0);
        break;
    case ALOFT_SERIAL_WRITE_REG:
        on_write_reg(packet);
        break;
    case ALOFT_SERIAL_FLASH_BEGIN:
    case ALOFT_SERIAL_DEFL_BEGIN:
        on_begin(packet, packet->op == ALOFT_SERIAL_DEFL_BEGIN);
        break;
    case ALOFT_SERIAL_FLASH_DATA:
    case ALOFT_SERIAL_DEFL_DATA:
        on_data(packet, packet->op == ALOFT_SERIAL_DEFL_DATA);
        break;
    case ALOFT_SERIAL_FLASH_END:
        chip.reboots += aloft_get_le32(packet->payload) == 0;
        chip.stub = false;
        reply(packet->op, 0, NULL, 0, 0);
        break;
    case ALOFT_SERIAL_FLASH_MD5:
        on_md5(packet);
        break;
    case ALOFT_SERIAL_READ_FLASH:
    case ALOFT_SERIAL_READ_FLASH_SLOW:
        on_read(packet);
        break;
    case ALOFT_SERIAL_ERASE_REGION:
        memset(chip.flash + aloft_get_le32(packet->payload), 0xFF,
               aloft_get_le32(packet->payload + 4));
        reply(packet->op, 0, NULL, 0, 0);
        break;
    case ALOFT_SERIAL_ERASE_FLASH:
        memset(chip.flash, 0xFF, sizeof chip.flash);
        reply(packet->op, 0, NULL, 0, 0);
        break;
    case ALOFT_SERIAL_SPI_ATTACH:
        chip.attach_len = packet->len;
        reply(packet->op, 0, NULL, 0, 0);
        break;
    case ALOFT_SERIAL_SPI_SET_PARAMS:
        reply(packet->op, 0, NULL, 0, 0);
        break;
    default:
        reply(packet->op, 0, NULL, 0, ALOFT_SERIAL_INVALID);
        break;
    }
}

static void *run_chip(void *ctx)
{
    static uint8_t body[ALOFT_SERIAL_BODY_MAX];
    struct aloft_serial_reader reader;
    struct aloft_serial_packet packet;
    uint8_t byte;
    (void)ctx;
    chip.fd = accept(chip.listener, NULL, NULL);
    aloft_serial_reader_init(&reader, body, sizeof body);
    while (!chip.pulled && read(chip.fd, &byte, 1) == 1) {
        if (aloft_serial_feed(&reader, byte) && !chip.deaf &&
            aloft_serial_parse(reader.body, reader.len, &packet) &&
            packet.direction == ALOFT_SERIAL_REQUEST) {
            on_request(&packet);
        }
    }
    (void)close(chip.fd); // the client sees it
    return NULL;
}

// --- the bench

static void set_regs(void)
{
    static const struct reg esp32[] = {
        {0x40001000, 0x00F01D83},          // says which chip
        {0x3FF5A004, 0xC4000102},          // MAC, low
        {0x3FF5A008, 0xFFFF240A},          // CRC and MAC, high
        {0x3FF5A00C, 1u << 15},            // revision: 1
        {0x3FF5A014, 1u << 20 | 1u << 24}, // 2, and minor 1
        {0x3FF40014, 347},                 // 40 MHz at 115,200
    };
    static const struct reg c3[] = {
        {0x60008844, 0xC4000102}, {0x60008848, 0x240A}, {0x60008850, 4u << 18}, {0x60008838, 0}};
    static const struct reg s3[] = {
        {0x60007044, 0xC4000102}, {0x60007048, 0x240A}, {0x60007050, 2u << 18}};
    const struct reg *from = chip.model == MODEL_ESP32 ? esp32 : chip.model == MODEL_C3 ? c3 : s3;
    size_t count = chip.model == MODEL_ESP32 ? COUNT(esp32)
                   : chip.model == MODEL_C3  ? COUNT(c3)
                                             : COUNT(s3);
    for (size_t i = 0; i < count; i++) {
        find_reg(from[i].addr)->value = from[i].value;
    }
    if (chip.model == MODEL_S2) {
        find_reg(0x40001000)->value = 0x7C6;
    }
}

static void start_chip(const struct chip *script)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    char name[64];
    chip.model = script->model;
    chip.stub = script->stub;
    chip.noisy = script->noisy;
    chip.deaf = script->deaf;
    chip.fault = script->fault;
    chip.fault_at = script->fault_at;
    chip.echoes = script->echoes;
    chip.late = script->late;
    chip.late_bytes = script->late_bytes;
    chip.pull = script->pull;
    chip.flash_id = 0x1440EF; // 1 MB
    set_regs();
    chip.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(chip.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(chip.listener, 1), 0);
    assert_int_equal(getsockname(chip.listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(pthread_create(&chip.thread, NULL, run_chip, NULL), 0);
    (void)snprintf(name, sizeof name, "socket://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    assert_true(aloft_serial_line_open(&line, name, ALOFT_FLASHER_BAUD));
}

static int set_up(void **state)
{
    uint32_t x = 1;
    (void)state;
    memset(&chip, 0, sizeof chip);
    memset(&flasher, 0, sizeof flasher);
    memset(chip.flash, 0x5A, sizeof chip.flash);
    // Half noise and half zeros: it compresses, and to many blocks.
    for (size_t i = 0; i < sizeof data; i++) {
        x = x * 1664525 + 1013904223;
        data[i] = i % 512 < 256 ? (uint8_t)(x >> 24) : 0;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    aloft_serial_line_close(&line);
    (void)pthread_join(chip.thread, NULL); // the test would hang
    (void)close(chip.listener);            // nothing went through it
    if (chip.inflating) {
        (void)inflateEnd(&chip.inflater); // frees memory only
    }
    return 0;
}

static void connect_to(const struct chip *script)
{
    start_chip(script);
    assert_true(aloft_flasher_connect(&flasher, &line, ALOFT_FLASHER_RESET, NULL));
    assert_true(aloft_flasher_attach(&flasher, 0));
}

static void check_written(void)
{
    assert_memory_equal(chip.flash + 0x10000, data, sizeof data);
    assert_int_equal(chip.flash[0xFFFF], 0x5A);                                // before
    assert_int_equal(chip.flash[(0x10000 + DATA_LEN + 0xFFF) & ~0xFFF], 0x5A); // behind
}

#define CASE(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

#endif
