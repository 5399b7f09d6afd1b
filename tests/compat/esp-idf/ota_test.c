// esp_ota_*: ESP-IDF's codes and edge cases, one by one, and what Aloft adds: the first byte is
// written last, and records are never lost.
#include "aloft/update/failed.h"
#include "check.h"
#include "compat/esp-idf/host/host.h"
#include "esp_efuse.h"
#include "esp_image_format.h"
#include "esp_ota_ops.h"
#include "esp_system.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "tests/compat/esp-idf/idf_world.h"

static const esp_partition_t *part(esp_partition_subtype_t subtype)
{
    return esp_partition_find_first(ESP_PARTITION_TYPE_APP, subtype, NULL);
}

static const esp_partition_t *factory(void)
{
    return part(ESP_PARTITION_SUBTYPE_APP_FACTORY);
}

static const esp_partition_t *ota(int slot)
{
    return part((esp_partition_subtype_t)(ESP_PARTITION_SUBTYPE_APP_OTA_0 + slot));
}

static const esp_partition_t *data(esp_partition_subtype_t subtype)
{
    return esp_partition_find_first(ESP_PARTITION_TYPE_DATA, subtype, NULL);
}

static void put_record(uint32_t index, uint32_t seq, uint32_t state)
{
    device_put_record(&world.device, index, seq, state, true);
}

static const uint8_t *at(const esp_partition_t *p)
{
    return world.device.ram.bytes + p->address;
}

static esp_ota_img_states_t state_of(const esp_partition_t *p)
{
    esp_ota_img_states_t state = (esp_ota_img_states_t)77;
    CHECK_EQ(esp_ota_get_state_partition(p, &state), ESP_OK);
    return state;
}

// Feeds an image in pieces; returns what esp_ota_end returns.
static esp_err_t install(const esp_partition_t *p, size_t size, const uint8_t *image, uint32_t len,
                         uint32_t piece)
{
    esp_ota_handle_t handle;
    CHECK_EQ(esp_ota_begin(p, size, &handle), ESP_OK);
    for (uint32_t off = 0; off < len; off += piece) {
        uint32_t n = len - off < piece ? len - off : piece;
        CHECK_EQ(esp_ota_write(handle, image + off, n), ESP_OK);
    }
    return esp_ota_end(handle);
}

static void an_update_in_pieces_of_any_size_boots_next(void)
{
    static const uint32_t pieces[] = {1, 3, 255, 256, 257, 1000, 4096, 100000};
    static const size_t sizes[] = {0, OTA_SIZE_UNKNOWN, OTA_WITH_SEQUENTIAL_WRITES, 6000};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            uint32_t len;
            check_note("pieces of %ld, size %ld", (long)pieces[i], (long)sizes[k]);
            world_begin(ALOFT_SLOT_FACTORY);
            const uint8_t *image = device_image("9", 5000, &len);
            CHECK(esp_ota_get_next_update_partition(NULL) == ota(0));
            CHECK_EQ(install(ota(0), sizes[k], image, len, pieces[i]), ESP_OK);
            CHECK_BYTES(at(ota(0)), image, len);
            CHECK_EQ(esp_ota_set_boot_partition(ota(0)), ESP_OK);
            CHECK(esp_ota_get_boot_partition() == ota(0));
            CHECK_EQ(state_of(ota(0)), ESP_OTA_IMG_NEW);
        }
    }
}

static void without_rollback_the_record_is_undefined(void)
{
    world_begin(ALOFT_SLOT_FACTORY);
    aloft_idf_config.rollback = false;
    CHECK_EQ(esp_ota_set_boot_partition(ota(1)), ESP_OK);
    CHECK_EQ(state_of(ota(1)), ESP_OTA_IMG_UNDEFINED);
}

static void begin_refuses_what_esp_idf_refuses(void)
{
    esp_ota_handle_t handle;
    world_begin(0);
    esp_partition_t unknown = *ota(1);
    unknown.address += 0x1000;
    CHECK_EQ(esp_ota_begin(NULL, 0, &handle), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_begin(ota(1), 0, NULL), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_begin(&unknown, 0, &handle), ESP_ERR_NOT_FOUND);
    CHECK_EQ(esp_ota_begin(factory(), 0, &handle), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_begin(ota(0), 0, &handle), ESP_ERR_OTA_PARTITION_CONFLICT);
    CHECK_EQ(world.device.ram.erases, 0);
}

