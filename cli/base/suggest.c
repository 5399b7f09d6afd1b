// Distances between words, by a table of two rows as far as the longest word goes.
#include "cli/base/suggest.h"
#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 32, NEAR = 2 };

static char letter(char c)
{
    return c == '_' ? '-' : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

// The number of letters to change, add, remove, or swap with the next, to get from a to b.
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);
    if (a_len > WORD_MAX || b_len > WORD_MAX) {
        return WORD_MAX;
    }
    for (size_t k = 0; k <= b_len; k++) {
        rows[0][k] = k;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i - 1) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t k = 1; k <= b_len; k++) {
            bool same = letter(a[i - 1]) == letter(b[k - 1]);
            row[k] = least(above[k - 1] + !same, least(above[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
                row[k] = least(row[k], two_above[k - 2] + 1);
            }
        }
    }
    return rows[a_len % 3][b_len];
}

void aloft_suggest_init(struct aloft_suggest *suggest, const char *typed)
{
    *suggest = (struct aloft_suggest){typed, NULL, NEAR + 1};
}

void aloft_suggest_feed(struct aloft_suggest *suggest, const char *word)
{
    size_t d = distance(suggest->typed, word);
    if (d < suggest->distance && 2 * d < strlen(suggest->typed)) {
        suggest->distance = d;
        suggest->best = word;
    }
}

bool aloft_suggest_same(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] != '\0' && letter(a[i]) == letter(b[i])) {
        i++;
    }
    return a[i] == b[i];
}

const char *aloft_suggest_say(const struct aloft_suggest *suggest, const char *otherwise,
                              char text[ALOFT_SUGGEST_TEXT])
{
    if (suggest->best != NULL) {
        (void)snprintf(text, ALOFT_SUGGEST_TEXT, "; did you mean '%s'?", suggest->best);
    } else {
        (void)snprintf(text, ALOFT_SUGGEST_TEXT, "%s", otherwise);
    }
    return text;
}

const char *aloft_suggest_of(const char *typed, const char *const *words, size_t count,
                             char text[ALOFT_SUGGEST_TEXT])
{
    struct aloft_suggest suggest;
    aloft_suggest_init(&suggest, typed);
    for (size_t i = 0; i < count; i++) {
        aloft_suggest_feed(&suggest, words[i]);
    }
    if (suggest.best != NULL) {
        return aloft_suggest_say(&suggest, "", text);
    }
    size_t len = (size_t)snprintf(text, ALOFT_SUGGEST_TEXT, "; write");
    for (size_t i = 0; i < count && len < ALOFT_SUGGEST_TEXT; i++) {
        const char *before = i == 0 ? " " : i + 1 == count ? " or " : ", ";
        len += (size_t)snprintf(text + len, ALOFT_SUGGEST_TEXT - len, "%s%s", before, words[i]);
    }
    return text;
}
