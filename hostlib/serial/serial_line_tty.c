// Terminal devices, by Linux's own ioctls: termios.h knows a list of speeds, the kernel any. The
// lock is flock(2) and not TIOCEXCL, because it goes with the process: a killed program must not
// leave a pseudo terminal that nobody can open.
#include "hostlib/serial/serial_line_tty.h"
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool no_device(struct aloft_serial_line *line, int error)
{
    switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        if (strchr(line->name, ':') != NULL && strchr(line->name, '/') == NULL) {
            return aloft_message_set(&line->error,
                                     "there is no device %s; for a port in the network write "
                                     "rfc2217://%s or socket://%s",
                                     line->name, line->name, line->name);
        }
        return aloft_message_set(&line->error, "there is no %s; is the board plugged in?",
                                 line->name);
    case EACCES:
        return aloft_message_set(&line->error,
                                 "no permission to open %s; join the group that owns it "
                                 "(sudo usermod -aG dialout $USER) and log in again",
                                 line->name);
    case EBUSY:
    case EWOULDBLOCK:
        return aloft_message_set(&line->error,
                                 "%s is in use by another program; close the monitor or flasher "
                                 "that has it",
                                 line->name);
    case ENOTTY:
        return aloft_message_set(&line->error,
                                 "%s is not a terminal device; a port is one like /dev/ttyUSB0, "
                                 "socket://host:port, or rfc2217://host:port",
                                 line->name);
    default:
        return aloft_message_set(&line->error, "cannot open %s: %s", line->name, strerror(error));
    }
}

static bool configure(int fd, uint32_t baud)
{
    struct termios2 settings;
    if (ioctl(fd, TCGETS2, &settings) != 0) {
        return false;
    }
    settings.c_iflag = 0;
    settings.c_oflag = 0;
    settings.c_lflag = 0;
    // Without HUPCL, closing does not move DTR and RTS, so it does not reset the chip.
    settings.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT);
    settings.c_ispeed = baud;
    settings.c_ospeed = baud;
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    return ioctl(fd, TCSETS2, &settings) == 0;
}

bool aloft_serial_line_tty_open(struct aloft_serial_line *line)
{
    line->fd = open(line->name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    struct termios2 settings; // asked first: the lock of a board's flash file is no busy port
    if (line->fd < 0 || ioctl(line->fd, TCGETS2, &settings) != 0 ||
        flock(line->fd, LOCK_EX | LOCK_NB) != 0 || !configure(line->fd, line->baud)) {
        return no_device(line, errno);
    }
    return true;
}

enum aloft_serial_line_result aloft_serial_line_tty_set_baud(struct aloft_serial_line *line,
                                                             uint32_t baud)
{
    if (configure(line->fd, baud)) {
        return ALOFT_SERIAL_LINE_OK;
    }
    if (errno == EIO || errno == ENXIO || errno == ENODEV) {
        return aloft_serial_line_lost(line);
    }
    (void)aloft_message_set(&line->error, "%s cannot do %u baud: %s; try a lower --baud",
                            line->name, (unsigned)baud, strerror(errno));
    return ALOFT_SERIAL_LINE_REFUSED;
}

enum aloft_serial_line_result aloft_serial_line_tty_set_lines(struct aloft_serial_line *line,
                                                              bool dtr, bool rts)
{
    int bits;
    if (ioctl(line->fd, TIOCMGET, &bits) == 0) {
        bits = (bits & ~(TIOCM_DTR | TIOCM_RTS)) | (dtr ? TIOCM_DTR : 0) | (rts ? TIOCM_RTS : 0);
        if (ioctl(line->fd, TIOCMSET, &bits) == 0) {
            return ALOFT_SERIAL_LINE_OK;
        }
    }
    if (errno == EIO || errno == ENXIO || errno == ENODEV) {
        return aloft_serial_line_lost(line);
    }
    (void)aloft_message_set(&line->error, "%s has no DTR and RTS", line->name);
    return ALOFT_SERIAL_LINE_NONE;
}

enum aloft_serial_line_result aloft_serial_line_tty_purge(struct aloft_serial_line *line)
{
    bool good = ioctl(line->fd, TCFLSH, TCIFLUSH) == 0;
    return good || (errno != EIO && errno != ENXIO && errno != ENODEV)
               ? ALOFT_SERIAL_LINE_OK
               : aloft_serial_line_lost(line);
}

// One of the files that the kernel keeps about a USB device: four hex digits.
static bool read_id(const char *folder, const char *name, uint16_t *id)
{
    char path[1024];
    unsigned value;
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = len < (int)sizeof path ? fopen(path, "re") : NULL;
    if (file == NULL) {
        return false;
    }
    bool good = fscanf(file, "%4x", &value) == 1;
    (void)fclose(file); // was only read
    *id = good ? (uint16_t)value : 0;
    return good;
}

bool aloft_serial_line_tty_usb(const struct aloft_serial_line *line, uint16_t *vendor,
                               uint16_t *product)
{
    char path[1024];
    char *device = realpath(line->name, NULL);
    if (device == NULL) {
        return false;
    }
    (void)snprintf(path, sizeof path, "/sys/class/tty/%s/device", basename(device));
    free(device);
    char *folder = realpath(path, NULL);
    bool found = false;
    // The tty is one or two folders below the device that has the ids.
    for (int up = 0; folder != NULL && up < 4 && !found && strcmp(folder, "/") != 0; up++) {
        found = read_id(folder, "idVendor", vendor) && read_id(folder, "idProduct", product);
        char *slash = strrchr(folder, '/');
        *(slash == folder ? slash + 1 : slash) = '\0';
    }
    free(folder);
    return found;
}