static void begin_erases_what_it_was_told_to(void)
{
    esp_ota_handle_t handle;
    world_begin(0);
    memset(world.device.ram.bytes + ota(1)->address, 0x11, ota(1)->size);
    CHECK_EQ(esp_ota_begin(ota(1), 4097, &handle), ESP_OK);
    CHECK_EQ(at(ota(1))[0x1FFF], 0xFF);
    CHECK_EQ(at(ota(1))[0x2000], 0x11);
    CHECK_EQ(esp_ota_begin(ota(1), OTA_WITH_SEQUENTIAL_WRITES, &handle), ESP_OK);
    CHECK_EQ(at(ota(1))[0x2000], 0x11);
    CHECK_EQ(esp_ota_begin(ota(1), OTA_SIZE_UNKNOWN, &handle), ESP_OK);
    CHECK_EQ(at(ota(1))[ota(1)->size - 1], 0xFF);
    CHECK_EQ(esp_ota_begin(ota(1), ota(1)->size + 1, &handle), ESP_ERR_INVALID_SIZE);
}

// The value of esp_http_client_get_content_length for an unknown length; size_t has 32 bits on a
// chip, and more here.
static void a_length_of_minus_one_erases_the_partition(void)
{
    esp_ota_handle_t handle;
    world_begin(0);
    memset(world.device.ram.bytes + ota(1)->address, 0x11, ota(1)->size);
    CHECK_EQ(esp_ota_begin(ota(1), (size_t)-1, &handle), ESP_OK);
    CHECK_EQ(at(ota(1))[0], 0xFF);
    CHECK_EQ(at(ota(1))[ota(1)->size - 1], 0xFF);
    memset(world.device.ram.bytes + ota(1)->address, 0x11, ota(1)->size);
    CHECK_EQ(esp_ota_begin(ota(1), (size_t)-2, &handle), ESP_OK);
    CHECK_EQ(at(ota(1))[0], 0x11);
}

