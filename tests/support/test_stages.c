// One machine for both: what comes in waits until it is polled, and each byte that comes out is
// made by itself, so that a point can be kept behind any of them.
#include "test_stages.h"
#include "aloft/base/bytes.h"
#include "make_image.h"
#include <string.h>

enum { PUFF_HEADER = 5, SHRINK_HEADER = 1, STATE = 8 };

static struct test_stage *of(struct aloft_stage *stage)
{
    return (struct test_stage *)(void *)stage; // its first member
}

static void begin(struct aloft_stage *base, uint32_t len, uint32_t room)
{
    struct test_stage *stage = of(base);
    const struct test_stage fresh = {
        .stage = *base, .first = stage->first, .apart = stage->apart, .mute = stage->mute};
    (void)len;
    (void)room;
    *stage = fresh;
}

static uint32_t room(const struct aloft_stage *base)
{
    const struct test_stage *stage = (const struct test_stage *)(const void *)base;
    return TEST_STAGE_IN - stage->fill;
}

static enum aloft_err sink(struct aloft_stage *base, const uint8_t *data, uint32_t len)
{
    struct test_stage *stage = of(base);
    if (!stage->decided) {
        stage->decided = true;
        stage->stage.active = data[0] == stage->first;
        stage->header = stage->first == 'P' ? PUFF_HEADER : SHRINK_HEADER;
    }
    memmove(stage->in, stage->in + stage->first_in, stage->fill);
    stage->first_in = 0;
    memcpy(stage->in + stage->fill, data, len);
    stage->fill += len;
    return ALOFT_OK;
}

static uint8_t next_byte(struct test_stage *stage)
{
    stage->fill--;
    stage->taken++;
    return stage->in[stage->first_in++];
}

// The header's bytes; true when they are all there.
static bool pass_header(struct test_stage *stage)
{
    while (stage->header > 0 && stage->fill > 0) {
        uint8_t byte = next_byte(stage);
        uint32_t at = --stage->header;
        if (at < 4 && stage->first == 'P') {
            stage->stage.gives |= (uint32_t)byte << 8 * at; // the highest first
        }
    }
    if (stage->header == 0 && stage->mute) {
        stage->stage.gives = 0;
    }
    return stage->header == 0;
}

static void keep_point(struct test_stage *stage)
{
    struct aloft_stage_point *point = &stage->point;
    if (stage->apart != 0 && stage->given < point->out + stage->apart) {
        return;
    }
    point->in = stage->taken;
    point->out = stage->given;
    memset(point->state, 0, sizeof point->state);
    aloft_put_le32(point->state, stage->run | stage->literals << 16);
    point->state[4] = stage->last;
    point->state[5] = stage->half;
}

// One byte that comes out, if there is one.
static bool puff_byte(struct test_stage *stage, uint8_t *out)
{
    while (stage->run == 0) {
        if (stage->fill == 0) {
            return false;
        }
        uint8_t byte = next_byte(stage);
        if (stage->literals > 0) {
            stage->literals--;
            stage->last = byte;
            stage->run = 1;
        } else if (byte < 0x80) {
            stage->literals = byte + 1u;
        } else {
            stage->run = byte >= 0xFE ? TEST_STAGE_RUN : byte - 0x80u + 2;
            stage->last = byte == 0xFE ? 0 : byte == 0xFF ? 0xFF : stage->last;
        }
    }
    stage->run--;
    *out = stage->last;
    return true;
}

static bool shrink_byte(struct test_stage *stage, uint8_t *out)
{
    while (stage->fill > 0) {
        uint8_t byte = next_byte(stage);
        if (stage->half == 1) {
            stage->half = 0;
            *out = (uint8_t)(stage->last << 4 | (byte & 15));
            return true;
        }
        stage->last = byte & 15;
        stage->half = 1;
    }
    return false;
}

static enum aloft_err poll(struct aloft_stage *base, uint8_t *out, uint32_t cap, uint32_t *made)
{
    struct test_stage *stage = of(base);
    *made = 0;
    if (!stage->stage.active) {
        *made = stage->fill < cap ? stage->fill : cap;
        memcpy(out, stage->in + stage->first_in, *made);
        stage->first_in += *made;
        stage->fill -= *made;
    } else if (pass_header(stage)) {
        while (*made < cap && (stage->first == 'P' ? puff_byte(stage, out + *made)
                                                   : shrink_byte(stage, out + *made))) {
            ++*made;
            stage->given++;
            keep_point(stage);
        }
    }
    return ALOFT_OK;
}

static enum aloft_err finish(struct aloft_stage *base)
{
    const struct test_stage *stage = of(base);
    bool whole = stage->header == 0 && stage->run == 0 && stage->literals == 0 && stage->half == 0;
    return whole || !stage->stage.active ? ALOFT_OK : ALOFT_ERR_IMAGE_TRUNCATED;
}

static bool point(const struct aloft_stage *base, struct aloft_stage_point *out)
{
    const struct test_stage *stage = (const struct test_stage *)(const void *)base;
    *out = stage->point;
    return stage->point.in != 0;
}

static enum aloft_err resume(struct aloft_stage *base, const struct aloft_stage_point *from)
{
    struct test_stage *stage = of(base);
    stage->decided = true;
    if (from != NULL) {
        uint32_t runs = aloft_get_le32(from->state);
        stage->point = *from;
        stage->taken = from->in;
        stage->given = from->out;
        stage->run = runs & 0xFFFF;
        stage->literals = runs >> 16;
        stage->last = from->state[4];
        stage->half = from->state[5];
    }
    return ALOFT_OK;
}

