// Builds the catalogue. An image carries its own number in the entry address, so that a checker
// finds it with one comparison; that comparison covers every byte, so the number is only a hint.
#include "sim/firmware.h"
#include "aloft/base/hash.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY      0x40080000u
#define DATA_ADDR  0x3F400020u
#define DESC_MAGIC 0xABCD5432u
#define DESC_OFF   32u
#define DESC_LEN   256u
#define SPOILED    64u // bytes that spoiled files may have more
#define SLOT_BYTES (SIM_FIRMWARE_MAX + SPOILED)
#define ARTIFACTS  (SIM_CODINGS * SIM_CODING_MAX(SLOT_BYTES))
#define TOO_LARGE  0x20000u                 // bytes, for any slot
#define ROW_BYTES  (SLOT_BYTES + ARTIFACTS) // a file and what it is given as

static void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value);
    put16(to + 2, value >> 16);
}

static uint32_t get32(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

uint32_t sim_crc32(const uint8_t *bytes, uint32_t len)
{
    uint32_t crc = 0;
    for (uint32_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
        }
    }
    return ~crc;
}

// A good image around `payload` bytes of chance. Returns its length; 0 when crypto failed.
static uint32_t build(uint8_t *out, uint32_t number, uint32_t payload, struct sim_random *random)
{
    const struct aloft_crypto *crypto = &aloft_mbed_crypto;
    uint8_t sum = 0xEF;
    uint32_t len = DESC_OFF + DESC_LEN + payload;
    for (uint32_t i = DESC_OFF + DESC_LEN; i < len; i++) {
        out[i] = (uint8_t)sim_random_next(random);
    }
    memset(out, 0, DESC_OFF + DESC_LEN);
    out[0] = 0xE9;
    out[1] = 1;
    put32(out + 4, ENTRY + number);
    out[23] = 1; // a SHA-256 is appended
    put32(out + 24, DATA_ADDR);
    put32(out + 28, DESC_LEN + payload);
    put32(out + DESC_OFF, DESC_MAGIC);
    (void)snprintf((char *)out + DESC_OFF + 16, 32, "v%u", number);
    (void)snprintf((char *)out + DESC_OFF + 48, 32, "sim");
    for (uint32_t i = DESC_OFF; i < len; i++) {
        sum ^= out[i];
    }
    while (len % 16 != 15) {
        out[len++] = 0;
    }
    out[len++] = sum;
    bool good = aloft_hash_of(crypto, ALOFT_HASH_SHA256, out, len, out + len) == ALOFT_OK;
    return good ? len + ALOFT_SHA256_LEN : 0;
}

// Makes a good image into a file of this kind; returns the file's length. No fault on the way may
// turn a spoiled file into a good one again (a proxy that mixes in another file's header did, once
// in a million updates), so its digest is wrong, too.
static uint32_t spoil(uint8_t *bytes, uint32_t len, enum sim_firmware_kind kind)
{
    if (!sim_firmware_is_image(kind)) {
        bytes[len - 1] ^= 0xFF;
        bytes[len - 2] ^= 0xFF;
    }
    switch (kind) {
    case SIM_WRONG_CHIP:
        put16(bytes + 12, 5);
        return len;
    case SIM_NO_IMAGE:
        memcpy(bytes, "PK\3\4", 4);
        return len;
    case SIM_CUT_SHORT:
        return len - len / 4;
    case SIM_TRAILING:
        memset(bytes + len, 0x55, SPOILED);
        return len + SPOILED;
    default:
        return len;
    }
}

// Half of the catalogue is good firmware; the other kinds share the rest equally.
static enum sim_firmware_kind kind_of(uint32_t number)
{
    return number % 2 == 0 ? SIM_FINE : (enum sim_firmware_kind)(1 + number / 2 % (SIM_KINDS - 1));
}

// Mostly 1 to 3 KB; every third is long enough for checkpoints.
static uint32_t payload_of(uint32_t number, struct sim_random *random)
{
    uint32_t words = number / 2 % 3 == 2 ? sim_random_between(random, 1000, 2900)
                                         : sim_random_between(random, 100, 650);
    return words * 4;
}

// Artifacts follow their files, one after the other. A file that is too large is only declared so
// by its server; what stages make of its artifact really is. buffer: zeros, with room for both.
static void make_artifacts(struct sim_firmware *firmware, uint8_t *to, uint8_t *buffer)
{
    bool large = firmware->kind == SIM_TOO_LARGE;
    memcpy(buffer, firmware->bytes, firmware->len);
    for (uint32_t i = 0; i < SIM_CODINGS; i++) {
        uint32_t len = large && i > 0 ? TOO_LARGE : firmware->len;
        len = sim_coding_make(i, buffer, len, to);
        firmware->artifact[i] = (struct sim_artifact){len, large && i == 0 ? TOO_LARGE : len, to};
        to += len;
    }
    memset(buffer, 0, firmware->len);
}

bool sim_catalogue_open(struct sim_catalogue *catalogue, uint64_t seed)
{
    struct sim_random random = {seed};
    uint8_t *buffer = calloc(1, TOO_LARGE);
    catalogue->memory = buffer != NULL ? malloc((size_t)SIM_FIRMWARE_COUNT * ROW_BYTES) : NULL;
    bool good = catalogue->memory != NULL;
    for (uint32_t i = 0; good && i < SIM_FIRMWARE_COUNT; i++) {
        struct sim_firmware *firmware = &catalogue->firmware[i];
        uint8_t *bytes = catalogue->memory + (size_t)i * ROW_BYTES;
        uint32_t len = build(bytes, i, payload_of(i, &random), &random);
        good = len != 0;
        if (!good) {
            break;
        }
        firmware->kind = kind_of(i);
        firmware->len = spoil(bytes, len, firmware->kind);
        firmware->bytes = bytes;
        firmware->tag = sim_crc32(bytes, firmware->len);
        make_artifacts(firmware, bytes + SLOT_BYTES, buffer);
    }
    free(buffer);
    if (!good) {
        sim_catalogue_close(catalogue);
    }
    return good;
}

void sim_catalogue_close(struct sim_catalogue *catalogue)
{
    free(catalogue->memory);
    catalogue->memory = NULL;
}

int sim_catalogue_find(const struct sim_catalogue *catalogue, const uint8_t *bytes, uint32_t len)
{
    uint32_t number = get32(bytes + 4) - ENTRY;
    if (number >= SIM_FIRMWARE_COUNT) {
        return SIM_FIRMWARE_NONE;
    }
    const struct sim_firmware *firmware = &catalogue->firmware[number];
    bool same = sim_firmware_is_image(firmware->kind) && firmware->len <= len &&
                memcmp(bytes, firmware->bytes, firmware->len) == 0;
    return same ? (int)number : SIM_FIRMWARE_NONE;
}

int sim_catalogue_draw(const struct sim_catalogue *catalogue, struct sim_random *random,
                       enum sim_firmware_kind kind)
{
    uint32_t at = sim_random_below(random, SIM_FIRMWARE_COUNT);
    while (catalogue->firmware[at].kind != kind) {
        at = (at + 1) % SIM_FIRMWARE_COUNT;
    }
    return (int)at;
}

bool sim_firmware_is_image(enum sim_firmware_kind kind)
{
    return kind <= SIM_LOSES_CONFIRM;
}

const char *sim_firmware_name(enum sim_firmware_kind kind)
{
    static const char *const names[SIM_KINDS] = {
        "fine",       "crashes",  "hangs",     "never confirms", "loses confirm", "bad digest",
        "wrong chip", "no image", "cut short", "trailing",       "too large"};
    return names[kind];
}
