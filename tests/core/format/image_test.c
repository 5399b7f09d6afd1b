// The image judge over small images made here: good ones in every shape, and everything that is to
// be refused, fed in every split and hard against unreadable memory.
#include "aloft/base/bytes.h"
#include "aloft/image.h"
#include "check.h"
#include "guard.h"
#include "hash_ledger.h"
#include "make_image.h"
#include "soft_crypto.h"
#include "split.h"

#define DROM   0x3F400020u
#define RAM    0x3FFB0000u
#define NATIVE 0xA10F0000u
#define ANY    0xFFFFu

static uint8_t bytes[0x8000];
static struct make_image make;

static struct aloft_image_rules rules(void)
{
    return (struct aloft_image_rules){
        .crypto = &aloft_soft_crypto, .len_max = sizeof bytes, .chip_revision = ANY, .alone = true};
}

// Judges the bytes in one piece that ends where memory ends.
static enum aloft_err judge_by(struct aloft_image *image, const struct aloft_image_rules *by,
                               uint32_t len)
{
    aloft_image_init(image, by);
    enum aloft_err err = aloft_image_feed(image, guard_after(bytes, len), len);
    enum aloft_err end = aloft_image_finish(image);
    CHECK(err == ALOFT_OK || err == end);
    return end;
}

static enum aloft_err judge(uint32_t len)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    return judge_by(&image, &by, len);
}

static uint32_t small_image(void)
{
    return make_image(bytes, sizeof bytes, 64);
}

// An image as applications have them: descriptor, mapped and RAM segments, padding, an empty one.
static uint32_t full_image(void)
{
    make_image_begin(&make, bytes, sizeof bytes);
    make_image_app(&make, "v1.2.3-4-gabcdef", "aloft_project", 300);
    make_image_segment(&make, RAM, NULL, 52);
    make_image_segment(&make, RAM + 0x1000, NULL, 0);
    make_image_segment(&make, 0, NULL, 24); // padding: hashed, not loaded
    make_image_segment(&make, 0x50000000, NULL, 4);
    return make_image_end(&make);
}

static void image_says_what_it_is(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    uint32_t len = full_image();
    CHECK_EQ(judge_by(&image, &by, len), ALOFT_OK);
    CHECK(aloft_image_ended(&image));
    CHECK_EQ(image.facts.segment_count, 5);
    CHECK_EQ(image.facts.spi_mode, 2);
    CHECK_EQ(image.facts.spi_speed_size, 0x20);
    CHECK_EQ(image.facts.entry, 0x40081054);
    CHECK_EQ(image.facts.chip_id, 0);
    CHECK_EQ(image.facts.min_revision, 0);
    CHECK_EQ(image.facts.max_revision, 0xFFFF);
    CHECK_EQ(image.facts.hash_appended, 1);
    CHECK(image.facts.has_desc);
    CHECK_EQ(image.facts.secure_version, 7);
    CHECK_TEXT(image.facts.version, "v1.2.3-4-gabcdef");
    CHECK_TEXT(image.facts.project, "aloft_project");
    CHECK_EQ(image.facts.image_len, len);
    CHECK_BYTES(image.facts.digest, bytes + len - 32, 32);
    CHECK_EQ(image.facts.checksum, bytes[len - 33]);
    CHECK(!image.facts.signature);
}

// What an image means to a loader: its segments and their data, in a form that splits cannot
// change.
struct trace {
    struct aloft_image_facts facts;
    uint32_t segments, data_len, headed, descs, ends;
    uint8_t data_sum;
    enum aloft_err err;
};

static void note_event(struct trace *trace, const struct aloft_image *image,
                       enum aloft_image_event event, const uint8_t *data, uint32_t used)
{
    trace->headed += event == ALOFT_IMAGE_HEADED;
    trace->descs += event == ALOFT_IMAGE_DESC;
    trace->ends += event == ALOFT_IMAGE_END;
    if (event == ALOFT_IMAGE_SEGMENT) {
        trace->segments = trace->segments * 31 + image->facts.segment_addr +
                          image->facts.segment_len + image->facts.segment_off;
    }
    if (event == ALOFT_IMAGE_DATA) {
        trace->data_len += used;
        for (uint32_t i = 0; i < used; i++) {
            trace->data_sum = (uint8_t)(trace->data_sum * 3 + data[i]);
        }
    }
}

