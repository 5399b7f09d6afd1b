// May this version be installed over that one, where the owner forbids downgrades?
// Usage: newer RUNNING OFFERED
#include <aloft/policy.h>
#include <stdio.h>
#include <string.h>

static struct aloft_image_facts app(const char *version)
{
    struct aloft_image_facts facts = {.has_desc = true, .project = "sensor"};
    strncat(facts.version, version, ALOFT_IMAGE_TEXT);
    return facts;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return puts("Usage: newer RUNNING OFFERED"), 2;
    }
    const struct aloft_image_facts running = app(argv[1]);
    const struct aloft_image_facts offered = app(argv[2]);
    const struct aloft_policy policy = {.current = &running,
                                        .no_downgrade = true,
                                        .same_project = true,
                                        .judge = aloft_policy_judge};
    enum aloft_err err = policy.judge(&policy, &offered);
    puts(err == ALOFT_OK ? "it may" : aloft_err_sentence(err));
    return err != ALOFT_OK;
}
