// Reads or sets a text in NVS, ESP-IDF's key-value store: an app of ESP-IDF reads the same value.
// Usage: setting FLASH NAMESPACE KEY [TEXT]
#include "chip_in_file.h"
#include <aloft/nvs.h>
#include <aloft/nvs_write.h>
#include <aloft/slots.h>
#include <aloft/soft_crypto.h>
#include <stdio.h>

static enum aloft_err find_nvs(void *ctx, const struct aloft_partition *partition)
{
    if (partition->type == ALOFT_TYPE_DATA && partition->subtype == ALOFT_DATA_NVS) {
        *(struct aloft_partition *)ctx = *partition;
    }
    return ALOFT_OK;
}

int main(int argc, char **argv)
{
    static struct aloft_nvs_write op;
    struct aloft_flash flash;
    struct aloft_nvs nvs;
    struct aloft_partition found = {.len = 0};
    char text[256];
    if (argc < 4 || argc > 5 || !chip_open(&flash, argv[1]) ||
        aloft_slots_walk(&flash, &aloft_soft_crypto, 0x8000, find_nvs, &found) != ALOFT_OK) {
        return puts("Usage: setting FLASH NAMESPACE KEY [TEXT]"), 2;
    }
    struct aloft_flash_view view = aloft_partition_view(&flash, &found);
    enum aloft_err err = aloft_nvs_open(&nvs, &view);
    if (err == ALOFT_OK && argc == 5) {
        aloft_nvs_set_str(&op, &nvs, argv[2], argv[3], argv[4]);
        while (aloft_nvs_step(&op) == ALOFT_STEP_AGAIN) { // one flash operation each
        }
        err = op.err;
    }
    err = err == ALOFT_OK ? aloft_nvs_get_str(&nvs, argv[2], argv[3], text, sizeof text) : err;
    puts(err == ALOFT_OK ? text : aloft_err_sentence(err)); // never taken for unset when damaged
    return err != ALOFT_OK;
}
