// Partition tables: the ten golden tables of ESP-IDF byte for byte, and everything that a
// bootloader refuses.
#include "aloft/base/bytes.h"
#include "aloft/format/ptable.h"
#include "check.h"
#include "guard.h"
#include "hash_ledger.h"
#include "soft_crypto.h"

#define FLASH_SIZE 0x400000u
#define KIB(n)     ((n)*1024u)
#define MIB(n)     ((n)*1048576u)

enum { GOLDEN_ROWS_MAX = 9 };

struct golden {
    const char *name;
    const char *sha256; // of the 3,072-byte file
    const char *md5;    // in its MD5 row
    struct aloft_partition rows[GOLDEN_ROWS_MAX + 1];
};

#define NVS(addr, len)                                                                             \
    {                                                                                              \
        1, 2, addr, len, 0, "nvs"                                                                  \
    }
#define OTADATA(addr)                                                                              \
    {                                                                                              \
        1, 0, addr, 0x2000, 0, "otadata"                                                           \
    }
#define PHY(addr)                                                                                  \
    {                                                                                              \
        1, 1, addr, 0x1000, 0, "phy_init"                                                          \
    }
#define COREDUMP(addr)                                                                             \
    {                                                                                              \
        1, 3, addr, KIB(64), 0, "coredump"                                                         \
    }
#define FACTORY(addr, len)                                                                         \
    {                                                                                              \
        0, 0, addr, len, 0, "factory"                                                              \
    }
#define SLOT_0(addr, len)                                                                          \
    {                                                                                              \
        0, 0x10, addr, len, 0, "ota_0"                                                             \
    }
#define SLOT_1(addr, len)                                                                          \
    {                                                                                              \
        0, 0x11, addr, len, 0, "ota_1"                                                             \
    }
#define STORAGE(addr, len)                                                                         \
    {                                                                                              \
        1, 2, addr, len, 0, "secure_storage"                                                       \
    }
#define TWO_OTA                                                                                    \
    NVS(0x9000, KIB(16)), OTADATA(0xd000), PHY(0xf000), FACTORY(0x10000, MIB(1)),                  \
        SLOT_0(0x110000, MIB(1)), SLOT_1(0x210000, MIB(1))

static const struct golden goldens[] = {
    {"singleapp",
     "7f00b6c042a89b15b0cac534f82ed988caf29278ff5700b0c511eb1b5bb7c820",
     "f4ad4f4538564b5d7435b62c75b69524",
     {NVS(0x9000, KIB(24)), PHY(0xf000), FACTORY(0x10000, MIB(1))}},
    {"singleapp_coredump",
     "57af5bcbfe44ebb831ce4c916c5dbe30cddc8aac1993f69f928d66c05d5f6460",
     "9179c59a53262c5dd4c549db5b3eaa73",
     {NVS(0x9000, KIB(24)), PHY(0xf000), FACTORY(0x10000, MIB(1)), COREDUMP(0x110000)}},
    {"singleapp_large",
     "5295e8c42d6fb5f95e4e8a185932c6191d27cfc5078322475347e40e71af815a",
     "0423598fe5287e6762f955efc9f5f382",
     {NVS(0x9000, KIB(24)), PHY(0xf000), FACTORY(0x10000, KIB(1500))}},
    {"singleapp_large_coredump",
     "e5e69dfa991051451c2fbe2468f33c915763b41bdd7f1709ea3000c4a5ede04e",
     "a87ec54720b432e771999a7e88f6e3c6",
     {NVS(0x9000, KIB(24)), PHY(0xf000), FACTORY(0x10000, KIB(1500)), COREDUMP(0x187000)}},
    {"two_ota",
     "d1c0e9d02fa9d26cd2e1984e7b5dd20157204f501ddc83ce82229e5f3175ee8b",
     "bf25822c0fa6d8641bd930251e06b4c4",
     {TWO_OTA}},
    {"two_ota_coredump",
     "7255f503b6ff44cf4d9ded4634279d2e7fd67f5fe9693228f65d089e5e1725a5",
     "fbe521772f97e9bf34513e42f6167757",
     {NVS(0x9000, KIB(16)), OTADATA(0xd000), PHY(0xf000), FACTORY(0x10000, MIB(1)),
      COREDUMP(0x110000), SLOT_0(0x120000, MIB(1)), SLOT_1(0x220000, MIB(1))}},
    {"two_ota_large",
     "41d8ef7960bf03647249e26ca1ace2b8d35f317a87f6c2ff5bc9f4bdbdbf602b",
     "37f38b32a34f7412f158930062441178",
     {NVS(0x9000, KIB(24)), OTADATA(0xf000), PHY(0x11000), SLOT_0(0x20000, KIB(1700)),
      SLOT_1(0x1d0000, KIB(1700))}},
    {"two_ota_encr_nvs",
     "0ae0abb93d54ada2268764212d09b9a55ddf7718eb062f499b5413c4e4052cf2",
     "76d509eedec6b9850fadba48faf3a90c",
     {TWO_OTA, {1, 4, 0x310000, KIB(4), ALOFT_PARTITION_ENCRYPTED, "nvs_key"}}},
    {"singleapp_tee",
     "5b2260f358eba8508b055470ad198f2233bcd68ea1b6a53f7633acef088ef891",
     "5a9835998338ebb1bdfe043d661084cb",
     {{0, 0x30, 0x10000, KIB(256), 0, "tee"},
      STORAGE(0x50000, KIB(64)),
      FACTORY(0x60000, KIB(1536)),
      NVS(0x1e0000, KIB(24)),
      PHY(0x1e6000)}},
    {"two_ota_tee",
     "8cb614c824998362a0b0780ba59d259be940d4c6b253311ae8c15a061e375269",
     "5b781e7398883f3f54e07853e1e086b3",
     {{0, 0x30, 0x10000, KIB(256), 0, "tee_0"},
      {0, 0x31, 0x50000, KIB(256), 0, "tee_1"},
      {1, 0x90, 0x90000, 0x2000, 0, "tee_otadata"},
      STORAGE(0x92000, KIB(56)),
      SLOT_0(0xa0000, KIB(1536)),
      SLOT_1(0x220000, KIB(1536)),
      OTADATA(0x3a0000),
      NVS(0x3a2000, KIB(24)),
      PHY(0x3a8000)}},
};

