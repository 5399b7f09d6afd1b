// Names and sentences of the faults, apart from the code that raises them, so that a device without
// a console does not pay for prose.
#include "aloft/err.h"

const char *aloft_err_name(enum aloft_err err)
{
    switch ((int)err) {
#define ALOFT_ERR_NAME(name, number, sentence)                                                     \
    case number:                                                                                   \
        return #name;
        ALOFT_ERR_LIST(ALOFT_ERR_NAME)
#undef ALOFT_ERR_NAME
    default:
        return "UNKNOWN";
    }
}

const char *aloft_err_sentence(enum aloft_err err)
{
    switch ((int)err) {
#define ALOFT_ERR_SENTENCE(name, number, sentence)                                                 \
    case number:                                                                                   \
        return sentence;
        ALOFT_ERR_LIST(ALOFT_ERR_SENTENCE)
#undef ALOFT_ERR_SENTENCE
    default:
        return "Unknown fault";
    }
}
