// Key-value store: ESP-IDF's handles and errors over core's NVS. A set is in flash when it returns.
#include "nvs.h"
#include "aloft/nvs_write.h"
#include "compat/esp-idf/esp_partition/view.h"
#include "compat/esp-idf/host/host.h"
#include "compat/esp-idf/nvs_flash/nvs_store.h"
#include "esp_log.h"
#include "nvs_flash.h"
#include <stdlib.h>
#include <string.h>

static const char *TAG = "nvs";

struct store {
    struct store *next;
    char label[NVS_PART_NAME_MAX_SIZE + 1];
    struct aloft_flash_view view;
    struct aloft_nvs nvs;
    bool read_only; // its row in the table says so
};

struct open_handle {
    struct open_handle *next;
    nvs_handle_t id;
    struct store *store;
    bool read_only;
    char ns[NVS_NS_NAME_MAX_SIZE];
};

// All is protected by the flash lock.
static struct store *stores;
static struct open_handle *handles;
static nvs_handle_t last_id;

esp_err_t aloft_idf_nvs_err(enum aloft_err err)
{
    static const struct {
        enum aloft_err fault;
        esp_err_t err;
    } known[] = {
        {ALOFT_OK, ESP_OK},
        {ALOFT_ERR_NVS_SIZE, ESP_ERR_NVS_NO_FREE_PAGES},
        {ALOFT_ERR_NVS_VERSION, ESP_ERR_NVS_NEW_VERSION_FOUND},
        {ALOFT_ERR_NVS_NOT_FOUND, ESP_ERR_NVS_NOT_FOUND},
        {ALOFT_ERR_NVS_TYPE, ESP_ERR_NVS_NOT_FOUND}, // so it is there: the type is part of the key
        {ALOFT_ERR_NVS_ROOM, ESP_ERR_NVS_INVALID_LENGTH},
        {ALOFT_ERR_NVS_NAME, ESP_ERR_NVS_KEY_TOO_LONG},
        {ALOFT_ERR_NVS_LEN, ESP_ERR_NVS_VALUE_TOO_LONG},
        {ALOFT_ERR_NVS_FULL, ESP_ERR_NVS_NOT_ENOUGH_SPACE},
        {ALOFT_ERR_NVS_CORRUPT, ESP_ERR_NVS_NOT_FOUND}, // as ESP-IDF; guards: guard_err
        {ALOFT_ERR_NVS_UNREADABLE, ESP_ERR_NVS_NOT_FOUND},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].fault == err) {
            return known[i].err;
        }
    }
    ESP_LOGE(TAG, "%s: %s", aloft_err_name(err), aloft_err_sentence(err));
    return ESP_FAIL;
}

// The error for a key in a namespace. A guard that cannot be read is not reported as unset: an app
// uses a default for a value that it does not find, and a default in place of a guard opens a way.
static esp_err_t guard_err(enum aloft_err err, const char *ns)
{
    bool damaged = err == ALOFT_ERR_NVS_CORRUPT || err == ALOFT_ERR_NVS_UNREADABLE;
    return damaged && strcmp(ns, ALOFT_NVS_GUARDED) == 0 ? ESP_ERR_NVS_INVALID_STATE
                                                         : aloft_idf_nvs_err(err);
}

// --- partitions

static struct store *find_store(const char *label)
{
    struct store *at = stores;
    while (at != NULL && strcmp(at->label, label) != 0) {
        at = at->next;
    }
    return at;
}

const struct aloft_nvs *aloft_idf_nvs_store(const char *label)
{
    const struct store *store = find_store(label);
    return store == NULL ? NULL : &store->nvs;
}

// The partition holds something else: data in every page, and no sound header. ESP-IDF erases that
// by itself; here init fails with a code upon which apps erase the partition.
static enum aloft_err check_content(const struct aloft_nvs *nvs)
{
    bool usable = false;
    for (uint32_t i = 0; i < nvs->pages && !usable; i++) {
        struct aloft_nvs_page page;
        enum aloft_err err = aloft_nvs_read_page(nvs, i, &page);
        if (err != ALOFT_OK) {
            return err;
        }
        usable = page.live || !aloft_nvspage_is_used(&page);
    }
    return usable ? ALOFT_OK : ALOFT_ERR_NVS_SIZE;
}

