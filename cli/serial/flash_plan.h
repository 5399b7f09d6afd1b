// What goes where in flash: the pieces of one `aloft flash`, read and checked before the chip's
// flash is touched.
#ifndef ALOFT_CLI_FLASH_PLAN_H
#define ALOFT_CLI_FLASH_PLAN_H

#include "aloft/slots.h"
#include "cli/base/args.h"
#include "hostlib/base/file.h"
#include "hostlib/flasher/flasher.h"
#include "hostlib/image/image_header.h"
#include "hostlib/image/image_scan.h"

#define ALOFT_FLASH_PLAN_MAX (ALOFT_ARG_LIST_MAX / 2)

struct aloft_flash_piece {
    uint32_t addr;
    uint32_t len;
    char name[64];          // the file's, without its folder; or of the partition that is erased
    struct aloft_file file; // len 0: the sectors are erased
    bool is_image;          // the file begins as an app or bootloader image does
    struct aloft_image_scan scan; // of an image
};

struct aloft_flash_plan {
    struct aloft_flash_piece pieces[ALOFT_FLASH_PLAN_MAX];
    size_t count;
    uint32_t table_asked; // --offset; 0: it is found
    uint32_t table_addr;  // set by load_table
    uint32_t flash_size;
    // The table that will be in flash: from the pieces, or the one that is there.
    struct aloft_slots slots;
    bool has_slots;
    // Private: the flash that slots were read from.
    struct aloft_flash flash;
};

// Takes the file as a piece. False when it cannot be read, is empty, or does not fit the flash.
bool aloft_flash_plan_add(struct aloft_flash_plan *plan, uint32_t addr, const char *path,
                          struct aloft_message *error);

// Makes the piece that was added last len bytes long, with FF at its end. False when it is longer:
// it does not fit the partition with this label.
bool aloft_flash_plan_fill(struct aloft_flash_plan *plan, const char *label, uint32_t len,
                           struct aloft_message *error);
bool aloft_flash_plan_erase(struct aloft_flash_plan *plan, struct aloft_extent where,
                            const char *name, struct aloft_message *error);
void aloft_flash_plan_release(struct aloft_flash_plan *plan);

// The piece that starts at addr; NULL when there is none.
const struct aloft_flash_piece *aloft_flash_plan_at(const struct aloft_flash_plan *plan,
                                                    uint32_t addr);

// True when a piece has bytes there.
bool aloft_flash_plan_touches(const struct aloft_flash_plan *plan, struct aloft_extent extent);

// Sets the fields in the header of the piece that is the chip's bootloader, if there is one. False
// when that cannot be.
bool aloft_flash_plan_set_header(struct aloft_flash_plan *plan,
                                 const struct aloft_image_header *header,
                                 struct aloft_message *error);

// Finds the table in the pieces, and reads plan->slots from it. True also when there is none, with
// has_slots false. False when what is written to its place is no partition table.
bool aloft_flash_plan_load_table(struct aloft_flash_plan *plan, struct aloft_message *error);

// Flash as it will be: the pieces, FF in the rest of their sectors, and around them `under`; where
// that is NULL, FF.
enum aloft_err aloft_flash_plan_read(const struct aloft_flash_plan *plan,
                                     const struct aloft_flash *under, uint32_t addr, void *buf,
                                     uint32_t len);

// False when two pieces overlap, or one does not fit the flash, whose size may be known by now.
bool aloft_flash_plan_check(const struct aloft_flash_plan *plan, struct aloft_message *error);

#endif
