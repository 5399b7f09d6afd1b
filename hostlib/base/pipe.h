// Files that may be pipes, opened, read and written without waiting for ever: a FIFO needs somebody
// at its other end, and that end may fall silent. As open(2), read(2) and write(2), but for errno:
//
//   ENXIO      nobody has opened the other end within ALOFT_PIPE_OPEN_MS
//   ETIMEDOUT  nothing has come, or was taken, for ALOFT_PIPE_SILENCE_MS
#ifndef ALOFT_HOSTLIB_PIPE_H
#define ALOFT_HOSTLIB_PIPE_H

#include <stdbool.h>
#include <sys/types.h>

#define ALOFT_PIPE_OPEN_MS    10000u
#define ALOFT_PIPE_SILENCE_MS 30000u

// For reading or for writing; the descriptor does not block.
int aloft_pipe_open(const char *path, bool write);

// Waits for the first bytes, and then for more. 0: the end.
ssize_t aloft_pipe_read(int fd, void *buf, size_t len);

// Some of the bytes, at least one.
ssize_t aloft_pipe_write(int fd, const void *data, size_t len);

// strerror, with words for the two above.
const char *aloft_pipe_error(int error);

#endif
