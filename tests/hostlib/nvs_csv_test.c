// CSV of nvs_partition_gen: what is read, what is refused and with which line. Its bytes were
// recorded from esp-idf-nvs-partition-gen 0.3.0.
#include "host_test.h"
#include "hostlib/base/file.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/nvs/nvs_csv.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HEADER       "key,type,encoding,value\n"

static bool build(struct aloft_nvs_build *partition, uint32_t size, const char *csv,
                  struct aloft_message *error)
{
    assert_true(aloft_nvs_build_init(partition, size, error));
    return aloft_nvs_csv_build(partition, csv, strlen(csv), error);
}

// Comments, quotes, all types, files, a blob over pages, full pages, a text that needs a new one.
static char *golden_csv(void)
{
    static const char start[] = HEADER
        "# a comment, and \"quotes\"\napp,namespace,,\n"
        "name,data,string,\"kitchen, \"\"left\"\"\"\n# inside\nu,data,u8,255\ni,data,i8,-128\n"
        "n,data,u32, 1_000 \nbig,data,i64,-9223372036854775808\ntwo,data,string,\"a\nb\"\n"
        "hex,data,hex2bin,00ff10\nb64,data,base64,AAEC/w==\nblob,data,hex2bin,";
    char *csv = NULL;
    size_t len;
    FILE *out = open_memstream(&csv, &len);
    assert_non_null(out);
    (void)fputs(start, out);
    for (int i = 0; i < 6000; i++) {
        (void)fprintf(out, "%02x", i * 7 % 256);
    }
    (void)fputs("\ncert,file,string,nvs_csv_test.pem\nraw,file,binary,nvs_csv_test.pem\n"
                "wifi,namespace,,\n",
                out);
    for (int i = 0; i < 130; i++) {
        (void)fprintf(out, "k%d,data,u16,%d\n", i, i * 3);
    }
    (void)fputs("long,data,string,", out);
    for (int i = 0; i < 3900; i++) {
        (void)fputc('x', out);
    }
    (void)fputs("\nnone,data,hex2bin,\n", out);
    assert_int_equal(fclose(out), 0);
    return csv;
}

static void write_pem(void)
{
    struct aloft_message error;
    static const char pem[] = "-----BEGIN\nAB=\n-----END\n";
    assert_true(aloft_file_write("nvs_csv_test.pem", pem, sizeof pem - 1, &error));
}

static void the_bytes_are_those_of_nvs_partition_gen(void **state)
{
    static const uint8_t want[] = {0xdc, 0x08, 0x85, 0x57, 0x58, 0xaf, 0x07, 0x19, 0xff, 0x63, 0xf9,
                                   0x75, 0xb6, 0x2b, 0x25, 0x7c, 0x0d, 0xd4, 0x8d, 0x04, 0xe6, 0xf8,
                                   0x06, 0xc2, 0xba, 0x93, 0x74, 0x62, 0xcb, 0xf5, 0xec, 0x71};
    struct aloft_nvs_build partition;
    struct aloft_message error;
    struct aloft_hash hash;
    uint8_t digest[ALOFT_SHA256_LEN];
    (void)state;
    write_pem();
    char *csv = golden_csv();
    assert_true(build(&partition, 0x6000, csv, &error));
    assert_int_equal(aloft_nvs_build_len(&partition), 0x6000);
    assert_int_equal(aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_SHA256), ALOFT_OK);
    assert_int_equal(aloft_mbed_crypto.hash_feed(&hash, partition.bytes, 0x6000), ALOFT_OK);
    assert_int_equal(aloft_mbed_crypto.hash_finish(&hash, digest), ALOFT_OK);
    assert_memory_equal(digest, want, sizeof want);
    aloft_nvs_build_release(&partition);
    free(csv);
    assert_true(aloft_file_remove("nvs_csv_test.pem", &error));
}

// Each prefix ends where a cut file would: it is built or refused, and nothing behind its end is
// read.
static void a_text_that_is_cut_anywhere_is_built_or_refused(void **state)
{
    struct aloft_message error;
    (void)state;
    char *csv = golden_csv();
    for (size_t len = 0; len < 700; len++) {
        struct aloft_nvs_build partition;
        char *cut = malloc(len == 0 ? 1 : len);
        assert_non_null(cut);
        memcpy(cut, csv, len);
        assert_true(aloft_nvs_build_init(&partition, 0x3000, &error));
        if (!aloft_nvs_csv_build(&partition, cut, len, &error)) {
            assert_memory_equal(error.text, "line ", 5);
        }
        aloft_nvs_build_release(&partition);
        free(cut);
    }
    free(csv);
}

