// The table compiler against ESP-IDF's: the bytes of its ten tables, and for every check a table
// that fails it. Complaints must name the line, what stands there, and the cure.
#include "host_test.h"
#include "hostlib/crypto/mbed_crypto.h"
#include "hostlib/table/ptable_csv.h"
#include "hostlib/table/ptable_template.h"
#include "hostlib/table/ptable_words.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct aloft_ptable_plan plan; // 16 KiB, so not on the stack
static struct aloft_message error;

static const struct aloft_ptable_rules plain = ALOFT_PTABLE_RULES_DEFAULT;
static const struct aloft_ptable_rules with_bootloader = {0x8000, 0x400000, 0x1000, 0x3F0000, NULL};

static bool parse(const char *csv, const struct aloft_ptable_rules *rules)
{
    return aloft_ptable_csv_parse(&plan, csv, strlen(csv), rules, &error);
}

static void parse_good(const char *csv)
{
    if (!parse(csv, &plain)) {
        fail_msg("%s\nrefused: %s", csv, error.text);
    }
}

struct golden {
    const char *name;
    uint32_t rows;
    const char *sha256; // of the 3,072 bytes that ESP-IDF's generator makes
};

static const struct golden goldens[] = {
    {"singleapp", 3, "7f00b6c042a89b15b0cac534f82ed988caf29278ff5700b0c511eb1b5bb7c820"},
    {"singleapp_coredump", 4, "57af5bcbfe44ebb831ce4c916c5dbe30cddc8aac1993f69f928d66c05d5f6460"},
    {"singleapp_large", 3, "5295e8c42d6fb5f95e4e8a185932c6191d27cfc5078322475347e40e71af815a"},
    {"singleapp_large_coredump", 4,
     "e5e69dfa991051451c2fbe2468f33c915763b41bdd7f1709ea3000c4a5ede04e"},
    {"two_ota", 6, "d1c0e9d02fa9d26cd2e1984e7b5dd20157204f501ddc83ce82229e5f3175ee8b"},
    {"two_ota_coredump", 7, "7255f503b6ff44cf4d9ded4634279d2e7fd67f5fe9693228f65d089e5e1725a5"},
    {"two_ota_large", 5, "41d8ef7960bf03647249e26ca1ace2b8d35f317a87f6c2ff5bc9f4bdbdbf602b"},
    {"two_ota_encr_nvs", 7, "0ae0abb93d54ada2268764212d09b9a55ddf7718eb062f499b5413c4e4052cf2"},
    {"singleapp_tee", 5, "5b2260f358eba8508b055470ad198f2233bcd68ea1b6a53f7633acef088ef891"},
    {"two_ota_tee", 9, "8cb614c824998362a0b0780ba59d259be940d4c6b253311ae8c15a061e375269"},
};

static void sha256_hex(const uint8_t *data, size_t len, char hex[65])
{
    struct aloft_hash hash;
    uint8_t digest[ALOFT_SHA256_LEN];
    assert_int_equal(aloft_mbed_crypto.hash_init(&hash, ALOFT_HASH_SHA256), ALOFT_OK);
    assert_int_equal(aloft_mbed_crypto.hash_feed(&hash, data, len), ALOFT_OK);
    assert_int_equal(aloft_mbed_crypto.hash_finish(&hash, digest), ALOFT_OK);
    for (size_t i = 0; i < sizeof digest; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}

static void emit(uint8_t table[ALOFT_PTABLE_LEN])
{
    assert_int_equal(aloft_ptable_emit_all(plan.partitions, plan.count, &aloft_mbed_crypto, table),
                     ALOFT_OK);
}

static void templates_compile_to_the_generators_bytes(void **state)
{
    (void)state;
    assert_int_equal(aloft_ptable_template_count, COUNT(goldens));
    for (size_t i = 0; i < COUNT(goldens); i++) {
        uint8_t table[ALOFT_PTABLE_LEN];
        char hex[65];
        const struct aloft_ptable_template *found = aloft_ptable_template_find(goldens[i].name);
        assert_non_null(found);
        parse_good(found->csv);
        assert_int_equal(plan.warning_count, 0);
        assert_int_equal(plan.count, goldens[i].rows);
        emit(table);
        sha256_hex(table, sizeof table, hex);
        assert_string_equal(hex, goldens[i].sha256);
    }
    assert_null(aloft_ptable_template_find("three_ota"));
}

static void csv_of_a_table_compiles_to_the_same_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < aloft_ptable_template_count; i++) {
        uint8_t before[ALOFT_PTABLE_LEN];
        uint8_t after[ALOFT_PTABLE_LEN];
        char text[ALOFT_PTABLE_CSV_ROOM];
        size_t len;
        parse_good(aloft_ptable_templates[i].csv);
        emit(before);
        assert_int_equal(aloft_ptable_plan_load(&plan, before, sizeof before, 0x400000), ALOFT_OK);
        assert_true(plan.has_md5);
        assert_true(aloft_ptable_csv_emit(&plan, &plain, text, sizeof text, &len, &error));
        assert_int_equal(strlen(text), len);
        parse_good(text);
        emit(after);
        assert_memory_equal(before, after, sizeof before);
    }
}

