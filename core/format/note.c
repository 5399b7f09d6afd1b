// A note is whole or it is no note: its CRC covers all fields.
#include "aloft/format/note.h"
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include <string.h>

enum { OFF_KIND = 4, OFF_SEQ = 8, OFF_STATE = 12, OFF_ID = 16, OFF_CRC = 28 };

bool aloft_note_parse(const uint8_t bytes[ALOFT_NOTE_LEN], struct aloft_note *out)
{
    if (memcmp(bytes, ALOFT_NOTE_MAGIC, 4) != 0 ||
        aloft_get_le32(bytes + OFF_CRC) != aloft_crc32(0, bytes, OFF_CRC)) {
        return false;
    }
    out->kind = aloft_get_le32(bytes + OFF_KIND);
    out->seq = aloft_get_le32(bytes + OFF_SEQ);
    out->state = aloft_get_le32(bytes + OFF_STATE);
    memcpy(out->id, bytes + OFF_ID, sizeof out->id);
    return true;
}

void aloft_note_emit(const struct aloft_note *note, uint8_t bytes[ALOFT_NOTE_LEN])
{
    memcpy(bytes, ALOFT_NOTE_MAGIC, 4);
    aloft_put_le32(bytes + OFF_KIND, note->kind);
    aloft_put_le32(bytes + OFF_SEQ, note->seq);
    aloft_put_le32(bytes + OFF_STATE, note->state);
    memcpy(bytes + OFF_ID, note->id, sizeof note->id);
    aloft_put_le32(bytes + OFF_CRC, aloft_crc32(0, bytes, OFF_CRC));
}
