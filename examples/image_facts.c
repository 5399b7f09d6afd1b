// Judges an image while its bytes pass, in constant memory, and tells what it says of itself.
// Usage: image_facts < IMAGE
#include <aloft/image.h>
#include <aloft/soft_crypto.h>
#include <stdio.h>

int main(void)
{
    static struct aloft_image image;
    static uint8_t piece[4096];
    const struct aloft_image_rules rules = {.crypto = &aloft_soft_crypto,
                                            .len_max = ALOFT_IMAGE_LEN_MAX,
                                            .chip_revision = 0xFFFF,
                                            .alone = true};
    enum aloft_err err = ALOFT_OK;
    aloft_image_init(&image, &rules);
    for (size_t n; err == ALOFT_OK && (n = fread(piece, 1, sizeof piece, stdin)) > 0;) {
        err = aloft_image_feed(&image, piece, (uint32_t)n);
    }
    err = err == ALOFT_OK ? aloft_image_finish(&image) : err;
    aloft_image_end(&image); // gives the hash back; the facts stay
    if (err != ALOFT_OK) {
        printf("%s: %s\n", aloft_err_name(err), aloft_err_sentence(err));
        return 1;
    }
    const struct aloft_image_facts *facts = &image.facts;
    printf("%u bytes in %u segments", (unsigned)facts->image_len, facts->segment_count);
    if (facts->has_desc) {
        printf(", %s %s", facts->project, facts->version);
    }
    puts("");
    return 0;
}
