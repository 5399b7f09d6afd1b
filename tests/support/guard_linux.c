// Two mappings of a guard page and a data area each, made on first use and kept.
#include "guard.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 0x10000 }; // no machine has larger pages than 64 KiB

// One unreadable page, the data area, one unreadable page; returns the data area.
static uint8_t *map_between_guards(void)
{
    size_t len = (size_t)GUARD_LEN_MAX + 2 * (size_t)PAGE;
    uint8_t *area = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED || mprotect(area + PAGE, GUARD_LEN_MAX, PROT_READ | PROT_WRITE) != 0) {
        perror("guard pages");
        abort();
    }
    return area + PAGE;
}

static uint8_t *copy_into(uint8_t **area, const void *data, size_t len, size_t off)
{
    if (len > GUARD_LEN_MAX) {
        abort();
    }
    if (*area == NULL) {
        *area = map_between_guards();
    }
    if (len > 0) {
        memcpy(*area + off, data, len);
    }
    return *area + off;
}

uint8_t *guard_after(const void *data, size_t len)
{
    static uint8_t *area;
    return copy_into(&area, data, len, GUARD_LEN_MAX - len);
}

uint8_t *guard_before(const void *data, size_t len)
{
    static uint8_t *area;
    return copy_into(&area, data, len, 0);
}
