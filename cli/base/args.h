// Command lines: options, operands, and the help text that is made from the same table. A command
// says what it takes; this reads it, or says what is wrong with it.
#ifndef ALOFT_CLI_ARGS_H
#define ALOFT_CLI_ARGS_H

#include "cli/base/suggest.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What every command returns to the shell.
enum { ALOFT_EXIT_GOOD = 0, ALOFT_EXIT_BAD = 1, ALOFT_EXIT_USAGE = 2 };

enum aloft_arg_kind {
    ALOFT_ARG_FLAG,   // target: bool
    ALOFT_ARG_TEXT,   // target: const char *
    ALOFT_ARG_NEEDED, // target: const char *, which must not be NULL in the end
    ALOFT_ARG_SIZE,   // target: uint32_t, 1.. ; 4096, 0x1000, 4K, 4MB
    ALOFT_ARG_NUMBER, // target: uint32_t, 0.. ; as above
    ALOFT_ARG_LIST,   // target: struct aloft_arg_list; may be given several times
};

#define ALOFT_ARG_LIST_MAX 64
struct aloft_arg_list {
    const char *items[ALOFT_ARG_LIST_MAX];
    size_t count;
};

struct aloft_arg {
    enum aloft_arg_kind kind;
    char letter; // of the short form; 0: none
    const char *name;
    const char *value; // what the value is called in the help; NULL for flags
    const char *help;
    void *target; // keeps what it had when the option is not given
};

// The option that most commands have; target: bool.
#define ALOFT_ARG_JSON(target)                                                                     \
    {                                                                                              \
        ALOFT_ARG_FLAG, 0, "json", NULL, "for scripts: print JSON", (target)                       \
    }

#define ALOFT_ARGS_OPTIONS 24
struct aloft_args {
    const char *command; // "aloft parts build"
    // As the help shows them, and as they are counted: every word is an operand, "[CSV]" is one
    // that may be left out, "[OFFSET SIZE ...]" any number; " | " is between alternatives. NULL:
    // the command takes none.
    const char *operands;
    const char *about;                            // sentences, lines of at most 80 columns
    const char *examples;                         // one command a line
    const char *exits;                            // what 0 and 1 mean here; NULL for the usual
    struct aloft_arg options[ALOFT_ARGS_OPTIONS]; // ends at the first without a name
    // Set by aloft_args_read.
    struct aloft_arg_list given; // the operands, in order; those left out are NULL
    int status;                  // what to return after false or aloft_args_wrong
};

// Reads the command line into given and into the targets of the options. argv[0] is the command's
// own name; "--" ends the options. True: go on. False: the help was printed or the mistake was
// named; return args->status.
bool aloft_args_read(struct aloft_args *args, int argc, char **argv);

// For mistakes that only the command can see: names it and points to --help. Returns and sets
// args->status, which is ALOFT_EXIT_USAGE.
int aloft_args_wrong(struct aloft_args *args, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Whether the word is one of `words`. If not, it is named with `what` ("--type"), and the word that
// was meant, or all of them.
bool aloft_args_word(struct aloft_args *args, const char *what, const char *word,
                     const char *const *words, size_t count);

struct aloft_command {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv); // argv[0] is the command's name
};

// Makes "help flash" into "flash --help".
void aloft_args_turn_help(int argc, char **argv);

// Gets the tables that help texts are printed from, in place of the texts.
struct aloft_args_reader {
    void (*group)(const char *group, const char *about, const struct aloft_command *commands);
    void (*command)(const struct aloft_args *args);
};
void aloft_args_read_tables(const struct aloft_args_reader *reader); // NULL: print again

// Runs the command that argv[1] names, or prints the list for --help. `group` is what stands before
// it, "aloft" or "aloft parts"; about is printed above the list.
int aloft_args_dispatch(const char *group, const char *about, const struct aloft_command *commands,
                        int argc, char **argv);

// The same, where other words could have been meant, too: feeds them to the suggestion.
typedef void (*aloft_args_others)(struct aloft_suggest *suggest);
int aloft_args_dispatch_near(const char *group, const char *about,
                             const struct aloft_command *commands, aloft_args_others others,
                             int argc, char **argv);

#endif
