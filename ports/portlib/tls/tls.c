// One session is a small machine around mbedTLS:
//
//   HANDSHAKE --done, server judged--> OPEN --farewell--> ENDED
//       any fault: FAILED, and the saved session that was tried is forgotten
//
// What one call may read is limited, so that a server that floods cannot keep the caller from its
// watchdog: mbedTLS goes on by itself for as long as the socket has records for it to drop.
//
// It was run with mbedTLS 2.28, 3.5, 3.6 and 4.0 (tests/ports/tls_test.c; all but 2.28 by hand).
// What they call otherwise, or have no more, is in the first lines.
#include "ports/portlib/tls/tls.h"
#include "ports/portlib/tls/tls_judge.h"
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>
#if MBEDTLS_VERSION_MAJOR < 4
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#endif
#if MBEDTLS_VERSION_MAJOR >= 3 && defined(MBEDTLS_PSA_CRYPTO_C)
#include <psa/crypto.h>
#endif

#if MBEDTLS_VERSION_MAJOR < 3
#define MBEDTLS_PRIVATE(field)             field
#define mbedtls_ssl_is_handshake_over(ssl) ((ssl)->state == MBEDTLS_SSL_HANDSHAKE_OVER)
#define MBEDTLS_ERR_SSL_BAD_CERTIFICATE    MBEDTLS_ERR_SSL_BAD_HS_CERTIFICATE
#define BAD_VERSION                        MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION
#else
#define BAD_VERSION MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION
#endif

enum {
    SESSIONS_MAX = 4,  // hosts of one update whose sessions are kept: redirects are few
    SLICE_MAX = 32768, // bytes read by one call: more than the largest record
    HEAD_LEN = 7,      // of the first record: enough to see an alert
    RECORD_ALERT = 21, // RFC 8446, 5.1
    RECORD_HANDSHAKE = 22,
    ALERT_LEN = 2, // level, and what it says (RFC 8446, 6)
};

enum phase { HANDSHAKE, OPEN, ENDED, FAILED };

// A session that can be resumed.
struct saved {
    bool used;
    uint16_t port;
    int64_t until; // when the first certificate of its chain expires
    char host[ALOFT_TLS_HOST_MAX + 1];
    mbedtls_ssl_session session;
};

struct aloft_tls_client {
    struct aloft_tls_anchors anchors;
#if MBEDTLS_VERSION_MAJOR < 4
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
#endif
    mbedtls_ssl_config config;
    struct saved saved[SESSIONS_MAX];
    uint32_t saved_next; // the oldest
};

struct aloft_tls {
    struct aloft_tls_client *client;
    enum phase phase;
    enum aloft_err err;
    const struct aloft_sockets *sockets;
    int fd;
    uint16_t port;
    bool offered;   // a saved session
    uint32_t slice; // bytes that this call may still read
    uint32_t head_len;
    uint8_t head[HEAD_LEN]; // of what the server sent
    char host[ALOFT_TLS_HOST_MAX + 1];
    struct aloft_tls_judge judge;
    mbedtls_ssl_context ssl;
};

// --- the client

// Forward secrecy and authenticated encryption only. Those without hardware for AES are served best
// by the last.
static const int ciphersuites[] = {
#if MBEDTLS_VERSION_MAJOR >= 3
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
#endif
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    0,
};

static void random_init(struct aloft_tls_client *client)
{
#if MBEDTLS_VERSION_MAJOR < 4
    mbedtls_entropy_init(&client->entropy);
    mbedtls_ctr_drbg_init(&client->random);
#else
    (void)client; // PSA has its own
#endif
}

static void random_free(struct aloft_tls_client *client)
{
#if MBEDTLS_VERSION_MAJOR < 4
    mbedtls_ctr_drbg_free(&client->random);
    mbedtls_entropy_free(&client->entropy);
#else
    (void)client;
#endif
}

static bool configure_random(struct aloft_tls_client *client)
{
#if MBEDTLS_VERSION_MAJOR >= 3 && defined(MBEDTLS_PSA_CRYPTO_C)
    if (psa_crypto_init() != PSA_SUCCESS) {
        return false;
    }
#endif
#if MBEDTLS_VERSION_MAJOR < 4
    mbedtls_ssl_conf_rng(&client->config, mbedtls_ctr_drbg_random, &client->random);
    return mbedtls_ctr_drbg_seed(&client->random, mbedtls_entropy_func, &client->entropy, NULL,
                                 0) == 0;
#else
    (void)client;
    return true;
#endif
}

