// Keys and signatures with the tool as users and scripts have it: exit codes, messages, files that
// survive a failure, and secrets that stay where they are.
#include "signing_keys.h"
#include "tool.h"
#include <sys/stat.h>

// The content of signed_blocks.h, which openssl signed, an image, and keys of both kinds.
static int fill_folder(void **state)
{
    uint8_t content[4096];
    if (enter_folder(state) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < sizeof content; i++) {
        content[i] = (uint8_t)(i * 7 + i / 256);
    }
    write_bytes("content", content, sizeof content);
    write_bytes("openssl.rsa", openssl_rsa3072, sizeof openssl_rsa3072);
    write_bytes("openssl.p256", openssl_p256, sizeof openssl_p256);
    write_text("rsa.pem", test_rsa3072);
    write_text("rsa.pub", test_rsa3072_public);
    write_text("p256.pem", test_p256);
    write_text("p256.pub", test_p256_public);
    expect(0, "chmod 600 *.pem && $A image build /bin/true -o app.bin --version 1");
    return 0;
}

static void what_scripts_rely_on(void **state)
{
    (void)state;
    expect(0, "$A keys create --type rsa3072 -o r.pem");
    expect(0, "$A keys create --type p256 -o e.pem");
    expect(0, "for k in r e; do $A sign --key $k.pem app.bin -o $k.bin && "
              "$A verify --key $k.pem $k.bin || exit 1; done");
    expect(1, "$A verify --key r.pem e.bin");
    says("none of the keys given (SIGNATURE_KEY)");
    expect(1, "$A verify --key e.pem app.bin");
    says("not signed (SIGNATURE_MISSING)");
    expect(1, "printf x | dd of=e.bin bs=1 seek=500 conv=notrunc 2>/dev/null; "
              "$A verify --key e.pem e.bin");
    says("SIGNATURE_IMAGE");
    expect(1, "$A verify --key e.pem missing.bin");
    expect(1, "$A verify --key missing.pem r.bin");
    expect(2, "$A verify r.bin");
    expect(2, "$A verify --key e.pem");
    expect(0, "$A image verify r.bin");
}

static void a_new_key_is_safe_and_silent(void **state)
{
    (void)state;
    expect(0, "umask 0; $A keys create --type p256 -o new.pem > said 2>&1; "
              "test $(stat -c %a new.pem) = 600");
    expect(0, "! grep -q PRIVATE said && ! grep -qF \"$(sed -n 2p new.pem)\" said");
    expect(0, "$A keys show new.pem > said 2>&1; $A keys digest new.pem >> said 2>&1; "
              "$A keys public new.pem >> said 2>&1; ! grep -q PRIVATE said");
    expect(0, "cp new.pem copy.pem; ! $A keys create --type p256 -o new.pem && cmp new.pem "
              "copy.pem");
    says("never overwritten");
    expect(2, "$A keys create --type p256 -o -");
    says("never printed");
    expect(2, "$A keys create --type rsa2048 -o x.pem");
    expect(2, "$A keys create -o x.pem");
    expect(2, "$A keys create --type p256");
    expect(0, "! test -e x.pem");
}

static void careless_permissions_are_told(void **state)
{
    (void)state;
    expect(0, "chmod 644 p256.pem; $A sign --key p256.pem content -o loose; chmod 600 p256.pem");
    says("warning: p256.pem holds a private key");
    expect(0, "$A sign --key p256.pem content -o tight; chmod 644 p256.pub; "
              "$A verify --key p256.pub tight; ! $A keys digest p256.pem | grep warning");
    assert_null(strstr(output, "warning"));
}

// Two readers of key files accepted different files, and gave different messages for the same one.
static void keys_that_sign_and_keys_that_decrypt_are_read_alike(void **state)
{
    static const char *const wrong[][2] = {
        {"openssl pkey -in rsa.pem -aes256 -passout pass:x -out k", "with a passphrase"},
        {"openssl rsa -in rsa.pem -aes256 -passout pass:x -traditional -out k", "passphrase"},
        {"head -c 900 rsa.pem > k", "holds no key that can be read"},
        {"echo hello > k", "holds no key that can be read"},
        {": > k", "holds no key that can be read"},
        {"rm -f k", "cannot open k"},
        {"openssl genrsa -out k 2048 2> /dev/null", "2048 bits"},
    };
    static const char *const good[] = {
        "cat rsa.pem > k",
        "openssl pkey -in rsa.pem -out k",
        "openssl pkey -in rsa.pem -outform der -out k",
        "(echo 'Bag Attributes: none'; cat rsa.pem) > k",
        "openssl rsa -in rsa.pem -text -out k 2> /dev/null",
        "sed 's/$/\r/' rsa.pem > k",
    };
    (void)state;
    expect(0, "$A encrypt --key rsa.pub app.bin -o app.enc");
    for (size_t i = 0; i < COUNT(wrong); i++) {
        expect(0, wrong[i][0]);
        expect(1, "$A sign --key k content -o none");
        says(wrong[i][1]);
        expect(1, "$A decrypt --key k app.enc -o none");
        says(wrong[i][1]);
        expect(1, "$A encrypt --key k app.bin -o none");
        says(wrong[i][1]);
    }
    for (size_t i = 0; i < COUNT(good); i++) {
        expect(0, good[i]);
        expect(0, "$A sign --key k content -o signed && $A verify --key rsa.pub signed");
        expect(0, "$A decrypt --key k app.enc -o out && cmp out app.bin");
        expect(0, "$A encrypt --key k app.bin -o out && $A decrypt --key rsa.pem out -o out && "
                  "cmp out app.bin");
        expect(1, "$A encrypt --key rsa.pub app.bin -o k");
        says("k holds a private key, which is not overwritten");
    }
    expect(0, "openssl pkey -in rsa.pem -pubout -outform der -out pub.der && "
              "$A verify --key pub.der signed && $A encrypt --key pub.der app.bin -o out");
    expect(1, "$A decrypt --key pub.der app.enc -o none");
    says("pub.der is a public key");
    expect(1, "$A encrypt --key p256.pub app.bin -o none");
    says("ECIES is not supported");
    expect(0, "chmod 640 rsa.pem; $A decrypt --key rsa.pem app.enc -o out; chmod 600 rsa.pem");
    says("warning: rsa.pem holds a private key");
    expect(0, "! test -e none; rm -f k");
}

