// Both directions of a protocol of short texts, and the proof as a machine: the ten thousand rounds
// of its newer generation take a small chip about a second (pbkdf2.h).
//
// Counterparts: arduino-esp32, libraries/ArduinoOTA/src/ArduinoOTA.cpp and tools/espota.py.
#include "aloft/net/espota.h"
#include "aloft/base/hash.h"
#include "aloft/base/hex.h"
#include <string.h>

#define ROUNDS 10000u

struct text {
    const uint8_t *at;
    const uint8_t *end;
};

static bool take(struct text *text, uint8_t wanted)
{
    if (text->at == text->end || *text->at != wanted) {
        return false;
    }
    text->at++;
    return true;
}

// A decimal number and the space after it.
static bool number(struct text *text, uint32_t *value)
{
    const uint8_t *start = text->at;
    *value = 0;
    while (text->at < text->end && *text->at >= '0' && *text->at <= '9') {
        uint32_t digit = *text->at - (uint32_t)'0';
        if (*value > (UINT32_MAX - digit) / 10) {
            return false;
        }
        *value = *value * 10 + digit;
        text->at++;
    }
    return text->at > start && take(text, ' ');
}

static bool hex(struct text *text, uint32_t digits, uint8_t *out)
{
    bool good = (uint32_t)(text->end - text->at) >= digits &&
                aloft_hex_parse((const char *)text->at, out, digits / 2);
    text->at += good ? digits : 0;
    return good;
}

static bool ends(struct text *text)
{
    (void)take(text, '\r');
    (void)take(text, '\n');
    return text->at == text->end;
}

bool aloft_espota_parse_invitation(const uint8_t *data, uint32_t len,
                                   struct aloft_espota_invitation *out)
{
    struct text text = {data, data + len};
    return number(&text, &out->command) && number(&text, &out->port) && number(&text, &out->size) &&
           hex(&text, 2 * ALOFT_MD5_LEN, out->md5) && ends(&text) && out->port - 1 < UINT16_MAX;
}

bool aloft_espota_parse_proof(const uint8_t *data, uint32_t len, uint32_t digits,
                              const char **cnonce, uint8_t response[ALOFT_SHA256_LEN])
{
    struct text text = {data, data + len};
    uint32_t command;
    if (!number(&text, &command) || command != 200) {
        return false;
    }
    *cnonce = (const char *)text.at;
    return hex(&text, digits, response) && take(&text, ' ') && hex(&text, digits, response) &&
           ends(&text);
}

// --- faults

// The numbers and sentences of Arduino's Update library, which its tools show. We have far more
// faults: each row maps one fault, or a class, to the closest of Arduino's. The first row that
// fits is used.
struct sentence {
    int16_t what; // a fault (negative), a class of them (positive), or 0: any fault
    char number[3];
    const char *text;
};

static const struct sentence sentences[] = {
    {ALOFT_ERR_FLASH_READ, "3", "Flash Read Failed"},
    {ALOFT_ERR_FLASH_ERASE, "2", "Flash Erase Failed"},
    {ALOFT_ERR_CLASS_FLASH, "1", "Flash Write Failed"},
    {ALOFT_ERR_CLASS_TABLE, "10", "Partition Could Not be Found"},
    {ALOFT_ERR_IMAGE_MAGIC, "8", "Wrong Magic Byte"},
    {ALOFT_ERR_IMAGE_TOO_LARGE, "5", "Bad Size Given"},
    {ALOFT_ERR_IMAGE_EMPTY, "5", "Bad Size Given"},
    {ALOFT_ERR_CLASS_IMAGE, "9", "Could Not Activate The Firmware"},
    {ALOFT_ERR_PUSH_FILES_SIZE, "5", "Bad Size Given"},
    {ALOFT_ERR_PUSH_TIMEOUT, "6", "Stream Read Timeout"},
    {ALOFT_ERR_PUSH_MD5, "7", "MD5 Check Failed"},
    {ALOFT_ERR_PUSH_COMMAND, "11", "Bad Argument"},
    {0, "12", "Aborted"},
};

