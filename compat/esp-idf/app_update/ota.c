// Writing images: any number of handles at once. Each has a staging partition, which gets the
// bytes, and a final partition, whose type says what they must be.
//
// The first byte of an app or bootloader is kept back: it can only be E9, so it need not be stored,
// even over a reset, and esp_ota_end programs it when the rest was judged good. A partition that
// the chip encrypts is written in whole blocks of the cipher: no byte is kept back there, and what
// does not fill a block waits in RAM for the next bytes, as in ESP-IDF.
#include "aloft/base/bytes.h"
#include "aloft/bootsel.h"
#include "aloft/update/failed.h"
#include "compat/esp-idf/bootloader_support/image.h"
#include "compat/esp-idf/esp_partition/view.h"
#include "compat/esp-idf/host/host.h"
#include "esp_flash_internal.h"
#include "esp_log.h"
#include "esp_ota_ops.h"
#include "esp_timer.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <stdlib.h>
#include <string.h>

static const char *TAG = "esp_ota_ops";

enum { DESC_OFF = sizeof(esp_image_header_t) + sizeof(esp_image_segment_header_t) };

struct update {
    struct update *next;
    esp_ota_handle_t handle;
    const esp_partition_t *staging;
    const esp_partition_t *final;
    bool copy;       // staging goes to final in the end
    bool need_erase; // sector by sector
    bool resumed;
    bool held;    // the first byte is not in flash
    size_t wrote; // bytes, with those that wait
    size_t waiting;
    uint8_t rest[ALOFT_IDF_UNIT]; // of which the first `waiting` do
    struct aloft_failed failed;   // releases that this device has come back from
};

static struct update *updates;
static esp_ota_handle_t last_handle;

static bool is_ota(const esp_partition_t *p)
{
    return p->type == ESP_PARTITION_TYPE_APP && p->subtype >= ESP_PARTITION_SUBTYPE_APP_OTA_0 &&
           p->subtype < ESP_PARTITION_SUBTYPE_APP_OTA_MAX;
}

static bool is_image(const esp_partition_t *p)
{
    return p->type == ESP_PARTITION_TYPE_APP || p->type == ESP_PARTITION_TYPE_BOOTLOADER;
}

// Turns write protection off before a bootloader or table is written, for the whole chip, as
// ESP-IDF does.
static void unprotect_for(const esp_partition_t *p)
{
    if (p->type == ESP_PARTITION_TYPE_BOOTLOADER || p->type == ESP_PARTITION_TYPE_PARTITION_TABLE) {
        (void)esp_flash_set_dangerous_write_protection(p->flash_chip, false);
    }
}

static struct update *find(esp_ota_handle_t handle)
{
    aloft_idf_lock();
    struct update *at = updates;
    while (at != NULL && at->handle != handle) {
        at = at->next;
    }
    aloft_idf_unlock();
    return at;
}

// Releases that must not be fetched again, read before their slot is erased. Besides those that
// core knows, that is a whole image which otadata selects and the bootloader did not start, as
// happens to apps without trials.
static void read_failed(struct aloft_failed *failed)
{
    struct aloft_slots slots;
    struct aloft_otadata records[2];
    struct aloft_image_facts facts;
    struct aloft_flash_view view = {0};
    memset(failed, 0, sizeof *failed);
    aloft_idf_lock();
    bool known = aloft_slots_load(&slots, aloft_idf_host.flash, &aloft_mbed_crypto,
                                  aloft_idf_host.ptable_addr) == ALOFT_OK;
    int running = known ? aloft_slots_find(&slots, aloft_idf_host.running_addr) : ALOFT_SLOT_NONE;
    bool just_started = esp_timer_get_time() < ALOFT_FAILED_REST_MS * 1000LL;
    if (known && aloft_failed_read(failed, &slots, just_started) == ALOFT_OK &&
        aloft_bootsel_read(&slots, records) == ALOFT_OK && aloft_otadata_active(records) >= 0) {
        int selected = aloft_bootsel_boot_slot(&slots, records);
        view = selected != running ? aloft_slots_slot_view(&slots, selected) : view;
    }
    aloft_idf_unlock();
    if (view.len != 0 && aloft_idf_judge(&view, NULL, 0, false, &facts) == ALOFT_OK) {
        aloft_failed_add(failed, &view);
    }
}

