// Policy: the order of requests to the chip, how long each may take, and the messages about
// failures. Requests and replies are in flasher_link.c, writing is in flasher_write.c.
#include "hostlib/flasher/flasher.h"
#include "aloft/base/bytes.h"
#include "aloft/base/hash.h"
#include "aloft/base/hex.h"
#include "hostlib/base/clock.h"
#include "hostlib/base/deadline.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flasher/flasher_link.h"
#include "hostlib/flasher/flasher_reset.h"
#include "hostlib/flasher/flasher_time.h"
#include <stdio.h>
#include <string.h>

enum { ATTEMPTS = 7, PATIENCE_MS = 10000, SYNCS = 5, SYNC_PAUSE_MS = 50, REOPEN_MS = 10000 };
#define ESP8266_MAGIC 0xFFF0C101u

enum { CONNECT_MAX_MS = 60000 };
enum { READ_ROM = 64, READ_STUB = 0x1000, READ_STUB_AHEAD = 64, READ_STUB_MS = 10000 };
enum { END_MS = 3000, LEAVE_MS = 3000, SETTLE_MS = 50, BOOT_TEXT_MS = 1000 };
enum { JEDEC_ID = 0x9F, STATUS_1 = 0x05, STATUS_2 = 0x35, STATUS_3 = 0x15 };
enum { JEDEC_BITS = 24, SPI_POLLS = 10 };
enum { SECURE_BOOT = 1 << 0, SECURE_DOWNLOAD = 1 << 2, SECURITY_LEN = 20 };

static void tell(struct aloft_flasher *flasher, uint32_t done, uint32_t total)
{
    if (flasher->progress != NULL) {
        flasher->progress(flasher->ctx, done, total);
    }
}

static bool write_reg(struct aloft_flasher *flasher, uint32_t addr, uint32_t value)
{
    return aloft_flasher_write_reg(flasher, addr, value, UINT32_MAX);
}

uint32_t aloft_flasher_time_ms(uint32_t seconds_per_mb, uint32_t len)
{
    uint64_t ms = (uint64_t)len * seconds_per_mb * 1000 / 0x100000;
    return ms < ALOFT_FLASHER_TIMEOUT_MS ? ALOFT_FLASHER_TIMEOUT_MS : (uint32_t)ms;
}

// --- connect

// The chip's output at its start shows why it does not answer.
struct boot_text {
    char text[2048];
    size_t len;
};

static void listen(struct aloft_serial_line *line, struct boot_text *boot)
{
    struct aloft_deadline deadline = aloft_deadline_in(BOOT_TEXT_MS);
    int left_ms;
    size_t got;
    boot->len = 0;
    while (boot->len + 1 < sizeof boot->text && aloft_deadline_turn(&deadline, &left_ms) &&
           aloft_serial_line_read(line, boot->text + boot->len, sizeof boot->text - 1 - boot->len,
                                  SETTLE_MS, &got) == ALOFT_SERIAL_LINE_OK) {
        boot->len += got;
    }
}

static bool no_answer(struct aloft_flasher *flasher, const struct boot_text *boot, bool lines)
{
    const char *name = flasher->line->name;
    if (memmem(boot->text, boot->len, "waiting for download", 20) != NULL) {
        return aloft_message_set(&flasher->error,
                                 "the chip on %s is in its loader but does not hear us: check the "
                                 "wire from the adapter's TX to the chip's RX",
                                 name);
    }
    if (lines && memmem(boot->text, boot->len, "boot:0x", 7) != NULL) {
        return aloft_message_set(&flasher->error,
                                 "the chip on %s starts its app instead of its loader: hold BOOT, "
                                 "press and release RESET, release BOOT, and try again with "
                                 "--before no-reset",
                                 name);
    }
    return aloft_message_set(&flasher->error,
                             "the chip on %s does not answer: hold BOOT, press and release RESET, "
                             "release BOOT, and try again; a virtual board must be running (aloft "
                             "board run, with --download when its app keeps the port busy)",
                             name);
}

