// Percent-encoding of URIs. Source: ESP-IDF examples/common_components/protocol_examples_common.
#ifndef PROTOCOL_EXAMPLES_UTILS_H
#define PROTOCOL_EXAMPLES_UTILS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/cdefs.h>

__BEGIN_DECLS

// dest has room for 3 * len + 1 bytes. Returns how many characters were encoded.
uint32_t example_uri_encode(char *dest, const char *src, size_t len);

// dest has room for len + 1 bytes. A % without two hexadecimal digits stays.
void example_uri_decode(char *dest, const char *src, size_t len);

__END_DECLS

#endif
