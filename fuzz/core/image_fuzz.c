// The image judge. In one piece and in pieces it says the same; the scan of tools and the verifier
// that reads flash agree with it; and what it calls good, a second opinion calls good.
// Input: choices, a split, the image.
#include "aloft/verify.h"
#include "fuzz.h"
#include "hostlib/image/image_scan.h"
#include "oracle.h"
#include "repair.h"
#include "soft_crypto.h"

enum { IMAGE_MAX = 0x8000, EVENTS_MAX = 64 };

// What the judge said, however the input was cut: runs of DATA are one event.
struct verdict {
    uint32_t count;
    enum aloft_image_event events[EVENTS_MAX];
    uint32_t data[EVENTS_MAX]; // bytes of a DATA event; the segment's offset of a SEGMENT
    enum aloft_err err;
    struct aloft_image_facts facts;
};

static void hear(struct verdict *verdict, enum aloft_image_event event, uint32_t data)
{
    if (event == ALOFT_IMAGE_DATA && verdict->count > 0 &&
        verdict->events[verdict->count - 1] == ALOFT_IMAGE_DATA) {
        verdict->data[verdict->count - 1] += data;
        return;
    }
    FUZZ_CHECK(verdict->count < EVENTS_MAX);
    verdict->events[verdict->count] = event;
    verdict->data[verdict->count++] = data;
}

static void judge(const struct aloft_image_rules *rules, struct fuzz_input in, uint32_t seed,
                  struct verdict *verdict)
{
    struct aloft_image image;
    enum aloft_image_event event = ALOFT_IMAGE_MORE;
    memset(verdict, 0, sizeof *verdict);
    aloft_image_init(&image, rules);
    while (in.left > 0 && event != ALOFT_IMAGE_BAD) {
        uint32_t left = fuzz_piece(&seed, (uint32_t)in.left);
        in.left -= left;
        do {
            uint32_t used;
            event = aloft_image_next(&image, in.data, left, &used);
            FUZZ_CHECK(used <= left);
            if (event != ALOFT_IMAGE_MORE) {
                hear(verdict, event, event == ALOFT_IMAGE_DATA ? used : 0);
            }
            in.data += used;
            left -= used;
        } while (event != ALOFT_IMAGE_MORE && event != ALOFT_IMAGE_BAD);
        FUZZ_CHECK(left == 0 || event == ALOFT_IMAGE_BAD);
    }
    verdict->err = aloft_image_finish(&image);
    verdict->facts = image.facts;
}

static void check_same(const struct verdict *a, const struct verdict *b)
{
    FUZZ_CHECK(a->err == b->err);
    FUZZ_CHECK(a->count == b->count);
    FUZZ_CHECK(memcmp(a->events, b->events, sizeof a->events) == 0);
    FUZZ_CHECK(memcmp(a->data, b->data, sizeof a->data) == 0);
    FUZZ_CHECK(memcmp(&a->facts, &b->facts, sizeof a->facts) == 0);
}

static void check_oracle(const struct aloft_image_rules *rules, const struct verdict *verdict,
                         const struct fuzz_input *in)
{
    uint32_t len = oracle_image(in->data, (uint32_t)in->left, NULL);
    FUZZ_CHECK(strnlen(verdict->facts.version, ALOFT_IMAGE_TEXT + 1) <= ALOFT_IMAGE_TEXT);
    FUZZ_CHECK(strnlen(verdict->facts.project, ALOFT_IMAGE_TEXT + 1) <= ALOFT_IMAGE_TEXT);
    if (verdict->err == ALOFT_OK) {
        FUZZ_CHECK(verdict->facts.image_len <= rules->len_max);
        FUZZ_CHECK(rules->crypto == NULL || len == verdict->facts.image_len);
    } else if (len != 0) { // only for reasons that the oracle does not know
        FUZZ_CHECK(
            verdict->err == ALOFT_ERR_IMAGE_CHIP || verdict->err == ALOFT_ERR_IMAGE_REVISION ||
            verdict->err == ALOFT_ERR_IMAGE_SEGMENT || verdict->err == ALOFT_ERR_IMAGE_TOO_LARGE ||
            verdict->err == ALOFT_ERR_IMAGE_FOREIGN || verdict->err == ALOFT_ERR_IMAGE_TRAILING ||
            (verdict->err == ALOFT_ERR_IMAGE_TRUNCATED && verdict->facts.signature));
    }
}

