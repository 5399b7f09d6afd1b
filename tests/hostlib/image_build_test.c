// What the builder writes is judged by the code that devices judge with, and every bit of it
// counts.
#include "aloft/chip.h"
#include "host_test.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/image/image_build.h"
#include "hostlib/image/image_scan.h"
#include <stdlib.h>
#include <string.h>

enum { ROOM = 4096, HASHED_OFF = 23 };

static const struct aloft_setting settings[] = {{"url", "http://h/x"}, {"n", "2"}};

static uint8_t elf[203] = {0x7F, 'E', 'L', 'F', 1, 2, 3}; // no multiple of 4

static struct aloft_image_recipe app_recipe(void)
{
    struct aloft_image_recipe recipe = {
        .elf = elf, .elf_len = sizeof elf, .settings = settings, .setting_count = COUNT(settings)};
    for (size_t i = 7; i < sizeof elf; i++) {
        elf[i] = (uint8_t)(i * 37);
    }
    memcpy(recipe.desc.version, "1.2.3", 6);
    memcpy(recipe.desc.project, "hello", 6);
    memcpy(recipe.desc.idf_ver, "aloft", 6);
    recipe.desc.secure_version = 7;
    return recipe;
}

static uint32_t build(const struct aloft_image_recipe *recipe, uint8_t image[ROOM])
{
    struct aloft_message error;
    assert_true(aloft_image_build_check(recipe, &error));
    assert_true(aloft_image_build_len(recipe) <= ROOM);
    assert_int_equal(aloft_image_build(recipe, &aloft_mbed_crypto, image), ALOFT_OK);
    return (uint32_t)aloft_image_build_len(recipe);
}

// What a board asks of an app: an ESP32 v3.3 that needs native code.
static struct aloft_image_rules board_rules(bool alone)
{
    return (struct aloft_image_rules){.crypto = &aloft_mbed_crypto,
                                      .len_max = ROOM,
                                      .chip = &aloft_chip_esp32,
                                      .chip_revision = 303,
                                      .need_addr = ALOFT_NATIVE_ADDR,
                                      .alone = alone};
}

static void a_built_app_is_good_and_says_what_was_asked(void **state)
{
    uint8_t image[ROOM];
    char value[32];
    struct aloft_image_recipe recipe = app_recipe();
    struct aloft_image_rules rules = board_rules(true);
    struct aloft_image_scan scan;
    uint32_t len = build(&recipe, image);
    (void)state;
    aloft_image_scan(&rules, image, len, &scan);
    assert_int_equal(scan.err, ALOFT_OK);
    assert_int_equal(scan.facts.image_len, len);
    assert_int_equal(scan.facts.entry, ALOFT_NATIVE_ADDR);
    assert_int_equal(scan.facts.min_revision, 303);
    assert_true(scan.facts.has_desc);
    assert_string_equal(scan.facts.version, "1.2.3");
    assert_string_equal(scan.facts.project, "hello");
    assert_int_equal(scan.facts.secure_version, 7);
    assert_string_equal(scan.desc.idf_ver, "aloft");
    assert_string_equal(scan.desc.date, "");
    assert_int_equal(scan.segment_count, 2);
    assert_int_equal(scan.segments[0].addr, 0x3F400020);
    assert_int_equal(scan.segments[0].off, 0x20);
    assert_int_equal(scan.segments[1].addr, ALOFT_NATIVE_ADDR);
    assert_int_equal(scan.segments[1].len, 204);
    assert_memory_equal(image + scan.segments[1].off, elf, sizeof elf);
    const uint8_t *block = image + ALOFT_SETTINGS_OFF;
    size_t block_len = scan.segments[0].off + scan.segments[0].len - ALOFT_SETTINGS_OFF;
    assert_true(aloft_settings_get(block, block_len, "url", value, sizeof value));
    assert_string_equal(value, "http://h/x");
}

static void a_bare_image_is_the_program_alone(void **state)
{
    uint8_t image[ROOM];
    struct aloft_image_recipe recipe = app_recipe();
    struct aloft_image_rules rules = board_rules(true);
    struct aloft_image_scan scan;
    recipe.bare = true;
    recipe.setting_count = 0;
    uint32_t len = build(&recipe, image);
    (void)state;
    aloft_image_scan(&rules, image, len, &scan);
    assert_int_equal(scan.err, ALOFT_ERR_IMAGE_NOT_APP);
    rules.bootloader = true;
    aloft_image_scan(&rules, image, len, &scan);
    assert_int_equal(scan.err, ALOFT_OK);
    assert_false(scan.facts.has_desc);
    assert_int_equal(scan.segment_count, 1);
    assert_int_equal(scan.segments[0].off, 0x20);
}

