// A burn that was under way when the chip's process ended: after a reset all of its bits are
// burned, after a power cut some of them. Retained memory that describes no burn is ignored.
#include "board/supervisor/settle.h"
#include "check.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORD = 40, BITS = 0x00FF0F01, ROUNDS = 200 };

static char folder[] = "/tmp/aloft-settle-XXXXXX";
static char flash[64];

static void publish(struct aloft_retained *retained, uint32_t kind, uint32_t addr, uint32_t len)
{
    static const uint8_t bits[4] = {0x01, 0x0F, 0xFF, 0x00};
    retained->operation.addr = addr;
    retained->operation.len = len;
    memcpy(retained->operation.data, bits, sizeof bits);
    atomic_store(&retained->operation.kind, kind);
}

// The word on a blank chip, after an operation that retained memory describes like this is settled.
static uint32_t settled(uint32_t addr, uint32_t len, bool power_cut, uint32_t seed)
{
    struct aloft_retained retained = {.config.flash_size = ALOFT_NOR_BLOCK};
    struct aloft_efuse_file file;
    struct aloft_efuse_words words;
    struct aloft_message error;
    char path[80];
    CHECK(aloft_efuse_file_path(flash, path, sizeof path));
    (void)unlink(path); // the file may not exist
    CHECK(aloft_efuse_file_open(&file, flash, ALOFT_EFUSE_FILE_WRITE, &error));
    const struct aloft_settle settle = {.retained = &retained, .efuse = &file, .seed = seed};
    publish(&retained, ALOFT_BOARD_BURN, addr, len);
    aloft_settle(&settle, power_cut);
    CHECK_EQ(atomic_load(&retained.operation.kind), ALOFT_BOARD_IDLE);
    aloft_settle(&settle, false); // the operation has ended
    CHECK_EQ(aloft_efuse_file_read(&file, &words), ALOFT_OK);
    CHECK(aloft_efuse_file_close(&file, &error));
    CHECK_EQ(unlink(path), 0);
    for (uint32_t i = 0; i < ALOFT_EFUSE_WORDS; i++) {
        CHECK(i == WORD || words.word[i] == 0);
    }
    return words.word[WORD];
}

static void a_reset_lets_a_burn_finish(void)
{
    CHECK_EQ(settled(WORD, 4, false, 1), BITS);
}

static void a_power_cut_leaves_a_part_of_it(void)
{
    uint32_t whole = 0;
    uint32_t any = 0;
    for (uint32_t seed = 1; seed <= ROUNDS; seed++) {
        uint32_t word = settled(WORD, 4, true, seed);
        CHECK_EQ(word & ~(uint32_t)BITS, 0);
        whole += word == BITS;
        any |= word;
    }
    CHECK(whole < ROUNDS / 2);
    CHECK_EQ(any, BITS);
}

static void retained_memory_without_a_burn_is_ignored(void)
{
    CHECK_EQ(settled(ALOFT_EFUSE_WORDS, 4, false, 1), 0);
    CHECK_EQ(settled(WORD, 3, false, 1), 0);
    CHECK_EQ(settled(UINT32_MAX, 4, true, 1), 0);
}

static void the_folder_is_made(void)
{
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(flash, sizeof flash, "%s/flash", folder);
}

static void the_folder_is_empty_again(void)
{
    CHECK_EQ(rmdir(folder), 0);
}

CHECK_MAIN(TEST(the_folder_is_made), TEST(a_reset_lets_a_burn_finish),
           TEST(a_power_cut_leaves_a_part_of_it), TEST(retained_memory_without_a_burn_is_ignored),
           TEST(the_folder_is_empty_again))