static enum aloft_err read_op(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    memcpy(buf, (const uint8_t *)ctx + addr, len);
    return ALOFT_OK;
}

// From flash, with the length of the whole given, the outcome is that of the stream.
static void check_flash(struct aloft_image_rules rules, uint8_t *bytes, uint32_t len,
                        uint32_t head_len)
{
    static const struct aloft_flash_ops ops = {read_op, NULL, NULL};
    struct aloft_flash flash = {&ops, bytes, {IMAGE_MAX, 0x1000, 0x10000, 1}, NULL};
    struct aloft_flash_view view = {&flash, 0, len};
    struct aloft_verify verify;
    struct verdict verdict;
    uint8_t head[32];
    enum aloft_step step;
    rules.len_max = len;
    judge(&rules, (struct fuzz_input){bytes, len}, 0, &verdict);
    aloft_verify_init(&verify, &view, &rules);
    if (len == 0) {
        return; // to the verifier, 0 means all of the view
    }
    memcpy(head, bytes, sizeof head);
    verify.first = head;
    verify.first_len = head_len;
    verify.len = len;
    verify.image.rules.alone = rules.alone;
    memset(bytes, 0xFF, head_len); // as flash is before the head is written
    for (int n = 0; (step = aloft_verify_step(&verify)) == ALOFT_STEP_AGAIN; n++) {
        FUZZ_CHECK(n <= IMAGE_MAX / 4096);
    }
    memcpy(bytes, head, sizeof head);
    FUZZ_CHECK((step == ALOFT_STEP_DONE) == (verdict.err == ALOFT_OK));
    FUZZ_CHECK(verify.err == verdict.err);
    FUZZ_CHECK(memcmp(&verify.image.facts, &verdict.facts, sizeof verdict.facts) == 0);
}

static void check_scan(const struct aloft_image_rules *rules, const struct verdict *whole,
                       const struct fuzz_input *in)
{
    // An exact copy, so that a look behind the end is seen.
    uint8_t *copy = malloc(in->left + (in->left == 0));
    struct aloft_image_scan scan;
    if (copy == NULL) {
        return;
    }
    memcpy(copy, in->data, in->left);
    aloft_image_scan(rules, copy, (uint32_t)in->left, &scan);
    free(copy);
    FUZZ_CHECK(scan.err == whole->err);
    FUZZ_CHECK(memcmp(&scan.facts, &whole->facts, sizeof scan.facts) == 0);
    FUZZ_CHECK(scan.segment_count <= ALOFT_IMAGE_SEGMENTS_MAX);
    FUZZ_CHECK(scan.err != ALOFT_OK || scan.segment_count == scan.facts.segment_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[IMAGE_MAX];
    struct fuzz_input in = {data, size};
    struct verdict whole;
    struct verdict split;
    uint8_t choice = fuzz_u8(&in);
    uint32_t seed = fuzz_u16(&in);
    memset(bytes, 0xFF, 32); // in case the input is shorter
    uint32_t len = fuzz_bytes(&in, bytes, sizeof bytes);
    if ((choice & 1) != 0) {
        (void)repair_image(bytes, len);
    }
    struct aloft_image_rules rules = {
        .crypto = (choice & 2) != 0 ? NULL : &aloft_soft_crypto,
        .len_max = (choice & 4) != 0 ? 0x600 : IMAGE_MAX,
        .chip = (choice & 8) != 0 ? &aloft_chip_esp32 : NULL,
        .bootloader = (seed & 1) != 0,
        .chip_revision = (choice & 16) != 0 ? 300 : 0xFFFF,
        .need_addr = (choice & 32) != 0 ? 0xA10F0000u : 0,
        .alone = (choice & 64) != 0,
    };
    struct fuzz_input image = {bytes, len};
    judge(&rules, image, 0, &whole);
    judge(&rules, image, seed | 1, &split);
    check_same(&whole, &split);
    check_oracle(&rules, &whole, &image);
    if (rules.chip == NULL && len >= ALOFT_IMAGE_HEADER) { // a scan then asks the header
        rules.chip = aloft_chip_find((uint16_t)(bytes[12] | bytes[13] << 8));
        judge(&rules, image, 0, &whole);
    }
    check_scan(&rules, &whole, &image);
    check_flash(rules, bytes, len, (choice & 128) != 0 ? 32 : 16);
    return 0;
}
