// Names of the faults that a bootloader may meet: all that its console says of them. The others
// would only fill its few kilobytes.
#include "aloft/err.h"
#include "err_find.h"

static const int16_t numbers[] = {ALOFT_ERR_BOOT_LIST(ALOFT_ERR_NUMBER)};
static const char names[] = ALOFT_ERR_BOOT_LIST(ALOFT_ERR_NAME) "UNKNOWN";

const char *aloft_err_boot_name(enum aloft_err err)
{
    return err_find(names, numbers, sizeof numbers / sizeof numbers[0], (int)err);
}
