// The flasher against a scripted chip: which chip answers, writing, and what cables and chips do
// wrong.
#include "flasher_world.h"

// --- which chip answers

static void an_esp32_is_known_by_its_rom(void **state)
{
    static const uint8_t mac[] = {0x24, 0x0A, 0xC4, 0x00, 0x01, 0x02};
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    assert_string_equal(flasher.chip->info->name, "ESP32");
    assert_false(flasher.stub);
    assert_memory_equal(flasher.facts.mac, mac, sizeof mac);
    assert_int_equal(flasher.facts.revision, 201);
    assert_int_equal(flasher.facts.crystal_mhz, 40);
    assert_false(flasher.facts.secure_boot);
    assert_int_equal(flasher.flash_size, FLASH_SIZE);
    assert_int_equal(chip.attach_len, 8);
}

static void c3_and_s3_are_known_by_their_id(void **state)
{
    static const uint8_t mac[] = {0x24, 0x0A, 0xC4, 0x00, 0x01, 0x02};
    (void)state;
    for (int i = 0; i < 2; i++) {
        (void)set_up(state);
        connect_to(&(struct chip){.model = i == 0 ? MODEL_C3 : MODEL_S3});
        assert_string_equal(flasher.chip->info->name, i == 0 ? "ESP32-C3" : "ESP32-S3");
        assert_memory_equal(flasher.facts.mac, mac, sizeof mac);
        assert_int_equal(flasher.facts.revision, i == 0 ? 4 : 2);
        assert_int_equal(flasher.flash_size, FLASH_SIZE);
        assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
        assert_int_equal(chip.begin_words, 5);
        check_written();
        if (i == 0) {
            (void)tear_down(state); // the last one is torn down for us
        }
    }
}

// The ROM of a real C3, once it has computed an MD5, answers SYNC with the status 00 00 38 61. We
// read the last two bytes, and said that the chip does not answer.
static void a_status_is_its_first_two_bytes_whatever_follows(void **state)
{
    uint8_t digest[ALOFT_MD5_LEN];
    (void)state;
    connect_to(&(struct chip){.model = MODEL_C3});
    assert_true(aloft_flasher_md5(&flasher, 0x10000, 0x1000, digest));
    assert_true(aloft_flasher_connect(&flasher, &line, ALOFT_FLASHER_NO_RESET, NULL));
    assert_true(aloft_flasher_attach(&flasher, 0));
    assert_true(aloft_flasher_md5(&flasher, 0x10000, 0x1000, digest));
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
}

static void other_chips_are_refused_by_name(void **state)
{
    static const struct {
        struct chip script;
        const char *expected;
        const char *says;
    } cases[] = {
        {{.model = MODEL_C3}, "esp32s3", "is an ESP32-C3, not an ESP32-S3"},
        {{.model = MODEL_S2}, NULL, "is an ESP32-S2, which this tool cannot flash"},
        {{.model = MODEL_UNKNOWN}, NULL, "unknown chip 0x00000063 on "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)set_up(state);
        start_chip(&cases[i].script);
        const struct aloft_flasher_chip *expected =
            cases[i].expected == NULL ? NULL : aloft_flasher_chip_by_word(cases[i].expected);
        assert_false(aloft_flasher_connect(&flasher, &line, ALOFT_FLASHER_RESET, expected));
        assert_non_null(strstr(flasher.error.text, cases[i].says));
        if (i + 1 < COUNT(cases)) {
            (void)tear_down(state); // the last one is torn down for us
        }
    }
}

static void a_flash_that_does_not_tell_its_size_must_be_described(void **state)
{
    (void)state;
    start_chip(&(struct chip){.model = MODEL_ESP32});
    chip.flash_id = 0xFFFFFF;
    assert_true(aloft_flasher_connect(&flasher, &line, ALOFT_FLASHER_RESET, NULL));
    assert_false(aloft_flasher_attach(&flasher, 0));
    assert_non_null(strstr(flasher.error.text, "--flash-size"));
    assert_true(aloft_flasher_attach(&flasher, FLASH_SIZE));
}

static void a_chip_that_never_answers_is_given_up_with_advice(void **state)
{
    (void)state;
    start_chip(&(struct chip){.model = MODEL_ESP32, .deaf = true});
    uint64_t before = aloft_clock_ms();
    assert_false(aloft_flasher_connect(&flasher, &line, ALOFT_FLASHER_RESET, NULL));
    assert_non_null(strstr(flasher.error.text, "hold BOOT"));
    assert_true(aloft_clock_ms() - before >= 10000); // a busy machine may answer late
}

