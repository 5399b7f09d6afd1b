// Three bytes decide whether a line is a log line: a level, a blank, a parenthesis.
#include "cli/serial/monitor_view.h"
#include <string.h>

static size_t put(uint8_t *out, const char *text)
{
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

static const char *colour_of(uint8_t level)
{
    switch (level) {
    case 'E':
        return "\033[0;31m";
    case 'W':
        return "\033[0;33m";
    case 'I':
        return "\033[0;32m";
    default:
        return NULL;
    }
}

// True while the held bytes can still become a log line's beginning.
static bool may_be_log(const struct aloft_monitor_view *view)
{
    static const char rest[] = {0, ' ', '('};
    for (size_t i = 1; i < view->held_len; i++) {
        if (view->held[i] != (uint8_t)rest[i]) {
            return false;
        }
    }
    return colour_of(view->held[0]) != NULL;
}

size_t aloft_monitor_view_flush(struct aloft_monitor_view *view, uint8_t *out)
{
    size_t len = view->held_len;
    memcpy(out, view->held, len);
    view->inside = view->inside || len > 0;
    view->held_len = 0;
    return len;
}

size_t aloft_monitor_view_reset(struct aloft_monitor_view *view, uint8_t *out)
{
    size_t len = aloft_monitor_view_flush(view, out);
    if (view->coloured) {
        len += put(out + len, "\033[0m");
        view->coloured = false;
    }
    return len;
}

size_t aloft_monitor_view_feed(struct aloft_monitor_view *view, uint8_t byte, uint8_t *out)
{
    size_t len = 0;
    if (byte == '\n' || byte == '\r') {
        len = aloft_monitor_view_reset(view, out);
        out[len++] = byte;
        view->inside = false;
        return len;
    }
    if (view->inside) {
        out[0] = byte;
        return 1;
    }
    view->held[view->held_len++] = byte;
    if (!may_be_log(view)) {
        return aloft_monitor_view_flush(view, out);
    }
    if (view->held_len == sizeof view->held) {
        view->coloured = true;
        len = put(out, colour_of(view->held[0]));
        len += aloft_monitor_view_flush(view, out + len);
    }
    return len;
}