static void an_app_on_trial_cannot_update_before_it_confirms(void)
{
    esp_ota_handle_t handle;
    world_begin(0);
    put_record(0, 1, ALOFT_OTA_PENDING);
    CHECK_EQ(esp_ota_begin(ota(1), 0, &handle), ESP_ERR_OTA_ROLLBACK_INVALID_STATE);
    aloft_idf_config.rollback = false;
    CHECK_EQ(esp_ota_begin(ota(1), 0, &handle), ESP_OK);
    aloft_idf_config.rollback = true;
    CHECK_EQ(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
    CHECK_EQ(esp_ota_begin(ota(1), 0, &handle), ESP_OK);
}

static void begin_forgets_the_record_of_the_slot_that_it_overwrites(void)
{
    esp_ota_handle_t handle;
    world_begin(0);
    put_record(0, 3, ALOFT_OTA_VALID);
    put_record(1, 2, ALOFT_OTA_VALID); // ota_1
    CHECK_EQ(esp_ota_begin(ota(1), OTA_WITH_SEQUENTIAL_WRITES, &handle), ESP_OK);
    CHECK_EQ(state_of(ota(0)), ESP_OTA_IMG_VALID);
    esp_ota_img_states_t state;
    CHECK_EQ(esp_ota_get_state_partition(ota(1), &state), ESP_ERR_NOT_FOUND);
    put_record(1, 1, ALOFT_OTA_VALID); // of the running slot: it stays
    CHECK_EQ(esp_ota_invalidate_inactive_ota_data_slot(), ESP_FAIL);
}

static void write_refuses_data_that_is_not_an_image(void)
{
    esp_ota_handle_t handle;
    world_begin(ALOFT_SLOT_FACTORY);
    CHECK_EQ(esp_ota_begin(ota(0), OTA_WITH_SEQUENTIAL_WRITES, &handle), ESP_OK);
    CHECK_EQ(esp_ota_write(handle, NULL, 4), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_write(handle, "", 0), ESP_OK);
    CHECK_EQ(esp_ota_write(handle + 1, "\xE9", 1), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_write(handle, "<html>", 6), ESP_ERR_OTA_VALIDATE_FAILED);
    CHECK(world_said("esp_ota_ops: OTA image has invalid magic byte (expected 0xE9, saw 0x3c)"));
    CHECK_EQ(esp_ota_end(handle), ESP_ERR_INVALID_ARG); // nothing was written
    CHECK_EQ(esp_ota_end(handle), ESP_ERR_NOT_FOUND);   // and the handle is gone
}

static void a_write_beyond_the_partition_is_refused(void)
{
    static uint8_t big[DEVICE_SLOT_LEN + 1] = {0xE9};
    esp_ota_handle_t handle;
    world_begin(ALOFT_SLOT_FACTORY);
    CHECK_EQ(esp_ota_begin(ota(0), 0, &handle), ESP_OK);
    CHECK_EQ(esp_ota_write(handle, big, sizeof big), ESP_ERR_INVALID_SIZE);
    CHECK_EQ(esp_ota_abort(handle), ESP_OK);
    CHECK_EQ(esp_ota_abort(handle), ESP_ERR_NOT_FOUND);
}

static void a_bad_image_fails_at_end_and_cannot_be_selected(void)
{
    uint32_t len;
    for (uint32_t spoil = 1; spoil < 4; spoil++) {
        world_begin(ALOFT_SLOT_FACTORY);
        uint8_t copy[DEVICE_IMAGE_MAX];
        const uint8_t *image = device_image("9", 700, &len);
        memcpy(copy, image, len);
        copy[len * spoil / 4] ^= 1;
        CHECK_EQ(install(ota(0), 0, copy, len, 512), ESP_ERR_OTA_VALIDATE_FAILED);
        CHECK(world_said("esp_ota_ops: New image failed verification"));
        CHECK_EQ(esp_ota_set_boot_partition(ota(0)), ESP_ERR_OTA_VALIDATE_FAILED);
        CHECK(esp_ota_get_boot_partition() == factory());
    }
    world_begin(ALOFT_SLOT_FACTORY);
    const uint8_t *image = device_image("9", 700, &len);
    CHECK_EQ(install(ota(0), 0, image, len - 1, 512), ESP_ERR_OTA_VALIDATE_FAILED);
}

// A bootloader in a slot does not run, and without rollback the chip would try to start it for
// ever.
static void a_bootloader_is_refused_as_an_update(void)
{
    uint32_t len;
    world_begin(ALOFT_SLOT_FACTORY);
    const uint8_t *image = device_bootloader(&len);
    CHECK_EQ(install(ota(0), 0, image, len, 512), ESP_ERR_OTA_VALIDATE_FAILED);
    CHECK(world_said("IMAGE_NOT_APP"));
    device_put(&world.device, ota(1)->address, image, len); // as another tool may have
    CHECK_EQ(esp_ota_set_boot_partition(ota(1)), ESP_ERR_OTA_VALIDATE_FAILED);
    CHECK(esp_ota_get_boot_partition() == factory());
}

// Half an image never looks like one, and a finished one only when it was judged.
static void the_first_byte_is_the_last_to_be_programmed(void)
{
    uint32_t len;
    esp_ota_handle_t handle;
    world_begin(ALOFT_SLOT_FACTORY);
    const uint8_t *image = device_image("9", 700, &len);
    CHECK_EQ(esp_ota_begin(ota(0), 0, &handle), ESP_OK);
    CHECK_EQ(esp_ota_write(handle, image, len), ESP_OK);
    CHECK_EQ(at(ota(0))[0], 0xFF);
    CHECK_BYTES(at(ota(0)) + 1, image + 1, len - 1);
    CHECK_EQ(esp_ota_end(handle), ESP_OK);
    CHECK_EQ(at(ota(0))[0], 0xE9);
}

static void writing_by_offset_gives_the_same_image(void)
{
    uint32_t len;
    esp_ota_handle_t handle;
    world_begin(ALOFT_SLOT_FACTORY);
    const uint8_t *image = device_image("9", 3000, &len);
    CHECK_EQ(esp_ota_begin(ota(0), 0, &handle), ESP_OK);
    CHECK_EQ(esp_ota_write_with_offset(handle, image + 1024, len - 1024, 1024), ESP_OK);
    CHECK_EQ(esp_ota_write_with_offset(handle, image, 1024, 0), ESP_OK);
    CHECK_EQ(esp_ota_end(handle), ESP_OK);
    CHECK_BYTES(at(ota(0)), image, len);
}

static void a_download_goes_on_after_a_reset(void)
{
    uint32_t len;
    esp_ota_handle_t handle;
    world_begin(ALOFT_SLOT_FACTORY);
    const uint8_t *image = device_image("9", 6000, &len);
    CHECK_EQ(esp_ota_begin(ota(0), OTA_WITH_SEQUENTIAL_WRITES, &handle), ESP_OK);
    CHECK_EQ(esp_ota_write(handle, image, 5000), ESP_OK);
    CHECK_EQ(esp_ota_abort(handle), ESP_OK); // what a reset leaves
    CHECK_EQ(esp_ota_resume(ota(0), OTA_WITH_SEQUENTIAL_WRITES, ota(0)->size + 1, &handle),
             ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_resume(ota(0), OTA_WITH_SEQUENTIAL_WRITES, 5000, &handle), ESP_OK);
    CHECK_EQ(esp_ota_write(handle, image + 5000, len - 5000), ESP_OK);
    CHECK_EQ(esp_ota_end(handle), ESP_OK);
    CHECK_BYTES(at(ota(0)), image, len);
}

static void handles_do_not_disturb_each_other(void)
{
    uint32_t len;
    esp_ota_handle_t a;
    esp_ota_handle_t b;
    world_begin(ALOFT_SLOT_FACTORY);
    const uint8_t *image = device_image("9", 3000, &len);
    CHECK_EQ(esp_ota_begin(ota(0), OTA_WITH_SEQUENTIAL_WRITES, &a), ESP_OK);
    CHECK_EQ(esp_ota_begin(ota(1), OTA_WITH_SEQUENTIAL_WRITES, &b), ESP_OK);
    CHECK(a != b);
    for (uint32_t off = 0; off < len; off += 100) {
        uint32_t n = len - off < 100 ? len - off : 100;
        CHECK_EQ(esp_ota_write(a, image + off, n), ESP_OK);
        CHECK_EQ(esp_ota_write(b, image + off, n), ESP_OK);
    }
    CHECK_EQ(esp_ota_end(b), ESP_OK);
    CHECK_EQ(esp_ota_end(a), ESP_OK);
    CHECK_BYTES(at(ota(0)), image, len);
    CHECK_BYTES(at(ota(1)), image, len);
}

static void what_is_staged_goes_to_its_final_place(void)
{
    uint32_t len;
    esp_ota_handle_t handle;
    world_begin(0);
    const uint8_t *image = device_image("9", 1000, &len);
    CHECK_EQ(esp_ota_begin(ota(1), 0, &handle), ESP_OK);
    CHECK_EQ(esp_ota_set_final_partition(handle, NULL, true), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_set_final_partition(handle + 9, factory(), true), ESP_ERR_NOT_FOUND);
    CHECK_EQ(esp_ota_set_final_partition(handle, factory(), true), ESP_OK);
    CHECK_EQ(esp_ota_write(handle, image, len), ESP_OK);
    CHECK_EQ(esp_ota_set_final_partition(handle, factory(), true), ESP_ERR_INVALID_STATE);
    // The copy is as long as the final partition; this one is shorter than the staging one.
    CHECK_EQ(esp_ota_end(handle), ESP_OK);
    CHECK_BYTES(at(factory()), image, len);
}

static void set_boot_refuses_what_esp_idf_refuses(void)
{
    world_begin(ALOFT_SLOT_FACTORY);
    CHECK_EQ(esp_ota_set_boot_partition(NULL), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_set_boot_partition(data(ESP_PARTITION_SUBTYPE_DATA_NVS)),
             ESP_ERR_OTA_VALIDATE_FAILED);
    device_init(&world.device, 2, true, false); // no otadata
    (void)device_put_app(&world.device, 0, "2");
    esp_partition_unload_all();
    CHECK_EQ(esp_ota_set_boot_partition(ota(0)), ESP_ERR_NOT_FOUND);
    CHECK(esp_ota_get_boot_partition() == NULL);
    CHECK_EQ(esp_ota_mark_app_valid_cancel_rollback(), ESP_ERR_NOT_FOUND);
}

static void factory_as_boot_partition_empties_otadata(void)
{
    world_begin(1);
    put_record(0, 1, ALOFT_OTA_VALID);
    put_record(1, 2, ALOFT_OTA_VALID);
    CHECK(esp_ota_get_boot_partition() == ota(1));
    CHECK_EQ(esp_ota_set_boot_partition(factory()), ESP_OK);
    CHECK(esp_ota_get_boot_partition() == factory());
    CHECK_EQ(at(data(ESP_PARTITION_SUBTYPE_DATA_OTA))[0], 0xFF);
    CHECK_EQ(at(data(ESP_PARTITION_SUBTYPE_DATA_OTA))[0x1000], 0xFF);
}

static void the_records_are_those_of_the_worked_example(void)
{
    static const struct {
        int slot;
        uint32_t index;
        uint32_t seq;
    } steps[] = {{0, 0, 1}, {1, 1, 2}, {0, 0, 3}, {1, 1, 4}};
    world_begin(ALOFT_SLOT_FACTORY);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        esp_ota_select_entry_t entry;
        CHECK_EQ(esp_ota_set_boot_partition(ota(steps[i].slot)), ESP_OK);
        memcpy(&entry, at(data(ESP_PARTITION_SUBTYPE_DATA_OTA)) + steps[i].index * 0x1000,
               sizeof entry);
        CHECK_EQ(entry.ota_seq, steps[i].seq);
        CHECK_EQ(entry.ota_state, ESP_OTA_IMG_NEW);
    }
}

