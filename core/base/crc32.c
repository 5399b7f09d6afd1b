// Bit by bit, without a table: the inputs are 4 to 1,200 bytes, and a table costs a kilobyte of
// flash. No branch depends on a bit, as half of them would be predicted wrongly.
#include "aloft/base/crc32.h"

uint32_t aloft_crc32(uint32_t crc, const uint8_t *data, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1)));
        }
    }
    return ~crc;
}
