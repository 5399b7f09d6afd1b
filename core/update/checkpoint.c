// The area, a sector, in pages of 256 bytes:
//
//   page 0      the opening record: what is downloaded, the image's first bytes, the stages' ids
//   then        what each active stage keeps
//   then        checkpoints, as many in a page as fit: byte of the image; of each active stage in,
//               out and state; CRC-32 over these and the index from 1 on, which keeps a record from
//               being taken for another's, and blank flash from being taken for one
//
// A power cut tears at most one record, and the next boot skips the place after it (keeps K3). So
// two records in a row that are not whole mark the end of the checkpoints, whatever blank flash
// reads as.
#include "aloft/update/checkpoint.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include <string.h>

#define PAGE       ALOFT_FLASH_PAGE
#define MAGIC      0x31504341u // "ACP1"
#define UNIT       16u         // the least that a record is programmed in
#define RECORD_MAX 96u

// Offsets in the opening record.
enum {
    OFF_LEN = 4,
    OFF_URL = 8,
    OFF_INTERVAL = 12,
    OFF_TAG_LEN = 16,
    OFF_FIRST_LEN = 17,
    OFF_IDS = 20,
    OFF_KEPT_CRC = 24,
    OFF_TAG = 28,
    OFF_FIRST = OFF_TAG + ALOFT_RESUME_TAG_MAX,
    OFF_CRC = OFF_FIRST + ALOFT_CHECKPOINT_FIRST,
    OPENING = OFF_CRC + 4
};

_Static_assert(OPENING % 32 == 0 && OPENING <= PAGE, "programmed at once, in any write unit");
_Static_assert(4 + ALOFT_STAGES * (8 + ALOFT_STAGE_STATE) + 4 <= RECORD_MAX, "the longest record");

static uint32_t sector_of(const struct aloft_checkpoint *checkpoint)
{
    return checkpoint->view.flash->geometry.sector;
}

// How many checkpoints there is room for.
static uint32_t capacity(const struct aloft_checkpoint *checkpoint)
{
    return (sector_of(checkpoint) / PAGE - checkpoint->pages) * (PAGE / checkpoint->record);
}

static uint32_t points_len(const struct aloft_checkpoint *checkpoint)
{
    const struct aloft_stage *stage = checkpoint->stage;
    return stage != NULL ? stage->row->put(stage, checkpoint->active, NULL, NULL) : 0;
}

// Page `page` of what the stages keep; NULL: there are no more.
static uint8_t *kept(const struct aloft_checkpoint *checkpoint, uint32_t page)
{
    const struct aloft_stage *stage = checkpoint->stage;
    return stage != NULL ? stage->row->kept(stage, checkpoint->active, page) : NULL;
}

// Place and sizes, which follow from the stages that are active.
static void lay_out(struct aloft_checkpoint *checkpoint)
{
    uint32_t unit = checkpoint->view.flash->geometry.write_unit;
    checkpoint->area = checkpoint->view.len - sector_of(checkpoint);
    checkpoint->record = aloft_align_up(4 + points_len(checkpoint) + 4, unit < UNIT ? UNIT : unit);
    for (checkpoint->pages = 1; kept(checkpoint, checkpoint->pages - 1) != NULL;) {
        checkpoint->pages++;
    }
    ALOFT_ASSERT(checkpoint->record <= RECORD_MAX);
}

static void start(struct aloft_checkpoint *checkpoint, const struct aloft_flash_view *slot,
                  const struct aloft_stage *stage)
{
    memset(checkpoint, 0, sizeof *checkpoint);
    checkpoint->view = *slot;
    checkpoint->stage = stage;
}

void aloft_checkpoint_plan(struct aloft_checkpoint *checkpoint, const struct aloft_flash_view *slot,
                           const struct aloft_artifact *artifact, const struct aloft_stage *stage,
                           const struct aloft_stages *stages, uint32_t image_len)
{
    start(checkpoint, slot, stage);
    if (artifact == NULL || artifact->len == 0 || artifact->tag_len == 0 ||
        image_len > slot->len - sector_of(checkpoint)) { // keeps K1
        return;
    }
    (void)aloft_stages_active(stages, checkpoint->active);
    lay_out(checkpoint);
    uint32_t end = image_len != 0 ? image_len : checkpoint->area;
    checkpoint->interval = sector_of(checkpoint);
    while (end / checkpoint->interval + 1 > capacity(checkpoint)) {
        checkpoint->interval *= 2; // coarser is better than none
    }
}