enum { GOLDENS = sizeof goldens / sizeof goldens[0] };

static uint8_t table[ALOFT_PTABLE_LEN];

static uint32_t rows_of(const struct golden *golden)
{
    uint32_t count = 0;
    while (golden->rows[count].len != 0) {
        count++;
    }
    return count;
}

static const struct golden *two_ota(void)
{
    return &goldens[4];
}

static void emit_two_ota(const struct aloft_crypto *md5_crypto)
{
    CHECK_EQ(aloft_ptable_emit_all(two_ota()->rows, 6, md5_crypto, table), ALOFT_OK);
}

static void hex(const uint8_t *bytes, size_t len, char *text)
{
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[2 * len] = 0;
}

// Reads the table to its end, each row from its own guarded copy. The fault, or ALOFT_OK.
static enum aloft_err read_all(struct aloft_ptable_reader *reader, uint32_t flash_size)
{
    aloft_ptable_init(reader, &aloft_soft_crypto, flash_size);
    for (uint32_t off = 0; off < ALOFT_PTABLE_LEN; off += ALOFT_PTABLE_ROW) {
        struct aloft_partition out;
        const uint8_t *row = off % 64 == 0 ? guard_after(table + off, ALOFT_PTABLE_ROW)
                                           : guard_before(table + off, ALOFT_PTABLE_ROW);
        enum aloft_ptable_row kind = aloft_ptable_feed(reader, row, &out);
        if (kind == ALOFT_PTABLE_BAD || kind == ALOFT_PTABLE_DONE) {
            CHECK_EQ(kind == ALOFT_PTABLE_BAD, reader->err != ALOFT_OK);
            return reader->err;
        }
    }
    return ALOFT_ERR_PTABLE_END;
}

static enum aloft_err judge(void)
{
    struct aloft_ptable_reader reader;
    return read_all(&reader, FLASH_SIZE);
}

static void ptable_of_every_template_is_byte_identical_to_esp_idf(void)
{
    for (int i = 0; i < GOLDENS; i++) {
        const struct golden *golden = &goldens[i];
        struct aloft_hash sha;
        uint8_t digest[ALOFT_SHA256_LEN];
        char text[2 * ALOFT_SHA256_LEN + 1];
        uint32_t rows = rows_of(golden);
        CHECK_EQ(aloft_ptable_emit_all(golden->rows, rows, &aloft_soft_crypto, table), ALOFT_OK);
        hex(table + (size_t)rows * ALOFT_PTABLE_ROW + 16, ALOFT_MD5_LEN, text);
        CHECK_TEXT(text, golden->md5);
        aloft_soft_crypto.hash_init(&sha, ALOFT_HASH_SHA256);
        aloft_soft_crypto.hash_feed(&sha, table, sizeof table);
        aloft_soft_crypto.hash_finish(&sha, digest);
        hex(digest, sizeof digest, text);
        CHECK_TEXT(text, golden->sha256);
    }
}

