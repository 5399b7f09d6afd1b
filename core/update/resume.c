// The decisions, as pure functions.
#include "aloft/update/resume.h"
#include <stddef.h>

enum { WHOLE = 200, PART = 206 };

bool aloft_resume_asks(const struct aloft_artifact *begun, uint32_t url_crc)
{
    return begun != NULL && begun->url_crc == url_crc;
}

enum aloft_err aloft_resume_answers(const struct aloft_artifact *begun, uint32_t from,
                                    const struct aloft_resume_answer *answer, bool *rest)
{
    *rest = false;
    if (answer->status == WHOLE) {
        return ALOFT_OK;
    }
    if (answer->status != PART || from == 0) {
        return ALOFT_ERR_HTTP_STATUS;
    }
    ALOFT_ASSERT(from <= begun->len);
    if (!answer->has_range || answer->range_from != from || answer->range_total != begun->len ||
        (answer->has_length && answer->length != begun->len - from) || answer->other_tag) {
        return ALOFT_ERR_HTTP_RANGE;
    }
    *rest = true;
    ALOFT_INVARIANT("R1", answer->range_from == from && answer->range_total == begun->len);
    return ALOFT_OK;
}

bool aloft_resume_restarts(uint32_t from, enum aloft_err err)
{
    return from != 0 && err != ALOFT_ERR_NET_TOTAL_TIMEOUT; // keeps R2
}
