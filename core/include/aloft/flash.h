// Seam 1 of 4: the NOR flash chip. A port fills in the three operations and the geometry; core sees
// flash only through the checked functions below, so nothing in core can leave the chip or a
// partition, whatever a table or a server says.
//
// Terms: addr is absolute in the chip, off is relative to a view, len counts bytes. Erasing sets
// bits, programming only clears them. A sector that reads FF is not an erased sector unless it was
// erased since this reset: an erase that power cut short can look blank and be unstable.
//
// Flash encryption. A chip that encrypts is two flashes over the same cells: the one that encrypts
// what is programmed and decrypts what is read, and its `raw`, which does neither. Bootloader,
// partition table, otadata, apps and partitions with the flag are reached through the first, all
// other partitions (NVS is one) through `raw`; aloft_partition_view (slots.h) chooses. Through the
// first, this holds:
//   * programs are aligned to write_unit, 16 or 32 bytes, and a multiple of it;
//   * erased bytes do not read as FF but as noise that differs from unit to unit. Nobody may tell
//     erased from written by the bytes;
//   * a unit is programmed once after its erase. A second program leaves noise, as does one that
//     power cut short.
#ifndef ALOFT_FLASH_H
#define ALOFT_FLASH_H

#include "aloft/err.h"
#include <stdint.h>

#define ALOFT_FLASH_PAGE 256u // the most that one program can cover; it never crosses a page

struct aloft_flash_geometry {
    uint32_t size;   // bytes in the chip
    uint32_t sector; // smallest erase, 4096
    uint32_t block;  // large erase, 65536, aligned to itself; equal to sector when there is none
    uint32_t write_unit; // programs are aligned to this and a multiple of it: 1, or 16 or 32 where
                         // the chip encrypts
};

// Each call is one flash operation, and returns when the chip is ready again. What power takes away
// in the middle of an operation is limited to the addresses of that operation.
// Errors: ALOFT_ERR_FLASH_READ, ALOFT_ERR_FLASH_PROG, ALOFT_ERR_FLASH_ERASE.
struct aloft_flash_ops {
    enum aloft_err (*read)(void *ctx, uint32_t addr, void *buf, uint32_t len);
    enum aloft_err (*prog)(void *ctx, uint32_t addr, const void *data, uint32_t len);
    enum aloft_err (*erase)(void *ctx, uint32_t addr, uint32_t len); // len is sector or block
};

struct aloft_flash {
    const struct aloft_flash_ops *ops; // lives as long as the flash is used
    void *ctx;                         // the port's own
    struct aloft_flash_geometry geometry;
    const struct aloft_flash *raw; // of a chip that encrypts: its cells, for partitions that are
                                   // kept plain. NULL: nothing is encrypted
};

// A stretch of the chip, usually a partition. Offsets count from its start and cannot leave it.
struct aloft_flash_view {
    const struct aloft_flash *flash;
    uint32_t addr;
    uint32_t len;
};

// Reads len bytes. len 0 is allowed and touches nothing.
// Power loss: nothing changes.
// Errors:     ALOFT_ERR_FLASH_RANGE, ALOFT_ERR_FLASH_READ.
enum aloft_err aloft_flash_read(const struct aloft_flash_view *view, uint32_t off, void *buf,
                                uint32_t len);

// Programs 1..256 bytes inside one page, aligned to the write unit.
// Flash:      one program.
// Power loss: the bytes may be programmed in part; nothing else changes.
// Errors:     ALOFT_ERR_FLASH_RANGE, ALOFT_ERR_FLASH_PROG.
enum aloft_err aloft_flash_prog(const struct aloft_flash_view *view, uint32_t off, const void *data,
                                uint32_t len);

// Erases one sector or one aligned block; len says which.
// Flash:      one erase.
// Power loss: the sector or block may hold any mix of old bits and ones, some of them unstable.
// Errors:     ALOFT_ERR_FLASH_RANGE, ALOFT_ERR_FLASH_ERASE.
enum aloft_err aloft_flash_erase(const struct aloft_flash_view *view, uint32_t off, uint32_t len);

// Compares flash with data, 64 bytes at a time, so it needs no buffer of the caller's.
// Errors:     ALOFT_ERR_FLASH_VERIFY when a byte differs, and those of aloft_flash_read.
enum aloft_err aloft_flash_compare(const struct aloft_flash_view *view, uint32_t off,
                                   const uint8_t *data, uint32_t len);

#endif
