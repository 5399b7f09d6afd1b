// Pushes of files, the image of a file system: which partition they go to, what is refused, and
// that nothing else is touched however a push ends.
#include "aloft/base/bytes.h"
#include "push_world.h"

#define FILES ALOFT_ESPOTA_FILES

enum { SPIFFS = 0x82, LITTLEFS = 0x83, FAT = 0x81 };

static uint8_t file[FILES_LEN];
static uint32_t rest; // CRC of flash outside otadata and the files

struct place {
    uint8_t subtype;
    uint32_t addr;
    uint32_t flags;
};

// A device whose table has these partitions of FILES_LEN bytes besides the usual.
static void setup_with(const char *verifier, const struct place *places, uint32_t count)
{
    struct aloft_partition rows[8] = {
        {1, 0, DEVICE_OTADATA, 0x2000, 0, "otadata"},
        {0, 0, DEVICE_FACTORY, DEVICE_FACTORY_LEN, 0, "factory"},
        {0, 0x10, DEVICE_OTA_0, DEVICE_SLOT_LEN, 0, "ota_0"},
    };
    uint8_t table[ALOFT_PTABLE_LEN];
    for (uint32_t i = 0; i < count; i++) {
        rows[3 + i] = (struct aloft_partition){1,         places[i].subtype, places[i].addr,
                                               FILES_LEN, places[i].flags,   "files"};
    }
    CHECK_EQ(aloft_ptable_emit_all(rows, 3 + count, &aloft_soft_crypto, table), ALOFT_OK);
    setup(verifier);
    device_put(&device, ALOFT_PTABLE_ADDR_DEFAULT, table, sizeof table);
    power_up();
    CHECK_EQ(settle(), ALOFT_WAY_WAIT);
    for (uint32_t i = 0; i < sizeof file; i++) {
        file[i] = (uint8_t)(i * 7 + i / 251);
    }
    static uint8_t before[FILES_LEN];
    memset(before, 0x11, sizeof before);
    ram_flash_put_cells(&device.ram, FILES_ADDR, before, sizeof before);
    rest = device_rest(&device, FILES_ADDR, FILES_LEN);
}

// The files as they lie in flash: no partition here has the flag `encrypted`.
static const uint8_t *in_flash(void)
{
    static uint8_t cells[FILES_LEN];
    ram_flash_cells(&device.ram, FILES_ADDR, cells, sizeof cells);
    return cells;
}

static void setup_spiffs(const char *verifier)
{
    setup_with(verifier, &(struct place){SPIFFS, FILES_ADDR, 0}, 1);
}

static void files_of_any_length_arrive_and_only_they_change(void)
{
    static const uint32_t lens[] = {1,   15,   16,   17,   255,   256,
                                    257, 4095, 4096, 4097, 10000, FILES_LEN};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        check_note("%ld bytes", (long)lens[i], 0);
        setup_spiffs(i % 2 == 0 ? NULL : MD5_VERIFIER);
        CHECK_EQ(push_file(FILES, file, lens[i]), ALOFT_WAY_RESTART);
        CHECK(strstr(world.said, "OK") == world.said + world.said_len - 2);
        CHECK_BYTES(in_flash(), file, lens[i]);
        CHECK_EQ(device_rest(&device, FILES_ADDR, FILES_LEN), rest);
    }
}