static void next_update_partition_goes_round(void)
{
    world_begin(0);
    CHECK(esp_ota_get_running_partition() == ota(0));
    CHECK(esp_ota_get_next_update_partition(NULL) == ota(1));
    CHECK(esp_ota_get_next_update_partition(ota(1)) == ota(0));
    CHECK(esp_ota_get_next_update_partition(factory()) == ota(0));
    CHECK_EQ(esp_ota_get_app_partition_count(), 2);
}

static void states_are_read_as_they_are(void)
{
    esp_ota_img_states_t state;
    world_begin(0);
    CHECK_EQ(esp_ota_get_state_partition(NULL, &state), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_get_state_partition(ota(0), NULL), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_get_state_partition(factory(), &state), ESP_ERR_NOT_SUPPORTED);
    CHECK_EQ(esp_ota_get_state_partition(ota(0), &state), ESP_ERR_NOT_FOUND);
    put_record(0, 1, ALOFT_OTA_ABORTED);
    CHECK_EQ(state_of(ota(0)), ESP_OTA_IMG_ABORTED);
    device_put_record(&world.device, 0, 1, ALOFT_OTA_VALID, false);
    CHECK_EQ(esp_ota_get_state_partition(ota(0), &state), ESP_ERR_NOT_FOUND);
}

