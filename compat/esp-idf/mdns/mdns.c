// See the header.
#include "mdns.h"
#include "compat/esp-idf/esp_common/refuse.h"

esp_err_t mdns_init(void)
{
    return aloft_idf_refuse("mdns", __func__, "network of its own to be announced in");
}

esp_err_t mdns_hostname_set(const char *hostname)
{
    return hostname != NULL ? ESP_ERR_INVALID_STATE : ESP_ERR_INVALID_ARG;
}

esp_err_t mdns_instance_name_set(const char *instance_name)
{
    return instance_name != NULL ? ESP_ERR_INVALID_STATE : ESP_ERR_INVALID_ARG;
}

esp_err_t mdns_service_add(const char *instance_name, const char *service_type, const char *proto,
                           uint16_t port, mdns_txt_item_t txt[], size_t num_items)
{
    (void)instance_name;
    (void)port;
    (void)txt;
    (void)num_items;
    return service_type != NULL && proto != NULL ? ESP_ERR_INVALID_STATE : ESP_ERR_INVALID_ARG;
}

void mdns_free(void)
{
}