static void csv_looks_as_the_generator_writes_it(void **state)
{
    char text[ALOFT_PTABLE_CSV_ROOM];
    size_t len;
    (void)state;
    parse_good("nvs,data,nvs,,0x4000\nmine,0x40,7,0x20000,0x1001,encrypted:readonly\n"
               "app,app,ota_15,,1M\n");
    assert_true(aloft_ptable_csv_emit(&plan, &plain, text, sizeof text, &len, &error));
    assert_string_equal(text, "# ESP-IDF Partition Table\n"
                              "# Name, Type, SubType, Offset, Size, Flags\n"
                              "nvs,data,nvs,0x9000,16K,\n"
                              "mine,64,7,0x20000,0x1001,encrypted:readonly\n"
                              "app,app,ota_15,0x30000,1M,\n");
    assert_false(aloft_ptable_csv_emit(&plan, &plain, text, 100, &len, &error));
    memcpy(plan.partitions[0].label, "a,b", 4);
    assert_false(aloft_ptable_csv_emit(&plan, &plain, text, sizeof text, &len, &error));
    assert_non_null(strstr(error.text, "a,b"));
}

struct placed {
    const char *csv; // the last row counts
    uint32_t addr;
    uint32_t len;
    uint8_t type;
    uint8_t subtype;
};

static const struct placed placements[] = {
    {"a,data,nvs,,24K", 0x9000, 0x6000, 1, 2},
    {"a,app,factory,,1M", 0x10000, 0x100000, 0, 0},
    {"a,APP,OTA_3,,1m", 0x10000, 0x100000, 0, 0x13},
    {" a , data , nvs , 0xa000 , 24 K , ", 0xA000, 0x6000, 1, 2},
    {"a,data,,,4K", 0x9000, 0x1000, 1, 6},
    {"a,0x40,,,4K", 0x9000, 0x1000, 0x40, 6},
    {"a,1,0x99,,4K", 0x9000, 0x1000, 1, 0x99},
    {"a,data,nvs,,4K,readonly,what,ever,follows,is,ignored", 0x9000, 0x1000, 1, 2},
    {"a,app,factory,,-0x200000", 0x10000, 0x1F0000, 0, 0},
    {"a,app,factory,,-2M", 0x10000, 0x1F0000, 0, 0},
    {"a,data,phy,,0x100\nb,data,phy,,4K", 0xA000, 0x1000, 1, 1}, // odd sizes round the next up
    {"# a comment\n\n   # another\r\na,data,nvs,,24K", 0x9000, 0x6000, 1, 2},
    {"a,data,nvs,,1KK\r\n", 0x9000, 0x100000, 1, 2},
    {"a,data,0xff,,4K", 0x9000, 0x1000, 1, 0xFF},
    {"a,255,255,,4K", 0x9000, 0x1000, 0xFF, 0xFF},
    // Blanks and ends of lines of any kind, as Python has them.
    {"\xC2\xA0"
     "a\xC2\xA0,\xE3\x80\x80"
     "data,\xE2\x80\x83nvs\xE1\x9A\x80,,24\xE2\x80\xAFK",
     0x9000, 0x6000, 1, 2},
    {"a,data,nvs,,24K,\x0C"
     "b,data,phy,,4K",
     0xF000, 0x1000, 1, 1},
    {"a,data,nvs,,24K\x0B"
     "b,data,phy,,4K\x1C",
     0xF000, 0x1000, 1, 1},
    {"a,data,nvs,,24K\xC2\x85"
     "b,data,phy,,4K",
     0xF000, 0x1000, 1, 1},
    {"a,data,nvs,,24K\xE2\x80\xA8#b\xE2\x80\xA9"
     "c,data,phy,,4K\x1F",
     0xF000, 0x1000, 1, 1},
    {"\xC2\xA0# no row\rb,data,nvs,,24K", 0x9000, 0x6000, 1, 2},
};