static void ptable_reads_back_the_rows_that_it_wrote(void)
{
    for (int i = 0; i < GOLDENS; i++) {
        const struct golden *golden = &goldens[i];
        struct aloft_ptable_reader reader;
        uint32_t rows = rows_of(golden);
        aloft_ptable_emit_all(golden->rows, rows, &aloft_soft_crypto, table);
        aloft_ptable_init(&reader, &aloft_soft_crypto, FLASH_SIZE);
        for (uint32_t row = 0; row < rows; row++) {
            struct aloft_partition out;
            const struct aloft_partition *want = &golden->rows[row];
            check_note("table %ld row %ld", i, (long)row);
            CHECK_EQ(aloft_ptable_feed(&reader, table + (size_t)row * 32, &out),
                     ALOFT_PTABLE_PARTITION);
            CHECK_EQ(out.type, want->type);
            CHECK_EQ(out.subtype, want->subtype);
            CHECK_EQ(out.addr, want->addr);
            CHECK_EQ(out.len, want->len);
            CHECK_EQ(out.flags, want->flags);
            CHECK_TEXT(out.label, want->label);
        }
        CHECK_EQ(read_all(&reader, FLASH_SIZE), ALOFT_OK);
        CHECK_EQ(reader.count, rows);
        CHECK(reader.has_md5);
    }
}

static void ptable_first_row_of_two_ota_is_the_known_bytes(void)
{
    static const uint8_t row[ALOFT_PTABLE_ROW] = {0xAA, 0x50, 1, 2, 0,   0x90, 0,  0,
                                                  0,    0x40, 0, 0, 'n', 'v',  's'};
    emit_two_ota(&aloft_soft_crypto);
    CHECK_BYTES(table, row, sizeof row);
}

static void ptable_without_md5_row_is_good(void)
{
    struct aloft_ptable_reader reader;
    emit_two_ota(NULL);
    CHECK(aloft_bytes_are(table + 6 * 32, sizeof table - 6 * 32, 0xFF));
    CHECK_EQ(read_all(&reader, FLASH_SIZE), ALOFT_OK);
    CHECK_EQ(reader.count, 6);
    CHECK(!reader.has_md5);
}

static void ptable_with_any_flipped_bit_in_a_row_or_its_md5_is_refused(void)
{
    emit_two_ota(&aloft_soft_crypto);
    for (uint32_t bit = 0; bit < 7 * ALOFT_PTABLE_ROW * 8; bit++) {
        uint32_t byte = bit / 8;
        bool padding = byte >= 6 * 32 + 2 && byte < 6 * 32 + 16; // of the MD5 row: not looked at
        table[byte] ^= (uint8_t)(1u << bit % 8);
        check_note("bit %ld of byte %ld", (long)bit % 8, (long)byte);
        CHECK_EQ(judge() == ALOFT_OK, padding);
        table[byte] ^= (uint8_t)(1u << bit % 8);
    }
}

static void ptable_label_may_use_all_16_characters(void)
{
    struct aloft_partition in = {1, 2, 0x9000, 0x4000, 0, "exactly_16_chars"};
    struct aloft_partition out;
    struct aloft_ptable_reader reader;
    uint8_t row[ALOFT_PTABLE_ROW];
    aloft_ptable_emit(&in, row);
    CHECK_EQ(row[27], 's');
    aloft_ptable_init(&reader, &aloft_soft_crypto, FLASH_SIZE);
    CHECK_EQ(aloft_ptable_feed(&reader, row, &out), ALOFT_PTABLE_PARTITION);
    CHECK_TEXT(out.label, "exactly_16_chars");
}

static void ptable_of_blank_flash_is_empty(void)
{
    memset(table, 0xFF, sizeof table);
    CHECK_EQ(judge(), ALOFT_ERR_PTABLE_EMPTY);
}

static void ptable_end_marker_is_as_loose_as_the_stock_bootloaders(void)
{
    emit_two_ota(NULL);
    memset(table + 6 * 32 + 4, 0, 28); // magic, type and subtype alone decide
    CHECK_EQ(judge(), ALOFT_OK);
    table[6 * 32 + 3] = 0;
    CHECK_EQ(judge(), ALOFT_ERR_PTABLE_MAGIC);
}

