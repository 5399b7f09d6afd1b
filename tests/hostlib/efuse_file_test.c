// The eFuse file keeps the rules of the hardware, and is the file of espefuse's virtual ESP32-C3.
#include "host_folder.h"
#include "hostlib/flash/efuse_file.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WR_DIS = 0, RD_DIS = 1, REVOKE = 2, SECURE = 3, VERSION = 4, KEY0 = 28 };

static char path[80]; // of the eFuses of a flash file "chip"

static int make_folder(void **state)
{
    return enter_folder(state) == 0 && aloft_efuse_file_path("chip", path, sizeof path) ? 0 : -1;
}

static int remove_file(void **state)
{
    (void)state;
    (void)unlink(path); // it may not be there
    return 0;
}

static struct aloft_efuse_file opened(enum aloft_efuse_file_mode mode)
{
    struct aloft_efuse_file file;
    struct aloft_message error = {""};
    if (!aloft_efuse_file_open(&file, "chip", mode, &error)) {
        fail_msg("%s", error.text);
    }
    return file;
}

static void closed(struct aloft_efuse_file *file)
{
    struct aloft_message error;
    assert_true(aloft_efuse_file_close(file, &error));
}

static struct aloft_efuse_words words_of(const struct aloft_efuse_file *file)
{
    struct aloft_efuse_words words;
    assert_int_equal(aloft_efuse_file_read(file, &words), ALOFT_OK);
    return words;
}

static enum aloft_err burn(const struct aloft_efuse_file *file, uint8_t index, uint32_t bits)
{
    const struct aloft_efuse_step step = {index, bits};
    return aloft_efuse_file_burn(file, &step);
}

static void a_board_without_the_file_has_blank_efuses_and_gets_no_file_by_reading(void **state)
{
    struct aloft_efuse_file file = opened(ALOFT_EFUSE_FILE_READ);
    (void)state;
    struct aloft_efuse_words words = words_of(&file);
    for (uint32_t i = 0; i < ALOFT_EFUSE_WORDS; i++) {
        assert_int_equal(words.word[i], 0);
    }
    assert_int_equal(burn(&file, VERSION, 1u << 14), ALOFT_ERR_EFUSE_BURN);
    closed(&file);
    assert_int_equal(access(path, F_OK), -1);
}

static void burns_only_set_bits_and_last(void **state)
{
    struct aloft_efuse_file file = opened(ALOFT_EFUSE_FILE_WRITE);
    struct stat stat_of;
    (void)state;
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_size, ALOFT_EFUSE_FILE_LEN);
    assert_int_equal(burn(&file, KEY0 + 3, 0xF0F00000u), ALOFT_OK);
    assert_int_equal(burn(&file, KEY0 + 3, 0x0000000Fu), ALOFT_OK);
    assert_int_equal(burn(&file, KEY0 + 3, 0), ALOFT_OK);
    closed(&file);
    file = opened(ALOFT_EFUSE_FILE_READ);
    assert_int_equal(words_of(&file).word[KEY0 + 3], 0xF0F0000Fu);
    assert_int_equal(burn(&file, KEY0 + 3, 0x10), ALOFT_ERR_EFUSE_BURN); // opened to read
    assert_int_equal(words_of(&file).word[KEY0 + 3], 0xF0F0000Fu);
    assert_int_equal(burn(&file, ALOFT_EFUSE_WORDS, 1), ALOFT_ERR_EFUSE_BURN);
    closed(&file);
}

static void what_is_write_protected_stays_and_says_so(void **state)
{
    struct aloft_efuse_file file = opened(ALOFT_EFUSE_FILE_WRITE);
    (void)state;
    assert_int_equal(burn(&file, KEY0, 6), ALOFT_OK);
    assert_int_equal(burn(&file, WR_DIS, 1u << 23 | 1u << 5), ALOFT_OK);
    assert_int_equal(burn(&file, KEY0, 7), ALOFT_ERR_EFUSE_PROTECTED);
    assert_int_equal(burn(&file, KEY0, 4), ALOFT_OK); // nothing new
    assert_int_equal(burn(&file, REVOKE, 3u << 21), ALOFT_ERR_EFUSE_PROTECTED);
    assert_int_equal(burn(&file, REVOKE, 2u << 21), ALOFT_OK);
    assert_int_equal(words_of(&file).word[KEY0], 6);
    assert_int_equal(words_of(&file).word[REVOKE], 2u << 21);
    closed(&file);
}

