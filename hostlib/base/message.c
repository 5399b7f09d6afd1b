// Messages quote what users, files and peers gave us, so they are cleaned in the one place that all
// of them pass.
#include "hostlib/base/message.h"
#include "aloft/base/printable.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool aloft_message_set(struct aloft_message *message, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message->text, sizeof message->text, format, args); // a cut sentence is fine
    va_end(args);
    aloft_printable_clean(message->text, (uint32_t)strlen(message->text), true);
    return false;
}
