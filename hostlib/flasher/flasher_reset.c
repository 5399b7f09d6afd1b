// Each manner is a list of states of both lines and how long to stay in them. Where a terminal
// changes both lines at once, the list alone decides what comes between; RFC 2217 changes DTR
// first.
#include "hostlib/flasher/flasher_reset.h"
#include "hostlib/base/clock.h"
#include <stddef.h>

enum { ESPRESSIF = 0x303A, USB_JTAG_SERIAL = 0x1001 };

struct step {
    bool dtr;
    bool rts;
    uint16_t ms;
    bool last;
};

// RTS alone holds the chip in reset; then DTR alone holds its boot pin while it starts.
static const struct step tight[] = {
    {false, false, 0, false}, {true, true, 0, false},  {false, true, 100, false},
    {true, false, 50, false}, {false, false, 0, true},
};
static const struct step tight_slow[] = {
    {false, false, 0, false},  {true, true, 0, false},  {false, true, 100, false},
    {true, false, 550, false}, {false, false, 0, true},
};
// Through both, for adapters that cannot change two lines at once.
static const struct step classic[] = {
    {false, true, 100, false},
    {true, true, 0, false},
    {true, false, 50, false},
    {false, false, 0, true},
};
static const struct step classic_slow[] = {
    {false, true, 100, false},
    {true, true, 0, false},
    {true, false, 550, false},
    {false, false, 0, true},
};
// The chip's own USB peripheral plays the two transistors, and wants time between the states.
static const struct step usb[] = {
    {false, false, 100, false}, {true, false, 100, false}, {true, true, 0, false},
    {false, true, 100, false},  {false, false, 0, true},
};
static const struct step run[] = {{false, true, 100, false}, {false, false, 0, true}};
static const struct step run_usb[] = {{false, true, 200, false}, {false, false, 200, true}};

static enum aloft_serial_line_result play(struct aloft_serial_line *line, const struct step *steps)
{
    for (;; steps++) {
        enum aloft_serial_line_result result =
            aloft_serial_line_set_lines(line, steps->dtr, steps->rts);
        if (result != ALOFT_SERIAL_LINE_OK) {
            return result;
        }
        aloft_clock_sleep_ms(steps->ms);
        if (steps->last) {
            return ALOFT_SERIAL_LINE_OK;
        }
    }
}

bool aloft_flasher_reset_is_usb(const struct aloft_serial_line *line)
{
    uint16_t vendor;
    uint16_t product;
    return aloft_serial_line_usb(line, &vendor, &product) && vendor == ESPRESSIF &&
           product == USB_JTAG_SERIAL;
}

enum aloft_serial_line_result aloft_flasher_reset_to_loader(struct aloft_serial_line *line,
                                                            unsigned attempt)
{
    static const struct step *const manners[] = {tight, tight_slow, classic, classic_slow};
    static const struct step *const remote[] = {classic, classic_slow};
    if (aloft_flasher_reset_is_usb(line)) {
        return play(line, usb);
    }
    if (line->kind == ALOFT_SERIAL_LINE_RFC2217) {
        return play(line, remote[attempt % 2]);
    }
    return play(line, manners[attempt % 4]);
}

enum aloft_serial_line_result aloft_flasher_reset_chip(struct aloft_serial_line *line)
{
    return play(line, aloft_flasher_reset_is_usb(line) ? run_usb : run);
}