static void feed_piece(struct trace *trace, struct aloft_image *image, const uint8_t *data,
                       uint32_t len)
{
    enum aloft_image_event event;
    uint32_t off = 0;
    do {
        uint32_t used = 0;
        event = aloft_image_next(image, data + off, len - off, &used);
        CHECK(used <= len - off);
        note_event(trace, image, event, data + off, used);
        off += used;
    } while (event != ALOFT_IMAGE_MORE && event != ALOFT_IMAGE_BAD);
    CHECK(event == ALOFT_IMAGE_BAD || off == len);
}

static struct trace trace_of(struct split *split)
{
    struct trace trace = {0};
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    aloft_image_init(&image, &by);
    for (uint32_t n; (n = split_next(split)) > 0 && image.err == ALOFT_OK;) {
        const uint8_t *from = bytes + split->off;
        feed_piece(&trace, &image, split->off % 2 ? guard_before(from, n) : guard_after(from, n),
                   n);
    }
    trace.err = aloft_image_finish(&image);
    trace.facts = image.facts;
    return trace;
}

static void gives_the_same_trace(void *ctx, struct split *split)
{
    const struct trace *whole = ctx;
    struct trace trace = trace_of(split);
    CHECK_EQ(trace.err, whole->err);
    CHECK_EQ(trace.segments, whole->segments);
    CHECK_EQ(trace.data_len, whole->data_len);
    CHECK_EQ(trace.data_sum, whole->data_sum);
    CHECK_EQ(trace.headed, whole->headed);
    CHECK_EQ(trace.descs, whole->descs);
    CHECK_EQ(trace.ends, whole->ends);
    CHECK_EQ(trace.facts.image_len, whole->facts.image_len);
    CHECK_EQ(trace.facts.signature, whole->facts.signature);
    CHECK_EQ(trace.facts.has_desc, whole->facts.has_desc);
    CHECK_TEXT(trace.facts.version, whole->facts.version);
    CHECK_TEXT(trace.facts.project, whole->facts.project);
    CHECK_BYTES(trace.facts.digest, whole->facts.digest, ALOFT_SHA256_LEN);
}

static struct trace whole_trace(uint32_t len)
{
    struct split whole = {.kind = SPLIT_IN_TWO, .len = len};
    return trace_of(&whole);
}

static void image_facts_and_events_do_not_depend_on_splits(void)
{
    uint32_t len = full_image();
    struct trace whole = whole_trace(len);
    CHECK_EQ(whole.err, ALOFT_OK);
    CHECK_EQ(whole.headed, 1);
    CHECK_EQ(whole.descs, 1);
    CHECK_EQ(whole.ends, 1);
    CHECK_EQ(whole.data_len, 300 + 52 + 24 + 4);
    every_split(len, gives_the_same_trace, &whole);
}

static void image_faults_do_not_depend_on_splits(void)
{
    static const uint32_t spoiled[] = {0, 1, 24, 29, 100, 0};
    uint32_t len = small_image();
    for (size_t i = 0; i < sizeof spoiled / sizeof spoiled[0]; i++) {
        uint32_t at = i == 5 ? len - 1 : spoiled[i];
        bytes[at] ^= 0x80;
        struct trace whole = whole_trace(len);
        CHECK(whole.err != ALOFT_OK);
        some_splits(len, 7, gives_the_same_trace, &whole);
        bytes[at] ^= 0x80;
    }
}

static void image_with_a_signature_does_not_depend_on_splits(void)
{
    full_image();
    uint32_t len = make_image_sign(&make, 2);
    struct trace whole = whole_trace(len);
    CHECK_EQ(whole.err, ALOFT_OK);
    CHECK(whole.facts.signature);
    some_splits(len, 101, gives_the_same_trace, &whole);
}

static void image_tail_fits_every_remainder_of_16(void)
{
    for (uint32_t words = 0; words < 8; words++) {
        make_image_begin(&make, bytes, sizeof bytes);
        make_image_segment(&make, RAM, NULL, 4 * words);
        uint32_t off = make.len;
        uint32_t len = make_image_end(&make);
        check_note("%ld words: data ends at %ld", (long)words, (long)off);
        CHECK_EQ(judge(len), ALOFT_OK);
        // Data that ends on a multiple of 16 is followed by a whole block: 15 zeros and the
        // checksum.
        CHECK_EQ(len, (off / 16 + 1) * 16 + 32);
    }
}

