// Keys: what is read, made and refused. Other programs' digests and signatures are the measure; RFC
// 6979 is that of ECDSA.
#include "host_folder.h"
#include "hostlib/base/file.h"
#include "hostlib/keys/keys.h"
#include "signing_keys.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// SHA-256 of the content in signed_blocks.h.
static const uint8_t content_digest[ALOFT_SHA256_LEN] = {
    0xd2, 0x4a, 0xc4, 0x4c, 0x83, 0xcc, 0xe8, 0x42, 0xb6, 0x7a, 0x82, 0xd2, 0xf7, 0x7b, 0xcb, 0xe5,
    0xe4, 0x1d, 0xbd, 0x55, 0x56, 0x05, 0xc9, 0x28, 0x32, 0xd6, 0x09, 0xe2, 0x9c, 0x5a, 0x99, 0x7c};

static void write_key(const char *name, const char *pem)
{
    write_text(name, pem);
    assert_int_equal(chmod(name, 0600), 0);
}

static void load(const char *pem, struct aloft_key *key)
{
    struct aloft_message error;
    write_key("key.pem", pem);
    if (!aloft_keys_load("key.pem", key, &error)) {
        fail_msg("%s", error.text);
    }
}

enum { SCAN = 1 << 16, MAP_MAX = 1 << 28 };

// Is the needle, whose bytes are inverted here, in the part of this process's memory?
static bool in_part(int memory, unsigned long from, unsigned long to, const uint8_t *inverted,
                    size_t len)
{
    static uint8_t chunk[SCAN];
    bool found = false;
    for (unsigned long at = from; at < to && !found; at += SCAN / 2) {
        ssize_t n = pread(memory, chunk, sizeof chunk, (off_t)at);
        for (size_t i = 0; n > 0 && i + len <= (size_t)n && !found; i++) {
            size_t same = 0;
            while (same < len && chunk[i + same] + inverted[same] == 0xFF) {
                same++;
            }
            found = same == len;
        }
        memset(chunk, 0, sizeof chunk);
    }
    return found;
}

// Is it in anything that this process can write to?
static bool in_memory(const uint8_t *inverted, size_t len)
{
    char line[512];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY);
    assert_true(maps != NULL && memory >= 0);
    while (fgets(line, sizeof line, maps) != NULL) {
        unsigned long from;
        unsigned long to;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) == 3 && rights[1] == 'w' &&
            to - from <= MAP_MAX) { // larger ones are the sanitizer's own
            found = found || in_part(memory, from, to, inverted, len);
        }
    }
    assert_int_equal(fclose(maps) | close(memory), 0);
    return found;
}

// A buffer that grew left the key behind in freed memory, however well the new one was wiped.
static void no_key_file_stays_in_memory_when_it_was_released(void **state)
{
    struct aloft_message error;
    struct aloft_file file;
    uint8_t inverted[32];
    (void)state;
    assert_int_equal(system("head -c 1700 /dev/urandom > secret"), 0);
    assert_true(aloft_file_read("secret", 4000, &file, &error));
    for (size_t i = 0; i < sizeof inverted; i++) {
        inverted[i] = (uint8_t)(file.data[1000 + i] ^ 0xFF);
    }
    assert_true(in_memory(inverted, sizeof inverted)); // what is sought can be found
    aloft_file_release(&file);
    assert_false(in_memory(inverted, sizeof inverted));
}

static void keys_have_the_digests_that_espsecure_gives_them(void **state)
{
    static const struct {
        const char *pem;
        enum aloft_sigblock_kind kind;
        bool secret;
        const uint8_t *digest;
    } rows[] = {
        {test_rsa3072, ALOFT_SIGBLOCK_RSA3072, true, test_rsa3072_digest},
        {test_rsa3072_public, ALOFT_SIGBLOCK_RSA3072, false, test_rsa3072_digest},
        {test_p256, ALOFT_SIGBLOCK_P256, true, test_p256_digest},
        {test_p256_pkcs8, ALOFT_SIGBLOCK_P256, true, test_p256_digest},
        {test_p256_public, ALOFT_SIGBLOCK_P256, false, test_p256_digest},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aloft_key key;
        load(rows[i].pem, &key);
        assert_int_equal(key.kind, rows[i].kind);
        assert_int_equal(key.secret, rows[i].secret);
        assert_memory_equal(key.digest, rows[i].digest, sizeof key.digest);
        aloft_keys_release(&key);
    }
}