static esp_err_t open_store(const char *label)
{
    const esp_partition_t *p =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_NVS, label);
    if (p == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    if (p->encrypted) {
        return ESP_ERR_NVS_WRONG_ENCRYPTION; // its pages need single bits to be cleared
    }
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return ESP_ERR_NO_MEM;
    }
    memcpy(store->label, p->label, sizeof store->label);
    store->view = aloft_idf_view(p);
    store->read_only = p->readonly;
    enum aloft_err err = aloft_nvs_open(&store->nvs, &store->view);
    if (err == ALOFT_OK && !p->readonly && store->nvs.pages < ALOFT_NVS_PAGES_MIN) {
        err = ALOFT_ERR_NVS_SIZE;
    }
    if (err == ALOFT_OK) {
        err = check_content(&store->nvs);
    }
    if (err != ALOFT_OK) {
        free(store);
        return aloft_idf_nvs_err(err);
    }
    store->next = stores;
    stores = store;
    return ESP_OK;
}

esp_err_t nvs_flash_init_partition(const char *partition_label)
{
    if (partition_label == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    aloft_idf_lock();
    esp_err_t err = find_store(partition_label) != NULL ? ESP_OK : open_store(partition_label);
    aloft_idf_unlock();
    return err;
}

esp_err_t nvs_flash_init(void)
{
    return nvs_flash_init_partition(NVS_DEFAULT_PART_NAME);
}

static void close_handles(const struct store *store)
{
    struct open_handle **at = &handles;
    while (*at != NULL) {
        struct open_handle *gone = *at;
        if (gone->store == store) {
            *at = gone->next;
            free(gone);
        } else {
            at = &gone->next;
        }
    }
}

esp_err_t nvs_flash_deinit_partition(const char *partition_label)
{
    aloft_idf_lock();
    struct store *store = find_store(partition_label);
    struct store **at = &stores;
    while (store != NULL && *at != store) {
        at = &(*at)->next;
    }
    if (store != NULL) {
        close_handles(store);
        *at = store->next;
        free(store);
    }
    aloft_idf_unlock();
    return store != NULL ? ESP_OK : ESP_ERR_NVS_NOT_INITIALIZED;
}

esp_err_t nvs_flash_deinit(void)
{
    return nvs_flash_deinit_partition(NVS_DEFAULT_PART_NAME);
}

esp_err_t nvs_flash_erase_partition(const char *part_name)
{
    if (part_name == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    (void)nvs_flash_deinit_partition(part_name);
    const esp_partition_t *p = esp_partition_find_first(ESP_PARTITION_TYPE_DATA,
                                                        ESP_PARTITION_SUBTYPE_DATA_NVS, part_name);
    return p == NULL ? ESP_ERR_NOT_FOUND : esp_partition_erase_range(p, 0, p->size);
}

esp_err_t nvs_flash_erase(void)
{
    return nvs_flash_erase_partition(NVS_DEFAULT_PART_NAME);
}

static esp_err_t run(struct aloft_nvs_write *op)
{
    enum aloft_step step;
    do {
        step = aloft_nvs_step(op);
    } while (step == ALOFT_STEP_AGAIN);
    if (op->err == ALOFT_ERR_NVS_CORRUPT || op->err == ALOFT_ERR_NVS_UNREADABLE) {
        return ESP_ERR_NVS_INVALID_STATE;
    }
    return step == ALOFT_STEP_DONE ? ESP_OK : aloft_idf_nvs_err(op->err);
}

// --- handles

static struct open_handle *find_handle(nvs_handle_t id)
{
    struct open_handle *at = handles;
    while (at != NULL && at->id != id) {
        at = at->next;
    }
    return at;
}

bool aloft_idf_nvs_handle(nvs_handle_t id, const char **label, const char **ns)
{
    const struct open_handle *handle = find_handle(id);
    if (handle != NULL) {
        *label = handle->store->label;
        *ns = handle->ns;
    }
    return handle != NULL;
}

static esp_err_t open_locked(const char *part_name, const char *ns, nvs_open_mode_t mode,
                             nvs_handle_t *out)
{
    uint8_t number;
    struct store *store = find_store(part_name);
    if (store == NULL) {
        return stores == NULL ? ESP_ERR_NVS_NOT_INITIALIZED : ESP_ERR_NVS_PART_NOT_FOUND;
    }
    if (mode == NVS_READWRITE && store->read_only) {
        return ESP_ERR_NOT_ALLOWED;
    }
    enum aloft_err fault = aloft_nvs_find_ns(&store->nvs, ns, &number);
    if (fault != ALOFT_OK) {
        struct aloft_nvs_write op;
        if (mode == NVS_READONLY) {
            return guard_err(fault, ns);
        }
        aloft_nvs_make_ns(&op, &store->nvs, ns);
        esp_err_t err = run(&op);
        if (err != ESP_OK) {
            return err;
        }
    }
    struct open_handle *handle = calloc(1, sizeof *handle);
    if (handle == NULL) {
        return ESP_ERR_NO_MEM;
    }
    handle->id = ++last_id;
    handle->store = store;
    handle->read_only = mode == NVS_READONLY;
    memcpy(handle->ns, ns, strlen(ns));
    handle->next = handles;
    handles = handle;
    *out = handle->id;
    return ESP_OK;
}

esp_err_t nvs_open_from_partition(const char *part_name, const char *namespace_name,
                                  nvs_open_mode_t open_mode, nvs_handle_t *out_handle)
{
    if (part_name == NULL || namespace_name == NULL || out_handle == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    size_t len = strlen(namespace_name);
    if (len == 0 || len >= NVS_NS_NAME_MAX_SIZE) {
        return ESP_ERR_NVS_INVALID_NAME;
    }
    aloft_idf_lock();
    esp_err_t err = open_locked(part_name, namespace_name, open_mode, out_handle);
    aloft_idf_unlock();
    return err;
}

esp_err_t nvs_open(const char *namespace_name, nvs_open_mode_t open_mode, nvs_handle_t *out_handle)
{
    return nvs_open_from_partition(NVS_DEFAULT_PART_NAME, namespace_name, open_mode, out_handle);
}

void nvs_close(nvs_handle_t handle)
{
    aloft_idf_lock();
    struct open_handle **at = &handles;
    while (*at != NULL && (*at)->id != handle) {
        at = &(*at)->next;
    }
    struct open_handle *gone = *at;
    if (gone != NULL) {
        *at = gone->next;
    }
    aloft_idf_unlock();
    free(gone);
}

esp_err_t nvs_commit(nvs_handle_t handle)
{
    aloft_idf_lock();
    bool good = find_handle(handle) != NULL;
    aloft_idf_unlock();
    return good ? ESP_OK : ESP_ERR_NVS_INVALID_HANDLE;
}

// Locks, and finds the handle; the caller unlocks with `leave`.
static esp_err_t enter(nvs_handle_t id, const char *key, bool write, struct open_handle **out)
{
    aloft_idf_lock();
    *out = find_handle(id);
    if (*out == NULL) {
        return ESP_ERR_NVS_INVALID_HANDLE;
    }
    if (write && (*out)->read_only) {
        return ESP_ERR_NVS_READ_ONLY;
    }
    if (key == NULL || key[0] == '\0') {
        return ESP_ERR_NVS_INVALID_NAME;
    }
    return strlen(key) < NVS_KEY_NAME_MAX_SIZE ? ESP_OK : ESP_ERR_NVS_KEY_TOO_LONG;
}

static esp_err_t leave(esp_err_t err)
{
    aloft_idf_unlock();
    return err;
}

// --- writing

static esp_err_t set_number(nvs_handle_t id, const char *key, enum aloft_nvs_type type,
                            uint64_t value)
{
    struct open_handle *handle;
    struct aloft_nvs_write op;
    esp_err_t err = enter(id, key, true, &handle);
    if (err == ESP_OK) {
        aloft_nvs_set_number(&op, &handle->store->nvs, handle->ns, key, type, value);
        err = run(&op);
    }
    return leave(err);
}

esp_err_t nvs_set_str(nvs_handle_t id, const char *key, const char *value)
{
    struct open_handle *handle;
    struct aloft_nvs_write op;
    esp_err_t err = enter(id, key, true, &handle);
    if (err == ESP_OK) {
        aloft_nvs_set_str(&op, &handle->store->nvs, handle->ns, key, value);
        err = run(&op);
    }
    return leave(err);
}

esp_err_t nvs_set_blob(nvs_handle_t id, const char *key, const void *value, size_t length)
{
    struct open_handle *handle;
    struct aloft_nvs_write op;
    esp_err_t err = enter(id, key, true, &handle);
    if (err == ESP_OK) {
        aloft_nvs_set_blob(&op, &handle->store->nvs, handle->ns, key, value, (uint32_t)length);
        err = run(&op);
    }
    return leave(err);
}

esp_err_t nvs_erase_key(nvs_handle_t id, const char *key)
{
    struct open_handle *handle;
    struct aloft_nvs_write op;
    esp_err_t err = enter(id, key, true, &handle);
    if (err == ESP_OK) {
        aloft_nvs_erase(&op, &handle->store->nvs, handle->ns, key);
        err = run(&op);
    }
    return leave(err);
}

esp_err_t nvs_erase_all(nvs_handle_t id)
{
    struct open_handle *handle;
    uint8_t number = 0;
    bool found = true;
    esp_err_t err = enter(id, "all", true, &handle);
    if (err == ESP_OK) {
        enum aloft_err fault = aloft_nvs_find_ns(&handle->store->nvs, handle->ns, &number);
        err = fault == ALOFT_OK ? ESP_OK : guard_err(fault, handle->ns);
    }
    if (err == ESP_ERR_NVS_NOT_FOUND) {
        return leave(ESP_OK); // it is empty
    }
    while (err == ESP_OK && found) {
        struct aloft_nvs_cursor cursor = {0};
        struct aloft_nvs_write op;
        err = aloft_idf_nvs_err(aloft_idf_nvs_next(&handle->store->nvs, number, &cursor, &found));
        if (err == ESP_OK && found) {
            aloft_nvs_erase(&op, &handle->store->nvs, handle->ns, cursor.place.item.key);
            err = run(&op);
        }
    }
    return leave(err);
}

// --- reading

static esp_err_t get_number(nvs_handle_t id, const char *key, enum aloft_nvs_type type,
                            uint64_t *value)
{
    struct open_handle *handle;
    esp_err_t err = enter(id, key, false, &handle);
    if (err == ESP_OK) {
        err = guard_err(aloft_nvs_get_number(&handle->store->nvs, handle->ns, key, type, value),
                        handle->ns);
    }
    return leave(err);
}

// The newest item of this type under a key.
static enum aloft_err find_typed(const struct open_handle *handle, const char *key, uint8_t type,
                                 struct aloft_nvs_place *place)
{
    uint8_t number;
    struct aloft_nvs_item want;
    enum aloft_err err = aloft_nvs_find_ns(&handle->store->nvs, handle->ns, &number);
    if (err == ALOFT_OK) {
        err = aloft_nvs_want(&want, number, type, key);
    }
    return err == ALOFT_OK ? aloft_nvs_find(&handle->store->nvs, &want, place) : err;
}

esp_err_t nvs_get_str(nvs_handle_t id, const char *key, char *out_value, size_t *length)
{
    struct open_handle *handle;
    struct aloft_nvs_place place;
    char unused;
    esp_err_t err = enter(id, key, false, &handle);
    if (err != ESP_OK) {
        return leave(err);
    }
    enum aloft_err fault = find_typed(handle, key, ALOFT_NVS_STR, &place);
    if (fault != ALOFT_OK) { // the reader reports whether it has another type
        fault = aloft_nvs_get_str(&handle->store->nvs, handle->ns, key, &unused, 1);
        return leave(guard_err(fault, handle->ns));
    }
    size_t room = length == NULL ? 0 : *length;
    size_t len = aloft_nvspage_len(&place.item);
    if (length != NULL) {
        *length = len;
    }
    if (out_value == NULL) {
        return leave(ESP_OK);
    }
    if (room < len) {
        return leave(ESP_ERR_NVS_INVALID_LENGTH);
    }
    return leave(aloft_idf_nvs_err(
        aloft_nvs_get_str(&handle->store->nvs, handle->ns, key, out_value, (uint32_t)room)));
}

esp_err_t nvs_get_blob(nvs_handle_t id, const char *key, void *out_value, size_t *length)
{
    struct open_handle *handle;
    uint32_t len = 0;
    esp_err_t err = enter(id, key, false, &handle);
    if (err == ESP_OK && length == NULL) {
        err = ESP_ERR_NVS_INVALID_LENGTH;
    }
    if (err != ESP_OK) {
        return leave(err);
    }
    uint32_t room = out_value == NULL ? 0 : (uint32_t)*length;
    enum aloft_err fault =
        aloft_nvs_get_blob(&handle->store->nvs, handle->ns, key, out_value, room, &len);
    bool asked = out_value == NULL && fault == ALOFT_ERR_NVS_ROOM;
    if (fault == ALOFT_OK || fault == ALOFT_ERR_NVS_ROOM) {
        *length = len;
    }
    return leave(asked ? ESP_OK : guard_err(fault, handle->ns));
}

esp_err_t nvs_find_key(nvs_handle_t id, const char *key, nvs_type_t *out_type)
{
    struct open_handle *handle;
    struct aloft_nvs_place place;
    esp_err_t err = enter(id, key, false, &handle);
    if (err != ESP_OK) {
        return leave(err);
    }
    static const uint8_t kinds[] = {
        ALOFT_NVS_U8,  ALOFT_NVS_I8,   ALOFT_NVS_U16,        ALOFT_NVS_I16,
        ALOFT_NVS_U32, ALOFT_NVS_I32,  ALOFT_NVS_U64,        ALOFT_NVS_I64,
        ALOFT_NVS_STR, ALOFT_NVS_BLOB, ALOFT_NVS_BLOB_INDEX,
    };
    for (size_t i = 0; i < sizeof kinds; i++) {
        if (find_typed(handle, key, kinds[i], &place) == ALOFT_OK) {
            if (out_type != NULL) {
                *out_type = aloft_idf_nvs_type(kinds[i]);
            }
            return leave(ESP_OK);
        }
    }
    char unused;
    return leave(
        guard_err(aloft_nvs_get_str(&handle->store->nvs, handle->ns, key, &unused, 1), handle->ns));
}

// Set and get of one type of number.
#define NUMBER(name, ctype, kind)                                                                  \
    esp_err_t nvs_set_##name(nvs_handle_t handle, const char *key, ctype value)                    \
    {                                                                                              \
        return set_number(handle, key, kind, (uint64_t)(int64_t)value);                            \
    }                                                                                              \
    esp_err_t nvs_get_##name(nvs_handle_t handle, const char *key, ctype *out_value)               \
    {                                                                                              \
        uint64_t value = 0;                                                                        \
        esp_err_t err = get_number(handle, key, kind, &value);                                     \
        if (err == ESP_OK) {                                                                       \
            *out_value = (ctype)value;                                                             \
        }                                                                                          \
        return err;                                                                                \
    }

NUMBER(i8, int8_t, ALOFT_NVS_I8)
NUMBER(u8, uint8_t, ALOFT_NVS_U8)
NUMBER(i16, int16_t, ALOFT_NVS_I16)
NUMBER(u16, uint16_t, ALOFT_NVS_U16)
NUMBER(i32, int32_t, ALOFT_NVS_I32)
NUMBER(u32, uint32_t, ALOFT_NVS_U32)
NUMBER(i64, int64_t, ALOFT_NVS_I64)
NUMBER(u64, uint64_t, ALOFT_NVS_U64)

// --- for nvs_walk.c

nvs_type_t aloft_idf_nvs_type(uint8_t stored)
{
    bool blob = stored == ALOFT_NVS_BLOB || stored == ALOFT_NVS_BLOB_INDEX;
    return blob ? NVS_TYPE_BLOB : (nvs_type_t)stored;
}

enum aloft_err aloft_idf_nvs_next(const struct aloft_nvs *nvs, uint8_t ns,
                                  struct aloft_nvs_cursor *cursor, bool *found)
{
    for (;;) {
        struct aloft_nvs_place newest;
        enum aloft_err err = aloft_nvs_next(nvs, cursor, found);
        if (err != ALOFT_OK || !*found) {
            return err;
        }
        const struct aloft_nvs_place *place = &cursor->place;
        bool wanted = ns == 0 ? place->item.ns != 0 : place->item.ns == ns;
        if (!wanted || place->item.type == ALOFT_NVS_BLOB_DATA) {
            continue;
        }
        err = aloft_nvs_find(nvs, &place->item, &newest);
        if (err == ALOFT_OK && newest.page == place->page && newest.index == place->index) {
            return ALOFT_OK;
        }
        if (err != ALOFT_OK && err != ALOFT_ERR_NVS_NOT_FOUND) {
            return err;
        }
    }
}
