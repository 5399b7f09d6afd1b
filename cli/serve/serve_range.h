// The two pieces of HTTP that decide which bytes go out: Range and entity tags. Pure functions.
//
// Rules: RFC 9110, sections 8.8.3, 13 and 14.
#ifndef ALOFT_CLI_SERVE_RANGE_H
#define ALOFT_CLI_SERVE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

enum aloft_serve_range {
    ALOFT_SERVE_WHOLE, // no range, or one that may be ignored: several ranges, another unit,
                       // nonsense
    ALOFT_SERVE_PART,  // *first..*last, both included
    ALOFT_SERVE_NONE,  // a range that lies outside: 416
};

// header: the value of Range, NULL when there is none. size: bytes of the file.
enum aloft_serve_range aloft_serve_range_parse(const char *header, uint64_t size, uint64_t *first,
                                               uint64_t *last);

// True when the list of an If-None-Match names the tag (with its quotes), or is "*". Weak tags
// count.
bool aloft_serve_range_tag_in(const char *list, const char *tag);

#endif
