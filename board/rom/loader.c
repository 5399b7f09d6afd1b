// Bytes become bodies, bodies become requests, and a table says who answers which. What a request
// does to flash is in three verbs at the top: erase, program, hash.
#include "board/rom/loader.h"
#include "aloft/base/bytes.h"
#include "aloft/base/hex.h"
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { SYNC_ANSWERS = 8, SLOW_READ_MAX = 64, REG_RECORD = 16, STATUS_MAX = 4, HEX_LEN = 32 };
enum { BEGIN_ENCRYPTED = 16 };   // offset of its word, if there is one
#define SYNC_VALUE   0x20120707u // not 0, which is how a host tells the ROM from the stub
#define SECTOR       0x1000u
#define BODY_MAX_LEN 64u // of an answer that is no flash content

// Why a request failed; what ROM and stub call it.
enum fault {
    FINE,
    BAD_LENGTH,
    BAD_CHECK,
    BAD_BLOCK,
    BAD_RANGE,
    NOT_BEGUN,
    NO_FLASH, // the flash chip failed
    NO_INFLATE,
    TOO_SHORT,
    TOO_LONG,
    UNKNOWN
};

static const uint8_t names[][2] = {
    [FINE] = {0, 0},
    [BAD_LENGTH] = {ALOFT_SERIAL_INVALID, ALOFT_SERIAL_STUB_LENGTH},
    [BAD_CHECK] = {ALOFT_SERIAL_BAD_CHECK, ALOFT_SERIAL_STUB_CHECK},
    [BAD_BLOCK] = {ALOFT_SERIAL_INVALID, ALOFT_SERIAL_STUB_BLOCK},
    [BAD_RANGE] = {ALOFT_SERIAL_FAILED, ALOFT_SERIAL_STUB_SPI},
    [NOT_BEGUN] = {ALOFT_SERIAL_FAILED, ALOFT_SERIAL_STUB_NO_FLASH_MODE},
    [NO_FLASH] = {ALOFT_SERIAL_FLASH_WRITE, ALOFT_SERIAL_STUB_SPI},
    [NO_INFLATE] = {ALOFT_SERIAL_DEFLATE, ALOFT_SERIAL_STUB_INFLATE},
    [TOO_SHORT] = {ALOFT_SERIAL_FAILED, ALOFT_SERIAL_STUB_SHORT},
    [TOO_LONG] = {ALOFT_SERIAL_FAILED, ALOFT_SERIAL_STUB_LONG},
    [UNKNOWN] = {ALOFT_SERIAL_INVALID, ALOFT_SERIAL_STUB_UNKNOWN},
};

// --- answers

struct answer {
    uint32_t value;
    uint32_t len;
    uint8_t body[BODY_MAX_LEN];
    void (*then)(struct aloft_loader *loader); // what follows the answer
};

static void send_body(struct aloft_loader *loader, const uint8_t *body, uint32_t len)
{
    uint32_t n = aloft_serial_frame(body, len, loader->frame, sizeof loader->frame);
    loader->port->send(loader->port->ctx, loader->frame, n);
}

static void reply(struct aloft_loader *loader, uint8_t op, enum fault fault,
                  const struct answer *answer)
{
    uint8_t payload[BODY_MAX_LEN + STATUS_MAX] = {0};
    uint32_t len = fault == FINE ? answer->len : 0;
    memcpy(payload, answer->body, len);
    payload[len] = fault != FINE;
    payload[len + 1] = names[fault][loader->stub];
    len += loader->stub ? ALOFT_SERIAL_STATUS_STUB : ALOFT_SERIAL_STATUS_ROM;
    const struct aloft_serial_packet packet = {ALOFT_SERIAL_RESPONSE, op, (uint16_t)len,
                                               answer->value, payload};
    uint32_t n = aloft_serial_emit(&packet, loader->frame, sizeof loader->frame);
    loader->port->send(loader->port->ctx, loader->frame, n);
}

// --- flash

static struct aloft_flash_view whole(const struct aloft_loader *loader)
{
    const struct aloft_flash *flash = loader->port->flash;
    return (struct aloft_flash_view){flash, 0, flash->geometry.size};
}

