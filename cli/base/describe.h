// All commands as JSON, out of the tables that the help texts are printed from: what tools/manual
// makes manual pages and completions of.
#ifndef ALOFT_CLI_DESCRIBE_H
#define ALOFT_CLI_DESCRIBE_H

#include "cli/base/args.h"

// Prints the whole tree of commands; returns the exit status. Rows: "command", "about", and
// "commands" (name, summary) for a group, or "operands", "examples", "exits" and "options" (name,
// letter, value, help, repeats, needed) for one that does something.
int aloft_describe(const char *group, const char *about, const struct aloft_command *commands);

#endif
