// One line a fact, each with its key in front.
#include "hostlib/base/proc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t aloft_proc_status(const char *who, const char *key)
{
    char path[64];
    char line[128];
    uint64_t number = 0;
    size_t len = strlen(key);
    (void)snprintf(path, sizeof path, "/proc/%s/status", who);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, len) == 0) {
            number = strtoull(line + len, NULL, 10);
        }
    }
    if (file != NULL) {
        (void)fclose(file); // opened for reading
    }
    return number;
}
