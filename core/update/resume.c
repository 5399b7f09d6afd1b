// Notes of progress. Unit i lies at area + i * unit, unit being 16 bytes or the chip's write unit:
//
//   0            length of the artifact, CRC of the URL, "RS", lengths of tag and head
//   1 ..         tag, then head, DATA bytes in each unit
//   then         progress notes: offset
//
// With "SS" a stage was active, and the area's last bytes, which are not for units, are its own.
//
// A unit is {data[12], crc32 of data and index}; the index in the CRC keeps a unit from being taken
// for another's. Invariants
//   R1  The area lies wholly behind the artifact and inside the slot.
//   R2  What a stage keeps, and then head notes, are complete before the first page of the image is
//       programmed, and progress notes come only after them.
//   R3  A unit is programmed at most once after the erase.
#include "aloft/update/resume.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include <string.h>

#define DATA     12u // bytes that a unit says
#define UNIT_MIN 16u
#define UNIT_MAX 32u
#define MAGIC    0x5352u // "RS"; one more, "SS", when a stage was active

static uint32_t unit_of(const struct aloft_resume *resume)
{
    uint32_t unit = resume->view.flash->geometry.write_unit;
    return unit < UNIT_MIN ? UNIT_MIN : unit;
}

static uint32_t head_units(uint32_t tag_len, uint32_t head_len)
{
    return 1 + (tag_len + head_len + DATA - 1) / DATA;
}

static uint32_t capacity(const struct aloft_resume *resume)
{
    return (resume->area_len - resume->ahead) / unit_of(resume);
}

static void crc_of(const uint8_t data[DATA], uint32_t index, uint8_t out[4])
{
    uint8_t number[4];
    aloft_put_le32(number, index);
    aloft_put_le32(out, aloft_crc32(aloft_crc32(0, data, DATA), number, sizeof number));
}

static bool read_unit(const struct aloft_resume *resume, uint32_t index, uint8_t data[DATA])
{
    uint8_t unit[UNIT_MIN];
    uint8_t crc[4];
    uint32_t off = resume->area + index * unit_of(resume);
    if (aloft_flash_read(&resume->view, off, unit, sizeof unit) != ALOFT_OK) {
        return false;
    }
    memcpy(data, unit, DATA);
    crc_of(data, index, crc);
    return memcmp(crc, unit + DATA, sizeof crc) == 0;
}

static enum aloft_err write_unit(struct aloft_resume *resume, const uint8_t data[DATA])
{
    uint8_t unit[UNIT_MAX];
    uint32_t len = unit_of(resume);
    uint32_t index = resume->next++;
    memset(unit, 0xFF, sizeof unit);
    memcpy(unit, data, DATA);
    crc_of(data, index, unit + DATA);
    return aloft_flash_prog(&resume->view, resume->area + index * len, unit, len);
}

// The last sector of the slot, or the last aligned block that ends inside it.
static bool place(struct aloft_resume *resume, uint32_t erase)
{
    uint32_t end = (resume->view.addr + resume->view.len) / erase * erase;
    if (end < resume->view.addr + erase) {
        return false;
    }
    resume->area = end - erase - resume->view.addr;
    resume->area_len = erase;
    return resume->area != 0;
}

// A coarser interval is better than no resume: double it until the notes fit.
static void fit(struct aloft_resume *resume, const struct aloft_artifact *artifact)
{
    uint32_t head = head_units(artifact->tag_len, ALOFT_RESUME_HEAD_MAX);
    resume->interval = ALOFT_RESUME_INTERVAL - resume->ahead; // that is downloaded again, too
    while (head + artifact->len / resume->interval + 1 > capacity(resume)) {
        resume->interval *= 2;
    }
}

void aloft_resume_plan(struct aloft_resume *resume, const struct aloft_flash_view *slot,
                       const struct aloft_artifact *artifact, const struct aloft_stage *stage)
{
    const struct aloft_flash_geometry *geometry = &slot->flash->geometry;
    memset(resume, 0, sizeof *resume);
    resume->view = *slot;
    resume->ahead = stage != NULL ? ALOFT_STAGE_AHEAD : 0;
    if (artifact == NULL || artifact->len == 0 || artifact->tag_len == 0) {
        return;
    }
    // One sector is erased faster; a block is for what is too long for notes at the same interval.
    const uint32_t erases[] = {geometry->sector, geometry->block};
    uint32_t free_from = aloft_align_up(artifact->len, geometry->sector);
    for (uint32_t i = 0; i < 2; i++) {
        struct aloft_resume other = *resume;
        if (place(&other, erases[i]) && other.area >= free_from) { // keeps R1
            fit(&other, artifact);
            *resume = other;
            if (resume->interval <= ALOFT_RESUME_INTERVAL) {
                break;
            }
        }
    }
}