static bool in_flash(const struct aloft_loader *loader, uint32_t addr, uint32_t len)
{
    uint32_t size = loader->port->flash->geometry.size;
    return addr <= size && len <= size - addr;
}

// The largest erase at addr that stays before end.
static uint32_t unit_at(const struct aloft_loader *loader, uint32_t addr, uint32_t end)
{
    const struct aloft_flash_geometry *geometry = &loader->port->flash->geometry;
    bool block = addr % geometry->block == 0 && end - addr >= geometry->block;
    return block ? geometry->block : geometry->sector;
}

static enum fault erase(struct aloft_loader *loader, uint32_t addr, uint32_t end)
{
    struct aloft_flash_view view = whole(loader);
    while (addr < end) {
        uint32_t unit = unit_at(loader, addr, end);
        loader->port->alive(loader->port->ctx);
        if (aloft_flash_erase(&view, addr, unit) != ALOFT_OK) {
            return NO_FLASH;
        }
        addr += unit;
    }
    return FINE;
}

static enum fault program(struct aloft_loader *loader, const struct aloft_flash *flash,
                          uint32_t addr, const uint8_t *data, uint32_t len)
{
    struct aloft_flash_view view = {flash, 0, flash->geometry.size};
    bool cells = flash->raw == NULL;
    while (len > 0) {
        uint32_t room = ALOFT_FLASH_PAGE - addr % ALOFT_FLASH_PAGE;
        uint32_t n = len < room ? len : room;
        loader->port->alive(loader->port->ctx);
        // Padding is FF, and programming it changes no cell.
        bool padding = cells && aloft_bytes_are(data, n, 0xFF);
        if (!padding && aloft_flash_prog(&view, addr, data, n) != ALOFT_OK) {
            return NO_FLASH;
        }
        addr += n;
        data += n;
        len -= n;
    }
    return FINE;
}

static enum fault hash(struct aloft_loader *loader, uint32_t addr, uint32_t len,
                       uint8_t out[ALOFT_MD5_LEN])
{
    const struct aloft_crypto *crypto = loader->port->crypto;
    struct aloft_flash_view view = whole(loader);
    struct aloft_hash md5;
    bool good = crypto->hash_init(&md5, ALOFT_HASH_MD5) == ALOFT_OK;
    while (good && len > 0) {
        uint32_t n = len < sizeof loader->piece ? len : sizeof loader->piece;
        loader->port->alive(loader->port->ctx);
        good = aloft_flash_read(&view, addr, loader->piece, n) == ALOFT_OK &&
               crypto->hash_feed(&md5, loader->piece, n) == ALOFT_OK;
        addr += n;
        len -= n;
    }
    good = good && crypto->hash_finish(&md5, out) == ALOFT_OK;
    crypto->hash_drop(&md5);
    return good ? FINE : NO_FLASH;
}

// --- a write, from begin to end

static void drop_write(struct aloft_loader *loader)
{
    if (loader->write.inflating) {
        (void)inflateEnd(&loader->write.stream); // it only gives memory back
    }
    memset(&loader->write, 0, sizeof loader->write);
}

// The flash under a write has to be erased before it is programmed: by the ROM all at once when the
// write begins, by the stub as the write gets there.
static enum fault erase_ahead(struct aloft_loader *loader, uint32_t end)
{
    struct aloft_loader_write *write = &loader->write;
    uint32_t all = aloft_align_up(write->addr + write->size, SECTOR);
    enum fault fault = FINE;
    while (fault == FINE && write->erased_to < end && write->erased_to < all) {
        uint32_t next = write->erased_to + unit_at(loader, write->erased_to, all);
        fault = erase(loader, write->erased_to, next);
        write->erased_to = next;
    }
    return fault;
}