// An encrypted image was signed like any file, without a warning, and every device refused it
// (ENC_LENGTH).
static void an_encrypted_image_is_not_signed_from_outside(void **state)
{
    (void)state;
    expect(0, "$A encrypt --key rsa.pub app.bin -o app.enc");
    expect(1, "$A sign --key p256.pem app.enc -o late");
    says("app.enc is an encrypted image");
    says("sign first, then encrypt");
    expect(1, "$A verify --key p256.pub app.enc");
    says("app.enc is an encrypted image");
    expect(0, "! test -e late");
    expect(0, "$A sign --plain --key p256.pem app.enc -o late && "
              "$A verify --plain --key p256.pub late");
    expect(0, "$A sign --key p256.pem app.bin -o s && $A encrypt --key rsa.pub s -o s.enc && "
              "$A decrypt --key rsa.pem s.enc -o again && $A verify --key p256.pub again");
}

static void digests_are_what_espsecure_says(void **state)
{
    char digest[2 * sizeof test_rsa3072_digest + 1];
    (void)state;
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(digest + 2 * i, 3, "%02x", test_rsa3072_digest[i]);
    }
    expect(0, "$A keys digest rsa.pem");
    says(digest);
    expect(0, "$A keys show rsa.pub --json");
    says(digest);
    says("\"private\": false");
    write_bytes("want", test_rsa3072_digest, sizeof test_rsa3072_digest);
    expect(0, "$A keys digest rsa.pub -o got && cmp got want");
    expect(0, "$A keys public rsa.pem -o got.pub && cmp got.pub rsa.pub");
    expect(0, "$A sign --key rsa.pem app.bin -o s.bin && $A verify --digest want s.bin");
    expect(1, "$A verify --digest rsa.pub s.bin");
    says("32 bytes");
}

static void several_keys_sign_at_once_or_later(void **state)
{
    (void)state;
    expect(0, "$A sign --key rsa.pem --key p256.pem app.bin -o two.bin");
    says("2 of 3 signatures");
    expect(1, "$A sign --key rsa.pem two.bin -o two.bin");
    says("signed already");
    expect(1, "$A sign --key rsa.pem --append two.bin -o two.bin");
    says("with this key already");
    expect(0, "$A keys create --type p256 -o third.pem && "
              "$A sign --key third.pem --append two.bin -o two.bin");
    says("3 of 3 signatures");
    expect(1, "$A keys create --type p256 -o fourth.pem && cp two.bin before && "
              "$A sign --key fourth.pem --append two.bin -o two.bin");
    says("at most 3");
    expect(0, "cmp two.bin before && for k in rsa.pub p256.pub third.pem; do "
              "$A verify --key $k two.bin || exit 1; done");
    expect(1, "$A verify --key fourth.pem two.bin");
    expect(0, "$A verify --key fourth.pem --key p256.pub two.bin --json");
    says("\"state\": \"good\"");
    says("\"state\": \"unknown\"");
    says("\"verdict\": \"good\"");
    expect(0, "$A sign --key fourth.pem --replace two.bin -o two.bin && "
              "$A verify --key fourth.pem two.bin && ! $A verify --key rsa.pub two.bin");
    expect(2, "$A sign --key rsa.pem --append --replace two.bin -o x");
}