static void the_public_part_is_written_as_openssl_writes_it(void **state)
{
    static const char *const rows[][2] = {{test_rsa3072, test_rsa3072_public},
                                          {test_p256, test_p256_public}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aloft_key key;
        struct aloft_message error;
        char pem[ALOFT_KEYS_PEM];
        load(rows[i][0], &key);
        assert_true(aloft_keys_public_pem(&key, pem, &error));
        assert_string_equal(pem, rows[i][1]);
        aloft_keys_release(&key);
    }
}

static void expect_refused(const char *pem, const char *why)
{
    struct aloft_key key;
    struct aloft_message error;
    write_key("key.pem", pem);
    assert_false(aloft_keys_load("key.pem", &key, &error));
    if (strstr(error.text, why) == NULL) {
        fail_msg("no \"%s\" in: %s", why, error.text);
    }
    assert_null(key.pk);
}

static void what_no_device_verifies_is_refused_by_name(void **state)
{
    char cut[sizeof test_rsa3072];
    (void)state;
    expect_refused(test_p256_encrypted, "passphrase");
    expect_refused(test_rsa2048_public, "2048 bits");
    expect_refused(test_p384_public, "384 bits");
    expect_refused("", "no key");
    expect_refused("hello\n", "no key");
    expect_refused("-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----\n", "no key");
    for (size_t len = 0; len < sizeof cut - 2; len += 97) {
        memcpy(cut, test_rsa3072, len);
        cut[len] = '\0';
        expect_refused(cut, "key.pem");
    }
}

static void a_private_part_of_another_key_is_refused(void **state)
{
    char spoiled[sizeof test_p256];
    (void)state;
    memcpy(spoiled, test_p256, sizeof spoiled);
    // The first line of base64 begins with the private number's head; this changes a digit of it.
    char *digit = strchr(spoiled, '\n') + 20;
    *digit = *digit == 'A' ? 'B' : 'A';
    expect_refused(spoiled, "do not belong together");
}

static void a_key_that_others_can_read_is_told(void **state)
{
    static const mode_t shared[] = {0640, 0604, 0620, 0610};
    (void)state;
    write_key("open.pem", test_p256);
    for (size_t i = 0; i < COUNT(shared); i++) {
        assert_int_equal(chmod("open.pem", shared[i]), 0);
        assert_true(aloft_keys_exposed("open.pem"));
    }
    assert_int_equal(chmod("open.pem", 0600), 0);
    assert_false(aloft_keys_exposed("open.pem"));
    assert_false(aloft_keys_exposed("missing.pem"));
    assert_false(aloft_keys_exposed("-"));
}

static void a_made_key_is_its_owners_alone_and_signs(void **state)
{
    static const enum aloft_sigblock_kind kinds[] = {ALOFT_SIGBLOCK_RSA3072, ALOFT_SIGBLOCK_P256};
    mode_t before = umask(0);
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct aloft_key made;
        struct aloft_key read;
        struct aloft_message error;
        struct stat file;
        uint8_t signature[ALOFT_KEYS_SIGNATURE];
        const char *path = aloft_keys_name(kinds[i]);
        assert_true(aloft_keys_create(kinds[i], path, &made, &error));
        assert_int_equal(stat(path, &file), 0);
        assert_int_equal(file.st_mode & 07777, 0600);
        assert_true(aloft_keys_load(path, &read, &error));
        assert_int_equal(read.kind, kinds[i]);
        assert_memory_equal(read.digest, made.digest, sizeof made.digest);
        assert_true(aloft_keys_sign(&made, content_digest, signature, &error));
        assert_int_equal(aloft_keys_verify(read.kind, read.part, signature, content_digest),
                         ALOFT_OK);
        aloft_keys_release(&read);
        aloft_keys_release(&made);
    }
    (void)umask(before);
}