// FLASH_BEGIN and DEFL_BEGIN: size, blocks, block size, address. Size 0 only enters flash mode. A
// fifth word that is not 0, as newer esptools send it, asks to encrypt what will come. Where that
// cannot be done it is refused: plain text would be written instead.
static enum fault begin(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                        enum aloft_loader_kind kind)
{
    struct aloft_loader_write *write = &loader->write;
    uint32_t size = aloft_get_le32(request->payload);
    uint32_t blocks = aloft_get_le32(request->payload + 4);
    uint32_t block_size = aloft_get_le32(request->payload + 8);
    uint32_t addr = aloft_get_le32(request->payload + 12);
    drop_write(loader);
    bool encrypt = request->len >= BEGIN_ENCRYPTED + 4 &&
                   aloft_get_le32(request->payload + BEGIN_ENCRYPTED) != 0;
    if (encrypt && (loader->port->crypt == NULL || kind != ALOFT_LOADER_PLAIN)) {
        return UNKNOWN;
    }
    if (!in_flash(loader, addr, size)) {
        return BAD_RANGE;
    }
    write->kind = kind;
    write->encrypt = encrypt;
    write->addr = addr;
    write->size = size;
    write->block_size = block_size;
    write->erased_to = addr / SECTOR * SECTOR;
    uint64_t padded = (uint64_t)blocks * block_size;
    uint32_t room = loader->port->flash->geometry.size - addr;
    bool whole_blocks = kind == ALOFT_LOADER_PLAIN && !loader->stub;
    write->limit = !whole_blocks ? size : padded < room ? (uint32_t)padded : room;
    if (kind == ALOFT_LOADER_DEFLATED) {
        write->inflating = inflateInit(&write->stream) == Z_OK;
        if (!write->inflating) {
            return NO_INFLATE;
        }
    }
    return loader->stub ? FINE : erase_ahead(loader, addr + size);
}

static enum fault flash_begin(struct aloft_loader *loader,
                              const struct aloft_serial_packet *request, struct answer *answer)
{
    (void)answer;
    return begin(loader, request, ALOFT_LOADER_PLAIN);
}

static enum fault defl_begin(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                             struct answer *answer)
{
    (void)answer;
    return begin(loader, request, ALOFT_LOADER_DEFLATED);
}

// The head of a *_DATA request against what came and what was begun.
static enum fault check_data(const struct aloft_loader *loader,
                             const struct aloft_serial_packet *request, enum aloft_loader_kind kind)
{
    uint32_t len = request->len - ALOFT_SERIAL_DATA_HEADER;
    if (aloft_get_le32(request->payload) != len) {
        return BAD_LENGTH;
    }
    if (aloft_serial_check(request->payload + ALOFT_SERIAL_DATA_HEADER, len) != request->value) {
        return BAD_CHECK;
    }
    return loader->write.kind == kind ? FINE : NOT_BEGUN;
}

// A block lies where its sequence number says, so one that the host sends again, because our answer
// was lost, does no harm.
static enum fault take_block(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                             const struct aloft_flash *flash)
{
    struct aloft_loader_write *write = &loader->write;
    uint32_t len = request->len - ALOFT_SERIAL_DATA_HEADER;
    uint64_t off = (uint64_t)aloft_get_le32(request->payload + 4) * write->block_size;
    enum fault fault = check_data(loader, request, ALOFT_LOADER_PLAIN);
    if (fault != FINE) {
        return fault;
    }
    if (len > write->block_size) {
        return BAD_BLOCK;
    }
    if (off >= write->limit) {
        return TOO_LONG;
    }
    uint32_t start = (uint32_t)off;
    uint32_t n = len < write->limit - start ? len : write->limit - start; // the rest is padding
    fault = loader->stub ? erase_ahead(loader, write->addr + start + n) : FINE;
    if (fault == FINE) {
        fault = program(loader, flash, write->addr + start,
                        request->payload + ALOFT_SERIAL_DATA_HEADER, n);
    }
    if (fault == FINE && write->done < start + n) {
        write->done = start + n;
    }
    return fault;
}

static enum fault flash_data(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                             struct answer *answer)
{
    (void)answer;
    const struct aloft_loader_port *port = loader->port;
    return take_block(loader, request, loader->write.encrypt ? port->crypt : port->flash);
}