static void what_cannot_be_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *csv;
        const char *says;
    } cases[] = {
        {"", "line 1: there is no header"},
        {"key,type,value\n", "line 1: the header has no 'encoding'"},
        {HEADER "k,data,u8,1\n", "line 2: a value before the first namespace"},
        {HEADER "n,namespace,,\nk,data,u8,256\n", "line 3: '256' does not fit u8"},
        {HEADER "n,namespace,,\nk,data,i8,-129\n", "does not fit i8"},
        {HEADER "n,namespace,,\nk,data,u64,18446744073709551616\n", "no decimal number"},
        {HEADER "n,namespace,,\nk,data,u8,0x10\n", "'0x10' is no decimal number"},
        {HEADER "n,namespace,,\nk,data,u8,-1\n", "does not fit u8"},
        {HEADER "n,namespace,,\nk,data,text,a\n", "encoding 'text'; there are u8"},
        {HEADER "n,namespace,,\nk,value,u8,1\n", "type 'value'; write namespace, data or file"},
        {HEADER "n,namespace,,\nk,data,hex2bin,0\n", "an even number of hex digits"},
        {HEADER "n,namespace,,\nk,data,hex2bin,0g\n", "an even number of hex digits"},
        {HEADER "n,namespace,,\nk,data,base64,AAA\n", "base64: digits or padding are missing"},
        {HEADER "n,namespace,,\nk,data,blob_fill(2;0xFF),abc\n", "3 bytes, more than"},
        {HEADER "n,namespace,,\nk,data,blob_fill(2;255),a\n", "write it like blob_fill"},
        {HEADER "n,namespace,,\nk,file,string,missing-file\n", "missing-file"},
        {HEADER "a-name-of-16-byt,namespace,,\n", "names have 1 to 15"},
        {HEADER ",namespace,,\n", "names have 1 to 15"},
        // The generator puts what follows the second `n` into `m`.
        {HEADER "n,namespace,,\nm,namespace,,\nn,namespace,,\n",
         "line 4: namespace 'n' is in line 2 already"},
        {HEADER "n,namespace,,\nk,data,u8,1\n\n#\nk,data,u8,2\n",
         "line 6: key 'k' is in line 3 already"},
        {HEADER "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n", "line 2: too many fields"},
        {HEADER "n,namespace,,\n\xff,data,u8,1\n", "line "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct aloft_nvs_build partition;
        struct aloft_message error;
        assert_false(build(&partition, 0x3000, cases[i].csv, &error));
        if (strstr(error.text, cases[i].says) == NULL) {
            fail_msg("\"%s\" does not say \"%s\"", error.text, cases[i].says);
        }
        aloft_nvs_build_release(&partition);
    }
}

// A value that is too large for what is left is refused, at every size; it never runs over a page.
static void what_does_not_fit_is_refused(void **state)
{
    struct aloft_message error;
    uint8_t bytes[9000] = {0};
    (void)state;
    for (uint32_t before = 0; before < 127; before++) {
        for (uint32_t len = 3900; len < sizeof bytes; len += 777) {
            struct aloft_nvs_build partition;
            char key[16];
            assert_true(aloft_nvs_build_init(&partition, 0x3000, &error));
            assert_true(aloft_nvs_build_ns(&partition, "n", &error));
            for (uint32_t i = 1; i < before; i++) {
                (void)snprintf(key, sizeof key, "k%u", (unsigned)i);
                assert_true(aloft_nvs_build_number(&partition, key, ALOFT_NVS_U8, i, &error));
            }
            // Two pages take values; each part and the index take an entry besides.
            bool fits = aloft_nvs_build_blob(&partition, "blob", bytes, len, &error);
            assert_true(fits || before * 32 + len + 3 * 32 > 2 * 126 * 32 - 32);
            aloft_nvs_build_release(&partition);
        }
    }
    struct aloft_nvs_build partition;
    assert_false(aloft_nvs_build_init(&partition, 0, &error));
    assert_false(aloft_nvs_build_init(&partition, 0x3001, &error));
}

static void a_field_that_csv_cannot_carry_is_not_quoted(void **state)
{
    (void)state;
    static const char *const fine[][2] = {{"a", "a"},         {"", ""},       {"a,b", "\"a,b\""},
                                          {"\"", "\"\"\"\""}, {"#", "\"#\""}, {"a\nb", "\"a\nb\""}};
    for (size_t i = 0; i < COUNT(fine); i++) {
        char *quoted = aloft_nvs_csv_quote(fine[i][0]);
        assert_non_null(quoted);
        assert_string_equal(quoted, fine[i][1]);
        free(quoted);
    }
    assert_null(aloft_nvs_csv_quote("a\rb"));
    assert_null(aloft_nvs_csv_quote("a\n#b"));
    assert_null(aloft_nvs_csv_quote("\xff"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_are_those_of_nvs_partition_gen),
        cmocka_unit_test(a_text_that_is_cut_anywhere_is_built_or_refused),
        cmocka_unit_test(what_cannot_be_is_refused_with_its_line),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(a_field_that_csv_cannot_carry_is_not_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