static void rows_are_placed_as_the_generator_places_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(placements); i++) {
        const struct placed *c = &placements[i];
        parse_good(c->csv);
        const struct aloft_partition *p = &plan.partitions[plan.count - 1];
        print_message("%s\n", c->csv);
        assert_int_equal(p->addr, c->addr);
        assert_int_equal(p->len, c->len);
        assert_int_equal(p->type, c->type);
        assert_int_equal(p->subtype, c->subtype);
    }
}

struct refused {
    const char *csv;
    const char *line; // how the complaint begins
    const char *what; // it quotes
    const char *cure; // it offers
};

static const struct refused refusals[] = {
    {"# x\na", "line 2:", "'a' has no Type", "write app, data"},
    {"a,,nvs,,4K", "line 1:", "'a' has no Type", "write app, data"},
    {"a,dat,nvs,,4K", "line 1:", "'dat'", "bootloader, partition_table, app, data"},
    {"a,app,,,1M", "line 1:", "'a' has no SubType", "factory, test, or ota_0..ota_15"},
    {"a,app,ota_16,,1M", "line 1:", "'ota_16'", "ota_0..ota_15"},
    {"a,data,sniffs,,4K", "line 1:", "'sniffs'", "spiffs"},
    {"a,256,0,,4K", "line 1:", "'256'", "0..0xff"},
    {"a,data,-1,,4K", "line 1:", "'-1'", "0..0xff"},
    {"a,data,nvs,,24K\x0C\x0C"
     "b,data,sniffs,,4K",
     "line 3:", "'sniffs'", "spiffs"},
    {"a,data,nvs,here,4K", "line 1:", "'here'", "0x10000, 64K, or 1M"},
    {"a,data,nvs,,", "line 1:", "'a' has no Size", "24K"},
    {"a,data,nvs,,4KB", "line 1:", "'4KB'", "64K, or 1M"},
    {"a,data,nvs,,24K,secret", "line 1:", "'secret'", "encrypted and readonly"},
    {"a,data,nvs,,24K,encrypted # why", "line 1:", "'encrypted # why'", "a line of its own"},
    {"a,data,nvs,0x8000,24K", "line 1:", "'0x8000'", "0x9000"},
    {"a,data,nvs,,24K\nb,data,phy,0xa000,4K", "line 2:", "'0xa000'", "0xf000"},
    {"a,data,nvs,,24K\nb,data,phy,-1,4K", "line 2:", "'-1'", "leave the field blank"},
    {"a,app,factory,,-0x8000", "line 1:", "'-0x8000'", "up to 0x8000"},
    {"a,app,factory,0x18000,1M", "line 1:", "0x18000", "0x10000 or 0x20000"},
    {"a,data,phy,0x9100,4K", "line 1:", "0x9100", "0x9000 or 0xa000"},
    {"a,app,factory,,0x10100", "line 1:", "0x10100", "0x10000 or 0x11000"},
    {"a,data,nvs,,24K\na,data,phy,,4K", "line 2:", "'a' has the name", "rename one"},
    {"abcdefghijklmnopX,data,nvs,,24K\nabcdefghijklmnopY,data,phy,,4K",
     "line 2:", "'abcdefghijklmnop'", "first 16 bytes"},
    {"o,data,ota,,4K", "line 1:", "size 0x1000", "0x2000"},
    {"o,data,ota,,8K\np,data,ota,,8K", "line 2:", "second data,ota", "remove one"},
    {"o,data,tee_ota,,4K", "line 1:", "size 0x1000", "0x2000"},
    {"o,data,tee_ota,,8K\np,data,tee_ota,,8K", "line 2:", "second data,tee_ota", "remove one"},
    {"o,data,ota,,8K,readonly", "line 1:", "ota data", "remove the flag"},
    {"o,data,coredump,,8K,readonly", "line 1:", "coredump data", "remove the flag"},
    {"n,data,nvs,,8K", "line 1:", "0x2000 bytes", "flag it readonly"},
    {"b,bootloader,primary,N/A,N/A", "line 1:", "bootloader row", "--bootloader-offset"},
    {"a,data,nvs,$ALOFT_NOT_SET,24K", "line 1:", "$ALOFT_NOT_SET", "write the value"},
    {"a,data,nvs,,0x200000000", "line 1:", "'a' ends at", "4 GiB"},
    {"a,data,nvs,\xFF,24K", "line 1:", "not UTF-8", "save the file as UTF-8"},
};

