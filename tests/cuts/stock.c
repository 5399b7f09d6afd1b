// See the header. The rules are ESP-IDF's; only the code is ours.
#include "stock.h"
#include "aloft/format/otadata.h"
#include <string.h>

enum { NEW, PENDING, VALID, INVALID, ABORTED, RECORD = 32 };

static void read_records(const struct stock *stock, struct aloft_otadata records[2])
{
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t bytes[RECORD];
        memset(bytes, 0xFF, sizeof bytes);
        (void)stock->nor->flash.ops->read(stock->nor, stock->otadata + i * ALOFT_NOR_SECTOR, bytes,
                                          sizeof bytes); // blank when power is away
        aloft_otadata_parse(bytes, &records[i]);
    }
}

// bootloader_common_ota_select_valid: any seq but FFFFFFFF, and the CRC of it. Seq 0 passes.
static bool valid(const struct aloft_otadata *record)
{
    return record->seq != 0xFFFFFFFF && record->state != INVALID && record->state != ABORTED &&
           record->crc == aloft_otadata_crc(record->seq);
}

static int active(const struct aloft_otadata records[2])
{
    if (valid(&records[0]) && valid(&records[1])) {
        return records[1].seq > records[0].seq ? 1 : 0;
    }
    return valid(&records[0]) ? 0 : valid(&records[1]) ? 1 : -1;
}

// Erase, then write: the whole of it.
static void rewrite(const struct stock *stock, int sector, struct aloft_otadata record)
{
    const struct aloft_flash_ops *ops = stock->nor->flash.ops;
    uint32_t addr = stock->otadata + (uint32_t)sector * ALOFT_NOR_SECTOR;
    uint8_t bytes[RECORD];
    aloft_otadata_emit(&record, bytes);
    if (ops->erase(stock->nor, addr, ALOFT_NOR_SECTOR) == ALOFT_OK) {
        (void)ops->prog(stock->nor, addr, bytes, sizeof bytes); // the last operation
    }
}

int stock_boot(const struct stock *stock)
{
    struct aloft_otadata records[2];
    read_records(stock, records);
    for (int i = 0; i < 2 && !stock->untried; i++) {
        if (records[i].state == PENDING) { // the CRC is not looked at
            records[i].state = ABORTED;
            rewrite(stock, i, records[i]);
        }
    }
    read_records(stock, records);
    int chosen = active(records);
    if (chosen < 0) {
        return STOCK_FACTORY;
    }
    if (records[chosen].state == NEW && !stock->untried) {
        records[chosen].state = PENDING;
        rewrite(stock, chosen, records[chosen]);
    }
    return (int)((records[chosen].seq - 1) % stock->ota_count);
}

void stock_set_boot(const struct stock *stock, int slot)
{
    const struct aloft_flash_ops *ops = stock->nor->flash.ops;
    struct aloft_otadata records[2];
    read_records(stock, records);
    int current = active(records);
    if (slot == STOCK_FACTORY) {
        for (uint32_t i = 0; i < 2; i++) { // in this order, whichever counts
            (void)ops->erase(stock->nor, stock->otadata + i * ALOFT_NOR_SECTOR, ALOFT_NOR_SECTOR);
        }
        return;
    }
    struct aloft_otadata record = {.seq = (uint32_t)slot + 1, .state = NEW};
    if (current < 0) {
        rewrite(stock, 0, record);
        return;
    }
    uint32_t seq = records[current].seq;
    if ((seq - 1) % stock->ota_count == (uint32_t)slot) {
        record.seq = seq;
        rewrite(stock, current, record);
        return;
    }
    // base + i * count, for the first i that does not lie below seq; 32 bits, as they come.
    uint32_t base = ((uint32_t)slot + 1) % stock->ota_count;
    uint32_t rounds = (seq - base + stock->ota_count - 1) / stock->ota_count;
    record.seq = seq > base ? base + rounds * stock->ota_count : base;
    rewrite(stock, current ^ 1, record);
}

static void mark(const struct stock *stock, uint32_t state)
{
    struct aloft_otadata records[2];
    read_records(stock, records);
    int current = active(records);
    if (current >= 0) {
        records[current].state = state;
        rewrite(stock, current, records[current]);
    }
}

void stock_confirm(const struct stock *stock)
{
    mark(stock, VALID);
}

void stock_reject(const struct stock *stock)
{
    mark(stock, INVALID);
}
