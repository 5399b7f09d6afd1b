// The keywords of partition types and subtypes, in both directions.
#ifndef ALOFT_HOSTLIB_PTABLE_WORDS_H
#define ALOFT_HOSTLIB_PTABLE_WORDS_H

#include "aloft/format/ptable.h"

// The number of a keyword, of any case; -1 when it is none.
int aloft_ptable_words_type(const char *word);
int aloft_ptable_words_subtype(uint8_t type, const char *word);

// The keyword of a number: "app", "ota_1"; the number in decimal when it has no keyword.
#define ALOFT_PTABLE_WORD 16
void aloft_ptable_words_type_name(uint8_t type, char word[ALOFT_PTABLE_WORD]);
void aloft_ptable_words_subtype_name(uint8_t type, uint8_t subtype, char word[ALOFT_PTABLE_WORD]);

// "factory, test, ota_0..ota_15" for a sentence; type -1 lists the types. size is 256 or more.
void aloft_ptable_words_list(int type, char *text, size_t size);

// True when the partition is named with a keyword for something that it is not; *kind then says
// whether "type" or "subtype".
bool aloft_ptable_words_mislead(const struct aloft_partition *partition, const char **kind);

#endif
