// Names of the faults that a bootloader may meet: all that its console says of them. The others
// would only fill its few kilobytes.
#include "aloft/err.h"

const char *aloft_err_boot_name(enum aloft_err err)
{
    switch ((int)err) {
#define ALOFT_ERR_NAME(name, number, sentence)                                                     \
    case number:                                                                                   \
        return #name;
        ALOFT_ERR_BOOT_LIST(ALOFT_ERR_NAME)
#undef ALOFT_ERR_NAME
    default:
        return "UNKNOWN";
    }
}
