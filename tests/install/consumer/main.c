// Somebody's program in C: it judges bytes that are no image, and asks the bootloader's policy.
#include <aloft/boot/choose.h>
#include <aloft/image.h>
#include <aloft/soft_crypto.h>
#include <stdio.h>

int main(void)
{
    static struct aloft_image image;
    const struct aloft_image_rules rules = {.crypto = &aloft_soft_crypto,
                                            .len_max = ALOFT_IMAGE_LEN_MAX};
    const struct aloft_boot_facts facts = {.ota_count = 2, .has_factory = true};
    const uint8_t page[] = "<html>";
    aloft_image_init(&image, &rules);
    enum aloft_err err = aloft_image_feed(&image, page, sizeof page);
    aloft_image_end(&image);
    struct aloft_boot_plan plan = aloft_boot_choose(&facts);
    printf("C: %s, slot %d\n", aloft_err_name(err), plan.first);
    return !(err == ALOFT_ERR_IMAGE_MAGIC && plan.first == ALOFT_SLOT_FACTORY);
}
