// Settings are read from flash by the app's port, so a block may hold anything. Blocks stand
// against unreadable memory: one byte too far ends the test.
#include "guard.h"
#include "host_test.h"
#include "hostlib/image/settings.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const struct aloft_setting settings[] = {{"url", "http://127.0.0.1:8070/fw.bin"},
                                                {"empty", ""},
                                                {"a", "1=2=3"},
                                                {"ab", "x"},
                                                {"pem", "-----BEGIN\nAAAA=\n\nab=no\n-----END\n"}};

static size_t make_block(uint8_t *block)
{
    size_t len = aloft_settings_len(settings, COUNT(settings));
    aloft_settings_emit(settings, COUNT(settings), block);
    return len;
}

static void what_was_set_is_found(void **state)
{
    uint8_t block[256];
    char value[64];
    size_t len = make_block(block);
    (void)state;
    assert_int_equal(len % 4, 0);
    for (size_t i = 0; i < COUNT(settings); i++) {
        assert_true(aloft_settings_get(block, len, settings[i].key, value, sizeof value));
        assert_string_equal(value, settings[i].value);
    }
    assert_false(aloft_settings_get(block, len, "ur", value, sizeof value));
    assert_false(aloft_settings_get(block, len, "urll", value, sizeof value));
    assert_false(aloft_settings_get(block, len, "b", value, sizeof value));
    assert_false(aloft_settings_get(block, len, "2", value, sizeof value));
}

static void a_value_that_does_not_fit_is_not_cut(void **state)
{
    uint8_t block[256];
    char value[29];
    size_t len = make_block(block);
    (void)state;
    assert_true(aloft_settings_get(block, len, "url", value, 29));
    assert_false(aloft_settings_get(block, len, "url", value, 28));
    assert_false(aloft_settings_get(block, len, "url", value, 0));
}

static void no_settings_make_a_block_too(void **state)
{
    uint8_t block[16];
    char value[8];
    (void)state;
    assert_int_equal(aloft_settings_len(NULL, 0), 16);
    aloft_settings_emit(NULL, 0, block);
    assert_memory_equal(block, "ALOFTCFG\1\0\0\0\0\0\0\0", 16);
    assert_false(aloft_settings_get(block, 16, "a", value, sizeof value));
}

static void a_cut_block_is_read_to_its_end_and_no_further(void **state)
{
    uint8_t block[256];
    char value[64];
    size_t len = make_block(block);
    (void)state;
    for (size_t cut = 0; cut <= len; cut++) {
        const uint8_t *guarded = guard_after(block, cut);
        (void)aloft_settings_get(guarded, cut, "ab", value, sizeof value);
        (void)aloft_settings_get(guarded, cut, "nothing", value, sizeof value);
    }
}

static void spoiled_blocks_do_no_harm(void **state)
{
    uint8_t block[256];
    char value[64];
    size_t len = make_block(block);
    (void)state;
    for (size_t i = 0; i < len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            block[i] ^= (uint8_t)(1 << bit);
            const uint8_t *guarded = guard_after(block, len);
            for (size_t k = 0; k < COUNT(settings); k++) {
                (void)aloft_settings_get(guarded, len, settings[k].key, value, sizeof value);
            }
            block[i] ^= (uint8_t)(1 << bit);
        }
    }
    srand(1);
    for (int round = 0; round < 20000; round++) {
        uint8_t noise[64];
        memcpy(noise, block, 12);
        for (size_t i = 8; i < sizeof noise; i++) {
            noise[i] = (uint8_t) "ab=\n\0x\xFF"[rand() % 7];
        }
        const uint8_t *guarded = guard_after(noise, sizeof noise);
        (void)aloft_settings_get(guarded, sizeof noise, "a", value, 4);
        (void)aloft_settings_get(guarded, sizeof noise, "", value, 4);
    }
}

static void only_printable_lines_are_settings(void **state)
{
    char long_key[40];
    static char long_value[ALOFT_SETTINGS_VALUE_MAX + 2];
    memset(long_key, 'k', sizeof long_key);
    memset(long_value, 'v', sizeof long_value);
    long_key[31] = '\0';
    long_value[ALOFT_SETTINGS_VALUE_MAX] = '\0';
    const struct aloft_setting fine[] = {
        {"a", ""}, {"a.b_c-D9", "\xC3\xA4 = x"}, {long_key, long_value}, {"a", "x\ny\n"}};
    (void)state;
    for (size_t i = 0; i < COUNT(fine); i++) {
        assert_true(aloft_settings_fit(&fine[i]));
    }
    long_key[31] = 'k';
    long_key[32] = '\0';
    long_value[ALOFT_SETTINGS_VALUE_MAX] = 'v';
    long_value[ALOFT_SETTINGS_VALUE_MAX + 1] = '\0';
    const struct aloft_setting bad[] = {{"", "x"},        {"a b", "x"},  {"a=b", "x"},
                                        {"a", "x\ry"},    {"a", "\x7F"}, {long_key, "x"},
                                        {"a", long_value}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(aloft_settings_fit(&bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_set_is_found),
        cmocka_unit_test(a_value_that_does_not_fit_is_not_cut),
        cmocka_unit_test(no_settings_make_a_block_too),
        cmocka_unit_test(a_cut_block_is_read_to_its_end_and_no_further),
        cmocka_unit_test(spoiled_blocks_do_no_harm),
        cmocka_unit_test(only_printable_lines_are_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
