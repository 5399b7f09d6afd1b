// A folder of the test's own: the test works in it, and it is gone with all that is in it when the
// tests have run.
#ifndef ALOFT_HOST_FOLDER_H
#define ALOFT_HOST_FOLDER_H

#include "host_test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/aloft-test-XXXXXX";

// Set-up and tear-down of a group of tests.
static inline int enter_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || chdir(folder) != 0 ? -1 : 0;
}

static inline int leave_folder(void **state)
{
    char command[64];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    return chdir("/") != 0 || system(command) != 0 ? -1 : 0;
}

static inline void write_bytes(const char *name, const void *bytes, size_t len)
{
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static inline void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

#endif
