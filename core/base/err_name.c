// Names of the faults, for consoles and scripts; the sentences are in err_text.c, and what a
// bootloader says is in err_boot_name.c.
#include "aloft/err.h"

const char *aloft_err_name(enum aloft_err err)
{
    switch ((int)err) {
#define ALOFT_ERR_NAME(name, number, sentence)                                                     \
    case number:                                                                                   \
        return #name;
        ALOFT_ERR_LIST(ALOFT_ERR_NAME)
#undef ALOFT_ERR_NAME
    default:
        return "UNKNOWN";
    }
}
