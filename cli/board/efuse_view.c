// Two lists of the same facts: first what the board trusts, then what each key block holds.
#include "cli/board/efuse_view.h"
#include "cli/base/ui.h"
#include <stdio.h>
#include <strings.h>

enum { PURPOSES = 12, HEX_LEN = 2 * ALOFT_EFUSE_KEY_LEN + 1 };

static const char *const purposes[PURPOSES] = {
    [0] = "USER",
    [1] = "RESERVED",
    [4] = "XTS_AES_128_KEY",
    [5] = "HMAC_DOWN_ALL",
    [6] = "HMAC_DOWN_JTAG",
    [7] = "HMAC_DOWN_DIGITAL_SIGNATURE",
    [8] = "HMAC_UP",
    [9] = "SECURE_BOOT_DIGEST0",
    [10] = "SECURE_BOOT_DIGEST1",
    [11] = "SECURE_BOOT_DIGEST2",
};

const char *aloft_efuse_purpose_name(uint32_t purpose)
{
    return purpose < PURPOSES ? purposes[purpose] : NULL;
}

bool aloft_efuse_purpose_find(const char *name, uint32_t *purpose)
{
    for (uint32_t i = 0; i < PURPOSES; i++) {
        if (purposes[i] != NULL && strcasecmp(purposes[i], name) == 0) {
            *purpose = i;
            return true;
        }
    }
    return false;
}

// Bytes without write protection are those of a burn that power has cut, or of another tool.
static bool begun(const struct aloft_efuse_key *key)
{
    return !key->write_protected && (!key->blank || key->purpose != 0);
}

static void print_digest(const struct aloft_efuse *efuse, uint32_t slot)
{
    char hex[HEX_LEN];
    bool there = (efuse->digests >> slot & 1) != 0;
    bool revoked = (efuse->revoked >> slot & 1) != 0;
    printf("  digest %u  ", (unsigned)slot);
    if (!there) {
        printf("%s\n", revoked ? "revoked, empty" : "empty");
        return;
    }
    printf("%s  %s  KEY%u\n", revoked ? "REVOKED" : "trusted",
           aloft_ui_hex(efuse->digest[slot], ALOFT_EFUSE_KEY_LEN, hex),
           (unsigned)efuse->digest_key[slot]);
}

static void print_key(const struct aloft_efuse_key *key, uint32_t number)
{
    char hex[HEX_LEN];
    const char *name = aloft_efuse_purpose_name(key->purpose);
    printf("  KEY%u  ", (unsigned)number);
    if (key->blank && key->purpose == 0 && !key->write_protected && !key->read_protected) {
        printf("empty\n");
        return;
    }
    printf("%-19s  %s%s", name != NULL ? name : "?", key->write_protected ? "locked" : "open",
           key->read_protected ? "  read-protected: reads as zeros" : "");
    if (!key->read_protected) {
        printf("  %s", aloft_ui_hex(key->bytes, ALOFT_EFUSE_KEY_LEN, hex));
    }
    printf("%s\n", begun(key) ? "  (not complete: burn the same key again)" : "");
}

void aloft_efuse_view_print(const struct aloft_efuse *efuse)
{
    printf("Secure boot       %s\n",
           efuse->secure_boot ? "ON: only signed bootloaders run" : "off");
    printf("Flash encryption  %s\n", !efuse->flash_encryption  ? "off"
                                     : efuse->crypt_count == 7 ? "ON, for good"
                                                               : "ON");
    printf("Security version  %u (of %u)\n\nTrusted keys:\n", (unsigned)efuse->secure_version,
           ALOFT_EFUSE_VERSION_MAX);
    for (uint32_t i = 0; i < ALOFT_EFUSE_DIGESTS; i++) {
        print_digest(efuse, i);
    }
    printf("\nKey blocks:\n");
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEYS; i++) {
        print_key(&efuse->key[i], i);
    }
    printf("\nRead protection   %s\n",
           efuse->read_protect_fixed ? "fixed: no more block can be hidden" : "open");
}

static json_t *digests_json(const struct aloft_efuse *efuse)
{
    json_t *list = json_array();
    char hex[HEX_LEN];
    for (uint32_t i = 0; i < ALOFT_EFUSE_DIGESTS; i++) {
        bool there = (efuse->digests >> i & 1) != 0;
        const char *digest =
            there ? aloft_ui_hex(efuse->digest[i], ALOFT_EFUSE_KEY_LEN, hex) : NULL;
        json_t *key = there ? json_integer(efuse->digest_key[i]) : json_null();
        // A NULL list or row shows as failure to print.
        (void)json_array_append_new(list, json_pack("{s:s?, s:b, s:o}", "digest", digest, "revoked",
                                                    (int)(efuse->revoked >> i & 1), "key", key));
    }
    return list;
}

static json_t *keys_json(const struct aloft_efuse *efuse)
{
    json_t *list = json_array();
    char hex[HEX_LEN];
    for (uint32_t i = 0; i < ALOFT_EFUSE_KEYS; i++) {
        const struct aloft_efuse_key *key = &efuse->key[i];
        json_t *row =
            json_pack("{s:i, s:s?, s:b, s:b, s:b, s:s}", "purpose", key->purpose, "purpose_name",
                      aloft_efuse_purpose_name(key->purpose), "read_protected", key->read_protected,
                      "write_protected", key->write_protected, "complete", !begun(key), "bytes",
                      aloft_ui_hex(key->bytes, ALOFT_EFUSE_KEY_LEN, hex));
        (void)json_array_append_new(list, row); // as above
    }
    return list;
}

json_t *aloft_efuse_view_json(const struct aloft_efuse *efuse)
{
    return json_pack("{s:b, s:b, s:i, s:b, s:o, s:o}", "secure_boot", (int)efuse->secure_boot,
                     "flash_encryption", (int)efuse->flash_encryption, "secure_version",
                     (int)efuse->secure_version, "read_protect_fixed",
                     (int)efuse->read_protect_fixed, "digests", digests_json(efuse), "keys",
                     keys_json(efuse));
}
