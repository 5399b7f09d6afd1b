// The header in memory is the header of the file. Both schemes have the same magic and layout. They
// differ in the field of the key: ECIES leaves most of it zero, RSA never does.
#include "aloft/format/encimg.h"
#include "aloft/base/bytes.h"
#include <string.h>

#define MAGIC    0x0788B6CFu
#define WRAPPED  4u
#define IV       388u
#define LEN      404u
#define TAG      408u
#define RESERVED 424u
#define ECC_ZERO 100u // from here to IV all is zero with ECIES, behind its public key and salt

enum aloft_err aloft_encimg_parse(const uint8_t header[ALOFT_ENCIMG_HEADER],
                                  struct aloft_encimg *out)
{
    out->wrapped = header + WRAPPED;
    out->iv = header + IV;
    out->tag = header + TAG;
    out->len = aloft_get_le32(header + LEN);
    if (aloft_get_le32(header) != MAGIC ||
        !aloft_bytes_are(header + RESERVED, ALOFT_ENCIMG_HEADER - RESERVED, 0)) {
        return ALOFT_ERR_ENC_HEADER;
    }
    if (aloft_bytes_are(header + ECC_ZERO, IV - ECC_ZERO, 0)) {
        return ALOFT_ERR_ENC_ECC;
    }
    return out->len == 0 ? ALOFT_ERR_ENC_LENGTH : ALOFT_OK;
}

void aloft_encimg_emit(const struct aloft_encimg *image, uint8_t header[ALOFT_ENCIMG_HEADER])
{
    aloft_put_le32(header, MAGIC);
    memset(header + RESERVED, 0, ALOFT_ENCIMG_HEADER - RESERVED);
    memcpy(header + WRAPPED, image->wrapped, ALOFT_ENCIMG_WRAPPED);
    memcpy(header + IV, image->iv, ALOFT_ENCIMG_IV);
    aloft_put_le32(header + LEN, image->len);
    memcpy(header + TAG, image->tag, ALOFT_ENCIMG_TAG);
}
