// The flasher against a scripted chip: a thread behind a socket that plays a ROM or a stub loader,
// keeps flash, and does at a given moment what real cables and chips do wrong.
#include "aloft/bytes.h"
#include "host_test.h"
#include "hostlib/clock.h"
#include "hostlib/flasher.h"
#include "hostlib/flasher_link.h"
#include "hostlib/mbed_crypto.h"
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
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
    bool slow; // SYNC is not answered in time
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
    uint8_t frame[ALOFT_SERIAL_FRAME_MAX(ALOFT_SERIAL_HEAD + sizeof payload)];
    uint32_t status = chip.stub ? ALOFT_SERIAL_STATUS_STUB : ALOFT_SERIAL_STATUS_ROM;
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
        (void)shutdown(chip.fd, SHUT_RDWR); // the client sees it
        chip.pulled = true;
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
    const uint8_t *bytes = packet->payload + ALOFT_SERIAL_DATA_HEAD;
    uint32_t len = packet->len - ALOFT_SERIAL_DATA_HEAD;
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

static void on_request(const struct aloft_serial_packet *packet)
{
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

// --- who is there

static void an_esp32_is_known_by_its_rom(void **state)
{
    static const uint8_t mac[] = {0x24, 0x0A, 0xC4, 0x00, 0x01, 0x02};
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    assert_string_equal(flasher.chip->name, "ESP32");
    assert_false(flasher.stub);
    assert_memory_equal(flasher.facts.mac, mac, sizeof mac);
    assert_int_equal(flasher.facts.revision, 201);
    assert_int_equal(flasher.facts.crystal_mhz, 40);
    assert_false(flasher.facts.secure_boot);
    assert_int_equal(flasher.flash_size, FLASH_SIZE);
    assert_int_equal(chip.attach_len, 8);
}

static void c3_and_s3_are_known_by_their_id(void **state)
{
    static const uint8_t mac[] = {0x24, 0x0A, 0xC4, 0x00, 0x01, 0x02};
    (void)state;
    for (int i = 0; i < 2; i++) {
        (void)set_up(state);
        connect_to(&(struct chip){.model = i == 0 ? MODEL_C3 : MODEL_S3});
        assert_string_equal(flasher.chip->name, i == 0 ? "ESP32-C3" : "ESP32-S3");
        assert_memory_equal(flasher.facts.mac, mac, sizeof mac);
        assert_int_equal(flasher.facts.revision, i == 0 ? 4 : 2);
        assert_int_equal(flasher.flash_size, FLASH_SIZE);
        assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
        assert_int_equal(chip.begin_words, 5);
        check_written();
        if (i == 0) {
            (void)tear_down(state); // the last one is torn down for us
        }
    }
}

static void other_chips_are_refused_by_name(void **state)
{
    static const struct {
        struct chip script;
        const char *expected;
        const char *says;
    } cases[] = {
        {{.model = MODEL_C3}, "esp32s3", "is an ESP32-C3, not an ESP32-S3"},
        {{.model = MODEL_S2}, NULL, "is none that this tool knows (number 0x000007c6)"},
        {{.model = MODEL_UNKNOWN}, NULL, "is none that this tool knows (id 0x00000063)"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)set_up(state);
        start_chip(&cases[i].script);
        const struct aloft_flasher_chip *expected =
            cases[i].expected == NULL ? NULL : aloft_flasher_chip_by_word(cases[i].expected);
        assert_false(aloft_flasher_connect(&flasher, &line, ALOFT_FLASHER_RESET, expected));
        assert_non_null(strstr(flasher.error.text, cases[i].says));
        if (i + 1 < COUNT(cases)) {
            (void)tear_down(state); // the last one is torn down for us
        }
    }
}

static void a_flash_that_does_not_tell_its_size_must_be_described(void **state)
{
    (void)state;
    start_chip(&(struct chip){.model = MODEL_ESP32});
    chip.flash_id = 0xFFFFFF;
    assert_true(aloft_flasher_connect(&flasher, &line, ALOFT_FLASHER_RESET, NULL));
    assert_false(aloft_flasher_attach(&flasher, 0));
    assert_non_null(strstr(flasher.error.text, "--flash-size"));
    assert_true(aloft_flasher_attach(&flasher, FLASH_SIZE));
}

static void a_chip_that_never_answers_is_given_up_with_advice(void **state)
{
    (void)state;
    start_chip(&(struct chip){.model = MODEL_ESP32, .deaf = true});
    uint64_t before = aloft_clock_ms();
    assert_false(aloft_flasher_connect(&flasher, &line, ALOFT_FLASHER_RESET, NULL));
    assert_non_null(strstr(flasher.error.text, "hold BOOT"));
    assert_in_range(aloft_clock_ms() - before, 2000, 20000);
}

// --- writing, when all is well

static void a_write_is_what_is_in_flash(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begin_words, 4);
    assert_int_equal(chip.begin_block, ALOFT_FLASHER_BLOCK_ROM);
    assert_int_equal(chip.begin_size, (DATA_LEN + 0x3FF) / 0x400 * 0x400); // whole blocks
}