static void a_key_elsewhere_signs(void **state)
{
    (void)state;
    expect(0, "$A sign --digest-out digest content && "
              "test \"$(sha256sum < content | cut -c1-64)\" = \"$(od -An -v -tx1 digest | "
              "tr -d ' \\n')\"");
    expect(0, "for k in rsa p256; do $A sign --public-key $k.pub --signature openssl.$k content "
              "-o $k.bin && $A verify --key $k.pub $k.bin || exit 1; done");
    expect(0, "$A sign --public-key rsa.pub --signature openssl.rsa --public-key p256.pub "
              "--signature openssl.p256 content -o both && $A verify --key p256.pub both");
    expect(0, "$A sign --public-key p256.pub --signature openssl.p256 --append rsa.bin -o later "
              "&& cmp later both");
    // The digest of a signed file is that of its content, so it may be signed once more.
    expect(0, "$A sign --digest-out again both && cmp again digest");
    expect(1, "$A sign --public-key p256.pub --signature openssl.p256 app.bin -o none");
    says("not of this content");
    expect(1, "$A sign --public-key rsa.pub --signature openssl.p256 content -o none");
    says("no signature by this key");
    expect(1, "$A sign --public-key rsa.pub --signature missing content -o none");
    expect(2, "$A sign --public-key rsa.pub content -o none");
    expect(2, "$A sign --digest-out d --key rsa.pem content");
    expect(0, "! test -e none");
}

static void a_failure_leaves_what_was_there(void **state)
{
    (void)state;
    write_text("out", "precious");
    expect(1, "$A sign --key p256.pub content -o out");
    says("a public key cannot sign");
    expect(1, "$A sign --key p256.pem --key missing.pem content -o out");
    expect(1, "$A sign --key p256.pem missing -o out");
    expect(1, "head -c 5000 app.bin > cut; $A sign --key p256.pem cut -o out");
    says("begins like an image");
    expect(0, "test \"$(cat out)\" = precious && test $(ls out* | wc -l) = 1");
    expect(1, "$A sign --key p256.pem content -o missing/out");
    expect(2, "$A sign --key p256.pem content");
    expect(2, "$A sign content -o out");
    // No output overwrites a private key, whatever path leads to it.
    expect(1, "cp p256.pem copy; ln -s p256.pem link; $A sign --key rsa.pem content -o link");
    says("holds a private key");
    expect(1, "$A sign --digest-out p256.pem content");
    expect(1, "$A keys public p256.pem -o p256.pem");
    expect(1, "$A keys digest rsa.pem -o p256.pem");
    expect(0, "cmp p256.pem copy");
    expect(0, "openssl pkey -in p256.pem -outform der -out p256.der && cp p256.der copy");
    expect(1, "$A sign --key rsa.pem content -o p256.der");
    says("holds a private key");
    expect(0, "cmp p256.der copy && openssl pkey -in p256.pem -pubout -outform der -out pub.der && "
              "$A sign --key rsa.pem content -o pub.der");
    // A key given in the file's place would be in the output for everybody.
    for (size_t i = 0; i < 2; i++) {
        expect(1, i == 0 ? "$A sign --key p256.pem rsa.pem -o leak"
                         : "$A sign --plain --key p256.pem p256.der -o leak");
        says("is a private key");
    }
    expect(0, "! test -e leak");
}

static void files_pass_through_pipes_and_in_place(void **state)
{
    (void)state;
    expect(0, "cat app.bin | $A sign --key p256.pem - -o - > piped && "
              "$A verify --key p256.pub - < piped");
    expect(0, "cp app.bin same && $A sign --key p256.pem same -o same && cmp same piped");
    expect(0, "$A keys show - < p256.pem");
    expect(1, "(cat app.bin; echo more) > merged; $A sign --key p256.pem merged -o m");
    says("--plain");
    expect(0, "$A sign --plain --key p256.pem merged -o m && $A verify --plain --key p256.pub m");
    expect(1, "$A verify --key p256.pub m");
    says("--plain");
}

// A broken image that was signed as any file was called good without --plain.
static void a_signature_does_not_turn_a_file_into_an_image(void **state)
{
    (void)state;
    expect(0, "head -c 5000 app.bin > short && $A sign --plain --key p256.pem short -o m");
    expect(0, "$A verify --plain --key p256.pub m");
    expect(1, "$A verify --key p256.pub m");
    says("(IMAGE_");
    expect(1, "$A verify --key p256.pub m --json");
    says("\"verdict\": \"IMAGE_");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_scripts_rely_on),
        cmocka_unit_test(a_new_key_is_safe_and_silent),
        cmocka_unit_test(careless_permissions_are_told),
        cmocka_unit_test(keys_that_sign_and_keys_that_decrypt_are_read_alike),
        cmocka_unit_test(an_encrypted_image_is_not_signed_from_outside),
        cmocka_unit_test(digests_are_what_espsecure_says),
        cmocka_unit_test(several_keys_sign_at_once_or_later),
        cmocka_unit_test(a_key_elsewhere_signs),
        cmocka_unit_test(a_failure_leaves_what_was_there),
        cmocka_unit_test(files_pass_through_pipes_and_in_place),
        cmocka_unit_test(a_signature_does_not_turn_a_file_into_an_image),
    };
    return cmocka_run_group_tests(tests, fill_folder, leave_folder);
}
