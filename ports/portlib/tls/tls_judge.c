// mbedTLS checks signatures and names; this adds what it does not know: pins, revoked keys, a clock
// that may not be set, and addresses in certificates, which version 2.28 keeps but does not
// compare. One fault is named where several are true: the one that makes the others worthless.
#include "ports/portlib/tls/tls_judge.h"
#include "aloft/base/hex.h"
#include <arpa/inet.h>
#include <mbedtls/base64.h>
#include <mbedtls/md.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h> // where lwIP has inet_pton

enum { HEX_LEN = 64, BASE64_LEN = 44, NAME_LEN = 128 };

#define DATE_FLAGS ((uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE))
#define NAME_FLAG  ((uint32_t)MBEDTLS_X509_BADCERT_CN_MISMATCH)

#define PINS "16 keys, each SHA-256 in 64 hex digits or base64"

static const char separators[] = " \t\r\n,";
_Static_assert(ALOFT_TLS_PINS_MAX == 16, "as PINS says");

// --- pins

// Base64 may begin with the '/' that a prefix may end with, so the length decides.
static bool read_pin(const char *text, size_t len, uint8_t *pin)
{
    static const char prefix[] = "sha256/";
    const size_t prefix_len = sizeof prefix - 1;
    size_t pin_len = 0;
    if (len > prefix_len && memcmp(text, prefix, prefix_len) == 0) {
        text += prefix_len;
        len -= prefix_len;
        bool second = text[0] == '/' && (len == BASE64_LEN + 1 || len == HEX_LEN + 1);
        text += second;
        len -= second;
    }
    if (len == HEX_LEN) {
        return aloft_hex_parse(text, pin, ALOFT_TLS_PIN_LEN);
    }
    return len == BASE64_LEN &&
           mbedtls_base64_decode(pin, ALOFT_TLS_PIN_LEN, &pin_len, (const uint8_t *)text, len) ==
               0 &&
           pin_len == ALOFT_TLS_PIN_LEN;
}

// False when the text is anything but a list of pins.
static bool read_pins(const char *text, struct aloft_tls_pins *pins)
{
    text = text == NULL ? "" : text;
    for (text += strspn(text, separators); *text != 0; text += strspn(text, separators)) {
        size_t len = strcspn(text, separators);
        if (pins->count == ALOFT_TLS_PINS_MAX || !read_pin(text, len, pins->pin[pins->count])) {
            return false;
        }
        pins->count++;
        text += len;
    }
    return true;
}

static bool has_pin(const struct aloft_tls_pins *pins, const uint8_t *pin)
{
    for (uint32_t i = 0; i < pins->count; i++) {
        if (memcmp(pins->pin[i], pin, ALOFT_TLS_PIN_LEN) == 0) {
            return true;
        }
    }
    return false;
}

// --- anchors

static bool has_text(const char *text)
{
    return text != NULL && text[0] != 0;
}

enum aloft_err aloft_tls_anchors_init(struct aloft_tls_anchors *anchors,
                                      const struct aloft_tls_trust *trust, const char **why)
{
    memset(anchors, 0, sizeof *anchors);
    mbedtls_x509_crt_init(&anchors->ca);
    anchors->any_name = trust->any_name;
    anchors->built = trust->built;
    anchors->now = trust->now;
    anchors->ctx = trust->ctx;
    // What cannot be read in a bundle is counted; a negative result means that nothing could.
    anchors->has_ca =
        has_text(trust->ca) && mbedtls_x509_crt_parse(&anchors->ca, (const uint8_t *)trust->ca,
                                                      strlen(trust->ca) + 1) >= 0;
    *why = NULL;
    anchors->bundle = has_text(trust->ca) ? NULL : trust->bundle;
    anchors->has_ca = anchors->has_ca || anchors->bundle != NULL;
    if (has_text(trust->ca) && !anchors->has_ca) {
        *why = "ca holds no certificate in PEM form";
    } else if (!read_pins(trust->pins, &anchors->pins)) {
        *why = "pin is not a list of up to " PINS;
    } else if (!read_pins(trust->revoked, &anchors->revoked)) {
        *why = "pin_revoked is not a list of up to " PINS;
    } else if (!anchors->has_ca && anchors->pins.count == 0) {
        *why = "neither ca nor pin is set";
    }
    return *why == NULL ? ALOFT_OK : ALOFT_ERR_TLS_NO_TRUST;
}

void aloft_tls_anchors_free(struct aloft_tls_anchors *anchors)
{
    mbedtls_x509_crt_free(&anchors->ca);
}

int64_t aloft_tls_anchors_now(const struct aloft_tls_anchors *anchors, bool *known)
{
    int64_t now = 0;
    *known = anchors->now != NULL && anchors->now(anchors->ctx, &now) && now >= anchors->built;
    return *known ? now : anchors->built;
}

// --- dates

static int64_t unix_time(const mbedtls_x509_time *t)
{
    return aloft_tls_unix_time(
        &(struct aloft_tls_time){t->year, t->mon, t->day, t->hour, t->min, t->sec});
}

// --- the judge

void aloft_tls_judge_init(struct aloft_tls_judge *judge, const struct aloft_tls_anchors *anchors,
                          const char *host)
{
    memset(judge, 0, sizeof *judge);
    judge->anchors = anchors;
    judge->host = host;
    judge->until = INT64_MAX;
    if (inet_pton(AF_INET, host, judge->address) == 1) {
        judge->address_len = 4;
    } else if (inet_pton(AF_INET6, host, judge->address) == 1) {
        judge->address_len = 16;
    }
}