static void configure_version(mbedtls_ssl_config *config)
{
#if MBEDTLS_VERSION_NUMBER < 0x03020000
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#else
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
#endif
    // Of TLS 1.3, what a session is resumed with comes after the handshake, and only who asks for
    // it is told.
#if MBEDTLS_VERSION_NUMBER >= 0x03060100 && MBEDTLS_VERSION_MAJOR < 4 &&                           \
    defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_SESSION_TICKETS)
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
#endif
}

static bool configure(struct aloft_tls_client *client)
{
    mbedtls_ssl_config *config = &client->config;
    bool has_ca = client->anchors.has_ca;
    if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                    MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
        !configure_random(client)) {
        return false;
    }
    configure_version(config);
    mbedtls_ssl_conf_ciphersuites(config, ciphersuites);
    // Without a CA mbedTLS would refuse every server; the judge then ends the handshake itself.
    mbedtls_ssl_conf_authmode(config,
                              has_ca ? MBEDTLS_SSL_VERIFY_REQUIRED : MBEDTLS_SSL_VERIFY_OPTIONAL);
    mbedtls_ssl_conf_ca_chain(config, has_ca ? &client->anchors.ca : NULL, NULL);
    return true;
}

// Each session has the judge as its verify callback, so one that a bundle has set is asked by it.
static bool attach_bundle(struct aloft_tls_client *client)
{
    struct aloft_tls_anchors *anchors = &client->anchors;
    if (anchors->bundle == NULL) {
        return true;
    }
    bool good = anchors->bundle(&client->config) == 0;
    anchors->see = client->config.MBEDTLS_PRIVATE(f_vrfy);
    anchors->see_ctx = client->config.MBEDTLS_PRIVATE(p_vrfy);
    return good;
}

enum aloft_err aloft_tls_client_new(const struct aloft_tls_trust *trust,
                                    struct aloft_tls_client **out, const char **why)
{
    struct aloft_tls_client *client = calloc(1, sizeof *client);
    const char *unread = NULL;
    *out = NULL;
    if (client == NULL) {
        return ALOFT_ERR_CRYPTO;
    }
    random_init(client);
    mbedtls_ssl_config_init(&client->config);
    enum aloft_err err = aloft_tls_anchors_init(&client->anchors, trust, &unread);
    if (err == ALOFT_OK && !configure(client)) {
        err = ALOFT_ERR_CRYPTO;
    }
    if (err == ALOFT_OK && !attach_bundle(client)) {
        err = ALOFT_ERR_TLS_NO_TRUST;
        unread = "the bundle of CAs cannot be read";
    }
    if (err == ALOFT_ERR_TLS_NO_TRUST && why != NULL) {
        *why = unread;
    }
    if (err != ALOFT_OK) {
        aloft_tls_client_free(client);
        return err;
    }
    *out = client;
    return ALOFT_OK;
}

static void forget(struct saved *saved)
{
    if (saved->used) {
        mbedtls_ssl_session_free(&saved->session);
        saved->used = false;
    }
}

void aloft_tls_client_free(struct aloft_tls_client *client)
{
    if (client == NULL) {
        return;
    }
    for (int i = 0; i < SESSIONS_MAX; i++) {
        forget(&client->saved[i]);
    }
    mbedtls_ssl_config_free(&client->config);
    random_free(client);
    aloft_tls_anchors_free(&client->anchors);
    free(client);
}

// --- sessions that can be resumed

static struct saved *find_saved(const struct aloft_tls *tls)
{
    for (int i = 0; i < SESSIONS_MAX; i++) {
        struct saved *saved = &tls->client->saved[i];
        if (saved->used && saved->port == tls->port && strcmp(saved->host, tls->host) == 0) {
            return saved;
        }
    }
    return NULL;
}

