// Writes the seed corpora: `fuzz_seeds fuzz/corpus` makes fuzz/corpus/NAME/*, the same bytes every
// time. They are checked in, so a change of an input format shows as a change of these files.
//
// A seed is one good thing of its kind, or one thing that is good but for one byte.
#include "aloft/format/ptable.h"
#include "fuzz.h"
#include "hostlib/base/file.h"
#include "hostlib/image/settings.h"
#include "hostlib/table/ptable_csv.h"
#include "hostlib/table/ptable_template.h"
#include "make_image.h"
#include "signed_blocks.h"
#include "signing_keys.h"
#include "soft_crypto.h"
#include <sys/stat.h>

enum { SEED_MAX = 0x6000 };

// A literal with NULs in it, and its length.
#define LIT(text) (text), sizeof(text) - 1

static const char *root;

struct seed {
    uint8_t bytes[SEED_MAX];
    uint32_t len;
};

static void add(struct seed *seed, const void *data, size_t len)
{
    FUZZ_CHECK(len <= SEED_MAX - seed->len);
    memcpy(seed->bytes + seed->len, data, len);
    seed->len += (uint32_t)len;
}

static void save(const char *target, const char *name, const struct seed *seed)
{
    char path[1024];
    struct aloft_message error;
    (void)snprintf(path, sizeof path, "%s/%s", root, target);
    (void)mkdir(path, 0777); // it may be there
    (void)snprintf(path, sizeof path, "%s/%s/%s", root, target, name);
    FUZZ_CHECK(aloft_file_write(path, seed->bytes, seed->len, &error));
}

// A head of choices, as hexadecimal, and what they are about.
static void emit(const char *target, const char *name, const char *head, const void *data,
                 size_t len)
{
    struct seed seed = {.len = 0};
    unsigned value;
    for (; sscanf(head, "%2x", &value) == 1; head += 2) {
        uint8_t byte = (uint8_t)value;
        add(&seed, &byte, 1);
    }
    add(&seed, data, len);
    save(target, name, &seed);
}

static void emit_text(const char *target, const char *name, const char *head, const char *text)
{
    emit(target, name, head, text, strlen(text));
}

static void tables(void)
{
    static struct aloft_ptable_plan plan;
    static const struct aloft_ptable_rules rules = ALOFT_PTABLE_RULES_DEFAULT;
    struct aloft_message error;
    uint8_t table[ALOFT_PTABLE_LEN];
    for (size_t i = 0; i < aloft_ptable_template_count; i++) {
        const struct aloft_ptable_template *one = &aloft_ptable_templates[i];
        emit_text("ptable_csv", one->name, "00", one->csv);
        if (!aloft_ptable_csv_parse(&plan, one->csv, strlen(one->csv), &rules, &error)) {
            continue;
        }
        FUZZ_CHECK(aloft_ptable_emit_all(plan.partitions, plan.count, &aloft_soft_crypto, table) ==
                   ALOFT_OK);
        emit("ptable", one->name, "0500", table, (plan.count + 2) * ALOFT_PTABLE_ROW);
        table[40] ^= 1;
        emit("ptable", "spoilt", "0100", table, (plan.count + 2) * ALOFT_PTABLE_ROW);
    }
    emit_text("ptable_csv", "words", "1d",
              "b, bootloader, primary\r\nt, partition_table, primary\r\n"
              "$B\nphy_init,data,phy,,4K,encrypted:readonly\nx,0x40,0x01,0x20000,-0x40000\n"
              "f,app,factory,${A},1M,\nr, bootloader, recovery\n");
    emit("ptable_csv", "utf16", "00",
         LIT("\xff\xfe"
             "n\0,\0d\0a\0t\0a\0,\0n\0v\0s\0,\0,\0"
             "6\0K\0"));
}

static void records(void)
{
    uint8_t bytes[64];
    memset(bytes, 0xFF, sizeof bytes);
    emit("otadata", "blank", "0301", bytes, sizeof bytes);
    for (uint8_t state = 0; state < 6; state++) {
        struct seed seed = {.bytes = {0x0F, 0x01}, .len = 2};
        char name[16];
        memset(bytes, 0xFF, sizeof bytes);
        memcpy(bytes, "\1\0\0", 4);
        memcpy(bytes + 32, "\2\0\0", 4);
        memcpy(bytes + 24, "\2\0\0", 4);
        bytes[56] = state;
        memset(bytes + 57, state == 5 ? 0xFF : 0, 3);
        add(&seed, bytes, sizeof bytes);
        // Images, operation, slot, which operation of flash fails.
        add(&seed, (uint8_t[]){0, state, 3, (uint8_t)(state * 2)}, 4);
        (void)snprintf(name, sizeof name, "state_%u", (unsigned)state);
        save("otadata", name, &seed);
    }
}