static struct update *add(const esp_partition_t *partition)
{
    struct update *update = calloc(1, sizeof *update);
    if (update == NULL) {
        return NULL;
    }
    update->staging = partition;
    update->final = partition;
    read_failed(&update->failed);
    unprotect_for(partition);
    aloft_idf_lock();
    update->handle = ++last_handle;
    update->next = updates;
    updates = update;
    aloft_idf_unlock();
    return update;
}

static void drop(struct update *update)
{
    aloft_idf_lock();
    struct update **at = &updates;
    while (*at != update) {
        at = &(*at)->next;
    }
    *at = update->next;
    aloft_idf_unlock();
    free(update);
}

// Checks the partition to be written; *partition becomes the entry of the table.
static esp_err_t check_target(const esp_partition_t **partition, const esp_ota_handle_t *out_handle)
{
    if (*partition == NULL || out_handle == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    *partition = esp_partition_verify(*partition);
    if (*partition == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    if ((*partition)->type == ESP_PARTITION_TYPE_APP && !is_ota(*partition)) {
        return ESP_ERR_INVALID_ARG;
    }
    return *partition == esp_ota_get_running_partition() ? ESP_ERR_OTA_PARTITION_CONFLICT : ESP_OK;
}

static bool running_is_on_trial(void)
{
    esp_ota_img_states_t state;
    return aloft_idf_config.rollback &&
           esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) == ESP_OK &&
           state == ESP_OTA_IMG_PENDING_VERIFY;
}

// ESP_OK, or logs the reason.
static esp_err_t refuse_failed(enum aloft_err err)
{
    if (err == ALOFT_OK) {
        return ESP_OK;
    }
    ESP_LOGE(TAG, "%s: %s", aloft_err_name(err), aloft_err_sentence(err));
    return ESP_ERR_OTA_VALIDATE_FAILED;
}

// The head has just come: is it of a release that failed its trial on this device?
static esp_err_t check_head(const struct update *update)
{
    uint8_t head[ALOFT_IMAGE_HEAD_LEN];
    esp_err_t err = esp_partition_read(update->staging, 0, head, sizeof head);
    if (err != ESP_OK || update->final->type != ESP_PARTITION_TYPE_APP) {
        return err;
    }
    head[0] = update->held ? ESP_IMAGE_HEADER_MAGIC : head[0];
    if (aloft_get_le32(head + DESC_OFF) != ESP_APP_DESC_MAGIC_WORD) {
        return ESP_OK; // without a description heads may be equal by chance; the digest decides
    }
    return refuse_failed(aloft_failed_judge_head(&update->failed, head));
}

esp_err_t esp_ota_begin(const esp_partition_t *partition, size_t image_size,
                        esp_ota_handle_t *out_handle)
{
    esp_err_t err = check_target(&partition, out_handle);
    if (err != ESP_OK) {
        return err;
    }
    if (partition->type == ESP_PARTITION_TYPE_APP && running_is_on_trial()) {
        ESP_LOGE(TAG, "Running app has not confirmed state (ESP_OTA_IMG_PENDING_VERIFY)");
        return ESP_ERR_OTA_ROLLBACK_INVALID_STATE;
    }
    struct update *update = add(partition);
    if (update == NULL) {
        return ESP_ERR_NO_MEM;
    }
    *out_handle = update->handle;
    image_size = (uint32_t)image_size; // a chip's size_t: a length of -1 is OTA_SIZE_UNKNOWN
    update->need_erase = image_size == OTA_WITH_SEQUENTIAL_WRITES;
    if (!update->need_erase) {
        bool all = image_size == 0 || image_size == OTA_SIZE_UNKNOWN;
        size_t sectors = (image_size + partition->erase_size - 1) / partition->erase_size;
        err = esp_partition_erase_range(partition, 0,
                                        all ? partition->size : sectors * partition->erase_size);
        if (err != ESP_OK) {
            return err; // the handle stays, as on a chip
        }
    }
    if (aloft_idf_config.rollback && is_ota(partition)) {
        (void)esp_ota_invalidate_inactive_ota_data_slot();
    }
    return ESP_OK;
}

esp_err_t esp_ota_resume(const esp_partition_t *partition, const size_t erase_size,
                         const size_t image_offset, esp_ota_handle_t *out_handle)
{
    if (partition == NULL || out_handle == NULL || image_offset > partition->size) {
        return ESP_ERR_INVALID_ARG;
    }
    esp_err_t err = check_target(&partition, out_handle);
    if (err != ESP_OK) {
        return err;
    }
    if (partition->encrypted && image_offset % ALOFT_IDF_UNIT != 0) {
        return ESP_ERR_INVALID_ARG;
    }
    uint8_t first = 0xFF;
    err = esp_partition_read(partition, 0, &first, sizeof first);
    struct update *update = err == ESP_OK ? add(partition) : NULL;
    if (update == NULL) {
        return err == ESP_OK ? ESP_ERR_NO_MEM : err;
    }
    update->resumed = true;
    update->wrote = image_offset;
    update->need_erase = erase_size == OTA_WITH_SEQUENTIAL_WRITES;
    update->held =
        image_offset > 0 && first == 0xFF && is_image(partition) && !partition->encrypted;
    *out_handle = update->handle;
    return ESP_OK;
}

esp_err_t esp_ota_set_final_partition(esp_ota_handle_t handle, const esp_partition_t *final,
                                      bool finalize_with_copy)
{
    struct update *update = find(handle);
    if (final == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (update == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    if (!update->resumed && update->wrote != 0) {
        return ESP_ERR_INVALID_STATE;
    }
    if (update->staging == final) {
        return ESP_OK;
    }
    const esp_partition_t *found = esp_partition_verify(final);
    if (found == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    ESP_LOGI(TAG, "Staging partition - <%s>. Final partition - <%s>.", update->staging->label,
             found->label);
    update->final = found;
    update->copy = finalize_with_copy;
    unprotect_for(found);
    return ESP_OK;
}

// Erases the sectors that the next size bytes enter.
static esp_err_t erase_ahead(const struct update *update, size_t size)
{
    size_t sector = update->staging->erase_size;
    size_t from = (update->wrote + sector - 1) / sector * sector;
    size_t to = (update->wrote + size + sector - 1) / sector * sector;
    return to > from ? esp_partition_erase_range(update->staging, from, to - from) : ESP_OK;
}

// The first bytes of what must be an image or a table.
static esp_err_t check_magic(const struct update *update, const uint8_t *data, size_t size)
{
    if (is_image(update->final) && data[0] != ESP_IMAGE_HEADER_MAGIC) {
        ESP_LOGE(TAG, "OTA image has invalid magic byte (expected 0xE9, saw 0x%02x)", data[0]);
        return ESP_ERR_OTA_VALIDATE_FAILED;
    }
    unsigned word = data[0] | (size > 1 ? (unsigned)data[1] << 8 : 0u);
    if (update->final->type == ESP_PARTITION_TYPE_PARTITION_TABLE && word != ESP_PARTITION_MAGIC) {
        ESP_LOGE(TAG, "Partition table image has invalid magic word (expected 0x50AA, saw 0x%04x)",
                 word);
        return ESP_ERR_OTA_VALIDATE_FAILED;
    }
    return ESP_OK;
}

// Appends to a partition that the chip encrypts.
static esp_err_t put_blocks(struct update *update, const uint8_t *data, size_t size)
{
    esp_err_t err = ESP_OK;
    while (err == ESP_OK && size > 0) {
        size_t off = update->wrote - update->waiting;
        bool whole = update->waiting == 0 && size >= ALOFT_IDF_UNIT;
        size_t room = ALOFT_IDF_UNIT - update->waiting;
        size_t len = whole ? size / ALOFT_IDF_UNIT * ALOFT_IDF_UNIT : size < room ? size : room;
        if (whole) {
            err = esp_partition_write(update->staging, off, data, len);
        } else {
            memcpy(update->rest + update->waiting, data, len);
            update->waiting += len;
        }
        if (update->waiting == ALOFT_IDF_UNIT) {
            err = esp_partition_write(update->staging, off, update->rest, ALOFT_IDF_UNIT);
            update->waiting = 0;
        }
        update->wrote += len;
        data += len;
        size -= len;
    }
    return err;
}

// Programs the last bytes, which do not fill a block of the cipher.
static esp_err_t put_rest(struct update *update)
{
    size_t off = update->wrote - update->waiting;
    if (update->waiting == 0) {
        return ESP_OK;
    }
    memset(update->rest + update->waiting, 0xFF, sizeof update->rest - update->waiting);
    update->waiting = 0;
    return esp_partition_write(update->staging, off, update->rest, sizeof update->rest);
}

static esp_err_t put(struct update *update, size_t off, const uint8_t *data, size_t size)
{
    size_t skip = 0;
    if (off == 0 && !update->staging->encrypted && size > 0 && is_image(update->final) &&
        data[0] == ESP_IMAGE_HEADER_MAGIC) {
        update->held = true;
        skip = 1;
    }
    esp_err_t err = esp_partition_write(update->staging, off + skip, data + skip, size - skip);
    if (err == ESP_OK) {
        update->wrote += size;
    }
    return err;
}

esp_err_t esp_ota_write(esp_ota_handle_t handle, const void *data, size_t size)
{
    if (data == NULL) {
        ESP_LOGE(TAG, "write data is invalid");
        return ESP_ERR_INVALID_ARG;
    }
    if (size == 0) {
        return ESP_OK;
    }
    struct update *update = find(handle);
    if (update == NULL) {
        ESP_LOGE(TAG, "not found the handle");
        return ESP_ERR_INVALID_ARG;
    }
    esp_err_t err = update->need_erase ? erase_ahead(update, size) : ESP_OK;
    if (err == ESP_OK && update->wrote == 0) {
        err = check_magic(update, data, size);
    }
    if (err != ESP_OK) {
        return err;
    }
    size_t before = update->wrote;
    err = update->staging->encrypted ? put_blocks(update, data, size)
                                     : put(update, before, data, size);
    bool head = before < ALOFT_IMAGE_HEAD_LEN && update->wrote >= ALOFT_IMAGE_HEAD_LEN;
    return err == ESP_OK && head ? check_head(update) : err;
}

esp_err_t esp_ota_write_with_offset(esp_ota_handle_t handle, const void *data, size_t size,
                                    uint32_t offset)
{
    struct update *update = find(handle);
    if (data == NULL || update == NULL) {
        ESP_LOGE(TAG, "%s", data == NULL ? "write data is invalid" : "OTA handle not found");
        return ESP_ERR_INVALID_ARG;
    }
    assert(!update->need_erase && "must erase the partition before writing to it");
    return put(update, offset, data, size);
}

static enum aloft_err accept_row(void *ctx, const struct aloft_partition *partition)
{
    (void)ctx;
    (void)partition;
    return ALOFT_OK;
}

// Judges the whole image, read back from flash.
static esp_err_t judge(const struct update *update)
{
    static const uint8_t first[] = {ESP_IMAGE_HEADER_MAGIC};
    struct aloft_flash_view view = aloft_idf_view(update->staging);
    struct aloft_image_facts facts;
    enum aloft_err err = ALOFT_OK;
    if (is_image(update->final)) {
        err = aloft_idf_judge(&view, first, update->held ? sizeof first : 0, true, &facts);
        // With anti-rollback, esp_ota_set_boot_partition refuses it, by a name of its own.
        bool asked =
            update->final->type == ESP_PARTITION_TYPE_APP && !aloft_idf_config.anti_rollback;
        if (err == ALOFT_OK && asked && aloft_idf_too_old(&facts)) {
            err = ALOFT_ERR_IMAGE_SECURE_VERSION;
        }
        if (err == ALOFT_OK && facts.hash_appended != 0) {
            err = aloft_failed_judge_digest(&update->failed, facts.digest);
            (void)refuse_failed(err);
        }
    } else if (update->final->type == ESP_PARTITION_TYPE_PARTITION_TABLE) {
        aloft_idf_lock();
        err = aloft_slots_walk(view.flash, &aloft_mbed_crypto, view.addr, accept_row, NULL);
        aloft_idf_unlock();
    }
    return err == ALOFT_OK ? ESP_OK : ESP_ERR_OTA_VALIDATE_FAILED;
}

static esp_err_t finish(struct update *update)
{
    static const uint8_t first[] = {ESP_IMAGE_HEADER_MAGIC};
    if (update->wrote == 0) {
        return ESP_ERR_INVALID_ARG;
    }
    esp_err_t err = put_rest(update);
    if (err == ESP_OK) {
        err = judge(update);
    }
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "New image failed verification");
        return err;
    }
    if (update->held) {
        err = esp_partition_write(update->staging, 0, first, sizeof first);
    }
    if (err == ESP_OK && update->copy) {
        ESP_LOGI(TAG, "Copy from <%s> staging partition to <%s>...", update->staging->label,
                 update->final->label);
        err = esp_partition_copy(update->final, 0, update->staging, 0, update->final->size);
    }
    return err;
}

esp_err_t esp_ota_end(esp_ota_handle_t handle)
{
    struct update *update = find(handle);
    if (update == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    esp_err_t err = finish(update);
    drop(update);
    return err;
}

esp_err_t esp_ota_abort(esp_ota_handle_t handle)
{
    struct update *update = find(handle);
    if (update == NULL) {
        return ESP_ERR_NOT_FOUND;
    }
    drop(update);
    return ESP_OK;
}
