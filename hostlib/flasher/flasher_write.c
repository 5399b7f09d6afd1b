// Writing: the stream is cut into blocks, each is sent until the chip has taken it, and at the end
// the chip's MD5 decides. A lost reply leaves it open whether the chip took the block; a repeated
// block of a compressed stream would break it, and then the MD5 or the chip's decompressor says so,
// and the whole write is begun again.
#include "aloft/base/bytes.h"
#include "aloft/base/hash.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flasher/flasher.h"
#include "hostlib/flasher/flasher_link.h"
#include "hostlib/flasher/flasher_time.h"
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { BEST = 9, MISSING_FF = 0xFF };

// A write under way. stream is what is sent: the data, or the data compressed.
struct job {
    uint32_t addr;
    const uint8_t *data;
    uint32_t len;
    bool plain;
    const uint8_t *stream;
    uint32_t stream_len;
    uint32_t block;
    z_stream inflater; // knows how much of the data each block makes, as the chip must
};

static void tell(struct aloft_flasher *flasher, uint32_t done, uint32_t total)
{
    if (flasher->progress != NULL) {
        flasher->progress(flasher->ctx, done, total);
    }
}

static bool begin(struct aloft_flasher *flasher, const struct job *job)
{
    uint32_t rounded = (job->len + job->block - 1) / job->block * job->block;
    uint32_t size = flasher->stub ? job->len : rounded; // the ROM counts whole blocks
    uint32_t blocks = (job->stream_len + job->block - 1) / job->block;
    const uint32_t words[] = {size, blocks, job->block, job->addr, 0};
    uint8_t op = job->plain ? ALOFT_SERIAL_FLASH_BEGIN : ALOFT_SERIAL_DEFL_BEGIN;
    return aloft_flasher_ask_words(flasher, op, words, flasher->chip->info->rom_long_begin ? 5 : 4,
                                   aloft_flasher_time_ms(ALOFT_FLASHER_ERASE_S, rounded));
}

// Bytes of data that a block of the stream makes.
static uint32_t yield_of(struct job *job, const uint8_t *piece, uint32_t len)
{
    uint8_t scrap[4096];
    uint32_t made = 0;
    if (job->plain) {
        return len;
    }
    job->inflater.next_in = piece;
    job->inflater.avail_in = len;
    do {
        job->inflater.next_out = scrap;
        job->inflater.avail_out = sizeof scrap;
        if (inflate(&job->inflater, Z_NO_FLUSH) < 0) {
            break; // Z_BUF_ERROR: all input is used up
        }
        made += (uint32_t)sizeof scrap - job->inflater.avail_out;
    } while (job->inflater.avail_in > 0 || job->inflater.avail_out == 0);
    return made;
}

// Sends one block until the chip has taken it. False when it never did.
static bool send_block(struct aloft_flasher *flasher, const struct job *job, uint32_t seq,
                       uint32_t makes)
{
    uint32_t off = seq * job->block;
    uint32_t len = job->stream_len - off < job->block ? job->stream_len - off : job->block;
    uint32_t sent = job->plain ? job->block : len;
    uint8_t *data = flasher->payload + ALOFT_SERIAL_DATA_HEADER;
    const struct aloft_flasher_request request = {
        .op = job->plain ? ALOFT_SERIAL_FLASH_DATA : ALOFT_SERIAL_DEFL_DATA,
        .payload = flasher->payload,
        .len = (uint16_t)(ALOFT_SERIAL_DATA_HEADER + sent),
        .check = 0,
        .timeout_ms = aloft_flasher_time_ms(ALOFT_FLASHER_ERASE_S, makes)};
    struct aloft_flasher_request checked = request;
    memset(flasher->payload, 0, ALOFT_SERIAL_DATA_HEADER);
    aloft_put_le32(flasher->payload, sent);
    aloft_put_le32(flasher->payload + 4, seq);
    memcpy(data, job->stream + off, len);
    memset(data + len, MISSING_FF, sent - len);
    checked.check = aloft_serial_check(data, sent);
    for (int i = 0; i < ALOFT_FLASHER_TRIES; i++) {
        enum aloft_flasher_answer answer = aloft_flasher_ask(flasher, &checked, NULL);
        if (answer == ALOFT_FLASHER_YES) {
            return true;
        }
        if (answer != ALOFT_FLASHER_LOST && answer != ALOFT_FLASHER_BAD_CHECK) {
            return false;
        }
    }
    return false;
}