static const struct aloft_stage_ops ops = {begin, room, sink, poll, finish, point, resume};

void test_puff_init(struct test_stage *stage, struct test_stage *next)
{
    memset(stage, 0, sizeof *stage);
    stage->first = 'P';
    stage->stage = (struct aloft_stage){.ops = &ops,
                                        .row = &aloft_stage_row,
                                        .next = next != NULL ? &next->stage : NULL,
                                        .id = 0x7001,
                                        .state_len = STATE,
                                        .longer = PUFF_HEADER};
    stage->stage.longer = UINT32_MAX; // literals alone make it longer
}

void test_shrink_init(struct test_stage *stage, struct test_stage *next)
{
    test_puff_init(stage, next);
    stage->first = 'S';
    stage->stage.id = 0x7002;
}

// How often the byte at `at` is there in a row, at most `most` times.
static uint32_t same(const uint8_t *data, uint32_t len, uint32_t at, uint32_t most)
{
    uint32_t n = 1;
    while (n < most && at + n < len && data[at + n] == data[at]) {
        n++;
    }
    return n;
}

uint32_t test_puff_make(const uint8_t *data, uint32_t len, bool with_length, uint8_t *out)
{
    uint32_t n = PUFF_HEADER;
    uint32_t said = with_length ? len : 0;
    memset(out, 0, PUFF_HEADER);
    out[0] = 'P';
    for (uint32_t i = 0; i < 4; i++) {
        out[1 + i] = (uint8_t)(said >> 8 * (3 - i));
    }
    for (uint32_t at = 0; at < len;) {
        uint32_t run = same(data, len, at, TEST_STAGE_RUN);
        bool before = at > 0 && data[at] == data[at - 1] && run >= 2;
        if (run == TEST_STAGE_RUN && (data[at] == 0 || data[at] == 0xFF)) {
            out[n++] = data[at] == 0 ? 0xFE : 0xFF;
            at += run;
        } else if (before) {
            run = run < 127 ? run : 127;
            out[n++] = (uint8_t)(0x80 + run - 2);
            at += run;
        } else {
            uint32_t literals = len - at < 7 ? len - at : 1 + at % 7;
            out[n++] = (uint8_t)(literals - 1);
            memcpy(out + n, data + at, literals);
            n += literals;
            at += literals;
        }
    }
    return n;
}

uint32_t test_shrink_make(const uint8_t *data, uint32_t len, uint8_t *out)
{
    uint32_t n = 0;
    out[n++] = 'S';
    for (uint32_t i = 0; i < len; i++) {
        out[n++] = 0x40 | data[i] >> 4;
        out[n++] = 0x60 | (data[i] & 15);
    }
    return n;
}

// first, second: 'P', 'S', or 0 for none.
static const struct {
    char first;
    char second;
    uint16_t first_apart;
    uint16_t second_apart;
    bool mute;
} rows[TEST_ROWS] = {
    {'P', 0, 0, 0, false},  {'P', 0, 0, 0, true},       {'P', 0, 1500, 0, false},
    {'S', 0, 0, 0, false},  {'S', 0, 999, 0, true},     {'P', 'S', 0, 0, false},
    {'S', 'P', 0, 0, true}, {'S', 'P', 0, 2222, false}, {'P', 'S', 700, 3000, true},
};

static void init(struct test_stage *stage, char kind, struct test_stage *next)
{
    if (kind == 'P') {
        test_puff_init(stage, next);
    } else {
        test_shrink_init(stage, next);
    }
}

struct aloft_stage *test_row_init(struct test_row *row, uint32_t kind)
{
    struct test_stage *second = rows[kind].second != 0 ? &row->stages[1] : NULL;
    init(&row->stages[0], rows[kind].first, second);
    row->stages[0].apart = rows[kind].first_apart;
    row->stages[0].mute = rows[kind].mute;
    if (second != NULL) {
        init(second, rows[kind].second, NULL);
        second->apart = rows[kind].second_apart;
        second->mute = rows[kind].mute;
    }
    return &row->stages[0].stage;
}

static uint32_t make(char kind, const uint8_t *data, uint32_t len, uint8_t *out)
{
    return kind == 'P' ? test_puff_make(data, len, true, out) : test_shrink_make(data, len, out);
}

uint32_t test_row_make(uint32_t kind, const uint8_t *image, uint32_t len, uint8_t *out)
{
    static uint8_t between[0x10000];
    if (rows[kind].second == 0) {
        return make(rows[kind].first, image, len, out);
    }
    uint32_t n = make(rows[kind].second, image, len, between);
    return make(rows[kind].first, between, n, out);
}

uint32_t test_row_image(uint8_t *bytes, uint32_t cap, uint32_t sectors)
{
    static const uint8_t zeros[0x3000];
    struct make_image image;
    make_image_begin(&image, bytes, cap);
    make_image_app(&image, "2", "test", 256);
    make_image_segment(&image, 0x3FFB0000, NULL, 400);
    make_image_segment(&image, 0x3FFB1000, zeros, sectors * 2048);
    make_image_segment(&image, 0x3FFB8000, NULL, sectors * 2048 - 200);
    return make_image_end(&image);
}