static void every_check_names_line_text_and_cure(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const struct refused *c = &refusals[i];
        if (parse(c->csv, &plain)) {
            fail_msg("accepted: %s", c->csv);
        }
        print_message("%s\n", error.text);
        assert_ptr_equal(strstr(error.text, c->line), error.text);
        assert_non_null(strstr(error.text, c->what));
        assert_non_null(strstr(error.text, c->cure));
    }
}

static void a_table_that_does_not_fit_the_chip_is_refused(void **state)
{
    struct aloft_ptable_rules two_mb = plain;
    (void)state;
    two_mb.flash_size = 0x200000;
    assert_false(parse("a,app,factory,,1M\nb,app,ota_0,,1M\n", &two_mb));
    assert_non_null(strstr(error.text, "line 2: 'b' ends at 0x210000"));
    assert_non_null(strstr(error.text, "larger chip"));
    assert_true(parse("a,app,factory,,-2M\n", &two_mb));
}

static void rows_of_the_bootloader_and_table_get_their_own_place(void **state)
{
    (void)state;
    assert_true(parse("boot,bootloader,primary,N/A,N/A\nt,partition_table,primary,N/A,N/A\n"
                      "nvs,data,nvs,,24K\nboot2,bootloader,ota,,N/A\nr,bootloader,recovery,,\n",
                      &with_bootloader));
    assert_int_equal(plan.partitions[0].addr, 0x1000);
    assert_int_equal(plan.partitions[0].len, 0x7000);
    assert_int_equal(plan.partitions[1].addr, 0x8000);
    assert_int_equal(plan.partitions[1].len, 0x1000);
    assert_int_equal(plan.partitions[2].addr, 0x9000);
    assert_int_equal(plan.partitions[3].addr, 0xF000);
    assert_int_equal(plan.partitions[3].len, 0x7000);
    assert_int_equal(plan.partitions[4].addr, 0x3F0000);
}

static void variables_come_from_the_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("ALOFT_TEST_SIZE", "24K", 1), 0);
    parse_good("# $ALOFT_NOT_SET in a comment is only a comment\n"
               "a,data,nvs,,$ALOFT_TEST_SIZE\nb,data,nvs,,${ALOFT_TEST_SIZE}\n");
    assert_int_equal(plan.partitions[0].len, 0x6000);
    assert_int_equal(plan.partitions[1].len, 0x6000);
    char *wide = calloc(1, 2000);
    assert_non_null(wide);
    memset(wide, 'x', 1999);
    assert_int_equal(setenv("ALOFT_TEST_SIZE", wide, 1), 0);
    free(wide);
    assert_false(parse("a,data,nvs,,$ALOFT_TEST_SIZE\n", &plain));
    assert_non_null(strstr(error.text, "line 1: the line is longer"));
    assert_int_equal(unsetenv("ALOFT_TEST_SIZE"), 0);
}

