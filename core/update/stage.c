// The row of stages: bytes are moved from one to the next only when they are asked for at the end.
#include "aloft/update/stage.h"
#include "aloft/base/bytes.h"
#include "aloft/image.h"
#include <string.h>

#define KEPT_PAGE 256u
#define POINT     8u // bytes of in and out

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void row_begin(struct aloft_stages *stages, struct aloft_stage *first, uint32_t len,
                      uint32_t room)
{
    for (struct aloft_stage *stage = first; stage != NULL; stage = stage->next) {
        ALOFT_ASSERT(stages->count < ALOFT_STAGES && stage->id != 0);
        ALOFT_ASSERT(stage->kept_len <= ALOFT_STAGE_KEPT && stage->kept_len % KEPT_PAGE == 0);
        ALOFT_ASSERT(stage->state_len <= ALOFT_STAGE_STATE);
        stages->stage[stages->count++] = stage;
        stage->active = false;
        stage->gives = 0;
        stage->ops->begin(stage, stage == first ? len : 0, room);
    }
}

static bool row_active(const struct aloft_stages *stages, bool active[ALOFT_STAGES])
{
    bool any = false;
    for (uint32_t i = 0; i < stages->count; i++) {
        active[i] = stages->stage[i]->active;
        any = any || active[i];
    }
    return any;
}

static uint32_t row_image_len(const struct aloft_stages *stages, uint32_t len)
{
    for (uint32_t i = 0; i < stages->count; i++) {
        len = stages->stage[i]->active ? stages->stage[i]->gives : len;
    }
    return len;
}

static uint32_t row_room(const struct aloft_stages *stages)
{
    return stages->stage[0]->ops->room(stages->stage[0]);
}

static enum aloft_err row_sink(struct aloft_stages *stages, const uint8_t *data, uint32_t len)
{
    ALOFT_INVARIANT("G1", len >= 1 && len <= row_room(stages));
    ALOFT_ASSERT(!stages->ended);
    return stages->stage[0]->ops->sink(stages->stage[0], data, len);
}

// Polls one stage. What it gives again after a restart is dropped (G5).
static enum aloft_err poll_one(struct aloft_stages *stages, uint32_t i, uint8_t *out, uint32_t cap,
                               uint32_t *made)
{
    struct aloft_stage *stage = stages->stage[i];
    uint32_t dropped;
    do {
        enum aloft_err err = stage->ops->poll(stage, out, cap, made);
        if (err != ALOFT_OK || *made == 0) {
            *made = 0;
            return err;
        }
        ALOFT_INVARIANT("G1", *made <= cap);
        dropped = least(stages->drop[i], *made);
        stages->given[i] += *made;
        stages->drop[i] -= dropped;
        *made -= dropped;
        memmove(out, out + dropped, *made);
    } while (*made == 0);
    return ALOFT_OK;
}

// Where a stage could be restarted now. One that is not active can be restarted anywhere.
static bool point_of(const struct aloft_stages *stages, uint32_t i, struct aloft_stage_point *point)
{
    const struct aloft_stage *stage = stages->stage[i];
    point->in = stages->given[i];
    point->out = stages->given[i];
    return !stage->active || stage->ops->point(stage, point);
}

// The second stage has given all that it can. Where can it be restarted, and so, where may the
// first one have to be? Keeps G3.
static void move_mark(struct aloft_stages *stages)
{
    struct aloft_stage_point second;
    if (point_of(stages, 1, &second) && stages->before.out <= second.in) {
        stages->mark = stages->before;
    }
    struct aloft_stage_point first;
    if (point_of(stages, 0, &first)) {
        stages->before = first;
    }
}

// A fault that the first stage may explain at its end is held back: OK. Within the image's head it
// is not: nothing was erased, and a wrong file is to be refused before that.
static enum aloft_err hold(struct aloft_stages *stages, enum aloft_err err)
{
    const struct aloft_stage *first = stages->stage[0];
    bool early = stages->given[stages->count - 1] <= ALOFT_IMAGE_HEAD_LEN;
    if (early || !first->active || !first->proves || stages->finished > 0) {
        return err;
    }
    stages->held = err;
    return ALOFT_OK;
}

