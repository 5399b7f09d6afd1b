// The keywords of partition types and subtypes, in both directions.
#ifndef ALOFT_HOSTLIB_PTABLE_WORDS_H
#define ALOFT_HOSTLIB_PTABLE_WORDS_H

#include "aloft/format/ptable.h"
#include "hostlib/base/message.h"
#include <stddef.h>

#define ALOFT_PTABLE_WORD 32 // room for a keyword

// A project's own words for subtypes, as ESP-IDF's build gives them to gen_esp32part.py with
// --extra-partition-subtypes. NULL in place of a pointer to these: there are none.
#define ALOFT_PTABLE_OWN_WORDS 64
struct aloft_ptable_own_words {
    struct aloft_ptable_word {
        uint8_t type;
        uint8_t value;
        char text[ALOFT_PTABLE_WORD];
    } items[ALOFT_PTABLE_OWN_WORDS];
    size_t count;
};

// Takes "TYPE, WORD, VALUE", the value in hex: "data, store, 0x40". Several may follow each other
// with ';' between them, as in a list of CMake's.
// Fails: when it is not of that form, or the word or the value of the type is taken already.
bool aloft_ptable_words_add(struct aloft_ptable_own_words *own, const char *text,
                            struct aloft_message *error);

// The number of a keyword, of any case; -1 when it is unknown.
int aloft_ptable_words_type(const char *word);
int aloft_ptable_words_subtype(const struct aloft_ptable_own_words *own, uint8_t type,
                               const char *word);

// The keyword of a number: "app", "ota_1"; the number in decimal when it has no keyword.
void aloft_ptable_words_type_name(uint8_t type, char word[ALOFT_PTABLE_WORD]);
void aloft_ptable_words_subtype_name(const struct aloft_ptable_own_words *own, uint8_t type,
                                     uint8_t subtype, char word[ALOFT_PTABLE_WORD]);

// "factory, test, ota_0..ota_15" for a sentence; type -1 lists the types. Cut when size is too
// small, which 256 is not for ESP-IDF's own.
void aloft_ptable_words_list(const struct aloft_ptable_own_words *own, int type, char *text,
                             size_t size);

// True when the partition is named with a keyword for something that it is not; *kind then says
// whether "type" or "subtype".
bool aloft_ptable_words_mislead(const struct aloft_ptable_own_words *own,
                                const struct aloft_partition *partition, const char **kind);

#endif