enum aloft_err aloft_checkpoint_erase(const struct aloft_checkpoint *checkpoint)
{
    uint32_t sector = sector_of(checkpoint);
    return aloft_flash_erase(&checkpoint->view, checkpoint->view.len - sector, sector);
}

static enum aloft_err write_opening(const struct aloft_checkpoint *checkpoint,
                                    const struct aloft_artifact *artifact, const uint8_t *first,
                                    uint32_t first_len)
{
    const struct aloft_stage *stage = checkpoint->stage;
    uint8_t bytes[OPENING];
    memset(bytes, 0, sizeof bytes);
    aloft_put_le32(bytes, MAGIC);
    aloft_put_le32(bytes + OFF_LEN, artifact->len);
    aloft_put_le32(bytes + OFF_URL, artifact->url_crc);
    aloft_put_le32(bytes + OFF_INTERVAL, checkpoint->interval);
    bytes[OFF_TAG_LEN] = (uint8_t)artifact->tag_len;
    bytes[OFF_FIRST_LEN] = (uint8_t)first_len;
    if (stage != NULL) {
        aloft_put_le32(bytes + OFF_IDS, stage->row->ids(stage, checkpoint->active));
    }
    aloft_put_le32(bytes + OFF_KEPT_CRC, checkpoint->kept_crc);
    memcpy(bytes + OFF_TAG, artifact->tag, artifact->tag_len);
    memcpy(bytes + OFF_FIRST, first, first_len);
    aloft_put_le32(bytes + OFF_CRC, aloft_crc32(0, bytes, OFF_CRC));
    return aloft_flash_prog(&checkpoint->view, checkpoint->area, bytes, sizeof bytes);
}

enum aloft_err aloft_checkpoint_open(struct aloft_checkpoint *checkpoint,
                                     const struct aloft_artifact *artifact, const uint8_t *first,
                                     uint32_t first_len, bool *done)
{
    const uint8_t *page = kept(checkpoint, checkpoint->next++);
    *done = page == NULL;
    if (*done) {
        checkpoint->next = 0; // keeps K2: this is the last page before checkpoints
        return write_opening(checkpoint, artifact, first, first_len);
    }
    checkpoint->kept_crc = aloft_crc32(checkpoint->kept_crc, page, PAGE);
    return aloft_flash_prog(&checkpoint->view, checkpoint->area + checkpoint->next * PAGE, page,
                            PAGE);
}

bool aloft_checkpoint_due(const struct aloft_checkpoint *checkpoint, uint32_t image)
{
    return checkpoint->area != 0 && image > checkpoint->last && image % checkpoint->interval == 0 &&
           checkpoint->next < capacity(checkpoint);
}

static uint32_t record_off(const struct aloft_checkpoint *checkpoint, uint32_t index)
{
    uint32_t in_page = PAGE / checkpoint->record;
    uint32_t page = checkpoint->pages + index / in_page;
    return checkpoint->area + page * PAGE + index % in_page * checkpoint->record;
}

static uint32_t record_crc(const uint8_t *bytes, uint32_t len, uint32_t index)
{
    uint8_t number[4];
    aloft_put_le32(number, index + 1);
    return aloft_crc32(aloft_crc32(0, bytes, len), number, sizeof number);
}

void aloft_checkpoint_write(struct aloft_checkpoint *checkpoint,
                            const struct aloft_restart *restart)
{
    const struct aloft_stage *stage = checkpoint->stage;
    uint8_t bytes[RECORD_MAX];
    uint32_t index = checkpoint->next++;
    uint32_t len = 4;
    ALOFT_INVARIANT("K4", restart->image % sector_of(checkpoint) == 0);
    ALOFT_INVARIANT("K1", restart->image <= checkpoint->area);
    ALOFT_INVARIANT("K2", checkpoint->pages > 0);
    ALOFT_INVARIANT("K3", index < capacity(checkpoint));
    memset(bytes, 0xFF, sizeof bytes);
    aloft_put_le32(bytes, restart->image);
    if (stage != NULL) {
        len += stage->row->put(stage, checkpoint->active, restart, bytes + len);
    }
    aloft_put_le32(bytes + len, record_crc(bytes, len, index));
    checkpoint->last = restart->image;
    // See the header: a lost checkpoint costs a little more download.
    (void)aloft_flash_prog(&checkpoint->view, record_off(checkpoint, index), bytes,
                           checkpoint->record);
}

