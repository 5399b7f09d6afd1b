// Names of the faults, for consoles and scripts; the sentences are in err_text.c, and what a
// bootloader says is in err_boot_name.c.
// One run of text and a list of numbers: a table of pointers would have
// places for all the numbers that no fault has.
#include "aloft/err.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ALOFT_ERR_NUMBER(name, number, sentence) number,
static const int16_t numbers[] = {ALOFT_ERR_LIST(ALOFT_ERR_NUMBER)};
#undef ALOFT_ERR_NUMBER

#define ALOFT_ERR_NAME(name, number, sentence) #name "\0"
static const char names[] = ALOFT_ERR_LIST(ALOFT_ERR_NAME) "UNKNOWN";
#undef ALOFT_ERR_NAME

const char *aloft_err_name(enum aloft_err err)
{
    const char *name = names;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && numbers[i] != (int)err; i++) {
        name += strlen(name) + 1;
    }
    return name;
}
