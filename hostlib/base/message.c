// Messages quote what users and files gave us, so control bytes are masked in the one place that
// all of them pass.
#include "hostlib/base/message.h"
#include <stdarg.h>
#include <stdio.h>

bool aloft_message_set(struct aloft_message *message, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message->text, sizeof message->text, format, args); // a cut sentence is fine
    va_end(args);
    for (char *p = message->text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        if ((c < ' ' && c != '\n') || c == 0x7F) {
            *p = '?';
        }
    }
    return false;
}
