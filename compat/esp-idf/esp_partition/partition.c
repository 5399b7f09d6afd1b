// Partitions: the table as a list that is read once, and flash under its one lock. Programs go page
// by page and are read back; a page is one operation of the chip.
#include "bootloader_common.h"
#include "compat/esp-idf/bootloader_support/image.h"
#include "compat/esp-idf/esp_partition/running.h"
#include "compat/esp-idf/esp_partition/view.h"
#include "compat/esp-idf/host/host.h"
#include "esp_flash_internal.h"
#include "esp_image_format.h"
#include "esp_log.h"
#include "esp_partition.h"
#include "esp_system.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <stdlib.h>
#include <string.h>

static const char *TAG = "esp_partition";

enum { CHUNK = 4096, MAPS = 16, SHA = 32 };
enum { ABORTS, FAILS, ALLOWED };

struct list {
    struct list *next;
    bool registered; // by the app; it is not in the table
    esp_partition_t info;
};

struct esp_partition_iterator_opaque_ {
    esp_partition_type_t type;
    esp_partition_subtype_t subtype;
    const char *label;
    const struct list *next;
    const esp_partition_t *info;
};

static struct esp_flash_t chip;
esp_flash_t *esp_flash_default_chip = &chip;

static struct list *list;
static void *maps[MAPS]; // handle - 1

static enum aloft_err append(void *ctx, const struct aloft_partition *partition)
{
    struct list ***end = ctx;
    struct list *item = calloc(1, sizeof *item);
    if (item == NULL) {
        return ALOFT_ERR_ARG;
    }
    item->info = (esp_partition_t){
        .flash_chip = &chip,
        .type = (esp_partition_type_t)partition->type,
        .subtype = (esp_partition_subtype_t)partition->subtype,
        .address = partition->addr,
        .size = partition->len,
        .erase_size = SPI_FLASH_SEC_SIZE,
        .encrypted = aloft_idf_host.flash->raw != NULL && aloft_partition_is_encrypted(partition),
        .readonly = (partition->flags & ALOFT_PARTITION_READONLY) != 0,
    };
    memcpy(item->info.label, partition->label, sizeof item->info.label);
    **end = item;
    *end = &item->next;
    return ALOFT_OK;
}

static void free_list(struct list *first)
{
    while (first != NULL) {
        struct list *next = first->next;
        free(first);
        first = next;
    }
}

static bool load(void)
{
    if (list != NULL) {
        return true;
    }
    chip.size = aloft_idf_host.flash->geometry.size;
    struct list *first = NULL;
    struct list **end = &first;
    enum aloft_err err = aloft_slots_walk(aloft_idf_host.flash, &aloft_mbed_crypto,
                                          aloft_idf_host.ptable_addr, append, &end);
    if (err != ALOFT_OK) {
        ESP_LOGE(TAG, "No usable partition table at 0x%x: %s: %s",
                 (unsigned)aloft_idf_host.ptable_addr, aloft_err_name(err),
                 aloft_err_sentence(err));
        free_list(first);
        return false;
    }
    list = first;
    return true;
}

// Appends to the list, unless it would overlap what is there; the lock is held.
static esp_err_t add_registered(struct list *item)
{
    struct list **end = &list;
    while (*end != NULL) {
        const esp_partition_t *p = &(*end)->info;
        if (item->info.address < p->address + p->size &&
            p->address < item->info.address + item->info.size) {
            return ESP_ERR_INVALID_ARG;
        }
        end = &(*end)->next;
    }
    *end = item;
    return ESP_OK;
}

esp_err_t esp_partition_register_external(esp_flash_t *flash_chip, size_t offset, size_t size,
                                          const char *label, esp_partition_type_t type,
                                          esp_partition_subtype_t subtype,
                                          const esp_partition_t **out_partition)
{
    size_t chip_size = aloft_idf_host.flash->geometry.size;
    if (out_partition != NULL) {
        *out_partition = NULL;
    }
    if (offset > chip_size || size > chip_size - offset) {
        return ESP_ERR_INVALID_SIZE;
    }
    struct list *item = calloc(1, sizeof *item);
    if (item == NULL) {
        return ESP_ERR_NO_MEM;
    }
    item->registered = true;
    item->info = (esp_partition_t){
        .flash_chip = flash_chip == NULL ? &chip : flash_chip,
        .type = type,
        .subtype = subtype,
        .address = (uint32_t)offset,
        .size = (uint32_t)size,
        .erase_size = SPI_FLASH_SEC_SIZE,
    };
    memcpy(item->info.label, label, strnlen(label, sizeof item->info.label - 1));
    aloft_idf_lock();
    esp_err_t err = load() ? add_registered(item) : ESP_ERR_NOT_FOUND;
    aloft_idf_unlock();
    if (err != ESP_OK) {
        free(item);
    } else if (out_partition != NULL) {
        *out_partition = &item->info;
    }
    return err;
}

