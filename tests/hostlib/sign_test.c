// Signed files: espsecure's are good until a byte of them changes; ours hold what they should.
#include "guard.h"
#include "host_folder.h"
#include "hostlib/keys/sign.h"
#include "make_image.h"
#include "signed_blocks.h"
#include "signing_keys.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 4096, CONTENT = 4096, FILE_LEN = CONTENT + SECTOR, ROOM = 5 * SECTOR };

static uint8_t file[ROOM];
static struct aloft_key rsa;
static struct aloft_key p256;

static void load(const char *pem, struct aloft_key *key)
{
    struct aloft_message error;
    write_text("key.pem", pem);
    assert_true(aloft_keys_load("key.pem", key, &error));
}

static int load_keys(void **state)
{
    if (enter_folder(state) != 0) {
        return -1;
    }
    load(test_rsa3072, &rsa);
    load(test_p256, &p256);
    return 0;
}

static int release_keys(void **state)
{
    aloft_keys_release(&rsa);
    aloft_keys_release(&p256);
    return leave_folder(state);
}

static void make_content(void)
{
    for (uint32_t i = 0; i < CONTENT; i++) {
        file[i] = (uint8_t)(i * 7 + i / 256);
    }
    memset(file + CONTENT, 0xFF, ROOM - CONTENT);
}

static enum aloft_err verdict(const uint8_t *bytes, uint32_t len, const uint8_t *trusted,
                              struct aloft_sign_block *blocks)
{
    uint8_t digest[1][ALOFT_SHA256_LEN];
    struct aloft_sign_trust trust = {(const uint8_t(*)[ALOFT_SHA256_LEN])digest, 1};
    struct aloft_sign sign;
    struct aloft_message error;
    memcpy(digest[0], trusted, ALOFT_SHA256_LEN);
    assert_true(aloft_sign_open_signed(&sign, "file", guard_after(bytes, len), len, false, &error));
    enum aloft_err err = aloft_sign_judge(&sign, &trust, blocks);
    aloft_sign_release(&sign);
    return err;
}

static const struct {
    const uint8_t *start;
    size_t len;
    uint32_t crc;
    const uint8_t *digest;
    uint32_t step; // RSA is verified fast, P-256 is not
} golden[] = {
    {espsecure_rsa3072, sizeof espsecure_rsa3072, ESPSECURE_RSA3072_CRC,
     espsecure_rsa3072_key_digest, 1},
    {espsecure_p256, sizeof espsecure_p256, ESPSECURE_P256_CRC, espsecure_p256_key_digest, 13},
};

static void files_by_espsecure_are_good_until_a_byte_changes(void **state)
{
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    (void)state;
    for (size_t i = 0; i < COUNT(golden); i++) {
        make_content();
        espsecure_block(file + CONTENT, golden[i].start, golden[i].len, golden[i].crc);
        assert_int_equal(verdict(file, FILE_LEN, golden[i].digest, blocks), ALOFT_OK);
        assert_int_equal(blocks[0].state, ALOFT_SIGN_GOOD);
        assert_int_equal(blocks[1].state, ALOFT_SIGN_BLANK);
        assert_memory_equal(blocks[0].key_digest, golden[i].digest, ALOFT_SHA256_LEN);
        for (uint32_t at = 0; at < FILE_LEN; at += golden[i].step) {
            file[at] ^= 0x40;
            assert_int_not_equal(verdict(file, FILE_LEN, golden[i].digest, blocks), ALOFT_OK);
            file[at] ^= 0x40;
        }
        assert_int_equal(verdict(file, FILE_LEN, rsa.digest, blocks), ALOFT_ERR_SIGNATURE_KEY);
        assert_int_equal(blocks[0].state, ALOFT_SIGN_UNKNOWN);
    }
}

