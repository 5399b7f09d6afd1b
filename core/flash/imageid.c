// Walks the segments by their lengths to find the digest behind them. Nothing is checked.
#include "aloft/flash/imageid.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/image.h"
#include <string.h>

enum { SEGMENT_COUNT = 1, HASH_APPENDED = 23 }; // offsets in the image's header

void aloft_imageid_read(const struct aloft_flash_view *view, uint8_t id[ALOFT_NOTE_ID])
{
    uint8_t head[ALOFT_IMAGE_HEAD_LEN];
    uint8_t segment[ALOFT_IMAGE_SEGMENT_HEADER];
    uint32_t off = ALOFT_IMAGE_HEADER;
    memset(id, 0, ALOFT_NOTE_ID);
    if (aloft_flash_read(view, 0, head, sizeof head) != ALOFT_OK) {
        return;
    }
    aloft_put_le32(id + ALOFT_NOTE_ID_HEAD, aloft_crc32(0, head, sizeof head));
    for (uint32_t i = 0; i < head[SEGMENT_COUNT]; i++) {
        if (aloft_flash_read(view, off, segment, sizeof segment) != ALOFT_OK) {
            return;
        }
        uint32_t len = aloft_get_le32(segment + 4);
        if (len > view->len) {
            return;
        }
        off +=
            ALOFT_IMAGE_SEGMENT_HEADER + len; // once behind the view, the next read ends the walk
    }
    // The checksum ends the 16-byte block behind the segments.
    if (head[HASH_APPENDED] != 0) {
        (void)aloft_flash_read(view, (off | 15) + 1, id, ALOFT_NOTE_ID_HEAD); // else zeros
    }
}