// A piece from the first stage to the second, which has nothing to give. *moved: its length.
static enum aloft_err move_piece(struct aloft_stages *stages, uint32_t *moved)
{
    struct aloft_stage *second = stages->stage[1];
    uint8_t piece[ALOFT_STAGE_PIECE];
    uint32_t room = least(second->ops->room(second), sizeof piece);
    ALOFT_INVARIANT("G1", room >= ALOFT_STAGE_ALIGN);
    move_mark(stages);
    enum aloft_err err = poll_one(stages, 0, piece, room, moved);
    if (err == ALOFT_OK && *moved > 0) {
        err = second->ops->sink(second, piece, *moved); // keeps G2
        err = err == ALOFT_OK ? ALOFT_OK : hold(stages, err);
    }
    return err;
}

// A fault is held back: what the stage gives is dropped.
static enum aloft_err discard(struct aloft_stages *stages)
{
    uint8_t piece[ALOFT_STAGE_PIECE];
    uint32_t made;
    enum aloft_err err;
    ALOFT_INVARIANT("G4", stages->stage[0]->proves && stages->finished == 0);
    do {
        err = poll_one(stages, 0, piece, sizeof piece, &made);
    } while (err == ALOFT_OK && made > 0);
    if (err == ALOFT_OK && stages->ended) {
        err = stages->stage[0]->ops->finish(stages->stage[0]);
        err = err == ALOFT_OK ? stages->held : err; // keeps G4
    }
    return err;
}

// The last stage has nothing to give: moves something to it, or ends a stage that gets no more.
// *again: it may have something now.
static enum aloft_err move_on(struct aloft_stages *stages, bool *again)
{
    uint32_t moved = 0;
    enum aloft_err err = stages->count > 1 ? move_piece(stages, &moved) : ALOFT_OK;
    *again = true;
    if (err != ALOFT_OK || moved > 0) {
        return err;
    }
    if (stages->ended && stages->finished < stages->count) {
        struct aloft_stage *stage = stages->stage[stages->finished++];
        return stage->ops->finish(stage);
    }
    stages->done = stages->ended;
    *again = false;
    return ALOFT_OK;
}

static enum aloft_err row_poll(struct aloft_stages *stages, uint8_t *out, uint32_t cap,
                               uint32_t *made)
{
    bool again = true;
    enum aloft_err err = ALOFT_OK;
    *made = 0;
    while (again && err == ALOFT_OK && *made == 0 && stages->held == ALOFT_OK) {
        err = poll_one(stages, stages->count - 1, out, cap, made);
        if (err == ALOFT_OK && *made == 0) {
            err = move_on(stages, &again);
        } else if (err != ALOFT_OK && stages->count > 1) {
            err = hold(stages, err);
        }
    }
    return err == ALOFT_OK && stages->held != ALOFT_OK ? discard(stages) : err;
}

static enum aloft_err row_fault(struct aloft_stages *stages, enum aloft_err err)
{
    for (uint32_t i = stages->count; i-- > 0 && err == ALOFT_ERR_IMAGE_MAGIC;) {
        const struct aloft_stage *stage = stages->stage[i];
        err = stage->active && stage->garbage != ALOFT_OK ? stage->garbage : err;
    }
    return hold(stages, err);
}

static bool row_ask(const struct aloft_stages *stages, uint32_t image,
                    struct aloft_restart *restart)
{
    ALOFT_ASSERT(image > 0); // by then each stage knows whether it is active
    uint32_t wanted = image; // from this byte on, of what stage i gives
    for (uint32_t i = stages->count; i-- > 0;) {
        struct aloft_stage_point *point = &restart->points[i];
        if (i + 1 == stages->count) {
            if (!point_of(stages, i, point)) {
                restart->image = 0;
                return false;
            }
        } else {
            *point = stages->before.out <= wanted ? stages->before : stages->mark;
        }
        restart->active[i] = stages->stage[i]->active;
        if (!restart->active[i]) {
            point->in = wanted;
            point->out = wanted;
        } else if (point->in == 0) {
            restart->image = 0;
            return false; // from its first byte on, which is what happens without a restart
        }
        ALOFT_INVARIANT("G3", point->out <= wanted);
        wanted = point->in;
    }
    restart->artifact = wanted;
    return true;
}