// A chip's own USB goes away with the reset and comes back.
static bool reopen(struct aloft_flasher *flasher)
{
    struct aloft_serial_line *line = flasher->line;
    char name[sizeof line->name];
    uint64_t deadline = aloft_clock_ms() + REOPEN_MS;
    (void)snprintf(name, sizeof name, "%s", line->name);
    if (line->kind != ALOFT_SERIAL_LINE_TTY) {
        flasher->error = line->error;
        return false;
    }
    do {
        aloft_serial_line_close(line);
        aloft_clock_sleep_ms(100);
        if (aloft_serial_line_open(line, name, ALOFT_FLASHER_BAUD)) {
            return true;
        }
    } while (aloft_clock_left_ms(deadline) > 0);
    flasher->error = line->error;
    return false;
}

static bool sync_some(struct aloft_flasher *flasher)
{
    for (int i = 0; i < SYNCS && !flasher->line->gone; i++) {
        if (!aloft_flasher_purge(flasher)) {
            return false;
        }
        if (aloft_flasher_sync(flasher)) {
            return true;
        }
        aloft_clock_sleep_ms(SYNC_PAUSE_MS);
    }
    return false;
}

// Attempts are few where each of them resets, and short where none does.
static bool find_loader(struct aloft_flasher *flasher, enum aloft_flasher_before before)
{
    struct aloft_serial_line *line = flasher->line;
    struct boot_text boot = {.len = 0};
    bool lines = before == ALOFT_FLASHER_RESET;
    uint64_t patient_until = aloft_clock_ms() + PATIENCE_MS;
    uint64_t end = aloft_clock_ms() + CONNECT_MAX_MS; // of a line that keeps us busy
    for (unsigned attempt = 0; (attempt < ATTEMPTS && aloft_clock_left_ms(end) > 0) ||
                               aloft_clock_left_ms(patient_until) > 0;
         attempt++) {
        enum aloft_serial_line_result reset =
            lines ? aloft_flasher_reset_to_loader(line, attempt) : ALOFT_SERIAL_LINE_NONE;
        lines = reset == ALOFT_SERIAL_LINE_OK;
        if (lines) {
            listen(line, &boot);
        }
        if (sync_some(flasher)) {
            return true;
        }
        if (line->gone && !reopen(flasher)) {
            return false;
        }
        lines = lines || (reset == ALOFT_SERIAL_LINE_GONE && before == ALOFT_FLASHER_RESET);
    }
    return no_answer(flasher, &boot, lines);
}

// For requests that may be carried out more than once.
static enum aloft_flasher_answer ask_again(struct aloft_flasher *flasher,
                                           const struct aloft_flasher_request *request,
                                           struct aloft_flasher_reply *reply)
{
    enum aloft_flasher_answer answer = ALOFT_FLASHER_LOST;
    for (int i = 0; i < ALOFT_FLASHER_TRIES && answer == ALOFT_FLASHER_LOST; i++) {
        answer = aloft_flasher_ask(flasher, request, reply);
    }
    return answer;
}

// --- which chip

struct identity {
    bool has_id;
    uint32_t id;
    uint32_t magic;
};

static bool identify(struct aloft_flasher *flasher, struct identity *identity)
{
    struct aloft_flasher_reply reply;
    const struct aloft_flasher_request ask = {.op = ALOFT_SERIAL_SECURITY_INFO};
    enum aloft_flasher_answer answer = ask_again(flasher, &ask, &reply);
    *identity = (struct identity){false, 0, 0};
    if (answer == ALOFT_FLASHER_YES && reply.len >= SECURITY_LEN) {
        identity->has_id = true;
        identity->id = aloft_get_le32(reply.data + 12);
        flasher->secure_download = (aloft_get_le32(reply.data) & SECURE_DOWNLOAD) != 0;
        return true;
    }
    // A chip that does not report an id, or not enough, is recognised by a register.
    return (answer == ALOFT_FLASHER_YES || answer == ALOFT_FLASHER_REFUSED) &&
           aloft_flasher_read_reg(flasher, ALOFT_FLASHER_MAGIC_REG, &identity->magic);
}