// What this certificate adds to the faults of the chain, by itself.
static enum aloft_err see_dates(struct aloft_tls_judge *judge, const mbedtls_x509_crt *crt)
{
    bool known;
    int64_t now = aloft_tls_anchors_now(judge->anchors, &known);
    int64_t until = unix_time(&crt->valid_to);
    bool expired = until < now;
    bool future = known && unix_time(&crt->valid_from) > now;
    judge->expired = judge->expired || expired;
    judge->future = judge->future || future;
    judge->until = until < judge->until ? until : judge->until;
    return expired ? ALOFT_ERR_TLS_EXPIRED : future ? ALOFT_ERR_TLS_FUTURE : ALOFT_OK;
}

// Is the address among the certificate's? One in its subject does not count.
static bool has_address(const struct aloft_tls_judge *judge, const mbedtls_x509_crt *crt)
{
    const int ip_address = MBEDTLS_ASN1_CONTEXT_SPECIFIC | 7; // RFC 5280, 4.2.1.6
    for (const mbedtls_x509_sequence *s = &crt->subject_alt_names; s != NULL; s = s->next) {
        if (s->buf.tag == ip_address && s->buf.len == judge->address_len &&
            memcmp(s->buf.p, judge->address, s->buf.len) == 0) {
            return true;
        }
    }
    return false;
}

static void describe(char about[ALOFT_TLS_ABOUT_LEN], const mbedtls_x509_crt *crt,
                     const uint8_t *pin)
{
    char subject[NAME_LEN] = "";
    char issuer[NAME_LEN] = "";
    uint8_t base64[BASE64_LEN + 1] = "";
    size_t len;
    const mbedtls_x509_time *from = &crt->valid_from;
    const mbedtls_x509_time *to = &crt->valid_to;
    // What does not fit is left out.
    (void)mbedtls_x509_dn_gets(subject, sizeof subject, &crt->subject);
    (void)mbedtls_x509_dn_gets(issuer, sizeof issuer, &crt->issuer);
    (void)mbedtls_base64_encode(base64, sizeof base64, &len, pin, ALOFT_TLS_PIN_LEN);
    (void)snprintf(about, ALOFT_TLS_ABOUT_LEN,
                   "%s, issued by %s, valid from %04d-%02d-%02d to %04d-%02d-%02d, key sha256//%s",
                   subject, issuer, from->year, from->mon, from->day, to->year, to->mon, to->day,
                   (const char *)base64);
}

// Without dates, which are judged here in either way. A bundle looks at a certificate only that has
// no fault but to be trusted by nobody.
static uint32_t flags_of(const struct aloft_tls_anchors *anchors, mbedtls_x509_crt *crt, int depth,
                         uint32_t flags)
{
    uint32_t rest = flags & ~(DATE_FLAGS | NAME_FLAG);
    if (anchors->see != NULL && anchors->see(anchors->see_ctx, crt, depth, &rest) != 0) {
        rest |= MBEDTLS_X509_BADCERT_NOT_TRUSTED;
    }
    return rest | (flags & NAME_FLAG);
}

int aloft_tls_judge_see(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct aloft_tls_judge *judge = ctx;
    const struct aloft_tls_anchors *anchors = judge->anchors;
    uint8_t pin[ALOFT_TLS_PIN_LEN];
    if (mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), crt->pk_raw.p, crt->pk_raw.len,
                   pin) != 0) {
        return MBEDTLS_ERR_X509_FATAL_ERROR; // without a hash nothing is judged
    }
    *flags = flags_of(anchors, crt, depth, *flags);
    enum aloft_err own = see_dates(judge, crt);
    if (has_pin(&anchors->revoked, pin)) {
        judge->revoked = true;
        own = ALOFT_ERR_TLS_OLD_PIN;
    }
    if (depth > 0 && own != ALOFT_OK && judge->issuer_err != ALOFT_ERR_TLS_OLD_PIN) {
        judge->issuer_err = own; // a revoked one says most
        describe(judge->issuer_about, crt, pin);
    }
    if (depth == 0) {
        *flags |= judge->address_len > 0 && !has_address(judge, crt) ? NAME_FLAG : 0;
        judge->pinned = has_pin(&anchors->pins, pin);
        describe(judge->about, crt, pin);
        judge->own_err = own;
    }
    if (anchors->any_name) {
        *flags &= ~NAME_FLAG;
    }
    judge->flags |= *flags;
    if (!anchors->has_ca) {
        *flags = 0; // the pin decides, and it alone
    }
    if (depth > 0) {
        return 0;
    }
    judge->judged = true;
    enum aloft_err verdict = aloft_tls_judge_verdict(judge);
    // The fault may be an issuer's alone: then that one's dates are of use.
    if (verdict != ALOFT_OK && verdict != judge->own_err && verdict == judge->issuer_err) {
        memcpy(judge->about, judge->issuer_about, sizeof judge->about);
    }
    return verdict == ALOFT_OK ? 0 : MBEDTLS_ERR_X509_FATAL_ERROR;
}

enum aloft_err aloft_tls_judge_verdict(const struct aloft_tls_judge *judge)
{
    bool chain = judge->anchors->has_ca;
    const struct {
        bool is_so;
        enum aloft_err err;
    } faults[] = {
        {judge->revoked, ALOFT_ERR_TLS_OLD_PIN},
        {chain && (judge->flags & ~NAME_FLAG) != 0, ALOFT_ERR_TLS_UNTRUSTED},
        {judge->anchors->pins.count > 0 && !judge->pinned, ALOFT_ERR_TLS_PIN},
        {chain && judge->expired, ALOFT_ERR_TLS_EXPIRED},
        {chain && judge->future, ALOFT_ERR_TLS_FUTURE},
        {chain && judge->flags != 0, ALOFT_ERR_TLS_HOST},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (faults[i].is_so) {
            return faults[i].err;
        }
    }
    return ALOFT_OK;
}
