// What `aloft image`, `parts` and `otadata` say of files that are not one image for the device:
// merged files of any length and chip, and files that other tools write.
#include "aloft/base/bytes.h"
#include "tool.h"

static uint8_t flash[0x200000]; // smaller than the table says

// The smallest image of one segment, without a SHA-256.
static void put_image(uint8_t *at, uint16_t chip, uint8_t speed_size, uint32_t addr)
{
    static const uint8_t header[24] = {0xE9, 1, 2, 0, 0, 0, 0, 0, 0xEE};
    uint8_t sum = 0xEF;
    memcpy(at, header, sizeof header);
    at[3] = speed_size;
    aloft_put_le16(at + 12, chip);
    aloft_put_le32(at + 24, addr);
    aloft_put_le32(at + 28, 4);
    memcpy(at + 32, "code", 4);
    for (int i = 0; i < 4; i++) {
        sum ^= at[32 + i];
    }
    memset(at + 36, 0, 11);
    at[47] = sum;
}

static void put_table(uint32_t addr)
{
    static uint8_t table[0xC00];
    expect(0, "$A parts build --template two_ota -o t.bin");
    FILE *file = fopen("t.bin", "r");
    assert_non_null(file);
    assert_int_equal(fread(table, 1, sizeof table, file), sizeof table);
    assert_int_equal(fclose(file), 0);
    memcpy(flash + addr, table, sizeof table);
}

// A merged file of an ESP32-C3 was judged by its bootloader alone, one of an ESP32 was "not an app
// image", and "recreate it with `aloft board create`" was printed for both. A file as long as one
// size of chip, made for a larger one, was PTABLE_RANGE.
static void a_merged_file_is_seen_whole_whatever_its_length_and_chip(void **state)
{
    static const struct {
        const char *chip;
        uint32_t boot;
        uint32_t boot_addr; // RAM
        uint32_t app_addr;  // mapped
        uint16_t id;
    } cases[] = {{"ESP32,", 0x1000, 0x40078000, 0x3F400020, 0},
                 {"ESP32-C3,", 0x0, 0x403CE710, 0x3C000020, 5},
                 {"ESP32-P4,", 0x2000, 0x4FF00000, 0x40000020, 18},
                 {"ESP32-C5,", 0x2000, 0x40840000, 0x42000020, 23}};
    static const size_t lengths[] = {0x10030, 0x1FFFF, 0x100000, 0x200000};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        memset(flash, 0xFF, sizeof flash);
        put_table(0x8000);
        put_image(flash + cases[i].boot, cases[i].id, 0x20, cases[i].boot_addr);
        put_image(flash + 0x10000, cases[i].id, 0x20, cases[i].app_addr);
        for (size_t k = 0; k < COUNT(lengths); k++) {
            write_bytes("merged.bin", flash, lengths[k]);
            expect(0, "$A image info merged.bin");
            says(cases[i].chip);
            says("bootloader       good");
            says("factory          good");
            expect(0, "$A image verify merged.bin");
            expect(0, "$A parts show merged.bin");
            says("factory");
            expect(0, "$A parts read merged.bin factory -o app.bin && $A image info app.bin");
            expect(0, "$A otadata show merged.bin");
            says("* factory");
            expect(0, "$A nvs show merged.bin");
            says("0 values");
        }
        flash[0x10000 + 33] ^= 1;
        write_bytes("merged.bin", flash, 0x10040);
        expect(1, "$A image verify merged.bin");
        says("IMAGE_CHECKSUM");
        assert_null(strstr(output, "board create"));
    }
}

static void a_table_of_a_merged_file_is_found_further_back(void **state)
{
    (void)state;
    memset(flash, 0xFF, sizeof flash);
    put_table(0xF000);
    put_image(flash + 0x1000, 0, 0x20, 0x40078000);
    put_image(flash + 0x10000, 0, 0x20, 0x40078000); // a bootloader where an app belongs
    write_bytes("merged.bin", flash, 0x10031);
    expect(1, "$A image verify merged.bin");
    says("0x00f000  partition table  good");
    says("IMAGE_NOT_APP");
}

