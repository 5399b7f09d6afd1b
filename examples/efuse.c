// What a chip's eFuses say, and what to burn to make it trust one more key. Nothing is burned: a
// plan is a list of bits, in an order in which power may be cut anywhere. After a cut, plan again.
// Usage: efuse WORDS [KEY_DIGEST]      files: 84 words as the registers have them; 32 bytes
#include <aloft/efuse.h>
#include <stdio.h>

static bool read_file(const char *path, void *out, size_t len)
{
    FILE *file = fopen(path, "rb");
    bool good = file != NULL && fread(out, 1, len, file) == len;
    if (file != NULL) {
        (void)fclose(file);
    }
    return good;
}

int main(int argc, char **argv)
{
    struct aloft_efuse_words words;
    struct aloft_efuse_plan plan;
    struct aloft_efuse efuse;
    uint8_t digest[ALOFT_EFUSE_KEY_LEN];
    if (argc < 2 || argc > 3 || !read_file(argv[1], words.word, sizeof words.word) ||
        (argc == 3 && !read_file(argv[2], digest, sizeof digest))) {
        return puts("Usage: efuse WORDS [KEY_DIGEST]"), 2;
    }
    aloft_efuse_read(&efuse, &words);
    printf("secure boot %s, security version %u\n", efuse.secure_boot ? "on" : "off",
           (unsigned)efuse.secure_version);
    uint32_t slot = ALOFT_EFUSE_DIGESTS; // the first that is neither burned nor revoked
    for (uint32_t i = ALOFT_EFUSE_DIGESTS; i-- > 0;) {
        bool burned = (efuse.digests >> i & 1) != 0;
        bool revoked = (efuse.revoked >> i & 1) != 0;
        printf("digest %u: %s\n", (unsigned)i, revoked ? "revoked" : burned ? "burned" : "free");
        slot = burned || revoked ? slot : i;
    }
    if (argc < 3) {
        return 0;
    }
    enum aloft_err err = aloft_efuse_plan_digest(&plan, &words, slot, digest);
    for (uint32_t i = 0; err == ALOFT_OK && i < plan.count; i++) {
        printf("burn word %u: %08x\n", plan.step[i].index, (unsigned)plan.step[i].bits);
    }
    if (err != ALOFT_OK) {
        puts(aloft_err_sentence(err));
    }
    return err != ALOFT_OK;
}
