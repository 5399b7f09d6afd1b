// A TLS server of mbedTLS's own, certificates made on the spot, and a wire between it and a client
// that can cut, change and chop what goes over it. All in one process, without a clock.
#ifndef ALOFT_TLS_WORLD_H
#define ALOFT_TLS_WORLD_H

#include "check.h"
#include "ports/linux/host_sockets.h"
#include "ports/portlib/tls/tls.h"
#include <errno.h>
#include <mbedtls/base64.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/md.h>
#include <mbedtls/oid.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/x509_crt.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_2024 1704067200 // 1 January, 0:00 UTC
#define AT_2026 1767225600

enum {
    PEM_MAX = 2048,
    BODY_LEN = 40000, // three records
    TURNS_MAX = 300000,
    IDLE_MAX = 20,
    NEVER = -1,
};

// A certificate with its key. SAN: in DER, without the outer sequence's head.
struct cert {
    mbedtls_pk_context key;
    mbedtls_x509_crt crt;
    char name[64]; // "CN=..."
    char pem[PEM_MAX];
    char pin_hex[65];
    char pin_base64[45];
};

static struct {
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context random;
    mbedtls_ssl_ticket_context tickets;
    struct cert ca, other_ca, leaf, expired, future, elsewhere, by_nobody, by_other, own;
    uint8_t body[BODY_LEN];
} lab;

#define MUST(call) CHECK_EQ(call, 0)

static void make_key(struct cert *cert)
{
    mbedtls_pk_init(&cert->key);
    MUST(mbedtls_pk_setup(&cert->key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)));
    MUST(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(cert->key),
                             mbedtls_ctr_drbg_random, &lab.random));
}

static void make_pins(struct cert *cert)
{
    uint8_t der[256];
    uint8_t hash[32];
    size_t len;
    int n = mbedtls_pk_write_pubkey_der(&cert->key, der, sizeof der);
    CHECK(n > 0);
    MUST(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), der + sizeof der - n, (size_t)n,
                    hash));
    MUST(mbedtls_base64_encode((uint8_t *)cert->pin_base64, sizeof cert->pin_base64, &len, hash,
                               sizeof hash));
    for (int i = 0; i < 32; i++) {
        (void)snprintf(cert->pin_hex + 2 * i, 3, "%02X", hash[i]);
    }
}

// Signs cert by issuer, which may be itself. hosts: a name and an address, in DER; NULL: a CA.
static void make_cert(struct cert *cert, const char *name, struct cert *issuer, const char *from,
                      const char *to)
{
    // SubjectAltName of board.test and 127.0.0.1; that of a certificate for others has other.test.
    static const uint8_t here[] = "\x30\x12\x82\x0a"
                                  "board.test\x87\x04\x7f\x00\x00\x01";
    static const uint8_t there[] = "\x30\x12\x82\x0a"
                                   "other.test\x87\x04\x7f\x00\x00\x02";
    bool elsewhere = cert == &lab.elsewhere;
    mbedtls_x509write_cert write;
    mbedtls_mpi serial;
    make_key(cert);
    make_pins(cert);
    mbedtls_x509write_crt_init(&write);
    mbedtls_mpi_init(&serial);
    MUST(mbedtls_mpi_lset(&serial, 1));
    (void)snprintf(cert->name, sizeof cert->name, "CN=%s", name);
    mbedtls_x509write_crt_set_version(&write, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&write, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&write, &cert->key);
    mbedtls_x509write_crt_set_issuer_key(&write, &issuer->key);
    MUST(mbedtls_x509write_crt_set_subject_name(&write, cert->name));
    MUST(mbedtls_x509write_crt_set_issuer_name(&write, issuer->name));
    MUST(mbedtls_x509write_crt_set_serial(&write, &serial));
    MUST(mbedtls_x509write_crt_set_validity(&write, from, to));
    MUST(mbedtls_x509write_crt_set_basic_constraints(&write, issuer == cert, -1));
    MUST(mbedtls_x509write_crt_set_extension(&write, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                             MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0,
                                             elsewhere ? there : here, sizeof here - 1));
    MUST(mbedtls_x509write_crt_pem(&write, (uint8_t *)cert->pem, sizeof cert->pem,
                                   mbedtls_ctr_drbg_random, &lab.random));
    mbedtls_x509_crt_init(&cert->crt);
    MUST(mbedtls_x509_crt_parse(&cert->crt, (const uint8_t *)cert->pem, strlen(cert->pem) + 1));
    mbedtls_x509write_crt_free(&write);
    mbedtls_mpi_free(&serial);
}

