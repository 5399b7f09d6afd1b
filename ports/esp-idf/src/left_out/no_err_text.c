// CONFIG_ALOFT_OTA_ERR_TEXT=n
#include "aloft/err.h"

const char *aloft_err_sentence(enum aloft_err err)
{
    (void)err;
    return "see docs/ERRORS.md";
}
