// ESP-IDF's list says all; without it the table says where the app goes.
#include "cli/serial/flash_folder.h"
#include "cli/image/build_folder.h"
#include "hostlib/base/number.h"
#include <string.h>
#include <unistd.h>

static bool add(const struct aloft_flash_folder *folder, struct aloft_flash_plan *plan,
                uint32_t addr, const char *name, struct aloft_message *error)
{
    char path[4096];
    return aloft_build_folder_join(path, folder->path, name, error) &&
           aloft_flash_plan_add(plan, addr, path, error);
}

// --- ESP-IDF's list

static bool add_listed(const struct aloft_flash_folder *folder, json_t *files,
                       struct aloft_flash_plan *plan, struct aloft_message *error)
{
    const char *offset;
    json_t *name;
    json_object_foreach(files, offset, name)
    {
        int64_t addr;
        if (!aloft_number_parse(offset, &addr) || addr < 0 || addr > UINT32_MAX ||
            !json_is_string(name)) {
            return aloft_message_set(error, "%s/flasher_args.json: '%s' is not an offset of a file",
                                     folder->path, offset);
        }
        if (!add(folder, plan, (uint32_t)addr, json_string_value(name), error)) {
            return false;
        }
    }
    return plan->count > 0 ||
           aloft_message_set(error, "%s/flasher_args.json lists no flash_files", folder->path);
}

// What the list was made for: "extra_esptool_args": {"chip": "esp32"}, "flash_settings":
// {"flash_size": "4MB"}; "detect" and "keep" are sizes, too, and fit all.
static bool fits_board(const struct aloft_flash_folder *folder, const json_t *root,
                       const struct aloft_flash_plan *plan, struct aloft_message *error)
{
    const char *chip =
        json_string_value(json_object_get(json_object_get(root, "extra_esptool_args"), "chip"));
    const char *size =
        json_string_value(json_object_get(json_object_get(root, "flash_settings"), "flash_size"));
    uint32_t bytes;
    if (folder->chip == NULL || folder->force) {
        return true;
    }
    if (chip != NULL && strcmp(chip, "auto") != 0 && strcmp(chip, folder->chip->info->word) != 0) {
        return aloft_message_set(error, "%s/flasher_args.json is for %.20s, and this is %s",
                                 folder->path, chip, folder->chip->info->word);
    }
    return size == NULL || !aloft_number_parse_size(size, &bytes) || bytes <= plan->flash_size ||
           aloft_message_set(error,
                             "%s/flasher_args.json is for a flash of %.20s, and this one has "
                             "0x%x bytes",
                             folder->path, size, (unsigned)plan->flash_size);
}

static bool plan_listed(const struct aloft_flash_folder *folder, const char *list,
                        struct aloft_flash_plan *plan, struct aloft_message *error)
{
    json_t *root = aloft_build_folder_read(list, error);
    if (root == NULL) {
        return false;
    }
    bool good = fits_board(folder, root, plan, error) &&
                add_listed(folder, json_object_get(root, "flash_files"), plan, error) &&
                aloft_flash_plan_load_table(plan, error);
    json_decref(root);
    return good;
}

// --- a folder of files

static bool find(const struct aloft_flash_folder *folder, enum aloft_build_part part,
                 struct aloft_build_file *out, struct aloft_message *error)
{
    const char *wanted = part == ALOFT_BUILD_APP ? folder->app : NULL;
    bool given = part == ALOFT_BUILD_TABLE && folder->table != NULL;
    if (given) { // from where the user stands
        *out = (struct aloft_build_file){.offset = ALOFT_BUILD_FOLDER_NOWHERE};
        return aloft_build_folder_join(out->path, ".", folder->table, error);
    }
    return aloft_build_folder_find(folder->path, part, wanted, out, error);
}

