// Range and entity tags, as RFC 9110 wants them.
#include "cli/serve/serve_range.h"
#include "host_test.h"

struct range_case {
    const char *header;
    uint64_t size;
    enum aloft_serve_range result;
    uint64_t first;
    uint64_t last;
};

static const struct range_case ranges[] = {
    {NULL, 100, ALOFT_SERVE_WHOLE, 0, 0},
    {"bytes=0-9", 100, ALOFT_SERVE_PART, 0, 9},
    {"Bytes=0-9", 100, ALOFT_SERVE_PART, 0, 9},
    {"bytes=99-99", 100, ALOFT_SERVE_PART, 99, 99},
    {"bytes=99-", 100, ALOFT_SERVE_PART, 99, 99},
    {"bytes=0-", 100, ALOFT_SERVE_PART, 0, 99},
    {"bytes=0-100", 100, ALOFT_SERVE_PART, 0, 99},
    {"bytes=5-99999999999999999999999", 100, ALOFT_SERVE_PART, 5, 99},
    {"bytes=-1", 100, ALOFT_SERVE_PART, 99, 99},
    {"bytes=-100", 100, ALOFT_SERVE_PART, 0, 99},
    {"bytes=-1000", 100, ALOFT_SERVE_PART, 0, 99},
    {"bytes=-99999999999999999999999", 100, ALOFT_SERVE_PART, 0, 99},
    {"bytes=-0", 100, ALOFT_SERVE_NONE, 0, 0},
    {"bytes=100-", 100, ALOFT_SERVE_NONE, 0, 0},
    {"bytes=100-200", 100, ALOFT_SERVE_NONE, 0, 0},
    {"bytes=99999999999999999999999-", 100, ALOFT_SERVE_NONE, 0, 0},
    {"bytes=0-0", 0, ALOFT_SERVE_NONE, 0, 0},
    {"bytes=-1", 0, ALOFT_SERVE_NONE, 0, 0},
    {"bytes=0-1,5-6", 100, ALOFT_SERVE_WHOLE, 0, 0},
    {"bytes=9-5", 100, ALOFT_SERVE_WHOLE, 0, 0},
    {"bytes=-", 100, ALOFT_SERVE_WHOLE, 0, 0},
    {"bytes=", 100, ALOFT_SERVE_WHOLE, 0, 0},
    {"bytes=a-b", 100, ALOFT_SERVE_WHOLE, 0, 0},
    {"bytes=1-2x", 100, ALOFT_SERVE_WHOLE, 0, 0},
    {"items=0-9", 100, ALOFT_SERVE_WHOLE, 0, 0},
    {"", 100, ALOFT_SERVE_WHOLE, 0, 0},
};

static void ranges_are_taken_refused_or_ignored(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(ranges); i++) {
        const struct range_case *c = &ranges[i];
        uint64_t first = 0;
        uint64_t last = 0;
        print_message("'%s' of %lu\n", c->header ? c->header : "", (unsigned long)c->size);
        assert_int_equal(aloft_serve_range_parse(c->header, c->size, &first, &last), c->result);
        if (c->result == ALOFT_SERVE_PART) {
            assert_true(first == c->first && last == c->last);
        }
    }
}

static void tags_are_found_in_lists(void **state)
{
    (void)state;
    assert_true(aloft_serve_range_tag_in("\"a-1\"", "\"a-1\""));
    assert_true(aloft_serve_range_tag_in("W/\"a-1\"", "\"a-1\""));
    assert_true(aloft_serve_range_tag_in("\"x\", \"a-1\"", "\"a-1\""));
    assert_true(aloft_serve_range_tag_in("\"x\" ,W/\"a-1\" , \"y\"", "\"a-1\""));
    assert_true(aloft_serve_range_tag_in(" *", "\"a-1\""));
    assert_false(aloft_serve_range_tag_in("\"a-12\"", "\"a-1\""));
    assert_false(aloft_serve_range_tag_in("a-1", "\"a-1\""));
    assert_false(aloft_serve_range_tag_in("\"a-1\"x", "\"a-1\""));
    assert_false(aloft_serve_range_tag_in("", "\"a-1\""));
    assert_false(aloft_serve_range_tag_in(",,,", "\"a-1\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_taken_refused_or_ignored),
        cmocka_unit_test(tags_are_found_in_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
