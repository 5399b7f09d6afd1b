// What a terminal must not be sent, and what must arrive as it is.
#include "aloft/base/printable.h"
#include "check.h"
#include <string.h>

static void check_clean(const char *text, const char *want)
{
    char buf[80];
    uint32_t len = (uint32_t)strlen(text);
    memcpy(buf, text, len + 1);
    aloft_printable_clean(buf, len, false);
    CHECK_TEXT(buf, want);
}

static void printable_text_of_any_language_stays(void)
{
    check_clean("1.2.3-rc1+build", "1.2.3-rc1+build");
    check_clean("gro\xc3\x9f \xe5\x9b\xba\xe4\xbb\xb6 \xf0\x9f\x9a\x80 \xc2\xa0",
                "gro\xc3\x9f \xe5\x9b\xba\xe4\xbb\xb6 \xf0\x9f\x9a\x80 \xc2\xa0");
}

// A version with a line end and a forged line behind it, and colours, were printed as they came.
static void what_a_terminal_would_execute_is_replaced(void)
{
    check_clean("1\nI (0) ota: Confirmed", "1?I (0) ota: Confirmed");
    check_clean("\x1b[2J\x07\t\r\x7f", "?[2J????");
    check_clean("\xc2\x9b"
                "31m \x9b"
                "0m",
                "??31m ?0m");                              // C1, as UTF-8 and raw
    check_clean("a\xe2\x80\xa8z\xe2\x80\xae", "a???z???"); // U+2028, U+202E
    check_clean("\xd8\x9c\xe2\x81\xa6", "?????");          // U+061C, U+2066
}

static void broken_utf_8_is_replaced(void)
{
    check_clean("\xc3", "?");
    check_clean("\xe5\x9b", "??");
    check_clean("\xc0\xaf\xe0\x80\xaf", "?????");           // not the shortest form
    check_clean("\xed\xa0\x80\xf4\x90\x80\x80", "???????"); // a surrogate, beyond U+10FFFF
    check_clean("\xff\xfe\xf8z", "???z");
}

static void line_ends_stay_where_they_may(void)
{
    char text[] = "one\ntwo\r\n";
    aloft_printable_clean(text, (uint32_t)strlen(text), true);
    CHECK_TEXT(text, "one\ntwo?\n");
}

// Whatever comes, what is left is printable, as long as before, and stays so.
static void every_pair_of_bytes_becomes_printable(void)
{
    for (uint32_t i = 0; i < 0x10000; i++) {
        char text[4] = {(char)(i >> 8), (char)i, 'z', 0};
        char once[4];
        aloft_printable_clean(text, 3, false);
        memcpy(once, text, sizeof once);
        aloft_printable_clean(text, 3, false);
        CHECK_BYTES(text, once, sizeof once);
        for (uint32_t at = 0; at < 3;) {
            uint32_t n = aloft_printable(text + at, 3 - at);
            CHECK(n > 0);
            at += n > 0 ? n : 1;
        }
    }
}

CHECK_MAIN(TEST(printable_text_of_any_language_stays),
           TEST(what_a_terminal_would_execute_is_replaced), TEST(broken_utf_8_is_replaced),
           TEST(line_ends_stay_where_they_may), TEST(every_pair_of_bytes_becomes_printable))
