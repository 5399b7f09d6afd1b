// What a build may choose, and the one place in core where it is asked. Each row can be set on the
// compiler's command line.
#ifndef ALOFT_CONFIG_H
#define ALOFT_CONFIG_H

// 1: ALOFT_ASSERT and ALOFT_INVARIANT (aloft/base/assert.h) check, and call aloft_assert_failed.
// 0: they cost nothing and evaluate nothing. Firmware's default.
#ifndef ALOFT_ASSERTIONS
#define ALOFT_ASSERTIONS 0
#endif

// Bytes of one struct aloft_hash (aloft/crypto.h), a multiple of 8: what the port's largest hash
// needs. mbedTLS's own code wants 112; a chip with a hash engine, or PSA, more.
#ifndef ALOFT_HASH_SIZE
#define ALOFT_HASH_SIZE 112
#endif

#endif
