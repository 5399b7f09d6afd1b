// Header fields, and answers to challenges: Basic (RFC 7617) and Digest with MD5 (RFC 7616).
#include "compat/esp-idf/esp_http_client/http_headers.h"
#include "aloft/base/hash.h"
#include "aloft/base/hex.h"
#include "esp_random.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <ctype.h>
#include <mbedtls/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEX_MD5 = 2 * ALOFT_MD5_LEN + 1, PART_MAX = 256 };

static char *trimmed(const char *text, size_t len)
{
    while (len > 0 && isspace((unsigned char)text[0])) {
        text++;
        len--;
    }
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        len--;
    }
    return strndup(text, len);
}

static struct aloft_idf_header **find(struct aloft_idf_header **list, const char *key)
{
    while (*list != NULL && strcasecmp((*list)->key, key) != 0) {
        list = &(*list)->next;
    }
    return list;
}

static void free_one(struct aloft_idf_header *header)
{
    free(header->key);
    free(header->value);
    free(header);
}

esp_err_t aloft_idf_header_set(struct aloft_idf_header **list, const char *key, const char *value)
{
    struct aloft_idf_header **at = find(list, key);
    if (value == NULL) {
        struct aloft_idf_header *gone = *at;
        if (gone != NULL) {
            *at = gone->next;
            free_one(gone);
        }
        return ESP_OK;
    }
    char *copy = trimmed(value, strlen(value));
    struct aloft_idf_header *header = *at != NULL ? *at : calloc(1, sizeof *header);
    if (copy == NULL || header == NULL || (*at == NULL && (header->key = strdup(key)) == NULL)) {
        free(copy);
        if (*at == NULL) {
            free(header);
        }
        return ESP_ERR_NO_MEM;
    }
    free(header->value);
    header->value = copy;
    *at = header;
    return ESP_OK;
}

char *aloft_idf_header_get(struct aloft_idf_header *list, const char *key)
{
    struct aloft_idf_header **at = find(&list, key);
    return *at == NULL ? NULL : (*at)->value;
}

void aloft_idf_header_free(struct aloft_idf_header **list)
{
    while (*list != NULL) {
        struct aloft_idf_header *next = (*list)->next;
        free_one(*list);
        *list = next;
    }
}

bool aloft_idf_header_split(const char *line, size_t len, char **key, char **value)
{
    const char *colon = memchr(line, ':', len);
    if (colon == NULL) {
        return false;
    }
    *key = strndup(line, (size_t)(colon - line));
    *value = trimmed(colon + 1, len - (size_t)(colon + 1 - line));
    if (*key == NULL || *value == NULL) {
        free(*key);
        free(*value);
        return false;
    }
    return true;
}

// --- challenges

static char *basic(const char *user, const char *password)
{
    char plain[2 * PART_MAX];
    unsigned char coded[4 * PART_MAX];
    char *answer = NULL;
    size_t len;
    int wanted = snprintf(plain, sizeof plain, "%s:%s", user, password);
    if (wanted < 0 || (size_t)wanted >= sizeof plain ||
        mbedtls_base64_encode(coded, sizeof coded, &len, (const unsigned char *)plain,
                              (size_t)wanted) != 0) {
        return NULL;
    }
    return asprintf(&answer, "Basic %s", (const char *)coded) < 0 ? NULL : answer;
}

// MD5 of three parts with colons between them.
static void md5_hex(char hex[HEX_MD5], const char *a, const char *b, const char *c)
{
    const struct aloft_hash_part parts[] = {
        {a, strlen(a)}, {b, strlen(b)}, {c, c == NULL ? 0 : strlen(c)}};
    uint8_t digest[ALOFT_MD5_LEN] = {0};
    (void)aloft_hash_parts(&aloft_mbed_crypto, ALOFT_HASH_MD5, parts, c == NULL ? 2 : 3, digest);
    aloft_hex_emit(digest, sizeof digest, hex);
    hex[HEX_MD5 - 1] = '\0';
}

// The value of key="value" or key=value in a challenge.
static void part(const char *challenge, const char *key, char out[PART_MAX])
{
    char look[PART_MAX];
    (void)snprintf(look, sizeof look, "%s=", key);
    const char *at = strcasestr(challenge, look);
    out[0] = '\0';
    if (at == NULL) {
        return;
    }
    at += strlen(look);
    const char *ends = *at == '"' ? "\"" : ", ";
    at += *at == '"';
    (void)snprintf(out, PART_MAX, "%.*s", (int)strcspn(at, ends), at);
}

static char *digest(const char *challenge, const char *method, const char *uri, const char *user,
                    const char *password)
{
    char realm[PART_MAX];
    char nonce[PART_MAX];
    char qop[PART_MAX];
    char opaque[PART_MAX];
    char cnonce[sizeof "0123456789abcdef"];
    char ha1[HEX_MD5];
    char ha2[HEX_MD5];
    char middle[2 * PART_MAX];
    char response[HEX_MD5];
    char *answer = NULL;
    part(challenge, "realm", realm);
    part(challenge, "nonce", nonce);
    part(challenge, "qop", qop);
    part(challenge, "opaque", opaque);
    bool auth = strstr(qop, "auth") != NULL;
    (void)snprintf(cnonce, sizeof cnonce, "%08x%08x", (unsigned)esp_random(),
                   (unsigned)esp_random());
    md5_hex(ha1, user, realm, password);
    md5_hex(ha2, method, uri, NULL);
    (void)snprintf(middle, sizeof middle, auth ? "%s:00000001:%s:auth" : "%s", nonce, cnonce);
    md5_hex(response, ha1, middle, ha2);
    int len =
        asprintf(&answer,
                 "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
                 "algorithm=MD5, response=\"%s\"%s%s%s%s%s%s",
                 user, realm, nonce, uri, response, opaque[0] != '\0' ? ", opaque=\"" : "", opaque,
                 opaque[0] != '\0' ? "\"" : "", auth ? ", qop=auth, nc=00000001, cnonce=\"" : "",
                 auth ? cnonce : "", auth ? "\"" : "");
    return len < 0 ? NULL : answer;
}

char *aloft_idf_auth_answer(const char *challenge, const char *method, const char *uri,
                            const char *user, const char *password)
{
    user = user == NULL ? "" : user;
    password = password == NULL ? "" : password;
    if (strncasecmp(challenge, "Basic", 5) == 0) {
        return basic(user, password);
    }
    if (strncasecmp(challenge, "Digest", 6) == 0) {
        return digest(challenge, method, uri, user, password);
    }
    return NULL;
}
