// Bytes from the serial port into the loader, and its answers out; the loader does the rest.
#include "board/rom/rom_download.h"
#include "board/rom/loader.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { CHUNK = 4096, FEED_EVERY_MS = 1000 };

struct download {
    struct aloft_board *board;
    struct aloft_loader loader;
};

static void say_loading(struct aloft_board *board, enum aloft_board_loading loading)
{
    atomic_store(&board->retained->loading, loading);
}

// What the chip is when it has answered.
static void say_ready(struct download *download)
{
    const struct aloft_loader *loader = &download->loader;
    say_loading(download->board, loader->wish == ALOFT_LOADER_BOOTS ? ALOFT_BOARD_NOT_LOADING
                                 : loader->stub                     ? ALOFT_BOARD_STUB
                                                                    : ALOFT_BOARD_LOADING);
}

// What the chip is when it carries a request out. Of a stub, who runs it matters more.
static void say_busy(struct download *download)
{
    if (!download->loader.stub) {
        say_loading(download->board, ALOFT_BOARD_BUSY);
    }
}

static void send(void *ctx, const uint8_t *bytes, uint32_t len)
{
    struct download *download = ctx;
    say_ready(download); // before the host knows, and leaves
    while (len > 0) {
        ssize_t n = write(ALOFT_BOARD_SERIAL_FD, bytes, len);
        if (n < 0 && errno != EINTR) {
            return; // the cable is gone; the next byte in will not come either
        }
        if (n > 0) {
            bytes += n;
            len -= (uint32_t)n;
        }
    }
}

// Waits until what was written has gone out, however long the board's supervisor is held up. Text
// and answers are two wires here and one on a chip; without this, one could overtake the other.
static void flush(struct aloft_board *board, int wire)
{
    int left = 0;
    while (ioctl(wire, FIONREAD, &left) == 0 && left > 0) {
        (void)poll(NULL, 0, 1); // a sleep; one that is cut short does no harm
        aloft_board_feed_watchdog(board);
    }
}

static void alive(void *ctx)
{
    struct download *download = ctx;
    say_busy(download);
    aloft_board_feed_watchdog(download->board);
}

static void set_baud(void *ctx, uint32_t baud)
{
    struct download *download = ctx;
    atomic_store(&download->board->retained->loader_baud, baud);
}

void aloft_rom_download(struct aloft_board *board, const struct aloft_efuse_words *words)
{
    static struct download download; // too large for a stack; of this process only
    static uint8_t chunk[CHUNK];
    const struct aloft_loader_port port = {.ctx = &download,
                                           .send = send,
                                           .alive = alive,
                                           .set_baud = set_baud,
                                           .flash = &board->cells,
                                           .crypt = board->flash.raw != NULL ? &board->flash : NULL,
                                           .crypto = &aloft_mbed_crypto};
    struct aloft_loader *loader = &download.loader;
    struct aloft_efuse efuse;
    download.board = board;
    aloft_loader_init(loader, &port);
    aloft_efuse_read(&efuse, words);
    loader->chip.secure_boot = efuse.secure_boot;
    loader->chip.secure_version = efuse.secure_version;
    loader->chip.efuse = words;
    // For good is all seven bits on an ESP32, and three in these eFuses.
    loader->chip.crypt_count = efuse.crypt_count == 7 ? 0x7F : efuse.crypt_count;
    set_baud(&download, 0);
    aloft_board_print("waiting for download\n");
    flush(board, STDOUT_FILENO);
    while (loader->wish == ALOFT_LOADER_STAYS) {
        struct pollfd input = {STDIN_FILENO, POLLIN, 0};
        say_ready(&download);
        bool comes = poll(&input, 1, FEED_EVERY_MS) > 0;
        aloft_board_feed_watchdog(board);
        if (comes) {
            say_busy(&download); // while the request still waits, so that no moment is in between
        }
        ssize_t n = read(STDIN_FILENO, chunk, sizeof chunk);
        if (n > 0) {
            (void)aloft_loader_feed(loader, chunk, (uint32_t)n); // its wish is looked at above
        }
    }
    aloft_loader_release(loader);
    flush(board, ALOFT_BOARD_SERIAL_FD);
    aloft_board_reset(board, ALOFT_BOARD_RESET_SOFTWARE);
}
