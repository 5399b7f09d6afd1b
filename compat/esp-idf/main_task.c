// Calls the project's app_main.
#include "compat/esp-idf/main_task.h"
#include "esp_log.h"

void app_main(void); // the project's

void aloft_idf_main_task(void *unused)
{
    (void)unused;
    ESP_LOGI("main_task", "Calling app_main()");
    app_main();
    ESP_LOGI("main_task", "Returned from app_main()");
}