static bool choose_chip(struct aloft_flasher *flasher, const struct identity *identity,
                        const struct aloft_flasher_chip *expected)
{
    const char *name = flasher->line->name;
    const struct aloft_chip_info *info = identity->has_id
                                             ? aloft_chip_info_find(identity->id)
                                             : aloft_chip_info_by_magic(identity->magic);
    const struct aloft_flasher_chip *found =
        info != NULL ? aloft_flasher_chip_by_id(info->id) : NULL;
    bool old = !identity->has_id && identity->magic == ESP8266_MAGIC;
    flasher->chip = found;
    if (found != NULL && expected != NULL && found != expected) {
        return aloft_message_set(&flasher->error, "the chip on %s is an %s, not an %s", name,
                                 found->info->name, expected->info->name);
    }
    if (found != NULL) {
        return true;
    }
    if (info != NULL || old) {
        return aloft_message_set(&flasher->error,
                                 "the chip on %s is an %s, which this tool cannot flash; it knows "
                                 "ESP32, ESP32-S3 and ESP32-C3",
                                 name, old ? "ESP8266" : info->name);
    }
    flasher->chip = expected; // a newer ROM of a chip that the user knows better than we do
    return expected != NULL ||
           aloft_message_set(&flasher->error,
                             "unknown chip 0x%08x on %s; if it is an ESP32, ESP32-S3 or ESP32-C3, "
                             "say which with --chip",
                             (unsigned)(identity->has_id ? identity->id : identity->magic), name);
}

static bool read_facts(struct aloft_flasher *flasher)
{
    const struct aloft_flasher_chip *chip = flasher->chip;
    uint32_t values[ALOFT_FLASHER_REGS_MAX] = {0};
    memset(&flasher->facts, 0, sizeof flasher->facts);
    if (flasher->secure_download) {
        return true;
    }
    for (size_t i = 0; i < chip->reg_count; i++) {
        if (!aloft_flasher_read_reg(flasher, chip->regs[i], &values[i])) {
            return false;
        }
    }
    chip->explain(values, &flasher->facts);
    return true;
}

// After a reset over the chip's own USB its watchdogs run on, and would reset it while it flashes.
static bool calm_watchdogs(struct aloft_flasher *flasher)
{
    const uint32_t key = 0x50D83AA1u;
    const uint32_t super_key = 0x8F1D312Au;
    const struct aloft_flasher_watchdog *dog = &flasher->chip->watchdog;
    uint32_t config;
    if (dog->protect == 0 || flasher->stub || flasher->secure_download ||
        !aloft_flasher_reset_is_usb(flasher->line)) {
        return true;
    }
    return write_reg(flasher, dog->protect, key) && write_reg(flasher, dog->config, 0) &&
           write_reg(flasher, dog->protect, 0) &&
           write_reg(flasher, dog->super_protect, super_key) &&
           aloft_flasher_read_reg(flasher, dog->super_config, &config) &&
           write_reg(flasher, dog->super_config, config | 1u << 31) &&
           write_reg(flasher, dog->super_protect, 0);
}

bool aloft_flasher_connect(struct aloft_flasher *flasher, struct aloft_serial_line *line,
                           enum aloft_flasher_before before,
                           const struct aloft_flasher_chip *expected)
{
    struct identity identity;
    flasher->line = line;
    flasher->chip = NULL;
    flasher->stub = false;
    flasher->unsettled = false;
    flasher->silent = false;
    flasher->secure_download = false;
    flasher->flash_id = 0;
    flasher->flash_size = 0;
    return find_loader(flasher, before) && identify(flasher, &identity) &&
           choose_chip(flasher, &identity, expected) && read_facts(flasher) &&
           calm_watchdogs(flasher);
}

// --- speed

// The ESP32's ROM divides by the crystal frequency that it measured, which is off by a few percent;
// what it must be told is the speed that comes out right. Other values of the register are
// nonsense.
static bool rom_speed(struct aloft_flasher *flasher, uint32_t baud, uint32_t *told)
{
    uint32_t calibration;
    uint32_t fuse;
    *told = baud;
    if (flasher->chip->calibration_reg == 0 || flasher->stub || flasher->secure_download) {
        return true;
    }
    if (!aloft_flasher_read_reg(flasher, flasher->chip->calibration_reg, &calibration) ||
        !aloft_flasher_read_reg(flasher, 0x3FF5A010, &fuse)) {
        return false;
    }
    uint64_t measured = (uint64_t)(calibration >> 7 & 0x1FFFFFF) * 15625 * (fuse & 0xFF) / 40;
    if (measured > 20000000 && measured < 48000000) {
        *told = (uint32_t)(baud * measured / (measured > 33000000 ? 40000000 : 26000000));
    }
    return true;
}

