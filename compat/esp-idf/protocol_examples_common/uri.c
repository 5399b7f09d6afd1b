// Percent-encoding: unreserved characters of RFC 3986 stay.
#include "aloft/base/hex.h"
#include "protocol_examples_utils.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

uint32_t example_uri_encode(char *dest, const char *src, size_t len)
{
    uint32_t encoded = 0;
    for (size_t i = 0; i < len && src[i] != '\0'; i++) {
        unsigned char c = (unsigned char)src[i];
        if (isalnum(c) || strchr("-._~", c) != NULL) {
            *dest++ = (char)c;
        } else {
            dest += snprintf(dest, 4, "%%%02X", c);
            encoded++;
        }
    }
    *dest = '\0';
    return encoded;
}

void example_uri_decode(char *dest, const char *src, size_t len)
{
    for (size_t i = 0; i < len && src[i] != '\0'; i++) {
        uint8_t byte;
        if (src[i] == '%' && i + 2 < len && aloft_hex_parse(src + i + 1, &byte, 1)) {
            *dest++ = (char)byte;
            i += 2;
        } else {
            *dest++ = src[i];
        }
    }
    *dest = '\0';
}
