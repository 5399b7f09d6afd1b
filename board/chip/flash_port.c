// A flash operation of the board: publish it in retained memory, wait as long as a chip is busy,
// then let the model carry it out. If the process is killed during the wait, the supervisor finds
// the published operation, and tears it (power cut) or completes it (reset).
#include "board/chip/flash_port.h"
#include "hostlib/flash/efuse_file.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define US_PER_S 1000000u

static void busy(uint32_t us)
{
    struct timespec left = {(time_t)(us / US_PER_S), (long)(us % US_PER_S) * 1000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void aloft_flash_port_begin(struct aloft_board *board, uint32_t kind, uint32_t addr,
                            const void *data, uint32_t len, uint32_t busy_us)
{
    struct aloft_board_operation *operation = &board->retained->operation;
    operation->addr = addr;
    operation->len = len;
    if (data != NULL && len <= sizeof operation->data) {
        memcpy(operation->data, data, len);
    }
    atomic_store(&operation->kind, kind); // last: from here on it is under way
    if (!board->retained->config.fast) {
        busy(busy_us);
    }
}

void aloft_flash_port_end(struct aloft_board *board)
{
    struct aloft_retained *retained = board->retained;
    retained->operations = board->nor.operations;
    retained->noise = board->nor.noise;
    atomic_store(&retained->operation.kind, ALOFT_BOARD_IDLE);
    if (board->nor.dead) {
        retained->halt = ALOFT_BOARD_POWER_CUT;
        (void)kill(getpid(), SIGKILL); // without power nothing runs on, not even an exit handler
        for (;;) {
            (void)pause();
        }
    }
}

static enum aloft_err flash_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct aloft_board *board = ctx;
    return board->nor.flash.ops->read(&board->nor, addr, buf, len);
}

static enum aloft_err flash_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct aloft_board *board = ctx;
    aloft_flash_port_begin(board, ALOFT_BOARD_PROG, addr, data, len, aloft_nor_prog_us(len));
    enum aloft_err err = board->nor.flash.ops->prog(&board->nor, addr, data, len);
    aloft_flash_port_end(board);
    return err;
}

static enum aloft_err flash_erase(void *ctx, uint32_t addr, uint32_t len)
{
    struct aloft_board *board = ctx;
    aloft_flash_port_begin(board, ALOFT_BOARD_ERASE, addr, NULL, len, aloft_nor_erase_us(len));
    enum aloft_err err = board->nor.flash.ops->erase(&board->nor, addr, len);
    aloft_flash_port_end(board);
    return err;
}

// As the eFuses say. What is published of an operation is always that of the cells.
static void encrypt(struct aloft_board *board)
{
    const struct aloft_efuse_file efuse = {ALOFT_BOARD_EFUSE_FD};
    uint8_t key[ALOFT_EFUSE_KEY_LEN];
    if (aloft_efuse_file_flash_key(&efuse, key)) {
        aloft_esp32_crypt_init(&board->cipher, key);
        aloft_flash_crypt_init(&board->crypt, &board->cells, &board->cipher.cipher);
        board->flash = board->crypt.flash;
    }
}

void aloft_flash_port_init(struct aloft_board *board, uint8_t *bytes)
{
    static const struct aloft_flash_ops ops = {flash_read, flash_prog, flash_erase};
    struct aloft_retained *retained = board->retained;
    aloft_nor_init(&board->nor, bytes, retained->sectors, retained->config.flash_size);
    board->nor.operations = retained->operations;
    board->nor.noise = retained->noise;
    board->nor.plan = retained->config.plan;
    board->cells = (struct aloft_flash){&ops, board, board->nor.flash.geometry, NULL};
    board->flash = board->cells;
    encrypt(board);
}
