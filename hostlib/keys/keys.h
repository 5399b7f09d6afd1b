// Keys that sign firmware: made, read from files (pk.h), and used. Only what a device can verify is
// taken: RSA with 3072 bits, and P-256. A private part stays in its key's memory, which is wiped on
// release; nothing here prints one, and files with one belong to their owner alone.
#ifndef ALOFT_HOSTLIB_KEYS_H
#define ALOFT_HOSTLIB_KEYS_H

#include "aloft/format/sigblock.h"
#include "hostlib/base/message.h"
#include <stddef.h>

#define ALOFT_KEYS_PEM       8192u             // bytes of the longest PEM text, with the NUL
#define ALOFT_KEYS_SIGNATURE ALOFT_RSA3072_LEN // bytes of the longest signature

struct mbedtls_pk_context;

struct aloft_key {
    enum aloft_sigblock_kind kind; // RSA3072 or P256
    bool secret;                   // the private part is here
    uint8_t part[ALOFT_SIGBLOCK_KEY];
    uint32_t part_len;                // of the public part, as it lies in a block
    uint8_t digest[ALOFT_SHA256_LEN]; // of the public part: what devices trust
    struct mbedtls_pk_context *pk;
};

// "rsa3072", "p256"; NULL for kinds that are no keys here. And back; false for other words.
const char *aloft_keys_name(enum aloft_sigblock_kind kind);
bool aloft_keys_kind(const char *name, enum aloft_sigblock_kind *kind);

// Makes a private key and a new file of mode 0600 for it; takes a second or two for RSA. key is
// what was made. A file that exists is never written to. A power cut leaves no file or the
// whole one.
bool aloft_keys_create(enum aloft_sigblock_kind kind, const char *path, struct aloft_key *key,
                       struct aloft_message *error);

// Reads a private or public key from path, or from standard input for "-". After true the caller
// releases the key.
bool aloft_keys_load(const char *path, struct aloft_key *key, struct aloft_message *error);
void aloft_keys_release(struct aloft_key *key);

// Has anybody but its owner rights to this file? False for "-".
bool aloft_keys_exposed(const char *path);

// The public part as PEM text ("PUBLIC KEY").
bool aloft_keys_public_pem(const struct aloft_key *key, char pem[ALOFT_KEYS_PEM],
                           struct aloft_message *error);

// Signs a digest: RSASSA-PSS with 32 random bytes of salt, or ECDSA after RFC 6979. The signature
// is as blocks have it, and was verified. Needs key->secret.
bool aloft_keys_sign(const struct aloft_key *key, const uint8_t digest[ALOFT_SHA256_LEN],
                     uint8_t signature[ALOFT_KEYS_SIGNATURE], struct aloft_message *error);

// A signature that another program or device made, brought into the form that blocks have: RSA as
// 384 bytes, big-endian; ECDSA in DER, or r and s in 32 bytes each, big-endian. False: it has none
// of these forms. Whether it is good is for aloft_keys_verify.
bool aloft_keys_foreign(const struct aloft_key *key, const uint8_t *bytes, size_t len,
                        uint8_t signature[ALOFT_KEYS_SIGNATURE]);

// Is this the signature of the digest by the key in a block? RSA3072 and P256 only.
// Errors: SIGNATURE_BAD, CRYPTO.
enum aloft_err aloft_keys_verify(enum aloft_sigblock_kind kind, const uint8_t *part,
                                 const uint8_t *signature, const uint8_t digest[ALOFT_SHA256_LEN]);

#endif