esp_err_t esp_partition_deregister_external(const esp_partition_t *partition)
{
    esp_err_t err = ESP_ERR_NOT_FOUND;
    aloft_idf_lock();
    struct list **at = &list;
    while (*at != NULL && &(*at)->info != partition) {
        at = &(*at)->next;
    }
    struct list *found = *at;
    if (found != NULL && found->registered) {
        *at = found->next;
        free(found);
        err = ESP_OK;
    } else if (found != NULL) {
        err = ESP_ERR_INVALID_ARG;
    }
    aloft_idf_unlock();
    return err;
}

void esp_partition_unload_all(void)
{
    aloft_idf_lock();
    free_list(list);
    list = NULL;
    aloft_idf_unlock();
}

esp_partition_iterator_t esp_partition_find(esp_partition_type_t type,
                                            esp_partition_subtype_t subtype, const char *label)
{
    if (type == ESP_PARTITION_TYPE_ANY && subtype != ESP_PARTITION_SUBTYPE_ANY) {
        return NULL; // a subtype has a meaning only within a type
    }
    aloft_idf_lock();
    bool good = load();
    aloft_idf_unlock();
    esp_partition_iterator_t it = good ? calloc(1, sizeof *it) : NULL;
    if (it == NULL) {
        return NULL;
    }
    it->type = type;
    it->subtype = subtype;
    it->label = label;
    it->next = list;
    return esp_partition_next(it);
}

static bool matches(const struct esp_partition_iterator_opaque_ *it, const esp_partition_t *p)
{
    return (it->type == ESP_PARTITION_TYPE_ANY || it->type == p->type) &&
           (it->subtype == ESP_PARTITION_SUBTYPE_ANY || it->subtype == p->subtype) &&
           (it->label == NULL || strcmp(it->label, p->label) == 0);
}

esp_partition_iterator_t esp_partition_next(esp_partition_iterator_t it)
{
    assert(it != NULL);
    while (it->next != NULL && !matches(it, &it->next->info)) {
        it->next = it->next->next;
    }
    if (it->next == NULL) {
        esp_partition_iterator_release(it);
        return NULL;
    }
    it->info = &it->next->info;
    it->next = it->next->next;
    return it;
}

const esp_partition_t *esp_partition_get(esp_partition_iterator_t iterator)
{
    assert(iterator != NULL);
    return iterator->info;
}

void esp_partition_iterator_release(esp_partition_iterator_t iterator)
{
    free(iterator);
}

const esp_partition_t *esp_partition_find_first(esp_partition_type_t type,
                                                esp_partition_subtype_t subtype, const char *label)
{
    esp_partition_iterator_t it = esp_partition_find(type, subtype, label);
    const esp_partition_t *found = it == NULL ? NULL : it->info;
    esp_partition_iterator_release(it);
    return found;
}

const esp_partition_t *esp_partition_verify(const esp_partition_t *partition)
{
    assert(partition != NULL);
    const char *label = partition->label[0] != '\0' ? partition->label : NULL;
    esp_partition_iterator_t it = esp_partition_find(partition->type, partition->subtype, label);
    while (it != NULL) {
        const esp_partition_t *p = esp_partition_get(it);
        if (p->flash_chip == partition->flash_chip && p->address == partition->address &&
            p->size == partition->size && p->encrypted == partition->encrypted) {
            esp_partition_iterator_release(it);
            return p;
        }
        it = esp_partition_next(it);
    }
    return NULL;
}

static esp_err_t check_range(const esp_partition_t *partition, size_t off, size_t size)
{
    assert(partition != NULL);
    if (off > partition->size) {
        return ESP_ERR_INVALID_ARG;
    }
    return size > partition->size - off ? ESP_ERR_INVALID_SIZE : ESP_OK;
}

