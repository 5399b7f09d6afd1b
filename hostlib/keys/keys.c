// Keys over mbedTLS 2.28. What is read is checked to be of one piece (the private part belongs to
// the public one), and what is signed is verified, so that a bad key is found here and not by a
// device.
#include "hostlib/keys/keys.h"
#include "aloft/base/bytes.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/crypto/pk.h"
#include <errno.h>
#include <mbedtls/asn1.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/rsa.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COORDINATE (ALOFT_P256_LEN / 2)

enum { RSA_BITS = 3072, EXPONENT = 65537, CURVE_P256 = 2, OWNER_ONLY = 0600, OTHERS = 077 };

static const struct {
    enum aloft_sigblock_kind kind;
    const char *name;
} names[] = {{ALOFT_SIGBLOCK_RSA3072, "rsa3072"}, {ALOFT_SIGBLOCK_P256, "p256"}};
#define NAMES (sizeof names / sizeof names[0])

const char *aloft_keys_name(enum aloft_sigblock_kind kind)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (names[i].kind == kind) {
            return names[i].name;
        }
    }
    return NULL;
}

bool aloft_keys_kind(const char *name, enum aloft_sigblock_kind *kind)
{
    for (size_t i = 0; i < NAMES; i++) {
        if (strcmp(names[i].name, name) == 0) {
            *kind = names[i].kind;
            return true;
        }
    }
    return false;
}

// ---- a key's public part as blocks have it

// 2^6144 mod n, and -1/n mod 2^32: what the chip's hardware multiplies with (Montgomery).
static int rsa_helpers(const mbedtls_mpi *n, uint8_t r[ALOFT_RSA3072_LEN], uint32_t *m)
{
    uint8_t low[4];
    uint32_t inverse = 1;
    mbedtls_mpi power;
    mbedtls_mpi_init(&power);
    int ret = mbedtls_mpi_lset(&power, 1);
    if (ret == 0) {
        ret = mbedtls_mpi_shift_l(&power, 2 * (size_t)RSA_BITS);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_mod_mpi(&power, &power, n);
    }
    if (ret == 0) {
        ret = mbedtls_mpi_write_binary_le(&power, r, ALOFT_RSA3072_LEN);
    }
    mbedtls_mpi_free(&power);
    for (size_t i = 0; i < sizeof low; i++) {
        low[i] = 0;
        for (size_t bit = 0; bit < 8; bit++) {
            low[i] |= (uint8_t)(mbedtls_mpi_get_bit(n, 8 * i + bit) << bit);
        }
    }
    for (int i = 0; i < 5; i++) { // Newton: each round doubles the bits that are right, from one
        inverse *= 2 - aloft_get_le32(low) * inverse;
    }
    *m = 0 - inverse;
    return ret;
}

static bool rsa_part(struct aloft_key *key, const mbedtls_rsa_context *rsa)
{
    uint8_t *exponent = key->part + ALOFT_RSA3072_LEN;
    uint8_t *r = exponent + 4;
    uint32_t m;
    if (mbedtls_mpi_write_binary_le(&rsa->N, key->part, ALOFT_RSA3072_LEN) != 0 ||
        mbedtls_mpi_write_binary_le(&rsa->E, exponent, 4) != 0 ||
        rsa_helpers(&rsa->N, r, &m) != 0) {
        return false;
    }
    aloft_put_le32(r + ALOFT_RSA3072_LEN, m);
    key->kind = ALOFT_SIGBLOCK_RSA3072;
    key->part_len = ALOFT_SIGBLOCK_KEY;
    return true;
}

static bool p256_part(struct aloft_key *key, const mbedtls_ecp_keypair *pair)
{
    key->part[0] = CURVE_P256;
    key->kind = ALOFT_SIGBLOCK_P256;
    key->part_len = 1 + ALOFT_P256_LEN;
    return mbedtls_mpi_write_binary_le(&pair->Q.X, key->part + 1, COORDINATE) == 0 &&
           mbedtls_mpi_write_binary_le(&pair->Q.Y, key->part + 1 + COORDINATE, COORDINATE) == 0;
}

static bool is_p256(const struct aloft_key *key)
{
    return mbedtls_pk_can_do(key->pk, MBEDTLS_PK_ECDSA) != 0 &&
           mbedtls_pk_ec(*key->pk)->grp.id == MBEDTLS_ECP_DP_SECP256R1;
}

