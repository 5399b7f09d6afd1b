// The crypto seam over mbedTLS, with its own calls and with PSA's: hashes, signatures of
// Espressif's tool, encrypted images of Espressif's tool, and AES-GCM that goes on from a saved
// state. It needs of mbedTLS only what 2.28, 3.x and 4.0 have alike.
#include "aloft/format/encimg.h"
#include "aloft/format/sigblock.h"
#include "check.h"
#include "enc_vectors.h"
#include "ports/portlib/psa/gcm.h"
#include "ports/portlib/psa/mbed_crypto.h"
#include "ports/portlib/psa/mbed_decrypt.h"
#include "signed_blocks.h"
#include "split.h"
#include <mbedtls/md.h>
#include <psa/crypto.h>
#include <stdlib.h>

enum { LEN_MAX = 4096, PLAIN = 100 };

static uint8_t data[LEN_MAX];

static void fill(uint32_t seed)
{
    for (uint32_t i = 0; i < LEN_MAX; i++) {
        data[i] = (uint8_t)split_random(&seed);
    }
}

static int some_random(void *ctx, unsigned char *out, size_t len)
{
    uint32_t *seed = ctx;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)split_random(seed);
    }
    return 0;
}

// --- hashes

static const struct {
    enum aloft_hash_alg alg;
    mbedtls_md_type_t theirs;
    uint32_t len;
} algs[] = {{ALOFT_HASH_SHA256, MBEDTLS_MD_SHA256, ALOFT_SHA256_LEN},
            {ALOFT_HASH_MD5, MBEDTLS_MD_MD5, ALOFT_MD5_LEN}};

static void hashes_are_those_of_the_library_in_any_pieces_and_when_cloned(void)
{
    const struct aloft_crypto *crypto = &aloft_mbed_crypto;
    fill(1);
    for (size_t a = 0; a < sizeof algs / sizeof algs[0]; a++) {
        for (uint32_t len = 0; len <= 200; len++) {
            struct aloft_hash hash;
            struct aloft_hash clone;
            uint8_t want[ALOFT_SHA256_LEN];
            uint8_t got[ALOFT_SHA256_LEN];
            check_note("algorithm %ld, %ld bytes", (long)a, (long)len);
            CHECK_EQ(mbedtls_md(mbedtls_md_info_from_type(algs[a].theirs), data, len, want), 0);
            CHECK_EQ(crypto->hash_init(&hash, algs[a].alg), ALOFT_OK);
            CHECK_EQ(crypto->hash_feed(&hash, data, len / 3), ALOFT_OK);
            CHECK_EQ(crypto->hash_feed(&hash, NULL, 0), ALOFT_OK);
            CHECK_EQ(crypto->hash_clone(&clone, &hash), ALOFT_OK);
            CHECK_EQ(crypto->hash_feed(&hash, "another way", 11), ALOFT_OK);
            CHECK_EQ(crypto->hash_feed(&clone, data + len / 3, len - len / 3), ALOFT_OK);
            CHECK_EQ(crypto->hash_finish(&clone, got), ALOFT_OK);
            CHECK_BYTES(got, want, algs[a].len);
            crypto->hash_drop(&hash);
        }
    }
}

static void a_hash_of_zeros_can_be_dropped_and_one_that_ended_is_zeros(void)
{
    static const struct aloft_hash zeros;
    struct aloft_hash hash = zeros;
    uint8_t out[ALOFT_SHA256_LEN];
    aloft_mbed_crypto.hash_drop(&hash);
    CHECK_BYTES((const uint8_t *)&hash, (const uint8_t *)&zeros, sizeof hash);
    CHECK_EQ(aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_SHA256), ALOFT_OK);
    CHECK_EQ(aloft_mbed_crypto.hash_finish(&hash, out), ALOFT_OK);
    CHECK_BYTES((const uint8_t *)&hash, (const uint8_t *)&zeros, sizeof hash);
}

// --- signatures

// What a block signs with, its numbers one after the other.
struct signature {
    enum aloft_signature_alg alg;
    uint8_t key[ALOFT_RSA3072_LEN + 4];
    uint32_t key_len;
    uint8_t bytes[ALOFT_RSA3072_LEN];
    uint32_t len;
    uint8_t digest[ALOFT_SHA256_LEN];
};