static void every_chip_has_its_frequencies_and_memories(void **state)
{
    static const struct {
        uint16_t chip;
        uint8_t code;
        uint32_t addr;
        const char *frequency;
        const char *memory;
    } cases[] = {
        {0, 1, 0x40080000, "26 MHz", "IRAM"},   {12, 0xF, 0x3FCA0000, "60 MHz", "DRAM"},
        {12, 2, 0x3FCA0000, "15 MHz", "DRAM"},  {13, 0, 0x40800000, "80 MHz", "RAM"},
        {23, 0xF, 0x40800000, "80 MHz", "RAM"}, {20, 2, 0x40800000, "20 MHz", "RAM"},
        {16, 0xF, 0x40800000, "48 MHz", "RAM"}, {16, 1, 0x40800000, "16 MHz", "RAM"},
        {28, 0, 0x40810000, "24 MHz", "RAM"},   {25, 2, 0x50000000, "12 MHz", "RTC"},
        {18, 1, 0x4FF00000, "26 MHz", "RAM"},   {32, 0xF, 0x2F000000, "80 MHz", "RAM"},
        {2, 0xF, 0x3FFB0000, "80 MHz", "DRAM"}, {9, 2, 0x600FE000, "20 MHz", "RTC fast"},
        {23, 1, 0x40800000, "?", "RAM"}, // the C5 has no such code
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t image[48];
        char line[64];
        put_image(image, cases[i].chip, (uint8_t)(0x20 | cases[i].code), cases[i].addr);
        write_bytes("x.bin", image, sizeof image);
        expect(0, "$A image info x.bin");
        (void)snprintf(line, sizeof line, "DIO, %s, 4 MB", cases[i].frequency);
        says(line);
        (void)snprintf(line, sizeof line, "0x000020     %s\n", cases[i].memory);
        says(line);
    }
}

// An ESP8266 image was reported as ESP32-C61: the length of its first segment is where other images
// have the chip id.
static void images_of_an_esp8266_are_called_so(void **state)
{
    static const uint8_t first[] = {0xE9, 1,    0, 0x40, 0x04, 0x00, 0x10, 0x40, 0x00, 0x80,
                                    0xFE, 0x3F, 5, 0,    0,    0,    1,    2,    3,    4};
    static const uint8_t second[] = {0xEA, 4, 0, 1, 0x04, 0x00, 0x10, 0x40, 0, 0,
                                     0,    0, 0, 2, 0,    0,    9,    9,    9, 9};
    (void)state;
    write_bytes("x.bin", first, sizeof first);
    expect(1, "$A image info x.bin");
    says("an ESP8266 image");
    write_bytes("x.bin", second, sizeof second);
    expect(1, "$A image verify x.bin");
    says("an ESP8266 image");
}

static void signed_and_encrypted_files_are_called_so(void **state)
{
    uint8_t v1[48 + 68];
    (void)state;
    expect(0, "$A image build /bin/true -o a.bin && openssl ecparam -name prime256v1 -genkey "
              "-noout -out k.pem && chmod 600 k.pem && "
              "$A sign --key k.pem a.bin -o s.bin");
    expect(0, "$A image info s.bin");
    says("Secure Boot V2, 1 block");
    expect(0, "tail -c 4096 s.bin > sector.bin");
    expect(1, "$A image info sector.bin");
    says("signature sector");
    expect(0, "openssl genrsa -out r.pem 3072 && openssl rsa -in r.pem -pubout -out r.pub && "
              "$A encrypt --key r.pub a.bin -o e.bin");
    expect(1, "$A image info e.bin");
    says("a pre-encrypted image");
    put_image(v1, 0, 0x20, 0x3F400020);
    memset(v1 + 48, 0, 4);
    memset(v1 + 52, 0x5A, 64);
    write_bytes("v1.bin", v1, sizeof v1);
    expect(0, "$A image info v1.bin");
    says("Secure Boot V1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_merged_file_is_seen_whole_whatever_its_length_and_chip),
        cmocka_unit_test(a_table_of_a_merged_file_is_found_further_back),
        cmocka_unit_test(every_chip_has_its_frequencies_and_memories),
        cmocka_unit_test(images_of_an_esp8266_are_called_so),
        cmocka_unit_test(signed_and_encrypted_files_are_called_so),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
