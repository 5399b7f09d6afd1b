// Each coding but the first ends with the stage that expands, alone or behind another.
#include "sim/coding.h"
#include <string.h>

enum { PLAIN, SEALED, MUTE, SPARSE };

// Rows of test_stages.c: puff alone; shrink before puff, without a length said, or seldom
// restarted.
static uint32_t row_of(uint32_t coding)
{
    return coding == SEALED ? 0 : coding == MUTE ? 6 : 7;
}

struct aloft_stage *sim_stages_init(struct sim_stages *stages, uint32_t coding)
{
    if (coding == PLAIN) {
        return NULL;
    }
    struct aloft_stage *first = test_row_init(&stages->row, row_of(coding));
    if (coding == SEALED) {
        seal_init(&stages->seal);
        aloft_unwrap_init(&stages->unwrap, &stages->seal.decrypt, true);
        stages->unwrap.stage.next = first;
        first = &stages->unwrap.stage;
    }
    return first;
}

uint32_t sim_coding_make(uint32_t coding, const uint8_t *file, uint32_t len, uint8_t *out)
{
    if (coding == PLAIN) {
        memcpy(out, file, len);
        return len;
    }
    if (coding != SEALED) {
        return test_row_make(row_of(coding), file, len, out);
    }
    uint32_t n = test_row_make(row_of(coding), file, len, out + ALOFT_ENCIMG_HEADER);
    seal_make(out + ALOFT_ENCIMG_HEADER, n, 7, out);
    return n + ALOFT_ENCIMG_HEADER;
}