// The cells of a partition: ciphertext where the chip encrypts.
static struct aloft_flash_view raw_view(const esp_partition_t *partition)
{
    const struct aloft_flash *flash = aloft_idf_host.flash;
    return (struct aloft_flash_view){flash->raw != NULL ? flash->raw : flash, partition->address,
                                     partition->size};
}

struct aloft_flash_view aloft_idf_view(const esp_partition_t *partition)
{
    struct aloft_flash_view view = raw_view(partition);
    view.flash = partition->encrypted ? aloft_idf_host.flash : view.flash;
    return view;
}

static esp_err_t from_flash(enum aloft_err err)
{
    if (err == ALOFT_OK) {
        return ESP_OK;
    }
    ESP_LOGE(TAG, "%s: %s", aloft_err_name(err), aloft_err_sentence(err));
    return ESP_FAIL;
}

static esp_err_t read_view(const esp_partition_t *partition, struct aloft_flash_view view,
                           size_t src_offset, void *dst, size_t size)
{
    esp_err_t err = check_range(partition, src_offset, size);
    if (err != ESP_OK) {
        return err;
    }
    aloft_idf_lock();
    enum aloft_err fault = aloft_flash_read(&view, (uint32_t)src_offset, dst, (uint32_t)size);
    aloft_idf_unlock();
    return from_flash(fault);
}

esp_err_t esp_partition_read(const esp_partition_t *partition, size_t src_offset, void *dst,
                             size_t size)
{
    assert(partition != NULL);
    return read_view(partition, aloft_idf_view(partition), src_offset, dst, size);
}

esp_err_t esp_partition_read_raw(const esp_partition_t *partition, size_t src_offset, void *dst,
                                 size_t size)
{
    assert(partition != NULL);
    return read_view(partition, raw_view(partition), src_offset, dst, size);
}

const esp_partition_t *aloft_idf_running_partition(void)
{
    esp_partition_iterator_t it =
        esp_partition_find(ESP_PARTITION_TYPE_APP, ESP_PARTITION_SUBTYPE_ANY, NULL);
    uint32_t addr = aloft_idf_host.running_addr;
    while (it != NULL) {
        const esp_partition_t *p = esp_partition_get(it);
        if (addr >= p->address && addr - p->address < p->size) {
            esp_partition_iterator_release(it);
            return p;
        }
        it = esp_partition_next(it);
    }
    esp_system_abort("The running app is in no partition of the table");
}

static _Atomic bool unprotected;

