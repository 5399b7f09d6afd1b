// Core's accesses of every address, length and place in RAM, over a chip that refuses what is not
// words: the same bytes, no operation more, and nothing outside what was asked for, also when power
// is cut.
#include "aloft/base/bytes.h"
#include "device_boot.h"
#include "guard.h"
#include "hostlib/flash/nor.h"
#include "ports/portlib/flash/flash_align.h"

enum {
    SIZE = ALOFT_NOR_BLOCK,
    AT = 0x1000,
    SPARE = 8, // bytes of RAM that are looked at on either side of a buffer
    BUFFER = ALOFT_FLASH_PAGE + 2 * ALOFT_FLASH_WORD + 2 * SPARE
};

static uint8_t bytes[SIZE];
static uint8_t before[SIZE];
static struct aloft_nor_sector sectors[SIZE / ALOFT_NOR_SECTOR];
static struct aloft_nor nor;

// The strict chip: words only, as ESP-IDF's bootloader wants them, over another one.
struct strict {
    const struct aloft_flash_ops *ops;
    void *ctx;
    uint32_t progs;
    uint32_t reads;
};

static void check_words(uint32_t addr, const void *ram, uint32_t len)
{
    CHECK_EQ(addr % ALOFT_FLASH_WORD, 0);
    CHECK_EQ(len % ALOFT_FLASH_WORD, 0);
    CHECK_EQ((uintptr_t)ram % ALOFT_FLASH_WORD, 0);
}

static enum aloft_err strict_read(void *ctx, uint32_t addr, void *buf, uint32_t len)
{
    struct strict *strict = ctx;
    check_words(addr, buf, len);
    strict->reads++;
    return strict->ops->read(strict->ctx, addr, buf, len);
}

static enum aloft_err strict_prog(void *ctx, uint32_t addr, const void *data, uint32_t len)
{
    struct strict *strict = ctx;
    check_words(addr, data, len);
    strict->progs++;
    return strict->ops->prog(strict->ctx, addr, data, len);
}

static enum aloft_err strict_erase(void *ctx, uint32_t addr, uint32_t len)
{
    struct strict *strict = ctx;
    return strict->ops->erase(strict->ctx, addr, len);
}

static const struct aloft_flash_ops strict_ops = {strict_read, strict_prog, strict_erase};
static struct strict strict;
static struct aloft_flash_align align = {&strict_ops, &strict};
static struct aloft_flash flash;

static void fresh(void)
{
    for (uint32_t i = 0; i < SIZE; i++) {
        bytes[i] = (uint8_t)(i * 31 ^ i >> 8);
    }
    memcpy(before, bytes, SIZE);
    memset(sectors, 0, sizeof sectors);
    aloft_nor_init(&nor, bytes, sectors, SIZE);
    strict = (struct strict){nor.flash.ops, &nor, 0, 0};
    flash = nor.flash;
    flash.ops = &aloft_flash_align_ops;
    flash.ctx = &align;
}

// Lengths up to `max`: all short ones, and those around a page.
static uint32_t next_len(uint32_t len)
{
    return len < 20 || len >= ALOFT_FLASH_PAGE - 8 ? len + 1 : ALOFT_FLASH_PAGE - 8;
}

static void every_read_gives_what_is_there_and_fills_no_byte_more(void)
{
    _Alignas(8) uint8_t ram[BUFFER + ALOFT_FLASH_PAGE];
    fresh();
    for (uint32_t off = 0; off < 8; off++) {
        for (uint32_t len = 0; len < ALOFT_FLASH_PAGE + 12; len = next_len(len)) {
            for (uint32_t place = SPARE; place < SPARE + ALOFT_FLASH_WORD; place++) {
                memset(ram, 0xA5, sizeof ram);
                strict.reads = 0;
                check_note("offset %ld, length %ld", (long)off, (long)len);
                CHECK_EQ(flash.ops->read(flash.ctx, AT + off, ram + place, len), ALOFT_OK);
                CHECK_BYTES(ram + place, bytes + AT + off, len);
                CHECK(aloft_bytes_are(ram, place, 0xA5));
                CHECK(aloft_bytes_are(ram + place + len, sizeof ram - place - len, 0xA5));
                CHECK(strict.reads <= 3);
            }
        }
    }
}

static void reads_stay_inside_the_chip_and_the_buffer(void)
{
    static const uint8_t blank[ALOFT_FLASH_PAGE + 16];
    fresh();
    for (uint32_t len = 0; len < sizeof blank; len = next_len(len)) {
        uint8_t *end = guard_after(blank, len); // unreadable behind it
        check_note("length %ld", (long)len, 0);
        CHECK_EQ(flash.ops->read(flash.ctx, SIZE - len, end, len), ALOFT_OK);
        CHECK_BYTES(end, bytes + SIZE - len, len);
        uint8_t *start = guard_before(blank, len); // and before it
        CHECK_EQ(flash.ops->read(flash.ctx, 3, start, len), ALOFT_OK);
        CHECK_BYTES(start, bytes + 3, len);
    }
}

// Every program inside one page, from its start or up to its end.
static void for_every_program(void (*run)(uint32_t addr, const uint8_t *data, uint32_t len))
{
    uint8_t data[ALOFT_FLASH_PAGE];
    for (uint32_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7 + 1);
    }
    for (uint32_t off = 0; off < 8; off++) {
        for (uint32_t len = 1; len <= ALOFT_FLASH_PAGE - off; len = next_len(len)) {
            for (uint32_t place = 0; place < ALOFT_FLASH_WORD; place++) {
                check_note("offset %ld, length %ld", (long)off, (long)len);
                // Hard against unreadable memory, or up to 3 bytes before it.
                const uint8_t *ram =
                    guard_after(data, len + place > sizeof data ? len : len + place);
                run(AT + off, ram, len);
                run(AT + ALOFT_FLASH_PAGE - off - len, ram, len);
            }
        }
    }
}