static void ptable_rows_may_follow_the_md5_row(void)
{
    struct aloft_ptable_reader reader;
    emit_two_ota(&aloft_soft_crypto);
    aloft_ptable_emit(&goldens[1].rows[3], table + 7 * 32);
    CHECK_EQ(read_all(&reader, FLASH_SIZE), ALOFT_OK);
    CHECK_EQ(reader.count, 7);
}

static void ptable_with_two_md5_rows_is_refused(void)
{
    emit_two_ota(&aloft_soft_crypto);
    memcpy(table + 7 * 32, table + 6 * 32, 32);
    CHECK_EQ(judge(), ALOFT_ERR_PTABLE_MAGIC);
}

static void ptable_with_a_foreign_row_is_refused(void)
{
    emit_two_ota(NULL);
    table[2 * 32] = 0xE9;
    CHECK_EQ(judge(), ALOFT_ERR_PTABLE_MAGIC);
    memset(table, 0, sizeof table);
    CHECK_EQ(judge(), ALOFT_ERR_PTABLE_MAGIC);
}

static void ptable_with_a_wrong_md5_is_refused(void)
{
    emit_two_ota(&aloft_soft_crypto);
    table[6 * 32 + 31] ^= 1;
    CHECK_EQ(judge(), ALOFT_ERR_PTABLE_MD5);
}

