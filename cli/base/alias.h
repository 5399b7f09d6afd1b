// Words of esptool, idf.py, parttool.py, otatool.py and nvs_partition_gen, as commands of ours: one
// table row is a word, the command that does the work, and what becomes of its arguments. All of it
// is data (alias_table.c); this reads a command line by it.
//
// Everywhere in the tool '_' and '-' are one letter in words and in options, so only words that
// differ by more have a row.
#ifndef ALOFT_CLI_ALIAS_H
#define ALOFT_CLI_ALIAS_H

#include "cli/base/args.h"

enum { ALOFT_ALIAS_WORDS_MAX = 256, ALOFT_ALIAS_OPERANDS = 3 };

// An option of the other tool.
struct aloft_alias_option {
    const char *name; // "erase-all", or "e" and "fm" after one dash
    // Ours, with its dashes; "@1": its value is operand 1; NULL: left out, as we do it anyway.
    const char *ours;
    bool value;
    // What becomes of an operand's value, which stands for '*': "ota_*"; NULL: nothing. One that
    // begins with '*' and goes on gives way to one that another option names: -C to -B.
    const char *form;
};

// A value of an option of the other tool, where ours has another word for it.
struct aloft_alias_value {
    const char *option; // ours
    const char *theirs;
    const char *ours;
};

struct aloft_alias {
    const char *tool;    // whose word it is
    const char *words;   // one or two: "image-info", "flash monitor"
    const char *command; // ours, with arguments that it always gets; NULL: there is none
    const char *hint;    // without a command: what to do instead
    const struct aloft_alias_option *options; // name NULL ends the list; NULL: as ours
    // What stands before the operands: {NULL, NULL, "-o"} makes the third one a value of -o.
    const char *operands[ALOFT_ALIAS_OPERANDS];
    bool files; // @FILE stands for the words in it
};

extern const struct aloft_alias aloft_aliases[]; // words NULL ends it
extern const struct aloft_alias_option aloft_alias_front[];
extern const struct aloft_alias_value aloft_alias_values[]; // option NULL ends it

// A command line as our commands take it.
struct aloft_alias_line {
    int argc;
    char *argv[ALOFT_ALIAS_WORDS_MAX + 1];
    // Private: what argv points to besides the words that were given.
    char *files[ALOFT_ARG_LIST_MAX];
    size_t file_count;
    char *made[ALOFT_ALIAS_WORDS_MAX];
    size_t made_count;
};

// Reads argv by the table. Options that several commands share (aloft_alias_front) may stand before
// the command, as esptool and idf.py have them; they go behind it. A line without a word of another
// tool stays as it is. False: the word has no command here, or a file cannot be read; that was
// said, and *status is what to return. Release the line in any case.
bool aloft_alias_read(struct aloft_alias_line *line, int argc, char **argv, int *status);
void aloft_alias_release(struct aloft_alias_line *line);

#endif
