// Used by everything in the supervisor that opens a descriptor.
#include "board/serial/descriptor.h"
#include <fcntl.h>
#include <unistd.h>

int aloft_descriptor_high(int fd)
{
    int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, ALOFT_DESCRIPTOR_HIGH);
    if (fd >= 0) {
        (void)close(fd); // only the number is given up
    }
    return moved;
}
