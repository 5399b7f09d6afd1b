// Names of the faults, for consoles and scripts; the sentences are in err_text.c, and what a
// bootloader says is in err_boot_name.c.
#include "aloft/err.h"
#include "err_find.h"

static const int16_t numbers[] = {ALOFT_ERR_LIST(ALOFT_ERR_NUMBER)};
static const char names[] = ALOFT_ERR_LIST(ALOFT_ERR_NAME) "UNKNOWN";

const char *aloft_err_name(enum aloft_err err)
{
    return err_find(names, numbers, sizeof numbers / sizeof numbers[0], (int)err);
}
