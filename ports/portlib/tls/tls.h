// A TLS client over a connected, non-blocking socket that stays its caller's: mbedTLS, TLS 1.2 and
// newer, nothing that blocks. Of sockets.h it uses recv and send alone, so that whatever has a
// socket can use it.
//
// A client is what many sessions share: what is trusted, and the sessions that can be resumed. Make
// one for each update, and all requests of that update after the first resume. Who is trusted:
//
//   ca    pins     the server is who it says when
//   yes   none     a chain of certificates leads to a CA; dates and host name are right
//   yes   some     the same, and the key of its own certificate is pinned
//   no    some     the key of its own certificate is pinned. Nothing else counts: its certificate
//                  may sign itself, be of any date and for any name
//   no    none     never: such a client cannot be made
//
// A key that is listed as revoked is refused wherever it is in the chain, in each of these rows.
//
// Dates are judged here, not by mbedTLS: by the clock when there is one that is not before the
// build time. Without, all that is known is that now is not before the build time: a certificate
// that ended before it has expired, and none is from the future.
#ifndef ALOFT_TLS_H
#define ALOFT_TLS_H

#include "ports/portlib/sockets/sockets.h"
#include "ports/portlib/tls/tls_trust.h"

#define ALOFT_TLS_HOST_MAX 253u // bytes of a host name

struct aloft_tls_client; // on the heap, as mbedTLS needs one anyway
struct aloft_tls;

enum aloft_tls_result {
    ALOFT_TLS_DONE,       // what was asked for is done
    ALOFT_TLS_BUSY,       // not done: call again, after the watchdog had its turn
    ALOFT_TLS_WANT_READ,  // not done: call again when the socket has bytes,
    ALOFT_TLS_WANT_WRITE, // when the socket takes bytes
    ALOFT_TLS_ENDED,      // by a read only: the server said farewell; all that it sent was read
    ALOFT_TLS_FAILED,     // see aloft_tls_err; the session is of no more use
};

// Errors: TLS_NO_TRUST when there is neither CA nor pin, or a bundle or one of the texts cannot be
// read
//         (an unreadable list of revoked keys is no empty list); then *why, unless why is NULL,
//         says which one, by the name of its setting. CRYPTO: no memory, or no random.
enum aloft_err aloft_tls_client_new(const struct aloft_tls_trust *trust,
                                    struct aloft_tls_client **out, const char **why);

// All its sessions must have ended. NULL is fine.
void aloft_tls_client_free(struct aloft_tls_client *client);

// Begins a session over a socket that is connected and outlives it. host is what the server must
// prove to be: a name, or an address, which must then be in its certificate as an
// address. Earlier sessions with the same host and port are resumed when the server agrees; then
// its certificate, which was good before and whose dates still are, is not sent again.
// Errors: URL_SYNTAX when the host is too long to be one; CRYPTO.
enum aloft_err aloft_tls_begin(struct aloft_tls_client *client, const struct aloft_sockets *sockets,
                               int fd, const char *host, uint16_t port, struct aloft_tls **out);

// A slice of the handshake, at most one message's work: on a chip, up to one signature check.
// Nothing can be read or written before it is DONE.
enum aloft_tls_result aloft_tls_handshake(struct aloft_tls *tls);

// Up to cap bytes; *len > 0 when DONE. Bytes can be there although the socket has none: read until
// WANT_READ before you wait for it.
enum aloft_tls_result aloft_tls_read(struct aloft_tls *tls, uint8_t *buf, uint32_t cap,
                                     uint32_t *len);

// Up to cap bytes; *len > 0 when DONE, perhaps less than cap. After any other result the next
// write must be of the same bytes.
enum aloft_tls_result aloft_tls_write(struct aloft_tls *tls, const uint8_t *buf, uint32_t cap,
                                      uint32_t *len);

// Why it failed. NET_TLS: what answers is no TLS. TLS_EXPIRED, TLS_FUTURE, TLS_HOST, TLS_UNTRUSTED,
// TLS_PIN, TLS_OLD_PIN: who it is. TLS_VERSION, TLS_HANDSHAKE, TLS_CLIENT: how it talks. TLS_CUT:
// it ended without a farewell, or its bytes were changed. CRYPTO: no memory.
enum aloft_err aloft_tls_err(const struct aloft_tls *tls);

// One line about the server's certificate, or that of an issuer of it that alone is expired, not
// yet valid or revoked: names, dates, and its key as a pin. "" when none was seen, as in a resumed
// session. Made printable; lives as long as the session.
const char *aloft_tls_about(const struct aloft_tls *tls);

// Says farewell when the socket takes it at once, and frees the session. The socket stays open.
// NULL is fine.
void aloft_tls_end(struct aloft_tls *tls);

// All of it as a table, for what is to be linked without TLS, or with another one.
struct aloft_tls_calls {
    enum aloft_err (*client_new)(const struct aloft_tls_trust *trust, struct aloft_tls_client **out,
                                 const char **why);
    void (*client_free)(struct aloft_tls_client *client);
    enum aloft_err (*begin)(struct aloft_tls_client *client, const struct aloft_sockets *sockets,
                            int fd, const char *host, uint16_t port, struct aloft_tls **out);
    enum aloft_tls_result (*handshake)(struct aloft_tls *tls);
    enum aloft_tls_result (*read)(struct aloft_tls *tls, uint8_t *buf, uint32_t cap, uint32_t *len);
    enum aloft_tls_result (*write)(struct aloft_tls *tls, const uint8_t *buf, uint32_t cap,
                                   uint32_t *len);
    enum aloft_err (*err)(const struct aloft_tls *tls);
    const char *(*about)(const struct aloft_tls *tls);
    void (*end)(struct aloft_tls *tls);
};

extern const struct aloft_tls_calls aloft_tls_calls;

#endif
