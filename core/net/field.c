// No more of the grammar than browsers, curl and scripts use.
#include "aloft/net/field.h"

bool aloft_field_blank(char c)
{
    return c == ' ' || c == '\t';
}

const char *aloft_field_skip(const char *at)
{
    while (aloft_field_blank(*at)) {
        at++;
    }
    return at;
}

char aloft_field_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

bool aloft_field_is(const char *text, uint32_t len, const char *word)
{
    for (uint32_t i = 0; i < len; i++) {
        if (word[i] == 0 || aloft_field_lower(text[i]) != word[i]) {
            return false;
        }
    }
    return word[len] == 0;
}

static bool token_char(char c, char separator)
{
    return c > ' ' && c < 0x7F && c != separator && c != '=' && c != '"' && c != ',' && c != ';';
}

bool aloft_field_param(const char **text, char separator, struct aloft_field_param *out)
{
    const char *at = aloft_field_skip(*text);
    while (*at == separator) {
        at = aloft_field_skip(at + 1);
    }
    out->name = at;
    while (token_char(*at, separator)) {
        at++;
    }
    out->name_len = (uint32_t)(at - out->name);
    at = aloft_field_skip(at);
    if (out->name_len == 0 || *at != '=') {
        return false;
    }
    at = aloft_field_skip(at + 1);
    bool quoted = *at == '"';
    at += quoted;
    out->value = at;
    while (quoted ? *at != '"' && *at != 0 : token_char(*at, separator) || *at == '=') {
        at += quoted && at[0] == '\\' && at[1] != 0 ? 2 : 1;
    }
    out->len = (uint32_t)(at - out->value);
    *text = at + (quoted && *at == '"');
    return true;
}
