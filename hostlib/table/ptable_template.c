// Data only. Offsets stand where ESP-IDF's tables have them; the rest follows from the rules of the
// grammar, and a test holds the compiled bytes against ESP-IDF's.
#include "hostlib/table/ptable_template.h"
#include <string.h>

// clang-format off
const struct aloft_ptable_template aloft_ptable_templates[] = {
    {"singleapp", "one app of 1M in the factory slot, no updates over the air",
     "nvs,      data, nvs,     0x9000,  24K\n"
     "phy_init, data, phy,     ,        4K\n"
     "factory,  app,  factory, 0x10000, 1M\n"},
    {"singleapp_coredump", "singleapp with 64K for core dumps",
     "nvs,      data, nvs,      0x9000,  24K\n"
     "phy_init, data, phy,      ,        4K\n"
     "factory,  app,  factory,  0x10000, 1M\n"
     "coredump, data, coredump, ,        64K\n"},
    {"singleapp_large", "one app of 1500K in the factory slot, no updates over the air",
     "nvs,      data, nvs,     0x9000,  24K\n"
     "phy_init, data, phy,     ,        4K\n"
     "factory,  app,  factory, 0x10000, 1500K\n"},
    {"singleapp_large_coredump", "singleapp_large with 64K for core dumps",
     "nvs,      data, nvs,      0x9000,  24K\n"
     "phy_init, data, phy,      ,        4K\n"
     "factory,  app,  factory,  0x10000, 1500K\n"
     "coredump, data, coredump, ,        64K\n"},
    {"two_ota", "a factory app and two OTA slots of 1M each",
     "nvs,      data, nvs,     0x9000,  16K\n"
     "otadata,  data, ota,     ,        8K\n"
     "phy_init, data, phy,     ,        4K\n"
     "factory,  app,  factory, 0x10000, 1M\n"
     "ota_0,    app,  ota_0,   ,        1M\n"
     "ota_1,    app,  ota_1,   ,        1M\n"},
    {"two_ota_coredump", "two_ota with 64K for core dumps",
     "nvs,      data, nvs,      0x9000,  16K\n"
     "otadata,  data, ota,      ,        8K\n"
     "phy_init, data, phy,      ,        4K\n"
     "factory,  app,  factory,  0x10000, 1M\n"
     "coredump, data, coredump, ,        64K\n"
     "ota_0,    app,  ota_0,    ,        1M\n"
     "ota_1,    app,  ota_1,    ,        1M\n"},
    {"two_ota_large", "two OTA slots of 1700K each, no factory app",
     "nvs,      data, nvs,   0x9000, 24K\n"
     "otadata,  data, ota,   ,       8K\n"
     "phy_init, data, phy,   ,       4K\n"
     "ota_0,    app,  ota_0, ,       1700K\n"
     "ota_1,    app,  ota_1, ,       1700K\n"},
    {"two_ota_encr_nvs", "two_ota with an encrypted partition for NVS keys",
     "nvs,      data, nvs,      0x9000,  16K\n"
     "otadata,  data, ota,      ,        8K\n"
     "phy_init, data, phy,      ,        4K\n"
     "factory,  app,  factory,  0x10000, 1M\n"
     "ota_0,    app,  ota_0,    ,        1M\n"
     "ota_1,    app,  ota_1,    ,        1M\n"
     "nvs_key,  data, nvs_keys, ,        4K, encrypted\n"},
    {"singleapp_tee", "one app and a trusted execution environment",
     "tee,            app,  tee_0,   0x10000, 256K\n"
     "secure_storage, data, nvs,     ,        64K\n"
     "factory,        app,  factory, ,        1536K\n"
     "nvs,            data, nvs,     ,        24K\n"
     "phy_init,       data, phy,     ,        4K\n"},
    {"two_ota_tee", "two OTA slots, and two for a trusted execution environment",
     "tee_0,          app,  tee_0,   0x10000, 256K\n"
     "tee_1,          app,  tee_1,   ,        256K\n"
     "tee_otadata,    data, tee_ota, ,        8K\n"
     "secure_storage, data, nvs,     ,        56K\n"
     "ota_0,          app,  ota_0,   ,        1536K\n"
     "ota_1,          app,  ota_1,   ,        1536K\n"
     "otadata,        data, ota,     ,        8K\n"
     "nvs,            data, nvs,     ,        24K\n"
     "phy_init,       data, phy,     ,        4K\n"},
};
// clang-format on

const size_t aloft_ptable_template_count =
    sizeof aloft_ptable_templates / sizeof aloft_ptable_templates[0];

const struct aloft_ptable_template *aloft_ptable_template_find(const char *name)
{
    for (size_t i = 0; i < aloft_ptable_template_count; i++) {
        if (strcmp(aloft_ptable_templates[i].name, name) == 0) {
            return &aloft_ptable_templates[i];
        }
    }
    return NULL;
}
