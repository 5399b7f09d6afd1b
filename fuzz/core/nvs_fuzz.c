// NVS with any content, and a script of sets, erases, reads, failing operations and power cycles.
// In a partition of any bytes nothing may crash, loop or leave the view, and what was set is read.
// From a blank one every value is held against a plain list of them. Input: a byte of choices, 2
// bytes of length and as many of content, then the script.
#include "aloft/base/bytes.h"
#include "aloft/base/crc32.h"
#include "aloft/nvs_write.h"
#include "fuzz.h"
#include "ram_flash.h"

enum { CHIP = 0x10000, START = 0x2000, PAGES_MAX = 6, KEYS = 6, VALUE_MAX = 4500 };
enum { STEPS_MAX = 100000, OPERATIONS_MAX = 20 };

struct entry {
    uint8_t type; // 0: none
    uint32_t len;
    uint8_t bytes[VALUE_MAX];
};

static uint8_t cells[CHIP];
static uint8_t fresh[VALUE_MAX];
static struct ram_flash ram;
static struct aloft_nvs nvs;
static struct aloft_nvs_write op;
static struct entry known[KEYS];
static bool trusted; // began blank, and no operation has failed

static void key_name(uint32_t key, char name[ALOFT_NVS_NAME])
{
    (void)snprintf(name, ALOFT_NVS_NAME, "key%u", (unsigned)key);
}

static const char *space_of(uint32_t key)
{
    return key % 2 == 0 ? "aloft" : "app";
}

static enum aloft_err run(void)
{
    enum aloft_step step;
    uint32_t n = 0;
    do {
        uint32_t before = ram.progs + ram.erases;
        step = aloft_nvs_step(&op);
        FUZZ_CHECK(ram.progs + ram.erases - before <= 1);
        FUZZ_CHECK(++n < STEPS_MAX);
    } while (step == ALOFT_STEP_AGAIN);
    return step == ALOFT_STEP_DONE ? ALOFT_OK : op.err;
}

// Reads a key as a type; *len bytes into fresh.
static enum aloft_err read_as(uint32_t key, uint8_t type, uint32_t *len)
{
    char name[ALOFT_NVS_NAME];
    uint64_t number = 0;
    enum aloft_err err;
    key_name(key, name);
    *len = 4;
    if (type == ALOFT_NVS_U32) {
        err = aloft_nvs_get_number(&nvs, space_of(key), name, ALOFT_NVS_U32, &number);
        aloft_put_le32(fresh, (uint32_t)number);
    } else if (type == ALOFT_NVS_STR) {
        err = aloft_nvs_get_str(&nvs, space_of(key), name, (char *)fresh, sizeof fresh);
        *len = err == ALOFT_OK ? (uint32_t)strlen((char *)fresh) + 1 : 0;
    } else {
        err = aloft_nvs_get_blob(&nvs, space_of(key), name, fresh, sizeof fresh, len);
    }
    return err;
}

static bool reads_as(uint32_t key, const struct entry *wanted)
{
    uint32_t len;
    enum aloft_err err = read_as(key, wanted->type == 0 ? ALOFT_NVS_STR : wanted->type, &len);
    if (wanted->type == 0) {
        return err == ALOFT_ERR_NVS_NOT_FOUND;
    }
    return err == ALOFT_OK && len == wanted->len && memcmp(fresh, wanted->bytes, len) == 0;
}

static void check_known(void)
{
    for (uint32_t key = 0; key < KEYS && trusted; key++) {
        FUZZ_CHECK(reads_as(key, &known[key]));
    }
}

static void make_value(struct fuzz_input *in, struct entry *out)
{
    static const uint8_t types[] = {ALOFT_NVS_U32, ALOFT_NVS_STR, ALOFT_NVS_BLOB_INDEX};
    uint8_t seed = fuzz_u8(in);
    uint32_t limit = seed % 8 == 0 ? VALUE_MAX : 300;
    uint32_t wanted = fuzz_u16(in) % limit;
    out->type = types[seed % 3];
    out->len = out->type == ALOFT_NVS_U32 ? 4 : wanted;
    for (uint32_t i = 0; i < out->len; i++) {
        uint32_t byte = 1 + (i * seed + i / 7) % 255;
        out->bytes[i] = (uint8_t)(seed >= 128 ? 0xFF : byte);
    }
    if (out->type == ALOFT_NVS_STR) {
        out->len = out->len % ALOFT_NVS_ITEM_MAX + 1;
        out->bytes[out->len - 1] = '\0';
    }
}

