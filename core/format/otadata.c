// otadata records. See the header for who writes what; docs/SPEC.md lists where we differ from the
// stock bootloader.
#include "aloft/format/otadata.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/err.h"
#include <string.h>

enum { OFF_SEQ = 0, OFF_STATE = 24, OFF_CRC = 28 };

void aloft_otadata_parse(const uint8_t bytes[ALOFT_OTADATA_RECORD], struct aloft_otadata *out)
{
    out->seq = aloft_get_le32(bytes + OFF_SEQ);
    out->state = aloft_get_le32(bytes + OFF_STATE);
    out->crc = aloft_get_le32(bytes + OFF_CRC);
}

void aloft_otadata_emit(const struct aloft_otadata *record, uint8_t bytes[ALOFT_OTADATA_RECORD])
{
    memset(bytes, 0xFF, ALOFT_OTADATA_RECORD);
    aloft_otadata_set(record, bytes);
}

void aloft_otadata_set(const struct aloft_otadata *record, uint8_t bytes[ALOFT_OTADATA_RECORD])
{
    aloft_put_le32(bytes + OFF_SEQ, record->seq);
    aloft_put_le32(bytes + OFF_STATE, record->state);
    aloft_put_le32(bytes + OFF_CRC, aloft_otadata_crc(record->seq));
}

uint32_t aloft_otadata_crc(uint32_t seq)
{
    uint8_t bytes[4];
    aloft_put_le32(bytes, seq);
    return aloft_crc32(0xFFFFFFFFu, bytes, sizeof bytes);
}

bool aloft_otadata_sound(const struct aloft_otadata *record)
{
    return record->seq != 0 && record->seq != 0xFFFFFFFFu &&
           record->crc == aloft_otadata_crc(record->seq);
}

bool aloft_otadata_usable(const struct aloft_otadata *record)
{
    bool known = record->state <= ALOFT_OTA_VALID || record->state == ALOFT_OTA_UNDEFINED;
    return aloft_otadata_sound(record) && known; // INVALID and ABORTED are the next two
}

bool aloft_otadata_refused(const struct aloft_otadata *record)
{
    bool bad = record->state == ALOFT_OTA_INVALID || record->state == ALOFT_OTA_ABORTED;
    return bad && aloft_otadata_sound(record);
}

int aloft_otadata_active(const struct aloft_otadata records[2])
{
    bool first = aloft_otadata_usable(&records[0]);
    bool second = aloft_otadata_usable(&records[1]);
    if (first && second) {
        return records[1].seq > records[0].seq ? 1 : 0;
    }
    if (first) {
        return 0;
    }
    return second ? 1 : -1;
}

uint32_t aloft_otadata_slot(uint32_t seq, uint32_t slot_count)
{
    ALOFT_ASSERT(slot_count >= 1 && seq >= 1);
    return (seq - 1) % slot_count;
}

uint32_t aloft_otadata_next_seq(uint32_t current, uint32_t slot, uint32_t slot_count)
{
    ALOFT_ASSERT(slot_count >= 1 && slot < slot_count);
    if (current == 0) {
        return slot + 1;
    }
    uint32_t ahead = (slot + slot_count - aloft_otadata_slot(current, slot_count)) % slot_count;
    if (ahead == 0) {
        ahead = slot_count;
    }
    return current > 0xFFFFFFFEu - ahead ? 0 : current + ahead;
}

const char *aloft_ota_state_name(uint32_t state)
{
    static const char *const names[] = {"NEW", "PENDING_VERIFY", "VALID", "INVALID", "ABORTED"};
    if (state == ALOFT_OTA_UNDEFINED) {
        return "UNDEFINED";
    }
    return state < sizeof names / sizeof names[0] ? names[state] : "?";
}