static void images(void)
{
    static uint8_t bytes[SEED_MAX];
    struct make_image make;
    uint32_t len = make_image(bytes, sizeof bytes, 40);
    emit("image", "app", "5d0300", bytes, len);
    bytes[300] ^= 1;
    emit("image", "corrupt", "5c0300", bytes, len);
    make_image_begin(&make, bytes, sizeof bytes);
    make_image_app(&make, "1", "p", 256);
    make_image_segment(&make, 0xA10F0000u, NULL, 64);
    make_image_segment(&make, 0x3FFB0000u, NULL, 0);
    len = make_image_end(&make);
    emit("image", "native", "610300", bytes, len);
    len = make_image_sign(&make, 2);
    emit("image", "signed", "c10900", bytes, len);
    make_image_begin(&make, bytes, sizeof bytes);
    bytes[MAKE_IMAGE_HASHED] = 0;
    make_image_segment(&make, 0x3FFB0000u, NULL, 20);
    len = make_image_end(&make);
    emit("image", "unhashed", "000100", bytes, len);
}

static void texts(void)
{
    emit_text("http", "length", "000300",
              "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello");
    emit_text("http", "chunked", "000300",
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
              "5;x=y\r\nhello\r\n0A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n");
    emit_text("http", "close", "000300", "HTTP/1.0 200 OK\nConnection: close\n\nbody");
    emit_text("http", "limit", "010300",
              "HTTP/1.1 200 OK\r\n\r\n"
              "0123456789012345678901234567890123456789012345678901234567890123456789"
              "0123456789012345678901234567890123456789");
    emit_text("http", "redirect", "000300",
              "HTTP/1.1 302 Found\r\nLocation:  /other?x \t\r\nContent-Length: 0\r\n\r\n");
    emit_text("http", "location_bytes", "000300",
              "HTTP/1.1 302 Found\r\nLocation: /\xC3\xA9\r\n\r\n");
    emit_text("http", "interim", "000300",
              "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n"
              "Content-Encoding: identity\r\n\r\nno");
    emit_text("http", "md5", "020300",
              "HTTP/1.1 200 OK\r\nx-MD5: 0cc175b9c0f1b6a831c399e269772661\r\n"
              "Content-Length: 1\r\n\r\na");
    emit_text("http", "md5_twice", "020300",
              "HTTP/1.1 103 Early\r\nx-MD5: 1\r\n\r\nHTTP/1.1 206 P\r\nx-MD5:\r\n"
              "X-md5: 0CC175B9C0F1B6A831C399E269772661 \r\nx-MD5: 1\r\n\r\na");
    emit_text("webui", "upload", "000300",
              "POST /update HTTP/1.1\r\nHost: d\r\nOrigin: http://d\r\nContent-Length: 5\r\n"
              "Content-Type: multipart/form-data; boundary=\"X\"\r\nExpect: 100-continue\r\n"
              "\r\nhello");
    emit_text("webui", "digest", "000300",
              "GET / HTTP/1.1\r\nHost: d\r\nAuthorization: Digest username=\"u\",realm=\"r\","
              "nonce=\"0\",uri=\"/\",algorithm=SHA-256,qop=auth,nc=00000001,cnonce=\"c\","
              "response=\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\r\n"
              "\r\n");
    emit_text("webui", "form", "01030001",
              "XY\r\n--XY\r\nContent-Disposition: form-data; name=\"firmware\"; "
              "filename=\"a.bin\"\r\n\r\nhello\r\n--XYZ\r\n--XY--\r\n");
    emit_text("web", "boot", "010300", "{\"slot\":\"ota_0\"}");
    emit_text("web", "odd", "010000", "{\"slot\" : [\"a\"], \"slot\":\"ota_1\",\"factory\"");
    emit_text("web", "command", "000300",
              "POST /api/factory HTTP/1.1\r\nHost: d\r\nAuthorization: Bearer sesame\r\n"
              "Content-Length: 0\r\n\r\n");
    emit_text("web", "stranger", "000000",
              "POST /api/boot HTTP/1.1\r\nHost: d\r\nOrigin: http://d\r\nAuthorization: Bearer "
              "u\r\nContent-Length: 16\r\n\r\n{\"slot\":\"ota_0\"}");
    emit("policy", "releases", "", LIT("1.9\0v1.10\0001.10.0"));
    emit("policy", "candidates", "", LIT("2.0-rc2\0002.0-rc10\0002.0"));
    emit("policy", "described", "", LIT("v1.0-2-g3f2a91c\0001.0-2-g0\0001.0"));
    emit("policy", "words", "", LIT("nightly\0\0001.0+x"));
    emit("url", "path", "", LIT("http://host/a/b?q#f\0../c/./d?e"));
    emit("url", "port", "", LIT("https://host:8070\0//other/x"));
    emit("url", "ipv6", "", LIT("http://[::1]:80?q\0?r"));
    emit("url", "absolute", "", LIT("http://h/\0https://k/..//z"));
}