bool aloft_flasher_set_baud(struct aloft_flasher *flasher, uint32_t baud)
{
    struct aloft_serial_line *line = flasher->line;
    uint32_t told;
    uint32_t ignored;
    if (line->kind == ALOFT_SERIAL_LINE_SOCKET || baud == line->baud) {
        return true;
    }
    if (!rom_speed(flasher, baud, &told)) {
        return false;
    }
    const uint32_t words[] = {told, flasher->stub ? line->baud : 0};
    if (!aloft_flasher_ask_words(flasher, ALOFT_SERIAL_CHANGE_BAUD, words, 2, 0)) {
        return false;
    }
    if (aloft_serial_line_set_baud(line, baud) != ALOFT_SERIAL_LINE_OK) {
        flasher->error = line->error;
        return false;
    }
    aloft_clock_sleep_ms(SETTLE_MS); // what was sent during the change is noise
    if (!aloft_flasher_purge(flasher)) {
        return false;
    }
    return flasher->secure_download || aloft_flasher_sync(flasher) ||
           aloft_flasher_read_reg(flasher, ALOFT_FLASHER_MAGIC_REG, &ignored) ||
           aloft_message_set(&flasher->error,
                             "the chip on %s does not answer at %u baud; reset it, and use a "
                             "lower --baud",
                             line->name, (unsigned)baud);
}

// --- the flash behind the chip

// Has the SPI peripheral send one command byte to the flash and take 24 bits back.
static bool spi_command(struct aloft_flasher *flasher, uint8_t command, uint32_t *value)
{
    const uint32_t use_command = 1u << 31;
    const uint32_t use_input = 1u << 28;
    const uint32_t start = 1u << 18;
    const struct aloft_flasher_spi *spi = &flasher->chip->spi;
    uint32_t usr;
    uint32_t usr2;
    uint32_t busy = start;
    if (!aloft_flasher_read_reg(flasher, spi->base + spi->usr, &usr) ||
        !aloft_flasher_read_reg(flasher, spi->base + spi->usr2, &usr2) ||
        !write_reg(flasher, spi->base + spi->miso_len, JEDEC_BITS - 1) ||
        !write_reg(flasher, spi->base + spi->usr, use_command | use_input) ||
        !write_reg(flasher, spi->base + spi->usr2, 7u << 28 | command) ||
        !write_reg(flasher, spi->base + spi->w0, 0) || !write_reg(flasher, spi->base, start)) {
        return false;
    }
    for (int i = 0; i < SPI_POLLS && (busy & start) != 0; i++) {
        if (!aloft_flasher_read_reg(flasher, spi->base, &busy)) {
            return false;
        }
    }
    return aloft_flasher_read_reg(flasher, spi->base + spi->w0, value) &&
           write_reg(flasher, spi->base + spi->usr, usr) &&
           write_reg(flasher, spi->base + spi->usr2, usr2);
}

// The third byte of a JEDEC id is the size as a power of two; some makers count from another base.
static uint32_t size_of(uint32_t id)
{
    uint32_t code = id >> 16 & 0xFF;
    if (code >= 0x32 && code <= 0x3A) {
        code -= 0x20;
    } else if (code >= 0x20 && code <= 0x22) {
        code -= 6;
    }
    bool known = (id & 0xFFFF) != 0 && (id & 0xFFFF) != 0xFFFF && code >= 0x12 && code <= 0x1C;
    return known ? 1u << code : 0;
}

