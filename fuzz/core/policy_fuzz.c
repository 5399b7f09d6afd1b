// Versions, which any file may carry, are in one order: what is older than an older one is older
// too, and what is neither older nor newer stands in the same place towards all others. Those that
// have no order are all in one place, below the rest. Input: three texts, each up to a NUL.
#include "aloft/image.h"
#include "aloft/policy.h"
#include "fuzz.h"

enum { TEXTS = 3 };

static bool older(char *const *texts, int a, int b)
{
    return aloft_policy_older(texts[a], texts[b]);
}

static void check_three(char *const *texts, int a, int b, int c)
{
    bool before = older(texts, a, b);
    FUZZ_CHECK(!before || !older(texts, b, a));
    FUZZ_CHECK(!before || !older(texts, b, c) || older(texts, a, c));
    if (!before && !older(texts, b, a)) {
        FUZZ_CHECK(older(texts, a, c) == older(texts, b, c));
        FUZZ_CHECK(older(texts, c, a) == older(texts, c, b));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    char *texts[TEXTS]; // each as long as it is, so that a step too far is seen
    for (int i = 0; i < TEXTS; i++) {
        char text[ALOFT_IMAGE_TEXT + 1] = "";
        uint32_t len = 0;
        while (len < ALOFT_IMAGE_TEXT && (text[len] = (char)fuzz_u8(&in)) != 0) {
            len++;
        }
        text[len] = 0;
        texts[i] = strdup(text);
        FUZZ_CHECK(texts[i] != NULL);
    }
    for (int i = 0; i < TEXTS * TEXTS * TEXTS; i++) {
        check_three(texts, i % TEXTS, i / TEXTS % TEXTS, i / TEXTS / TEXTS);
    }
    for (int i = 0; i < TEXTS; i++) {
        free(texts[i]);
    }
    return 0;
}
