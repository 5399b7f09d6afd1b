// A command as a person at the device gives it, on its console for example: which slot boots,
// confirm, roll back. No slot is selected that does not hold a whole, good image.
// Usage: control FLASH boot|confirm|rollback|factory|restart [SLOT]
#include "device.h"
#include <aloft/control.h>
#include <stdio.h>

static struct device device;
static struct aloft_control control;

static void told(void *ctx, enum aloft_command command, int slot, enum aloft_err err)
{
    (void)ctx;
    (void)slot;
    printf("%s: %s\n", aloft_control_name(command),
           err == ALOFT_OK ? "done" : aloft_err_sentence(err));
}

int main(int argc, char **argv)
{
    enum aloft_command command;
    int slot = ALOFT_SLOT_NONE;
    if (argc < 3 || argc > 4 || !device_open(&device, argv[1], NULL) ||
        !aloft_control_find(argv[2], (uint32_t)strlen(argv[2]), &command) ||
        (argc == 4 && !aloft_control_slot(argv[3], (uint32_t)strlen(argv[3]), &slot))) {
        return puts("Usage: control FLASH boot|confirm|rollback|factory|restart [SLOT]"), 2;
    }
    const struct aloft_control_config config = {.slots = &device.slots,
                                                .rules = &device.rules,
                                                .intake = &device.intake,
                                                .hooks = {.told = told},
                                                .running = device.running,
                                                .trial = true};
    aloft_control_init(&control, &config);
    enum aloft_err err = aloft_control_begin(&control, command, slot);
    while (err == ALOFT_OK && aloft_control_step(&control) == ALOFT_STEP_AGAIN) {
    }
    if (control.restart) {
        puts("restart now");
    }
    return err != ALOFT_OK || control.err != ALOFT_OK;
}
