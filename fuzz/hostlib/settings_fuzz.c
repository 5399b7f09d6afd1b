// The settings block of a virtual app: no lookup leaves the block, and what the builder writes is
// read back. Input: choices, the block or the text of settings.
#include "fuzz.h"
#include "hostlib/image/settings.h"

enum { COUNT_MAX = 4 };

static void check_lookup(const struct fuzz_input *in)
{
    static const char *const keys[] = {"url", "k", "", "version"};
    char value[64];
    uint8_t *block = malloc(in->left + (in->left == 0)); // exact, so that an overrun is seen
    if (block == NULL) {
        return;
    }
    memcpy(block, in->data, in->left);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        for (size_t size = 0; size <= sizeof value; size += 16) {
            bool found = aloft_settings_get(block, in->left, keys[i], value, size);
            FUZZ_CHECK(!found || strnlen(value, size) < size);
        }
    }
    free(block);
}

// Takes up to len bytes as a text.
static const char *text(struct fuzz_input *in, char *to, uint32_t len)
{
    uint32_t n = fuzz_u16(in) % (len + 1);
    memset(to, 0, len + 1);
    (void)fuzz_bytes(in, to, n);
    return to;
}

static void check_round_trip(struct fuzz_input *in)
{
    static char keys[COUNT_MAX][ALOFT_SETTINGS_KEY_MAX + 2];
    static char values[COUNT_MAX][ALOFT_SETTINGS_VALUE_MAX + 2];
    struct aloft_setting settings[COUNT_MAX];
    static char value[ALOFT_SETTINGS_VALUE_MAX + 1];
    size_t count = 0;
    for (int i = 0; i < COUNT_MAX; i++) {
        settings[count].key = text(in, keys[i], ALOFT_SETTINGS_KEY_MAX + 1);
        settings[count].value = text(in, values[i], ALOFT_SETTINGS_VALUE_MAX + 1);
        count += aloft_settings_fit(&settings[count]);
    }
    size_t len = aloft_settings_len(settings, count);
    uint8_t *block = malloc(len);
    FUZZ_CHECK(len % 4 == 0);
    if (block == NULL) {
        return;
    }
    aloft_settings_emit(settings, count, block);
    for (size_t i = 0; i < count; i++) {
        size_t first = 0; // of two settings with one key the first counts
        while (strcmp(settings[first].key, settings[i].key) != 0) {
            first++;
        }
        FUZZ_CHECK(aloft_settings_get(block, len, settings[i].key, value, sizeof value));
        FUZZ_CHECK(strcmp(value, settings[first].value) == 0);
    }
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    if ((fuzz_u8(&in) & 1) != 0) {
        check_round_trip(&in);
    } else {
        check_lookup(&in);
    }
    return 0;
}
