// Arduino's push protocol as text: what is understood and what is not, read hard against memory
// that must not be read, and the proofs of both generations against numbers made elsewhere.
#include "aloft/base/hex.h"
#include "aloft/net/espota.h"
#include "check.h"
#include "guard.h"
#include "hash_ledger.h"
#include "soft_crypto.h"

#define MD5_TEXT "00112233445566778899aabbccddeeFF"
#define AB32     "abababababababababababababababab"
#define CD32     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"

static bool parse(const char *text, size_t len, struct aloft_espota_invitation *out)
{
    return aloft_espota_parse_invitation(guard_after(text, len), (uint32_t)len, out);
}

static void an_invitation_is_four_fields(void)
{
    static const uint8_t md5[] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                  0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    static const char *const ends[] = {"", "\n", "\r\n", "\r"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct aloft_espota_invitation invitation;
        char text[100];
        int len = snprintf(text, sizeof text, "100 65535 4294967295 " MD5_TEXT "%s", ends[i]);
        CHECK(parse(text, (size_t)len, &invitation));
        CHECK_EQ(invitation.command, 100);
        CHECK_EQ(invitation.port, 65535);
        CHECK_EQ(invitation.size, 4294967295);
        CHECK_BYTES(invitation.md5, md5, sizeof md5);
    }
}

static void no_part_of_an_invitation_is_one(void)
{
    static const char text[] = "0 12345 67 " MD5_TEXT;
    struct aloft_espota_invitation invitation;
    for (size_t len = 0; len < sizeof text - 1; len++) {
        check_note("%ld bytes", (long)len, 0);
        CHECK(!parse(text, len, &invitation));
    }
    CHECK(parse(text, sizeof text - 1, &invitation));
}

static void malformed_invitations_are_refused(void)
{
    static const char *const texts[] = {
        "0 0 5 " MD5_TEXT "\n",                     // no port
        "0 65536 5 " MD5_TEXT "\n",                 // too high
        "0 1 4294967296 " MD5_TEXT "\n",            // too long
        "99999999999 1 5 " MD5_TEXT "\n",           //
        "0  1 5 " MD5_TEXT "\n",                    // two spaces
        " 0 1 5 " MD5_TEXT "\n",                    //
        "-1 1 5 " MD5_TEXT "\n",                    //
        "0x0 1 5 " MD5_TEXT "\n",                   //
        "0 1 5 " MD5_TEXT "0\n",                    // 33 digits
        "0 1 5 " MD5_TEXT " \n",                    //
        "0 1 5 " MD5_TEXT "\n\n",                   //
        "0 1 5 00112233445566778899aabbccddeefg\n", //
        "0\t1\t5\t" MD5_TEXT "\n",                  //
        "200 " AB32 " " CD32 "\n",                  //
        "OK",                                       //
    };
    struct aloft_espota_invitation invitation;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        check_note("case %ld", (long)i, 0);
        CHECK(!parse(texts[i], strlen(texts[i]), &invitation));
    }
}

static void a_proof_has_as_many_digits_as_its_nonce(void)
{
    static const char md5[] = "200 " AB32 " " CD32;
    static const char sha[] = "200 " AB32 AB32 " " CD32 CD32;
    uint8_t response[ALOFT_SHA256_LEN];
    const char *cnonce;
    for (size_t len = 0; len <= sizeof md5 - 1; len++) {
        const uint8_t *data = guard_after(md5, len);
        check_note("%ld bytes", (long)len, 0);
        bool whole = len == sizeof md5 - 1;
        CHECK_EQ(aloft_espota_parse_proof(data, (uint32_t)len, 32, &cnonce, response), whole);
        CHECK(!whole || (cnonce == (const char *)data + 4 && response[15] == 0xcd));
        CHECK(!aloft_espota_parse_proof(data, (uint32_t)len, 64, &cnonce, response));
    }
    for (size_t len = 0; len <= sizeof sha - 1; len++) {
        const uint8_t *data = guard_after(sha, len);
        check_note("%ld bytes", (long)len, 0);
        bool whole = len == sizeof sha - 1;
        CHECK_EQ(aloft_espota_parse_proof(data, (uint32_t)len, 64, &cnonce, response), whole);
        CHECK(!aloft_espota_parse_proof(data, (uint32_t)len, 32, &cnonce, response));
    }
    CHECK_EQ(response[31], 0xcd);
    const char *other = "201 " AB32 " " CD32;
    CHECK(!aloft_espota_parse_proof((const uint8_t *)other, 69, 32, &cnonce, response));
}