static void confirming_makes_the_record_valid(void)
{
    world_begin(0);
    put_record(0, 1, ALOFT_OTA_PENDING);
    CHECK_EQ(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
    CHECK_EQ(state_of(ota(0)), ESP_OTA_IMG_VALID);
    CHECK_EQ(esp_ota_mark_app_valid_cancel_rollback(), ESP_OK);
}

static void factory_can_neither_be_confirmed_nor_refused(void)
{
    world_begin(ALOFT_SLOT_FACTORY);
    CHECK_EQ(esp_ota_mark_app_valid_cancel_rollback(), ESP_FAIL);
    CHECK_EQ(esp_ota_mark_app_invalid_rollback_and_reboot(), ESP_FAIL);
    CHECK_EQ(world.restarts, 0);
}

static void reject(void)
{
    (void)esp_ota_mark_app_invalid_rollback_and_reboot();
}

static void refusing_itself_restarts_into_the_other(void)
{
    world_begin(1);
    put_record(0, 1, ALOFT_OTA_VALID);
    put_record(1, 2, ALOFT_OTA_PENDING);
    CHECK(esp_ota_check_rollback_is_possible());
    world_in_task(reject);
    CHECK_EQ(world.restarts, 1);
    CHECK_EQ(state_of(ota(1)), ESP_OTA_IMG_INVALID);
    CHECK(esp_ota_get_boot_partition() == ota(0));
    CHECK(esp_ota_get_last_invalid_partition() == ota(1));
}

static void without_another_good_app_there_is_no_way_back(void)
{
    world_begin(1);
    put_record(0, 1, ALOFT_OTA_VALID);
    put_record(1, 2, ALOFT_OTA_PENDING);
    world.device.ram.bytes[ota(0)->address + 400] ^= 1;
    CHECK(!esp_ota_check_rollback_is_possible());
    CHECK_EQ(esp_ota_mark_app_invalid_rollback_and_reboot(), ESP_ERR_OTA_ROLLBACK_FAILED);
    CHECK_EQ(state_of(ota(1)), ESP_OTA_IMG_PENDING_VERIFY);
    CHECK_EQ(world.restarts, 0);
}

static void factory_is_a_way_back_when_there_is_no_other_record(void)
{
    world_begin(0);
    put_record(0, 1, ALOFT_OTA_PENDING);
    CHECK(esp_ota_check_rollback_is_possible());
    world.device.ram.bytes[factory()->address + 400] ^= 1;
    CHECK(!esp_ota_check_rollback_is_possible());
}

static void the_last_invalid_partition_needs_a_whole_app(void)
{
    world_begin(0);
    CHECK(esp_ota_get_last_invalid_partition() == NULL);
    put_record(0, 1, ALOFT_OTA_VALID);
    put_record(1, 2, ALOFT_OTA_ABORTED);
    CHECK(esp_ota_get_last_invalid_partition() == ota(1));
    world.device.ram.bytes[ota(1)->address + 400] ^= 1;
    CHECK(esp_ota_get_last_invalid_partition() == NULL);
}

static void the_last_boot_app_is_erased_with_its_record(void)
{
    world_begin(0);
    put_record(0, 3, ALOFT_OTA_VALID);
    put_record(1, 2, ALOFT_OTA_VALID);
    CHECK_EQ(esp_ota_erase_last_boot_app_partition(), ESP_OK);
    CHECK_EQ(at(ota(1))[0], 0xFF);
    CHECK_EQ(esp_ota_erase_last_boot_app_partition(), ESP_FAIL);
}

static void descriptors_are_read_from_flash(void)
{
    esp_app_desc_t desc;
    esp_bootloader_desc_t boot;
    world_begin(0);
    CHECK_EQ(esp_ota_get_partition_description(ota(1), &desc), ESP_OK);
    CHECK_TEXT(desc.version, "3");
    CHECK_EQ(esp_ota_get_partition_description(NULL, &desc), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_get_partition_description(data(ESP_PARTITION_SUBTYPE_DATA_OTA), &desc),
             ESP_ERR_NOT_SUPPORTED);
    CHECK_EQ(esp_partition_erase_range(ota(1), 0, ota(1)->size), ESP_OK);
    CHECK_EQ(esp_ota_get_partition_description(ota(1), &desc), ESP_ERR_NOT_FOUND);
    CHECK_EQ(esp_ota_get_bootloader_description(NULL, &boot), ESP_ERR_NOT_FOUND);
    CHECK_TEXT(esp_app_get_description()->version, "2");
}

static void an_older_secure_version_is_erased_not_booted(void)
{
    world_begin(0);
    aloft_idf_config.anti_rollback = true;
    CHECK_EQ(esp_efuse_read_secure_version(), 0);
    CHECK_EQ(esp_ota_set_boot_partition(ota(1)), ESP_OK);
    CHECK_EQ(esp_efuse_update_secure_version(33), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_efuse_update_secure_version(16), ESP_OK);
    CHECK_EQ(esp_efuse_update_secure_version(0), ESP_OK); // which changes nothing
    CHECK_EQ(esp_efuse_read_secure_version(), 16);
    CHECK(!esp_efuse_check_secure_version(15));
    CHECK_EQ(esp_ota_set_boot_partition(ota(1)), ESP_ERR_OTA_SMALL_SEC_VER);
    CHECK_EQ(world.device.ram.bytes[ota(1)->address], 0xFF);
    CHECK(!esp_ota_check_rollback_is_possible());
}

// The story: an app without anti-rollback in its configuration took a replayed older image on a
// board whose counter was burned; the bootloader refused it, and the app fetched it again, for
// ever.
static void what_the_bootloader_would_refuse_is_not_installed_without_anti_rollback(void)
{
    esp_ota_handle_t handle;
    uint32_t len;
    world_begin(0);
    world.secure_version = 16;
    const uint8_t *image = device_image("9", 0, &len);
    CHECK_EQ(esp_ota_begin(ota(1), OTA_SIZE_UNKNOWN, &handle), ESP_OK);
    CHECK_EQ(esp_ota_write(handle, image, len), ESP_OK);
    CHECK_EQ(esp_ota_end(handle), ESP_ERR_OTA_VALIDATE_FAILED);
    CHECK(world_said("and the eFuses ask for 16: the bootloader would refuse it"));
    CHECK_EQ(world.device.ram.bytes[ota(1)->address], 0xFF); // no first byte, so not an image

    world_begin(0);
    const esp_partition_t *factory =
        esp_partition_find_first(ESP_PARTITION_TYPE_APP, ESP_PARTITION_SUBTYPE_APP_FACTORY, NULL);
    world.secure_version = 16;
    CHECK_EQ(esp_ota_set_boot_partition(ota(1)), ESP_ERR_OTA_SMALL_SEC_VER);
    CHECK_EQ(esp_ota_set_boot_partition(factory), ESP_ERR_OTA_SMALL_SEC_VER);
    CHECK_EQ(world.device.ram.bytes[ota(1)->address], 0xE9); // the owner may want to go back to it
    CHECK(!esp_ota_check_rollback_is_possible());
    CHECK(esp_ota_get_boot_partition() != ota(1));
    world.secure_version = 0;
    CHECK_EQ(esp_ota_set_boot_partition(ota(1)), ESP_OK);
}

static esp_err_t fetch_version(const char *version)
{
    esp_ota_handle_t handle;
    uint32_t len;
    const uint8_t *image = device_image(version, 0, &len);
    CHECK_EQ(esp_ota_begin(ota(1), OTA_SIZE_UNKNOWN, &handle), ESP_OK);
    esp_err_t err = esp_ota_write(handle, image, 100);
    err = err == ESP_OK ? esp_ota_write(handle, image + 100, len - 100) : err;
    if (err != ESP_OK) {
        CHECK_EQ(esp_ota_abort(handle), ESP_OK);
        return err;
    }
    err = esp_ota_end(handle);
    return err == ESP_OK ? esp_ota_set_boot_partition(ota(1)) : err;
}

// An app without trials fetched what the bootloader did not start, again and again.
static void what_is_selected_and_did_not_start_is_not_fetched_again(void)
{
    world_begin(0);
    aloft_idf_config.rollback = false;
    CHECK_EQ(fetch_version("9"), ESP_OK); // and the bootloader starts ota_0 again
    CHECK_EQ(fetch_version("9"), ESP_ERR_OTA_VALIDATE_FAILED);
    CHECK(world_said("TRIAL_FAILED"));
    CHECK_EQ(fetch_version("8"), ESP_OK);
    world.device.ram.bytes[ota(1)->address + 300] ^= 1; // damaged: the same release repairs it
    CHECK_EQ(fetch_version("8"), ESP_OK);
}

// What the bootloader writes when an app on trial starts, and when it finds it after a power cut.
static void lose_power_on_trial(void)
{
    static const uint32_t states[] = {ALOFT_OTA_PENDING, ALOFT_OTA_ABORTED};
    for (uint32_t i = 0; i < 2; i++) {
        struct aloft_otadata records[2];
        struct aloft_bootsel op;
        CHECK_EQ(aloft_bootsel_read(&world.device.slots, records), ALOFT_OK);
        int active = aloft_otadata_active(records);
        CHECK(active >= 0);
        records[active & 1].state = states[i];
        aloft_bootsel_mark(&op, &world.device.slots, (uint32_t)active & 1, &records[active & 1],
                           i == 1);
        while (aloft_bootsel_step(&op) == ALOFT_STEP_AGAIN) {
        }
        CHECK_EQ(op.err, ALOFT_OK);
    }
}

static uint32_t soon_after_the_start(void)
{
    return ALOFT_FAILED_REST_MS - 1;
}

static uint32_t a_while_after_the_start(void)
{
    return ALOFT_FAILED_REST_MS;
}

// A release whose start makes the supply voltage drop was fetched again at once after each
// rollback: a loss of power never counted against it.
static void what_power_ended_twice_is_not_fetched_again_at_once(void)
{
    world_begin(0);
    put_record(0, 1, ALOFT_OTA_VALID);
    for (uint32_t i = 0; i < ALOFT_BOOTSEL_CUTS; i++) {
        aloft_idf_host.now_ms = soon_after_the_start;
        CHECK_EQ(fetch_version("9"), ESP_OK);
        lose_power_on_trial();
    }
    CHECK_EQ(fetch_version("9"), ESP_ERR_OTA_VALIDATE_FAILED);
    CHECK(world_said("TRIAL_POWER"));
    CHECK_EQ(fetch_version("9"), ESP_ERR_OTA_VALIDATE_FAILED);
    aloft_idf_host.now_ms = a_while_after_the_start;
    CHECK_EQ(fetch_version("9"), ESP_OK);
    lose_power_on_trial();
    aloft_idf_host.now_ms = soon_after_the_start;
    CHECK_EQ(fetch_version("9"), ESP_ERR_OTA_VALIDATE_FAILED);
    CHECK_EQ(fetch_version("8"), ESP_OK);
}

// A good image without its app descriptor.
static void put_app_without_description(uint32_t addr)
{
    static uint8_t image[0x4000];
    struct aloft_hash hash;
    uint32_t len;
    const uint8_t *good = device_image("3", 0, &len);
    CHECK(len <= sizeof image);
    memcpy(image, good, len);
    image[sizeof(esp_image_header_t) + sizeof(esp_image_segment_header_t)] ^= 1;
    image[sizeof(esp_image_header_t) + sizeof(esp_image_segment_header_t) + 1] ^= 1;
    CHECK_EQ(aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_SHA256), ALOFT_OK);
    CHECK_EQ(aloft_mbed_crypto.hash_feed(&hash, image, len - 32), ALOFT_OK);
    CHECK_EQ(aloft_mbed_crypto.hash_finish(&hash, image + len - 32), ALOFT_OK);
    device_put(&world.device, addr, image, len);
}