static struct signature signature_of(bool rsa)
{
    uint8_t block[ALOFT_SIGBLOCK_LEN];
    struct aloft_sigblock read;
    struct signature s = {.alg = rsa ? ALOFT_SIGNATURE_RSA3072_PSS : ALOFT_SIGNATURE_P256,
                          .key_len = rsa ? ALOFT_RSA3072_LEN + 4 : ALOFT_P256_LEN,
                          .len = rsa ? ALOFT_RSA3072_LEN : ALOFT_P256_LEN};
    if (rsa) {
        espsecure_block(block, espsecure_rsa3072, sizeof espsecure_rsa3072, ESPSECURE_RSA3072_CRC);
    } else {
        espsecure_block(block, espsecure_p256, sizeof espsecure_p256, ESPSECURE_P256_CRC);
    }
    CHECK_EQ(aloft_sigblock_read(&read, block), rsa ? ALOFT_SIGBLOCK_RSA3072 : ALOFT_SIGBLOCK_P256);
    memcpy(s.key, read.key + (rsa ? 0 : 1), s.key_len); // behind the curve's number
    memcpy(s.bytes, read.signature, s.len);
    memcpy(s.digest, read.digest, sizeof s.digest);
    return s;
}

static enum aloft_err verify(const struct signature *s)
{
    return aloft_mbed_signed_crypto.verify(s->alg, s->key, s->bytes, s->digest);
}

static void signatures_of_the_makers_tool_are_good_and_none_with_a_bit_changed_is(void)
{
    for (int rsa = 0; rsa < 2; rsa++) {
        const struct signature good = signature_of(rsa != 0);
        struct signature s = good;
        CHECK_EQ(verify(&s), ALOFT_OK);
        for (uint32_t i = 0; i < s.key_len; i += 7) {
            check_note("rsa %ld: key, byte %ld", rsa, (long)i);
            s.key[i] ^= 1;
            CHECK_EQ(verify(&s), ALOFT_ERR_SIGNATURE_BAD);
            s.key[i] ^= 1;
        }
        for (uint32_t i = 0; i < s.len; i += 5) {
            check_note("rsa %ld: signature, byte %ld", rsa, (long)i);
            s.bytes[i] ^= 0x10;
            CHECK_EQ(verify(&s), ALOFT_ERR_SIGNATURE_BAD);
            s.bytes[i] ^= 0x10;
        }
        for (uint32_t i = 0; i < sizeof s.digest; i++) {
            s.digest[i] ^= 0x80;
            CHECK_EQ(verify(&s), ALOFT_ERR_SIGNATURE_BAD);
            s.digest[i] ^= 0x80;
        }
    }
}

// Zeros, ones, a modulus that is too short, an exponent of nothing: faults, and no crash.
static void keys_and_signatures_that_are_none_are_bad(void)
{
    static const uint8_t fills[] = {0x00, 0xFF};
    for (int rsa = 0; rsa < 2; rsa++) {
        const struct signature good = signature_of(rsa != 0);
        for (size_t i = 0; i < sizeof fills; i++) {
            struct signature s = good;
            memset(s.key, fills[i], s.key_len);
            CHECK_EQ(verify(&s), ALOFT_ERR_SIGNATURE_BAD);
            s = good;
            memset(s.bytes, fills[i], s.len);
            CHECK_EQ(verify(&s), ALOFT_ERR_SIGNATURE_BAD);
            s = good;
            memset(s.key + s.key_len / 2, fills[i], s.key_len - s.key_len / 2);
            CHECK_EQ(verify(&s), ALOFT_ERR_SIGNATURE_BAD);
            s = good;
            memset(s.key + s.key_len - 4, fills[i], 4); // of RSA the exponent
            CHECK_EQ(verify(&s), ALOFT_ERR_SIGNATURE_BAD);
            s = good;
            s.key[rsa != 0 ? ALOFT_RSA3072_LEN - 1 : 0] = fills[i]; // of RSA the highest byte
            CHECK_EQ(verify(&s), ALOFT_ERR_SIGNATURE_BAD);
        }
    }
}

// --- AES-GCM

