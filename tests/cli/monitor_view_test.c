// Log lines get colours, other lines stay as they are; a line split over several reads is one line.
#include "cli/serial/monitor_view.h"
#include "host_test.h"
#include <string.h>

// flush_every: flushes after so many bytes, as when nothing comes for a while; 0: never.
static void run(const char *text, size_t flush_every, char *out, size_t size)
{
    struct aloft_monitor_view view = {0};
    size_t len = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        assert_true(len + 2 * ALOFT_MONITOR_VIEW_OUT < size);
        len += aloft_monitor_view_feed(&view, (uint8_t)text[i], (uint8_t *)out + len);
        if (flush_every != 0 && (i + 1) % flush_every == 0) {
            len += aloft_monitor_view_flush(&view, (uint8_t *)out + len);
        }
    }
    len += aloft_monitor_view_reset(&view, (uint8_t *)out + len);
    out[len] = '\0';
}

static void levels_get_their_colours_to_the_end_of_the_line(void **state)
{
    static const struct {
        const char *text;
        const char *shown;
    } cases[] = {
        {"I (12) boot: x\n", "\033[0;32mI (12) boot: x\033[0m\n"},
        {"W (1) a: b\r\nE (2) c\n", "\033[0;33mW (1) a: b\033[0m\r\n\033[0;31mE (2) c\033[0m\n"},
        {"D (1) a\nV (1) a\n", "D (1) a\nV (1) a\n"},
        {"Error\nI am\nI(1)\nE (", "Error\nI am\nI(1)\n\033[0;31mE (\033[0m"},
        {"x I (12) y\n", "x I (12) y\n"},
        {"\033[0;32mI (3) own\033[0m\n", "\033[0;32mI (3) own\033[0m\n"},
        {"\n\n\r\n", "\n\n\r\n"},
        {"E", "E"},
        {"I ", "I "},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[256];
        run(cases[i].text, 0, out, sizeof out);
        assert_string_equal(out, cases[i].shown);
    }
}

static void a_pause_shows_what_is_there_and_loses_nothing(void **state)
{
    static const char text[] = "E> \nI (1) a\nplain\n";
    (void)state;
    for (size_t every = 1; every < sizeof text; every++) {
        char out[256];
        char bare[256];
        size_t len = 0;
        run(text, every, out, sizeof out);
        for (const char *p = out; *p != '\0'; p++) { // without colours it is the text
            if (*p == '\033') {
                p = strchr(p, 'm');
                assert_non_null(p);
                continue;
            }
            bare[len++] = *p;
        }
        bare[len] = '\0';
        assert_string_equal(bare, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_get_their_colours_to_the_end_of_the_line),
        cmocka_unit_test(a_pause_shows_what_is_there_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