// Once such an app was erased as too old.
static void an_app_without_description_has_no_secure_version(void)
{
    world_begin(0);
    put_app_without_description(ota(1)->address);
    CHECK_EQ(esp_ota_set_boot_partition(ota(1)), ESP_OK);
    aloft_idf_config.anti_rollback = true;
    CHECK_EQ(esp_ota_set_boot_partition(ota(1)), ESP_ERR_NOT_FOUND);
    CHECK_EQ(world.device.ram.bytes[ota(1)->address], 0xE9);
}

static void an_update_of_the_bootloader_lifts_its_protection(void)
{
    const esp_partition_t *p;
    esp_ota_handle_t handle;
    world_begin(0);
    aloft_idf_config.dangerous_writes = 1;
    CHECK_EQ(esp_partition_register_external(NULL, 0x1000, 0x7000, "boot",
                                             ESP_PARTITION_TYPE_BOOTLOADER,
                                             ESP_PARTITION_SUBTYPE_BOOTLOADER_PRIMARY, &p),
             ESP_OK);
    CHECK_EQ(esp_partition_erase_range(p, 0, 4096), ESP_ERR_INVALID_ARG);
    CHECK_EQ(esp_ota_begin(p, OTA_WITH_SEQUENTIAL_WRITES, &handle), ESP_OK);
    CHECK_EQ(esp_ota_write(handle, "\xE9\x01", 2), ESP_OK);
    CHECK_EQ(esp_ota_end(handle), ESP_ERR_OTA_VALIDATE_FAILED);
    aloft_idf_config.dangerous_writes = 0;
}