static void what_is_wrong_is_said(void **state)
{
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    uint8_t *block = file + CONTENT;
    const uint8_t *digest = golden[0].digest;
    (void)state;
    make_content();
    assert_int_equal(verdict(file, FILE_LEN, digest, blocks), ALOFT_ERR_SIGNATURE_MISSING);
    assert_int_equal(verdict(file, 100, digest, blocks), ALOFT_ERR_SIGNATURE_MISSING);
    espsecure_block(block, golden[0].start, golden[0].len, golden[0].crc);
    file[7] ^= 1;
    assert_int_equal(verdict(file, FILE_LEN, digest, blocks), ALOFT_ERR_SIGNATURE_IMAGE);
    assert_int_equal(blocks[0].state, ALOFT_SIGN_OTHER);
    file[7] ^= 1;
    block[500] ^= 1;
    assert_int_equal(verdict(file, FILE_LEN, digest, blocks), ALOFT_ERR_SIGNATURE_BLOCK);
    assert_int_equal(blocks[0].state, ALOFT_SIGN_DAMAGED);
    block[500] ^= 1;
    block[FILE_LEN - CONTENT - 1] = 0;
    assert_int_equal(verdict(file, FILE_LEN, digest, blocks), ALOFT_ERR_SIGNATURE_SECTOR);
    block[FILE_LEN - CONTENT - 1] = 0xFF;
    memcpy(block + ALOFT_SIGBLOCK_LEN, block, ALOFT_SIGBLOCK_LEN);
    memset(block, 0xFF, ALOFT_SIGBLOCK_LEN); // a device takes it at the second place, too
    assert_int_equal(verdict(file, FILE_LEN, digest, blocks), ALOFT_OK);
    espsecure_block(block, golden[0].start, golden[0].len, golden[0].crc);
    block[ALOFT_SIGBLOCK_LEN + 900] ^= 1; // a damaged block beside a good one
    assert_int_equal(verdict(file, FILE_LEN, digest, blocks), ALOFT_ERR_SIGNATURE_BLOCK);
    assert_int_equal(blocks[0].state, ALOFT_SIGN_GOOD);
    make_content();
    espsecure_block(block, espsecure_p192, sizeof espsecure_p192, ESPSECURE_P192_CRC);
    assert_int_equal(verdict(file, FILE_LEN, espsecure_p192_key_digest, blocks),
                     ALOFT_ERR_SIGNATURE_CURVE);
}

static void a_signature_that_another_key_made_is_forged(void **state)
{
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    struct aloft_message error;
    uint8_t signature[ALOFT_KEYS_SIGNATURE];
    struct aloft_sigblock block;
    (void)state;
    make_content();
    espsecure_block(file + CONTENT, golden[0].start, golden[0].len, golden[0].crc);
    (void)aloft_sigblock_read(&block, file + CONTENT);
    assert_true(aloft_keys_sign(&rsa, block.digest, signature, &error));
    uint8_t forged[ALOFT_SIGBLOCK_LEN];
    aloft_sigblock_emit(forged, block.kind, block.digest, block.key, signature);
    memcpy(file + CONTENT, forged, sizeof forged);
    assert_int_equal(verdict(file, FILE_LEN, golden[0].digest, blocks), ALOFT_ERR_SIGNATURE_BAD);
    assert_int_equal(blocks[0].state, ALOFT_SIGN_BAD);
}

static bool open_file(struct aloft_sign *sign, uint32_t len, struct aloft_message *error)
{
    return aloft_sign_open(sign, "file", guard_after(file, len), len, false, error);
}

// Signs file[0..len) in place and returns the new length.
static uint32_t sign_file(uint32_t len, enum aloft_sign_how how, const struct aloft_key *key)
{
    struct aloft_sign sign;
    struct aloft_message error;
    if (!open_file(&sign, len, &error) || !aloft_sign_begin(&sign, how, &error) ||
        !aloft_sign_with(&sign, key, &error)) {
        fail_msg("%s", error.text);
    }
    uint32_t signed_len = aloft_sign_len(&sign);
    assert_true(signed_len <= ROOM);
    memcpy(file, sign.data, signed_len);
    aloft_sign_release(&sign);
    return signed_len;
}

static void files_of_any_length_are_padded_and_signed(void **state)
{
    static const uint32_t lens[] = {1, 4095, 4096, 4097, 8192};
    const struct aloft_key *keys[] = {&rsa, &p256};
    (void)state;
    for (size_t i = 0; i < COUNT(lens) * COUNT(keys); i++) {
        struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
        uint32_t len = lens[i / COUNT(keys)];
        uint32_t padded = (len + SECTOR - 1) / SECTOR * SECTOR;
        const struct aloft_key *key = keys[i % COUNT(keys)];
        memset(file, 0x5A, sizeof file);
        assert_int_equal(sign_file(len, ALOFT_SIGN_FRESH, key), padded + SECTOR);
        for (uint32_t at = 0; at < padded; at++) {
            assert_int_equal(file[at], at < len ? 0x5A : 0xFF);
        }
        assert_int_equal(verdict(file, padded + SECTOR, key->digest, blocks), ALOFT_OK);
        assert_int_equal(blocks[0].kind, key->kind);
    }
}

