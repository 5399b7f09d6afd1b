// The whole test framework of core: checks that count, print and go on, and a table of tests whose
// names are claims. It needs printf and nothing else, so the same tests run on Linux and on a bare
// RV32 device. A program is one test file; its main returns 0 when all claims hold.
//
//     static void crc_of_nothing_is_zero(void) { CHECK_EQ(aloft_crc32(0, NULL, 0), 0); }
//     CHECK_MAIN(TEST(crc_of_nothing_is_zero))
#ifndef ALOFT_CHECK_H
#define ALOFT_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { CHECK_SHOWN_MAX = 20 }; // failures printed; a broken loop must not flood the console

struct check_test {
    const char *name;
    void (*run)(void);
};

struct check_state {
    const char *test;
    const char *note; // which round of a loop, as a format for the two numbers
    long note_args[2];
    int checks;
    int failures;
};

static struct check_state check_state;

// Says where a loop is, for the message of a check that fails in it. The format takes two longs.
static inline void check_note(const char *format, long a, long b)
{
    check_state.note = format;
    check_state.note_args[0] = a;
    check_state.note_args[1] = b;
}

// Counts a check; true when it failed and its message should be printed.
static inline bool check_failed(bool good, const char *file, int line)
{
    check_state.checks++;
    if (good || check_state.failures++ >= CHECK_SHOWN_MAX) {
        return false;
    }
    printf("%s:%d: %s", file, line, check_state.test);
    if (check_state.note != NULL) {
        printf(" [");
        printf(check_state.note, check_state.note_args[0], check_state.note_args[1]);
        printf("]");
    }
    return true;
}

static inline void check_that(bool good, const char *text, const char *file, int line)
{
    if (check_failed(good, file, line)) {
        printf(": not so: %s\n", text);
    }
}

static inline void check_equal(long long a, long long b, const char *text, const char *file,
                               int line)
{
    if (check_failed(a == b, file, line)) {
        printf(": %s: %lld (%#llx), expected %lld (%#llx)\n", text, a, (unsigned long long)a, b,
               (unsigned long long)b);
    }
}

static inline void check_text(const char *a, const char *b, const char *file, int line)
{
    if (check_failed(strcmp(a, b) == 0, file, line)) {
        printf(": \"%s\", expected \"%s\"\n", a, b);
    }
}

static inline void check_bytes(const void *a, const void *b, size_t len, const char *file, int line)
{
    const unsigned char *x = a;
    const unsigned char *y = b;
    size_t at = 0;
    while (at < len && x[at] == y[at]) {
        at++;
    }
    if (check_failed(at == len, file, line)) {
        printf(": byte %lu is %02x, expected %02x\n", (unsigned long)at, x[at], y[at]);
    }
}

#define CHECK(condition)            check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQ(value, expected)   check_equal((value), (expected), #value, __FILE__, __LINE__)
#define CHECK_TEXT(value, expected) check_text((value), (expected), __FILE__, __LINE__)
#define CHECK_BYTES(value, expected, len)                                                          \
    check_bytes((value), (expected), (len), __FILE__, __LINE__)

static inline int check_run(const struct check_test *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int before = check_state.failures;
        check_state.test = tests[i].name;
        check_state.note = NULL;
        tests[i].run();
        printf("%s %s\n", check_state.failures == before ? "ok  " : "FAIL", tests[i].name);
    }
    printf("%lu tests, %d checks, %d failures\n", (unsigned long)count, check_state.checks,
           check_state.failures);
    return check_state.failures == 0 ? 0 : 1;
}

#define TEST(claim)                                                                                \
    {                                                                                              \
#claim, claim                                                                              \
    }
#define CHECK_MAIN(...)                                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        static const struct check_test tests[] = {__VA_ARGS__};                                    \
        return check_run(tests, sizeof tests / sizeof tests[0]);                                   \
    }

#endif
