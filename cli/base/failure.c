// Names of faults are found in sentences by what they are made of: capitals, digits and '_'.
#include "cli/base/failure.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

static char kept[1024]; // of this process; empty: nothing was said

static const char *const names[] = {
#define NAME(name, number, class, sentence) #name,
    ALOFT_ERR_LIST(NAME)
#undef NAME
};

void aloft_failure_note(const char *sentence)
{
    if (kept[0] == '\0') {
        (void)snprintf(kept, sizeof kept, "%s", sentence); // a cut sentence is fine
    }
}

// The first word of the sentence that is the name of a fault, "(NAME)", "(NAME, ...)" or "NAME:".
// NULL: none is.
static const char *name_in(const char *sentence)
{
    for (const char *p = sentence; *p != '\0';) {
        size_t len = strspn(p, NAME_LETTERS);
        bool ends = len > 0 && strchr("),:", p[len]) != NULL && p[len] != '\0';
        for (size_t i = 0; ends && i < sizeof names / sizeof names[0]; i++) {
            if (strlen(names[i]) == len && memcmp(names[i], p, len) == 0) {
                return names[i];
            }
        }
        p += len > 0 ? len : 1;
    }
    return NULL;
}

static json_t *error_json(const char *code, const char *text)
{
    json_t *value = json_string(text);
    return json_pack("{s:s, s:o}", "code", code, "text",
                     value != NULL ? value : json_string("(not UTF-8)"));
}

json_t *aloft_failure_json(const char *code)
{
    const char *name = name_in(kept);
    if (kept[0] == '\0' && code == NULL) {
        return json_null();
    }
    return error_json(name != NULL   ? name
                      : code != NULL ? code
                                     : "FAILED",
                      kept[0] != '\0' ? kept : "it failed");
}

json_t *aloft_failure_of(enum aloft_err err)
{
    return err == ALOFT_OK ? json_null() : error_json(aloft_err_name(err), aloft_err_sentence(err));
}