static void an_image_is_verified_by_its_place(void)
{
    esp_image_metadata_t data_of;
    world_begin(0);
    esp_partition_pos_t pos = {ota(1)->address, ota(1)->size};
    CHECK_EQ(esp_image_verify(ESP_IMAGE_VERIFY, &pos, &data_of), ESP_OK);
    CHECK_EQ(data_of.image.magic, ESP_IMAGE_HEADER_MAGIC);
    world.device.ram.bytes[ota(1)->address + 400] ^= 1;
    CHECK_EQ(esp_image_verify(ESP_IMAGE_VERIFY_SILENT, &pos, &data_of), ESP_ERR_IMAGE_INVALID);
}

// Whatever operation of the chip fails, the call says so and the running app stays selected.
static void a_chip_that_fails_is_an_error_not_an_update(void)
{
    uint32_t fail = 1;
    bool whole = false;
    while (!whole) {
        uint32_t len;
        esp_ota_handle_t handle;
        check_note("operation %ld of %ld fails", (long)fail, (long)world.device.ram.ops);
        world_begin(0);
        put_record(0, 1, ALOFT_OTA_VALID);
        const uint8_t *image = device_image("9", 700, &len);
        (void)ota(1); // the table is read
        world.device.ram.ops = 0;
        world.device.ram.fail_op = fail;
        esp_err_t err = esp_ota_begin(ota(1), OTA_WITH_SEQUENTIAL_WRITES, &handle);
        err = err == ESP_OK ? esp_ota_write(handle, image, len) : err;
        err = err == ESP_OK ? esp_ota_end(handle) : err;
        err = err == ESP_OK ? esp_ota_set_boot_partition(ota(1)) : err;
        whole = world.device.ram.ops < fail;
        world.device.ram.fail_op = 0;
        CHECK(err == ESP_OK || esp_ota_get_boot_partition() == ota(0));
        fail += fail < 40 ? 1 : 7;
    }
    CHECK(esp_ota_get_boot_partition() == ota(1));
}

