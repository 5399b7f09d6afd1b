// The ESP32's flash encryption, held against what espsecure makes of the same bytes.
#include "check.h"
#include "hostlib/flash/esp32_crypt.h"

static uint8_t key[ALOFT_ESP32_CRYPT_KEY];
static uint8_t text[64];
static struct aloft_esp32_crypt crypt;

static void fresh(void)
{
    for (uint32_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(i * 37 + 11);
    }
    for (uint32_t i = 0; i < sizeof text; i++) {
        text[i] = (uint8_t)(i * i + 3 * i + 1);
    }
    aloft_esp32_crypt_init(&crypt, key);
}

static uint8_t nibble(char digit)
{
    return (uint8_t)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

// The ESP32 has at most 16 MB. espsecure.py encrypt_flash_data --keyfile KEY --address ADDR,
// esptool 4.8.1.
static const struct {
    uint32_t addr;
    const char *cells;
} vectors[] = {
    {0x0, "fefc6e8a405aa3643a6908bc966054f4a2d91a4f65d33a2ae030c814e85046b4"
          "59d8013494df80e6fc030fe16b05eb897449f16ae9e44653bd0113931cde338c"},
    {0x1000, "4b8f6d08ff4bd206e0aa6caf5ba78eba0e24823dbafe6a75f58f1b70853e38cc"
             "d5d1ae90c3390bb9e46acf7048c884a4cd65e0552c4494a95b8c6b7356f73cce"},
    {0x10020, "b12c689b9c7aff2e9844a2f31e81c52baa74cb6c8f9914a8446c0dacde5b2d3d"
              "b38237023e177e06e2b9fda552efee3ae8ef30f04bc7099affe7e98e234a8b63"},
    {0xffffc0, "facc4770b770feeb7c4c54e03128172dd9444daba7c921130280003be90fe215"
               "7036e185d12d579a9c4861cd210ef20af45fb878b7076eaa38e902cd0968c5ac"},
};

static void what_espsecure_encrypts_is_what_the_board_has(void)
{
    fresh();
    for (uint32_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t cells[sizeof text];
        uint8_t bytes[sizeof text];
        check_note("address %ld", (long)vectors[i].addr, 0);
        for (uint32_t k = 0; k < sizeof cells; k++) {
            const char *digits = vectors[i].cells + 2 * k;
            cells[k] = (uint8_t)(nibble(digits[0]) << 4 | nibble(digits[1]));
        }
        memcpy(bytes, text, sizeof bytes);
        crypt.cipher.encrypt(crypt.cipher.ctx, vectors[i].addr, bytes, sizeof bytes);
        CHECK_BYTES(bytes, cells, sizeof cells);
        crypt.cipher.decrypt(crypt.cipher.ctx, vectors[i].addr, bytes, sizeof bytes);
        CHECK_BYTES(bytes, text, sizeof text);
    }
}

static void each_unit_has_a_key_of_its_own(void)
{
    uint8_t a[ALOFT_ESP32_CRYPT_UNIT] = {0};
    uint8_t b[ALOFT_ESP32_CRYPT_UNIT];
    fresh();
    crypt.cipher.encrypt(crypt.cipher.ctx, 0x20000, a, sizeof a);
    for (uint32_t bit = 5; bit < 24; bit++) {
        memset(b, 0, sizeof b);
        crypt.cipher.encrypt(crypt.cipher.ctx, 0x20000 ^ 1u << bit, b, sizeof b);
        CHECK(memcmp(a, b, 16) != 0 && memcmp(a + 16, b + 16, 16) != 0);
    }
    CHECK_BYTES(a, a + 16, 16); // both halves of a unit have the same
}

CHECK_MAIN(TEST(what_espsecure_encrypts_is_what_the_board_has),
           TEST(each_unit_has_a_key_of_its_own))
