// What the app is told about itself comes from where it runs: the bootloader hands over the address
// of its slot, and facts and settings are read from flash there.
#include "ports/linux/device.h"
#include "aloft/base/printable.h"
#include "aloft/bootsel.h"
#include "aloft/verify.h"
#include "board/chip/attach.h"
#include "board/chip/panic.h"
#include "hostlib/crypto/mbed_crypto.h"
#include <stdlib.h>
#include <string.h>

// A setting that was asked for once; kept, as its text lives as long as the app.
struct aloft_device_setting {
    struct aloft_device_setting *next;
    char key[ALOFT_SETTINGS_KEY_MAX + 1];
    char value[];
};

const char *aloft_device_setting(struct aloft_device *device, const char *key, const char *fallback)
{
    struct aloft_device_setting *known = device->settings;
    while (known != NULL && strcmp(known->key, key) != 0) {
        known = known->next;
    }
    if (known != NULL) {
        return known->value;
    }
    char *value = device->setting_value;
    if (strlen(key) > ALOFT_SETTINGS_KEY_MAX ||
        !aloft_settings_get(device->settings_block, device->settings_len, key, value,
                            sizeof device->setting_value)) {
        return fallback;
    }
    known = calloc(1, sizeof *known + strlen(value) + 1);
    if (known == NULL) {
        return fallback;
    }
    memcpy(known->value, value, strlen(value));
    memcpy(known->key, key, strlen(key));
    known->next = device->settings;
    device->settings = known;
    return known->value;
}

void aloft_device_raise_secure_version(struct aloft_device *device)
{
    aloft_app_efuse_raise(&device->efuse, &device->slots, device->running,
                          device->facts.secure_version);
}

enum aloft_port_reset aloft_device_reset_reason(const struct aloft_device *device)
{
    switch (device->board.retained->reset) {
    case ALOFT_BOARD_RESET_POWER_ON:
        return ALOFT_RESET_POWER_ON;
    case ALOFT_BOARD_RESET_SOFTWARE:
        return ALOFT_RESET_SOFTWARE;
    case ALOFT_BOARD_RESET_PANIC:
        return ALOFT_RESET_PANIC;
    case ALOFT_BOARD_RESET_WATCHDOG:
        return ALOFT_RESET_WATCHDOG;
    case ALOFT_BOARD_RESET_BROWN_OUT:
        break;
    }
    return ALOFT_RESET_BROWN_OUT;
}

const char *aloft_device_id(void)
{
    return "02a10f000001";
}

// From the slot's start to its end; without a table, to the end of the chip.
static struct aloft_flash_view running_view(const struct aloft_device *device)
{
    uint32_t addr = device->board.retained->running_addr;
    struct aloft_extent extent = aloft_slots_extent(&device->slots, device->running);
    uint32_t rest = device->board.flash.geometry.size - addr;
    return (struct aloft_flash_view){&device->board.flash, addr,
                                     extent.len != 0 ? extent.len : rest};
}

// The ELF that a panic is explained by is named here.
static void read_desc(struct aloft_device *device, const struct aloft_flash_view *view)
{
    uint8_t bytes[ALOFT_IMAGE_DESC_LEN];
    uint32_t off = ALOFT_IMAGE_HEADER + ALOFT_IMAGE_SEGMENT_HEADER;
    if (device->facts.has_desc && aloft_flash_read(view, off, bytes, sizeof bytes) == ALOFT_OK) {
        aloft_image_desc_parse(bytes, &device->desc);
    }
    aloft_panic_arm(device->board.retained, device->desc.elf_sha256);
}

static void read_settings(struct aloft_device *device, const struct aloft_flash_view *view)
{
    uint32_t room = view->len > ALOFT_SETTINGS_OFF ? view->len - ALOFT_SETTINGS_OFF : 0;
    uint32_t len = room < sizeof device->settings_block ? room : sizeof device->settings_block;
    if (aloft_flash_read(view, ALOFT_SETTINGS_OFF, device->settings_block, len) == ALOFT_OK) {
        device->settings_len = len;
    }
}

// Whether it may run was for the bootloader to say; here are only its facts and settings. One that
// has rotted since names no signer, and then no update is taken rather than anybody's.
static void read_own_image(struct aloft_device *device)
{
    const struct aloft_image_rules rules = aloft_board_rules_plain();
    struct aloft_flash_view view = running_view(device);
    struct aloft_verify verify;
    enum aloft_step step;
    aloft_verify_init(&verify, &view, &rules);
    do {
        step = aloft_verify_step(&verify);
    } while (step == ALOFT_STEP_AGAIN);
    if (step == ALOFT_STEP_DONE) {
        device->facts = verify.image.facts;
    } else {
        aloft_board_log(
            &device->board, 'E', "port", "The running image at 0x%x is not good any more: %s: %s",
            (unsigned)view.addr, aloft_err_name(verify.err), aloft_err_sentence(verify.err));
    }
    read_settings(device, &view);
    read_desc(device, &view);
    if (strcmp(aloft_device_setting(device, "signed", "no"), "yes") == 0) {
        aloft_app_efuse_trust_own(&device->efuse, &view, device->facts.image_len);
    }
}

static void read_table(struct aloft_device *device)
{
    uint32_t addr = device->board.retained->ptable_addr;
    enum aloft_err err =
        aloft_slots_load(&device->slots, &device->board.flash, &aloft_mbed_crypto, addr);
    if (err != ALOFT_OK) {
        aloft_board_log(&device->board, 'E', "port", "No usable partition table at 0x%x: %s: %s",
                        (unsigned)addr, aloft_err_name(err), aloft_err_sentence(err));
    }
    device->running = aloft_slots_find(&device->slots, device->board.retained->running_addr);
}

// A bootloader that is not ours keeps no notes of trials.
static void note_trials(struct aloft_device *device)
{
    enum aloft_port_reset reset = aloft_device_reset_reason(device);
    struct aloft_bootsel op;
    enum aloft_step step;
    aloft_bootsel_started(&op, &device->slots, device->running,
                          reset == ALOFT_RESET_POWER_ON || reset == ALOFT_RESET_BROWN_OUT);
    do {
        step = aloft_bootsel_step(&op);
    } while (step == ALOFT_STEP_AGAIN);
    if (step == ALOFT_STEP_FAILED && aloft_err_is(op.err, ALOFT_ERR_CLASS_FLASH)) {
        aloft_board_log(&device->board, 'W', "port",
                        "The end of the last trial could not be noted: %s: %s",
                        aloft_err_name(op.err), aloft_err_sentence(op.err));
    }
}

void aloft_device_begin(struct aloft_device *device)
{
    struct aloft_board *board = &device->board;
    aloft_board_attach(board, "app", ALOFT_BOARD_APP_WATCHDOG_MS);
    board->listen = aloft_console_look;
    board->listen_ctx = &device->console;
    board->clean = aloft_printable_clean;
    aloft_app_efuse_init(&device->efuse, board);
    read_table(device);
    read_own_image(device);
    note_trials(device);
    aloft_board_log(board, 'I', "app_init", "Application information:");
    aloft_board_log(board, 'I', "app_init", "Project name:     %s", device->facts.project);
    aloft_board_log(board, 'I', "app_init", "App version:      %s", device->facts.version);
    aloft_device_raise_secure_version(device);
}