// As a chip, a board without encryption writes noise then; ours says that it cannot.
static enum fault flash_encrypt(struct aloft_loader *loader,
                                const struct aloft_serial_packet *request, struct answer *answer)
{
    (void)answer;
    return loader->port->crypt != NULL ? take_block(loader, request, loader->port->crypt) : UNKNOWN;
}

static enum fault take_inflated(struct aloft_loader *loader, uint32_t len)
{
    struct aloft_loader_write *write = &loader->write;
    if (len > write->limit - write->done) {
        return TOO_LONG;
    }
    uint32_t addr = write->addr + write->done;
    enum fault fault = erase_ahead(loader, addr + len);
    if (fault == FINE) {
        fault = program(loader, loader->port->flash, addr, loader->piece, len);
    }
    write->done += len;
    return fault;
}

static enum fault inflate_all(struct aloft_loader *loader, const uint8_t *data, uint32_t len)
{
    struct aloft_loader_write *write = &loader->write;
    enum fault fault = FINE;
    write->stream.next_in = data;
    write->stream.avail_in = len;
    do {
        write->stream.next_out = loader->piece;
        write->stream.avail_out = sizeof loader->piece;
        int result = inflate(&write->stream, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            return NO_INFLATE;
        }
        write->inflated = result == Z_STREAM_END;
        fault = take_inflated(loader, (uint32_t)sizeof loader->piece - write->stream.avail_out);
    } while (fault == FINE && !write->inflated && write->stream.avail_out == 0);
    return fault;
}

// A deflated block is part of a stream: a repeated one must not be taken twice.
static enum fault defl_data(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                            struct answer *answer)
{
    struct aloft_loader_write *write = &loader->write;
    uint32_t seq = aloft_get_le32(request->payload + 4);
    enum fault fault = check_data(loader, request, ALOFT_LOADER_DEFLATED);
    (void)answer;
    if (fault != FINE) {
        return fault;
    }
    if (write->next_seq > 0 && seq == write->next_seq - 1) {
        return FINE;
    }
    if (seq != write->next_seq || write->inflated) {
        return BAD_BLOCK;
    }
    fault = inflate_all(loader, request->payload + ALOFT_SERIAL_DATA_HEADER,
                        request->len - ALOFT_SERIAL_DATA_HEADER);
    if (fault != FINE) {
        drop_write(loader); // the stream cannot go on
        return fault;
    }
    write->next_seq++;
    return FINE;
}

static void leave_stub(struct aloft_loader *loader)
{
    loader->stub = false;
    loader->chip.baud = ALOFT_LOADER_BAUD;
    loader->port->set_baud(loader->port->ctx, 0);
}

// 0: restart; 1: go on (stub) or run what is in flash (ROM). The stub's restart ends in the ROM.
static enum fault flash_end(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                            struct answer *answer)
{
    const struct aloft_loader_write *write = &loader->write;
    bool short_of = write->kind != ALOFT_LOADER_RAM && write->done < write->size;
    bool restart = aloft_get_le32(request->payload) == 0;
    if (loader->stub && write->kind == ALOFT_LOADER_NOTHING) {
        return NOT_BEGUN;
    }
    drop_write(loader);
    if (loader->stub && short_of) {
        return TOO_SHORT;
    }
    if (!loader->stub) {
        loader->wish = ALOFT_LOADER_BOOTS; // once this is answered
    } else if (restart) {
        answer->then = leave_stub;
    }
    return FINE;
}

// --- RAM

static enum fault mem_begin(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                            struct answer *answer)
{
    uint32_t size = aloft_get_le32(request->payload);
    uint32_t addr = aloft_get_le32(request->payload + 12);
    (void)answer;
    drop_write(loader);
    if (!aloft_loader_chip_is_ram(addr, size)) {
        return BAD_RANGE;
    }
    loader->write.kind = ALOFT_LOADER_RAM;
    loader->write.limit = size;
    return FINE;
}

