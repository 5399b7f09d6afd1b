// The component's sockets, over the board's lwIP and from a task, as the link machine uses them.
#include "lwip_sockets.h"
#define SOCKETS aloft_lwip_sockets
#include "freertos/FreeRTOS.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "tests/compat/esp-idf/idf_world.h"
#include "tests/ports/socket_claims.h"

enum { STACK = 16384, PRIORITY = 5 };

static SemaphoreHandle_t over;
static int failed;

static void run_in_a_task(void *arg)
{
    (void)arg;
    failed = run_all();
    (void)xSemaphoreGive(over);
    vTaskDelete(NULL);
}

int main(void)
{
    world_begin(0);
    over = xSemaphoreCreateBinary();
    if (xTaskCreate(run_in_a_task, "sockets", STACK, NULL, PRIORITY, NULL) != pdPASS) {
        return 1;
    }
    (void)xSemaphoreTake(over, portMAX_DELAY);
    return failed;
}