CHECK_MAIN(
    TEST(an_update_in_pieces_of_any_size_boots_next),
    TEST(without_rollback_the_record_is_undefined), TEST(begin_refuses_what_esp_idf_refuses),
    TEST(begin_erases_what_it_was_told_to), TEST(a_length_of_minus_one_erases_the_partition),
    TEST(an_app_on_trial_cannot_update_before_it_confirms),
    TEST(begin_forgets_the_record_of_the_slot_that_it_overwrites),
    TEST(write_refuses_data_that_is_not_an_image), TEST(a_write_beyond_the_partition_is_refused),
    TEST(a_bad_image_fails_at_end_and_cannot_be_selected),
    TEST(a_bootloader_is_refused_as_an_update), TEST(the_first_byte_is_the_last_to_be_programmed),
    TEST(writing_by_offset_gives_the_same_image), TEST(a_download_goes_on_after_a_reset),
    TEST(handles_do_not_disturb_each_other), TEST(what_is_staged_goes_to_its_final_place),
    TEST(set_boot_refuses_what_esp_idf_refuses), TEST(factory_as_boot_partition_empties_otadata),
    TEST(the_records_are_those_of_the_worked_example), TEST(next_update_partition_goes_round),
    TEST(states_are_read_as_they_are), TEST(confirming_makes_the_record_valid),
    TEST(factory_can_neither_be_confirmed_nor_refused),
    TEST(refusing_itself_restarts_into_the_other),
    TEST(without_another_good_app_there_is_no_way_back),
    TEST(factory_is_a_way_back_when_there_is_no_other_record),
    TEST(the_last_invalid_partition_needs_a_whole_app),
    TEST(the_last_boot_app_is_erased_with_its_record), TEST(descriptors_are_read_from_flash),
    TEST(an_older_secure_version_is_erased_not_booted),
    TEST(what_the_bootloader_would_refuse_is_not_installed_without_anti_rollback),
    TEST(what_is_selected_and_did_not_start_is_not_fetched_again),
    TEST(what_power_ended_twice_is_not_fetched_again_at_once),
    TEST(an_app_without_description_has_no_secure_version),
    TEST(an_update_of_the_bootloader_lifts_its_protection), TEST(an_image_is_verified_by_its_place),
    TEST(a_chip_that_fails_is_an_error_not_an_update))
