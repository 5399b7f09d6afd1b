// Classes of the faults, one byte each. Separate from the names, because a bootloader needs none.
#include "aloft/err.h"
#include <stdint.h>

#define CLASS_AT(name, number, class, sentence) [-(number)] = ALOFT_ERR_CLASS_##class,
static const uint8_t classes[] = {ALOFT_ERR_LIST(CLASS_AT)};

enum aloft_err_class aloft_err_class(enum aloft_err err)
{
    uint32_t index = 0 - (uint32_t)err; // huge for a positive number
    return index < sizeof classes ? (enum aloft_err_class)classes[index] : ALOFT_ERR_CLASS_NONE;
}