static void blocks(void)
{
    static const struct aloft_setting settings[] = {
        {"url", "http://h/f"}, {"k", ""}, {"version", "1.2.3"}};
    uint8_t block[256];
    size_t len = aloft_settings_len(settings, 3);
    aloft_settings_emit(settings, 3, block);
    emit("settings", "block", "00", block, len);
    emit("settings", "texts", "01", LIT("\3\0url\5\0hello\1\0k\0\0\3\0url\1\0x"));
}

// Scripts; the numbers are the operations of the target that reads them.
static void scripts(void)
{
    static const uint8_t settle_boot[] = {4, 1, 0, 4, 2, 1, 1, 1, 2, 0};
    static const uint8_t trial[] = {1, 0, 1, 2, 1, 1, 2, 0, 4, 0, 1, 4, 1, 2};
    static const uint8_t overlap[] = {0, 1, 1, 0, 0x20, 2, 1, 0, 1, 0};
    static const uint8_t update[] = {0, 0x00, 8, 6, 9};
    static const uint8_t begin[] = {0, 2, 8, 6, 9};
    static const uint8_t known_len[] = {1, 2, 0, 0x18, 0, 0x42, 8, 6, 9, 10, 0, 0, 4, 9, 1, 9};
    static const uint8_t spoilt[] = {1, 2, 0, 0x18, 2, 0, 4, 1, 0x55, 0, 0, 8, 6, 9};
    static const uint8_t worn[] = {0, 0, 11, 40, 8, 6, 9, 10, 0, 0, 8, 6, 9};
    static const uint8_t pull[] = {0x20, 5, 0, 0, 4, 10, 2};
    static const uint8_t closing[] = {0x2D, 5, 1, 0, 8, 10, 2, 10};
    static const uint8_t chunked[] = {0x20, 5, 2, 0, 1, 10, 11, 0, 8};
    static const uint8_t redirect[] = {0, 5, 3, 0, 0, 10, 5, 0, 0, 4, 10, 13, 60, 2, 12};
    static const uint8_t broken[] = {0, 14, 0, 1, 2, 4, 0x20, 14, 0, 5, 0, 0, 4, 8, 0, 8, 1, 1};
    static const uint8_t push[] = {8, 4, 0, 0, 4, 8, 5, 0, 8, 2, 8};
    static const uint8_t distrust[] = {8, 4, 0, 0, 4, 8, 5, 2, 8, 5, 0, 8, 4, 0, 0, 4, 5, 0, 8};
    static const uint8_t other[] = {8, 4, 8, 0, 4, 0x40, 0, 0x55, 5, 0, 8, 2, 8, 4, 0, 0, 4, 8};
    static const uint8_t stall[] = {8, 4, 0, 0, 8, 12, 0, 7, 0, 4, 10, 12, 10, 4, 0, 0, 1, 8, 2};
    static const uint8_t flash[] = {8, 11, 40, 4, 0, 0, 8, 8, 2, 8, 3, 10, 4, 0, 0, 2, 12, 0, 1};
    emit("push", "password", "04", push, sizeof push);
    emit("push", "open", "02", push, sizeof push);
    emit("push", "distrust", "00", distrust, sizeof distrust);
    emit("push", "other_bytes", "01", other, sizeof other);
    emit("push", "stall", "03", stall, sizeof stall);
    emit("push", "worn", "02", flash, sizeof flash);
    emit("boot", "apps", "0200", settle_boot, sizeof settle_boot);
    emit("boot", "trial", "0200", trial, sizeof trial);
    emit("boot", "overlap", "0200", overlap, sizeof overlap);
    emit("boot", "worn", "2209", trial, sizeof trial);
    emit("engine", "update", "12010004", update, sizeof update);
    emit("engine", "known_len", "02010004", known_len, sizeof known_len);
    emit("engine", "on_trial", "e201010004", begin, sizeof begin);
    emit("engine", "spoilt", "02010004", spoilt, sizeof spoilt);
    emit("engine", "worn", "02010004", worn, sizeof worn);
    emit("pull", "pull", "01", pull, sizeof pull);
    emit("pull", "closing", "0a", closing, sizeof closing);
    emit("pull", "chunked", "21", chunked, sizeof chunked);
    emit("pull", "redirect", "01", redirect, sizeof redirect);
    emit("pull", "broken", "41", broken, sizeof broken);
}