// Fills in kind, part and digest, when the key is of a kind that devices verify.
static bool describe(struct aloft_key *key, const char *name, struct aloft_message *error)
{
    struct aloft_sigblock block = {.key = key->part};
    bool made;
    if (aloft_pk_is_rsa3072(key->pk)) {
        made = rsa_part(key, mbedtls_pk_rsa(*key->pk));
    } else if (is_p256(key)) {
        made = p256_part(key, mbedtls_pk_ec(*key->pk));
    } else {
        return aloft_message_set(error,
                                 "%s is a key of %zu bits of another kind; devices verify RSA with "
                                 "3072 bits and P-256 alone, which 'aloft keys create' makes",
                                 name, mbedtls_pk_get_bitlen(key->pk));
    }
    block.key_len = key->part_len;
    return (made &&
            aloft_sigblock_key_digest(&block, &aloft_mbed_crypto, key->digest) == ALOFT_OK) ||
           aloft_message_set(error, "%s: no signature block can hold this key", name);
}

// ---- made

static struct mbedtls_pk_context *new_pk(struct aloft_message *error)
{
    struct mbedtls_pk_context *pk = malloc(sizeof *pk);
    if (pk == NULL) {
        (void)aloft_message_set(error, "out of memory");
    } else {
        mbedtls_pk_init(pk);
    }
    return pk;
}

static int generate(enum aloft_sigblock_kind kind, struct mbedtls_pk_context *pk)
{
    bool rsa = kind == ALOFT_SIGBLOCK_RSA3072;
    int ret =
        mbedtls_pk_setup(pk, mbedtls_pk_info_from_type(rsa ? MBEDTLS_PK_RSA : MBEDTLS_PK_ECKEY));
    if (ret != 0) {
        return ret;
    }
    return rsa ? mbedtls_rsa_gen_key(mbedtls_pk_rsa(*pk), aloft_pk_random, NULL, RSA_BITS, EXPONENT)
               : mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*pk), aloft_pk_random,
                                     NULL);
}

static bool write_secret(const char *path, const char *text, struct aloft_message *error)
{
    if (aloft_file_create(path, OWNER_ONLY, text, strlen(text), 1)) {
        return true;
    }
    return errno == EEXIST
               ? aloft_message_set(error,
                                   "%s exists, and keys are never overwritten; name another file, "
                                   "or move that one to a safe place first",
                                   path)
               : aloft_message_set(error, "cannot create %s: %s", path, strerror(errno));
}

bool aloft_keys_create(enum aloft_sigblock_kind kind, const char *path, struct aloft_key *key,
                       struct aloft_message *error)
{
    char pem[ALOFT_KEYS_PEM];
    memset(key, 0, sizeof *key);
    key->pk = new_pk(error);
    if (key->pk == NULL) {
        return false;
    }
    key->secret = true;
    bool good = (generate(kind, key->pk) == 0 &&
                 mbedtls_pk_write_key_pem(key->pk, (unsigned char *)pem, sizeof pem) == 0) ||
                aloft_message_set(error, "no key could be made: the crypto library failed");
    good = good && describe(key, path, error) && write_secret(path, pem, error);
    mbedtls_platform_zeroize(pem, sizeof pem);
    if (!good) {
        aloft_keys_release(key);
    }
    return good;
}

// ---- read

static bool whole(const struct aloft_key *key)
{
    bool rsa = mbedtls_pk_get_type(key->pk) == MBEDTLS_PK_RSA;
    if (rsa) {
        const mbedtls_rsa_context *context = mbedtls_pk_rsa(*key->pk);
        return mbedtls_rsa_check_pubkey(context) == 0 &&
               (!key->secret || mbedtls_rsa_check_privkey(context) == 0);
    }
    mbedtls_ecp_keypair *pair = mbedtls_pk_ec(*key->pk);
    return mbedtls_ecp_check_pubkey(&pair->grp, &pair->Q) == 0 &&
           (!key->secret || (mbedtls_ecp_check_privkey(&pair->grp, &pair->d) == 0 &&
                             mbedtls_ecp_check_pub_priv(pair, pair) == 0));
}

bool aloft_keys_load(const char *path, struct aloft_key *key, struct aloft_message *error)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    struct aloft_file file;
    memset(key, 0, sizeof *key);
    if (!aloft_file_read(path, ALOFT_PK_FILE_MAX, &file, error)) {
        return false;
    }
    key->pk = new_pk(error);
    bool good = key->pk != NULL &&
                aloft_pk_read(key->pk, &key->secret, name, file.data, file.len, error) &&
                describe(key, name, error) &&
                (whole(key) ||
                 aloft_message_set(error, "%s is damaged: its parts do not belong together", name));
    aloft_file_release(&file);
    if (!good) {
        aloft_keys_release(key);
    }
    return good;
}

bool aloft_keys_exposed(const char *path)
{
    struct stat file;
    return strcmp(path, "-") != 0 && stat(path, &file) == 0 && (file.st_mode & OTHERS) != 0;
}