static void image_may_have_nothing_but_empty_segments(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    make_image_begin(&make, bytes, sizeof bytes);
    for (int i = 0; i < 16; i++) {
        make_image_segment(&make, RAM, NULL, 0);
    }
    CHECK_EQ(judge_by(&image, &by, make_image_end(&make)), ALOFT_OK);
    CHECK_EQ(image.facts.checksum, 0xEF); // the seed: there was no data
    CHECK(!image.facts.has_desc);
}

static void image_without_appended_hash_ends_at_its_checksum(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    make_image_begin(&make, bytes, sizeof bytes);
    bytes[MAKE_IMAGE_HASHED] = 0;
    make_image_app(&make, "1", "p", 300);
    uint32_t len = make_image_end(&make);
    CHECK_EQ(judge_by(&image, &by, len), ALOFT_OK);
    CHECK_EQ(image.facts.image_len, len);
    CHECK_EQ(len % 16, 0);
    CHECK(aloft_bytes_are(image.facts.digest, ALOFT_SHA256_LEN, 0));
}

static void image_without_descriptor_is_legal(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    make_image_begin(&make, bytes, sizeof bytes);
    make_image_segment(&make, DROM, NULL, 512); // long enough for one, but it is something else
    CHECK_EQ(judge_by(&image, &by, make_image_end(&make)), ALOFT_OK);
    CHECK(!image.facts.has_desc);
    CHECK_TEXT(image.facts.version, "");
    CHECK_TEXT(image.facts.project, "");
    // A segment that is too short for the descriptor whose magic it carries.
    make_image_begin(&make, bytes, sizeof bytes);
    make_image_segment(&make, DROM, (const uint8_t *)"\x32\x54\xCD\xAB\x01\x02\x03\x04", 8);
    CHECK_EQ(judge_by(&image, &by, make_image_end(&make)), ALOFT_OK);
    CHECK(!image.facts.has_desc);
}

static void image_texts_of_32_characters_are_terminated(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    make_image_begin(&make, bytes, sizeof bytes);
    make_image_app(&make, "0123456789abcdef0123456789abcdef", "ABCDEFGHIJKLMNOPABCDEFGHIJKLMNOP",
                   256);
    CHECK_EQ(judge_by(&image, &by, make_image_end(&make)), ALOFT_OK);
    CHECK(image.facts.has_desc);
    CHECK_TEXT(image.facts.version, "0123456789abcdef0123456789abcdef");
    CHECK_TEXT(image.facts.project, "ABCDEFGHIJKLMNOPABCDEFGHIJKLMNOP");
}

static void image_cut_at_any_length_is_truncated(void)
{
    uint32_t len = full_image();
    CHECK_EQ(judge(0), ALOFT_ERR_IMAGE_EMPTY);
    for (uint32_t cut = 1; cut < len; cut++) {
        check_note("cut at %ld of %ld", (long)cut, (long)len);
        CHECK_EQ(judge(cut), ALOFT_ERR_IMAGE_TRUNCATED);
    }
}