// The program is for another CPU: its bytes are checked and counted, and not kept.
static enum fault mem_data(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                           struct answer *answer)
{
    uint32_t len = request->len - ALOFT_SERIAL_DATA_HEADER;
    enum fault fault = check_data(loader, request, ALOFT_LOADER_RAM);
    (void)answer;
    if (fault == FINE && len > loader->write.limit - loader->write.done) {
        fault = TOO_LONG;
    }
    if (fault == FINE && aloft_get_le32(request->payload + 4) == loader->write.next_seq) {
        loader->write.next_seq++;
        loader->write.done += len;
    }
    return fault;
}

static void start_stub(struct aloft_loader *loader)
{
    static const uint8_t greeting[] = {'O', 'H', 'A', 'I'};
    loader->stub = true;
    send_body(loader, greeting, sizeof greeting);
}

// Execute when the first word is 0, at the address in the second.
static enum fault mem_end(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                          struct answer *answer)
{
    if (loader->write.kind != ALOFT_LOADER_RAM) {
        return NOT_BEGUN;
    }
    drop_write(loader);
    if (aloft_get_le32(request->payload) == 0) {
        answer->then = start_stub;
    }
    return FINE;
}

// --- the rest

static enum fault synchronize(struct aloft_loader *loader,
                              const struct aloft_serial_packet *request, struct answer *answer)
{
    uint8_t want[ALOFT_SERIAL_SYNC_LEN];
    aloft_serial_sync(want);
    if (request->len != sizeof want || memcmp(request->payload, want, sizeof want) != 0) {
        return BAD_LENGTH;
    }
    answer->value = loader->stub ? 0 : SYNC_VALUE;
    for (int i = 1; i < SYNC_ANSWERS; i++) {
        reply(loader, request->op, FINE, answer);
    }
    return FINE;
}

static enum fault write_reg(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                            struct answer *answer)
{
    (void)answer;
    if (request->len % REG_RECORD != 0) {
        return BAD_LENGTH;
    }
    for (const uint8_t *p = request->payload; p < request->payload + request->len;
         p += REG_RECORD) {
        aloft_loader_chip_write(&loader->chip, aloft_get_le32(p), aloft_get_le32(p + 4),
                                aloft_get_le32(p + 8));
    }
    return FINE;
}

static enum fault read_reg(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                           struct answer *answer)
{
    answer->value = aloft_loader_chip_read(&loader->chip, aloft_get_le32(request->payload));
    return FINE;
}

// The flash is attached and its size known without being told.
static enum fault accept(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                         struct answer *answer)
{
    (void)loader;
    (void)request;
    (void)answer;
    return FINE;
}

static enum fault read_slow(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                            struct answer *answer)
{
    struct aloft_flash_view view = whole(loader);
    uint32_t addr = aloft_get_le32(request->payload);
    uint32_t len = aloft_get_le32(request->payload + 4);
    if (len > SLOW_READ_MAX || !in_flash(loader, addr, len)) {
        return BAD_RANGE;
    }
    answer->len = SLOW_READ_MAX;
    return aloft_flash_read(&view, addr, answer->body, len) == ALOFT_OK ? FINE : NO_FLASH;
}

// Only what comes in is heard at a speed, so it may change before the answer is on its way.
static enum fault change_baud(struct aloft_loader *loader,
                              const struct aloft_serial_packet *request, struct answer *answer)
{
    uint32_t baud = aloft_get_le32(request->payload);
    (void)answer;
    if (baud == 0) {
        return BAD_LENGTH;
    }
    loader->chip.baud = baud;
    loader->port->set_baud(loader->port->ctx, baud);
    return FINE;
}

static enum fault flash_md5(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                            struct answer *answer)
{
    uint32_t addr = aloft_get_le32(request->payload);
    uint32_t len = aloft_get_le32(request->payload + 4);
    uint8_t md5[ALOFT_MD5_LEN];
    if (!in_flash(loader, addr, len)) {
        return BAD_RANGE;
    }
    enum fault fault = hash(loader, addr, len, md5);
    if (loader->stub) {
        memcpy(answer->body, md5, sizeof md5);
    } else {
        aloft_hex_emit(md5, sizeof md5, (char *)answer->body);
    }
    answer->len = loader->stub ? sizeof md5 : HEX_LEN;
    return fault;
}