static void a_plain_write_pads_its_last_block(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, true));
    check_written();
    assert_int_equal(chip.blocks, (DATA_LEN + 0x3FF) / 0x400);
    assert_int_equal(chip.flash[0x10000 + DATA_LEN], 0xFF);
}

static void a_running_stub_is_used(void **state)
{
    uint8_t back[5000];
    (void)state;
    connect_to(&(struct chip){.model = MODEL_C3, .stub = true});
    assert_true(flasher.stub);
    assert_int_equal(chip.attach_len, 4);
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begin_block, ALOFT_FLASHER_BLOCK_STUB);
    assert_int_equal(chip.begin_size, DATA_LEN); // the very length
    assert_true(aloft_flasher_read(&flasher, 0x10001, back, sizeof back));
    assert_memory_equal(back, data + 1, sizeof back);
    assert_true(aloft_flasher_erase(&flasher, 0x10000, 0x1000));
    assert_int_equal(chip.flash[0x10FFF], 0xFF);
    assert_memory_equal(chip.flash + 0x11000, data + 0x1000, 0x1000);
    // it falls back to the ROM when it is asked to reboot, and the ROM is asked, too
    assert_true(aloft_flasher_finish(&flasher, ALOFT_FLASHER_HARD_RESET));
    assert_int_equal(chip.reboots, 2);
}

// So it is when a machine is busy after a change of speed: the ROM was taken for a stub, and asked
// for what only a stub does.
static void a_sync_without_an_answer_does_not_make_a_stub(void **state)
{
    uint8_t back[64];
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    chip.slow = true;
    assert_false(aloft_flasher_sync(&flasher));
    assert_false(flasher.stub);
    assert_true(aloft_flasher_read(&flasher, 0x10001, back, sizeof back));
}

static void reads_of_any_length_come_back(void **state)
{
    static const uint32_t lens[] = {1, 63, 64, 65, 1000};
    uint8_t back[1000];
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    memcpy(chip.flash, data, sizeof data);
    data[7] = chip.flash[7] = 1; // as a status would be: failed, request not known
    data[8] = chip.flash[8] = ALOFT_SERIAL_INVALID;
    for (size_t i = 0; i < COUNT(lens); i++) {
        memset(back, 0, sizeof back);
        assert_true(aloft_flasher_read(&flasher, 7, back, lens[i]));
        assert_memory_equal(back, data + 7, lens[i]);
    }
    assert_false(aloft_flasher_read(&flasher, FLASH_SIZE - 1, back, 2));
    assert_non_null(strstr(flasher.error.text, "beyond the flash"));
}

static void erases_and_reboots_work_by_the_rom_alone(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    assert_true(aloft_flasher_erase(&flasher, 0x2000, 0x3000));
    assert_int_equal(chip.flash[0x1FFF], 0x5A);
    assert_int_equal(chip.flash[0x2000], 0xFF);
    assert_int_equal(chip.flash[0x4FFF], 0xFF);
    assert_int_equal(chip.flash[0x5000], 0x5A);
    assert_true(aloft_flasher_erase(&flasher, 0, FLASH_SIZE));
    assert_int_equal(chip.flash[FLASH_SIZE - 1], 0xFF);
    assert_true(aloft_flasher_finish(&flasher, ALOFT_FLASHER_STAY));
    assert_int_equal(chip.reboots, 0);
    assert_true(aloft_flasher_finish(&flasher, ALOFT_FLASHER_HARD_RESET)); // no lines: asked nicely
    assert_int_equal(chip.reboots, 1);
}