// A session that cannot be saved is one that is not resumed, and no fault.
static void save(struct aloft_tls *tls)
{
    struct aloft_tls_client *client = tls->client;
    struct saved *saved = find_saved(tls);
    int64_t until = tls->judge.judged || saved == NULL ? tls->judge.until : saved->until;
    if (saved == NULL) {
        saved = &client->saved[client->saved_next];
        client->saved_next = (client->saved_next + 1) % SESSIONS_MAX;
    }
    forget(saved);
    mbedtls_ssl_session_init(&saved->session);
    saved->used = true;
    saved->port = tls->port;
    saved->until = until;
    memcpy(saved->host, tls->host, sizeof saved->host);
    if (mbedtls_ssl_get_session(&tls->ssl, &saved->session) != 0) {
        forget(saved);
    }
}

static void offer_saved(struct aloft_tls *tls)
{
    struct saved *saved = find_saved(tls);
    bool known;
    int64_t now = aloft_tls_anchors_now(&tls->client->anchors, &known);
    if (saved != NULL && (!tls->client->anchors.has_ca || saved->until >= now)) {
        tls->offered = mbedtls_ssl_set_session(&tls->ssl, &saved->session) == 0;
    }
}

// --- the socket

// A number of bytes that moved, or what mbedTLS calls the result otherwise.
static int moved(int32_t n, int want)
{
    return n >= 0 ? (int)n : n == ALOFT_SOCKET_LATER ? want : MBEDTLS_ERR_NET_CONN_RESET;
}

static int32_t recv_some(const struct aloft_tls *tls, uint8_t *buf, uint32_t size)
{
    return tls->sockets->recv(tls->sockets->ctx, tls->fd, buf, size, NULL);
}

static int take(void *ctx, uint8_t *buf, size_t len)
{
    struct aloft_tls *tls = ctx;
    len = len < tls->slice ? len : tls->slice;
    if (len == 0) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    int32_t n = recv_some(tls, buf, (uint32_t)len);
    tls->slice -= n > 0 ? (uint32_t)n : 0;
    for (int32_t i = 0; i < n && tls->head_len < HEAD_LEN; i++) {
        tls->head[tls->head_len++] = buf[i];
    }
    return moved(n, MBEDTLS_ERR_SSL_WANT_READ);
}

static int give(void *ctx, const uint8_t *buf, size_t len)
{
    const struct aloft_tls *tls = ctx;
    int32_t n = tls->sockets->send(tls->sockets->ctx, tls->fd, buf, (uint32_t)len, NULL);
    return moved(n, MBEDTLS_ERR_SSL_WANT_WRITE);
}

// --- the session

enum aloft_err aloft_tls_begin(struct aloft_tls_client *client, const struct aloft_sockets *sockets,
                               int fd, const char *host, uint16_t port, struct aloft_tls **out)
{
    size_t len = strlen(host);
    *out = NULL;
    if (len > ALOFT_TLS_HOST_MAX) {
        return ALOFT_ERR_URL_SYNTAX;
    }
    struct aloft_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL) {
        return ALOFT_ERR_CRYPTO;
    }
    tls->client = client;
    tls->sockets = sockets;
    tls->fd = fd;
    tls->port = port;
    memcpy(tls->host, host, len);
    if (len > 1 && host[len - 1] == '.') {
        tls->host[len - 1] = 0; // the root of names is in no certificate
    }
    aloft_tls_judge_init(&tls->judge, &client->anchors, tls->host);
    mbedtls_ssl_init(&tls->ssl);
    // An address is no server name (RFC 6066, 3), so it is judged here alone.
    const char *name = tls->judge.address_len > 0 ? NULL : tls->host;
    if (mbedtls_ssl_setup(&tls->ssl, &client->config) != 0 ||
        mbedtls_ssl_set_hostname(&tls->ssl, name) != 0) {
        aloft_tls_end(tls);
        return ALOFT_ERR_CRYPTO;
    }
    mbedtls_ssl_set_verify(&tls->ssl, aloft_tls_judge_see, &tls->judge);
    mbedtls_ssl_set_bio(&tls->ssl, tls, give, take, NULL);
    offer_saved(tls);
    *out = tls;
    return ALOFT_OK;
}

