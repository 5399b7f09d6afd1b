// The names come from the notes beside otadata. Each update reads them from flash again.
#include "aloft/update/failed.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/bootsel.h"
#include "aloft/flash/imageid.h"
#include <string.h>

enum aloft_err aloft_failed_read(struct aloft_failed *failed, const struct aloft_slots *slots,
                                 bool just_started)
{
    failed->just_started = just_started;
    return aloft_bootsel_failed(slots, failed->id, &failed->count, &failed->cut); // F1, F3
}

void aloft_failed_add(struct aloft_failed *failed, const struct aloft_flash_view *view)
{
    if (failed->count < ALOFT_FAILED_MAX) {
        aloft_imageid_read(view, failed->id[failed->count++]);
    }
}

// Is this part of an image's name the one of a release that has failed?
static enum aloft_err judge(const struct aloft_failed *failed, uint32_t part, const uint8_t *name,
                            uint32_t len)
{
    for (uint32_t i = 0; i < failed->count; i++) {
        bool cut = (failed->cut >> i & 1) != 0;
        if (memcmp(failed->id[i] + part, name, len) == 0 && (!cut || failed->just_started)) {
            return cut ? ALOFT_ERR_TRIAL_POWER : ALOFT_ERR_TRIAL_FAILED;
        }
    }
    return ALOFT_OK;
}

enum aloft_err aloft_failed_judge_head(const struct aloft_failed *failed,
                                       const uint8_t head[ALOFT_IMAGE_HEAD_LEN])
{
    uint8_t crc[4];
    aloft_put_le32(crc, aloft_crc32(0, head, ALOFT_IMAGE_HEAD_LEN));
    return judge(failed, ALOFT_NOTE_ID_HEAD, crc, sizeof crc);
}

enum aloft_err aloft_failed_judge_digest(const struct aloft_failed *failed,
                                         const uint8_t digest[ALOFT_SHA256_LEN])
{
    return judge(failed, ALOFT_NOTE_ID_DIGEST, digest, ALOFT_NOTE_ID_HEAD);
}
