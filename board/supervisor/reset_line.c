// Moves of DTR and RTS, and what stands in for them, become presses of the reset button.
#include "board/supervisor/reset_line.h"
#include "board/supervisor/chip_process.h"
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

// The capacitor at the chip's enable pin: a reset ends this long after the lines let go of it, and
// what they say then is where it starts. Hosts that move one line after the other rely on it.
#define ENABLE_DELAY_NS (5u * ALOFT_SUPERVISOR_NS_PER_MS)
// Over a network the second line comes late: pyserial gives every answer 50 ms. Both lines on, in a
// reset, are a host between its two steps; it may take this long.
#define BETWEEN_LINES_NS (1000u * ALOFT_SUPERVISOR_NS_PER_MS)

// The two transistors of a development board: each line works only while the other is off.
static bool holds_reset(const struct supervisor *s)
{
    return s->rts && !s->dtr;
}

bool aloft_reset_line_wants_download(const struct supervisor *s)
{
    return s->dtr && !s->rts;
}

// The enable pin goes low. Flash finishes what it is doing: its power stays.
void aloft_reset_line_press(struct supervisor *s)
{
    if (s->chip != 0) {
        (void)aloft_chip_end(s);
        aloft_chip_settle(s, false);
    }
}

void aloft_reset_line_release(struct supervisor *s)
{
    s->release_ns = 0;
    if (s->chip == 0 && !s->stop) {
        aloft_chip_power_on(s, false, aloft_reset_line_wants_download(s));
    }
}

// A host that lets go of the boot pin has held it long enough by its own clock. On a busy machine
// both moves are seen at once, and by ours no time has passed between them.
static void on_lines(void *ctx, bool dtr, bool rts)
{
    struct supervisor *s = ctx;
    if (s->release_ns != 0 && aloft_reset_line_wants_download(s)) {
        aloft_reset_line_release(s);
    }
    s->dtr = dtr;
    s->rts = rts;
    if (holds_reset(s)) {
        aloft_reset_line_press(s);
        s->release_ns = 0;
    } else if (s->chip == 0 && s->crash_ns == 0) {
        s->release_ns = aloft_board_clock_ns() + (dtr && rts ? BETWEEN_LINES_NS : ENABLE_DELAY_NS);
    }
}

// The loader receives only noise from a host at another speed.
static bool is_noise(const struct supervisor *s)
{
    uint32_t chip = atomic_load(&s->retained->loader_baud);
    uint32_t host = aloft_bridge_baud(s->bridge);
    uint32_t apart = chip > host ? chip - host : host - chip;
    return chip != 0 && host != 0 && apart > chip / 20;
}

static void on_bytes(void *ctx, const uint8_t *bytes, size_t len)
{
    struct supervisor *s = ctx;
    bool noise = is_noise(s);
    uint8_t heard[ALOFT_SUPERVISOR_CHUNK];
    while (len > 0 && s->chip != 0) {
        size_t n = len < sizeof heard ? len : sizeof heard;
        for (size_t i = 0; i < n; i++) {
            heard[i] = (uint8_t)(noise ? bytes[i] << 1 | 1 : bytes[i]);
        }
        // When the chip does not keep up, its line loses bytes.
        (void)!write(s->input_fd[1], heard, n);
        bytes += n;
        len -= n;
    }
}

static void start_loader(struct supervisor *s)
{
    aloft_reset_line_press(s);
    aloft_chip_power_on(s, false, true);
}

static void on_knock(void *ctx)
{
    struct supervisor *s = ctx;
    bool loads = s->retained->download || // as soon as the ROM starts
                 atomic_load(&s->retained->loading) != ALOFT_BOARD_NOT_LOADING;
    if (!s->stop && !loads) {
        fprintf(stderr, "aloft: a flasher is on the serial port; reset into download mode\n");
        start_loader(s);
    }
}

// The loader is at work, or about to be.
static bool loader_works(const struct supervisor *s)
{
    uint32_t loading = atomic_load(&s->retained->loading);
    int waiting = 0;
    return loading == ALOFT_BOARD_BUSY ||
           (loading == ALOFT_BOARD_LOADING && ioctl(s->input_fd[0], FIONREAD, &waiting) == 0 &&
            waiting > 0);
}

// The client that asked has gone: the answer must not reach the next client.
static void on_came(void *ctx)
{
    struct supervisor *s = ctx;
    if (!s->stop && s->chip != 0 && loader_works(s)) {
        fprintf(stderr, "aloft: the loader was left at work; reset into download mode\n");
        start_loader(s);
    }
}

// A flasher's last act is to reset the chip by RTS, which this end does not have; without one, it
// would have left the stub. (Of a flasher that uses no stub nothing can be known.)
static void on_left(void *ctx)
{
    struct supervisor *s = ctx;
    if (!s->stop && s->chip != 0 && atomic_load(&s->retained->loading) == ALOFT_BOARD_STUB) {
        fprintf(stderr, "aloft: the flasher is done; reset\n");
        aloft_reset_line_press(s);
        aloft_reset_line_release(s);
    }
}

struct aloft_bridge_events aloft_reset_line_events(struct supervisor *s)
{
    return (struct aloft_bridge_events){s, on_bytes, on_lines, on_knock, on_came, on_left};
}
