// The one loop that several formats need: is this stretch blank?
#include "aloft/bytes.h"

bool aloft_bytes_are(const uint8_t *p, size_t len, uint8_t value)
{
    for (size_t i = 0; i < len; i++) {
        if (p[i] != value) {
            return false;
        }
    }
    return true;
}
