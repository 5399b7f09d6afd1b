// Between the parts of a form stands CR LF and the delimiter, and CR stands nowhere else in it: so
// when a match breaks off, what matched is data, and the next match can only begin at the byte that
// broke it. The matched bytes need no copy, for they are those of the delimiter.
//
//   PREAMBLE -> AFTER -> HEADERS -> DATA -> AFTER -> ... -> EPILOGUE
#include "aloft/net/webui_multipart.h"
#include "aloft/net/field.h"
#include <string.h>

enum phase { PREAMBLE, AFTER, DASH, HEADERS, DATA, EPILOGUE, BAD };

#define HEADERS_MAX 2048u // bytes of one part

void aloft_webui_multipart_init(struct aloft_webui_multipart *parts, const char *boundary,
                                uint32_t len)
{
    memset(parts, 0, sizeof *parts);
    memcpy(parts->delimiter, "\r\n--", 4);
    memcpy(parts->delimiter + 4, boundary, len);
    parts->delimiter_len = len + 4;
    parts->matched = 2; // the first delimiter may open the body
}

static enum aloft_webui_multipart_event bad(struct aloft_webui_multipart *parts)
{
    parts->phase = BAD;
    return ALOFT_WEBUI_PARTS_BAD;
}

// Content-Disposition: form-data; name="firmware"; filename="a.bin"
static void disposition(struct aloft_webui_multipart *parts, const char *value)
{
    struct aloft_field_param param;
    const char *at = strchr(value, ';');
    while (at != NULL && aloft_field_param(&at, ';', &param)) {
        if (aloft_field_is(param.name, param.name_len, "name")) {
            uint32_t n = param.len < ALOFT_WEBUI_FIELD_MAX ? param.len : ALOFT_WEBUI_FIELD_MAX;
            memcpy(parts->field, param.value, n);
            parts->field[n] = 0;
            parts->named = true;
        } else if (aloft_field_is(param.name, param.name_len, "filename") ||
                   aloft_field_is(param.name, param.name_len, "filename*")) {
            parts->has_file = true;
        }
    }
}

// A header of a part is complete; an empty one ends them.
static enum aloft_webui_multipart_event header_line(struct aloft_webui_multipart *parts)
{
    parts->line[parts->line_len] = 0;
    bool empty = parts->line_len == 0;
    parts->line_len = 0;
    if (empty) {
        parts->phase = DATA;
        return parts->named ? ALOFT_WEBUI_PART_BEGUN : bad(parts);
    }
    const char *colon = strchr(parts->line, ':');
    if (colon != NULL &&
        aloft_field_is(parts->line, (uint32_t)(colon - parts->line), "content-disposition")) {
        disposition(parts, colon + 1);
    }
    return ALOFT_WEBUI_PART_MORE;
}

// One byte between a delimiter and the part's data. AFTER: rest of the delimiter's line.
static enum aloft_webui_multipart_event line_byte(struct aloft_webui_multipart *parts, char c)
{
    bool headers = parts->phase == HEADERS;
    bool cr = parts->cr;
    parts->cr = c == '\r';
    if (++parts->header_len > HEADERS_MAX || (cr && c != '\n')) {
        return bad(parts);
    }
    if (c == '\n' && cr) {
        if (headers) {
            return header_line(parts);
        }
        parts->phase = HEADERS;
        return ALOFT_WEBUI_PART_MORE;
    }
    if (parts->phase == DASH) {
        parts->phase = EPILOGUE;
        return c == '-' ? ALOFT_WEBUI_PARTS_END : bad(parts);
    }
    if (!headers && c == '-') {
        parts->phase = DASH;
    } else if (!headers && c != ' ' && c != '\t' && c != '\r') {
        return bad(parts);
    } else if (headers && c != '\r' && parts->line_len < ALOFT_WEBUI_PART_LINE) {
        parts->line[parts->line_len++] = c;
    }
    return ALOFT_WEBUI_PART_MORE;
}

// The delimiter is complete: a part ended with it, if there was one.
static enum aloft_webui_multipart_event delimited(struct aloft_webui_multipart *parts)
{
    bool part = parts->phase == DATA;
    parts->phase = AFTER;
    parts->matched = 0;
    parts->line_len = 0;
    parts->header_len = 0;
    parts->cr = false;
    parts->named = false;
    parts->has_file = false;
    return part ? ALOFT_WEBUI_PART_END : ALOFT_WEBUI_PART_MORE;
}

static enum aloft_webui_multipart_event give(struct aloft_webui_multipart *parts, const void *data,
                                             uint32_t len)
{
    parts->data = data;
    parts->data_len = len;
    return parts->phase == DATA ? ALOFT_WEBUI_PART_DATA : ALOFT_WEBUI_PART_MORE;
}

// Takes bytes while they belong to the part, or may be its delimiter.
static enum aloft_webui_multipart_event search(struct aloft_webui_multipart *parts,
                                               const uint8_t *data, uint32_t len, uint32_t *used)
{
    if (parts->matched == 0) {
        const uint8_t *cr = memchr(data, '\r', len);
        *used = cr != NULL ? (uint32_t)(cr - data) + 1 : len;
        parts->matched = cr != NULL;
        return *used > parts->matched ? give(parts, data, *used - parts->matched)
                                      : ALOFT_WEBUI_PART_MORE;
    }
    if (*data == (uint8_t)parts->delimiter[parts->matched]) {
        *used = 1;
        parts->matched++;
        return parts->matched == parts->delimiter_len ? delimited(parts) : ALOFT_WEBUI_PART_MORE;
    }
    uint32_t n = parts->matched;
    parts->matched = 0;
    return give(parts, parts->delimiter, n);
}

enum aloft_webui_multipart_event aloft_webui_multipart_next(struct aloft_webui_multipart *parts,
                                                            const uint8_t *data, uint32_t len,
                                                            uint32_t *used)
{
    enum aloft_webui_multipart_event event = ALOFT_WEBUI_PART_MORE;
    *used = 0;
    while (*used < len && event == ALOFT_WEBUI_PART_MORE) {
        uint32_t n = 0;
        switch ((enum phase)parts->phase) {
        case PREAMBLE:
        case DATA:
            event = search(parts, data + *used, len - *used, &n);
            *used += n;
            break;
        case AFTER:
        case DASH:
        case HEADERS:
            event = line_byte(parts, (char)data[(*used)++]);
            break;
        case EPILOGUE:
            *used = len;
            break;
        case BAD:
            return ALOFT_WEBUI_PARTS_BAD;
        }
    }
    return event;
}