// Of the classes in the table. What a rule of the owner refuses cannot be activated either.
static int class_of(enum aloft_err err)
{
    if (aloft_err_is(err, ALOFT_ERR_CLASS_FLASH)) {
        return ALOFT_ERR_CLASS_FLASH;
    }
    if (aloft_err_is(err, ALOFT_ERR_CLASS_TABLE)) {
        return ALOFT_ERR_CLASS_TABLE;
    }
    bool refused =
        aloft_err_is(err, ALOFT_ERR_CLASS_IMAGE) || aloft_err_is(err, ALOFT_ERR_CLASS_RULE);
    return refused ? ALOFT_ERR_CLASS_IMAGE : ALOFT_ERR_CLASS_NONE;
}

static char *put(char *to, const char *text)
{
    size_t len = strlen(text);
    memcpy(to, text, len);
    return to + len;
}

uint32_t aloft_espota_error(enum aloft_err err, bool sentence, char *text)
{
    const struct sentence *found = sentences;
    int class = class_of(err);
    while (found->what != (int)err && found->what != class && found->what != 0) {
        found++;
    }
    char *at = put(put(put(text, "ERROR["), found->number), "]: ");
    if (!sentence) {
        return (uint32_t)(put(at, aloft_err_name(err)) - text);
    }
    at = put(put(put(at, found->text), " ("), aloft_err_name(err));
    return (uint32_t)(put(at, ")\r\n") - text);
}

// --- the proof

void aloft_espota_proof_begin(struct aloft_espota_proof *proof, const struct aloft_crypto *crypto,
                              const char *verifier, uint32_t verifier_len)
{
    memset(proof, 0, sizeof *proof);
    ALOFT_ASSERT(verifier_len <= ALOFT_PBKDF2_KEY_MAX);
    proof->crypto = crypto;
    proof->verifier = verifier;
    proof->verifier_len = verifier_len;
}

void aloft_espota_proof_nonces(struct aloft_espota_proof *proof, uint32_t digits, const char *nonce,
                               const char *cnonce)
{
    uint8_t *salt = proof->salt;
    ALOFT_ASSERT(digits <= ALOFT_ESPOTA_HEX_MAX);
    memcpy(salt, nonce, digits);
    salt[digits] = ':';
    memcpy(salt + digits + 1, cnonce, digits);
    proof->digits = digits;
    if (digits == ALOFT_ESPOTA_HEX_MAX) {
        aloft_pbkdf2_begin(&proof->kdf, proof->crypto, proof->verifier, proof->verifier_len,
                           (struct aloft_pbkdf2_salt){salt, 2 * digits + 1}, ROUNDS);
    }
}

// response = hash of the key ":" nonce ":" cnonce
static void respond(struct aloft_espota_proof *proof)
{
    char derived[ALOFT_ESPOTA_HEX_MAX];
    bool sha = proof->digits == ALOFT_ESPOTA_HEX_MAX;
    aloft_hex_emit(proof->kdf.out, sizeof proof->kdf.out, derived);
    const struct aloft_hash_part parts[] = {
        {sha ? derived : proof->verifier, sha ? sizeof derived : proof->verifier_len},
        {proof->salt, 2 * proof->digits + 1}};
    proof->err = aloft_hash_parts(proof->crypto, sha ? ALOFT_HASH_SHA256 : ALOFT_HASH_MD5, parts, 2,
                                  proof->response);
}

enum aloft_step aloft_espota_proof_step(struct aloft_espota_proof *proof)
{
    enum aloft_step step = ALOFT_STEP_DONE; // the older generation has no rounds
    if (proof->digits == ALOFT_ESPOTA_HEX_MAX) {
        step = aloft_pbkdf2_step(&proof->kdf, ALOFT_ESPOTA_ROUNDS);
        proof->err = proof->kdf.err;
    }
    if (step != ALOFT_STEP_DONE) {
        return step;
    }
    respond(proof);
    return proof->err == ALOFT_OK ? ALOFT_STEP_DONE : ALOFT_STEP_FAILED;
}

bool aloft_espota_proof_is(const struct aloft_espota_proof *proof,
                           const uint8_t response[ALOFT_SHA256_LEN])
{
    uint8_t difference = 0;
    for (uint32_t i = 0; i < proof->digits / 2; i++) {
        difference |= proof->response[i] ^ response[i];
    }
    return difference == 0 && proof->err == ALOFT_OK && proof->kdf.left == 0;
}