esp_err_t esp_flash_set_dangerous_write_protection(esp_flash_t *of, const bool protect)
{
    if (of == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    unprotected = !protect;
    return ESP_OK;
}

// What ESP-IDF's driver protects: all up to the end of the table, and the running app.
static bool is_dangerous(uint32_t addr, size_t size)
{
    const esp_partition_t *running = aloft_idf_running_partition();
    return addr <= aloft_idf_host.ptable_addr + ALOFT_PTABLE_LEN ||
           (addr < running->address + running->size && addr + size > running->address);
}

static esp_err_t check_change(const esp_partition_t *partition, size_t off, size_t size)
{
    assert(partition != NULL);
    if (partition->readonly) {
        return ESP_ERR_NOT_ALLOWED;
    }
    esp_err_t err = check_range(partition, off, size);
    uint32_t addr = partition->address + (uint32_t)off;
    if (err != ESP_OK || unprotected || aloft_idf_config.dangerous_writes == ALLOWED ||
        !is_dangerous(addr, size)) {
        return err;
    }
    ESP_LOGE(TAG, "0x%x: the app that runs, or what boots it, must not be changed", (unsigned)addr);
    if (aloft_idf_config.dangerous_writes == ABORTS) {
        esp_system_abort("A dangerous write, CONFIG_SPI_FLASH_DANGEROUS_WRITE_ABORTS");
    }
    return ESP_ERR_INVALID_ARG;
}

// Writes at most a page. Where the chip encrypts units larger than the data, the rest of the unit
// is read and programmed again: the same text gives the same cells, and erased bytes stay FF.
static enum aloft_err write_page(const struct aloft_flash_view *view, uint32_t off,
                                 const uint8_t *data, uint32_t len)
{
    uint32_t unit = view->flash->geometry.write_unit;
    uint32_t from = off / unit * unit;
    uint32_t to = (off + len + unit - 1) / unit * unit;
    uint8_t page[ALOFT_FLASH_PAGE];
    enum aloft_err err = ALOFT_OK;
    aloft_idf_lock();
    if (from != off || to != off + len) {
        err = aloft_flash_read(view, from, page, to - from);
    }
    memcpy(page + (off - from), data, len);
    if (err == ALOFT_OK) {
        err = aloft_flash_prog(view, from, page, to - from);
    }
    aloft_idf_unlock();
    return err;
}

static esp_err_t write_view(const esp_partition_t *partition, struct aloft_flash_view view,
                            size_t dst_offset, const void *src, size_t size)
{
    esp_err_t err = check_change(partition, dst_offset, size);
    const uint8_t *data = src;
    uint32_t off = (uint32_t)dst_offset;
    uint32_t left = (uint32_t)size;
    while (err == ESP_OK && left > 0) {
        uint32_t room = ALOFT_FLASH_PAGE - (view.addr + off) % ALOFT_FLASH_PAGE;
        uint32_t len = left < room ? left : room;
        err = from_flash(write_page(&view, off, data, len));
        data += len;
        off += len;
        left -= len;
    }
    return err;
}

esp_err_t esp_partition_write(const esp_partition_t *partition, size_t dst_offset, const void *src,
                              size_t size)
{
    assert(partition != NULL);
    if (partition->encrypted && dst_offset % ALOFT_IDF_UNIT != 0) {
        return ESP_ERR_INVALID_ARG;
    }
    if (partition->encrypted && size % ALOFT_IDF_UNIT != 0) {
        return ESP_ERR_INVALID_SIZE;
    }
    return write_view(partition, aloft_idf_view(partition), dst_offset, src, size);
}

esp_err_t esp_partition_write_raw(const esp_partition_t *partition, size_t dst_offset,
                                  const void *src, size_t size)
{
    assert(partition != NULL);
    return write_view(partition, raw_view(partition), dst_offset, src, size);
}

// Whole blocks where they are aligned, sectors elsewhere; the lock is free in between.
static enum aloft_err erase(const struct aloft_flash_view *view, uint32_t off, uint32_t size)
{
    const struct aloft_flash_geometry *geometry = &view->flash->geometry;
    while (size > 0) {
        bool block = (view->addr + off) % geometry->block == 0 && size >= geometry->block;
        uint32_t len = block ? geometry->block : geometry->sector;
        aloft_idf_lock();
        enum aloft_err err = aloft_flash_erase(view, off, len);
        aloft_idf_unlock();
        if (err != ALOFT_OK) {
            return err;
        }
        off += len;
        size -= len;
    }
    return ALOFT_OK;
}

esp_err_t esp_partition_erase_range(const esp_partition_t *partition, size_t offset, size_t size)
{
    esp_err_t err = check_change(partition, offset, size);
    if (err != ESP_OK) {
        return err;
    }
    if (size % SPI_FLASH_SEC_SIZE != 0) {
        return ESP_ERR_INVALID_SIZE;
    }
    if (offset % SPI_FLASH_SEC_SIZE != 0) {
        return ESP_ERR_INVALID_ARG;
    }
    struct aloft_flash_view view = aloft_idf_view(partition);
    return from_flash(erase(&view, (uint32_t)offset, (uint32_t)size));
}

esp_err_t esp_partition_copy(const esp_partition_t *dest_part, uint32_t dest_offset,
                             const esp_partition_t *src_part, uint32_t src_offset, size_t size)
{
    if (src_part == NULL || dest_part == NULL || src_part == dest_part) {
        return ESP_ERR_INVALID_ARG;
    }
    if (src_offset > src_part->size || dest_offset > dest_part->size) {
        return ESP_ERR_INVALID_SIZE;
    }
    size_t erase_size = size;
    if (size == SIZE_MAX) {
        size = src_part->size - src_offset;
        erase_size = dest_part->size - dest_offset;
    }
    if (size > src_part->size - src_offset || size > dest_part->size - dest_offset) {
        return ESP_ERR_INVALID_SIZE;
    }
    erase_size = (erase_size + SPI_FLASH_SEC_SIZE - 1) / SPI_FLASH_SEC_SIZE * SPI_FLASH_SEC_SIZE;
    esp_err_t err = esp_partition_erase_range(dest_part, dest_offset, erase_size);
    for (size_t done = 0; err == ESP_OK && done < size; done += CHUNK) {
        uint8_t chunk[CHUNK];
        size_t len = size - done < CHUNK ? size - done : CHUNK;
        err = esp_partition_read(src_part, src_offset + done, chunk, len);
        if (err == ESP_OK) {
            err = esp_partition_write(dest_part, dest_offset + done, chunk, len);
        }
    }
    return err;
}

esp_err_t esp_partition_mmap(const esp_partition_t *partition, size_t offset, size_t size,
                             esp_partition_mmap_memory_t memory, const void **out_ptr,
                             esp_partition_mmap_handle_t *out_handle)
{
    (void)memory;
    esp_err_t err = check_range(partition, offset, size);
    if (err != ESP_OK) {
        return err;
    }
    void *copy = malloc(size == 0 ? 1 : size);
    if (copy == NULL) {
        return ESP_ERR_NO_MEM;
    }
    err = esp_partition_read(partition, offset, copy, size);
    aloft_idf_lock();
    uint32_t slot = 0;
    while (slot < MAPS && maps[slot] != NULL) {
        slot++;
    }
    if (err == ESP_OK && slot == MAPS) {
        err = ESP_ERR_NO_MEM; // a chip runs out of pages, too
    }
    if (err == ESP_OK) {
        maps[slot] = copy;
        *out_ptr = copy;
        *out_handle = slot + 1;
    }
    aloft_idf_unlock();
    if (err != ESP_OK) {
        free(copy);
    }
    return err;
}

void esp_partition_munmap(esp_partition_mmap_handle_t handle)
{
    aloft_idf_lock();
    if (handle >= 1 && handle <= MAPS) {
        free(maps[handle - 1]);
        maps[handle - 1] = NULL;
    }
    aloft_idf_unlock();
}

static esp_err_t hash_range(const struct aloft_flash_view *view, uint8_t out[SHA])
{
    uint8_t chunk[CHUNK];
    struct aloft_hash hash;
    enum aloft_err err = aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_SHA256);
    for (uint32_t off = 0; err == ALOFT_OK && off < view->len; off += CHUNK) {
        uint32_t len = view->len - off < CHUNK ? view->len - off : CHUNK;
        aloft_idf_lock();
        err = aloft_flash_read(view, off, chunk, len);
        aloft_idf_unlock();
        if (err == ALOFT_OK) {
            err = aloft_mbed_crypto.hash_feed(&hash, chunk, len);
        }
    }
    if (err == ALOFT_OK) {
        err = aloft_mbed_crypto.hash_finish(&hash, out);
    }
    aloft_mbed_crypto.hash_drop(&hash);
    return from_flash(err);
}

