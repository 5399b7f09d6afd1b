// The grammar of numbers in tables: Python's int(text, 0) with the suffixes k and m.
#include "host_test.h"
#include "hostlib/base/number.h"
#include <stdio.h>

struct good {
    const char *text;
    int64_t value;
};

static const struct good goods[] = {
    {"0", 0},
    {"00", 0},
    {"4096", 4096},
    {"0x1000", 4096},
    {"0X1000", 4096},
    {"0o17", 15},
    {"0b101", 5},
    {"1_000", 1000},
    {"0x1_0", 16},
    {"0x_10", 16},
    {"-4096", -4096},
    {"+1", 1},
    {"4k", 4096},
    {"4K", 4096},
    {"1M", 1048576},
    {"1KK", 1048576},
    {"1kM", 1073741824},
    {"-2M", -2097152},
    {"0x10K", 16384},
    {" 64 K", 65536},
    {"\xC2\xA0"
     "64\xE3\x80\x80K",
     65536},
};

static const char *const bads[] = {
    "",
    " ",
    "k",
    "0x",
    "0b2",
    "010",
    "1__0",
    "_1",
    "1_",
    "0x__1",
    "1.5",
    "N/A",
    "12ab",
    "--1",
    "- 1",
    "1MB",
    "1 2",
    "0x1g",
    "0o8",
    "1k k",
    "1KKKKKKKK",
    "\xC3\xA4",
    "99999999999999999999999",
    "0xfffffffffffffffffffff",
};

static void numbers_are_read_as_the_generator_reads_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(goods); i++) {
        int64_t value = 77;
        print_message("'%s'\n", goods[i].text);
        assert_true(aloft_number_parse(goods[i].text, &value));
        assert_true(value == goods[i].value);
    }
    for (size_t i = 0; i < COUNT(bads); i++) {
        int64_t value;
        print_message("'%s'\n", bads[i]);
        assert_false(aloft_number_parse(bads[i], &value));
    }
}

static void sizes_may_end_in_bytes(void **state)
{
    uint32_t size;
    (void)state;
    assert_true(aloft_number_parse_size("4MB", &size));
    assert_int_equal(size, 0x400000);
    assert_true(aloft_number_parse_size("512b", &size));
    assert_int_equal(size, 512);
    assert_true(aloft_number_parse_size("0xB", &size)); // a digit, not bytes
    assert_int_equal(size, 11);
    assert_true(aloft_number_parse_size("4294967295", &size));
    assert_false(aloft_number_parse_size("4294967296", &size));
    assert_false(aloft_number_parse_size("0", &size));
    assert_false(aloft_number_parse_size("-1", &size));
    assert_false(aloft_number_parse_size("b", &size));
    assert_false(aloft_number_parse_size("", &size));
}

static void sizes_are_written_as_the_generator_writes_them(void **state)
{
    char text[16];
    (void)state;
    aloft_number_emit_size(0x400000, text);
    assert_string_equal(text, "4M");
    aloft_number_emit_size(0x6000, text);
    assert_string_equal(text, "24K");
    aloft_number_emit_size(0x6001, text);
    assert_string_equal(text, "0x6001");
    aloft_number_emit_size(0, text);
    assert_string_equal(text, "0M");
    aloft_number_emit_size(UINT32_MAX, text);
    assert_string_equal(text, "0xffffffff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_the_generator_reads_them),
        cmocka_unit_test(sizes_may_end_in_bytes),
        cmocka_unit_test(sizes_are_written_as_the_generator_writes_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
