// The flasher when the chip, the host or the network between them is busy: late answers are waited
// for, and are never taken for answers to something else.
#include "flasher_world.h"

// The chip had twenty SYNCs to answer, and these replies ended the next wait: "did not answer".
static void a_chip_that_wakes_up_late_is_known_by_its_rom(void **state)
{
    (void)state;
    connect_to(
        &(struct chip){.model = MODEL_ESP32, .late = ALOFT_SERIAL_SYNC, .late_bytes = 20 * 44});
    assert_string_equal(flasher.chip->info->name, "ESP32");
    assert_false(flasher.stub);
}

// An S3 with a late answer was an unknown chip: it has no id where an ESP32 has its own.
static void a_late_id_is_waited_for(void **state)
{
    (void)state;
    connect_to(
        &(struct chip){.model = MODEL_S3, .late = ALOFT_SERIAL_SECURITY_INFO, .late_bytes = 1});
    assert_string_equal(flasher.chip->info->name, "ESP32-S3");
    assert_int_equal(flasher.facts.revision, 2);
}

// A second "unknown request" was taken for the answer to the next request.
static void a_late_refusal_is_not_taken_for_the_next_answer(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32, .echoes = true});
    assert_string_equal(flasher.chip->info->name, "ESP32");
}

// An answer to a read that came late was taken for that of the next read, so all that followed was
// wrong.
static void a_late_read_is_not_taken_for_the_next_one(void **state)
{
    uint8_t back[1000];
    (void)state;
    connect_to(&(struct chip){
        .model = MODEL_ESP32, .late = ALOFT_SERIAL_READ_FLASH_SLOW, .late_bytes = 1});
    memcpy(chip.flash, data, sizeof data);
    assert_true(aloft_flasher_read(&flasher, 7, back, sizeof back));
    assert_memory_equal(back, data + 7, sizeof back);
}

// A block with a late answer was sent again, which broke the stream.
static void a_block_that_is_taken_late_is_sent_once(void **state)
{
    (void)state;
    connect_to(
        &(struct chip){.model = MODEL_ESP32, .late = ALOFT_SERIAL_DEFL_DATA, .late_bytes = 1});
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
    assert_int_equal(chip.begins, 1);
}

// The write was tried again and again for two minutes.
static void a_chip_that_falls_silent_is_given_up_once(void **state)
{
    (void)state;
    connect_to(&(struct chip){.model = MODEL_ESP32});
    chip.deaf = true;
    assert_false(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    assert_non_null(strstr(flasher.error.text, "fell silent: no answer to FLASH_DEFL_BEGIN"));
    uint64_t before = aloft_clock_ms();
    assert_true(aloft_flasher_finish(&flasher, ALOFT_FLASHER_HARD_RESET)); // there is no RTS
    assert_true(aloft_clock_ms() - before < 10000); // asking would have taken 18 s
    chip.deaf = false;
    assert_true(aloft_flasher_write(&flasher, 0x10000, data, sizeof data, false));
    check_written();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_chip_that_wakes_up_late_is_known_by_its_rom),
        CASE(a_late_id_is_waited_for),
        CASE(a_late_refusal_is_not_taken_for_the_next_answer),
        CASE(a_late_read_is_not_taken_for_the_next_one),
        CASE(a_block_that_is_taken_late_is_sent_once),
        CASE(a_chip_that_falls_silent_is_given_up_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
