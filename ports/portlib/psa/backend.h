// Which calls of mbedTLS the files of this folder use. mbed_*.c have those of 2.28 and 3.x, and run
// without PSA, which ESP-IDF 5 leaves out by default; psa_*.c have those of PSA, all that 4.0 has.
// Exactly one of them is compiled; the tests compile each.
#ifndef ALOFT_BACKEND_H
#define ALOFT_BACKEND_H

#if defined(__has_include)
#if __has_include(<mbedtls/build_info.h>)
#include <mbedtls/build_info.h> // 3.0 and later
#else
#include <mbedtls/version.h>
#endif
#endif

#ifndef ALOFT_PSA
#define ALOFT_PSA (MBEDTLS_VERSION_MAJOR >= 4)
#endif

#endif
