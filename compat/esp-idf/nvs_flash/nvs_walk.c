// Iterators over the values in NVS, and how full it is. An iterator remembers its partition by name
// and its place in flash, so nothing dangles when the partition is closed meanwhile.
#include "compat/esp-idf/host/host.h"
#include "compat/esp-idf/nvs_flash/nvs_store.h"
#include <stdlib.h>
#include <string.h>

struct nvs_opaque_iterator_t {
    char label[NVS_PART_NAME_MAX_SIZE + 1];
    uint8_t ns; // 0: any
    nvs_type_t type;
    struct aloft_nvs_cursor cursor;
    nvs_entry_info_t info;
};

// The name of a namespace; empty when no item has it.
static enum aloft_err name_of(const struct aloft_nvs *nvs, uint8_t ns, char name[ALOFT_NVS_NAME])
{
    struct aloft_nvs_cursor cursor = {0};
    bool found = true;
    name[0] = '\0';
    while (found) {
        enum aloft_err err = aloft_nvs_next(nvs, &cursor, &found);
        if (err != ALOFT_OK) {
            return err;
        }
        const struct aloft_nvs_item *item = &cursor.place.item;
        if (found && item->ns == 0 && item->data[0] == ns) {
            memcpy(name, item->key, ALOFT_NVS_NAME);
            return ALOFT_OK;
        }
    }
    return ALOFT_OK;
}

// Moves the iterator to the next value that matches.
static esp_err_t advance(struct nvs_opaque_iterator_t *it)
{
    const struct aloft_nvs *nvs = aloft_idf_nvs_store(it->label);
    bool found = nvs != NULL;
    while (found) {
        const struct aloft_nvs_item *item = &it->cursor.place.item;
        enum aloft_err err = aloft_idf_nvs_next(nvs, it->ns, &it->cursor, &found);
        nvs_type_t type = aloft_idf_nvs_type(item->type);
        if (err == ALOFT_OK && found && (it->type == NVS_TYPE_ANY || it->type == type)) {
            it->info.type = type;
            memcpy(it->info.key, item->key, sizeof it->info.key);
            err = name_of(nvs, item->ns, it->info.namespace_name);
            return aloft_idf_nvs_err(err);
        }
        if (err != ALOFT_OK) {
            return aloft_idf_nvs_err(err);
        }
    }
    return ESP_ERR_NVS_NOT_FOUND;
}

// An iterator at its first value; the lock is held. ns NULL: all namespaces.
static esp_err_t find(const char *label, const char *ns, nvs_type_t type, nvs_iterator_t *out)
{
    uint8_t number = 0;
    const struct aloft_nvs *nvs = aloft_idf_nvs_store(label);
    if (nvs == NULL || (ns != NULL && aloft_nvs_find_ns(nvs, ns, &number) != ALOFT_OK)) {
        return ESP_ERR_NVS_NOT_FOUND;
    }
    struct nvs_opaque_iterator_t *it = calloc(1, sizeof *it);
    if (it == NULL) {
        return ESP_ERR_NO_MEM;
    }
    memcpy(it->label, label, strlen(label));
    it->ns = number;
    it->type = type;
    esp_err_t err = advance(it);
    if (err != ESP_OK) {
        free(it);
        return err;
    }
    *out = it;
    return ESP_OK;
}

esp_err_t nvs_entry_find(const char *part_name, const char *namespace_name, nvs_type_t type,
                         nvs_iterator_t *output_iterator)
{
    if (part_name == NULL || output_iterator == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *output_iterator = NULL;
    aloft_idf_lock();
    esp_err_t err = find(part_name, namespace_name, type, output_iterator);
    aloft_idf_unlock();
    return err;
}

esp_err_t nvs_entry_find_in_handle(nvs_handle_t handle, nvs_type_t type,
                                   nvs_iterator_t *output_iterator)
{
    const char *label;
    const char *ns;
    if (output_iterator == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *output_iterator = NULL;
    aloft_idf_lock();
    bool known = aloft_idf_nvs_handle(handle, &label, &ns);
    esp_err_t err = known ? find(label, ns, type, output_iterator) : ESP_ERR_NVS_INVALID_HANDLE;
    aloft_idf_unlock();
    return err;
}

esp_err_t nvs_entry_next(nvs_iterator_t *iterator)
{
    if (iterator == NULL || *iterator == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    aloft_idf_lock();
    esp_err_t err = advance(*iterator);
    aloft_idf_unlock();
    if (err != ESP_OK) {
        nvs_release_iterator(*iterator);
        *iterator = NULL;
    }
    return err;
}

esp_err_t nvs_entry_info(const nvs_iterator_t iterator, nvs_entry_info_t *out_info)
{
    if (iterator == NULL || out_info == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *out_info = iterator->info;
    return ESP_OK;
}

void nvs_release_iterator(nvs_iterator_t iterator)
{
    free(iterator);
}

// Counts the entries of a namespace; 0: all, with those that name the namespaces.
static esp_err_t count(const struct aloft_nvs *nvs, uint8_t ns, size_t *entries, size_t *names)
{
    struct aloft_nvs_cursor cursor = {0};
    bool found = true;
    *entries = 0;
    *names = 0;
    for (;;) {
        enum aloft_err err = aloft_nvs_next(nvs, &cursor, &found);
        if (err != ALOFT_OK || !found) {
            return aloft_idf_nvs_err(err);
        }
        const struct aloft_nvs_item *item = &cursor.place.item;
        if (aloft_nvs_is_whole(&cursor) && (ns == 0 || item->ns == ns)) {
            *entries += item->span;
            *names += item->ns == 0;
        }
    }
}

esp_err_t nvs_get_stats(const char *part_name, nvs_stats_t *nvs_stats)
{
    if (nvs_stats == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *nvs_stats = (nvs_stats_t){0};
    aloft_idf_lock();
    const struct aloft_nvs *nvs =
        aloft_idf_nvs_store(part_name == NULL ? NVS_DEFAULT_PART_NAME : part_name);
    esp_err_t err = ESP_ERR_NVS_NOT_INITIALIZED;
    if (nvs != NULL) {
        err = count(nvs, 0, &nvs_stats->used_entries, &nvs_stats->namespace_count);
        nvs_stats->total_entries = (size_t)nvs->pages * ALOFT_NVS_ENTRIES;
        nvs_stats->free_entries = nvs_stats->total_entries - nvs_stats->used_entries;
        if (nvs_stats->free_entries > ALOFT_NVS_ENTRIES) { // one page stays free
            nvs_stats->available_entries = nvs_stats->free_entries - ALOFT_NVS_ENTRIES;
        }
    }
    aloft_idf_unlock();
    return err;
}

esp_err_t nvs_get_used_entry_count(nvs_handle_t handle, size_t *used_entries)
{
    const char *label;
    const char *ns;
    uint8_t number;
    size_t names;
    if (used_entries == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *used_entries = 0;
    aloft_idf_lock();
    esp_err_t err = ESP_ERR_NVS_INVALID_HANDLE;
    if (aloft_idf_nvs_handle(handle, &label, &ns)) {
        const struct aloft_nvs *nvs = aloft_idf_nvs_store(label);
        err = aloft_idf_nvs_err(aloft_nvs_find_ns(nvs, ns, &number));
        err = err == ESP_OK ? count(nvs, number, used_entries, &names) : err;
    }
    aloft_idf_unlock();
    return err;
}