// Where the app goes: to factory, or without that to ota_0, by the table of the plan.
static bool app_slot(const struct aloft_flash_plan *plan, uint32_t *addr,
                     struct aloft_message *error)
{
    struct aloft_extent slot = aloft_slots_extent(&plan->slots, ALOFT_SLOT_FACTORY);
    if (slot.len == 0) {
        slot = aloft_slots_extent(&plan->slots, 0);
    }
    *addr = slot.addr;
    return slot.len != 0 ||
           aloft_message_set(error, "the partition table has no factory and no ota_0 slot");
}

static uint32_t bootloader_addr(const struct aloft_flash_folder *folder)
{
    const struct aloft_chip_info *chip =
        folder->chip != NULL ? folder->chip->info : &aloft_chip_infos[ALOFT_CHIP_ROW_ESP32];
    return chip->bootloader_addr;
}

static bool add_table(const struct aloft_flash_folder *folder, struct aloft_flash_plan *plan,
                      struct aloft_message *error)
{
    struct aloft_build_file table;
    uint32_t addr = plan->table_asked != 0 ? plan->table_asked : ALOFT_PTABLE_ADDR_DEFAULT;
    return find(folder, ALOFT_BUILD_TABLE, &table, error) &&
           aloft_flash_plan_add(plan, addr, table.path, error) &&
           aloft_flash_plan_load_table(plan, error);
}

static bool plan_files(const struct aloft_flash_folder *folder, struct aloft_flash_plan *plan,
                       struct aloft_message *error)
{
    struct aloft_build_file bootloader;
    struct aloft_build_file table;
    struct aloft_build_file app;
    uint32_t addr;
    // All that is missing is told before anything is read.
    if (!find(folder, ALOFT_BUILD_BOOTLOADER, &bootloader, error) ||
        !find(folder, ALOFT_BUILD_TABLE, &table, error) ||
        !find(folder, ALOFT_BUILD_APP, &app, error)) {
        return false;
    }
    if (!aloft_flash_plan_add(plan, bootloader_addr(folder), bootloader.path, error) ||
        !add_table(folder, plan, error) || !app_slot(plan, &addr, error)) {
        return false;
    }
    if (plan->slots.otadata.len != 0 &&
        !aloft_flash_plan_erase(plan, plan->slots.otadata, "otadata", error)) {
        return false;
    }
    return aloft_flash_plan_add(plan, addr, app.path, error);
}

// The folder's table only says where its app goes; it is not written.
static bool app_addr(const struct aloft_flash_folder *folder, struct aloft_flash_plan *plan,
                     uint32_t *addr, struct aloft_message *error)
{
    bool good = add_table(folder, plan, error) && app_slot(plan, addr, error);
    aloft_flash_plan_release(plan);
    plan->has_slots = false;
    return good;
}

static bool plan_only(const struct aloft_flash_folder *folder, struct aloft_flash_plan *plan,
                      struct aloft_message *error)
{
    enum aloft_build_part part = ALOFT_BUILD_APP;
    struct aloft_build_file file;
    (void)aloft_build_folder_part(folder->only, &part); // is one of these
    if (!find(folder, part, &file, error)) {
        return false;
    }
    uint32_t addr = file.offset;
    if (addr != ALOFT_BUILD_FOLDER_NOWHERE) {
        return aloft_flash_plan_add(plan, addr, file.path, error) &&
               aloft_flash_plan_load_table(plan, error);
    }
    if (part == ALOFT_BUILD_TABLE) {
        return add_table(folder, plan, error);
    }
    addr = bootloader_addr(folder);
    return (part != ALOFT_BUILD_APP || app_addr(folder, plan, &addr, error)) &&
           aloft_flash_plan_add(plan, addr, file.path, error);
}

bool aloft_flash_folder_plan(const struct aloft_flash_folder *folder, struct aloft_flash_plan *plan,
                             struct aloft_message *error)
{
    char list[ALOFT_BUILD_FOLDER_PATH];
    if (folder->only != NULL) {
        return plan_only(folder, plan, error);
    }
    if (!aloft_build_folder_join(list, folder->path, "flasher_args.json", error)) {
        return false;
    }
    return access(list, F_OK) == 0 ? plan_listed(folder, list, plan, error)
                                   : plan_files(folder, plan, error);
}