static void begin_set(uint32_t key, const struct entry *value)
{
    char name[ALOFT_NVS_NAME];
    key_name(key, name);
    if (value->type == 0) {
        aloft_nvs_erase(&op, &nvs, space_of(key), name);
    } else if (value->type == ALOFT_NVS_U32) {
        aloft_nvs_set_number(&op, &nvs, space_of(key), name, ALOFT_NVS_U32,
                             aloft_get_le32(value->bytes));
    } else if (value->type == ALOFT_NVS_STR) {
        aloft_nvs_set_str(&op, &nvs, space_of(key), name, (const char *)value->bytes);
    } else {
        aloft_nvs_set_blob(&op, &nvs, space_of(key), name, value->bytes, value->len);
    }
}

static void change(struct fuzz_input *in, uint32_t key, bool erase, uint32_t fail)
{
    static struct entry value;
    value.type = 0;
    value.len = 0;
    if (!erase) {
        make_value(in, &value);
    }
    ram.fail_op = fail == 0 ? 0 : ram.ops + fail;
    begin_set(key, &value);
    enum aloft_err err = run();
    bool failed = fail != 0 && (err == ALOFT_ERR_FLASH_READ || err == ALOFT_ERR_FLASH_PROG ||
                                err == ALOFT_ERR_FLASH_ERASE);
    ram.fail_op = 0;
    bool absent = err == ALOFT_ERR_NVS_NOT_FOUND || (!trusted && err == ALOFT_ERR_NVS_CORRUPT);
    FUZZ_CHECK(err == ALOFT_OK || failed || err == ALOFT_ERR_NVS_FULL || err == ALOFT_ERR_NVS_LEN ||
               (erase && absent) || (!trusted && err == ALOFT_ERR_NVS_UNREADABLE));
    if (err == ALOFT_OK) {
        FUZZ_CHECK(reads_as(key, &value) || !trusted);
        FUZZ_CHECK(erase || reads_as(key, &value));
        known[key] = value;
    } else if (err == ALOFT_ERR_NVS_FULL && trusted) { // the guard may be set and not yet listed
        FUZZ_CHECK(reads_as(key, &known[key]) || (key % 2 == 0 && reads_as(key, &value)));
        known[key] = reads_as(key, &value) ? value : known[key];
    } else if (failed && trusted) {
        // A type that changes leaves both values until the next write of the key.
        FUZZ_CHECK(reads_as(key, &known[key]) || reads_as(key, &value));
        trusted = known[key].type == value.type || known[key].type == 0;
        known[key] = reads_as(key, &value) ? value : known[key];
        check_known();
    }
}

// The content of the input, with CRCs repaired where that is asked for.
static void fill(struct fuzz_input *in, uint32_t pages, bool repair)
{
    uint32_t len = fuzz_u16(in);
    uint8_t *at = cells + START;
    (void)fuzz_bytes(in, at, len < pages * ALOFT_NVS_PAGE ? len : pages * ALOFT_NVS_PAGE);
    for (uint32_t i = 0; i < pages && repair; i++) {
        uint8_t *page = at + i * ALOFT_NVS_PAGE;
        page[8] |= 0xFE;
        aloft_put_le32(page + 28, aloft_crc32(0xFFFFFFFFu, page + 4, 24));
        for (uint32_t e = 0; e < ALOFT_NVS_ENTRIES; e++) {
            uint8_t *entry = page + aloft_nvspage_entry(e);
            uint32_t crc = aloft_crc32(0xFFFFFFFFu, entry, 4);
            aloft_put_le32(entry + 4, aloft_crc32(crc, entry + 8, 24));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint8_t choice = fuzz_u8(&in);
    uint32_t pages = 3 + (choice & 3);
    struct aloft_flash_view view = {&ram.flash, START, pages * ALOFT_NVS_PAGE};
    _Static_assert(START + PAGES_MAX * ALOFT_NVS_PAGE < CHIP,
                   "something lies behind the partition");
    ram_flash_init(&ram, cells, CHIP);
    memset(cells, 0x5A, START);
    memset(cells + START + view.len, 0x5A, CHIP - START - view.len);
    memset(known, 0, sizeof known);
    trusted = (choice & 4) == 0;
    if (!trusted) {
        fill(&in, pages, (choice & 8) != 0);
    }
    for (uint32_t n = 0; n < OPERATIONS_MAX && in.left > 0; n++) {
        uint8_t what = fuzz_u8(&in);
        uint32_t len;
        uint32_t fail = what >= 192 ? 1u + fuzz_u16(&in) % 2000 : 0;
        if (aloft_nvs_open(&nvs, &view) != ALOFT_OK) {
            FUZZ_CHECK(!trusted);
            return 0;
        }
        change(&in, what % KEYS, what / KEYS % 5 == 0, fail);
        (void)read_as(what % KEYS, ALOFT_NVS_STR, &len);
        (void)read_as(what % KEYS, ALOFT_NVS_BLOB_INDEX, &len);
    }
    check_known();
    FUZZ_CHECK(aloft_bytes_are(cells, START, 0x5A));
    FUZZ_CHECK(aloft_bytes_are(cells + START + view.len, CHIP - START - view.len, 0x5A));
    return 0;
}
