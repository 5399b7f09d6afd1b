// A dump of a real chip does not tell the chip's MAC, which is in its eFuses.
#include "cli/nvs/secret_realm.h"
#include "aloft/base/hex.h"
#include "aloft/chip.h"
#include "cli/base/ui.h"
#include "cli/nvs/secret_input.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/flasher/flasher_trust.h"
#include "hostlib/image/image_scan.h"
#include <stdio.h>
#include <string.h>

#define KEY "device_id"

enum { MAC_LEN = 6, IMAGE_MAGIC = 0xE9, BOOTLOADER_MAX = 0x10000 };

// Pairs of digits, with or without a colon or a dash between them.
static bool read_mac(const char *text, char realm[ALOFT_WEBUI_REALM_MAX + 1])
{
    uint8_t bytes[MAC_LEN];
    for (size_t i = 0; i < MAC_LEN; i++) {
        if (!aloft_hex_parse(text, bytes + i, 1)) {
            return false;
        }
        text += 2;
        text += i + 1 < MAC_LEN && (*text == ':' || *text == '-') ? 1 : 0;
    }
    aloft_hex_emit(bytes, MAC_LEN, realm);
    realm[2 * MAC_LEN] = '\0';
    return *text == '\0';
}

// Whether a bootloader lies there that no virtual board runs.
static bool is_chips_bootloader(const struct aloft_flash *flash, uint32_t addr)
{
    static uint8_t bytes[BOOTLOADER_MAX]; // too large for a stack
    const struct aloft_image_rules rules = {.crypto = &aloft_mbed_crypto,
                                            .len_max = sizeof bytes,
                                            .bootloader = true,
                                            .chip_revision = 0xFFFF};
    struct aloft_flash_view view = {flash, addr, flash->geometry.size - addr};
    uint32_t len = view.len < sizeof bytes ? view.len : (uint32_t)sizeof bytes;
    struct aloft_image_scan scan;
    if (aloft_flash_read(&view, 0, bytes, len) != ALOFT_OK || bytes[0] != IMAGE_MAGIC) {
        return false;
    }
    aloft_image_scan(&rules, bytes, len, &scan);
    for (uint32_t i = 0; i < scan.segment_count; i++) {
        if (scan.segments[i].addr == ALOFT_NATIVE_ADDR) {
            return false;
        }
    }
    return true;
}

static bool is_board(const struct aloft_flash_nvs *of)
{
    static const uint32_t places[] = {0x1000, 0, 0x2000}; // by chip
    bool board = !of->bare;
    for (size_t i = 0; board && i < sizeof places / sizeof places[0]; i++) {
        board = !is_chips_bootloader(&of->file.flash, places[i]);
    }
    return board;
}

static bool check(const char *realm, const char *whose)
{
    if (!aloft_webui_auth_is_realm(realm)) {
        aloft_ui_error("%s is not a name for a device: at most %u printable characters, without "
                       "quotes and backslashes; %s",
                       whose, ALOFT_WEBUI_REALM_MAX,
                       whose[0] == '-' ? "give another one" : "set it again with 'aloft nvs set'");
        return false;
    }
    return true;
}

static bool set_name(struct aloft_flash_nvs *of, const char *name,
                     char realm[ALOFT_WEBUI_REALM_MAX + 1])
{
    struct aloft_nvs_write op;
    if (!check(name, "--name")) {
        return false;
    }
    (void)snprintf(realm, ALOFT_WEBUI_REALM_MAX + 1, "%s", name);
    aloft_nvs_set_str(&op, &of->nvs, ALOFT_NVS_GUARDED, KEY, realm);
    return aloft_flash_nvs_run(of, &op);
}

static bool ask(struct aloft_flash_nvs *of, char realm[ALOFT_WEBUI_REALM_MAX + 1])
{
    char answer[ALOFT_SECRET_PASSWORD];
    if (!aloft_secret_input_ask("Name or MAC of the device: ", false, answer)) {
        aloft_ui_error("the page's password is hashed with the device's name, and %s does not tell "
                       "it: give --name NAME, or --mac MAC, which 'aloft chip-info' shows",
                       of->path);
        return false;
    }
    answer[strcspn(answer, "\r\n")] = '\0';
    return read_mac(answer, realm) || set_name(of, answer, realm);
}

bool aloft_secret_realm_find(struct aloft_flash_nvs *of, const struct aloft_secret_realm *given,
                             char realm[ALOFT_WEBUI_REALM_MAX + 1])
{
    if (given->name != NULL) {
        return set_name(of, given->name, realm);
    }
    enum aloft_err err =
        aloft_nvs_get_str(&of->nvs, ALOFT_NVS_GUARDED, KEY, realm, ALOFT_WEBUI_REALM_MAX + 1);
    if (err == ALOFT_ERR_NVS_CORRUPT || err == ALOFT_ERR_NVS_UNREADABLE) {
        aloft_ui_error("device_id in NVS cannot be read, and the password is of it; set it again "
                       "with 'aloft nvs set', or take it away with 'aloft nvs erase'");
        return false;
    }
    if (err != ALOFT_ERR_NVS_NOT_FOUND) {
        if (given->mac != NULL) {
            aloft_ui_warn("--mac is not used: the device has a name, %s in NVS", KEY);
        }
        return check(err == ALOFT_OK ? realm : "", "device_id in NVS");
    }
    if (given->mac != NULL) {
        bool good = read_mac(given->mac, realm);
        if (!good) {
            aloft_ui_error("--mac %s is no MAC; it is 12 hexadecimal digits, such as "
                           "7c:df:a1:00:11:22",
                           given->mac);
        }
        return good;
    }
    if (is_board(of)) {
        static const uint8_t mac[MAC_LEN] = ALOFT_FLASHER_BOARD_MAC;
        aloft_hex_emit(mac, MAC_LEN, realm);
        realm[2 * MAC_LEN] = '\0';
        return true;
    }
    return ask(of, realm);
}