static void any_unicode_encoding_with_a_mark_is_read(void **state)
{
    static const char utf8[] = "\xEF\xBB\xBF"
                               "\xC3\xA4,data,nvs,,24K\n";
    static const char utf16le[] = "\xFF\xFE\xE4\0,\0d\0a\0t\0a\0,\0n\0v\0s\0,\0,\0"
                                  "2\0"
                                  "4\0K";
    static const char utf16be[] = "\xFE\xFF\0\xE4\0,\0d\0a\0t\0a\0,\0n\0v\0s\0,\0,\0"
                                  "2\0"
                                  "4\0K";
    (void)state;
    assert_true(aloft_ptable_csv_parse(&plan, utf8, sizeof utf8 - 1, &plain, &error));
    assert_string_equal(plan.partitions[0].label, "\xC3\xA4");
    assert_true(aloft_ptable_csv_parse(&plan, utf16le, sizeof utf16le, &plain, &error));
    assert_string_equal(plan.partitions[0].label, "\xC3\xA4");
    assert_int_equal(plan.partitions[0].len, 0x6000);
    assert_true(aloft_ptable_csv_parse(&plan, utf16be, sizeof utf16be - 1, &plain, &error));
    assert_int_equal(plan.partitions[0].len, 0x6000);
    assert_false(aloft_ptable_csv_parse(&plan, "a\0b", 3, &plain, &error));
    assert_non_null(strstr(error.text, "NUL"));
}

static const char *emitted(void)
{
    static char text[ALOFT_PTABLE_CSV_ROOM];
    size_t len;
    return aloft_ptable_csv_emit(&plan, &plain, text, sizeof text, &len, &error) ? text : NULL;
}

// The story: a table with subtype 0xff was shown as CSV that no build took.
static void csv_that_is_written_always_builds(void **state)
{
    static const struct aloft_partition odd[] = {
        {1, 0xFF, 0x9000, 0x1000, 0, "any"},
        {0x40, 0, 0xA000, 0x1001, 0, "odd size"},
        {0xFF, 7, 0xC000, 0, ALOFT_PARTITION_READONLY, ""},
        {2, 0, 0x1000, 0x7000, 0, "bootloader"},
        {3, 0, 0x8000, 0x1000, 0, "table"},
        {2, 2, 0x20000, 0x7000, 0, "recovery"},
        {2, 1, 0x30000, 0x7000, 0, "ota"},
    };
    (void)state;
    memset(&plan, 0, sizeof plan);
    memcpy(plan.partitions, odd, sizeof odd);
    plan.count = COUNT(odd);
    const char *text = emitted();
    if (text == NULL) {
        fail_msg("%s", error.text);
    }
    parse_good(text);
    assert_int_equal(plan.count, COUNT(odd));
    for (size_t i = 0; i < COUNT(odd); i++) {
        assert_int_equal(plan.partitions[i].type, odd[i].type);
        assert_int_equal(plan.partitions[i].subtype, odd[i].subtype);
        assert_int_equal(plan.partitions[i].addr, odd[i].addr);
        assert_int_equal(plan.partitions[i].len, odd[i].len);
        assert_int_equal(plan.partitions[i].flags, odd[i].flags);
        assert_string_equal(plan.partitions[i].label, odd[i].label);
    }
}

static void rows_out_of_order_are_written_in_order(void **state)
{
    (void)state;
    parse_good("a,data,nvs,,24K\nb,data,phy,,4K\n");
    struct aloft_partition first = plan.partitions[0];
    plan.partitions[0] = plan.partitions[1];
    plan.partitions[1] = first;
    plan.warning_count = 0;
    const char *text = emitted();
    assert_non_null(text);
    assert_int_equal(plan.warning_count, 1);
    assert_non_null(strstr(plan.warnings[0].text, "sorted"));
    parse_good(text);
    assert_string_equal(plan.partitions[0].label, "a");
}

struct unwritable {
    struct aloft_partition row; // besides a factory app at 10000
    const char *why;
};