bool aloft_flasher_attach(struct aloft_flasher *flasher, uint32_t size)
{
    static const uint32_t default_pins[] = {0, 0};
    size_t words = flasher->stub ? 1 : 2;
    if (!aloft_flasher_ask_words(flasher, ALOFT_SERIAL_SPI_ATTACH, default_pins, words, 0)) {
        return false;
    }
    if (!flasher->secure_download && !spi_command(flasher, JEDEC_ID, &flasher->flash_id)) {
        return false;
    }
    flasher->flash_id &= 0xFFFFFF;
    flasher->flash_size = size != 0 ? size : size_of(flasher->flash_id);
    if (flasher->flash_size == 0) {
        return aloft_message_set(&flasher->error,
                                 "the flash of the chip on %s does not tell its size (id %06x); "
                                 "say it with --flash-size",
                                 flasher->line->name, (unsigned)flasher->flash_id);
    }
    const uint32_t geometry[] = {0, flasher->flash_size, 0x10000, 0x1000, 0x100, 0xFFFF};
    return aloft_flasher_ask_words(flasher, ALOFT_SERIAL_SPI_SET_PARAMS, geometry, 6, 0);
}

bool aloft_flasher_flash_status(struct aloft_flasher *flasher, uint32_t *status)
{
    static const uint8_t commands[] = {STATUS_1, STATUS_2, STATUS_3};
    *status = 0;
    for (size_t i = 0; i < sizeof commands; i++) {
        uint32_t value;
        if (!spi_command(flasher, commands[i], &value)) {
            return false;
        }
        *status |= (value & 0xFF) << 8 * i;
    }
    return true;
}

static bool inside(struct aloft_flasher *flasher, uint32_t addr, uint32_t len)
{
    return (addr <= flasher->flash_size && len <= flasher->flash_size - addr) ||
           aloft_message_set(&flasher->error,
                             "0x%x bytes at 0x%x reach beyond the flash, which ends at 0x%x",
                             (unsigned)len, (unsigned)addr, (unsigned)flasher->flash_size);
}

bool aloft_flasher_erase(struct aloft_flasher *flasher, uint32_t addr, uint32_t len)
{
    uint32_t timeout_ms = aloft_flasher_time_ms(ALOFT_FLASHER_ERASE_S, len);
    bool whole = len == flasher->flash_size && addr == 0;
    if (!inside(flasher, addr, len)) {
        return false;
    }
    if (whole && timeout_ms < ALOFT_FLASHER_CHIP_MS) {
        timeout_ms = ALOFT_FLASHER_CHIP_MS;
    }
    if (flasher->stub) {
        const uint32_t words[] = {addr, len};
        return whole
                   ? aloft_flasher_ask_words(flasher, ALOFT_SERIAL_ERASE_FLASH, NULL, 0, timeout_ms)
                   : aloft_flasher_ask_words(flasher, ALOFT_SERIAL_ERASE_REGION, words, 2,
                                             timeout_ms);
    }
    // The ROM has no erase of its own, but erases what a write announces before it answers.
    uint32_t blocks = (len + ALOFT_FLASHER_BLOCK_ROM - 1) / ALOFT_FLASHER_BLOCK_ROM;
    const uint32_t words[] = {len, blocks, ALOFT_FLASHER_BLOCK_ROM, addr, 0};
    return aloft_flasher_ask_words(flasher, ALOFT_SERIAL_FLASH_BEGIN, words,
                                   flasher->chip->info->rom_long_begin ? 5 : 4, timeout_ms);
}

bool aloft_flasher_md5(struct aloft_flasher *flasher, uint32_t addr, uint32_t len,
                       uint8_t digest[ALOFT_MD5_LEN])
{
    uint8_t payload[16] = {0};
    struct aloft_flasher_reply reply;
    const struct aloft_flasher_request request = {
        .op = ALOFT_SERIAL_FLASH_MD5,
        .payload = payload,
        .len = sizeof payload,
        .timeout_ms = ALOFT_FLASHER_TIMEOUT_MS + aloft_flasher_time_ms(ALOFT_FLASHER_MD5_S, len)};
    aloft_put_le32(payload, addr);
    aloft_put_le32(payload + 4, len);
    if (!inside(flasher, addr, len) ||
        aloft_flasher_ask(flasher, &request, &reply) != ALOFT_FLASHER_YES) {
        return false;
    }
    if (reply.len == ALOFT_MD5_LEN) {
        memcpy(digest, reply.data, ALOFT_MD5_LEN);
        return true;
    }
    bool good = reply.len == 2 * ALOFT_MD5_LEN &&
                aloft_hex_parse((const char *)reply.data, digest, ALOFT_MD5_LEN);
    return good || aloft_message_set(&flasher->error, "the chip on %s answers with no MD5",
                                     flasher->line->name);
}