// An alert that comes instead of the server's first message says more than mbedTLS hands on.
static enum aloft_err alert_err(const struct aloft_tls *tls)
{
    static const struct {
        uint8_t alert; // RFC 8446, 6.2
        enum aloft_err err;
    } known[] = {
        {40, ALOFT_ERR_TLS_VERSION}, // handshake_failure: no common cipher
        {70, ALOFT_ERR_TLS_VERSION}, // protocol_version
        {71, ALOFT_ERR_TLS_VERSION}, // insufficient_security
        {86, ALOFT_ERR_TLS_VERSION}, // inappropriate_fallback
        {112, ALOFT_ERR_TLS_HOST},   // unrecognized_name
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (tls->head_len == HEAD_LEN && tls->head[0] == RECORD_ALERT &&
            tls->head[HEAD_LEN - 1] == known[i].alert) {
            return known[i].err;
        }
    }
    return ALOFT_ERR_TLS_HANDSHAKE;
}

// Whether a server that ends the handshake with this alert misses a certificate of its client's: it
// has shown its own, and what it says is about certificates, or nothing (40). In TLS 1.3 the
// handshake is over by then, but the alert is one of its own.
static bool misses_certificate(const struct aloft_tls *tls, uint8_t alert)
{
    enum { HANDSHAKE_FAILURE = 40, ILLEGAL_PARAMETER = 47, ACCESS_DENIED = 49, REQUIRED = 116 };
    bool about = alert >= HANDSHAKE_FAILURE && alert <= ACCESS_DENIED && alert != ILLEGAL_PARAMETER;
    return alert == REQUIRED || (about && tls->phase == HANDSHAKE && tls->judge.judged);
}

// Such a server hangs up after its alert. Who still writes at that moment is told of the reset
// first, but the alert can be read all the same.
static bool left_an_alert(const struct aloft_tls *tls)
{
    uint8_t record[HEAD_LEN];
    return recv_some(tls, record, sizeof record) == (int32_t)sizeof record &&
           record[0] == RECORD_ALERT && misses_certificate(tls, record[HEAD_LEN - 1]);
}

static enum aloft_err err_of_alert(const struct aloft_tls *tls)
{
    const uint8_t *alert = tls->ssl.MBEDTLS_PRIVATE(in_msg);
    bool is_whole = tls->ssl.MBEDTLS_PRIVATE(in_msglen) == ALERT_LEN;
    if (is_whole && misses_certificate(tls, alert[1])) {
        return ALOFT_ERR_TLS_CLIENT;
    }
    return tls->phase == HANDSHAKE ? alert_err(tls) : ALOFT_ERR_TLS_CUT;
}

static enum aloft_err err_of(const struct aloft_tls *tls, int result)
{
    bool is_tls =
        tls->head_len == 0 || tls->head[0] == RECORD_ALERT || tls->head[0] == RECORD_HANDSHAKE;
    if (result == MBEDTLS_ERR_SSL_ALLOC_FAILED || result == MBEDTLS_ERR_X509_ALLOC_FAILED) {
        return ALOFT_ERR_CRYPTO; // in 4.0 these are one
    }
    switch (result) {
    case MBEDTLS_ERR_SSL_CONN_EOF:
    case MBEDTLS_ERR_NET_CONN_RESET:
        if (tls->phase == HANDSHAKE && left_an_alert(tls)) {
            return ALOFT_ERR_TLS_CLIENT;
        }
        return is_tls ? ALOFT_ERR_TLS_CUT : ALOFT_ERR_NET_TLS;
    case MBEDTLS_ERR_SSL_BAD_CERTIFICATE: // of a good one: its usage is not a server's
        return tls->judge.judged ? ALOFT_ERR_TLS_UNTRUSTED : ALOFT_ERR_TLS_HANDSHAKE;
    case BAD_VERSION:
        return is_tls ? ALOFT_ERR_TLS_VERSION : ALOFT_ERR_NET_TLS;
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        return err_of_alert(tls);
    default:
        break;
    }
    if (tls->phase != HANDSHAKE) {
        return ALOFT_ERR_TLS_CUT;
    }
    return is_tls ? ALOFT_ERR_TLS_HANDSHAKE : ALOFT_ERR_NET_TLS;
}

static enum aloft_tls_result fail(struct aloft_tls *tls, enum aloft_err err)
{
    struct saved *saved = find_saved(tls);
    if (tls->phase == HANDSHAKE && tls->offered && saved != NULL) {
        forget(saved); // it may be what the server stumbles over
    }
    tls->phase = FAILED;
    tls->err = err;
    return ALOFT_TLS_FAILED;
}