static void images_are_signed_where_devices_look(void **state)
{
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    (void)state;
    // Blank sectors behind the image do not belong to its content.
    memset(file, 0xFF, sizeof file);
    uint32_t image_len = make_image(file, SECTOR, 1000);
    assert_true(image_len < SECTOR);
    assert_int_equal(sign_file(3 * SECTOR, ALOFT_SIGN_FRESH, &p256), 2 * SECTOR);
    assert_int_equal(verdict(file, 2 * SECTOR, p256.digest, blocks), ALOFT_OK);
    // Blank sectors behind the signatures are accepted as well; anything else is refused.
    memset(file + 2 * SECTOR, 0xFF, SECTOR);
    assert_int_equal(verdict(file, 3 * SECTOR, p256.digest, blocks), ALOFT_OK);
    file[2 * SECTOR + 5] = 0;
    assert_int_equal(verdict(file, 3 * SECTOR, p256.digest, blocks), ALOFT_ERR_IMAGE_TRAILING);
}

static void expect_no_open(uint32_t len, const char *why)
{
    struct aloft_sign sign;
    struct aloft_message error;
    assert_false(open_file(&sign, len, &error));
    if (strstr(error.text, why) == NULL) {
        fail_msg("no \"%s\" in: %s", why, error.text);
    }
}

static void what_no_device_runs_is_not_signed(void **state)
{
    struct aloft_sign sign;
    struct aloft_message error;
    (void)state;
    memset(file, 0xFF, sizeof file);
    uint32_t image_len = make_image(file, SECTOR, 1000);
    expect_no_open(0, "empty");
    expect_no_open(image_len - 1, "begins like an image");
    file[300] ^= 1;
    expect_no_open(image_len, "begins like an image");
    assert_true(
        aloft_sign_open(&sign, "file", guard_after(file, image_len), image_len, true, &error));
    assert_int_equal(sign.content_len, SECTOR);
    aloft_sign_release(&sign);
    file[300] ^= 1;
    file[image_len + 1] = 'x';
    expect_no_open(SECTOR, "something follows");
    file[image_len + 1] = 0xFF;
    file[SECTOR + 1] = 'x';
    expect_no_open(2 * SECTOR, "something follows");
    memset(file + image_len, 0, 4);
    expect_no_open(image_len + 68, "Secure Boot V1");
}

static void up_to_three_keys_sign_and_none_twice(void **state)
{
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    struct aloft_sign sign;
    struct aloft_message error;
    struct aloft_key third;
    struct aloft_key fourth;
    (void)state;
    assert_true(aloft_keys_create(ALOFT_SIGBLOCK_P256, "3", &third, &error));
    assert_true(aloft_keys_create(ALOFT_SIGBLOCK_P256, "4", &fourth, &error));
    make_content();
    uint32_t len = sign_file(CONTENT, ALOFT_SIGN_APPEND, &rsa);
    len = sign_file(len, ALOFT_SIGN_APPEND, &p256);
    assert_true(open_file(&sign, len, &error));
    assert_true(aloft_sign_begin(&sign, ALOFT_SIGN_APPEND, &error));
    assert_false(aloft_sign_with(&sign, &rsa, &error));
    assert_non_null(strstr(error.text, "already"));
    assert_true(aloft_sign_with(&sign, &third, &error));
    assert_int_equal(aloft_sign_count(&sign), 3);
    assert_false(aloft_sign_with(&sign, &fourth, &error));
    assert_non_null(strstr(error.text, "at most 3"));
    const struct aloft_key *keys[] = {&rsa, &p256, &third};
    assert_int_equal(aloft_sign_len(&sign), FILE_LEN);
    for (size_t i = 0; i < COUNT(keys); i++) {
        assert_int_equal(verdict(sign.data, FILE_LEN, keys[i]->digest, blocks), ALOFT_OK);
        for (size_t at = 0; at < COUNT(keys); at++) {
            assert_int_equal(blocks[at].state, at == i ? ALOFT_SIGN_GOOD : ALOFT_SIGN_UNKNOWN);
        }
    }
    assert_int_equal(verdict(sign.data, FILE_LEN, fourth.digest, blocks), ALOFT_ERR_SIGNATURE_KEY);
    aloft_sign_release(&sign);
    aloft_keys_release(&third);
    aloft_keys_release(&fourth);
}