// --- read

static bool read_rom(struct aloft_flasher *flasher, uint32_t addr, uint8_t *out, uint32_t len)
{
    uint8_t payload[8];
    struct aloft_flasher_reply reply;
    const struct aloft_flasher_request request = {
        .op = ALOFT_SERIAL_READ_FLASH_SLOW, .payload = payload, .len = sizeof payload};
    for (uint32_t off = 0; off < len;) {
        uint32_t piece = len - off < READ_ROM ? len - off : READ_ROM;
        aloft_put_le32(payload, addr + off);
        aloft_put_le32(payload + 4, piece);
        enum aloft_flasher_answer answer = ask_again(flasher, &request, &reply);
        if (answer != ALOFT_FLASHER_YES) {
            return false;
        }
        if (reply.len < piece) {
            return aloft_message_set(&flasher->error, "the chip on %s sent %u bytes instead of %u",
                                     flasher->line->name, (unsigned)reply.len, (unsigned)piece);
        }
        memcpy(out + off, reply.data, piece);
        off += piece;
        tell(flasher, off, len);
    }
    return true;
}

static bool same_digest(struct aloft_flasher *flasher, const uint8_t *data, uint32_t len,
                        uint32_t digest_len)
{
    uint8_t digest[ALOFT_MD5_LEN];
    bool good = digest_len == ALOFT_MD5_LEN &&
                aloft_hash_of(&aloft_mbed_crypto, ALOFT_HASH_MD5, data, len, digest) == ALOFT_OK &&
                memcmp(digest, flasher->body, ALOFT_MD5_LEN) == 0;
    return good || aloft_message_set(&flasher->error,
                                     "what came from the chip on %s is not what it sent; check "
                                     "the cable, or try a lower --baud",
                                     flasher->line->name);
}

// A stub sends frames of flash content, and is told after each how much has come.
static bool read_stub(struct aloft_flasher *flasher, uint32_t addr, uint8_t *out, uint32_t len)
{
    const uint32_t words[] = {addr, len, READ_STUB, READ_STUB_AHEAD};
    uint8_t have[4];
    uint32_t body_len;
    if (!aloft_flasher_ask_words(flasher, ALOFT_SERIAL_READ_FLASH, words, 4, 0)) {
        return false;
    }
    for (uint32_t off = 0; off < len;) {
        if (aloft_flasher_next_body(flasher, aloft_clock_ms() + READ_STUB_MS, &body_len) !=
            ALOFT_FLASHER_YES) {
            return false;
        }
        uint32_t want = len - off < READ_STUB ? len - off : READ_STUB;
        if (body_len != want) {
            return aloft_message_set(&flasher->error, "the chip on %s sent %u bytes instead of %u",
                                     flasher->line->name, (unsigned)body_len, (unsigned)want);
        }
        memcpy(out + off, flasher->body, want);
        off += want;
        aloft_put_le32(have, off);
        if (aloft_flasher_send_body(flasher, have, sizeof have) != ALOFT_FLASHER_YES) {
            return false;
        }
        tell(flasher, off, len);
    }
    return aloft_flasher_next_body(flasher, aloft_clock_ms() + READ_STUB_MS, &body_len) ==
               ALOFT_FLASHER_YES &&
           same_digest(flasher, out, len, body_len);
}

bool aloft_flasher_read(struct aloft_flasher *flasher, uint32_t addr, uint8_t *out, uint32_t len)
{
    if (flasher->secure_download) {
        return aloft_message_set(&flasher->error,
                                 "the chip on %s is in secure download mode: its flash cannot be "
                                 "read",
                                 flasher->line->name);
    }
    if (!inside(flasher, addr, len)) {
        return false;
    }
    return flasher->stub ? read_stub(flasher, addr, out, len) : read_rom(flasher, addr, out, len);
}