// What a result of mbedTLS other than success means.
static enum aloft_tls_result result_of(struct aloft_tls *tls, int result)
{
    enum aloft_err err = ALOFT_OK;
    switch (result) {
    case MBEDTLS_ERR_SSL_WANT_READ:
        return tls->slice == 0 ? ALOFT_TLS_BUSY : ALOFT_TLS_WANT_READ;
    case MBEDTLS_ERR_SSL_WANT_WRITE:
        return ALOFT_TLS_WANT_WRITE;
    default:
        break;
    }
    if (tls->phase == HANDSHAKE && tls->judge.judged) {
        err = aloft_tls_judge_verdict(&tls->judge);
    }
    return fail(tls, err != ALOFT_OK ? err : err_of(tls, result));
}

// The handshake is over: was the server judged, now or when the resumed session was made?
static enum aloft_tls_result handshake_over(struct aloft_tls *tls)
{
    bool has_ca = tls->client->anchors.has_ca;
    bool good = tls->judge.judged ? aloft_tls_judge_verdict(&tls->judge) == ALOFT_OK : tls->offered;
    if (!good || (has_ca && mbedtls_ssl_get_verify_result(&tls->ssl) != 0)) {
        return fail(tls, ALOFT_ERR_TLS_UNTRUSTED);
    }
    tls->phase = OPEN;
    save(tls);
    return ALOFT_TLS_DONE;
}

enum aloft_tls_result aloft_tls_handshake(struct aloft_tls *tls)
{
    if (tls->phase != HANDSHAKE) {
        return tls->phase == FAILED ? ALOFT_TLS_FAILED : ALOFT_TLS_DONE;
    }
    tls->slice = SLICE_MAX;
    int result = mbedtls_ssl_handshake_step(&tls->ssl);
    if (result != 0) {
        return result_of(tls, result);
    }
    return mbedtls_ssl_is_handshake_over(&tls->ssl) ? handshake_over(tls) : ALOFT_TLS_BUSY;
}

enum aloft_tls_result aloft_tls_read(struct aloft_tls *tls, uint8_t *buf, uint32_t cap,
                                     uint32_t *len)
{
    *len = 0;
    if (tls->phase != OPEN) {
        return tls->phase == ENDED ? ALOFT_TLS_ENDED : ALOFT_TLS_FAILED;
    }
    tls->slice = SLICE_MAX;
    int result = mbedtls_ssl_read(&tls->ssl, buf, cap);
    if (result > 0) {
        *len = (uint32_t)result;
        return ALOFT_TLS_DONE;
    }
    if (result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        tls->phase = ENDED;
        return ALOFT_TLS_ENDED;
    }
#if MBEDTLS_VERSION_MAJOR >= 3
    if (result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
        save(tls);
        return ALOFT_TLS_BUSY;
    }
#endif
    return result_of(tls, result == 0 ? MBEDTLS_ERR_SSL_CONN_EOF : result);
}

enum aloft_tls_result aloft_tls_write(struct aloft_tls *tls, const uint8_t *buf, uint32_t cap,
                                      uint32_t *len)
{
    *len = 0;
    if (tls->phase != OPEN && tls->phase != ENDED) {
        return ALOFT_TLS_FAILED;
    }
    tls->slice = SLICE_MAX;
    int result = mbedtls_ssl_write(&tls->ssl, buf, cap);
    if (result > 0) {
        *len = (uint32_t)result;
        return ALOFT_TLS_DONE;
    }
    return result_of(tls, result);
}

enum aloft_err aloft_tls_err(const struct aloft_tls *tls)
{
    return tls->err;
}

const char *aloft_tls_about(const struct aloft_tls *tls)
{
    return tls->judge.about;
}

void aloft_tls_end(struct aloft_tls *tls)
{
    if (tls == NULL) {
        return;
    }
    if (tls->phase == OPEN || tls->phase == ENDED) {
        (void)mbedtls_ssl_close_notify(&tls->ssl); // a courtesy
    }
    mbedtls_ssl_free(&tls->ssl);
    free(tls);
}

const struct aloft_tls_calls aloft_tls_calls = {
    .client_new = aloft_tls_client_new,
    .client_free = aloft_tls_client_free,
    .begin = aloft_tls_begin,
    .handshake = aloft_tls_handshake,
    .read = aloft_tls_read,
    .write = aloft_tls_write,
    .err = aloft_tls_err,
    .about = aloft_tls_about,
    .end = aloft_tls_end,
};
