// The tool as a program, for tests that use it as a user does: a folder of the test's own to work
// in, shell commands with the tool as "$A", and what they must return and say.
#ifndef ALOFT_TOOL_H
#define ALOFT_TOOL_H

#include "host_folder.h"
#include <sys/wait.h>

static char output[65536]; // what the last run printed, standard error included

// Runs the shell command with the tool as "$A" and returns its exit code. The locale is plain, so
// that pictures are drawn in ASCII.
static inline int run(const char *command)
{
    char line[4096];
    int line_len =
        snprintf(line, sizeof line, "export LC_ALL=C; A='%s'; { %s ; } 2>&1", ALOFT_TOOL, command);
    assert_in_range(line_len, 1, sizeof line - 1);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    size_t len = fread(output, 1, sizeof output - 1, pipe);
    output[len] = '\0';
    int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static inline void expect(int status, const char *command)
{
    int got = run(command);
    if (got != status) {
        fail_msg("%s\nreturned %d, expected %d:\n%s", command, got, status, output);
    }
}

static inline void says(const char *text)
{
    if (strstr(output, text) == NULL) {
        fail_msg("no \"%s\" in:\n%s", text, output);
    }
}

#endif