static void the_partition_is_spiffs_then_littlefs_then_fat(void)
{
    static const struct {
        struct place places[3];
        uint32_t count;
    } cases[] = {
        {{{FAT, 0x70000, 0}, {SPIFFS, FILES_ADDR, 0}, {LITTLEFS, 0x74000, 0}}, 3},
        {{{SPIFFS, FILES_ADDR, 0}, {SPIFFS, 0x70000, 0}, {FAT, 0x74000, 0}}, 3},
        {{{FAT, 0x70000, 0}, {LITTLEFS, FILES_ADDR, 0}}, 2},
        {{{SPIFFS, 0x70000, ALOFT_PARTITION_READONLY}, {LITTLEFS, FILES_ADDR, 0}}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_note("case %ld", (long)i, 0);
        setup_with(NULL, cases[i].places, cases[i].count);
        CHECK_EQ(push_file(FILES, file, FILES_LEN), ALOFT_WAY_RESTART);
        CHECK_BYTES(in_flash(), file, FILES_LEN);
        CHECK_EQ(device_rest(&device, FILES_ADDR, FILES_LEN), rest);
    }
}

// Arduino leaves the first sector of a fat partition as it is.
static void a_fat_image_begins_in_the_second_sector(void)
{
    setup_with(NULL, &(struct place){FAT, FILES_ADDR, 0}, 1);
    CHECK_EQ(push_file(FILES, file, FILES_LEN - 0x1000), ALOFT_WAY_RESTART);
    CHECK_BYTES(in_flash() + 0x1000, file, FILES_LEN - 0x1000);
    CHECK(in_flash()[0xFFF] == 0x11);

    setup_with(NULL, &(struct place){FAT, FILES_ADDR, 0}, 1);
    CHECK_EQ(push_file(FILES, file, FILES_LEN - 0x1000 + 1), ALOFT_WAY_WAIT);
    CHECK_TEXT(world.answer, "ERROR[5]: PUSH_FILES_SIZE");
}

// Where the table says that the files are encrypted, too.
static void files_of_an_encrypted_partition_arrive_as_text(void)
{
    setup_with(NULL, &(struct place){SPIFFS, FILES_ADDR, ALOFT_PARTITION_ENCRYPTED}, 1);
    CHECK_EQ(push_file(FILES, file, 10000), ALOFT_WAY_RESTART);
    CHECK_BYTES(device.ram.bytes + FILES_ADDR, file, 10000);
    CHECK_EQ(memcmp(in_flash(), file, 10000) == 0, device_unit == 1);
}

static void files_that_do_not_fit_or_have_no_place_are_refused(void)
{
    setup_spiffs(MD5_VERIFIER);
    invite_with(FILES, file, FILES_LEN, FILES_LEN + 1);
    CHECK_TEXT(world.answer, "ERROR[5]: PUSH_FILES_SIZE");
    invite_with(FILES, file, FILES_LEN, 0);
    CHECK_TEXT(world.answer, "ERROR[5]: IMAGE_EMPTY");

    setup_with(NULL, &(struct place){SPIFFS, FILES_ADDR, ALOFT_PARTITION_READONLY}, 1);
    invite_with(FILES, file, FILES_LEN, FILES_LEN);
    CHECK_TEXT(world.answer, "ERROR[10]: PUSH_NO_FILES");

    // A table in which the files lie over a slot: nothing may be written by it.
    setup_with(NULL, &(struct place){SPIFFS, DEVICE_OTA_0 + 0x10000, 0}, 1);
    invite_with(FILES, file, FILES_LEN, FILES_LEN);
    CHECK_TEXT(world.answer, "ERROR[10]: PTABLE_OVERLAP");
    CHECK_EQ(device.ram.progs + device.ram.erases, 0);
}

static void files_that_are_not_the_announced_do_not_mount(void)
{
    setup_spiffs(NULL);
    file[5000] ^= 1;
    invite_with(FILES, file, FILES_LEN, FILES_LEN);
    file[5000] ^= 1;
    accept_connection();
    (void)stream(file, FILES_LEN, 1024);
    CHECK(strstr(world.said, "ERROR[7]: MD5 Check Failed (PUSH_MD5)\r\n") != NULL);
    CHECK_EQ(hang_up(), ALOFT_WAY_WAIT);
    CHECK(aloft_bytes_are(in_flash(), 16, 0xFF));
    CHECK_EQ(push_file(FILES, file, FILES_LEN), ALOFT_WAY_RESTART); // and again, whole
    CHECK_BYTES(in_flash(), file, FILES_LEN);
}

static void a_failing_flash_is_told(void)
{
    uint32_t told = 0;
    for (uint32_t op = 1;; op++) {
        setup_spiffs(NULL);
        invite_with(FILES, file, 3000, 3000);
        accept_connection();
        device.ram.ops = 0;
        device.ram.fail_op = op;
        check_note("operation %ld", (long)op, 0);
        (void)stream(file, 3000, 1024);
        enum aloft_way_state state = hang_up();
        bool done = device.ram.ops < op;
        device.ram.fail_op = 0;
        CHECK_EQ(state == ALOFT_WAY_RESTART, done); // every operation must succeed
        CHECK_EQ(strstr(world.said, "OK") != NULL, done);
        CHECK_EQ(device_rest(&device, FILES_ADDR, FILES_LEN), rest);
        if (done) {
            break;
        }
        told++;
    }
    CHECK(told > 15);
}

static void a_cut_at_any_change_touches_only_the_files(void)
{
    for (long changes = 0;; changes++) {
        setup_spiffs(NULL);
        world.cut_after = changes;
        check_note("cut after %ld", changes, 0);
        enum aloft_way_state state = push_file(FILES, file, 3000);
        bool was_cut = world.cut;
        CHECK(!was_cut || strstr(world.said, "OK") == NULL);
        CHECK_EQ(device_rest(&device, FILES_ADDR, FILES_LEN), rest);
        if (!was_cut) {
            CHECK_EQ(state, ALOFT_WAY_RESTART);
            CHECK(changes > 10);
            break;
        }
        power_up();
        CHECK_EQ(settle(), ALOFT_WAY_WAIT);
        CHECK_EQ(push_file(FILES, file, 3000), ALOFT_WAY_RESTART);
        CHECK_BYTES(in_flash(), file, 3000);
    }
}

// The restart at the end of a push would be the trial's end, too.
static void files_wait_until_the_running_app_is_confirmed(void)
{
    setup_spiffs(NULL);
    device_put_record(&device, 0, 1, ALOFT_OTA_PENDING, true);
    power_up();
    intake.config.running = 0;
    CHECK_EQ(push_file(FILES, file, 3000), ALOFT_WAY_WAIT);
    CHECK_TEXT(world.answer, "ERROR[12]: ON_TRIAL");
    CHECK_EQ(device_rest(&device, FILES_ADDR, FILES_LEN), rest);

    device_put_record(&device, 0, 1, ALOFT_OTA_VALID, true);
    CHECK_EQ(push_file(FILES, file, 3000), ALOFT_WAY_RESTART);
}

DEVICE_MAIN(TEST(files_of_any_length_arrive_and_only_they_change),
            TEST(the_partition_is_spiffs_then_littlefs_then_fat),
            TEST(a_fat_image_begins_in_the_second_sector),
            TEST(files_of_an_encrypted_partition_arrive_as_text),
            TEST(files_that_do_not_fit_or_have_no_place_are_refused),
            TEST(files_wait_until_the_running_app_is_confirmed),
            TEST(files_that_are_not_the_announced_do_not_mount), TEST(a_failing_flash_is_told),
            TEST(a_cut_at_any_change_touches_only_the_files))