static bool only_changed(uint32_t addr, uint32_t len)
{
    return memcmp(bytes, before, addr) == 0 &&
           memcmp(bytes + addr + len, before + addr + len, SIZE - addr - len) == 0;
}

static void program(uint32_t addr, const uint8_t *data, uint32_t len)
{
    fresh();
    CHECK_EQ(flash.ops->prog(flash.ctx, addr, data, len), ALOFT_OK);
    CHECK_EQ(strict.progs, 1);
    CHECK(only_changed(addr, len));
    for (uint32_t i = 0; i < len; i++) {
        CHECK_EQ(bytes[addr + i], before[addr + i] & data[i]);
    }
}

static void every_program_is_one_of_the_chip_and_changes_what_it_names(void)
{
    for_every_program(program);
}

static void cut_program(uint32_t addr, const uint8_t *data, uint32_t len)
{
    for (int torn = ALOFT_NOR_TORN_FIRST; torn <= ALOFT_NOR_TORN_HOLE; torn++) {
        fresh();
        nor.plan = (struct aloft_nor_plan){.cut = ALOFT_NOR_CUT_TORN,
                                           .cut_at = 1,
                                           .torn = (enum aloft_nor_torn)torn,
                                           .seed = addr + len};
        CHECK_EQ(flash.ops->prog(flash.ctx, addr, data, len), ALOFT_ERR_FLASH_PROG);
        CHECK(only_changed(addr, len));
        for (uint32_t i = 0; i < len; i++) {
            CHECK_EQ(bytes[addr + i] & before[addr + i] & data[i], before[addr + i] & data[i]);
            CHECK_EQ(bytes[addr + i] & ~before[addr + i], 0);
        }
    }
}

static void a_cut_program_leaves_what_a_cut_leaves_and_that_inside_its_bytes(void)
{
    for_every_program(cut_program);
}

static void faults_of_the_chip_come_through(void)
{
    uint8_t data[8] = {0};
    fresh();
    nor.dead = true;
    CHECK_EQ(flash.ops->read(flash.ctx, AT + 1, data, 2), ALOFT_ERR_FLASH_READ);
    CHECK_EQ(flash.ops->read(flash.ctx, AT, data, 8), ALOFT_ERR_FLASH_READ);
    CHECK_EQ(flash.ops->prog(flash.ctx, AT + 1, data, 2), ALOFT_ERR_FLASH_PROG);
    CHECK_EQ(flash.ops->erase(flash.ctx, AT, ALOFT_NOR_SECTOR), ALOFT_ERR_FLASH_ERASE);
}

// An update, a trial and a confirmation. Returns the programs that it took.
static uint32_t live(struct device *device)
{
    static struct aloft_boot boot;
    struct aloft_boot_port port = device_boot_port(device);
    uint32_t len;
    device_put_app(device, ALOFT_SLOT_FACTORY, "1");
    const uint8_t *image = device_image("2", 5004, &len);
    CHECK_EQ(device_update(device, ALOFT_SLOT_FACTORY, image, len), ALOFT_OK);
    CHECK_EQ(device_boot(device, &boot, &port), 0);
    CHECK_EQ(device_confirm(device, 0), ALOFT_OK);
    return device->ram.progs;
}

// Also where the chip encrypts: there a program of units must stay one.
static void an_update_is_the_same_over_a_chip_of_words_with_no_program_more(void)
{
    static uint8_t plain[DEVICE_SIZE];
    static struct strict outer;
    static struct strict outer_raw;
    static struct aloft_flash_align words = {&strict_ops, &outer};
    static struct aloft_flash_align words_raw = {&strict_ops, &outer_raw};
    struct device device;
    device_two_ota(&device);
    uint32_t progs = live(&device);
    memcpy(plain, device.ram.bytes, sizeof plain);

    device_two_ota(&device);
    outer = (struct strict){device.ram.flash.ops, device.ram.flash.ctx, 0, 0};
    device.ram.flash.ops = &aloft_flash_align_ops;
    device.ram.flash.ctx = &words;
    if (device.ram.flash.raw != NULL) {
        outer_raw = (struct strict){device.ram.raw.ops, device.ram.raw.ctx, 0, 0};
        device.ram.raw.ops = &aloft_flash_align_ops;
        device.ram.raw.ctx = &words_raw;
    }
    CHECK_EQ(live(&device), progs);
    CHECK_EQ(outer.progs + outer_raw.progs, progs);
    CHECK_BYTES(device.ram.bytes, plain, sizeof plain);
}

int main(void)
{
    static const struct check_test chip[] = {
        TEST(every_read_gives_what_is_there_and_fills_no_byte_more),
        TEST(reads_stay_inside_the_chip_and_the_buffer),
        TEST(every_program_is_one_of_the_chip_and_changes_what_it_names),
        TEST(a_cut_program_leaves_what_a_cut_leaves_and_that_inside_its_bytes),
        TEST(faults_of_the_chip_come_through)};
    static const struct check_test life[] = {
        TEST(an_update_is_the_same_over_a_chip_of_words_with_no_program_more)};
    int status = check_run(chip, sizeof chip / sizeof chip[0]);
    return status | device_run(life, sizeof life / sizeof life[0]);
}
