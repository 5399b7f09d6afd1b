// What boots, and rollback: ESP-IDF's API over core's boot selection. Reading follows ESP-IDF's
// rules record by record; writing is aloft/bootsel.h.
#include "aloft/bootsel.h"
#include "compat/esp-idf/bootloader_support/image.h"
#include "compat/esp-idf/esp_partition/running.h"
#include "compat/esp-idf/host/host.h"
#include "esp_efuse.h"
#include "esp_log.h"
#include "esp_ota_ops.h"
#include "esp_system.h"
#include "hostlib/crypto/mbed_crypto.h"

static const char *TAG = "esp_ota_ops";

enum { RECORDS = 2 };

static bool load(struct aloft_slots *slots)
{
    aloft_idf_lock();
    enum aloft_err err = aloft_slots_load(slots, aloft_idf_host.flash, &aloft_mbed_crypto,
                                          aloft_idf_host.ptable_addr);
    aloft_idf_unlock();
    return err == ALOFT_OK;
}

// Both records; false, with a line in the log, when there is no otadata.
static bool read_records(struct aloft_otadata records[RECORDS])
{
    struct aloft_slots slots;
    if (!load(&slots) || slots.otadata.len == 0) {
        ESP_LOGE(TAG, "not found otadata");
        return false;
    }
    aloft_idf_lock();
    enum aloft_err err = aloft_bootsel_read(&slots, records);
    aloft_idf_unlock();
    if (err != ALOFT_OK) {
        ESP_LOGE(TAG, "otadata: %s: %s", aloft_err_name(err), aloft_err_sentence(err));
    }
    return err == ALOFT_OK;
}

static const esp_partition_t *app(esp_partition_subtype_t subtype)
{
    return esp_partition_find_first(ESP_PARTITION_TYPE_APP, subtype, NULL);
}

static const esp_partition_t *ota(uint32_t slot)
{
    return app((esp_partition_subtype_t)(ESP_PARTITION_SUBTYPE_APP_OTA_MIN + slot));
}

static bool is_ota(const esp_partition_t *p)
{
    return p->type == ESP_PARTITION_TYPE_APP && p->subtype >= ESP_PARTITION_SUBTYPE_APP_OTA_0 &&
           p->subtype < ESP_PARTITION_SUBTYPE_APP_OTA_MAX;
}

static bool find_facts(const esp_partition_t *p, bool loud, struct aloft_image_facts *facts)
{
    struct aloft_flash_view view = {aloft_idf_host.flash, p->address, p->size};
    return aloft_idf_judge(&view, NULL, 0, loud, facts) == ALOFT_OK;
}

static bool is_good(const esp_partition_t *p, bool loud)
{
    struct aloft_image_facts facts;
    return find_facts(p, loud, &facts);
}

uint8_t esp_ota_get_app_partition_count(void)
{
    uint8_t count = 0;
    while (count < ALOFT_OTADATA_SLOTS_MAX && ota(count) != NULL) {
        count++;
    }
    return count;
}

const esp_partition_t *esp_ota_get_running_partition(void)
{
    return aloft_idf_running_partition();
}

const esp_partition_t *esp_ota_get_next_update_partition(const esp_partition_t *start_from)
{
    start_from =
        start_from == NULL ? esp_ota_get_running_partition() : esp_partition_verify(start_from);
    assert(start_from != NULL);
    const esp_partition_t *first = NULL;
    bool next = false;
    for (uint32_t slot = 0; slot < ALOFT_OTADATA_SLOTS_MAX; slot++) {
        const esp_partition_t *p = ota(slot);
        if (p != NULL && next) {
            return p;
        }
        first = first == NULL ? p : first;
        next = next || (p != NULL && p == start_from);
    }
    return first;
}

// What boots when otadata selects no slot.
static const esp_partition_t *default_boot_partition(void)
{
    const esp_partition_t *p = app(ESP_PARTITION_SUBTYPE_APP_FACTORY);
    for (uint32_t slot = 0; p == NULL && slot < ALOFT_OTADATA_SLOTS_MAX; slot++) {
        p = ota(slot);
    }
    return p != NULL ? p : app(ESP_PARTITION_SUBTYPE_APP_TEST);
}

const esp_partition_t *esp_ota_get_boot_partition(void)
{
    struct aloft_otadata records[RECORDS];
    if (!read_records(records)) {
        return NULL;
    }
    uint32_t count = esp_ota_get_app_partition_count();
    int active = aloft_otadata_active(records);
    if (active < 0 || count == 0) {
        return default_boot_partition();
    }
    return ota(aloft_otadata_slot(records[active].seq, count));
}