static void serial_port(void)
{
    emit("loader", "write", "00",
         LIT("\x00\x02\x03\x01\x00\x01\x03\x01\x04\x01\x00\x00\x00\x00\x00"
             "\x01\x00\x00\x10\x00\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f\x70"
             "\x00"));
    emit("loader", "stub_read", "00",
         LIT("\x02\x00\x00\x00\x00\x00\x00\xd2\x04\x01\x04\x04\x04\x01\x00\x02\x00\x00\x00\x00"
             "\x00\x03\x00\x03\x00\x03\x00"));
    emit("loader", "stub_erase", "00", LIT("\x02\x00\x00\x00\x00\x00\x00\xd0\x00\x00\x00\x00"));
    emit("loader", "noise", "00",
         LIT("\x04\x10"
             "ets Jun  8 2016 \x00\x00\x08\x00\x00"));
    emit("com", "open", "",
         LIT("\xff\xfb\x2c\xff\xfd\x2c\xff\xfb\x00\xff\xfd\x00\xff\xfa\x2c\x01\x00\x01\xc2\x00\xff"
             "\xf0"
             "\xff\xfa\x2c\x05\x08\xff\xf0\xff\xfa\x2c\x05\x0b\xff\xf0\xff\xfa\x2c\x0c\x03\xff\xf0"
             "\xc0\x00"));
}

static void values(void)
{
    static uint8_t page[0x1000];
    emit("nvs", "blank", "00",
         LIT("\x06\x01\x20\x00\x07\x04\x90\x00\x08\x02\x90\x01\x00\x06\x08\x80\x07"));
    emit("nvs", "failing", "01",
         LIT("\x06\x01\xF0\x00\xC6\x05\x00\x01\xF1\x00\xC6\x20\x00\x04\xF0\x00\x07"));
    memset(page, 0xFF, sizeof page);
    memcpy(page, "\xFE\xFF\xFF\xFF\x07\x00\x00\x00", 8);
    memcpy(page + 32, "\xA2\xAA", 2);
    memcpy(page + 64,
           "\x00\x01\x01\xFF\x00\x00\x00\x00"
           "aloft\0\0\0\0\0\0\0\0\0\0\0\x01",
           25);
    memcpy(page + 96,
           "\x01\x04\x01\xFF\x00\x00\x00\x00"
           "key0\0\0\0\0\0\0\0\0\0\0\0\0\x01",
           25);
    emit("nvs", "page", "0C0010", page, sizeof page);
}

static void streams(void)
{
    emit("serial", "sync", "40",
         LIT("\xC0\x00\x08\x04\x00\x00\x00\x00\x00\x07\x07\x12\x20\xC0"
             "\xC0\x01\x08\x04\x00\x07\x07\x12\x20\x00\x00\x00\x00\xC0"));
    emit("serial", "escapes", "10",
         LIT("boot:0x3\r\n\xC0\x00\x0A\x04\x00\x00\x00\x00\x00\xDB\xDC\xDB\xDD\x01\x02\xC0"));
    emit("serial", "broken", "07",
         LIT("\xC0"
             "a\xDB"
             "b\xC0\xC0\xDB\xC0longer than the room\xC0"
             "good\xC0"));
    emit("telnet", "open", "",
         LIT("\xFF\xFB\x2C\xFF\xFD\x00\xFF\xFA\x2C\x01\x00\x01\xC2\x00\xFF\xF0"
             "ab\xFF\xFF"
             "c\xFF\xFC\x01"));
    emit("telnet", "odd", "", LIT("\xFF\xF1\xFF\xFA\x05\xFF\xF0\xFF\xFA\x2C\x01\xFF\x07\xFF"));
}