static void two_made_keys_differ(void **state)
{
    struct aloft_key a;
    struct aloft_key b;
    struct aloft_message error;
    (void)state;
    assert_true(aloft_keys_create(ALOFT_SIGBLOCK_P256, "a", &a, &error));
    assert_true(aloft_keys_create(ALOFT_SIGBLOCK_P256, "b", &b, &error));
    assert_memory_not_equal(a.digest, b.digest, sizeof a.digest);
    aloft_keys_release(&a);
    aloft_keys_release(&b);
}

static void nothing_that_exists_is_overwritten_by_a_new_key(void **state)
{
    static const char *const paths[] = {"precious", "link", "dangling"};
    struct aloft_key key;
    struct aloft_message error;
    struct stat file;
    (void)state;
    write_text("precious", "precious");
    assert_int_equal(symlink("precious", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    for (size_t i = 0; i < COUNT(paths); i++) {
        assert_false(aloft_keys_create(ALOFT_SIGBLOCK_P256, paths[i], &key, &error));
        assert_non_null(strstr(error.text, "never overwritten"));
    }
    assert_int_equal(stat("precious", &file), 0);
    assert_int_equal(file.st_size, 8);
    assert_int_equal(stat("nowhere", &file), -1);
    assert_false(aloft_keys_create(ALOFT_SIGBLOCK_P256, "missing/key", &key, &error));
    assert_non_null(strstr(error.text, "missing/key"));
}

static void ecdsa_signs_as_rfc_6979_says(void **state)
{
    // A.2.5, with SHA-256, of the message "sample"; as blocks have it, so little-endian.
    static const uint8_t sample[ALOFT_SHA256_LEN] = {
        0xaf, 0x2b, 0xdb, 0xe1, 0xaa, 0x9b, 0x6e, 0xc1, 0xe2, 0xad, 0xe1,
        0xd6, 0x94, 0xf4, 0x1f, 0xc7, 0x1a, 0x83, 0x1d, 0x02, 0x68, 0xe9,
        0x89, 0x15, 0x62, 0x11, 0x3d, 0x8a, 0x62, 0xad, 0xd1, 0xbf};
    static const char r[] = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716";
    static const char s[] = "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";
    struct aloft_key key;
    struct aloft_message error;
    uint8_t signature[ALOFT_KEYS_SIGNATURE];
    (void)state;
    load(test_p256, &key);
    assert_true(aloft_keys_sign(&key, sample, signature, &error));
    for (size_t i = 0; i < 32; i++) {
        char hex[5];
        (void)snprintf(hex, sizeof hex, "%02X%02X", signature[31 - i], signature[63 - i]);
        assert_memory_equal(hex, r + 2 * i, 2);
        assert_memory_equal(hex + 2, s + 2 * i, 2);
    }
    aloft_keys_release(&key);
}

static void rsa_signs_with_a_new_salt_each_time(void **state)
{
    struct aloft_key key;
    struct aloft_message error;
    uint8_t a[ALOFT_KEYS_SIGNATURE];
    uint8_t b[ALOFT_KEYS_SIGNATURE];
    (void)state;
    load(test_rsa3072, &key);
    assert_true(aloft_keys_sign(&key, content_digest, a, &error));
    assert_true(aloft_keys_sign(&key, content_digest, b, &error));
    assert_memory_not_equal(a, b, sizeof a);
    aloft_keys_release(&key);
}

static void signatures_by_openssl_are_taken(void **state)
{
    static const struct {
        const char *pem;
        const uint8_t *bytes;
        size_t len;
    } rows[] = {{test_rsa3072_public, openssl_rsa3072, sizeof openssl_rsa3072},
                {test_p256_public, openssl_p256, sizeof openssl_p256}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct aloft_key key;
        uint8_t signature[ALOFT_KEYS_SIGNATURE];
        uint8_t bytes[512] = {0};
        load(rows[i].pem, &key);
        assert_true(aloft_keys_foreign(&key, rows[i].bytes, rows[i].len, signature));
        assert_int_equal(aloft_keys_verify(key.kind, key.part, signature, content_digest),
                         ALOFT_OK);
        signature[0] ^= 1;
        assert_int_equal(aloft_keys_verify(key.kind, key.part, signature, content_digest),
                         ALOFT_ERR_SIGNATURE_BAD);
        memcpy(bytes, rows[i].bytes, rows[i].len);
        for (size_t len = 0; len < sizeof bytes; len++) {
            bool form = aloft_keys_foreign(&key, bytes, len, signature);
            // 64 bytes could be r and s of any P-256 signature.
            assert_int_equal(form, len == rows[i].len || (i == 1 && len == ALOFT_P256_LEN));
        }
        aloft_keys_release(&key);
    }
}

static void r_and_s_are_taken_as_hsms_give_them(void **state)
{
    struct aloft_key key;
    uint8_t from_der[ALOFT_KEYS_SIGNATURE];
    uint8_t from_raw[ALOFT_KEYS_SIGNATURE];
    uint8_t raw[ALOFT_P256_LEN];
    (void)state;
    load(test_p256_public, &key);
    assert_true(aloft_keys_foreign(&key, openssl_p256, sizeof openssl_p256, from_der));
    for (size_t i = 0; i < 32; i++) {
        raw[i] = from_der[31 - i];
        raw[32 + i] = from_der[63 - i];
    }
    assert_true(aloft_keys_foreign(&key, raw, sizeof raw, from_raw));
    assert_memory_equal(from_raw, from_der, ALOFT_P256_LEN);
    aloft_keys_release(&key);
}

static void der_that_does_not_fit_is_a_bad_signature(void **state)
{
    static const uint8_t long_r[] = {0x30, 0x26, 0x02, 0x21, 0x01, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                     1,    1,    1,    1,    1,    1, 1, 1, 1, 1, 1, 1, 1, 1,
                                     1,    1,    1,    1,    1,    1, 1, 1, 1, 2, 1, 1};
    static const uint8_t negative[] = {0x30, 0x06, 0x02, 0x01, 0xFF, 0x02, 0x01, 0x01};
    struct aloft_key key;
    uint8_t signature[ALOFT_KEYS_SIGNATURE];
    uint8_t short_frame[sizeof openssl_p256];
    (void)state;
    load(test_p256_public, &key);
    memcpy(short_frame, openssl_p256, sizeof short_frame);
    short_frame[1]--;
    assert_false(aloft_keys_foreign(&key, short_frame, sizeof short_frame, signature));
    assert_false(aloft_keys_foreign(&key, long_r, sizeof long_r, signature));
    if (aloft_keys_foreign(&key, negative, sizeof negative, signature)) {
        assert_int_equal(aloft_keys_verify(key.kind, key.part, signature, content_digest),
                         ALOFT_ERR_SIGNATURE_BAD);
    }
    aloft_keys_release(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_have_the_digests_that_espsecure_gives_them),
        cmocka_unit_test(the_public_part_is_written_as_openssl_writes_it),
        cmocka_unit_test(what_no_device_verifies_is_refused_by_name),
        cmocka_unit_test(a_private_part_of_another_key_is_refused),
        cmocka_unit_test(a_key_that_others_can_read_is_told),
        cmocka_unit_test(a_made_key_is_its_owners_alone_and_signs),
        cmocka_unit_test(two_made_keys_differ),
        cmocka_unit_test(nothing_that_exists_is_overwritten_by_a_new_key),
        cmocka_unit_test(ecdsa_signs_as_rfc_6979_says),
        cmocka_unit_test(rsa_signs_with_a_new_salt_each_time),
        cmocka_unit_test(signatures_by_openssl_are_taken),
        cmocka_unit_test(r_and_s_are_taken_as_hsms_give_them),
        cmocka_unit_test(der_that_does_not_fit_is_a_bad_signature),
        cmocka_unit_test(no_key_file_stays_in_memory_when_it_was_released),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
