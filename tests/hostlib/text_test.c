// Blanks and lines of text as Python has them: str.strip and str.splitlines, whose characters are
// written down here once more, as code points.
#include "host_test.h"
#include "hostlib/base/text.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// [chr(c) for c in range(0x110000) if chr(c).isspace()]
static const uint32_t spaces[] = {0x09,   0x0A,   0x0B,   0x0C,   0x0D,   0x1C,   0x1D,   0x1E,
                                  0x1F,   0x20,   0x85,   0xA0,   0x1680, 0x2000, 0x2001, 0x2002,
                                  0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200A,
                                  0x2028, 0x2029, 0x202F, 0x205F, 0x3000};
// Those at which splitlines() splits.
static const uint32_t ends[] = {0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029};

static bool in(const uint32_t *list, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == code) {
            return true;
        }
    }
    return false;
}

// UTF-8 of a code point below 10000.
static size_t encode(uint32_t code, char out[4])
{
    memset(out, 0, 4);
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code & 0x3F));
    return 3;
}

static void blanks_and_ends_of_lines_are_pythons(void **state)
{
    (void)state;
    for (uint32_t code = 1; code < 0x10000; code++) {
        char c[4];
        char text[16];
        size_t sep;
        size_t len = encode(code, c);
        bool blank = in(spaces, COUNT(spaces), code);
        assert_int_equal(aloft_text_blank_first(c, len), blank ? len : 0);
        assert_int_equal(aloft_text_blank_last(c, len), blank ? len : 0);
        (void)snprintf(text, sizeof text, "a%sb", c);
        bool end = in(ends, COUNT(ends), code);
        assert_int_equal(aloft_text_line(text, &sep), end ? 1 : 2 + len);
        assert_int_equal(sep, end ? len : 0);
    }
}

static void half_a_blank_is_not_a_blank(void **state)
{
    (void)state;
    assert_int_equal(aloft_text_blank_first("\xC2\xA0", 1), 0);
    assert_int_equal(aloft_text_blank_first("\xE3\x80\x80", 2), 0);
    assert_int_equal(aloft_text_blank_last("\x80\x80", 2), 0);
    assert_int_equal(aloft_text_blank_first("", 0), 0);
    assert_int_equal(aloft_text_blank_last("", 0), 0);
}

static void a_text_is_stripped_at_both_ends_only(void **state)
{
    char text[] = "\xC2\xA0\t\xE3\x80\x80 a\xC2\xA0 b \xE2\x80\xA9\x1F\r\n";
    char blank[] = " \xC2\x85 ";
    (void)state;
    assert_string_equal(aloft_text_strip(text), "a\xC2\xA0 b");
    assert_string_equal(aloft_text_strip(blank), "");
}

static void cr_lf_ends_one_line(void **state)
{
    size_t sep;
    (void)state;
    assert_int_equal(aloft_text_line("a\r\nb", &sep), 1);
    assert_int_equal(sep, 2);
    assert_int_equal(aloft_text_line("a\n\rb", &sep), 1);
    assert_int_equal(sep, 1);
    assert_int_equal(aloft_text_line("", &sep), 0);
    assert_int_equal(sep, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blanks_and_ends_of_lines_are_pythons),
        cmocka_unit_test(half_a_blank_is_not_a_blank),
        cmocka_unit_test(a_text_is_stripped_at_both_ends_only),
        cmocka_unit_test(cr_lf_ends_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
