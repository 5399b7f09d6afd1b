// A NOR flash chip as a model: the rules of real flash on bytes that the caller owns, with modelled
// time, wear, and power cuts. The same model is in the virtual board, the tests and the simulator;
// it is reached through the ordinary seam, `nor.flash`.
//
// Rules: erasing a 4 KiB sector or an aligned 64 KiB block sets every bit; programming, inside one
// page of 256 bytes, only clears bits. An operation is one erase or one program; reads are free.
//
// Faults: power is cut before, in the middle of (torn) or after a chosen operation; a chosen
// operation fails; single bits flip. After a cut the flash is dead: every access fails and changes
// nothing, until power_on. What a cut in the middle of an operation leaves:
//   program  the first bytes of it, the last of these in part; or all of it but one word
//   erase    a mix of old bits, ones, and weak bits, which read differently each time, until the
//            sector is erased again. A weak sector can look blank.
//
// Encrypting mode (nor_crypt.c): the chip with the controller in front of it that encrypts.
// nor.flash then takes and gives text: it programs whole units of 16 or 32 bytes, refuses less, and
// reads noise where cells are erased, programmed twice, or torn; nor.raw takes and gives cells. The
// caller's bytes hold the text, that is what nor.flash reads where no bit is weak, so a test looks
// at them as it does without encryption. All the rest, faults included, happens to the cells
// behind.
//
// Life cycle: init, then use nor.flash. No resource is held, nothing is global.
#ifndef ALOFT_HOSTLIB_NOR_H
#define ALOFT_HOSTLIB_NOR_H

#include "hostlib/flash/flash_crypt.h"
#include <stdbool.h>

#define ALOFT_NOR_SECTOR 0x1000u
#define ALOFT_NOR_BLOCK  0x10000u

// Datasheet typicals of a Winbond W25Q32JV, microseconds.
#define ALOFT_NOR_SECTOR_ERASE_US 45000u
#define ALOFT_NOR_BLOCK_ERASE_US  150000u
#define ALOFT_NOR_PAGE_PROG_US    400u

// What the chip remembers of each sector besides its bytes.
struct aloft_nor_sector {
    uint32_t erases; // wear
    uint32_t weak;   // seed of the sector's weak bits; 0: none
};

enum aloft_nor_cut {
    ALOFT_NOR_CUT_NONE,
    ALOFT_NOR_CUT_BEFORE,
    ALOFT_NOR_CUT_TORN,
    ALOFT_NOR_CUT_AFTER
};

// How far a torn erase got.
enum aloft_nor_mix {
    ALOFT_NOR_MIX_ANY,    // the seed chooses one of those below
    ALOFT_NOR_MIX_OLD,    // nothing can be seen, but the bits became weak
    ALOFT_NOR_MIX_HALF,   // old bits and ones, in part weak
    ALOFT_NOR_MIX_BLANK,  // almost all ones, some of them weak: it can look erased
    ALOFT_NOR_MIX_PREFIX, // the first sectors or bytes are erased, the rest is old
};

// How far a torn program got.
enum aloft_nor_torn {
    ALOFT_NOR_TORN_ANY,    // the seed chooses the byte
    ALOFT_NOR_TORN_FIRST,  // part of the first byte
    ALOFT_NOR_TORN_MIDDLE, // half of the bytes, and part of the next
    ALOFT_NOR_TORN_LAST,   // all but the last byte, and part of that
    ALOFT_NOR_TORN_HOLE,   // all but one word, which is programmed in part: the cells of a page are
                           // programmed together, so any of them can be the slowest
};

// What goes wrong. Operations are counted from 1, since power came.
struct aloft_nor_plan {
    enum aloft_nor_cut cut;
    uint32_t cut_at;          // at this operation
    uint32_t fail_at;         // this operation fails and changes nothing; 0: none
    enum aloft_nor_mix mix;   // of a torn erase
    enum aloft_nor_torn torn; // of a torn program
    uint32_t seed;            // of torn parts
};

struct aloft_nor {
    struct aloft_flash flash;                // the seam; give its address to core
    struct aloft_flash raw;                  // in encrypting mode: the cells
    const struct aloft_flash_cipher *cipher; // NULL: bytes are the cells
    const struct aloft_flash_ops *cells;     // private: what works on cells
    uint8_t *bytes;                          // the caller's, as are the sectors
    struct aloft_nor_sector *sectors;
    struct aloft_nor_plan plan;
    bool dead;              // power was cut
    uint32_t operations;    // since power came
    uint64_t erases;        // since init, as is all below
    uint64_t programs;      //
    uint64_t reads;         //
    uint64_t read_bytes;    //
    uint32_t busy_us;       // of the operation that was last
    uint64_t busy_total_us; // of all
    uint32_t noise;         // state of the generator behind weak bits
};

// size is a multiple of 64 KiB; bytes has size bytes and sectors has size / 4096, whose content is
// kept: it is the chip's.
void aloft_nor_init(struct aloft_nor *nor, uint8_t *bytes, struct aloft_nor_sector *sectors,
                    uint32_t size);

// Turns encrypting mode on: bytes are text from now on, and the cells are their ciphertext.
// Geometry's write unit becomes the cipher's. cipher outlives the chip.
void aloft_nor_encrypt(struct aloft_nor *nor, const struct aloft_flash_cipher *cipher);

// The bytes of whole units become their cells, and back. For who does to cells what no operation
// does; of a chip that does not encrypt they are the cells already.
void aloft_nor_to_cells(const struct aloft_nor *nor, uint32_t addr, uint32_t len);
void aloft_nor_to_text(const struct aloft_nor *nor, uint32_t addr, uint32_t len);

// A copy of the struct, with bytes and sectors of its own, is a chip of its own after this.
void aloft_nor_moved(struct aloft_nor *nor, uint8_t *bytes, struct aloft_nor_sector *sectors);

// Power comes back, after a cut or not: the chip works again, operations count from 1, and the plan
// is forgotten.
void aloft_nor_power_on(struct aloft_nor *nor);

// Something else that takes power begins, as burning eFuses: it counts like an operation of the
// chip. How the plan cuts it; NONE: it happens. After any other, the chip is dead.
enum aloft_nor_cut aloft_nor_count(struct aloft_nor *nor);

// How long an operation keeps the chip busy, in microseconds.
uint32_t aloft_nor_prog_us(uint32_t len);
uint32_t aloft_nor_erase_us(uint32_t len);

// What a cut in the middle of this operation leaves behind, at this moment. For who knows that an
// operation was under way but cannot be in the middle of it. The range must be a legal one, and the
// bytes be cells.
// A program is torn as the plan says, ALOFT_NOR_TORN_ANY without one.
void aloft_nor_tear_prog(struct aloft_nor *nor, uint32_t addr, const uint8_t *data, uint32_t len,
                         uint32_t seed);
void aloft_nor_tear_erase(struct aloft_nor *nor, uint32_t addr, uint32_t len,
                          enum aloft_nor_mix mix, uint32_t seed);

// Turns one bit over, as ageing and radiation do. The bytes must be cells. bit counts from the
// chip's first bit.
void aloft_nor_flip(struct aloft_nor *nor, uint64_t bit);

#endif