void aloft_keys_release(struct aloft_key *key)
{
    if (key->pk != NULL) {
        mbedtls_pk_free(key->pk); // wipes the private part
        free(key->pk);
    }
    memset(key, 0, sizeof *key);
}

bool aloft_keys_public_pem(const struct aloft_key *key, char pem[ALOFT_KEYS_PEM],
                           struct aloft_message *error)
{
    return mbedtls_pk_write_pubkey_pem(key->pk, (unsigned char *)pem, ALOFT_KEYS_PEM) == 0 ||
           aloft_message_set(error, "the public key cannot be written: the crypto library failed");
}

// ---- used

static void reverse(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len / 2; i++) {
        uint8_t byte = bytes[i];
        bytes[i] = bytes[len - 1 - i];
        bytes[len - 1 - i] = byte;
    }
}

static int sign_rsa(mbedtls_rsa_context *rsa, const uint8_t *digest, uint8_t *signature)
{
    mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, MBEDTLS_MD_SHA256);
    int ret =
        mbedtls_rsa_rsassa_pss_sign_ext(rsa, aloft_pk_random, NULL, MBEDTLS_MD_SHA256,
                                        ALOFT_SHA256_LEN, digest, ALOFT_SHA256_LEN, signature);
    reverse(signature, ALOFT_RSA3072_LEN);
    return ret;
}

static int emit_pair(const mbedtls_mpi *r, const mbedtls_mpi *s, uint8_t *signature)
{
    int ret = mbedtls_mpi_write_binary_le(r, signature, COORDINATE);
    return ret == 0 ? mbedtls_mpi_write_binary_le(s, signature + COORDINATE, COORDINATE) : ret;
}

static int sign_p256(mbedtls_ecp_keypair *pair, const uint8_t *digest, uint8_t *signature)
{
    mbedtls_mpi r;
    mbedtls_mpi s;
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    int ret = mbedtls_ecdsa_sign_det_ext(&pair->grp, &r, &s, &pair->d, digest, ALOFT_SHA256_LEN,
                                         MBEDTLS_MD_SHA256, aloft_pk_random, NULL);
    if (ret == 0) {
        ret = emit_pair(&r, &s, signature);
    }
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    return ret;
}

bool aloft_keys_sign(const struct aloft_key *key, const uint8_t digest[ALOFT_SHA256_LEN],
                     uint8_t signature[ALOFT_KEYS_SIGNATURE], struct aloft_message *error)
{
    int ret = key->kind == ALOFT_SIGBLOCK_RSA3072
                  ? sign_rsa(mbedtls_pk_rsa(*key->pk), digest, signature)
                  : sign_p256(mbedtls_pk_ec(*key->pk), digest, signature);
    return (ret == 0 && aloft_keys_verify(key->kind, key->part, signature, digest) == ALOFT_OK) ||
           aloft_message_set(error, "signing failed: the crypto library made no good signature");
}

static bool from_der(const uint8_t *bytes, size_t len, uint8_t *signature)
{
    unsigned char *at = (unsigned char *)(uintptr_t)bytes; // mbedTLS only reads through it
    const unsigned char *end = bytes + len;
    size_t inside;
    mbedtls_mpi r;
    mbedtls_mpi s;
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    bool good = mbedtls_asn1_get_tag(&at, end, &inside,
                                     MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE) == 0 &&
                at + inside == end && mbedtls_asn1_get_mpi(&at, end, &r) == 0 &&
                mbedtls_asn1_get_mpi(&at, end, &s) == 0 && at == end &&
                emit_pair(&r, &s, signature) == 0;
    mbedtls_mpi_free(&s);
    mbedtls_mpi_free(&r);
    return good;
}

bool aloft_keys_foreign(const struct aloft_key *key, const uint8_t *bytes, size_t len,
                        uint8_t signature[ALOFT_KEYS_SIGNATURE])
{
    bool rsa = key->kind == ALOFT_SIGBLOCK_RSA3072;
    if (!rsa && from_der(bytes, len, signature)) {
        return true;
    }
    if (len != (rsa ? ALOFT_RSA3072_LEN : ALOFT_P256_LEN)) {
        return false;
    }
    memcpy(signature, bytes, len);
    reverse(signature, rsa ? len : COORDINATE);
    reverse(signature + COORDINATE, rsa ? 0 : COORDINATE);
    return true;
}

enum aloft_err aloft_keys_verify(enum aloft_sigblock_kind kind, const uint8_t *part,
                                 const uint8_t *signature, const uint8_t digest[ALOFT_SHA256_LEN])
{
    bool rsa = kind == ALOFT_SIGBLOCK_RSA3072;
    return aloft_mbed_signed_crypto.verify(rsa ? ALOFT_SIGNATURE_RSA3072_PSS : ALOFT_SIGNATURE_P256,
                                           rsa ? part : part + 1, signature, digest);
}