// Only the descriptor is missing: the app is mapped from flash as the apps of ESP-IDF v3.0 are, so
// a slot takes it.
static void an_app_without_a_descriptor_is_still_an_app(void **state)
{
    uint8_t image[ROOM];
    struct aloft_image_recipe recipe = app_recipe();
    struct aloft_image_rules rules = board_rules(true);
    struct aloft_image_scan scan;
    (void)state;
    recipe.no_desc = true;
    recipe.setting_count = 0;
    aloft_image_scan(&rules, image, build(&recipe, image), &scan);
    assert_int_equal(scan.err, ALOFT_OK);
    assert_false(scan.facts.has_desc);
    assert_true(scan.facts.mapped);
}

static void the_same_recipe_gives_the_same_bytes(void **state)
{
    uint8_t one[ROOM];
    uint8_t two[ROOM];
    struct aloft_image_recipe recipe = app_recipe();
    (void)state;
    memset(one, 0x55, sizeof one);
    memset(two, 0xAA, sizeof two);
    uint32_t len = build(&recipe, one);
    assert_int_equal(build(&recipe, two), len);
    assert_memory_equal(one, two, len);
}

// A program of every length mod 16, so that every length of padding before the checksum occurs.
static void every_length_is_padded_right(void **state)
{
    uint8_t image[ROOM];
    struct aloft_image_recipe recipe = app_recipe();
    struct aloft_image_rules rules = board_rules(true);
    struct aloft_image_scan scan;
    (void)state;
    for (size_t len = 4; len < 40; len++) {
        recipe.elf_len = len;
        uint32_t image_len = build(&recipe, image);
        aloft_image_scan(&rules, image, image_len, &scan);
        assert_int_equal(scan.err, ALOFT_OK);
        assert_int_equal((image_len - ALOFT_SHA256_LEN) % 16, 0);
    }
}

static void any_flipped_bit_is_refused(void **state)
{
    uint8_t image[ROOM];
    struct aloft_image_recipe recipe = app_recipe();
    struct aloft_image_rules alone = board_rules(true);
    struct aloft_image_rules lenient = board_rules(false);
    struct aloft_image_scan scan;
    uint32_t len = build(&recipe, image);
    (void)state;
    for (uint32_t i = 0; i < len; i++) {
        for (int bit = 0; bit < 8; bit++) {
            image[i] ^= (uint8_t)(1 << bit);
            aloft_image_scan(&alone, image, len, &scan);
            assert_int_not_equal(scan.err, ALOFT_OK);
            aloft_image_scan(&lenient, image, len, &scan);
            // Without "a hash follows" the hash counts as data behind the image. That is why the
            // judge of a whole artifact requires that nothing follows it.
            assert_int_equal(scan.err == ALOFT_OK, i == HASHED_OFF && bit == 0);
            image[i] ^= (uint8_t)(1 << bit);
        }
    }
}

static void what_cannot_be_built_is_refused_in_words(void **state)
{
    struct aloft_message error;
    struct aloft_image_recipe good = app_recipe();
    struct aloft_image_recipe bad;
    const struct aloft_setting twice[] = {{"a", "1"}, {"a", "2"}};
    const struct aloft_setting no_key[] = {{"a b", "1"}};
    (void)state;
    bad = good;
    bad.elf_len = 3;
    assert_false(aloft_image_build_check(&bad, &error));
    assert_non_null(strstr(error.text, "ELF"));
    bad = good;
    bad.elf = (const uint8_t *)"#!/bin/sh";
    assert_false(aloft_image_build_check(&bad, &error));
    bad = good;
    memset(bad.desc.version, 'v', 32);
    assert_false(aloft_image_build_check(&bad, &error));
    assert_non_null(strstr(error.text, "version"));
    bad = good;
    bad.settings = twice;
    assert_false(aloft_image_build_check(&bad, &error));
    assert_non_null(strstr(error.text, "twice"));
    bad.settings = no_key;
    bad.setting_count = 1;
    assert_false(aloft_image_build_check(&bad, &error));
    bad = good;
    bad.bare = true;
    assert_false(aloft_image_build_check(&bad, &error));
    assert_non_null(strstr(error.text, "settings"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_built_app_is_good_and_says_what_was_asked),
        cmocka_unit_test(a_bare_image_is_the_program_alone),
        cmocka_unit_test(an_app_without_a_descriptor_is_still_an_app),
        cmocka_unit_test(the_same_recipe_gives_the_same_bytes),
        cmocka_unit_test(every_length_is_padded_right),
        cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(what_cannot_be_built_is_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
