// Who may sign the next update: the keys that signed the app that runs. Shows them, and judges what
// lies in every slot by them, as an update is judged before it is selected.
// Usage: trust FLASH
#include "device.h"
#include "verify_by_psa.h"
#include <aloft/trust.h>
#include <stdio.h>

static struct device device;
static struct aloft_verify verify;

static enum aloft_err judge(int slot)
{
    struct aloft_flash_view view = aloft_slots_slot_view(&device.slots, slot);
    aloft_verify_init(&verify, &view, &device.rules);
    while (aloft_verify_step(&verify) == ALOFT_STEP_AGAIN) { // at most 4 KiB each
    }
    return verify.err;
}

int main(int argc, char **argv)
{
    static uint8_t block[ALOFT_SIGBLOCK_LEN];
    struct aloft_trust trust = {.block = block};
    struct aloft_crypto crypto = crypto_with_signatures();
    if (argc != 2 || !device_open(&device, argv[1], NULL)) {
        return puts("Usage: trust FLASH"), 2;
    }
    device.rules.crypto = &crypto;
    struct aloft_flash_view app = aloft_slots_slot_view(&device.slots, device.running);
    enum aloft_err err = judge(device.running);
    err = err != ALOFT_OK ? err
                          : aloft_trust_of_app(&trust, &crypto, &app, verify.image.facts.image_len);
    if (err != ALOFT_OK) {
        return printf("the running app: %s\n", aloft_err_sentence(err)), 1;
    }
    for (uint32_t i = 0; i < trust.count; i++) {
        printf("key ");
        for (uint32_t k = 0; k < ALOFT_SHA256_LEN; k++) {
            printf("%02x", trust.key[i][k]);
        }
        puts("");
    }
    device.rules.trust = &trust; // from here on, for the intake as well
    for (int slot = ALOFT_SLOT_FACTORY; slot < (int)device.slots.ota_count; slot++) {
        char name[ALOFT_SLOT_NAME];
        aloft_slot_name(slot, name);
        err = judge(slot);
        printf("%-8s %s\n", name, err == ALOFT_OK ? "signed" : aloft_err_sentence(err));
    }
    return 0;
}
