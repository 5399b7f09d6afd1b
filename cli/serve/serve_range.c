// Numbers too large for 64 bits mean "beyond the end", which is what they are.
#include "cli/serve/serve_range.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

// Reads digits; *any tells whether there were some.
static const char *number(const char *p, uint64_t *value, bool *any)
{
    *value = 0;
    *any = false;
    for (; isdigit((unsigned char)*p); p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        *value = *value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *value * 10 + digit;
        *any = true;
    }
    return p;
}

enum aloft_serve_range aloft_serve_range_parse(const char *header, uint64_t size, uint64_t *first,
                                               uint64_t *last)
{
    static const char unit[] = "bytes=";
    bool has_first;
    bool has_last;
    if (header == NULL || strncasecmp(header, unit, sizeof unit - 1) != 0) {
        return ALOFT_SERVE_WHOLE;
    }
    const char *p = number(header + sizeof unit - 1, first, &has_first);
    if (*p != '-') {
        return ALOFT_SERVE_WHOLE;
    }
    p = number(p + 1, last, &has_last);
    while (*p == ' ' || *p == '\t') {
        p++;
    }
    if (*p != '\0' || (!has_first && !has_last) || (has_first && has_last && *last < *first)) {
        return ALOFT_SERVE_WHOLE;
    }
    if (!has_first) { // the last *last bytes
        if (*last == 0 || size == 0) {
            return ALOFT_SERVE_NONE;
        }
        *first = *last < size ? size - *last : 0;
        *last = size - 1;
        return ALOFT_SERVE_PART;
    }
    if (*first >= size) {
        return ALOFT_SERVE_NONE;
    }
    if (!has_last || *last >= size) {
        *last = size - 1;
    }
    return ALOFT_SERVE_PART;
}

bool aloft_serve_range_tag_in(const char *list, const char *tag)
{
    size_t len = strlen(tag);
    if (list[strspn(list, " \t")] == '*') {
        return true;
    }
    while (*list != '\0') {
        list += strspn(list, " \t,");
        if (strncmp(list, "W/", 2) == 0) {
            list += 2;
        }
        if (strncmp(list, tag, len) == 0 && strchr(" \t,", list[len]) != NULL) {
            return true; // strchr finds the terminating NUL too: the list may end here
        }
        // A tag may contain commas, but ours do not, so a false split never matches.
        list += strcspn(list, ",");
    }
    return false;
}