static void a_signed_file_is_not_signed_again_by_accident(void **state)
{
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    struct aloft_sign sign;
    struct aloft_message error;
    (void)state;
    make_content();
    espsecure_block(file + CONTENT, golden[0].start, golden[0].len, golden[0].crc);
    assert_true(open_file(&sign, FILE_LEN, &error));
    assert_false(aloft_sign_begin(&sign, ALOFT_SIGN_FRESH, &error));
    assert_non_null(strstr(error.text, "signed already"));
    aloft_sign_release(&sign);
    // Appended: espsecure's signature stays good.
    assert_int_equal(sign_file(FILE_LEN, ALOFT_SIGN_APPEND, &p256), FILE_LEN);
    assert_int_equal(verdict(file, FILE_LEN, golden[0].digest, blocks), ALOFT_OK);
    assert_int_equal(verdict(file, FILE_LEN, p256.digest, blocks), ALOFT_OK);
    assert_int_equal(sign_file(FILE_LEN, ALOFT_SIGN_REPLACE, &p256), FILE_LEN);
    assert_int_equal(verdict(file, FILE_LEN, p256.digest, blocks), ALOFT_OK);
    assert_int_equal(blocks[1].state, ALOFT_SIGN_BLANK);
}

static void nothing_is_appended_to_signatures_that_are_not_sound(void **state)
{
    static const uint32_t spoil[] = {7, CONTENT + 600, CONTENT + 1210, FILE_LEN - 1,
                                     CONTENT + ALOFT_SIGBLOCK_LEN};
    struct aloft_sign sign;
    struct aloft_message error;
    (void)state;
    for (size_t i = 0; i < COUNT(spoil); i++) {
        make_content();
        espsecure_block(file + CONTENT, golden[0].start, golden[0].len, golden[0].crc);
        file[spoil[i]] ^= 1;
        assert_true(open_file(&sign, FILE_LEN, &error));
        assert_false(aloft_sign_begin(&sign, ALOFT_SIGN_APPEND, &error));
        assert_non_null(strstr(error.text, "sound"));
        aloft_sign_release(&sign);
    }
}

static void signatures_by_openssl_are_attached_when_they_are_good(void **state)
{
    static const struct {
        const char *pem;
        const uint8_t *bytes;
        size_t len;
    } rows[] = {{test_rsa3072_public, openssl_rsa3072, sizeof openssl_rsa3072},
                {test_p256_public, openssl_p256, sizeof openssl_p256}};
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    struct aloft_sign sign;
    struct aloft_message error;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aloft_key key;
        uint8_t signature[ALOFT_KEYS_SIGNATURE];
        load(rows[i].pem, &key);
        make_content();
        assert_true(open_file(&sign, CONTENT, &error));
        assert_false(aloft_sign_with(&sign, &key, &error)); // it is public
        assert_true(aloft_keys_foreign(&key, rows[i].bytes, rows[i].len, signature));
        signature[3] ^= 1;
        assert_false(aloft_sign_attach(&sign, &key, signature, &error));
        assert_int_equal(aloft_sign_count(&sign), 0);
        signature[3] ^= 1;
        assert_true(aloft_sign_attach(&sign, &key, signature, &error));
        assert_int_equal(verdict(sign.data, FILE_LEN, key.digest, blocks), ALOFT_OK);
        aloft_sign_release(&sign);
        aloft_keys_release(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_by_espsecure_are_good_until_a_byte_changes),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_signature_that_another_key_made_is_forged),
        cmocka_unit_test(files_of_any_length_are_padded_and_signed),
        cmocka_unit_test(images_are_signed_where_devices_look),
        cmocka_unit_test(what_no_device_runs_is_not_signed),
        cmocka_unit_test(up_to_three_keys_sign_and_none_twice),
        cmocka_unit_test(a_signed_file_is_not_signed_again_by_accident),
        cmocka_unit_test(nothing_is_appended_to_signatures_that_are_not_sound),
        cmocka_unit_test(signatures_by_openssl_are_attached_when_they_are_good),
    };
    return cmocka_run_group_tests(tests, load_keys, release_keys);
}