// The response as digits, and how many steps it took.
static uint32_t respond(const char *verifier, uint32_t digits, const char *nonce,
                        const char *cnonce, char *text)
{
    struct aloft_espota_proof proof;
    enum aloft_step step;
    uint32_t steps = 0;
    aloft_espota_proof_begin(&proof, &aloft_soft_crypto, verifier, (uint32_t)strlen(verifier));
    aloft_espota_proof_nonces(&proof, digits, nonce, cnonce);
    do {
        step = aloft_espota_proof_step(&proof);
        steps++;
    } while (step == ALOFT_STEP_AGAIN);
    CHECK_EQ(step, ALOFT_STEP_DONE);
    aloft_hex_emit(proof.response, digits / 2, text);
    text[digits] = 0;
    return steps;
}

// Made with Python's hashlib.
static void proofs_of_the_md5_generation_are_what_arduino_computes(void)
{
    static const char *const vectors[][2] = {
        {"34f3019046f1d1793091b080627a8dbb", "de9ec782319387c44bb7060be793cbbd"}, // a-real-password
        {"d41d8cd98f00b204e9800998ecf8427e", "b65f89fa8f09f7c684e1a45838f7fa9c"}, // none
        {"12841e4ba5e37d2fbfc78458c6714ade", "ee93c025351bd6aba252b288f51c98af"}, // UTF-8
    };
    char text[65];
    for (size_t i = 0; i < 3; i++) {
        CHECK_EQ(respond(vectors[i][0], 32, "0123456789abcdef0123456789abcdef",
                         "fedcba9876543210fedcba9876543210", text),
                 1);
        CHECK_TEXT(text, vectors[i][1]);
    }
}

static void proofs_of_the_sha256_generation_are_what_arduino_computes(void)
{
    char text[65];
    // The password a-real-password; then the same device with an MD5 verifier, which Arduino's
    // senders try when the first proof is refused.
    uint32_t steps = respond("980061b57e53c2de71a544b88d868652220a5f638b654459743bc497df202f9e", 64,
                             AB32 AB32, CD32 CD32, text);
    CHECK_TEXT(text, "4d63ba8b1efa8949a0c5caefe7e8bc77db582e5531bdf2667c663394b4551b93");
    CHECK_EQ(steps, 10000 / ALOFT_ESPOTA_ROUNDS); // a watchdog can be fed in between
    (void)respond("34f3019046f1d1793091b080627a8dbb", 64, AB32 AB32, CD32 CD32, text);
    CHECK_TEXT(text, "72411b1f2dfce35db7cbd293c3cab25f533496919e272648e90685c4b5cf79af");
}