static enum fault erase_flash(struct aloft_loader *loader,
                              const struct aloft_serial_packet *request, struct answer *answer)
{
    (void)request;
    (void)answer;
    drop_write(loader);
    return erase(loader, 0, loader->port->flash->geometry.size);
}

static enum fault erase_region(struct aloft_loader *loader,
                               const struct aloft_serial_packet *request, struct answer *answer)
{
    uint32_t addr = aloft_get_le32(request->payload);
    uint32_t len = aloft_get_le32(request->payload + 4);
    (void)answer;
    if (addr % SECTOR != 0 || len % SECTOR != 0 || !in_flash(loader, addr, len)) {
        return BAD_RANGE;
    }
    return erase(loader, addr, addr + len);
}

static enum fault run_user_code(struct aloft_loader *loader,
                                const struct aloft_serial_packet *request, struct answer *answer)
{
    (void)request;
    (void)answer;
    loader->wish = ALOFT_LOADER_BOOTS; // once this is answered
    return FINE;
}

// --- READ_FLASH: blocks go out while less than a window of bytes is unacknowledged; the MD5 is
// last. Hosts think that the window counts blocks, and ask for 64, but every stub counts bytes: one
// block is on the way at a time.

static void finish_read(struct aloft_loader *loader)
{
    uint8_t md5[ALOFT_MD5_LEN];
    loader->read.active = false;
    if (loader->port->crypto->hash_finish(&loader->read.md5, md5) == ALOFT_OK) {
        send_body(loader, md5, sizeof md5);
    }
}

static void go_on_reading(struct aloft_loader *loader)
{
    struct aloft_loader_read *read = &loader->read;
    struct aloft_flash_view view = whole(loader);
    while (read->sent < read->len && read->sent - read->acked < read->window) {
        uint32_t n = read->len - read->sent < read->block ? read->len - read->sent : read->block;
        if (aloft_flash_read(&view, read->addr + read->sent, loader->piece, n) != ALOFT_OK ||
            loader->port->crypto->hash_feed(&read->md5, loader->piece, n) != ALOFT_OK) {
            read->active = false; // the host gets no more data, as from a real stub
            return;
        }
        send_body(loader, loader->piece, n);
        read->sent += n;
    }
    if (read->acked == read->len) {
        finish_read(loader);
    }
}

static enum fault read_flash(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                             struct answer *answer)
{
    struct aloft_loader_read *read = &loader->read;
    uint32_t block = aloft_get_le32(request->payload + 8);
    loader->port->crypto->hash_drop(&read->md5); // of a read that the host has left
    memset(read, 0, sizeof *read);
    read->addr = aloft_get_le32(request->payload);
    read->len = aloft_get_le32(request->payload + 4);
    read->block = block;
    read->window = aloft_get_le32(request->payload + 12);
    if (!in_flash(loader, read->addr, read->len) || read->window == 0 || block == 0 ||
        block > sizeof loader->piece ||
        loader->port->crypto->hash_init(&read->md5, ALOFT_HASH_MD5) != ALOFT_OK) {
        return BAD_RANGE;
    }
    read->active = true;
    answer->then = go_on_reading;
    return FINE;
}

// Four bytes: how many have arrived. Anything else ends the read.
static void take_ack(struct aloft_loader *loader, uint32_t acked)
{
    struct aloft_loader_read *read = &loader->read;
    if (acked > read->sent || acked < read->acked) {
        read->active = false;
        return;
    }
    read->acked = acked;
    go_on_reading(loader);
}

// --- requests