esp_err_t esp_partition_get_sha256(const esp_partition_t *partition, uint8_t *sha_256)
{
    if (partition == NULL || sha_256 == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    struct aloft_flash_view view = aloft_idf_view(partition);
    if (partition->type == ESP_PARTITION_TYPE_APP) {
        struct aloft_image_facts facts;
        if (aloft_idf_judge(&view, NULL, 0, false, &facts) != ALOFT_OK) {
            return ESP_ERR_IMAGE_INVALID;
        }
        if (facts.hash_appended) {
            memcpy(sha_256, facts.digest, SHA);
            return ESP_OK;
        }
        view.len = facts.image_len;
    }
    return hash_range(&view, sha_256);
}

esp_err_t bootloader_common_get_sha256_of_partition(uint32_t address, uint32_t size, int type,
                                                    uint8_t *out_sha_256)
{
    esp_partition_iterator_t at =
        esp_partition_find((esp_partition_type_t)type, ESP_PARTITION_SUBTYPE_ANY, NULL);
    esp_err_t err = ESP_ERR_NOT_FOUND;
    for (; at != NULL; at = esp_partition_next(at)) {
        const esp_partition_t *partition = esp_partition_get(at);
        if (partition->address == address && partition->size == size) {
            err = esp_partition_get_sha256(partition, out_sha_256);
        }
    }
    return err;
}

bool esp_partition_check_identity(const esp_partition_t *partition_1,
                                  const esp_partition_t *partition_2)
{
    uint8_t a[SHA];
    uint8_t b[SHA];
    return esp_partition_get_sha256(partition_1, a) == ESP_OK &&
           esp_partition_get_sha256(partition_2, b) == ESP_OK && memcmp(a, b, SHA) == 0;
}

uint32_t esp_partition_get_main_flash_sector_size(void)
{
    return SPI_FLASH_SEC_SIZE;
}
