// The header of encrypted images: what ESP-IDF's tool writes is read, and written back in every
// byte; nothing else passes.
#include "aloft/format/encimg.h"
#include "check.h"
#include "enc_vectors.h"
#include "guard.h"

static enum aloft_err parse(const uint8_t *header, struct aloft_encimg *out)
{
    (void)guard_before(header, ALOFT_ENCIMG_HEADER);
    return aloft_encimg_parse(guard_after(header, ALOFT_ENCIMG_HEADER), out);
}

static void what_their_tool_writes_is_read_and_written_again(void)
{
    struct aloft_encimg image;
    uint8_t header[ALOFT_ENCIMG_HEADER];
    CHECK_EQ(parse(enc_golden, &image), ALOFT_OK);
    CHECK_EQ(image.len, sizeof enc_golden - ALOFT_ENCIMG_HEADER);
    memset(header, 0x5A, sizeof header);
    aloft_encimg_emit(&image, header);
    CHECK_BYTES(header, enc_golden, sizeof header);
}

static void the_other_scheme_is_refused_by_name(void)
{
    struct aloft_encimg image;
    CHECK_EQ(parse(enc_golden_ecc, &image), ALOFT_ERR_ENC_ECC);
}

static void every_bit_of_magic_and_reserved_bytes_counts(void)
{
    for (uint32_t bit = 0; bit < 8 * ALOFT_ENCIMG_HEADER; bit++) {
        uint8_t header[ALOFT_ENCIMG_HEADER];
        struct aloft_encimg image;
        uint32_t at = bit / 8;
        bool fixed = at < 4 || at >= 424;
        check_note("bit %ld of byte %ld", (long)bit % 8, (long)at);
        memcpy(header, enc_golden, sizeof header);
        header[at] ^= (uint8_t)(1u << bit % 8);
        CHECK_EQ(parse(header, &image), fixed ? ALOFT_ERR_ENC_HEADER : ALOFT_OK);
    }
}

static void a_header_of_nothing_is_refused(void)
{
    struct aloft_encimg image;
    uint8_t header[ALOFT_ENCIMG_HEADER];
    memcpy(header, enc_golden, sizeof header);
    memset(header + 404, 0, 4);
    CHECK_EQ(parse(header, &image), ALOFT_ERR_ENC_LENGTH);
    memset(header, 0, sizeof header);
    CHECK_EQ(parse(header, &image), ALOFT_ERR_ENC_HEADER);
    memset(header, 0xFF, sizeof header);
    CHECK_EQ(parse(header, &image), ALOFT_ERR_ENC_HEADER);
}

CHECK_MAIN(TEST(what_their_tool_writes_is_read_and_written_again),
           TEST(the_other_scheme_is_refused_by_name),
           TEST(every_bit_of_magic_and_reserved_bytes_counts), TEST(a_header_of_nothing_is_refused))