static const struct handler {
    uint8_t op;
    bool rom; // the ROM knows it; the stub knows all but READ_FLASH_SLOW
    uint8_t len_min;
    enum fault (*run)(struct aloft_loader *loader, const struct aloft_serial_packet *request,
                      struct answer *answer);
} handlers[] = {
    {ALOFT_SERIAL_FLASH_BEGIN, true, 16, flash_begin},
    {ALOFT_SERIAL_FLASH_DATA, true, ALOFT_SERIAL_DATA_HEADER, flash_data},
    {ALOFT_SERIAL_FLASH_END, true, 4, flash_end},
    {ALOFT_SERIAL_MEM_BEGIN, true, 16, mem_begin},
    {ALOFT_SERIAL_MEM_END, true, 8, mem_end},
    {ALOFT_SERIAL_MEM_DATA, true, ALOFT_SERIAL_DATA_HEADER, mem_data},
    {ALOFT_SERIAL_SYNC, true, ALOFT_SERIAL_SYNC_LEN, synchronize},
    {ALOFT_SERIAL_WRITE_REG, true, REG_RECORD, write_reg},
    {ALOFT_SERIAL_READ_REG, true, 4, read_reg},
    {ALOFT_SERIAL_SPI_SET_PARAMS, true, 24, accept},
    {ALOFT_SERIAL_SPI_ATTACH, true, 4, accept},
    {ALOFT_SERIAL_READ_FLASH_SLOW, true, 8, read_slow},
    {ALOFT_SERIAL_CHANGE_BAUD, true, 8, change_baud},
    {ALOFT_SERIAL_DEFL_BEGIN, true, 16, defl_begin},
    {ALOFT_SERIAL_DEFL_DATA, true, ALOFT_SERIAL_DATA_HEADER, defl_data},
    {ALOFT_SERIAL_DEFL_END, true, 4, flash_end},
    {ALOFT_SERIAL_FLASH_MD5, true, 16, flash_md5},
    {ALOFT_SERIAL_ERASE_FLASH, false, 0, erase_flash},
    {ALOFT_SERIAL_ERASE_REGION, false, 8, erase_region},
    {ALOFT_SERIAL_READ_FLASH, false, 16, read_flash},
    {ALOFT_SERIAL_RUN_USER_CODE, false, 0, run_user_code},
    {ALOFT_SERIAL_FLASH_ENCRYPT, false, ALOFT_SERIAL_DATA_HEADER, flash_encrypt},
};

static const struct handler *find_handler(const struct aloft_loader *loader, uint8_t op)
{
    for (size_t i = 0; i < COUNT(handlers); i++) {
        bool known = loader->stub ? op != ALOFT_SERIAL_READ_FLASH_SLOW : handlers[i].rom;
        if (handlers[i].op == op && known) {
            return &handlers[i];
        }
    }
    return NULL;
}

static void take_request(struct aloft_loader *loader, const struct aloft_serial_packet *request)
{
    const struct handler *handler = find_handler(loader, request->op);
    struct answer answer = {0};
    enum fault fault = handler == NULL                   ? UNKNOWN
                       : request->len < handler->len_min ? BAD_LENGTH
                                                         : handler->run(loader, request, &answer);
    reply(loader, request->op, fault, &answer);
    if (fault == FINE && answer.then != NULL) {
        answer.then(loader);
    }
}

static void take_body(struct aloft_loader *loader, const uint8_t *body, uint32_t len)
{
    struct aloft_serial_packet request;
    if (loader->read.active && len == 4) {
        take_ack(loader, aloft_get_le32(body));
        return;
    }
    if (aloft_serial_parse(body, len, &request) && request.direction == ALOFT_SERIAL_REQUEST) {
        loader->read.active = false; // a host that asks for something else has given up
        take_request(loader, &request);
    }
}

void aloft_loader_init(struct aloft_loader *loader, const struct aloft_loader_port *port)
{
    memset(loader, 0, sizeof *loader);
    loader->port = port;
    aloft_loader_chip_init(&loader->chip, port->flash->geometry.size);
    aloft_serial_reader_init(&loader->reader, loader->body, sizeof loader->body);
}

enum aloft_loader_wish aloft_loader_feed(struct aloft_loader *loader, const uint8_t *bytes,
                                         uint32_t len)
{
    for (uint32_t i = 0; i < len && loader->wish == ALOFT_LOADER_STAYS; i++) {
        if (aloft_serial_feed(&loader->reader, bytes[i])) {
            take_body(loader, loader->reader.body, loader->reader.len);
        }
    }
    return loader->wish;
}

void aloft_loader_release(struct aloft_loader *loader)
{
    drop_write(loader);
}