static enum aloft_err row_resume(struct aloft_stages *stages, const struct aloft_restart *restart)
{
    enum aloft_err err = ALOFT_OK;
    uint32_t wanted = restart->image;
    for (uint32_t i = stages->count; i-- > 0;) {
        const struct aloft_stage_point *point = &restart->points[i];
        ALOFT_ASSERT(point->out <= wanted);
        stages->given[i] = point->out;
        stages->drop[i] = wanted - point->out;
        ALOFT_INVARIANT("G5", stages->given[i] + stages->drop[i] == wanted);
        wanted = point->in;
    }
    for (uint32_t i = 0; i < stages->count && err == ALOFT_OK; i++) {
        struct aloft_stage *stage = stages->stage[i];
        stage->active = restart->active[i];
        err = stage->ops->resume(stage, stage->active ? &restart->points[i] : NULL);
    }
    stages->before = restart->points[0];
    stages->mark = restart->points[0];
    return err;
}

static uint32_t row_ids(const struct aloft_stage *first, const bool active[ALOFT_STAGES])
{
    uint32_t ids = 0;
    uint32_t i = 0;
    for (const struct aloft_stage *stage = first; stage != NULL; stage = stage->next, i++) {
        ids |= active[i] ? (uint32_t)stage->id << 16 * i : 0;
    }
    return ids;
}

static bool row_known(const struct aloft_stage *first, uint32_t ids, bool active[ALOFT_STAGES])
{
    uint32_t i = 0;
    for (const struct aloft_stage *stage = first; stage != NULL; stage = stage->next, i++) {
        active[i] = (ids >> 16 * i & 0xFFFF) == stage->id;
    }
    return row_ids(first, active) == ids;
}

// in, out and state of each active stage, one after the other.
static uint32_t row_put(const struct aloft_stage *first, const bool active[ALOFT_STAGES],
                        const struct aloft_restart *restart, uint8_t *bytes)
{
    uint32_t len = 0;
    uint32_t i = 0;
    for (const struct aloft_stage *stage = first; stage != NULL; stage = stage->next, i++) {
        if (active[i] && bytes != NULL) {
            const struct aloft_stage_point *point = &restart->points[i];
            aloft_put_le32(bytes + len, point->in);
            aloft_put_le32(bytes + len + 4, point->out);
            memcpy(bytes + len + POINT, point->state, stage->state_len);
        }
        len += active[i] ? POINT + stage->state_len : 0;
    }
    return len;
}

static bool row_get(const struct aloft_stage *first, const bool active[ALOFT_STAGES],
                    const uint8_t *bytes, struct aloft_restart *restart)
{
    uint32_t i = 0;
    for (const struct aloft_stage *stage = first; stage != NULL; stage = stage->next, i++) {
        restart->active[i] = active[i];
        if (active[i]) {
            struct aloft_stage_point *point = &restart->points[i];
            point->in = aloft_get_le32(bytes);
            point->out = aloft_get_le32(bytes + 4);
            memcpy(point->state, bytes + POINT, stage->state_len);
            bytes += POINT + stage->state_len;
        }
    }
    // Backwards, as they were asked: none gives its first byte behind the one that is wanted.
    bool good = true;
    restart->artifact = restart->image;
    while (i-- > 0) {
        struct aloft_stage_point *point = &restart->points[i];
        if (!active[i]) {
            point->in = restart->artifact;
            point->out = restart->artifact;
        }
        good = good && point->out <= restart->artifact;
        restart->artifact = point->in;
    }
    return good;
}

static uint8_t *row_kept(const struct aloft_stage *first, const bool active[ALOFT_STAGES],
                         uint32_t page)
{
    uint32_t i = 0;
    for (const struct aloft_stage *stage = first; stage != NULL; stage = stage->next, i++) {
        uint32_t pages = active[i] ? stage->kept_len / KEPT_PAGE : 0u;
        if (page < pages) {
            return stage->kept + page * KEPT_PAGE;
        }
        page -= pages;
    }
    return NULL;
}

const struct aloft_row aloft_stage_row = {
    .begin = row_begin,
    .room = row_room,
    .sink = row_sink,
    .poll = row_poll,
    .fault = row_fault,
    .image_len = row_image_len,
    .active = row_active,
    .ask = row_ask,
    .resume = row_resume,
    .ids = row_ids,
    .known = row_known,
    .put = row_put,
    .get = row_get,
    .kept = row_kept,
};