static void an_s3_is_not_kept_in_its_loader(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_S3});
    find_reg(0x6000812C)->value = 0xF001;
    assert_true(aloft_flasher_finish(&flasher, ALOFT_FLASHER_HARD_RESET));
    assert_int_equal(find_reg(0x6000812C)->value, 0xF000);
}

static void what_does_not_fit_is_refused_before_anything_is_sent(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    assert_false(aloft_flasher_write(&flasher, 0x10001, data, 16, false));
    assert_false(aloft_flasher_write(&flasher, FLASH_SIZE - 0x1000, data, 0x1001, false));
    assert_false(aloft_flasher_write(&flasher, FLASH_SIZE, data, 1, false));
    assert_false(aloft_flasher_write(&flasher, 0, data, 0, false));
    assert_int_equal(chip.begins, 0);
}

// --- writing, when something goes wrong

static void noise_between_frames_changes_nothing(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .noisy = true});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begins, 1);
}

static void a_block_that_arrives_broken_is_sent_again(void **state)
{
    (void)state;
    for (int stub = 0; stub < 2; stub++) {
        (void)set_up(state);
        connect_to(&(struct chip){
            .model = MODEL_ESP32, .stub = stub == 1, .fault = FAULT_BAD_CHECK, .fault_at = 1});
        assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
        check_written();
        assert_int_equal(chip.begins, 1);
        if (stub == 0) {
            (void)tear_down(state); // the last one is torn down for us
        }
    }
}

static void a_block_that_is_lost_is_sent_again(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .fault = FAULT_NOT_HEARD, .fault_at = 2});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begins, 1);
}

// The chip has taken the block, so sending it again breaks the stream; only a new write helps.
static void a_lost_reply_begins_the_write_again(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .fault = FAULT_NO_REPLY, .fault_at = 2});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_true(chip.begins >= 2);
}

static void flash_that_keeps_something_else_is_written_again_and_then_given_up(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .fault = FAULT_WEAR_ONCE});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begins, 2);
    chip.fault = FAULT_WEAR;
    assert_false(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    assert_non_null(strstr(flasher.error.text, "is not what was written"));
    assert_int_equal(chip.begins, 5);
}

static void a_block_that_the_chip_refuses_is_named(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .fault = FAULT_REFUSE, .fault_at = 1});
    assert_false(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    assert_non_null(strstr(flasher.error.text, "FLASH_DEFL_DATA"));
    assert_non_null(strstr(flasher.error.text, "flash could not be written"));
}

static void a_cable_that_is_pulled_ends_at_once_and_says_so(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .fault = FAULT_PULL, .fault_at = 3});
    uint64_t before = aloft_clock_ms();
    assert_false(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    assert_true(line.gone);
    assert_non_null(strstr(flasher.error.text, "closed the connection"));
    assert_true(aloft_clock_ms() - before < 2000);
    assert_false(aloft_flasher_erase(&flasher, 0, 0x1000));
}

#define CASE(claim) cmocka_unit_test_setup_teardown(claim, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_esp32_is_known_by_its_rom),
        CASE(c3_and_s3_are_known_by_their_id),
        CASE(other_chips_are_refused_by_name),
        CASE(a_flash_that_does_not_tell_its_size_must_be_described),
        CASE(a_chip_that_never_answers_is_given_up_with_advice),
        CASE(a_write_is_what_is_in_flash),
        CASE(a_plain_write_pads_its_last_block),
        CASE(a_running_stub_is_used),
        CASE(a_sync_without_an_answer_does_not_make_a_stub),
        CASE(reads_of_any_length_come_back),
        CASE(erases_and_reboots_work_by_the_rom_alone),
        CASE(an_s3_is_not_kept_in_its_loader),
        CASE(what_does_not_fit_is_refused_before_anything_is_sent),
        CASE(noise_between_frames_changes_nothing),
        CASE(a_block_that_arrives_broken_is_sent_again),
        CASE(a_block_that_is_lost_is_sent_again),
        CASE(a_lost_reply_begins_the_write_again),
        CASE(flash_that_keeps_something_else_is_written_again_and_then_given_up),
        CASE(a_block_that_the_chip_refuses_is_named),
        CASE(a_cable_that_is_pulled_ends_at_once_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
