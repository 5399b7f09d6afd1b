// The judge's own reader of checkpoints. Written from docs/SPEC.md, "Checkpoints", not from core.
#include "judge_checkpoints.h"
#include <string.h>

enum {
    SECTOR = 0x1000,
    PAGE = 256,
    UNIT = 16,     // a record is a multiple of this, or of what the chip programs at least
    OPENING = 188, // bytes of the opening record before its CRC
    STAGES = 2,
    UNWRAP = 0xE001, // id of the stage that decrypts; its kept bytes are the artifact's first 512
    STAGE = 0x7000,  // the tests' own stages have ids from here on, and 8 bytes of state
};

static uint32_t word(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t half(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

// What stands in a record for each active stage.
static uint32_t point_len(uint32_t id)
{
    return id == 0 ? 0 : id == UNWRAP ? 8 + 16 : 8 + 8;
}

// Whether a record is true: everything below its byte of the image is there, and no stage is to be
// restarted behind what it is to give.
static bool record_is_so(const struct judge_sent *sent, const uint8_t *slot, const uint8_t *record,
                         const uint32_t id[STAGES], uint32_t first_len)
{
    uint32_t image = word(record);
    uint32_t wanted = image;
    uint32_t at = 4;
    uint32_t points[STAGES] = {0};
    for (int i = 0; i < STAGES; i++) {
        points[i] = at;
        at += point_len(id[i]);
    }
    for (int i = STAGES - 1; i >= 0; i--) {
        if (id[i] != 0) {
            uint32_t in = word(record + points[i]);
            uint32_t out = word(record + points[i] + 4);
            if (out > wanted || (id[i] == UNWRAP && in != out + JUDGE_SEAL)) {
                return false;
            }
            wanted = in;
        }
    }
    return image % SECTOR == 0 && image <= sent->image_len && wanted <= sent->len &&
           memcmp(slot + first_len, sent->image + first_len, image - first_len) == 0;
}

bool judge_checkpoints_are_so(const struct judge *judge, const uint8_t *slot, uint32_t len)
{
    const uint8_t *area = slot + len - SECTOR;
    const uint32_t id[STAGES] = {half(area + 20), half(area + 22)};
    uint32_t unit = judge->unit > UNIT ? judge->unit : UNIT;
    uint32_t payload = 4 + point_len(id[0]) + point_len(id[1]);
    uint32_t size = (payload + 4 + unit - 1) / unit * unit;
    uint32_t pages = 1;
    if (memcmp(area, "ACP1", 4) != 0 || word(area + OPENING) != judge_crc32(0, area, OPENING)) {
        return true; // there are none
    }
    int version = area[16] == 4 ? area[28 + 2] - '0' : 0;
    uint32_t first_len = area[17];
    if (version < 1 || version > judge->versions || first_len > 32) {
        return false;
    }
    const struct judge_sent *sent = &judge->sent[version];
    if (word(area + 4) != sent->len || memcmp(area + 156, sent->image, first_len) != 0) {
        return false;
    }
    for (int i = 0; i < STAGES; i++) {
        if (id[i] == UNWRAP) {
            if (i != 0 || memcmp(area + PAGE, sent->bytes, JUDGE_SEAL) != 0 ||
                word(area + 24) != judge_crc32(0, sent->bytes, JUDGE_SEAL)) {
                return false;
            }
            pages += JUDGE_SEAL / PAGE;
        }
    }
    for (uint32_t n = 0; n < (SECTOR / PAGE - pages) * (PAGE / size); n++) {
        const uint8_t *record =
            area + (pages + n / (PAGE / size)) * PAGE + n % (PAGE / size) * size;
        const uint8_t number[4] = {(uint8_t)(n + 1), (uint8_t)((n + 1) >> 8), 0, 0};
        uint32_t crc = judge_crc32(judge_crc32(0, record, payload), number, sizeof number);
        if (word(record + payload) == crc && !record_is_so(sent, slot, record, id, first_len)) {
            return false;
        }
    }
    return true;
}