enum aloft_err aloft_resume_erase(struct aloft_resume *resume)
{
    resume->next = 0;
    resume->noted = 0;
    return aloft_flash_erase(&resume->view, resume->area, resume->area_len);
}

// Byte `at` of tag and head one after the other.
static uint8_t head_byte(const struct aloft_artifact *artifact, const uint8_t *head,
                         uint32_t head_len, uint32_t at)
{
    if (at < artifact->tag_len) {
        return (uint8_t)artifact->tag[at];
    }
    at -= artifact->tag_len;
    return at < head_len ? head[at] : 0xFF;
}

enum aloft_err aloft_resume_write_head(struct aloft_resume *resume,
                                       const struct aloft_artifact *artifact, const uint8_t *head,
                                       uint32_t head_len, bool *done)
{
    uint8_t data[DATA];
    if (resume->next == 0) {
        aloft_put_le32(data, artifact->len);
        aloft_put_le32(data + 4, artifact->url_crc);
        aloft_put_le16(data + 8, MAGIC + (resume->ahead != 0));
        data[10] = (uint8_t)artifact->tag_len;
        data[11] = (uint8_t)head_len;
    } else {
        for (uint32_t i = 0; i < DATA; i++) {
            data[i] = head_byte(artifact, head, head_len, (resume->next - 1u) * DATA + i);
        }
    }
    enum aloft_err err = write_unit(resume, data);
    *done = resume->next >= head_units(artifact->tag_len, head_len);
    return err;
}

bool aloft_resume_due(const struct aloft_resume *resume, uint32_t off)
{
    return resume->area != 0 && off - resume->noted >= resume->interval &&
           resume->next < capacity(resume);
}

void aloft_resume_write_progress(struct aloft_resume *resume, uint32_t off)
{
    uint8_t data[DATA] = {0};
    aloft_put_le32(data, off);
    resume->noted = off;
    (void)write_unit(resume, data); // said in the header: a lost note costs a little more download
}

// The first unit says how much there is; then tag and head; all must be whole.
static bool read_head(struct aloft_resume *resume, struct aloft_artifact *artifact, uint8_t *head)
{
    uint8_t data[DATA];
    if (!read_unit(resume, 0, data)) {
        return false;
    }
    uint32_t kind = aloft_get_le16(data + 8) - MAGIC;
    resume->ahead = kind * ALOFT_STAGE_AHEAD;
    uint32_t head_len = data[11];
    artifact->len = aloft_get_le32(data);
    artifact->url_crc = aloft_get_le32(data + 4);
    artifact->tag_len = data[10];
    if (kind > 1 || artifact->tag_len == 0 || artifact->tag_len > ALOFT_RESUME_TAG_MAX ||
        head_len == 0 || head_len > ALOFT_RESUME_HEAD_MAX || artifact->len > resume->area) {
        return false;
    }
    uint32_t units = head_units(artifact->tag_len, head_len);
    for (uint32_t i = 1; i < units; i++) {
        if (!read_unit(resume, i, data)) {
            return false;
        }
        for (uint32_t k = 0; k < DATA; k++) {
            uint32_t at = (i - 1) * DATA + k;
            if (at < artifact->tag_len) {
                artifact->tag[at] = (char)data[k];
            } else if (at - artifact->tag_len < head_len) {
                head[at - artifact->tag_len] = data[k];
            }
        }
    }
    resume->next = units;
    return true;
}

// Progress only grows; a note that says less, or more than the artifact has, is none. A power cut
// tears at most one unit, and who goes on after it skips one (keeps R3), so two units in a row that
// are not whole end the notes. That does not depend on what blank units read as.
static void read_progress(struct aloft_resume *resume, uint32_t len)
{
    uint8_t data[DATA];
    uint32_t missing = 0;
    resume->noted = 0;
    for (uint32_t i = resume->next; i < capacity(resume) && missing < 2; i++) {
        missing++;
        if (read_unit(resume, i, data)) {
            uint32_t off = aloft_get_le32(data);
            resume->next = i + 1;
            missing = 0;
            if (off > resume->noted && off <= len && off % ALOFT_FLASH_PAGE == 0) {
                resume->noted = off;
            }
        }
    }
    resume->next++;
}

bool aloft_resume_read(struct aloft_resume *resume, const struct aloft_flash_view *slot,
                       struct aloft_artifact *artifact, uint8_t *head)
{
    const struct aloft_flash_geometry *geometry = &slot->flash->geometry;
    const uint32_t erases[] = {geometry->sector, geometry->block};
    for (uint32_t i = 0; i < 2; i++) {
        memset(resume, 0, sizeof *resume);
        resume->view = *slot;
        if (place(resume, erases[i]) && read_head(resume, artifact, head)) {
            fit(resume, artifact);
            read_progress(resume, artifact->len);
            return resume->noted != 0;
        }
    }
    return false;
}
