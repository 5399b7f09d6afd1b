// How both lists of names are kept and looked through: one run of text and the numbers beside it. A
// table of pointers would have places for all the numbers that no fault has.
#ifndef ALOFT_ERR_FIND_H
#define ALOFT_ERR_FIND_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ALOFT_ERR_NUMBER(name, number, class, sentence) number,
#define ALOFT_ERR_NAME(name, number, class, sentence)   #name "\0"

// The name at the place of this number; behind the last one there is one for all others.
static inline const char *err_find(const char *names, const int16_t *numbers, size_t count, int err)
{
    for (size_t i = 0; i < count && numbers[i] != err; i++) {
        names += strlen(names) + 1;
    }
    return names;
}

#endif
