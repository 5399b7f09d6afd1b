// The descriptor's bytes are at hand here, so its other fields are read as soon as the judge says
// that there is one.
#include "hostlib/image/image_scan.h"
#include "aloft/base/bytes.h"
#include <string.h>

#define CHIP_OFF 12 // of the chip's id in the header

static void note(struct aloft_image_scan *scan, enum aloft_image_event event,
                 const struct aloft_image_facts *facts, const uint8_t *data)
{
    switch (event) {
    case ALOFT_IMAGE_HEADED:
        scan->headed = true;
        break;
    case ALOFT_IMAGE_SEGMENT:
        scan->segments[scan->segment_count++] = (struct aloft_image_segment){
            facts->segment_addr, facts->segment_len, facts->segment_off};
        break;
    case ALOFT_IMAGE_DESC:
        scan->head_passed = true;
        if (facts->has_desc) {
            aloft_image_desc_parse(data + ALOFT_IMAGE_DESC_OFF, &scan->desc);
        }
        break;
    case ALOFT_IMAGE_END:
        scan->ended = true;
        break;
    case ALOFT_IMAGE_MORE:
    case ALOFT_IMAGE_DATA:
    case ALOFT_IMAGE_BAD:
        break;
    }
}

void aloft_image_scan(const struct aloft_image_rules *rules, const uint8_t *data, uint32_t len,
                      struct aloft_image_scan *scan)
{
    struct aloft_image image;
    struct aloft_image_rules own = *rules;
    enum aloft_image_event event;
    uint32_t off = 0;

    memset(scan, 0, sizeof *scan);
    if (own.chip == NULL && len >= ALOFT_IMAGE_HEADER) {
        own.chip = aloft_chip_find(aloft_get_le16(data + CHIP_OFF));
    }
    scan->chip = own.chip;
    aloft_image_init(&image, &own);
    do {
        uint32_t used;
        event = aloft_image_next(&image, data + off, len - off, &used);
        off += used;
        note(scan, event, &image.facts, data);
    } while (event != ALOFT_IMAGE_MORE && event != ALOFT_IMAGE_BAD);
    scan->facts = image.facts;
    scan->err = aloft_image_finish(&image);
    aloft_image_end(&image);
    // A header that is refused for its chip or revision was read all the same.
    scan->headed = scan->headed || scan->err == ALOFT_ERR_IMAGE_CHIP ||
                   scan->err == ALOFT_ERR_IMAGE_REVISION || scan->err == ALOFT_ERR_IMAGE_SEGMENTS;
}
