// What a failed assertion of core does on Linux: it ends the program and names the invariant.
#include "aloft/base/assert.h"
#include "host_test.h"
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_broken_invariant_ends_the_program_and_is_named(void **state)
{
    (void)state;
    int ends[2];
    char text[512] = "";
    int status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        ALOFT_INVARIANT("X7", child != 0);
        _exit(0);
    }
    close(ends[1]);
    for (size_t len = 0; len < sizeof text - 1;) {
        ssize_t got = read(ends[0], text + len, sizeof text - 1 - len);
        if (got <= 0) {
            break;
        }
        len += (size_t)got;
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "assert_ends_test.c:"));
    assert_non_null(strstr(text, "X7: child != 0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broken_invariant_ends_the_program_and_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