// --- writing, when all is well

static void a_write_is_what_is_in_flash(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begin_words, 4);
    assert_int_equal(chip.begin_block, ALOFT_FLASHER_BLOCK_ROM);
    assert_int_equal(chip.begin_size, (DATA_LEN + 0x3FF) / 0x400 * 0x400); // whole blocks
}

static void a_plain_write_pads_its_last_block(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, true));
    check_written();
    assert_int_equal(chip.blocks, (DATA_LEN + 0x3FF) / 0x400);
    assert_int_equal(chip.flash[0x10000 + DATA_LEN], 0xFF);
}

static void a_running_stub_is_used(void **state)
{
    uint8_t back[5000];
    (void)state;
    connect_to(&(struct chip){.model = MODEL_C3, .stub = true});
    assert_true(flasher.stub);
    assert_int_equal(chip.attach_len, 4);
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begin_block, ALOFT_FLASHER_BLOCK_STUB);
    assert_int_equal(chip.begin_size, DATA_LEN); // the very length
    assert_true(aloft_flasher_read(&flasher, 0x10001, back, sizeof back));
    assert_memory_equal(back, data + 1, sizeof back);
    assert_true(aloft_flasher_erase(&flasher, 0x10000, 0x1000));
    assert_int_equal(chip.flash[0x10FFF], 0xFF);
    assert_memory_equal(chip.flash + 0x11000, data + 0x1000, 0x1000);
    // it falls back to the ROM when it is asked to reboot, and the ROM is asked, too
    assert_true(aloft_flasher_finish(&flasher, ALOFT_FLASHER_HARD_RESET));
    assert_int_equal(chip.reboots, 2);
}

// So it is when a machine is busy after a change of speed: the ROM was taken for a stub, and asked
// for what only a stub does.
static void a_sync_without_an_answer_does_not_make_a_stub(void **state)
{
    uint8_t back[64];
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    chip.slow = true;
    assert_false(aloft_flasher_sync(&flasher));
    assert_false(flasher.stub);
    assert_true(aloft_flasher_read(&flasher, 0x10001, back, sizeof back));
}

static void reads_of_any_length_come_back(void **state)
{
    static const uint32_t lens[] = {1, 63, 64, 65, 1000};
    uint8_t back[1000];
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    memcpy(chip.flash, data, sizeof data);
    data[7] = chip.flash[7] = 1; // as a status would be: failed, request not known
    data[8] = chip.flash[8] = ALOFT_SERIAL_INVALID;
    for (size_t i = 0; i < COUNT(lens); i++) {
        memset(back, 0, sizeof back);
        assert_true(aloft_flasher_read(&flasher, 7, back, lens[i]));
        assert_memory_equal(back, data + 7, lens[i]);
    }
    assert_false(aloft_flasher_read(&flasher, FLASH_SIZE - 1, back, 2));
    assert_non_null(strstr(flasher.error.text, "beyond the flash"));
}

static void erases_and_reboots_work_by_the_rom_alone(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    assert_true(aloft_flasher_erase(&flasher, 0x2000, 0x3000));
    assert_int_equal(chip.flash[0x1FFF], 0x5A);
    assert_int_equal(chip.flash[0x2000], 0xFF);
    assert_int_equal(chip.flash[0x4FFF], 0xFF);
    assert_int_equal(chip.flash[0x5000], 0x5A);
    assert_true(aloft_flasher_erase(&flasher, 0, FLASH_SIZE));
    assert_int_equal(chip.flash[FLASH_SIZE - 1], 0xFF);
    assert_true(aloft_flasher_finish(&flasher, ALOFT_FLASHER_STAY));
    assert_int_equal(chip.reboots, 0);
    assert_true(aloft_flasher_finish(&flasher, ALOFT_FLASHER_HARD_RESET)); // no lines: asked nicely
    assert_int_equal(chip.reboots, 1);
}

static void an_s3_is_not_kept_in_its_loader(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_S3});
    find_reg(0x6000812C)->value = 0xF001;
    assert_true(aloft_flasher_finish(&flasher, ALOFT_FLASHER_HARD_RESET));
    assert_int_equal(find_reg(0x6000812C)->value, 0xF000);
}

