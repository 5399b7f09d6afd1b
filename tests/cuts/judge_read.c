// The judge's own reader of flash. Written from docs/SPEC.md, not from core: simple rather than
// small, over bytes that are all in memory.
#include "judge.h"
#include "judge_checkpoints.h"
#include <mbedtls/sha256.h>
#include <string.h>

enum {
    TABLE = 0x8000,
    ROW = 32,
    ROWS = 96,
    SECTOR = 0x1000,
    NOTES = 256,
    NOTE = 32,
    NOTES_MAX = 120,
    INTENT = 1,
    VALID = 2,
    BLAMELESS = 0x100,
};

#define UNDEFINED 0xFFFFFFFFu

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

// CRC-32 as zlib has it, four bits at a time.
uint32_t judge_crc32(uint32_t crc, const uint8_t *p, uint32_t len)
{
    static const uint32_t table[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC,
                                       0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                       0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                       0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    crc = ~crc;
    for (uint32_t i = 0; i < len; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

// Reads as erased cells do. Of a chip that encrypts that is noise, and only the judge knows it.
static bool blank(const struct judge *judge, const uint8_t *bytes, uint32_t addr, uint32_t len)
{
    return memcmp(bytes + addr, judge->erased + addr, len) == 0;
}

// The length of the image that starts at p, by its headers; 0 when they make no sense.
static uint32_t image_end(const uint8_t *p, uint32_t room, uint8_t *checksum)
{
    uint32_t off = 24;
    *checksum = 0xEF;
    if (room < off || p[0] != 0xE9 || p[1] == 0 || p[1] > 16) {
        return 0;
    }
    for (uint32_t i = 0; i < p[1]; i++) {
        if (room - off < 8 || word(p + off + 4) > room - off - 8) {
            return 0;
        }
        uint32_t len = word(p + off + 4);
        for (uint32_t k = 0; k < len; k++) {
            *checksum ^= p[off + 8 + k];
        }
        off += 8 + len;
    }
    return off / 16 * 16 + 16;
}

// A whole image has the right checksum and carries the right SHA-256.
static bool whole(const uint8_t *p, uint32_t room)
{
    uint8_t checksum;
    uint8_t digest[32];
    uint32_t end = image_end(p, room, &checksum);
    if (end == 0 || end + 32 > room || p[23] != 1 || p[end - 1] != checksum) {
        return false;
    }
    return mbedtls_sha256_ret(p, end, digest, 0) == 0 && memcmp(digest, p + end, 32) == 0;
}

// A slot that equals a published image byte for byte holds that version; published images were
// found whole when they were made. Anything else is looked at closely. What is barred must not run,
// so it counts as no image.
static int version_in(const struct judge *judge, const uint8_t *p, uint32_t room)
{
    for (int v = 1; v <= judge->versions; v++) {
        const struct judge_artifact *artifact = &judge->artifacts[v];
        if (artifact->len <= room && memcmp(p, artifact->bytes, artifact->len) == 0) {
            return (judge->barred >> v & 1) == 0 ? v : 0;
        }
    }
    return !judge->is_signed && whole(p, room) ? JUDGE_UNKNOWN : 0;
}

static void read_row(const struct judge *judge, const uint8_t *row, struct judge_facts *facts)
{
    struct judge_slot slot = {word(row + 4), word(row + 8), 0};
    if (slot.addr > judge->size || slot.len > judge->size - slot.addr) {
        facts->table = false;
    } else if (row[2] == 1 && row[3] == 0) {
        facts->otadata = slot.addr;
    } else if (row[2] == 0 && row[3] == 0) {
        facts->slots[JUDGE_FACTORY] = slot;
    } else if (row[2] == 0 && (row[3] & 0xF0) == 0x10) {
        facts->slots[row[3] & 15] = slot;
        facts->ota_count++;
    }
}

static void read_table(const struct judge *judge, const uint8_t *bytes, struct judge_facts *facts)
{
    facts->table = true;
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint8_t *row = bytes + TABLE + i * ROW;
        if (row[0] == 0xFF && row[1] == 0xFF) {
            facts->table = facts->table && i > 0;
            return;
        }
        if (row[0] == 0xAA && row[1] == 0x50) {
            read_row(judge, row, facts);
        } else if (row[0] != 0xEB || row[1] != 0xEB) {
            break;
        }
    }
    facts->table = false;
}

static void read_record(const uint8_t *p, uint32_t ota_count, struct judge_record *record)
{
    record->seq = word(p);
    record->state = word(p + 24);
    record->sound = record->seq != 0 && record->seq != 0xFFFFFFFF && ota_count > 0 &&
                    word(p + 28) == judge_crc32(0xFFFFFFFF, p, 4);
    record->slot = record->sound ? (int)((record->seq - 1) % ota_count) : JUDGE_NOWHERE;
}

static bool usable(const struct judge_record *record)
{
    return record->sound && (record->state <= VALID || record->state == UNDEFINED);
}

static bool whole_note(const uint8_t *p)
{
    return memcmp(p, "ANOT", 4) == 0 && word(p + 28) == judge_crc32(0, p, 28);
}

// True when the last note of a sector announces something and none follows that closes it.
static bool open_note(const struct judge *judge, const uint8_t *bytes, uint32_t addr, bool sound)
{
    const uint8_t *sector = bytes + addr;
    const uint8_t *last = NULL;
    if (!sound && !whole_note(sector + NOTES)) {
        return false; // such a sector's notes are not to be believed
    }
    for (uint32_t i = 0; i < NOTES_MAX && !blank(judge, bytes, addr + NOTES + i * NOTE, NOTE);
         i++) {
        const uint8_t *note = sector + NOTES + i * NOTE;
        last = whole_note(note) ? note : last;
    }
    return last != NULL && (word(last + 4) & ~(uint32_t)BLAMELESS) == INTENT;
}

static void select_slot(struct judge_facts *facts)
{
    const struct judge_record *records = facts->records;
    facts->active = usable(&records[0]) ? 0 : JUDGE_NOWHERE;
    if (usable(&records[1]) && (facts->active < 0 || records[1].seq > records[0].seq)) {
        facts->active = 1;
    }
    if (facts->active >= 0) {
        facts->selected = records[facts->active].slot;
    } else if (facts->slots[JUDGE_FACTORY].len != 0) {
        facts->selected = JUDGE_FACTORY;
    } else {
        facts->selected = facts->ota_count > 0 ? 0 : JUDGE_NOWHERE;
    }
}

void judge_read(const struct judge *judge, const uint8_t *bytes, struct judge_facts *facts)
{
    memset(facts, 0, sizeof *facts);
    facts->active = JUDGE_NOWHERE;
    facts->selected = JUDGE_NOWHERE;
    facts->progress = true;
    read_table(judge, bytes, facts);
    if (!facts->table) {
        return;
    }
    for (int i = 0; i < JUDGE_SLOTS; i++) {
        struct judge_slot *slot = &facts->slots[i];
        slot->version = slot->len == 0 ? 0 : version_in(judge, bytes + slot->addr, slot->len);
        facts->progress =
            facts->progress &&
            (slot->len == 0 || judge_checkpoints_are_so(judge, bytes + slot->addr, slot->len));
    }
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t sector = facts->otadata + i * SECTOR;
        read_record(bytes + sector, facts->ota_count, &facts->records[i]);
        facts->open_note =
            open_note(judge, bytes, sector, facts->records[i].sound) || facts->open_note;
    }
    select_slot(facts);
}