static void signatures(void)
{
    static uint8_t file[0x2000];
    for (uint32_t i = 0; i < 0x1000; i++) {
        file[i] = (uint8_t)(i * 7 + i / 256);
    }
    memset(file + 0x1000, 0xFF, 0x1000);
    emit("sign", "der", "04", openssl_p256, sizeof openssl_p256);
    emit("sign", "plain", "04", file, 100);
    espsecure_block(file + 0x1000, espsecure_p256, sizeof espsecure_p256, ESPSECURE_P256_CRC);
    emit("sign", "p256", "0C", file, sizeof file);
    espsecure_block(file + 0x1000 + ALOFT_SIGBLOCK_LEN, espsecure_rsa3072, sizeof espsecure_rsa3072,
                    ESPSECURE_RSA3072_CRC);
    emit("sign", "both", "0C", file, sizeof file);
    memset(file, 0xFF, sizeof file);
    uint32_t len = make_image(file, sizeof file, 200);
    emit("sign", "image", "04", file, len);
    emit("sign", "blank-behind", "06", file, sizeof file);
}

// The target repairs what the first byte asks for: magic, length, tag.
static void encrypted(void)
{
    static uint8_t bytes[32 + 512 + 900];
    memset(bytes, 0x31, sizeof bytes);
    emit("unwrap", "whole", "27", bytes, sizeof bytes);
    emit("unwrap", "wrong_tag", "03", bytes, sizeof bytes);
    emit("unwrap", "cut", "25", bytes, sizeof bytes - 100);
    emit("unwrap", "no_image", "37", bytes, sizeof bytes);
    emit("unwrap", "plain", "00", bytes, 300);
    emit("unwrap", "required", "08", bytes, 300);
}

// Each row: an artifact as it was made, one with a spoilt byte, and bytes that are no artifact at
// all.
static void stages(void)
{
    static uint8_t bytes[44 + 600];
    memset(bytes, 0, sizeof bytes);
    for (uint32_t i = 0; i < 600; i++) {
        bytes[44 + i] = (uint8_t)(i / 200 == 1 ? 0u : (i * i) >> 3);
        bytes[i % 44] = (uint8_t)(bytes[i % 44] * 5u + 40u + i);
    }
    for (unsigned kind = 0; kind < 11; kind++) {
        char name[16];
        char head[16];
        (void)snprintf(name, sizeof name, "row%u", kind);
        (void)snprintf(head, sizeof head, "%02x000100", kind);
        emit("stages", name, head, bytes, sizeof bytes);
    }
    emit("stages", "spoilt", "05000807", bytes, sizeof bytes);
    emit("stages", "spoilt_seal", "09002004", bytes, sizeof bytes);
    emit("stages", "raw", "06010100", bytes, sizeof bytes);
}

// Nothing burned, then burns: what, of which slot, cut in which step, own bytes, what of the step.
static void efuses(void)
{
    emit("efuse", "digest", "00000013040102030400000000", "", 0);
    emit("efuse", "digest_cut", "000000080401020304ff00ff00000000130401020304ffffffff", "", 0);
    emit("efuse", "version", "00020300000100000002120000ffffffff", "", 0);
    emit("efuse", "revoke", "000000130000000000010013000000000003000f0000000000", "", 0);
    emit("efuse", "secure_boot", "0000001300000000000301020055555555", "", 0);
    emit("efuse", "key", "0004040300aaaaaaaa04080500ffffffff", "", 0);
    emit("efuse", "burned", "030100ff00ff02ffffffff210f0f0f0f000103000000000201", "", 0);
}

// What the device trusts, then three places: 0 blank, 1 signed, 2 signed by the same key, but over
// other content, 3 noise; then a changed byte, with a CRC that fits.
static void sectors(void)
{
    emit("trust", "good", "0100010000000000", "", 0);
    emit("trust", "p256", "0102000201020000", "", 0);
    emit("trust", "rotation", "0604010001010103", "", 0);
    emit("trust", "revoked", "0500010000000000", "", 0);
    emit("trust", "smuggled", "2100010001010000", "", 0);
    emit("trust", "other", "0100020000000000", "", 0);
    emit("trust", "forged", "010001000000000084030001", "", 0);
    emit("trust", "damaged", "010001000000000084030000", "", 0);
    emit("trust", "fourth", "0100010000000000400ee700", "", 0);
    emit("trust", "noise", "010003000600e7020000010200000000", "", 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "Usage: fuzz_seeds FOLDER\n");
        return 2;
    }
    root = argv[1];
    (void)mkdir(root, 0777); // it may be there
    tables();
    serial_port();
    streams();
    values();
    records();
    images();
    texts();
    blocks();
    scripts();
    signatures();
    encrypted();
    stages();
    sectors();
    efuses();
    return 0;
}