static void lab_open(void)
{
    static const char from[] = "20200101000000", to[] = "20400101000000";
    static struct cert nobody;
    mbedtls_entropy_init(&lab.entropy);
    mbedtls_ctr_drbg_init(&lab.random);
    mbedtls_ssl_ticket_init(&lab.tickets);
    MUST(mbedtls_ctr_drbg_seed(&lab.random, mbedtls_entropy_func, &lab.entropy, NULL, 0));
    MUST(mbedtls_ssl_ticket_setup(&lab.tickets, mbedtls_ctr_drbg_random, &lab.random,
                                  MBEDTLS_CIPHER_AES_128_GCM, 86400));
    make_cert(&lab.ca, "Lab CA", &lab.ca, from, to);
    make_cert(&lab.other_ca, "Other CA", &lab.other_ca, "20240101000000", "20300101000000");
    make_cert(&nobody, "Lab CA", &nobody, from, to); // has the CA's name, not its key
    make_cert(&lab.leaf, "board.test", &lab.ca, from, to);
    make_cert(&lab.expired, "board.test", &lab.ca, from, "20221231235959");
    make_cert(&lab.future, "board.test", &lab.ca, "20350101000000", to);
    make_cert(&lab.elsewhere, "other.test", &lab.ca, from, to);
    make_cert(&lab.by_nobody, "board.test", &nobody, from, to);
    make_cert(&lab.by_other, "board.test", &lab.other_ca, from, to);
    make_cert(&lab.own, "anything", &lab.own, from, "20221231235959");
    mbedtls_pk_free(&nobody.key);
    mbedtls_x509_crt_free(&nobody.crt);
    for (uint32_t i = 0; i < BODY_LEN; i++) {
        lab.body[i] = (uint8_t)(i * 7 + i / 256);
    }
}

static void lab_close(void)
{
    struct cert *all[] = {&lab.ca,        &lab.other_ca,  &lab.leaf,     &lab.expired, &lab.future,
                          &lab.elsewhere, &lab.by_nobody, &lab.by_other, &lab.own};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        mbedtls_pk_free(&all[i]->key);
        mbedtls_x509_crt_free(&all[i]->crt);
    }
    mbedtls_ssl_ticket_free(&lab.tickets);
    mbedtls_ctr_drbg_free(&lab.random);
    mbedtls_entropy_free(&lab.entropy);
}

// --- one connection

enum way_of_wire { TO_CLIENT, TO_SERVER, WAYS };

// What a case asks for, and what came of it.
struct run {
    struct cert *cert; // the server's; NULL: the server is `script`
    const char *host;
    uint16_t port;      // another one is another session
    int server_max;     // minor version of TLS: 1 is TLS 1.0
    const int *ciphers; // of the server; NULL: all
    const char *script; // what a server sends that does not speak TLS
    uint32_t script_len;
    uint32_t body_len; // of the answer
    bool no_farewell;
    long cut_at[WAYS];  // bytes after which this direction, and with it all, ends; NEVER
    long flip_at[WAYS]; // byte that is changed
    uint32_t chunk;     // the wire moves so many bytes at once; 0: all
    // Results:
    enum aloft_tls_result result;
    enum aloft_err err;
    long moved[WAYS];
    uint32_t got;
    bool wrong;   // what was read is not what was sent
    bool resumed; // no certificate was seen
    bool opened;
    char about[ALOFT_TLS_ABOUT_LEN];
};

struct server {
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config config;
    int fd;
    bool open;
    bool over;
    uint32_t asked;
    uint32_t sent;
};

static int server_send(void *ctx, const uint8_t *buf, size_t len)
{
    ssize_t n = send(*(int *)ctx, buf, len, MSG_NOSIGNAL);
    return n < 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : (int)n;
}

static int server_recv(void *ctx, uint8_t *buf, size_t len)
{
    ssize_t n = recv(*(int *)ctx, buf, len, 0);
    return n < 0 ? MBEDTLS_ERR_SSL_WANT_READ : (int)n;
}

static void server_begin(struct server *server, const struct run *run, int fd)
{
    mbedtls_ssl_config *config = &server->config;
    *server = (struct server){.fd = fd};
    mbedtls_ssl_init(&server->ssl);
    mbedtls_ssl_config_init(config);
    MUST(mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_SERVER, MBEDTLS_SSL_TRANSPORT_STREAM,
                                     MBEDTLS_SSL_PRESET_DEFAULT));
    mbedtls_ssl_conf_rng(config, mbedtls_ctr_drbg_random, &lab.random);
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, 1);
    mbedtls_ssl_conf_max_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, run->server_max);
    mbedtls_ssl_conf_session_tickets_cb(config, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse,
                                        &lab.tickets);
    if (run->ciphers != NULL) {
        mbedtls_ssl_conf_ciphersuites(config, run->ciphers);
    }
    MUST(mbedtls_ssl_conf_own_cert(config, &run->cert->crt, &run->cert->key));
    MUST(mbedtls_ssl_setup(&server->ssl, config));
    mbedtls_ssl_set_bio(&server->ssl, &server->fd, server_send, server_recv, NULL);
}