static void a_read_protected_block_reads_as_zeros_and_is_still_there(void **state)
{
    struct aloft_efuse_file file = opened(ALOFT_EFUSE_FILE_WRITE);
    uint8_t bytes[ALOFT_EFUSE_FILE_LEN];
    (void)state;
    assert_int_equal(burn(&file, KEY0 + 8, 0x11223344u), ALOFT_OK);
    assert_int_equal(burn(&file, KEY0 + 16, 0x55667788u), ALOFT_OK);
    assert_int_equal(burn(&file, RD_DIS, 2), ALOFT_OK);
    assert_int_equal(words_of(&file).word[KEY0 + 8], 0);
    assert_int_equal(words_of(&file).word[KEY0 + 16], 0x55667788u);
    assert_int_equal(pread(file.fd, bytes, sizeof bytes, 0), sizeof bytes);
    assert_memory_equal(bytes + ALOFT_EFUSE_FILE_LEN - 0xBC - 4, "\x11\x22\x33\x44", 4);
    closed(&file);
}

// What espefuse 4.12 made of burn_key BLOCK_KEY4 (1, 2, .. 32) for SECURE_BOOT_DIGEST1, burn_key
// BLOCK_KEY1 for HMAC_UP, SECURE_VERSION 3, SECURE_BOOT_KEY_REVOKE2 and SECURE_BOOT_EN.
static void a_file_that_espefuse_burned_is_read(void **state)
{
    static const struct {
        uint16_t at;
        uint8_t bytes[4];
    } burned[] = {
        {0xC4, {0x20, 0x1F, 0x1E, 0x1D}},  {0xC8, {0x1C, 0x1B, 0x1A, 0x19}},
        {0xCC, {0x18, 0x17, 0x16, 0x15}},  {0xD0, {0x14, 0x13, 0x12, 0x11}},
        {0xD4, {0x10, 0x0F, 0x0E, 0x0D}},  {0xD8, {0x0C, 0x0B, 0x0A, 0x09}},
        {0xDC, {0x08, 0x07, 0x06, 0x05}},  {0xE0, {0x04, 0x03, 0x02, 0x01}},
        {0x124, {0x84, 0x83, 0x82, 0x81}}, {0x128, {0x80, 0x7F, 0x7E, 0x7D}},
        {0x12C, {0x7C, 0x7B, 0x7A, 0x79}}, {0x130, {0x78, 0x77, 0x76, 0x75}},
        {0x134, {0x74, 0x73, 0x72, 0x71}}, {0x138, {0x70, 0x6F, 0x6E, 0x6D}},
        {0x13C, {0x6C, 0x6B, 0x6A, 0x69}}, {0x140, {0x68, 0x67, 0x66, 0x65}},
        {0x1C0, {0x00, 0x00, 0xC0, 0x00}}, {0x1C4, {0x00, 0x10, 0x0A, 0x00}},
        {0x1C8, {0x80, 0x80, 0x00, 0x00}}, {0x1D0, {0x09, 0x00, 0x12, 0x00}},
    };
    uint8_t bytes[ALOFT_EFUSE_FILE_LEN] = {0};
    struct aloft_efuse efuse;
    (void)state;
    for (size_t i = 0; i < COUNT(burned); i++) {
        memcpy(bytes + burned[i].at, burned[i].bytes, 4);
    }
    write_bytes(path, bytes, sizeof bytes);
    struct aloft_efuse_file file = opened(ALOFT_EFUSE_FILE_READ);
    struct aloft_efuse_words words = words_of(&file);
    aloft_efuse_read(&efuse, &words);
    closed(&file);
    assert_true(efuse.secure_boot);
    assert_int_equal(efuse.secure_version, 2);
    assert_int_equal(efuse.digests, 2);
    assert_int_equal(efuse.revoked, 4);
    assert_int_equal(efuse.digest_key[1], 4);
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEY_LEN; i++) {
        assert_int_equal(efuse.digest[1][i], i + 1);
        assert_int_equal(efuse.key[1].bytes[i], i + 101);
    }
    assert_true(efuse.key[4].write_protected);
    assert_int_equal(efuse.key[1].purpose, ALOFT_EFUSE_HMAC_UP);
}

