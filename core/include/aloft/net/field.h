// The text of HTTP header fields, as a server reads it: blanks, words in any case, parameters.
// Pure. Source: RFC 9110, 5.6.
#ifndef ALOFT_FIELD_H
#define ALOFT_FIELD_H

#include <stdbool.h>
#include <stdint.h>

bool aloft_field_blank(char c);

// Where the text goes on behind its blanks.
const char *aloft_field_skip(const char *text);

char aloft_field_lower(char c);

// text, of len bytes, is this word, which is lower case; the case of text does not matter.
bool aloft_field_is(const char *text, uint32_t len, const char *word);

// One parameter: a name, then a token or a string in quotes without them.
struct aloft_field_param {
    const char *name;
    const char *value;
    uint32_t name_len;
    uint32_t len;
};

// Reads the next parameter of *text, which stands at a separator or at the first name, and passes
// over it. False when there is none, or it is malformed.
bool aloft_field_param(const char **text, char separator, struct aloft_field_param *out);

#endif