// Answers whatever comes with the body.
static void server_turn(struct server *server, const struct run *run)
{
    uint8_t request[64];
    if (!server->open) {
        server->open = mbedtls_ssl_handshake(&server->ssl) == 0;
        return;
    }
    if (server->asked == 0) {
        server->asked = mbedtls_ssl_read(&server->ssl, request, sizeof request) > 0;
        return;
    }
    if (server->sent < run->body_len) {
        int n =
            mbedtls_ssl_write(&server->ssl, lab.body + server->sent, run->body_len - server->sent);
        server->sent += n > 0 ? (uint32_t)n : 0;
        return;
    }
    if (!server->over && !run->no_farewell) {
        (void)mbedtls_ssl_close_notify(&server->ssl);
    }
    if (!server->over) {
        (void)shutdown(server->fd, SHUT_WR);
    }
    server->over = true;
}

static void script_turn(struct server *server, const struct run *run)
{
    if (server->sent == 0) {
        (void)send(server->fd, run->script, run->script_len, MSG_NOSIGNAL);
        server->sent = 1;
    }
}

// Moves bytes one way. False when the wire is cut here.
static bool wire_move(struct run *run, enum way_of_wire way, int from, int to)
{
    uint8_t piece[4096];
    size_t want = run->chunk != 0 ? run->chunk : sizeof piece;
    long left = run->cut_at[way] - run->moved[way];
    if (run->cut_at[way] != NEVER && (long)want > left) {
        want = (size_t)left;
    }
    if (want == 0) {
        return false;
    }
    ssize_t n = recv(from, piece, want, 0);
    if (n == 0) {
        (void)shutdown(to, SHUT_WR);
    }
    if (n <= 0) {
        return true;
    }
    long flip = run->flip_at[way] - run->moved[way];
    if (run->flip_at[way] != NEVER && flip >= 0 && flip < n) {
        piece[flip] ^= (uint8_t)(1u << run->flip_at[way] % 8);
    }
    // A receiver that is gone hears nothing more.
    CHECK(send(to, piece, (size_t)n, MSG_NOSIGNAL) == n || errno == EPIPE);
    run->moved[way] += n;
    return true;
}

static enum aloft_tls_result client_turn(struct run *run, struct aloft_tls *tls, uint32_t *asked)
{
    uint8_t bytes[1000];
    uint32_t len;
    if (!run->opened) {
        enum aloft_tls_result result = aloft_tls_handshake(tls);
        run->opened = result == ALOFT_TLS_DONE;
        return result;
    }
    if (*asked == 0) {
        return aloft_tls_write(tls, (const uint8_t *)"GET", 3, asked);
    }
    enum aloft_tls_result result = aloft_tls_read(tls, bytes, sizeof bytes, &len);
    CHECK((result == ALOFT_TLS_DONE) == (len > 0));
    for (uint32_t i = 0; i < len; i++, run->got++) {
        run->wrong = run->wrong || run->got >= BODY_LEN || bytes[i] != lab.body[run->got];
    }
    return result;
}

// Lets client and server talk until one result of the client is final.
static void talk(struct aloft_tls_client *client, struct run *run)
{
    int near[2], far[2]; // client and wire, wire and server
    struct aloft_tls *tls;
    struct server server = {.fd = -1};
    uint32_t asked = 0;
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, near));
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, far));
    run->result = ALOFT_TLS_BUSY;
    MUST(aloft_tls_begin(client, &aloft_host_sockets, near[0], run->host, run->port, &tls));
    if (run->cert != NULL) {
        server_begin(&server, run, far[1]);
    }
    server.fd = far[1];
    int turns = 0;
    int idle = 0;
    long moved = 0;
    while (run->result < ALOFT_TLS_ENDED && turns++ < TURNS_MAX) {
        run->result = client_turn(run, tls, &asked);
        (run->cert != NULL ? server_turn : script_turn)(&server, run);
        bool whole = wire_move(run, TO_SERVER, near[1], far[0]);
        whole = wire_move(run, TO_CLIENT, far[0], near[1]) && whole;
        long now = run->moved[TO_CLIENT] + run->moved[TO_SERVER];
        idle = now == moved && run->result == ALOFT_TLS_WANT_READ ? idle + 1 : 0;
        moved = now;
        if (!whole || idle > IDLE_MAX) {
            (void)shutdown(near[1], SHUT_RDWR); // both would wait for ever: time is up
        }
    }
    CHECK(turns < TURNS_MAX);
    run->err = aloft_tls_err(tls);
    (void)snprintf(run->about, sizeof run->about, "%s", aloft_tls_about(tls));
    run->resumed = run->opened && run->about[0] == 0;
    aloft_tls_end(tls);
    if (run->cert != NULL) {
        mbedtls_ssl_free(&server.ssl);
        mbedtls_ssl_config_free(&server.config);
    }
    for (int i = 0; i < 2; i++) {
        (void)close(near[i]);
        (void)close(far[i]);
    }
}

#endif