// --- the end

// FLASH_END runs the app only when a write was begun; an empty one will do. The answer may be lost
// in the reset.
static bool start_app(struct aloft_flasher *flasher)
{
    uint32_t block = flasher->stub ? ALOFT_FLASHER_BLOCK_STUB : ALOFT_FLASHER_BLOCK_ROM;
    const uint32_t begin[] = {0, 0, block, 0, 0};
    const uint8_t reboot[4] = {0};
    const struct aloft_flasher_request end = {.op = ALOFT_SERIAL_FLASH_END,
                                              .payload = reboot,
                                              .len = sizeof reboot,
                                              .timeout_ms = END_MS,
                                              .last = true};
    if (!aloft_flasher_ask_words(flasher, ALOFT_SERIAL_FLASH_BEGIN, begin,
                                 flasher->chip->info->rom_long_begin ? 5 : 4, 0)) {
        return false;
    }
    (void)aloft_flasher_ask(flasher, &end, NULL);
    return !flasher->line->gone;
}

// A stub that is asked to reboot falls back to the ROM's loader, which is then asked again.
static bool leave(struct aloft_flasher *flasher)
{
    bool stub = flasher->stub;
    bool back = false;
    if (!start_app(flasher)) {
        return false;
    }
    uint64_t deadline = aloft_clock_ms() + LEAVE_MS;
    while (stub && !back && !flasher->line->gone && aloft_clock_left_ms(deadline) > 0) {
        back = sync_some(flasher);
    }
    return !back || flasher->stub || start_app(flasher);
}

// Some chips come back into their loader when they were once sent there over their own USB.
static void release_download(struct aloft_flasher *flasher)
{
    uint32_t reg = flasher->chip->download_reg;
    if (reg != 0 && !flasher->secure_download) {
        (void)aloft_flasher_write_reg(flasher, reg, 0, 1); // the reset goes on whatever comes of it
    }
}

// A chip that starts anew is back at its first speed.
static bool line_back(struct aloft_flasher *flasher)
{
    if (flasher->line->kind == ALOFT_SERIAL_LINE_SOCKET ||
        aloft_serial_line_set_baud(flasher->line, ALOFT_FLASHER_BAUD) == ALOFT_SERIAL_LINE_OK) {
        return true;
    }
    flasher->error = flasher->line->error;
    return false;
}

// Nobody listens, so nothing is asked; the reset pin works all the same, where there is one.
static bool let_go_unheard(struct aloft_flasher *flasher, enum aloft_flasher_after after)
{
    enum aloft_serial_line_result result = ALOFT_SERIAL_LINE_NONE;
    if (!line_back(flasher)) {
        return false;
    }
    if (after == ALOFT_FLASHER_HARD_RESET) {
        result = aloft_flasher_reset_chip(flasher->line);
    }
    flasher->error = flasher->line->error;
    return result == ALOFT_SERIAL_LINE_OK || result == ALOFT_SERIAL_LINE_NONE;
}

bool aloft_flasher_finish(struct aloft_flasher *flasher, enum aloft_flasher_after after)
{
    uint32_t baud = flasher->line->baud;
    if (flasher->silent) {
        return let_go_unheard(flasher, after);
    }
    if (after == ALOFT_FLASHER_STAY) { // where the next flasher looks for it
        return aloft_flasher_set_baud(flasher, ALOFT_FLASHER_BAUD);
    }
    if (after == ALOFT_FLASHER_RUN) {
        return leave(flasher) && line_back(flasher);
    }
    release_download(flasher);
    // Before the reset, so that the chip's first words can be read.
    if (!line_back(flasher)) {
        return false;
    }
    enum aloft_serial_line_result result = aloft_flasher_reset_chip(flasher->line);
    if (result == ALOFT_SERIAL_LINE_NONE) {
        return aloft_serial_line_set_baud(flasher->line, baud) != ALOFT_SERIAL_LINE_GONE &&
               leave(flasher) && line_back(flasher);
    }
    flasher->error = flasher->line->error;
    return result == ALOFT_SERIAL_LINE_OK;
}
