// Which slots would the bootloader try, in which order? Facts to a plan, without any flash.
// Usage: boot_choice OTA_SLOTS SEQ STATE      (of one otadata record; see `aloft otadata show`)
#include <aloft/boot/choose.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct aloft_boot_facts facts = {.has_otadata = true, .has_factory = true, .trials = true};
    if (argc != 4) {
        return puts("Usage: boot_choice OTA_SLOTS SEQ STATE"), 2;
    }
    facts.ota_count = (uint32_t)strtoul(argv[1], NULL, 0);
    facts.records[0].seq = (uint32_t)strtoul(argv[2], NULL, 0);
    facts.records[0].state = (uint32_t)strtoul(argv[3], NULL, 0);
    facts.records[0].crc = aloft_otadata_crc(facts.records[0].seq);
    facts.records[1] = (struct aloft_otadata){UINT32_MAX, UINT32_MAX, UINT32_MAX}; // erased
    struct aloft_boot_plan plan = aloft_boot_choose(&facts);
    for (uint32_t n = 0;; n++) {
        char name[ALOFT_SLOT_NAME];
        int slot = aloft_boot_candidate(&plan, facts.ota_count, n);
        if (slot == ALOFT_SLOT_NONE) {
            break;
        }
        aloft_slot_name(slot, name);
        printf("%s%s", n == 0 ? "" : " ", name);
    }
    puts("");
    return 0;
}
