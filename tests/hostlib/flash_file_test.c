// A flash file behaves like NOR and never meets a second writer.
#include "host_folder.h"
#include "hostlib/flash/flash_file.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char path[] = "chip";

static int make_chip(void **state)
{
    struct aloft_message error;
    (void)state;
    return aloft_flash_file_create(path, ALOFT_FLASH_FILE_MIN, &error) ? 0 : -1;
}

static int remove_chip(void **state)
{
    (void)state;
    return unlink(path);
}

static void a_new_chip_is_erased(void **state)
{
    struct aloft_flash_file file;
    struct aloft_message error;
    uint8_t bytes[64];
    (void)state;
    assert_true(aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_READ, &error));
    assert_int_equal(file.flash.geometry.size, ALOFT_FLASH_FILE_MIN);
    struct aloft_flash_view view = {&file.flash, 0, ALOFT_FLASH_FILE_MIN};
    assert_int_equal(aloft_flash_read(&view, ALOFT_FLASH_FILE_MIN - 64, bytes, 64), ALOFT_OK);
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_int_equal(bytes[i], 0xFF);
    }
    assert_int_equal(aloft_flash_prog(&view, 0, "x", 1), ALOFT_ERR_FLASH_PROG); // not for writing
    assert_int_equal(aloft_flash_erase(&view, 0, 4096), ALOFT_ERR_FLASH_ERASE);
    assert_true(aloft_flash_file_close(&file, &error));
}

static void programs_only_clear_bits(void **state)
{
    struct aloft_flash_file file;
    struct aloft_message error;
    uint8_t byte;
    (void)state;
    assert_true(aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_WRITE, &error));
    struct aloft_flash_view view = {&file.flash, 0, ALOFT_FLASH_FILE_MIN};
    assert_int_equal(aloft_flash_prog(&view, 0x1005, "\xF0", 1), ALOFT_OK);
    assert_int_equal(aloft_flash_prog(&view, 0x1005, "\x3C", 1), ALOFT_OK);
    assert_int_equal(aloft_flash_read(&view, 0x1005, &byte, 1), ALOFT_OK);
    assert_int_equal(byte, 0x30);
    assert_int_equal(aloft_flash_erase(&view, 0x1000, 4096), ALOFT_OK);
    assert_int_equal(aloft_flash_read(&view, 0x1005, &byte, 1), ALOFT_OK);
    assert_int_equal(byte, 0xFF);
    assert_true(aloft_flash_file_close(&file, &error));
}

// Locks are between processes, so the second writer is a child.
static int open_in_child(void)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        struct aloft_flash_file file;
        struct aloft_message error;
        char parent[32];
        bool opened = aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_WRITE, &error);
        (void)snprintf(parent, sizeof parent, "process %ld,", (long)getppid());
        _exit(opened ? 0 : strstr(error.text, parent) != NULL ? 1 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static void a_second_writer_is_refused_and_told_who_has_it(void **state)
{
    struct aloft_flash_file file;
    struct aloft_message error;
    (void)state;
    assert_true(aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_WRITE, &error));
    assert_int_equal(open_in_child(), 1);
    assert_true(aloft_flash_file_close(&file, &error));
    assert_int_equal(open_in_child(), 0);
}

static void a_reader_neither_takes_nor_needs_the_lock(void **state)
{
    struct aloft_flash_file file;
    struct aloft_message error;
    (void)state;
    assert_true(aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_READ, &error));
    assert_int_equal(open_in_child(), 0);
    assert_true(aloft_flash_file_close(&file, &error));
}

static void a_length_of_no_chip_is_refused_with_the_size(void **state)
{
    char efuse[4096];
    struct aloft_flash_file file;
    struct aloft_message error;
    (void)state;
    assert_int_equal(truncate(path, 12345), 0);
    assert_false(aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_READ, &error));
    assert_non_null(strstr(error.text, "12345 bytes"));
    // A merged file does not belong to a board, and "recreate it with aloft board create" would
    // lose it.
    assert_null(strstr(error.text, "aloft board create"));
    (void)snprintf(efuse, sizeof efuse, "%s.efuse", path);
    int fd = open(efuse, O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0 && close(fd) == 0);
    assert_false(aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_READ, &error));
    assert_non_null(strstr(error.text, "aloft board create"));
    assert_int_equal(unlink(efuse), 0);
    assert_false(aloft_flash_file_open(&file, folder, ALOFT_FLASH_FILE_READ, &error));
    assert_false(aloft_flash_file_open(&file, "/nowhere/chip", ALOFT_FLASH_FILE_READ, &error));
    assert_false(aloft_flash_file_create(path, ALOFT_FLASH_FILE_MIN, &error)); // it is there
    assert_false(aloft_flash_file_create("/nowhere/chip", ALOFT_FLASH_FILE_MIN, &error));
    assert_false(aloft_flash_file_create(path, 3 << 20, &error));
}

static void a_dump_of_any_length_reads_as_a_flash_whose_rest_is_erased(void **state)
{
    static const off_t lengths[] = {0x8001, 65535, 65537, ALOFT_FLASH_FILE_MIN + 1};
    struct aloft_flash_file file;
    struct aloft_message error;
    uint8_t bytes[2];
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        assert_int_equal(truncate(path, 0), 0);
        assert_int_equal(truncate(path, lengths[i]), 0); // zeros
        assert_true(aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_DUMP, &error));
        struct aloft_flash_view view = {&file.flash, 0, file.flash.geometry.size};
        assert_int_equal(aloft_flash_read(&view, (uint32_t)lengths[i] - 1, bytes, 2), ALOFT_OK);
        assert_int_equal(bytes[0], 0);
        assert_int_equal(bytes[1], 0xFF);
        assert_int_equal(aloft_flash_prog(&view, 0, bytes, 1), ALOFT_ERR_FLASH_PROG);
        assert_true(aloft_flash_file_close(&file, &error));
    }
}

static void a_file_that_shrinks_is_a_failed_read(void **state)
{
    struct aloft_flash_file file;
    struct aloft_message error;
    uint8_t byte;
    (void)state;
    assert_true(aloft_flash_file_open(&file, path, ALOFT_FLASH_FILE_READ, &error));
    struct aloft_flash_view view = {&file.flash, 0, ALOFT_FLASH_FILE_MIN};
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(aloft_flash_read(&view, 4096, &byte, 1), ALOFT_ERR_FLASH_READ);
    assert_true(aloft_flash_file_close(&file, &error));
}

int main(void)
{
#define ON_CHIP(test) cmocka_unit_test_setup_teardown(test, make_chip, remove_chip)
    const struct CMUnitTest tests[] = {
        ON_CHIP(a_new_chip_is_erased),
        ON_CHIP(programs_only_clear_bits),
        ON_CHIP(a_second_writer_is_refused_and_told_who_has_it),
        ON_CHIP(a_reader_neither_takes_nor_needs_the_lock),
        ON_CHIP(a_length_of_no_chip_is_refused_with_the_size),
        ON_CHIP(a_dump_of_any_length_reads_as_a_flash_whose_rest_is_erased),
        ON_CHIP(a_file_that_shrinks_is_a_failed_read),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
