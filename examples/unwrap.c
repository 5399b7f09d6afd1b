// The stage for encrypted images, in front of the intake: `required` refuses plain ones. The cipher
// is the port's (struct aloft_decrypt of aloft/crypto.h), for the key is the device's; as this PC
// has none, an encrypted image is refused by name before anything is erased.
// Usage: unwrap FLASH plain|required < FILE
#include "device.h"
#include <aloft/unwrap.h>
#include <stdio.h>

static struct device device;
static struct aloft_unwrap unwrap;
static const struct aloft_decrypt *const cipher = NULL; // aloft_port's, with the device's key

int main(int argc, char **argv)
{
    static uint8_t piece[1024];
    bool required = argc == 3 && strcmp(argv[2], "required") == 0;
    const struct aloft_intake_config config = {.stage = &unwrap.stage, .trial = true};
    aloft_unwrap_init(&unwrap, cipher, required);
    if (argc != 3 || !device_open(&device, argv[1], &config)) {
        return puts("Usage: unwrap FLASH plain|required < FILE"), 2;
    }
    struct aloft_intake *intake = &device.intake;
    enum aloft_err err = aloft_intake_begin(intake, argv, 0, NULL);
    for (size_t n; err == ALOFT_OK && (n = fread(piece, 1, sizeof piece, stdin)) > 0;) {
        for (uint32_t at = 0, used; err == ALOFT_OK && at < n; at += used) {
            err = aloft_intake_feed(intake, argv, piece + at, (uint32_t)n - at, &used);
            err = aloft_intake_step(intake) == ALOFT_STEP_FAILED ? intake->err : err;
        }
    }
    err = err == ALOFT_OK ? aloft_intake_finish(intake, argv) : err;
    while (err == ALOFT_OK && aloft_intake_step(intake) == ALOFT_STEP_AGAIN) {
    }
    err = err == ALOFT_OK ? intake->err : err;
    puts(err == ALOFT_OK ? "selected, on trial: restart to run it" : aloft_err_sentence(err));
    return err != ALOFT_OK;
}