// The ciphertext and the tag behind it, by the library.
static void encrypt(const uint8_t *key, const uint8_t *iv, const uint8_t *plain, uint32_t len,
                    uint8_t *out)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t id = 0;
    size_t out_len = 0;
    CHECK_EQ(psa_crypto_init(), PSA_SUCCESS);
    psa_set_key_type(&attributes, PSA_KEY_TYPE_AES);
    psa_set_key_algorithm(&attributes, PSA_ALG_GCM);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_ENCRYPT);
    CHECK_EQ(psa_import_key(&attributes, key, ALOFT_AES_KEY, &id), PSA_SUCCESS);
    CHECK_EQ(psa_aead_encrypt(id, PSA_ALG_GCM, iv, ALOFT_AES_BLOCK, NULL, 0, plain, len, out,
                              len + ALOFT_AES_BLOCK, &out_len),
             PSA_SUCCESS);
    CHECK(out_len == len + ALOFT_AES_BLOCK);
    CHECK_EQ(psa_destroy_key(id), PSA_SUCCESS);
}

static void decrypt_in_pieces(const uint8_t *key, const uint8_t *iv, uint32_t len, uint32_t piece)
{
    static uint8_t secret[LEN_MAX + ALOFT_AES_BLOCK];
    static uint8_t plain[LEN_MAX];
    struct aloft_gcm gcm = {.counter = 0};
    uint8_t state[ALOFT_AES_BLOCK];
    uint8_t tag[ALOFT_AES_BLOCK];
    encrypt(key, iv, data, len, secret);
    CHECK(aloft_gcm_begin(&gcm, key, iv));
    for (uint32_t off = 0; off < len; off += piece) {
        uint32_t n = len - off < piece ? len - off : piece;
        CHECK(aloft_gcm_feed(&gcm, secret + off, n, plain + off));
        if (n == piece) { // a reset
            aloft_gcm_save(&gcm, state);
            aloft_gcm_end(&gcm);
            CHECK(aloft_gcm_begin(&gcm, key, iv));
            aloft_gcm_load(&gcm, off + n, state);
        }
    }
    CHECK(aloft_gcm_tag(&gcm, tag));
    aloft_gcm_end(&gcm);
    CHECK_BYTES(plain, data, len);
    CHECK_BYTES(tag, secret + len, ALOFT_AES_BLOCK);
}

static void gcm_is_that_of_the_library_also_after_a_reset_at_any_block(void)
{
    uint8_t key[ALOFT_AES_KEY];
    uint8_t iv[ALOFT_AES_BLOCK];
    for (uint32_t len = 0; len <= 400; len++) {
        uint32_t seed = len + 1;
        check_note("%ld bytes", (long)len, 0);
        fill(seed);
        (void)some_random(&seed, key, sizeof key);
        (void)some_random(&seed, iv, sizeof iv);
        decrypt_in_pieces(key, iv, len, 16);
        decrypt_in_pieces(key, iv, len, 16 * (1 + len % 23));
    }
    decrypt_in_pieces(key, iv, LEN_MAX, 1024);
}

// With this key the first block of this IV ends in FFFFFFFE, so its 32 bits run over.
static void a_counter_that_runs_over_carries_into_nothing(void)
{
    static const uint8_t iv[ALOFT_AES_BLOCK] = {0xB7, 0x97, 0xB5, 0xE5, 0x4F, 0x04, 0xD4, 0xC7,
                                                0xC5, 0x52, 0x43, 0x09, 0xEB, 0xD1, 0x01, 0xAB};
    uint8_t key[ALOFT_AES_KEY];
    for (uint32_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)i;
    }
    struct aloft_gcm gcm = {.counter = 0};
    CHECK(aloft_gcm_begin(&gcm, key, iv));
    CHECK_EQ(gcm.counter, 0xFFFFFFFFu);
    aloft_gcm_end(&gcm);
    decrypt_in_pieces(key, iv, 300, 16);
    decrypt_in_pieces(key, iv, 300, 300);
}

// --- encrypted images

static struct aloft_mbed_decrypt *open_key(void)
{
    static uint32_t seed = 1;
    struct aloft_mbed_decrypt *decrypt =
        aloft_mbed_decrypt_new(enc_key, sizeof enc_key - 1, some_random, &seed);
    CHECK(decrypt != NULL);
    return decrypt;
}

