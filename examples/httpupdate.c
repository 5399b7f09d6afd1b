// An update from a server that was written for Arduino's HTTPUpdate: the pull, with a filter that
// adds that client's headers, and that checks the MD5 which the server announces.
// Usage: httpupdate FLASH URL VERSION
#include "device.h"
#include "way_on_sockets.h"
#include <aloft/httpupdate.h>
#include <aloft/pull.h>

static struct device device;
static struct aloft_httpupdate filter;
static struct aloft_pull pull;
static struct aloft_verify running; // what runs: its length and digest are among the headers
static char urls[ALOFT_PULL_URLS(ALOFT_PULL_URL_DEFAULT)];

int main(int argc, char **argv)
{
    if (argc != 4 || !device_open(&device, argv[1], NULL)) {
        return puts("Usage: httpupdate FLASH URL VERSION"), 2;
    }
    int next = aloft_slots_next(&device.slots, device.running);
    struct aloft_flash_view slot = aloft_slots_slot_view(&device.slots, device.running);
    aloft_verify_init(&running, &slot, &device.rules);
    while (aloft_verify_step(&running) == ALOFT_STEP_AGAIN) {
    }
    const struct aloft_httpupdate_config headers = {.crypto = device.rules.crypto,
                                                    .url = argv[2],
                                                    .version = argv[3],
                                                    .image = &running.image.facts,
                                                    .slot = slot,
                                                    .free_space =
                                                        aloft_slots_extent(&device.slots, next).len,
                                                    .chip_size = device.flash.geometry.size,
                                                    .sta_mac = {2, 0, 0, 0, 0, 1},
                                                    .ap_mac = {2, 0, 0, 0, 0, 2}};
    aloft_httpupdate_init(&filter, &headers);
    while (aloft_httpupdate_step(&filter) == ALOFT_STEP_AGAIN) { // the MD5 of the running app
    }
    const struct aloft_pull_config config = {.intake = &device.intake,
                                             .filter = &filter.filter,
                                             .check = &filter.check,
                                             .urls = urls,
                                             .urls_len = sizeof urls};
    aloft_pull_init(&pull, &config);
    struct aloft_way way = aloft_pull_way(&pull);
    enum aloft_err err = aloft_pull_start(&pull, argv[2], way_now());
    while (err == ALOFT_OK && pull.state == ALOFT_PULL_RUNNING) {
        (void)way_run(&way);
    }
    err = err == ALOFT_OK ? pull.err : err;
    bool done = pull.state == ALOFT_PULL_DONE;
    puts(done ? "selected, on trial: restart to run it" : aloft_err_sentence(err));
    return !done;
}
