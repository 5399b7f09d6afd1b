// Sentences of the faults. In a file of their own, so that firmware without a console does not
// contain them.
#include "aloft/err.h"

const char *aloft_err_sentence(enum aloft_err err)
{
    switch ((int)err) {
#define ALOFT_ERR_SENTENCE(name, number, class, sentence)                                          \
    case number:                                                                                   \
        return sentence;
        ALOFT_ERR_LIST(ALOFT_ERR_SENTENCE)
#undef ALOFT_ERR_SENTENCE
    default:
        return "Unknown fault";
    }
}
