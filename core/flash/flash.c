// The checked view of a NOR chip. Every access of core and boot passes here, so bounds, alignment
// and page rules are judged once, with subtractions that cannot overflow.
#include "aloft/flash.h"
#include <stdbool.h>
#include <string.h>

static bool inside(const struct aloft_flash_view *view, uint32_t off, uint32_t len)
{
    uint32_t size = view->flash->geometry.size;
    if (view->addr > size || view->len > size - view->addr) {
        return false;
    }
    return off <= view->len && len <= view->len - off;
}

enum aloft_err aloft_flash_read(const struct aloft_flash_view *view, uint32_t off, void *buf,
                                uint32_t len)
{
    if (!inside(view, off, len)) {
        return ALOFT_ERR_FLASH_RANGE;
    }
    if (len == 0) {
        return ALOFT_OK;
    }
    return view->flash->ops->read(view->flash->ctx, view->addr + off, buf, len);
}

// Byte path 7/12: from core/update/writer.c; becomes charge in a cell through the port's prog.
enum aloft_err aloft_flash_prog(const struct aloft_flash_view *view, uint32_t off, const void *data,
                                uint32_t len)
{
    if (!inside(view, off, len) || len == 0) {
        return ALOFT_ERR_FLASH_RANGE;
    }
    uint32_t addr = view->addr + off;
    uint32_t unit = view->flash->geometry.write_unit;
    if (addr % unit != 0 || len % unit != 0 || addr % ALOFT_FLASH_PAGE + len > ALOFT_FLASH_PAGE) {
        return ALOFT_ERR_FLASH_RANGE;
    }
    return view->flash->ops->prog(view->flash->ctx, addr, data, len);
}

enum aloft_err aloft_flash_erase(const struct aloft_flash_view *view, uint32_t off, uint32_t len)
{
    const struct aloft_flash_geometry *geometry = &view->flash->geometry;
    uint32_t addr = view->addr + off;
    bool unit = len == geometry->sector || len == geometry->block;
    if (!inside(view, off, len) || !unit || addr % len != 0) {
        return ALOFT_ERR_FLASH_RANGE;
    }
    return view->flash->ops->erase(view->flash->ctx, addr, len);
}

enum aloft_err aloft_flash_compare(const struct aloft_flash_view *view, uint32_t off,
                                   const uint8_t *data, uint32_t len)
{
    _Alignas(uint32_t) uint8_t piece[64]; // as chips want it
    for (uint32_t done = 0; done < len;) {
        uint32_t n = len - done < sizeof piece ? len - done : (uint32_t)sizeof piece;
        enum aloft_err err = aloft_flash_read(view, off + done, piece, n);
        if (err != ALOFT_OK) {
            return err;
        }
        if (memcmp(piece, data + done, n) != 0) {
            return ALOFT_ERR_FLASH_VERIFY;
        }
        done += n;
    }
    return ALOFT_OK;
}
