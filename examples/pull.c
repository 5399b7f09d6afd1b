// Fetches an update over HTTP. The pull follows redirects, tries again, and goes on where it was
// after a broken link or a reset; a server that is slow or lies changes nothing on the device.
// Usage: pull FLASH URL
#include "device.h"
#include "way_on_sockets.h"
#include <aloft/pull.h>

static struct device device;
static struct aloft_pull pull;
static char urls[ALOFT_PULL_URLS(ALOFT_PULL_URL_DEFAULT)];

static void tell(void *ctx, const struct aloft_event *event)
{
    (void)ctx;
    if (event->kind == ALOFT_EVENT_RESPONSE) {
        printf("status %u, %u bytes\n", (unsigned)event->value, (unsigned)event->total);
    } else if (event->kind == ALOFT_EVENT_RESUMED) {
        printf("on from byte %u\n", (unsigned)event->value);
    } else if (event->kind == ALOFT_EVENT_RETRYING) {
        printf("%s; again in %u ms\n", aloft_err_sentence(event->err), (unsigned)event->value);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3 || !device_open(&device, argv[1], NULL)) {
        return puts("Usage: pull FLASH URL"), 2;
    }
    const struct aloft_pull_config config = {.intake = &device.intake,
                                             .events = {tell, NULL},
                                             .urls = urls,
                                             .urls_len = sizeof urls,
                                             .total_timeout_ms = 60000,
                                             .retries = 3};
    aloft_pull_init(&pull, &config);
    struct aloft_way way = aloft_pull_way(&pull);
    enum aloft_err err = aloft_pull_start(&pull, argv[2], way_now());
    while (err == ALOFT_OK && pull.state == ALOFT_PULL_RUNNING) {
        (void)way_run(&way); // feed the watchdog here; the app does its own work besides
    }
    err = err == ALOFT_OK ? pull.err : err;
    bool done = pull.state == ALOFT_PULL_DONE;
    puts(done ? "selected, on trial: restart to run it" : aloft_err_sentence(err));
    return !done;
}
