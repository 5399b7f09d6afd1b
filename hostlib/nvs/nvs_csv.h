// NVS as CSV, in the form of ESP-IDF's nvs_partition_gen: key,type,encoding,value.
//
// Text is read as that program reads it: '#' at the start of a line is a comment, quotes are those
// of Python's csv module, files are relative to the working folder. What it takes and then loses or
// misplaces is refused with the line: values before the first namespace, a namespace or a key that
// comes twice.
#ifndef ALOFT_HOSTLIB_NVS_CSV_H
#define ALOFT_HOSTLIB_NVS_CSV_H

#include "hostlib/nvs/nvs_build.h"

#define ALOFT_NVS_CSV_MAX 0x100000u // bytes of a CSV file

// Fills the partition from the text: UTF-8, or with a byte order mark.
// Fails: with a sentence that begins "line N: " where a line is to blame.
bool aloft_nvs_csv_build(struct aloft_nvs_build *build, const void *text, size_t len,
                         struct aloft_message *error);

// One field as it stands in CSV, in quotes where it needs them, which the caller frees. NULL:
// no CSV brings it back: a CR, a line that begins with '#' inside, or no UTF-8.
char *aloft_nvs_csv_quote(const char *field);

#endif