static enum aloft_err open_image(const struct aloft_decrypt *decrypt, const uint8_t *wrapped,
                                 uint8_t out[PLAIN])
{
    struct aloft_encimg image;
    CHECK_EQ(aloft_encimg_parse(enc_golden, &image), ALOFT_OK);
    CHECK_EQ(image.len, PLAIN);
    enum aloft_err err =
        decrypt->begin(decrypt->ctx, wrapped != NULL ? wrapped : image.wrapped, image.iv);
    if (err == ALOFT_OK) {
        err = decrypt->feed(decrypt->ctx, enc_golden + ALOFT_ENCIMG_HEADER, PLAIN, out);
    }
    err = err == ALOFT_OK ? decrypt->finish(decrypt->ctx, image.tag) : err;
    decrypt->end(decrypt->ctx);
    return err;
}

static void an_image_of_the_makers_tool_is_opened(void)
{
    struct aloft_mbed_decrypt *decrypt = open_key();
    uint8_t plain[PLAIN];
    for (int round = 0; round < 2; round++) {
        CHECK_EQ(open_image(aloft_mbed_decrypt_table(decrypt), NULL, plain), ALOFT_OK);
        for (uint32_t i = 0; i < PLAIN; i++) {
            CHECK_EQ(plain[i], (uint8_t)(i * 7 + 3));
        }
    }
    aloft_mbed_decrypt_free(decrypt);
}

// The same block gives the same bytes again, so asking twice tells nothing.
static void a_key_that_does_not_unwrap_is_found_by_the_tag_alone(void)
{
    struct aloft_mbed_decrypt *decrypt = open_key();
    struct aloft_encimg image;
    CHECK_EQ(aloft_encimg_parse(enc_golden, &image), ALOFT_OK);
    for (int byte = 0; byte < (int)ALOFT_ENCIMG_WRAPPED; byte += 37) {
        uint8_t wrapped[ALOFT_ENCIMG_WRAPPED];
        uint8_t plain[2][PLAIN];
        memcpy(wrapped, image.wrapped, sizeof wrapped);
        wrapped[byte] ^= 4;
        check_note("byte %ld", byte, 0);
        for (int round = 0; round < 2; round++) {
            CHECK_EQ(open_image(aloft_mbed_decrypt_table(decrypt), wrapped, plain[round]),
                     ALOFT_ERR_ENC_TAG);
        }
        CHECK_BYTES(plain[0], plain[1], PLAIN);
    }
    aloft_mbed_decrypt_free(decrypt);
}

static void what_is_no_rsa_3072_key_is_refused(void)
{
    static uint8_t wrong[sizeof enc_key];
    uint32_t seed = 1;
    CHECK(aloft_mbed_decrypt_new((const uint8_t *)"", 0, some_random, &seed) == NULL);
    CHECK(aloft_mbed_decrypt_new((const uint8_t *)"-----BEGIN", 10, some_random, &seed) == NULL);
    for (size_t len = 0; len < sizeof enc_key - 1; len += 61) {
        memcpy(wrong, enc_key, sizeof wrong);
        wrong[len] = 0;
        check_note("%ld bytes", (long)len, 0);
        CHECK(aloft_mbed_decrypt_new(wrong, len, some_random, &seed) == NULL);
    }
    aloft_mbed_decrypt_free(NULL);
}

CHECK_MAIN(TEST(hashes_are_those_of_the_library_in_any_pieces_and_when_cloned),
           TEST(a_hash_of_zeros_can_be_dropped_and_one_that_ended_is_zeros),
           TEST(signatures_of_the_makers_tool_are_good_and_none_with_a_bit_changed_is),
           TEST(keys_and_signatures_that_are_none_are_bad),
           TEST(gcm_is_that_of_the_library_also_after_a_reset_at_any_block),
           TEST(a_counter_that_runs_over_carries_into_nothing),
           TEST(an_image_of_the_makers_tool_is_opened),
           TEST(a_key_that_does_not_unwrap_is_found_by_the_tag_alone),
           TEST(what_is_no_rsa_3072_key_is_refused))