static void a_plan_is_burned_whole_and_a_hidden_key_counts_as_burned(void **state)
{
    struct aloft_efuse_file file = opened(ALOFT_EFUSE_FILE_WRITE);
    struct aloft_efuse_plan plan;
    struct aloft_efuse efuse;
    uint8_t key[ALOFT_EFUSE_KEY_LEN];
    (void)state;
    memset(key, 0xA5, sizeof key);
    struct aloft_efuse_words words = words_of(&file);
    assert_int_equal(aloft_efuse_plan_key(&plan, &words, ALOFT_EFUSE_HMAC_UP, key), ALOFT_OK);
    assert_int_equal(aloft_efuse_file_run(&file, &plan), ALOFT_OK);
    words = words_of(&file);
    assert_int_equal(aloft_efuse_plan_digest(&plan, &words, 0, key), ALOFT_OK);
    assert_int_equal(aloft_efuse_file_run(&file, &plan), ALOFT_OK);
    words = words_of(&file);
    aloft_efuse_read(&efuse, &words);
    assert_true(efuse.key[0].read_protected && efuse.key[0].blank);
    assert_int_equal(efuse.digests, 1);
    assert_int_equal(efuse.digest_key[0], 1);
    closed(&file);
}

static void no_other_file_is_taken_for_efuses(void **state)
{
    struct aloft_efuse_file file;
    struct aloft_message error;
    char longer[5000];
    (void)state;
    write_bytes(path, "short", 5);
    assert_false(aloft_efuse_file_open(&file, "chip", ALOFT_EFUSE_FILE_WRITE, &error));
    assert_non_null(strstr(error.text, "512 bytes"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_false(aloft_efuse_file_open(&file, "chip", ALOFT_EFUSE_FILE_READ, &error));
    assert_false(aloft_efuse_file_open(&file, "chip", ALOFT_EFUSE_FILE_WRITE, &error));
    assert_non_null(strstr(error.text, "cannot write to eFuse file"));
    assert_non_null(strstr(error.text, "the file must be writable"));
    assert_int_equal(rmdir(path), 0);
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = 0;
    assert_false(aloft_efuse_file_open(&file, longer, ALOFT_EFUSE_FILE_READ, &error));
    assert_false(aloft_efuse_file_open(&file, "/nowhere/at-all", ALOFT_EFUSE_FILE_WRITE, &error));
    assert_non_null(strstr(error.text, "cannot make eFuse file /nowhere/at-all.efuse"));
    assert_non_null(strstr(error.text, "its folder must be writable"));
}

static void a_torn_burn_has_some_of_the_bits_and_no_others(void **state)
{
    uint32_t none = 0;
    uint32_t all = 0;
    (void)state;
    for (uint32_t seed = 0; seed < 1000; seed++) {
        uint32_t torn = aloft_efuse_file_torn(0x300C0u, seed);
        assert_int_equal(torn & ~0x300C0u, 0);
        none += torn == 0;
        all += torn == 0x300C0u;
    }
    assert_true(none > 20 && none < 200);
    assert_true(all > 20 && all < 200);
}

#define CLAIM(claim) cmocka_unit_test_teardown(claim, remove_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(a_board_without_the_file_has_blank_efuses_and_gets_no_file_by_reading),
        CLAIM(burns_only_set_bits_and_last),
        CLAIM(what_is_write_protected_stays_and_says_so),
        CLAIM(a_read_protected_block_reads_as_zeros_and_is_still_there),
        CLAIM(a_file_that_espefuse_burned_is_read),
        CLAIM(a_plan_is_burned_whole_and_a_hidden_key_counts_as_burned),
        CLAIM(no_other_file_is_taken_for_efuses),
        CLAIM(a_torn_burn_has_some_of_the_bits_and_no_others),
    };
    return cmocka_run_group_tests_name("efuse_file", tests, make_folder, leave_folder);
}
