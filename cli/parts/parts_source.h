// A partition table as it is given to a command: CSV text, a binary table, a whole flash, or the
// name of a template. Each ends as a plan (hostlib/table/ptable_plan.h).
#ifndef ALOFT_CLI_PARTS_SOURCE_H
#define ALOFT_CLI_PARTS_SOURCE_H

#include "cli/base/args.h"
#include "cli/image/build_folder.h"
#include "hostlib/table/ptable_plan.h"
#include "hostlib/table/ptable_words.h"

// What options say of the table.
struct aloft_parts_rules {
    struct aloft_ptable_rules rules;
    const char *template;              // in place of a file; NULL: none
    struct aloft_arg_list words;       // --extra-partition-subtypes, as given
    struct aloft_ptable_own_words own; // and as read
};
#define ALOFT_PARTS_RULES_DEFAULT                                                                  \
    {                                                                                              \
        .rules = {                                                                                 \
            .table_addr = 0, /* it is found */                                                     \
            .bootloader_addr = ALOFT_PTABLE_NO_ADDR,                                               \
            .recovery_addr = ALOFT_PTABLE_NO_ADDR                                                  \
        }                                                                                          \
    }

struct aloft_parts_source {
    enum aloft_parts_kind { ALOFT_PARTS_CSV, ALOFT_PARTS_TABLE, ALOFT_PARTS_FLASH } kind;
    const char *name;              // for sentences
    struct aloft_build_file found; // in a build folder
    struct aloft_ptable_plan plan;
    enum aloft_err err;         // of a binary table
    struct aloft_message error; // when it is no good table
};

// Reads the words of --extra-partition-subtypes.
bool aloft_parts_rules_words(struct aloft_parts_rules *parts, struct aloft_message *error);

// Fills in the source from a file, "-" for standard input, or the template. Of a folder, the table
// of the build in it, or its partitions.csv. May set the table's
// address and the flash size in the rules. A text is checked whole; a binary table is read as the
// bootloader reads it, and aloft_ptable_plan_check tells the rest.
bool aloft_parts_source_load(struct aloft_parts_source *source, struct aloft_parts_rules *parts,
                             const char *path);

// Says why loading failed; returns ALOFT_EXIT_BAD.
int aloft_parts_source_say_error(const struct aloft_parts_source *source);
void aloft_parts_source_say_warnings(const struct aloft_parts_source *source);

// The table's bytes; false when that has failed and been said.
bool aloft_parts_source_emit(const struct aloft_parts_source *source, bool md5,
                             uint8_t table[ALOFT_PTABLE_LEN]);

#endif