static void ptable_partition_may_end_with_the_chip_and_not_beyond(void)
{
    static const struct {
        uint32_t addr, len;
        enum aloft_err err;
    } cases[] = {
        {0x300000, 0x100000, ALOFT_OK},
        {0x300000, 0x100001, ALOFT_ERR_PTABLE_RANGE},
        {0x400000, 0, ALOFT_OK},
        {0x400001, 0, ALOFT_ERR_PTABLE_RANGE},
        {0xFFFF0000, 0x20000, ALOFT_ERR_PTABLE_RANGE},
        {0x10000, 0xFFFFFFFF, ALOFT_ERR_PTABLE_RANGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct aloft_partition row = {0, 0, cases[i].addr, cases[i].len, 0, "factory"};
        CHECK_EQ(aloft_ptable_emit_all(&row, 1, &aloft_soft_crypto, table), ALOFT_OK);
        check_note("case %ld", (long)i, 0);
        CHECK_EQ(judge(), cases[i].err);
    }
}

static struct aloft_partition many[ALOFT_PTABLE_MAX + 1];

static void fill_many(void)
{
    for (uint32_t i = 0; i <= ALOFT_PTABLE_MAX; i++) {
        many[i] = (struct aloft_partition){0x40, (uint8_t)i, 0x10000 + i * 0x1000, 0x1000, 0, "x"};
    }
}

static void ptable_holds_95_partitions_or_94_and_an_md5_row(void)
{
    struct aloft_ptable_reader reader;
    fill_many();
    CHECK_EQ(aloft_ptable_emit_all(many, 95, NULL, table), ALOFT_OK);
    CHECK_EQ(read_all(&reader, FLASH_SIZE), ALOFT_OK);
    CHECK_EQ(reader.count, 95);
    CHECK_EQ(aloft_ptable_emit_all(many, 94, &aloft_soft_crypto, table), ALOFT_OK);
    CHECK_EQ(read_all(&reader, FLASH_SIZE), ALOFT_OK);
    CHECK_EQ(reader.count, 94);
    CHECK_EQ(aloft_ptable_emit_all(many, 96, NULL, table), ALOFT_ERR_ARG);
    CHECK_EQ(aloft_ptable_emit_all(many, 95, &aloft_soft_crypto, table), ALOFT_ERR_ARG);
}

static void ptable_without_an_end_marker_is_refused(void)
{
    fill_many();
    aloft_ptable_emit_all(many, 95, NULL, table);
    aloft_ptable_emit(&many[95], table + 95 * 32);
    CHECK_EQ(judge(), ALOFT_ERR_PTABLE_END);
    // An MD5 row in the last place leaves no room for the marker either.
    aloft_ptable_emit_all(many, 94, &aloft_soft_crypto, table);
    memcpy(table + 95 * 32, table + 94 * 32, 32);
    aloft_ptable_emit(&many[94], table + 94 * 32);
    CHECK(judge() != ALOFT_OK);
}

static void ptable_stays_bad_once_it_is_bad(void)
{
    struct aloft_ptable_reader reader;
    struct aloft_partition out;
    emit_two_ota(NULL);
    aloft_ptable_init(&reader, &aloft_soft_crypto, 0x8000);
    CHECK_EQ(aloft_ptable_feed(&reader, table, &out), ALOFT_PTABLE_BAD);
    memset(table, 0xFF, 32);
    CHECK_EQ(aloft_ptable_feed(&reader, table, &out), ALOFT_PTABLE_BAD);
    CHECK_EQ(reader.err, ALOFT_ERR_PTABLE_RANGE);
}

static void ptable_reports_a_failure_of_the_crypto_library(void)
{
    struct aloft_ptable_reader reader;
    struct aloft_partition out;
    emit_two_ota(&aloft_soft_crypto);
    hash_ledger_fail_after(0);
    aloft_ptable_init(&reader, &hash_ledger, FLASH_SIZE);
    CHECK_EQ(aloft_ptable_feed(&reader, table, &out), ALOFT_PTABLE_BAD);
    CHECK_EQ(reader.err, ALOFT_ERR_CRYPTO);
    hash_ledger_fail_after(0);
    CHECK_EQ(aloft_ptable_emit_all(two_ota()->rows, 6, &hash_ledger, table), ALOFT_ERR_CRYPTO);
    hash_ledger_fail_after(-1);
    CHECK_EQ(hash_ledger_live(), 0);
}

static void ptable_conflict_is_overlap_of_two_and_misalignment_of_one(void)
{
    struct aloft_partition app = {0, 0x10, 0x20000, 0x10000, 0, "a"};
    struct aloft_partition next = {0, 0x11, 0x30000, 0x10000, 0, "b"};
    struct aloft_partition inside = {1, 2, 0x2F000, 0x1000, 0, "c"};
    struct aloft_partition empty = {1, 2, 0x28000, 0, 0, "d"};
    struct aloft_partition huge = {1, 2, 0x1000, 0xFFFFFFFF, 0, "e"};
    CHECK_EQ(aloft_ptable_conflict(&app, &next), ALOFT_OK);
    CHECK_EQ(aloft_ptable_conflict(&next, &app), ALOFT_OK);
    CHECK_EQ(aloft_ptable_conflict(&app, &inside), ALOFT_ERR_PTABLE_OVERLAP);
    CHECK_EQ(aloft_ptable_conflict(&inside, &app), ALOFT_ERR_PTABLE_OVERLAP);
    CHECK_EQ(aloft_ptable_conflict(&app, &empty), ALOFT_OK);
    CHECK_EQ(aloft_ptable_conflict(&huge, &next), ALOFT_ERR_PTABLE_OVERLAP);
    CHECK_EQ(aloft_ptable_conflict(&next, &huge), ALOFT_ERR_PTABLE_OVERLAP);

    CHECK_EQ(aloft_ptable_conflict(&app, &app), ALOFT_OK);
    app.addr = 0x21000;
    CHECK_EQ(aloft_ptable_conflict(&app, &app), ALOFT_ERR_PTABLE_ALIGN);
    app.addr = 0x20000;
    app.len = 0x10800;
    CHECK_EQ(aloft_ptable_conflict(&app, &app), ALOFT_ERR_PTABLE_ALIGN);
    inside.addr = 0x2F800;
    CHECK_EQ(aloft_ptable_conflict(&inside, &inside), ALOFT_ERR_PTABLE_ALIGN);
    inside.addr = 0x2F000;
    inside.len = 0x123; // the stock tool does not mind the length of a data partition
    CHECK_EQ(aloft_ptable_conflict(&inside, &inside), ALOFT_OK);
}

CHECK_MAIN(TEST(ptable_of_every_template_is_byte_identical_to_esp_idf),
           TEST(ptable_reads_back_the_rows_that_it_wrote),
           TEST(ptable_first_row_of_two_ota_is_the_known_bytes),
           TEST(ptable_without_md5_row_is_good),
           TEST(ptable_with_any_flipped_bit_in_a_row_or_its_md5_is_refused),
           TEST(ptable_label_may_use_all_16_characters), TEST(ptable_of_blank_flash_is_empty),
           TEST(ptable_end_marker_is_as_loose_as_the_stock_bootloaders),
           TEST(ptable_rows_may_follow_the_md5_row), TEST(ptable_with_two_md5_rows_is_refused),
           TEST(ptable_with_a_foreign_row_is_refused), TEST(ptable_with_a_wrong_md5_is_refused),
           TEST(ptable_partition_may_end_with_the_chip_and_not_beyond),
           TEST(ptable_holds_95_partitions_or_94_and_an_md5_row),
           TEST(ptable_without_an_end_marker_is_refused), TEST(ptable_stays_bad_once_it_is_bad),
           TEST(ptable_reports_a_failure_of_the_crypto_library),
           TEST(ptable_conflict_is_overlap_of_two_and_misalignment_of_one))
