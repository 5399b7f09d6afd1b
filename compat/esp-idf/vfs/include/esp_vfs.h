// File systems, so that code which mounts one compiles: none can be registered, and the log says
// so. Files that an app opens are the host's.
// Source: ESP-IDF components/vfs/include/esp_vfs.h.
#ifndef ESP_VFS_H
#define ESP_VFS_H

#include "esp_err.h"
#include <dirent.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/cdefs.h>
#include <sys/stat.h>
#include <unistd.h>

__BEGIN_DECLS

#define ESP_VFS_PATH_MAX         15
#define ESP_VFS_FLAG_DEFAULT     (1 << 0)
#define ESP_VFS_FLAG_CONTEXT_PTR (1 << 1)

typedef struct {
    int flags;
    int (*open)(const char *path, int flags, int mode);
    int (*close)(int fd);
    ssize_t (*read)(int fd, void *dst, size_t size);
    ssize_t (*write)(int fd, const void *data, size_t size);
    off_t (*lseek)(int fd, off_t size, int mode);
    int (*fstat)(int fd, struct stat *st);
} esp_vfs_t;

// ESP_ERR_NOT_SUPPORTED.
esp_err_t esp_vfs_register(const char *base_path, const esp_vfs_t *vfs, void *ctx);

// ESP_ERR_INVALID_STATE: none is registered.
esp_err_t esp_vfs_unregister(const char *base_path);

__END_DECLS

#endif