esp_err_t esp_ota_get_state_partition(const esp_partition_t *partition,
                                      esp_ota_img_states_t *ota_state)
{
    struct aloft_otadata records[RECORDS];
    if (partition == NULL || ota_state == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (!is_ota(partition)) {
        return ESP_ERR_NOT_SUPPORTED;
    }
    uint32_t count = esp_ota_get_app_partition_count();
    if (count == 0 || !read_records(records)) {
        return ESP_ERR_NOT_FOUND;
    }
    uint32_t slot = partition->subtype - ESP_PARTITION_SUBTYPE_APP_OTA_MIN;
    for (int i = 0; i < RECORDS; i++) {
        if (aloft_otadata_sound(&records[i]) && aloft_otadata_slot(records[i].seq, count) == slot) {
            *ota_state = (esp_ota_img_states_t)records[i].state;
            return ESP_OK;
        }
    }
    return ESP_ERR_NOT_FOUND;
}

static bool is_refused(const struct aloft_otadata *record)
{
    return aloft_otadata_sound(record) &&
           (record->state == ALOFT_OTA_INVALID || record->state == ALOFT_OTA_ABORTED);
}

const esp_partition_t *esp_ota_get_last_invalid_partition(void)
{
    struct aloft_otadata records[RECORDS];
    uint32_t count = esp_ota_get_app_partition_count();
    if (count == 0 || !read_records(records)) {
        return NULL;
    }
    const struct aloft_otadata *found = NULL;
    for (int i = 0; i < RECORDS; i++) {
        bool older = found != NULL && records[i].seq >= found->seq;
        found = is_refused(&records[i]) && !older ? &records[i] : found;
    }
    const esp_partition_t *p = found == NULL ? NULL : ota(aloft_otadata_slot(found->seq, count));
    return p != NULL && is_good(p, false) ? p : NULL;
}

// ESP_ERR_OTA_SMALL_SEC_VER when the app's security version is below that of the eFuses. With
// anti-rollback in the configuration, as ESP-IDF: an app without a description is another error.
// Without it, as the bootloader: no description counts as 0.
static esp_err_t check_secure_version(const esp_partition_t *p,
                                      const struct aloft_image_facts *facts)
{
    esp_app_desc_t desc;
    if (!aloft_idf_config.anti_rollback || !is_ota(p)) {
        return aloft_idf_too_old(facts) ? ESP_ERR_OTA_SMALL_SEC_VER : ESP_OK;
    }
    esp_err_t err = esp_ota_get_partition_description(p, &desc);
    if (err == ESP_OK && !esp_efuse_check_secure_version(desc.secure_version)) {
        err = ESP_ERR_OTA_SMALL_SEC_VER;
    }
    return err;
}

bool esp_ota_check_rollback_is_possible(void)
{
    struct aloft_otadata records[RECORDS];
    uint32_t count = esp_ota_get_app_partition_count();
    int active = count != 0 && read_records(records) ? aloft_otadata_active(records) : -1;
    if (active < 0) {
        return false;
    }
    const struct aloft_otadata *other = &records[active ^ 1];
    const esp_partition_t *p = NULL;
    if (aloft_otadata_usable(other)) {
        p = ota(aloft_otadata_slot(other->seq, count));
    } else if (!aloft_idf_config.anti_rollback) {
        p = app(ESP_PARTITION_SUBTYPE_APP_FACTORY);
    }
    struct aloft_image_facts facts;
    return p != NULL && find_facts(p, false, &facts) && check_secure_version(p, &facts) == ESP_OK;
}

// Runs a write of otadata to its end; the caller holds the lock.
static enum aloft_err run(struct aloft_bootsel *op)
{
    enum aloft_step step;
    do {
        step = aloft_bootsel_step(op);
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : op->err;
}

static esp_err_t from_bootsel(enum aloft_err err)
{
    if (err == ALOFT_OK) {
        return ESP_OK;
    }
    ESP_LOGE(TAG, "otadata: %s: %s", aloft_err_name(err), aloft_err_sentence(err));
    if (err == ALOFT_ERR_NO_ROLLBACK) {
        return ESP_ERR_OTA_ROLLBACK_FAILED;
    }
    return err == ALOFT_ERR_NO_OTADATA ? ESP_ERR_NOT_FOUND : ESP_FAIL;
}

static esp_err_t set_boot(const esp_partition_t *partition)
{
    struct aloft_slots slots;
    struct aloft_bootsel op;
    if (!load(&slots) || slots.otadata.len == 0) {
        return ESP_ERR_NOT_FOUND;
    }
    int slot = aloft_slots_find(&slots, partition->address);
    if (slot == ALOFT_SLOT_NONE || slot == ALOFT_SLOT_TEST) {
        return ESP_ERR_INVALID_ARG;
    }
    aloft_idf_lock();
    const struct aloft_image_rules rules = aloft_idf_boot_rules();
    aloft_bootsel_set_boot(&op, &slots, &rules, slot, aloft_idf_config.rollback);
    enum aloft_err err = run(&op);
    aloft_idf_unlock();
    return from_bootsel(err);
}

esp_err_t esp_ota_set_boot_partition(const esp_partition_t *partition)
{
    struct aloft_image_facts facts;
    if (partition == NULL) {
        return ESP_ERR_INVALID_ARG;
    }
    if (!find_facts(partition, true, &facts)) {
        return ESP_ERR_OTA_VALIDATE_FAILED;
    }
    if (partition->type != ESP_PARTITION_TYPE_APP) {
        return ESP_ERR_INVALID_ARG;
    }
    esp_err_t err = check_secure_version(partition, &facts);
    if (err == ESP_ERR_OTA_SMALL_SEC_VER && aloft_idf_config.anti_rollback && is_ota(partition)) {
        ESP_LOGE(TAG, "The new app has an older secure version than this device; it is erased");
        err = esp_partition_erase_range(partition, 0, partition->size);
        return err == ESP_OK ? ESP_ERR_OTA_SMALL_SEC_VER : err;
    }
    return err == ESP_OK ? set_boot(partition) : err;
}

// Finds the OTA slot that runs, for marking its record; an error when factory runs or when no
// record counts.
static esp_err_t find_marked(struct aloft_slots *slots, int *running)
{
    struct aloft_otadata records[RECORDS];
    if (!load(slots) || !read_records(records)) {
        return ESP_ERR_NOT_FOUND;
    }
    *running = aloft_slots_find(slots, aloft_idf_host.running_addr);
    if (*running < 0 || aloft_otadata_active(records) < 0) {
        ESP_LOGE(TAG, "Running firmware is factory");
        return ESP_FAIL;
    }
    return ESP_OK;
}

esp_err_t esp_ota_mark_app_valid_cancel_rollback(void)
{
    struct aloft_slots slots;
    struct aloft_bootsel op;
    int running;
    esp_err_t err = find_marked(&slots, &running);
    if (err != ESP_OK) {
        return err;
    }
    aloft_idf_lock();
    aloft_bootsel_confirm(&op, &slots, running);
    err = from_bootsel(run(&op));
    aloft_idf_unlock();
    if (err == ESP_OK && aloft_idf_config.anti_rollback) {
        err = esp_efuse_update_secure_version(esp_app_get_description()->secure_version);
    }
    return err;
}

esp_err_t esp_ota_mark_app_invalid_rollback(void)
{
    struct aloft_slots slots;
    struct aloft_bootsel op;
    int running;
    esp_err_t err = find_marked(&slots, &running);
    if (err != ESP_OK) {
        return err;
    }
    if (!esp_ota_check_rollback_is_possible()) {
        ESP_LOGE(TAG, "Rollback is not possible, do not have any suitable apps in slots");
        return ESP_ERR_OTA_ROLLBACK_FAILED;
    }
    aloft_idf_lock();
    const struct aloft_image_rules rules = aloft_idf_boot_rules();
    aloft_bootsel_reject(&op, &slots, &rules, running);
    err = from_bootsel(run(&op));
    aloft_idf_unlock();
    if (err == ESP_OK) {
        ESP_LOGI(TAG, "Rollback to previously worked partition.");
    }
    return err;
}

esp_err_t esp_ota_mark_app_invalid_rollback_and_reboot(void)
{
    esp_err_t err = esp_ota_mark_app_invalid_rollback();
    if (err == ESP_OK) {
        esp_restart();
    }
    return err;
}

// Forgets the record that is not active, and, if so told, erases the app that it names; never the
// running one.
static esp_err_t erase_inactive(bool app_too)
{
    struct aloft_otadata records[RECORDS];
    uint32_t count = esp_ota_get_app_partition_count();
    int active = count != 0 && read_records(records) ? aloft_otadata_active(records) : -1;
    if (active < 0 || !aloft_otadata_sound(&records[active ^ 1])) {
        return ESP_FAIL;
    }
    const esp_partition_t *named = ota(aloft_otadata_slot(records[active ^ 1].seq, count));
    if (named == NULL || named == esp_ota_get_running_partition()) {
        return ESP_FAIL;
    }
    esp_err_t err = app_too ? esp_partition_erase_range(named, 0, named->size) : ESP_OK;
    const esp_partition_t *otadata =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_DATA_OTA, NULL);
    if (err == ESP_OK && otadata != NULL) {
        err = esp_partition_erase_range(otadata, (size_t)(active ^ 1) * ALOFT_OTADATA_SECTOR,
                                        ALOFT_OTADATA_SECTOR);
    }
    return err;
}

esp_err_t esp_ota_erase_last_boot_app_partition(void)
{
    return erase_inactive(true);
}

esp_err_t esp_ota_invalidate_inactive_ota_data_slot(void)
{
    return erase_inactive(false);
}
