// Waits for a push from Arduino's IDE, espota.py or `aloft push`, and takes one. Who pushes must
// know the password; the device has only its hash, which must be kept like the password itself.
// Usage: push FLASH PORT SHA256_OF_PASSWORD
#include "device.h"
#include "way_on_sockets.h"
#include <aloft/push.h>

static struct device device;
static struct aloft_push push;

static void tell(void *ctx, const struct aloft_event *event)
{
    (void)ctx;
    if (event->kind == ALOFT_EVENT_INVITED) {
        printf("%s has %u bytes\n", event->text, (unsigned)event->value);
    } else if (event->kind == ALOFT_EVENT_REFUSED || event->kind == ALOFT_EVENT_FAILED) {
        printf("%s\n", aloft_err_sentence(event->err)); // and it goes on waiting
    }
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    const struct aloft_intake_config intake = {.events = {tell, NULL}, .trial = true};
    if (argc != 4 || !device_open(&device, argv[1], &intake)) {
        return puts("Usage: push FLASH PORT SHA256_OF_PASSWORD"), 2;
    }
    const struct aloft_push_config config = {.intake = &device.intake,
                                             .verifier = argv[3],
                                             .port = (uint16_t)strtoul(argv[2], NULL, 10),
                                             .random = way_random};
    enum aloft_err err = aloft_push_init(&push, &config);
    if (err != ALOFT_OK) {
        return puts(aloft_err_sentence(err)), 2;
    }
    struct aloft_way way = aloft_push_way(&push);
    while (way_run(&way) != ALOFT_WAY_RESTART) { // it waits for ever; an app does its work besides
    }
    puts("selected, on trial: restart to run it");
    return 0;
}
