// Whom a TLS client trusts: what who makes one (tls.h) fills in.
#ifndef ALOFT_TLS_TRUST_H
#define ALOFT_TLS_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#define ALOFT_TLS_ABOUT_LEN 512u // text about a certificate, with its NUL

// Everything that is pointed to is copied or used up by aloft_tls_client_new, but `now` and its
// ctx.
struct aloft_tls_trust {
    // Certificates in PEM, one or a bundle of many: any text between them is passed over, and in a
    // bundle also what mbedTLS cannot read, as long as one can be read. NULL or "": none.
    const char *ca;
    // The platform's own bundle of CAs, as ESP-IDF's esp_crt_bundle_attach: sets it up in mbedTLS's
    // configuration of a client, by a verify callback or otherwise; 0 when it did. It counts when
    // there is no `ca`. NULL: none.
    int (*bundle)(void *config);
    // SHA-256 of SubjectPublicKeyInfo in 64 hex digits or in base64, perhaps behind "sha256//" (as
    // curl has it) or "sha256/"; separated by space, line end or comma. NULL or "": none.
    const char *pins;
    const char *revoked; // in the same form
    bool any_name;       // whatever host name the certificate has is right
    int64_t built;       // earliest possible now, in seconds since 1970 UTC; 0: not known
    // The clock, in seconds since 1970 UTC; false when it is not set. NULL: there is none.
    bool (*now)(void *ctx, int64_t *seconds);
    void *ctx;
};

// What a compiler's __DATE__ and __TIME__ ("Nov 22 2026", "17:30:08"), which are also in an app's
// descriptor, say of the earliest possible now. They are of an unknown time zone, so the result is
// 14 hours before them. 0 when the date is malformed; a malformed time counts as midnight.
int64_t aloft_tls_built(const char *date, const char *time);

// Seconds since 1970 of a time in UTC; month and day count from 1.
struct aloft_tls_time {
    int year, month, day, hour, minute, second;
};
int64_t aloft_tls_unix_time(const struct aloft_tls_time *t);

#endif