static void what_does_not_fit_is_refused_before_anything_is_sent(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    assert_false(aloft_flasher_write(&flasher, 0x10001, data, 16, false));
    assert_false(aloft_flasher_write(&flasher, FLASH_SIZE - 0x1000, data, 0x1001, false));
    assert_false(aloft_flasher_write(&flasher, FLASH_SIZE, data, 1, false));
    assert_false(aloft_flasher_write(&flasher, 0, data, 0, false));
    assert_int_equal(chip.begins, 0);
}

// --- writing, when something goes wrong

static void noise_between_frames_changes_nothing(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .noisy = true});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begins, 1);
}

static void a_block_that_arrives_broken_is_sent_again(void **state)
{
    (void)state;
    for (int stub = 0; stub < 2; stub++) {
        (void)set_up(state);
        connect_to(&(struct chip){
            .model = MODEL_ESP32, .stub = stub == 1, .fault = FAULT_BAD_CHECK, .fault_at = 1});
        assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
        check_written();
        assert_int_equal(chip.begins, 1);
        if (stub == 0) {
            (void)tear_down(state); // the last one is torn down for us
        }
    }
}

static void a_block_that_is_lost_is_sent_again(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .fault = FAULT_NOT_HEARD, .fault_at = 2});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begins, 1);
}

// The chip has taken the block, so sending it again breaks the stream; only a new write helps.
static void a_lost_reply_begins_the_write_again(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .fault = FAULT_NO_REPLY, .fault_at = 2});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_true(chip.begins >= 2);
}

static void flash_that_keeps_something_else_is_written_again_and_then_given_up(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .fault = FAULT_WEAR_ONCE});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begins, 2);
    chip.fault = FAULT_WEAR;
    assert_false(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    assert_non_null(strstr(flasher.error.text, "is not what was written"));
    assert_int_equal(chip.begins, 5);
}

static void a_block_that_the_chip_refuses_is_named(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .fault = FAULT_REFUSE, .fault_at = 1});
    assert_false(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    assert_non_null(strstr(flasher.error.text, "FLASH_DEFL_DATA"));
    assert_non_null(strstr(flasher.error.text, "flash could not be written"));
}

static void a_cable_that_is_pulled_ends_the_write_and_says_so(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .fault = FAULT_PULL, .fault_at = 3});
    assert_false(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    assert_true(line.gone);
    assert_non_null(strstr(flasher.error.text, "closed the connection"));
    assert_int_equal(chip.begins, 1);
    assert_false(aloft_flasher_erase(&flasher, 0, 0x1000));
}

// The message was "fell silent", for 0.0 s, so a user would have tried another cable or a lower
// speed.
static void a_cable_that_is_pulled_after_sync_is_not_reported_as_silence(void **state)
{
    (void)state;
    start_chip(&(struct chip){.model = MODEL_C3, .pull = ALOFT_SERIAL_READ_REG});
    assert_false(aloft_flasher_connect(&flasher, &line, ALOFT_FLASHER_RESET, NULL));
    assert_true(line.gone);
    assert_non_null(strstr(flasher.error.text, "closed the connection"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_esp32_is_known_by_its_rom),
        CASE(c3_and_s3_are_known_by_their_id),
        CASE(a_status_is_its_first_two_bytes_whatever_follows),
        CASE(other_chips_are_refused_by_name),
        CASE(a_flash_that_does_not_tell_its_size_must_be_described),
        CASE(a_chip_that_never_answers_is_given_up_with_advice),
        CASE(a_write_is_what_is_in_flash),
        CASE(a_plain_write_pads_its_last_block),
        CASE(a_running_stub_is_used),
        CASE(a_sync_without_an_answer_does_not_make_a_stub),
        CASE(reads_of_any_length_come_back),
        CASE(erases_and_reboots_work_by_the_rom_alone),
        CASE(an_s3_is_not_kept_in_its_loader),
        CASE(what_does_not_fit_is_refused_before_anything_is_sent),
        CASE(noise_between_frames_changes_nothing),
        CASE(a_block_that_arrives_broken_is_sent_again),
        CASE(a_block_that_is_lost_is_sent_again),
        CASE(a_lost_reply_begins_the_write_again),
        CASE(flash_that_keeps_something_else_is_written_again_and_then_given_up),
        CASE(a_block_that_the_chip_refuses_is_named),
        CASE(a_cable_that_is_pulled_ends_the_write_and_says_so),
        CASE(a_cable_that_is_pulled_after_sync_is_not_reported_as_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
