// Lists the partitions of a flash as the bootloader sees them: of a table that is not sound, none.
// Usage: partitions FLASH
#include "chip_in_file.h"
#include <aloft/slots.h>
#include <aloft/soft_crypto.h>
#include <stdio.h>

static enum aloft_err show(void *ctx, const struct aloft_partition *partition)
{
    (void)ctx;
    printf("%-16s type %u subtype 0x%02x at 0x%06x, %u bytes\n", partition->label, partition->type,
           partition->subtype, (unsigned)partition->addr, (unsigned)partition->len);
    return ALOFT_OK; // a fault would end the walk
}

static enum aloft_err count(void *ctx, const struct aloft_partition *partition)
{
    *(unsigned *)ctx += aloft_partition_is_app(partition);
    return ALOFT_OK;
}

int main(int argc, char **argv)
{
    struct aloft_flash flash;
    unsigned apps = 0;
    if (argc != 2 || !chip_open(&flash, argv[1])) {
        return puts("Usage: partitions FLASH"), 2;
    }
    enum aloft_err err = aloft_slots_walk(&flash, &aloft_soft_crypto, 0x8000, count, &apps);
    if (err == ALOFT_OK) {
        printf("%u apps\n", apps);
        err = aloft_slots_walk(&flash, &aloft_soft_crypto, 0x8000, show, NULL);
    }
    if (err != ALOFT_OK) {
        puts(aloft_err_sentence(err));
    }
    return err != ALOFT_OK;
}