static bool read_opening(struct aloft_checkpoint *checkpoint, struct aloft_artifact *artifact,
                         uint8_t *first)
{
    const struct aloft_stage *stage = checkpoint->stage;
    uint8_t bytes[OPENING];
    uint32_t area = checkpoint->view.len - sector_of(checkpoint);
    if (checkpoint->view.len == 0 ||
        aloft_flash_read(&checkpoint->view, area, bytes, sizeof bytes) != ALOFT_OK ||
        aloft_get_le32(bytes) != MAGIC ||
        aloft_get_le32(bytes + OFF_CRC) != aloft_crc32(0, bytes, OFF_CRC)) {
        return false;
    }
    artifact->len = aloft_get_le32(bytes + OFF_LEN);
    artifact->url_crc = aloft_get_le32(bytes + OFF_URL);
    artifact->tag_len = bytes[OFF_TAG_LEN];
    checkpoint->interval = aloft_get_le32(bytes + OFF_INTERVAL);
    checkpoint->kept_crc = aloft_get_le32(bytes + OFF_KEPT_CRC);
    memcpy(artifact->tag, bytes + OFF_TAG, ALOFT_RESUME_TAG_MAX);
    memcpy(first, bytes + OFF_FIRST, ALOFT_CHECKPOINT_FIRST);
    uint32_t ids = aloft_get_le32(bytes + OFF_IDS);
    bool known = stage != NULL ? stage->row->known(stage, ids, checkpoint->active) : ids == 0;
    lay_out(checkpoint);
    // A complete image has its first bytes: there is nothing to go on with.
    uint32_t first_len = bytes[OFF_FIRST_LEN];
    return known && artifact->tag_len <= ALOFT_RESUME_TAG_MAX &&
           first_len <= ALOFT_CHECKPOINT_FIRST && checkpoint->interval != 0 &&
           aloft_flash_compare(&checkpoint->view, 0, first, first_len) != ALOFT_OK;
}

// False when the record is not whole.
static bool read_record(const struct aloft_checkpoint *checkpoint, uint32_t index, uint8_t *bytes)
{
    uint32_t len = 4 + points_len(checkpoint);
    return aloft_flash_read(&checkpoint->view, record_off(checkpoint, index), bytes,
                            checkpoint->record) == ALOFT_OK &&
           aloft_get_le32(bytes + len) == record_crc(bytes, len, index);
}

// One that is whole counts when its offsets are where they can be, and ahead of the one before.
static void take_record(struct aloft_checkpoint *checkpoint, uint32_t artifact_len,
                        const uint8_t *bytes, struct aloft_restart *restart)
{
    const struct aloft_stage *stage = checkpoint->stage;
    struct aloft_restart found;
    memset(&found, 0, sizeof found);
    found.image = aloft_get_le32(bytes);
    found.artifact = found.image;
    bool good = stage == NULL || stage->row->get(stage, checkpoint->active, bytes + 4, &found);
    if (good && found.image > checkpoint->last && found.image <= checkpoint->area &&
        found.image % sector_of(checkpoint) == 0 && found.artifact <= artifact_len) {
        *restart = found;
        checkpoint->last = found.image;
    }
}

bool aloft_checkpoint_read(struct aloft_checkpoint *checkpoint, const struct aloft_flash_view *slot,
                           const struct aloft_stage *stage, struct aloft_artifact *artifact,
                           uint8_t *first, struct aloft_restart *restart)
{
    uint32_t missing = 0;
    start(checkpoint, slot, stage);
    if (!read_opening(checkpoint, artifact, first)) {
        return false;
    }
    for (uint32_t i = 0; i < capacity(checkpoint) && missing < 2; i++) {
        uint8_t bytes[RECORD_MAX];
        missing++;
        if (read_record(checkpoint, i, bytes)) {
            missing = 0;
            checkpoint->next = i + 1;
            take_record(checkpoint, artifact->len, bytes, restart);
        }
    }
    checkpoint->next++;
    return checkpoint->last != 0;
}

bool aloft_checkpoint_read_kept(const struct aloft_checkpoint *checkpoint)
{
    uint32_t crc = 0;
    for (uint32_t page = 0; kept(checkpoint, page) != NULL; page++) {
        uint8_t *to = kept(checkpoint, page);
        if (aloft_flash_read(&checkpoint->view, checkpoint->area + (1 + page) * PAGE, to, PAGE) !=
            ALOFT_OK) {
            return false;
        }
        crc = aloft_crc32(crc, to, PAGE);
    }
    return crc == checkpoint->kept_crc;
}
