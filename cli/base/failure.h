// Why a command fails, as scripts read it: {"code": "IMAGE_CHECKSUM", "text": "..."}. What was said
// first on standard error is kept here until the command ends.
//
// code: the name of a fault (docs/ERRORS.md), which stands in the sentence; else USAGE for a wrong
// command line, and FAILED.
#ifndef ALOFT_CLI_FAILURE_H
#define ALOFT_CLI_FAILURE_H

#include "aloft/err.h"
#include <jansson.h>

// Keeps the sentence, if it is the first.
void aloft_failure_note(const char *sentence);

// The error object of what was kept, with this code where the sentence names none; null when
// nothing was kept and code is NULL.
json_t *aloft_failure_json(const char *code);

// The same of one fault; null for ALOFT_OK.
json_t *aloft_failure_of(enum aloft_err err);

#endif
