// The program is in sealed anonymous memory and not in a file: the board runs what its flash holds,
// whatever happens to the build directory.
#include "board/chip/native.h"
#include "aloft/chip.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U // since Linux 6.3; older kernels refuse it, and need no permission
#endif

void aloft_native_init(struct aloft_native *native)
{
    *native = (struct aloft_native){.fd = -1};
}

static int open_memory(void)
{
    unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create("native", flags | MFD_EXEC);
    return fd >= 0 || errno != EINVAL ? fd : memfd_create("native", flags);
}

static bool write_all(int fd, const uint8_t *data, uint32_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        if (n > 0) {
            data += n;
            len -= (uint32_t)n;
        }
    }
    return true;
}

enum aloft_err aloft_native_load(struct aloft_native *native, const struct aloft_image *image,
                                 enum aloft_image_event event, const uint8_t *data, uint32_t len)
{
    if (event == ALOFT_IMAGE_SEGMENT) {
        native->collecting = image->facts.segment_addr == ALOFT_NATIVE_ADDR;
        if (!native->collecting) {
            return ALOFT_OK;
        }
        if (native->fd >= 0) {
            return ALOFT_ERR_IMAGE_SEGMENT;
        }
        native->fd = open_memory();
        return native->fd >= 0 ? ALOFT_OK : ALOFT_ERR_IMAGE_SEGMENT;
    }
    if (event == ALOFT_IMAGE_DATA && native->collecting && !write_all(native->fd, data, len)) {
        return ALOFT_ERR_IMAGE_SEGMENT;
    }
    return ALOFT_OK;
}

void aloft_native_unload(struct aloft_native *native)
{
    if (native->fd >= 0) {
        (void)close(native->fd); // anonymous memory: there is nothing that could be lost
    }
    aloft_native_init(native);
}

void aloft_native_run(struct aloft_native *native, const char *name)
{
    char own_name[16]; // exec wants to be able to write to it
    char *const argv[] = {own_name, NULL};
    static char *const envp[] = {NULL};
    if (fcntl(native->fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) !=
        0) {
        return;
    }
    (void)snprintf(own_name, sizeof own_name, "%s", name); // ours are short
    (void)fexecve(native->fd, argv, envp);                 // returns only when it fails
}
