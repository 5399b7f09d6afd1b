// Files that say that they are signed. No input is trusted but what a key of ours signed; what may
// be signed is good afterwards, and is the file in front. Input: a byte of choices, the file.
#include "fuzz.h"
#include "hostlib/base/file.h"
#include "hostlib/keys/sign.h"
#include "repair.h"
#include "signing_keys.h"
#include <unistd.h>

enum { FILE_MAX = 0x6000 };

static struct aloft_key key;

static void load_key(void)
{
    char path[] = "/tmp/aloft-fuzz-XXXXXX";
    struct aloft_message error;
    int fd = mkstemp(path);
    FUZZ_CHECK(fd >= 0 && close(fd) == 0);
    FUZZ_CHECK(aloft_file_write(path, test_p256, sizeof test_p256 - 1, &error));
    FUZZ_CHECK(aloft_keys_load(path, &key, &error) && unlink(path) == 0);
}

// What counts as good has a good block; what has no sector has none.
static enum aloft_err judge(const uint8_t *file, uint32_t len, bool plain)
{
    struct aloft_sign_trust trust = {(const uint8_t(*)[ALOFT_SHA256_LEN]) & key.digest, 1};
    struct aloft_sign_block blocks[ALOFT_SIGBLOCK_MAX];
    struct aloft_sign sign;
    struct aloft_message error;
    bool good = false;
    if (!aloft_sign_open_signed(&sign, "file", file, len, plain, &error)) {
        FUZZ_CHECK(error.text[0] != '\0');
        return ALOFT_ERR_SIGNATURE_MISSING;
    }
    enum aloft_err err = aloft_sign_judge(&sign, &trust, blocks);
    for (uint32_t i = 0; i < ALOFT_SIGBLOCK_MAX; i++) {
        good = good || blocks[i].state == ALOFT_SIGN_GOOD;
    }
    FUZZ_CHECK(err != ALOFT_OK || good);
    FUZZ_CHECK(sign.has_sector || err != ALOFT_OK);
    FUZZ_CHECK(sign.content_len % ALOFT_SIGBLOCK_SECTOR == 0);
    aloft_sign_release(&sign);
    return err;
}

static void sign_it(const uint8_t *file, uint32_t len, bool plain, enum aloft_sign_how how)
{
    struct aloft_sign sign;
    struct aloft_message error = {""};
    if (!aloft_sign_open(&sign, "file", file, len, plain, &error)) {
        FUZZ_CHECK(error.text[0] != '\0');
        return;
    }
    bool had = sign.has_sector;
    uint32_t front = len < sign.content_len ? len : sign.content_len;
    FUZZ_CHECK(memcmp(sign.data, file, front) == 0);
    FUZZ_CHECK(sign.content_len - front <= sign.padding);
    if (aloft_sign_begin(&sign, how, &error)) {
        FUZZ_CHECK(!had || how != ALOFT_SIGN_FRESH);
        if (aloft_sign_with(&sign, &key, &error)) {
            FUZZ_CHECK(judge(sign.data, aloft_sign_len(&sign), plain) == ALOFT_OK);
        }
    } else {
        FUZZ_CHECK(had && error.text[0] != '\0');
    }
    aloft_sign_release(&sign);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t file[FILE_MAX];
    uint8_t signature[ALOFT_KEYS_SIGNATURE];
    struct fuzz_input in = {data, size};
    uint8_t choice = fuzz_u8(&in);
    bool plain = (choice & 1) != 0;
    if (key.pk == NULL) {
        load_key();
    }
    (void)aloft_keys_foreign(&key, in.data, in.left, signature);
    uint32_t len = fuzz_bytes(&in, file, sizeof file);
    if ((choice & 2) != 0) {
        (void)repair_image(file, len);
    }
    (void)judge(file, len, plain);
    if ((choice & 4) != 0) {
        sign_it(file, len, plain, (enum aloft_sign_how)(choice >> 3 & 3) % 3);
    }
    return 0;
}