// What the bootloader takes and no builder does is not written: the reason is said.
static void what_no_csv_builds_is_not_written(void **state)
{
    static const struct unwritable tables[] = {
        {{1, 0, 0x9000, 0x1000, 0, "otadata"}, "0x2000"},
        {{1, 2, 0x9000, 0x8000, 0, "nvs"}, "0x10000"},
        {{1, 2, 0x9100, 0x6000, 0, "nvs"}, "0x9100"},
        {{1, 1, 0x4000, 0x1000, 0, "low"}, "0x9000"},
        {{1, 1, 0x9000, 0x1000, 0, "factory"}, "has the name"},
        {{2, 0, 0x1000, 0x1000, 0, "boot"}, "'boot' would get 0x7000"},
        {{3, 0, 0x7000, 0x1000, 0, "table"}, "'table' would get 0x1000 bytes at 0x8000"},
        {{1, 1, 0x9000, 0x1000, 0,
          "a\xC2\x85"
          "b"},
         "cannot be written"},
        {{1, 1, 0x9000, 0x1000, 0, "a\xC2\xA0"}, "cannot be written"},
        {{1, 1, 0x9000, 0x1000, 0,
          "\xE3\x80\x80"
          "a"},
         "cannot be written"},
        {{1, 1, 0x9000, 0x1000, 0,
          "a\x0C"
          "b"},
         "cannot be written"},
        {{1, 1, 0x9000, 0x1000, 0, "a\xC2"}, "cannot be written"},
        {{1, 1, 0x9000, 0x1000, 0, "$HOME"}, "cannot be written"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(tables); i++) {
        parse_good("factory,app,factory,0x10000,1M\n");
        plan.partitions[1] = plan.partitions[0];
        plan.partitions[0] = tables[i].row;
        plan.count = 2;
        assert_null(emitted());
        print_message("%s\n", error.text);
        assert_non_null(strstr(error.text, tables[i].why));
    }
}

static void a_bootloader_row_keeps_its_offset_when_no_option_gives_one(void **state)
{
    (void)state;
    parse_good("boot,bootloader,primary,0x2000,N/A\nr,bootloader,recovery,0x20000,0x6000\n"
               "o,bootloader,ota,0x30000,0x6000\n");
    assert_int_equal(plan.partitions[0].addr, 0x2000);
    assert_int_equal(plan.partitions[0].len, 0x6000);
    assert_int_equal(plan.partitions[1].addr, 0x20000);
    assert_true(parse("boot,bootloader,primary,0x2000,0x100\n", &with_bootloader));
    assert_int_equal(plan.partitions[0].addr, 0x1000);
    assert_false(parse("r,bootloader,recovery,N/A,\n", &plain));
    assert_non_null(strstr(error.text, "--recovery-offset"));
    assert_false(parse("boot,bootloader,primary,0x9000,\n", &plain));
    assert_non_null(strstr(error.text, "does not lie before the table"));
}

static void a_project_has_subtype_words_of_its_own(void **state)
{
    static struct aloft_ptable_own_words own;
    struct aloft_ptable_rules rules = plain;
    static char text[ALOFT_PTABLE_CSV_ROOM];
    size_t len;
    (void)state;
    rules.own_words = &own;
    // As ESP-IDF's build passes them on: the value is hex, with 0x or without.
    assert_true(aloft_ptable_words_add(&own, "data, my_store, 0x40", &error));
    assert_true(aloft_ptable_words_add(&own, " app,golden,41 ;data,spare,fe;", &error));
    assert_int_equal(own.count, 3);
    assert_true(parse("a,data,MY_STORE,,4K\nb,data,spare,,4K\nc,app,golden,,1M\n", &rules));
    assert_int_equal(plan.partitions[0].subtype, 0x40);
    assert_int_equal(plan.partitions[1].subtype, 0xFE);
    assert_int_equal(plan.partitions[2].subtype, 0x41);
    assert_true(aloft_ptable_csv_emit(&plan, &rules, text, sizeof text, &len, &error));
    assert_non_null(strstr(text, "a,data,my_store,"));
    assert_false(parse("a,data,my_stor,,4K\n", &rules));
    assert_non_null(strstr(error.text, "my_store"));
    assert_false(parse("a,app,my_store,,4K\n", &rules)); // a word of data
    assert_false(parse("a,data,my_store,,4K\n", &plain));
    assert_true(parse("golden,data,nvs,,24K\n", &rules));
    assert_int_equal(plan.warning_count, 1); // a name that misleads
}

static void a_projects_own_word_is_new_and_well_formed(void **state)
{
    static const char *const bads[][2] = {
        {"data, store", "is not a subtype word"},
        {"data, store, 0x40, 1", "is not a subtype word"},
        {"", ""},
        {"flash, store, 0x40", "is not a partition type"},
        {"data, store, 0x2", "by nvs"},
        {"data, nvs, 0x40", "the word is taken"},
        {"data, store, 0x100", "0..0xff"},
        {"data, store, forty", "0..0xff"},
        {"data, store, -1", "0..0xff"},
        {"data, store,", "0..0xff"},
        {"data, , 0x40", "is not a word"},
        {"data, 0x50, 0x40", "is not a word"},
        {"data, a_word_that_is_much_too_long_for_it, 0x40", "is not a word"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(bads); i++) {
        struct aloft_ptable_own_words own = {0};
        if (bads[i][0][0] == '\0') {
            assert_true(aloft_ptable_words_add(&own, bads[i][0], &error));
            continue;
        }
        assert_false(aloft_ptable_words_add(&own, bads[i][0], &error));
        print_message("%s\n", error.text);
        assert_non_null(strstr(error.text, bads[i][1]));
        assert_int_equal(own.count, 0);
    }
}

struct never_updated {
    const char *csv;
    const char *what;
    const char *cure;
};

#define OTADATA "o,data,ota,,8K\n"

static void a_table_that_boots_and_is_never_updated_is_a_warning(void **state)
{
    static const struct never_updated tables[] = {
        {OTADATA "a,app,ota_1,,1M\nb,app,ota_2,,1M", "'a' is ota_1 and there is no ota_0",
         "make it ota_0"},
        {OTADATA "a,app,ota_0,,1M\nb,app,ota_2,,1M", "'b' is ota_2 and there is no ota_1",
         "make it ota_1"},
        {OTADATA "a,app,ota_0,,1M\nb,app,ota_0,,1M\nc,app,ota_1,,1M", "'b' is ota_0, and so is 'a'",
         "number the slots"},
        {"f,app,factory,,1M\na,app,ota_0,,1M\nb,app,ota_1,,1M", "no otadata",
         "otadata, data, ota, , 0x2000"},
        {OTADATA "f,app,factory,,1M", "no OTA slot", "add app partitions ota_0 and ota_1"},
        {OTADATA "a,app,ota_0,,1M", "'a' is the only place for an app", "add ota_1"},
        {OTADATA "a,app,ota_0,,1M\nb,app,ota_1,,1M,readonly", "'b' is a slot and flagged readonly",
         "remove the flag"},
    };
    static const char *const goods[] = {
        OTADATA "f,app,factory,,1M\na,app,ota_0,,1M",
        OTADATA "b,app,ota_1,,1M\na,app,ota_0,,1M",
        "f,app,factory,,1M",
        "n,data,nvs,,24K",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(tables); i++) {
        parse_good(tables[i].csv);
        assert_int_equal(plan.warning_count, 1);
        print_message("%s\n", plan.warnings[0].text);
        assert_non_null(strstr(plan.warnings[0].text, tables[i].what));
        assert_non_null(strstr(plan.warnings[0].text, tables[i].cure));
    }
    for (size_t i = 0; i < COUNT(goods); i++) {
        parse_good(goods[i]);
        assert_int_equal(plan.warning_count, 0);
    }
}

static void a_name_that_misleads_is_a_warning(void **state)
{
    (void)state;
    parse_good("factory,data,nvs,,24K\n");
    assert_int_equal(plan.warning_count, 1);
    assert_non_null(strstr(plan.warnings[0].text, "line 1: 'factory'"));
    parse_good("data,app,factory,,1M\n");
    assert_int_equal(plan.warning_count, 1);
    parse_good("nvs,data,nvs,,24K\notadata,data,ota,,8K\nota_0,app,ota_0,,1M\n"
               "ota_1,app,ota_1,,1M\n");
    assert_int_equal(plan.warning_count, 0);
    parse_good("abcdefghijklmnop,data,nvs,,24K\n");
    assert_int_equal(plan.warning_count, 1);
    assert_string_equal(plan.partitions[0].label, "abcdefghijklmnop");
}

static void a_table_holds_95_partitions_and_one_less_with_an_md5_row(void **state)
{
    char csv[96 * 24] = "";
    size_t used = 0;
    uint8_t table[ALOFT_PTABLE_LEN];
    (void)state;
    for (int i = 0; i < 95; i++) {
        used += (size_t)snprintf(csv + used, sizeof csv - used, "p%d,data,phy,,4K\n", i);
    }
    parse_good(csv);
    assert_int_equal(aloft_ptable_emit_all(plan.partitions, 95, NULL, table), ALOFT_OK);
    assert_int_equal(aloft_ptable_plan_load(&plan, table, sizeof table, 0), ALOFT_OK);
    assert_int_equal(plan.count, 95);
    assert_int_equal(aloft_ptable_emit_all(plan.partitions, 95, &aloft_mbed_crypto, table),
                     ALOFT_ERR_ARG);
    (void)snprintf(csv + used, sizeof csv - used, "last,data,phy,,4K\n");
    assert_false(parse(csv, &plain));
    assert_non_null(strstr(error.text, "line 96:"));
}

static void a_spoiled_binary_table_is_read_up_to_its_fault(void **state)
{
    uint8_t table[ALOFT_PTABLE_LEN];
    (void)state;
    parse_good(aloft_ptable_template_find("two_ota")->csv);
    emit(table);
    table[3 * 32] = 0;
    assert_int_equal(aloft_ptable_plan_load(&plan, table, sizeof table, 0), ALOFT_ERR_PTABLE_MAGIC);
    assert_int_equal(plan.count, 3);
    assert_int_equal(aloft_ptable_plan_load(&plan, table, 70, 0), ALOFT_ERR_PTABLE_END);
    assert_int_equal(plan.count, 2);
    assert_int_equal(aloft_ptable_plan_load(&plan, table, 0, 0), ALOFT_ERR_PTABLE_END);
}

// Any text, from an editor or at random, is compiled or refused, and does no harm.
static void noise_is_answered(void **state)
{
    static const char alphabet[] =
        "a,1k0x-#$\n :{}\xC3\xA4\xC2\x85\xA0\xE2\x80\xA8\x0C\0app,data,nvs,ota";
    char noise[200];
    (void)state;
    srand(1);
    for (int round = 0; round < 20000; round++) {
        size_t len = (size_t)rand() % sizeof noise;
        for (size_t i = 0; i < len; i++) {
            noise[i] = alphabet[(size_t)rand() % (sizeof alphabet - 1)];
        }
        (void)aloft_ptable_csv_parse(&plan, noise, len, &plain, &error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_compile_to_the_generators_bytes),
        cmocka_unit_test(csv_of_a_table_compiles_to_the_same_table),
        cmocka_unit_test(csv_looks_as_the_generator_writes_it),
        cmocka_unit_test(rows_are_placed_as_the_generator_places_them),
        cmocka_unit_test(every_check_names_line_text_and_cure),
        cmocka_unit_test(a_table_that_does_not_fit_the_chip_is_refused),
        cmocka_unit_test(rows_of_the_bootloader_and_table_get_their_own_place),
        cmocka_unit_test(variables_come_from_the_environment),
        cmocka_unit_test(any_unicode_encoding_with_a_mark_is_read),
        cmocka_unit_test(csv_that_is_written_always_builds),
        cmocka_unit_test(rows_out_of_order_are_written_in_order),
        cmocka_unit_test(what_no_csv_builds_is_not_written),
        cmocka_unit_test(a_bootloader_row_keeps_its_offset_when_no_option_gives_one),
        cmocka_unit_test(a_project_has_subtype_words_of_its_own),
        cmocka_unit_test(a_projects_own_word_is_new_and_well_formed),
        cmocka_unit_test(a_table_that_boots_and_is_never_updated_is_a_warning),
        cmocka_unit_test(a_name_that_misleads_is_a_warning),
        cmocka_unit_test(a_table_holds_95_partitions_and_one_less_with_an_md5_row),
        cmocka_unit_test(a_spoiled_binary_table_is_read_up_to_its_fault),
        cmocka_unit_test(noise_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
