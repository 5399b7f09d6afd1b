// Maps what the supervisor left open, and checks that it is what this program expects.
#include "board/chip/attach.h"
#include "board/chip/flash_port.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static _Noreturn void no_board(const char *why)
{
    fprintf(stderr,
            "aloft: this program runs on the virtual board only (%s); "
            "start it with \"aloft board run FLASH\"\n",
            why);
    _exit(2);
}

static void *map(int fd, size_t len)
{
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) {
        no_board(strerror(errno));
    }
    return at;
}

void aloft_board_attach(struct aloft_board *board, const char *name, uint32_t watchdog_ms)
{
    struct stat st;
    memset(board, 0, sizeof *board);
    if (fstat(ALOFT_BOARD_RETAINED_FD, &st) != 0 || st.st_size < (off_t)sizeof *board->retained) {
        no_board("there is no retained memory");
    }
    board->retained = map(ALOFT_BOARD_RETAINED_FD, (size_t)st.st_size);
    struct aloft_retained *retained = board->retained;
    if (retained->magic != ALOFT_RETAINED_MAGIC || retained->crc != aloft_retained_crc(retained)) {
        no_board("retained memory is damaged");
    }
    // For a readable process list, and for exact short waits. Failures do not matter.
    (void)prctl(PR_SET_NAME, name);
    (void)prctl(PR_SET_TIMERSLACK, 1);
    uint8_t *bytes = map(ALOFT_BOARD_FLASH_FD, retained->config.flash_size);
    aloft_flash_port_init(board, bytes);
    board->watchdog_ms = watchdog_ms;
    aloft_board_feed_watchdog(board);
}