static void every_bit_of_a_response_counts(void)
{
    struct aloft_espota_proof proof;
    uint8_t response[ALOFT_SHA256_LEN];
    aloft_espota_proof_begin(&proof, &aloft_soft_crypto, AB32, 32);
    aloft_espota_proof_nonces(&proof, 32, AB32, CD32);
    CHECK_EQ(aloft_espota_proof_step(&proof), ALOFT_STEP_DONE);
    memcpy(response, proof.response, sizeof response);
    CHECK(aloft_espota_proof_is(&proof, response));
    for (uint32_t bit = 0; bit < 128; bit++) {
        response[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!aloft_espota_proof_is(&proof, response));
        response[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    response[16] ^= 1; // an MD5 response is shorter
    CHECK(aloft_espota_proof_is(&proof, response));
}

// A hash that fails leaves bytes that can be predicted: no response may match them.
static void a_proof_whose_hash_fails_matches_nothing(void)
{
    uint32_t failures = 0;
    for (int call = 0; call < 1000; call += call < 20 ? 1 : 61) {
        for (uint32_t digits = 32; digits <= 64; digits += 32) {
            struct aloft_espota_proof proof;
            enum aloft_step step;
            hash_ledger_fail_after(call);
            aloft_espota_proof_begin(&proof, &hash_ledger, AB32, 32);
            aloft_espota_proof_nonces(&proof, digits, AB32 AB32, CD32 CD32);
            do {
                step = aloft_espota_proof_step(&proof);
            } while (step == ALOFT_STEP_AGAIN);
            check_note("call %ld, %ld digits", (long)call, (long)digits);
            if (step == ALOFT_STEP_FAILED) {
                failures++;
                CHECK_EQ(proof.err, ALOFT_ERR_CRYPTO);
                CHECK(!aloft_espota_proof_is(&proof, proof.response));
            }
            CHECK_EQ(hash_ledger_live(), 0);
        }
    }
    hash_ledger_fail_after(-1);
    CHECK(failures > 30);
}

static void faults_are_said_in_arduinos_words_and_ours(void)
{
    static const struct {
        enum aloft_err err;
        const char *text;
    } cases[] = {
        {ALOFT_ERR_PUSH_MD5, "ERROR[7]: MD5 Check Failed (PUSH_MD5)\r\n"},
        {ALOFT_ERR_IMAGE_MAGIC, "ERROR[8]: Wrong Magic Byte (IMAGE_MAGIC)\r\n"},
        {ALOFT_ERR_IMAGE_CHIP, "ERROR[9]: Could Not Activate The Firmware (IMAGE_CHIP)\r\n"},
        {ALOFT_ERR_SAME_VERSION, "ERROR[9]: Could Not Activate The Firmware (SAME_VERSION)\r\n"},
        {ALOFT_ERR_IMAGE_TOO_LARGE, "ERROR[5]: Bad Size Given (IMAGE_TOO_LARGE)\r\n"},
        {ALOFT_ERR_FLASH_ERASE, "ERROR[2]: Flash Erase Failed (FLASH_ERASE)\r\n"},
        {ALOFT_ERR_FLASH_READ, "ERROR[3]: Flash Read Failed (FLASH_READ)\r\n"},
        {ALOFT_ERR_FLASH_VERIFY, "ERROR[1]: Flash Write Failed (FLASH_VERIFY)\r\n"},
        {ALOFT_ERR_NO_OTA_SLOT, "ERROR[10]: Partition Could Not be Found (NO_OTA_SLOT)\r\n"},
        {ALOFT_ERR_PUSH_TIMEOUT, "ERROR[6]: Stream Read Timeout (PUSH_TIMEOUT)\r\n"},
        {ALOFT_ERR_ON_TRIAL, "ERROR[12]: Aborted (ON_TRIAL)\r\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[ALOFT_ESPOTA_ERROR];
        uint32_t len = aloft_espota_error(cases[i].err, true, text);
        CHECK_EQ(len, (uint32_t)strlen(cases[i].text));
        CHECK_BYTES(text, cases[i].text, len);
    }
}

// Senders look for "OK" anywhere in what they read, and read at most 32 bytes of a datagram.
static void no_fault_sounds_like_success_and_all_fit(void)
{
    for (int err = -1; err > -200; err--) {
        char text[ALOFT_ESPOTA_ERROR + 1];
        uint32_t len = aloft_espota_error((enum aloft_err)err, true, text);
        CHECK(len <= ALOFT_ESPOTA_ERROR);
        text[len] = 0;
        CHECK(strstr(text, "OK") == NULL);
        len = aloft_espota_error((enum aloft_err)err, false, text);
        bool of_http = aloft_err_class((enum aloft_err)err) == ALOFT_ERR_CLASS_SERVER;
        CHECK(len <= 32 || of_http); // these faults occur in no push
    }
}

CHECK_MAIN(TEST(an_invitation_is_four_fields), TEST(no_part_of_an_invitation_is_one),
           TEST(malformed_invitations_are_refused), TEST(a_proof_has_as_many_digits_as_its_nonce),
           TEST(proofs_of_the_md5_generation_are_what_arduino_computes),
           TEST(proofs_of_the_sha256_generation_are_what_arduino_computes),
           TEST(every_bit_of_a_response_counts), TEST(a_proof_whose_hash_fails_matches_nothing),
           TEST(faults_are_said_in_arduinos_words_and_ours),
           TEST(no_fault_sounds_like_success_and_all_fit))
