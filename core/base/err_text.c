// Sentences of the faults, apart from the code that raises them, so that a device without a person
// at its console does not pay for prose.
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
