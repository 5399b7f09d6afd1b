// See the header.
#include "compat/esp-idf/esp_common/refuse.h"
#include "esp_vfs.h"

esp_err_t esp_vfs_register(const char *base_path, const esp_vfs_t *vfs, void *ctx)
{
    (void)ctx;
    bool good = base_path != NULL && vfs != NULL;
    return good ? aloft_idf_refuse("vfs", __func__, "file systems of an app's own")
                : ESP_ERR_INVALID_ARG;
}

esp_err_t esp_vfs_unregister(const char *base_path)
{
    return base_path != NULL ? ESP_ERR_INVALID_STATE : ESP_ERR_INVALID_ARG;
}