static void image_with_any_flipped_bit_is_refused_by_an_update(void)
{
    uint32_t len = small_image();
    for (uint32_t bit = 0; bit < len * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        check_note("bit %ld of byte %ld", (long)bit % 8, (long)bit / 8);
        CHECK(judge(len) != ALOFT_OK);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    CHECK_EQ(judge(len), ALOFT_OK);
}

// The bootloader knows no length, so bytes after the image mean nothing to it. The one flip that it
// cannot see is the one that says that there is no SHA-256: bit 0 of byte 23. As with the stock
// bootloader, any other value there still means that there is one.
static void image_flip_that_the_bootloader_cannot_see_is_hash_appended_alone(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    uint32_t len = small_image();
    by.alone = false;
    for (uint32_t bit = 0; bit < len * 8; bit++) {
        bool unseen = bit == MAKE_IMAGE_HASHED * 8;
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        check_note("bit %ld of byte %ld", (long)bit % 8, (long)bit / 8);
        CHECK_EQ(judge_by(&image, &by, len) == ALOFT_OK, unseen);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

// Without its SHA-256 an image has one XOR byte to go by. What a flip can hide in then: every bit
// of the header but magic, segment count and hash_appended; the load addresses, as far as they stay
// unmapped; a length that takes in zeros of the tail without moving its end; and those zeros.
static void image_flips_that_pass_without_a_hash_are_those_outside_the_checksum(void)
{
    make_image_begin(&make, bytes, sizeof bytes);
    bytes[MAKE_IMAGE_HASHED] = 0;
    make_image_segment(&make, RAM, NULL, 64);
    uint32_t data_end = make.len;
    uint32_t len = make_image_end(&make);
    for (uint32_t bit = 0; bit < len * 8; bit++) {
        uint32_t byte = bit / 8;
        bool header = byte >= 2 && byte < 24 && byte != MAKE_IMAGE_HASHED;
        bool addr = byte >= 24 && byte < 28;
        bool zeros = byte >= data_end && byte < len - 1;
        bool longer = bit == 28 * 8 + 2 || bit == 28 * 8 + 3; // 64 becomes 68 or 72
        bool must_fail = !header && !addr && !longer && !zeros;
        bytes[byte] ^= (uint8_t)(1u << bit % 8);
        check_note("bit %ld of byte %ld", (long)bit % 8, (long)byte);
        enum aloft_err err = judge(len);
        CHECK(!must_fail || err != ALOFT_OK);
        // The chip id decides what is mapped, and some addresses are; these may fail as well.
        CHECK(must_fail || addr || byte == MAKE_IMAGE_CHIP || err == ALOFT_OK);
        bytes[byte] ^= (uint8_t)(1u << bit % 8);
    }
}

static void image_may_be_followed_by_erased_flash(void)
{
    uint32_t len = small_image();
    memset(bytes + len, 0xFF, 0x1800);
    for (uint32_t extra = 0; extra < 0x1800; extra += extra < 40 ? 1 : 509) {
        check_note("%ld bytes of FF", (long)extra, 0);
        CHECK_EQ(judge(len + extra), ALOFT_OK);
    }
}

static void image_followed_by_anything_else_is_refused(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    uint32_t len = small_image();
    for (uint32_t extra = 0; extra < 0x1400; extra += extra < 40 ? 1 : 97) {
        memset(bytes + len, 0xFF, 0x1400);
        bytes[len + extra] = extra % 2 ? 0 : 0x7F;
        check_note("spoiled %ld bytes after the image", (long)extra, 0);
        CHECK_EQ(judge(len + extra + 1), ALOFT_ERR_IMAGE_TRAILING);
    }
    by.alone = false; // a bootloader does not mind what lies after it in the slot
    CHECK_EQ(judge_by(&image, &by, len + 100), ALOFT_OK);
}

static void image_may_carry_a_signature_sector_of_one_to_three_blocks(void)
{
    for (uint32_t blocks = 1; blocks <= 3; blocks++) {
        struct aloft_image image;
        struct aloft_image_rules by = rules();
        uint32_t image_len = full_image();
        uint32_t len = make_image_sign(&make, blocks);
        CHECK_EQ(judge_by(&image, &by, len), ALOFT_OK);
        CHECK(image.facts.signature);
        CHECK_EQ(image.facts.image_len, image_len);
        memset(bytes + len, 0xFF, 0x1000);
        CHECK_EQ(judge(len + 0x1000), ALOFT_OK);
    }
}

static void image_may_have_erased_flash_after_its_signature_sector(void)
{
    full_image();
    uint32_t len = make_image_sign(&make, 1);
    memset(bytes + len, 0xFF, 100);
    CHECK_EQ(judge(len + 1), ALOFT_OK);
    CHECK_EQ(judge(len + 100), ALOFT_OK);
    bytes[len + 50] = 0;
    CHECK_EQ(judge(len + 100), ALOFT_ERR_IMAGE_TRAILING);
}

static void image_with_a_spoiled_or_cut_signature_is_refused(void)
{
    full_image();
    uint32_t len = make_image_sign(&make, 2);
    uint32_t start = len - 0x1000;
    for (uint32_t at = 0; at < 0x1000; at += at % 1216 < 16 || at > 3640 ? 1 : 37) {
        bytes[start + at] ^= 0x04;
        check_note("byte %ld of the sector", (long)at, 0);
        CHECK_EQ(judge(len), ALOFT_ERR_IMAGE_TRAILING);
        bytes[start + at] ^= 0x04;
    }
    for (uint32_t cut = 1; cut < 0x1000; cut += 61) {
        check_note("cut after %ld bytes of the sector", (long)cut, 0);
        CHECK(judge(start + cut) != ALOFT_OK);
    }
    CHECK_EQ(judge(start), ALOFT_OK); // without its signature it is an unsigned image
}

static void image_of_a_page_is_refused_at_its_first_byte(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    uint32_t used = 9;
    aloft_image_init(&image, &by);
    CHECK_EQ(aloft_image_next(&image, (const uint8_t *)"<", 1, &used), ALOFT_IMAGE_BAD);
    CHECK_EQ(image.err, ALOFT_ERR_IMAGE_MAGIC);
    CHECK_EQ(aloft_image_feed(&image, (const uint8_t *)"\xE9", 1), ALOFT_ERR_IMAGE_MAGIC);
    CHECK_EQ(aloft_image_finish(&image), ALOFT_ERR_IMAGE_MAGIC);
    CHECK(!aloft_image_ended(&image));
}

static void image_of_another_chip_is_refused_by_its_header(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    small_image();
    aloft_put_le16(bytes + MAKE_IMAGE_CHIP, 9);
    by.chip = &aloft_chip_esp32c3;
    CHECK_EQ(judge_by(&image, &by, ALOFT_IMAGE_HEADER), ALOFT_ERR_IMAGE_CHIP);
    by.chip = &aloft_chip_esp32s3;
    CHECK_EQ(judge_by(&image, &by, ALOFT_IMAGE_HEADER), ALOFT_ERR_IMAGE_TRUNCATED);
    by.chip = &aloft_chip_esp32; // its id is 0, which is not "any"
    CHECK_EQ(judge_by(&image, &by, ALOFT_IMAGE_HEADER), ALOFT_ERR_IMAGE_CHIP);
}

static void image_revision_range_includes_both_ends(void)
{
    static const struct {
        uint16_t min, max, chip;
        enum aloft_err err;
    } cases[] = {
        {0, 0, 0, ALOFT_OK},
        {0, 0xFFFF, 301, ALOFT_OK},
        {300, 399, 300, ALOFT_OK},
        {300, 399, 399, ALOFT_OK},
        {300, 399, 299, ALOFT_ERR_IMAGE_REVISION},
        {300, 399, 400, ALOFT_ERR_IMAGE_REVISION},
        {300, 0, 400, ALOFT_OK}, // 0: no limit
        {300, 0xFFFF, 65000, ALOFT_OK},
        {300, 399, ANY, ALOFT_OK},
        {303, 0xFFFF, 302, ALOFT_ERR_IMAGE_REVISION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_image image;
        struct aloft_image_rules by = rules();
        by.chip_revision = cases[i].chip;
        make_image_begin(&make, bytes, sizeof bytes);
        aloft_put_le16(bytes + MAKE_IMAGE_MIN_REVISION, cases[i].min);
        aloft_put_le16(bytes + MAKE_IMAGE_MAX_REVISION, cases[i].max);
        make_image_segment(&make, RAM, NULL, 16);
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(judge_by(&image, &by, make_image_end(&make)), cases[i].err);
    }
}

static void image_has_1_to_16_segments(void)
{
    small_image();
    bytes[1] = 0;
    CHECK_EQ(judge(ALOFT_IMAGE_HEADER), ALOFT_ERR_IMAGE_SEGMENTS);
    bytes[1] = 17;
    CHECK_EQ(judge(ALOFT_IMAGE_HEADER), ALOFT_ERR_IMAGE_SEGMENTS);
    bytes[1] = 255;
    CHECK_EQ(judge(ALOFT_IMAGE_HEADER), ALOFT_ERR_IMAGE_SEGMENTS);
    bytes[1] = 16;
    CHECK_EQ(judge(ALOFT_IMAGE_HEADER), ALOFT_ERR_IMAGE_TRUNCATED);
}

static void image_segment_of_an_impossible_length_is_refused_at_its_head(void)
{
    static const struct {
        uint32_t len;
        enum aloft_err err;
    } cases[] = {
        {1, ALOFT_ERR_IMAGE_SEGMENT},          {0x42, ALOFT_ERR_IMAGE_SEGMENT},
        {0x1000000, ALOFT_ERR_IMAGE_SEGMENT},  {0xFFFFFFFC, ALOFT_ERR_IMAGE_SEGMENT},
        {0xFFFFFC, ALOFT_ERR_IMAGE_TOO_LARGE}, {0x8000, ALOFT_ERR_IMAGE_TOO_LARGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        small_image();
        aloft_put_le32(bytes + 28, cases[i].len);
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(judge(32), cases[i].err);
    }
}

// An image of one segment for a chip.
static uint32_t image_for(uint16_t chip, uint32_t addr, uint32_t len)
{
    make_image_begin(&make, bytes, sizeof bytes);
    aloft_put_le16(bytes + MAKE_IMAGE_CHIP, chip);
    make_image_segment(&make, addr, NULL, len);
    return make_image_end(&make);
}

static void image_segment_must_lie_where_its_chip_has_memory(void)
{
    static const struct {
        uint16_t chip;
        uint32_t addr;
        enum aloft_err err;
    } cases[] = {
        {0, 0x3F400020, ALOFT_OK},
        {0, 0x3F400024, ALOFT_ERR_IMAGE_SEGMENT},
        {0, 0x400D0020, ALOFT_OK},
        {0, 0x400D0000, ALOFT_ERR_IMAGE_SEGMENT},
        {0, 0x3FFB0000, ALOFT_OK}, // RAM: copied, so anywhere
        {0, 0x40078000, ALOFT_OK},
        {0, 0x50000000, ALOFT_OK},
        {0, 0x20000000, ALOFT_ERR_IMAGE_SEGMENT}, // nothing is there
        {0, 0x3FFFFFC4, ALOFT_ERR_IMAGE_SEGMENT}, // begins in RAM and ends behind it
        {0, 0x3FFFFFC0, ALOFT_OK},
        {0, 0x3FC80000, ALOFT_ERR_IMAGE_SEGMENT}, // the C3's RAM
        {5, 0x3C010020, ALOFT_OK},
        {5, 0x42000000, ALOFT_ERR_IMAGE_SEGMENT},
        {5, 0x3FC80000, ALOFT_OK},
        {9, 0x3D000021, ALOFT_ERR_IMAGE_SEGMENT},
        {5, 0x3C810020, ALOFT_ERR_IMAGE_SEGMENT}, // the S3 maps as far, the C3 does not
        {9, 0x3C810020, ALOFT_OK},
        {13, 0x42010020, ALOFT_OK},
        {13, 0x40800000, ALOFT_OK},
        {13, 0x3FFB0000, ALOFT_ERR_IMAGE_SEGMENT},
        {18, 0x40000020, ALOFT_OK},
        {18, 0x4FF00000, ALOFT_OK},
        {32, 0x2F000000, ALOFT_OK},
        {2, 0x3FFB0000, ALOFT_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_image image;
        struct aloft_image_rules by = rules();
        by.chip = aloft_chip_find(cases[i].chip);
        by.bootloader = true; // only the place counts here
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(judge_by(&image, &by, image_for(cases[i].chip, cases[i].addr, 64)), cases[i].err);
    }
    CHECK(aloft_chip_find(77) == NULL);
    CHECK_EQ(judge(image_for(77, 0x20000000, 64)), ALOFT_OK); // without a chip nothing is said
}

// The bootloader of a device loops for ever over a slot that holds a bootloader, and a push or a
// pull put one there: it was a good image.
static void image_of_a_bootloader_is_not_an_app(void)
{
    static const struct {
        uint16_t chip;
        uint32_t addr;
        enum aloft_err err;
    } cases[] = {
        {0, 0x40078000, ALOFT_ERR_IMAGE_NOT_APP},  {0, 0x3F400020, ALOFT_OK},
        {0, NATIVE, ALOFT_ERR_IMAGE_NOT_APP},      {0, 0x400D0020, ALOFT_OK},
        {5, 0x3FCD5820, ALOFT_ERR_IMAGE_NOT_APP},  {5, 0x42000020, ALOFT_OK},
        {9, 0x403C9700, ALOFT_ERR_IMAGE_NOT_APP},  {9, 0x3C000020, ALOFT_OK},
        {13, 0x40875720, ALOFT_ERR_IMAGE_NOT_APP}, {13, 0x42000020, ALOFT_OK},
        {18, 0x4FF33CE0, ALOFT_ERR_IMAGE_NOT_APP}, {18, 0x40000020, ALOFT_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_image image;
        struct aloft_image_rules by = rules();
        uint32_t len = image_for(cases[i].chip, cases[i].addr, 64);
        by.chip = aloft_chip_find(cases[i].chip);
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(judge_by(&image, &by, len), cases[i].err);
        CHECK_EQ(image.facts.mapped, cases[i].err == ALOFT_OK);
        by.bootloader = true;
        CHECK_EQ(judge_by(&image, &by, len), ALOFT_OK);
    }
}

// It is known when the last segment begins, before its data: of one segment, in the first 32 bytes.
static void image_of_a_bootloader_is_refused_at_its_last_segments_head(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    by.chip = &aloft_chip_esp32;
    (void)image_for(0, 0x40078000, 0x4000);
    aloft_image_init(&image, &by);
    CHECK_EQ(aloft_image_feed(&image, bytes, 32), ALOFT_ERR_IMAGE_NOT_APP);
    // An empty segment maps nothing, and padding does not count as a segment of an app.
    make_image_begin(&make, bytes, sizeof bytes);
    make_image_segment(&make, RAM, NULL, 0x18);
    make_image_segment(&make, DROM + 0x20, NULL, 0);
    make_image_segment(&make, 0, NULL, 64);
    CHECK_EQ(judge_by(&image, &by, make_image_end(&make)), ALOFT_ERR_IMAGE_NOT_APP);
}

// The app is built for the page size in its descriptor; chips with one size do not look there.
static void image_may_lie_on_the_smaller_pages_that_its_descriptor_names(void)
{
    static const struct {
        uint16_t chip;
        uint8_t page;
        uint32_t addr; // of the second segment, whose data lies at 0x168
        enum aloft_err err;
    } cases[] = {
        {13, 13, 0x42002168, ALOFT_OK},
        {13, 14, 0x42002168, ALOFT_ERR_IMAGE_SEGMENT},
        {13, 14, 0x42004168, ALOFT_OK},
        {13, 0, 0x42004168, ALOFT_ERR_IMAGE_SEGMENT}, // 64 KiB, as nothing is said
        {13, 16, 0x42010168, ALOFT_OK},
        {13, 12, 0x42001168, ALOFT_ERR_IMAGE_SEGMENT}, // the C6 has no such page
        {13, 17, 0x42010168, ALOFT_OK},                // nor that: 64 KiB
        {5, 13, 0x42002168, ALOFT_ERR_IMAGE_SEGMENT},  // the C3 has 64 KiB only
        {12, 14, 0x42004168, ALOFT_OK},
        {12, 13, 0x42002168, ALOFT_ERR_IMAGE_SEGMENT},
        {32, 18, 0x40010168, ALOFT_ERR_IMAGE_SEGMENT}, // larger pages
        {32, 18, 0x40040168, ALOFT_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_image image;
        struct aloft_image_rules by = rules();
        uint8_t data[320] = {0x32, 0x54, 0xCD, 0xAB};
        uint32_t data_addr = cases[i].chip == 32   ? 0x40000020u
                             : cases[i].chip == 13 ? 0x42000020u
                                                   : 0x3C000020u;
        data[180] = cases[i].page;
        by.chip = aloft_chip_find(cases[i].chip);
        make_image_begin(&make, bytes, sizeof bytes);
        aloft_put_le16(bytes + MAKE_IMAGE_CHIP, cases[i].chip);
        make_image_segment(&make, data_addr, data, sizeof data);
        make_image_segment(&make, cases[i].addr, NULL, 64);
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(judge_by(&image, &by, make_image_end(&make)), cases[i].err);
    }
}

static void image_without_the_needed_segment_is_foreign(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    by.need_addr = NATIVE;
    CHECK_EQ(judge_by(&image, &by, full_image()), ALOFT_ERR_IMAGE_FOREIGN);
    make_image_begin(&make, bytes, sizeof bytes);
    make_image_segment(&make, NATIVE, NULL, 64);
    make_image_segment(&make, RAM, NULL, 64);
    CHECK_EQ(judge_by(&image, &by, make_image_end(&make)), ALOFT_OK);
}

static void image_fits_its_slot_exactly_or_not_at_all(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    uint32_t len = small_image();
    by.len_max = len;
    CHECK_EQ(judge_by(&image, &by, len), ALOFT_OK);
    bytes[len] = 0xFF; // what does not fit is refused even if it is blank
    CHECK_EQ(judge_by(&image, &by, len + 1), ALOFT_ERR_IMAGE_TOO_LARGE);
    for (by.len_max = ALOFT_IMAGE_HEADER + 8; by.len_max < len; by.len_max++) {
        check_note("slot of %ld for %ld", (long)by.len_max, (long)len);
        CHECK_EQ(judge_by(&image, &by, len), ALOFT_ERR_IMAGE_TOO_LARGE);
    }
}

static void image_faults_have_their_own_names(void)
{
    uint32_t len = small_image();
    bytes[len - 33] ^= 1;
    CHECK_EQ(judge(len), ALOFT_ERR_IMAGE_CHECKSUM);
    small_image();
    bytes[len - 1] ^= 1;
    CHECK_EQ(judge(len), ALOFT_ERR_IMAGE_HASH);
    small_image();
    bytes[40] ^= 1; // two equal flips cancel out in the checksum and not in the hash
    bytes[60] ^= 1;
    CHECK_EQ(judge(len), ALOFT_ERR_IMAGE_HASH);
}

static void image_without_crypto_is_judged_by_structure_and_checksum(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    uint32_t len = small_image();
    by.crypto = NULL;
    bytes[len - 1] ^= 1;
    CHECK_EQ(judge_by(&image, &by, len), ALOFT_OK);
    bytes[40] ^= 1;
    CHECK_EQ(judge_by(&image, &by, len), ALOFT_ERR_IMAGE_CHECKSUM);
}

static void image_reports_a_failure_of_the_crypto_library_wherever_it_comes(void)
{
    struct aloft_image image;
    struct aloft_image_rules by = rules();
    uint32_t len = full_image();
    int calls = 0;
    enum aloft_err err = ALOFT_ERR_CRYPTO;
    by.crypto = &hash_ledger;
    for (; err != ALOFT_OK && calls < 1000; calls++) {
        hash_ledger_fail_after(calls);
        err = judge_by(&image, &by, len);
        aloft_image_end(&image);
        check_note("call %ld fails", calls, 0);
        CHECK(err == ALOFT_ERR_CRYPTO || err == ALOFT_OK);
        CHECK_EQ(hash_ledger_live(), 0);
    }
    hash_ledger_fail_after(-1);
    CHECK_EQ(err, ALOFT_OK);
    CHECK(calls > 10);
}

CHECK_MAIN(
    TEST(image_says_what_it_is), TEST(image_facts_and_events_do_not_depend_on_splits),
    TEST(image_faults_do_not_depend_on_splits),
    TEST(image_with_a_signature_does_not_depend_on_splits),
    TEST(image_tail_fits_every_remainder_of_16), TEST(image_may_have_nothing_but_empty_segments),
    TEST(image_without_appended_hash_ends_at_its_checksum), TEST(image_without_descriptor_is_legal),
    TEST(image_texts_of_32_characters_are_terminated), TEST(image_cut_at_any_length_is_truncated),
    TEST(image_with_any_flipped_bit_is_refused_by_an_update),
    TEST(image_flip_that_the_bootloader_cannot_see_is_hash_appended_alone),
    TEST(image_flips_that_pass_without_a_hash_are_those_outside_the_checksum),
    TEST(image_may_be_followed_by_erased_flash), TEST(image_followed_by_anything_else_is_refused),
    TEST(image_may_carry_a_signature_sector_of_one_to_three_blocks),
    TEST(image_may_have_erased_flash_after_its_signature_sector),
    TEST(image_with_a_spoiled_or_cut_signature_is_refused),
    TEST(image_of_a_page_is_refused_at_its_first_byte),
    TEST(image_of_another_chip_is_refused_by_its_header),
    TEST(image_revision_range_includes_both_ends), TEST(image_has_1_to_16_segments),
    TEST(image_segment_of_an_impossible_length_is_refused_at_its_head),
    TEST(image_segment_must_lie_where_its_chip_has_memory),
    TEST(image_of_a_bootloader_is_not_an_app),
    TEST(image_of_a_bootloader_is_refused_at_its_last_segments_head),
    TEST(image_may_lie_on_the_smaller_pages_that_its_descriptor_names),
    TEST(image_without_the_needed_segment_is_foreign),
    TEST(image_fits_its_slot_exactly_or_not_at_all), TEST(image_faults_have_their_own_names),
    TEST(image_without_crypto_is_judged_by_structure_and_checksum),
    TEST(image_reports_a_failure_of_the_crypto_library_wherever_it_comes))
