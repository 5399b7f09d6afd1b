// The word that was meant: of what could stand there, the one that is nearest to what was typed.
#ifndef ALOFT_CLI_SUGGEST_H
#define ALOFT_CLI_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

struct aloft_suggest {
    const char *typed;
    const char *best; // NULL: nothing is near
    size_t distance;
};

void aloft_suggest_init(struct aloft_suggest *suggest, const char *typed);

// Takes a word that could stand there; it must live until `best` was read. Near is at most two
// letters changed, added, removed or swapped, and fewer than half of what is typed. '_' and '-' are
// the same.
void aloft_suggest_feed(struct aloft_suggest *suggest, const char *word);

// "; did you mean 'nvs'?", or `otherwise` where nothing is near. Returns text.
#define ALOFT_SUGGEST_TEXT 256u
const char *aloft_suggest_say(const struct aloft_suggest *suggest, const char *otherwise,
                              char text[ALOFT_SUGGEST_TEXT]);

// Whether two words are the same but for '_' and '-'.
bool aloft_suggest_same(const char *a, const char *b);

// "; did you mean 'status'?" of words, or, where none is near, "; write status, boot or check".
// Returns text.
const char *aloft_suggest_of(const char *typed, const char *const *words, size_t count,
                             char text[ALOFT_SUGGEST_TEXT]);

#endif
