// Who a TLS server must be: the judgement of a chain of certificates by CA, pins, dates and name.
// tls.c gives this to mbedTLS as its verify callback.
#ifndef ALOFT_TLS_JUDGE_H
#define ALOFT_TLS_JUDGE_H

#include "aloft/err.h"
#include "ports/portlib/tls/tls_trust.h"
#include <mbedtls/x509_crt.h>

#define ALOFT_TLS_PINS_MAX 16u // in one list

enum { ALOFT_TLS_PIN_LEN = 32 }; // SHA-256

struct aloft_tls_pins {
    uint32_t count;
    uint8_t pin[ALOFT_TLS_PINS_MAX][ALOFT_TLS_PIN_LEN];
};

// What is trusted.
struct aloft_tls_anchors {
    mbedtls_x509_crt ca;         // one or many
    bool has_ca;                 // these, or a bundle
    int (*bundle)(void *config); // see tls_trust.h; NULL: none, or `ca` is there
    // What the bundle has put in place of mbedTLS's judgement; NULL: nothing.
    int (*see)(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags);
    void *see_ctx;
    bool any_name;
    struct aloft_tls_pins pins;
    struct aloft_tls_pins revoked;
    int64_t built;
    bool (*now)(void *ctx, int64_t *seconds);
    void *ctx;
};

// The judgement of one server, as mbedTLS shows its chain from the CA down.
struct aloft_tls_judge {
    const struct aloft_tls_anchors *anchors;
    const char *host;     // must stay
    uint8_t address[16];  // when the host is one
    uint32_t address_len; // 0: it is a name
    uint32_t flags;       // what mbedTLS has against the chain, without dates
    bool expired;
    bool future;
    bool revoked;
    bool pinned;
    bool judged;               // the whole chain was seen
    int64_t until;             // when the first certificate of the chain expires
    enum aloft_err own_err;    // of the server's certificate by itself: dates, or a revoked key
    enum aloft_err issuer_err; // of one above it
    char about[ALOFT_TLS_ABOUT_LEN]; // of the server's, or of the issuer's that alone is to blame
    char issuer_about[ALOFT_TLS_ABOUT_LEN];
};

// Errors: TLS_NO_TRUST, and *why in words. Free it in any case.
enum aloft_err aloft_tls_anchors_init(struct aloft_tls_anchors *anchors,
                                      const struct aloft_tls_trust *trust, const char **why);
void aloft_tls_anchors_free(struct aloft_tls_anchors *anchors);

// The earliest possible now; *known: it is the clock's.
int64_t aloft_tls_anchors_now(const struct aloft_tls_anchors *anchors, bool *known);

void aloft_tls_judge_init(struct aloft_tls_judge *judge, const struct aloft_tls_anchors *anchors,
                          const char *host);

// mbedtls_ssl_set_verify's function; ctx is the judge. Ends the handshake for a server that is not
// to be trusted.
int aloft_tls_judge_see(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags);

// Of a chain that was seen whole; ALOFT_OK: trust it.
enum aloft_err aloft_tls_judge_verdict(const struct aloft_tls_judge *judge);

#endif
