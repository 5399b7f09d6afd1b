// Somebody's program in C++: the same by the one header for it.
#include <aloft.hpp>
#include <iostream>

int main()
{
    static aloft_image image;
    aloft_image_rules rules{};
    aloft_boot_facts facts{};
    const std::uint8_t page[] = "<html>";
    rules.crypto = &aloft_soft_crypto;
    rules.len_max = ALOFT_IMAGE_LEN_MAX;
    facts.ota_count = 2;
    facts.has_factory = true;
    aloft_image_init(&image, &rules);
    const aloft_err err = aloft_image_feed(&image, page, sizeof page);
    aloft_image_end(&image);
    const aloft_boot_plan plan = aloft_boot_choose(&facts);
    std::cout << "C++: " << aloft_err_name(err) << ", slot " << plan.first << "\n";
    return !(err == ALOFT_ERR_IMAGE_MAGIC && plan.first == ALOFT_SLOT_FACTORY);
}