static bool send_all(struct aloft_flasher *flasher, struct job *job)
{
    uint32_t done = 0;
    tell(flasher, 0, job->len);
    for (uint32_t seq = 0; seq * job->block < job->stream_len; seq++) {
        uint32_t off = seq * job->block;
        uint32_t len = job->stream_len - off < job->block ? job->stream_len - off : job->block;
        uint32_t makes = yield_of(job, job->stream + off, len);
        if (!send_block(flasher, job, seq, makes)) {
            return false;
        }
        done += makes;
        tell(flasher, done, job->len);
    }
    return true;
}

static bool verify(struct aloft_flasher *flasher, const struct job *job)
{
    uint8_t want[ALOFT_MD5_LEN];
    uint8_t have[ALOFT_MD5_LEN];
    if (flasher->secure_download) {
        return true; // the chip will not say what is in its flash
    }
    if (aloft_hash_of(&aloft_mbed_crypto, ALOFT_HASH_MD5, job->data, job->len, want) != ALOFT_OK) {
        return aloft_message_set(&flasher->error, "cannot compute an MD5");
    }
    if (!aloft_flasher_md5(flasher, job->addr, job->len, have)) {
        return false;
    }
    return memcmp(want, have, sizeof want) == 0 ||
           aloft_message_set(&flasher->error,
                             "what is in the flash of %s at 0x%x is not what was written; the "
                             "flash may be worn out or write protected",
                             flasher->line->name, (unsigned)job->addr);
}

static bool write_once(struct aloft_flasher *flasher, struct job *job)
{
    if (!job->plain && inflateReset(&job->inflater) != Z_OK) {
        return aloft_message_set(&flasher->error, "out of memory");
    }
    return begin(flasher, job) && send_all(flasher, job) && verify(flasher, job);
}

static bool write_some_times(struct aloft_flasher *flasher, struct job *job)
{
    for (int i = 0; i < ALOFT_FLASHER_TRIES; i++) {
        if (write_once(flasher, job)) {
            return true;
        }
        if (flasher->line->gone || flasher->silent) {
            break;
        }
    }
    return false;
}

static bool write_compressed(struct aloft_flasher *flasher, struct job *job)
{
    uLongf len = compressBound(job->len);
    uint8_t *stream = malloc(len);
    bool good = stream != NULL && compress2(stream, &len, job->data, job->len, BEST) == Z_OK &&
                inflateInit(&job->inflater) == Z_OK;
    if (!good) {
        free(stream);
        return aloft_message_set(&flasher->error, "out of memory");
    }
    job->stream = stream;
    job->stream_len = (uint32_t)len;
    good = write_some_times(flasher, job);
    (void)inflateEnd(&job->inflater); // frees memory only
    free(stream);
    return good;
}

bool aloft_flasher_write(struct aloft_flasher *flasher, uint32_t addr, const uint8_t *data,
                         uint32_t len, bool plain)
{
    struct job job = {
        .addr = addr,
        .data = data,
        .len = len,
        .plain = plain,
        .stream = data,
        .stream_len = len,
        .block = flasher->stub ? ALOFT_FLASHER_BLOCK_STUB : ALOFT_FLASHER_BLOCK_ROM,
    };
    if (len == 0 || addr % ALOFT_FLASHER_SECTOR != 0 || addr >= flasher->flash_size ||
        len > flasher->flash_size - addr) {
        return aloft_message_set(&flasher->error,
                                 "%u bytes cannot be written at 0x%x: writes begin at a multiple "
                                 "of 0x1000, and the flash ends at 0x%x",
                                 (unsigned)len, (unsigned)addr, (unsigned)flasher->flash_size);
    }
    return plain ? write_some_times(flasher, &job) : write_compressed(flasher, &job);
}
