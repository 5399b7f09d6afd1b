// From an address to function, file and line: finds the ELF of the app that runs, by the SHA-256
// that its image's descriptor carries, and asks addr2line, of Debian's binutils.
#ifndef ALOFT_BOARD_SYMBOLS_H
#define ALOFT_BOARD_SYMBOLS_H

#include "board/supervisor/supervisor_state.h"
#include <limits.h>

#define ALOFT_SYMBOL_LINES   8u // of one address: its function, and those that it is inlined in
#define ALOFT_SYMBOL_TEXT    4096u
#define ALOFT_SYMBOL_WAIT_MS 10000u

// The path of the ELF with this SHA-256: one of config->elf, files or folders, in their order, then
// one of ../apps or ../libexec/aloft/apps beside this program, where a build of Aloft and an
// installed one have them, and of the current folder and its build/. False: there is none.
bool aloft_symbols_find(const struct aloft_supervisor_config *config, const uint8_t sha256[32],
                        char path[PATH_MAX]);

// Lines such as "aloft_app_main at apps/hello_world/hello_world.c:24", each with a newline, for all
// of these addresses, each after a line with its address as addr2line prints it. False, with out
// empty, when addr2line cannot be started or takes longer than ALOFT_SYMBOL_WAIT_MS.
bool aloft_symbols_ask(const char *elf, const uint64_t *addrs, size_t count, char *out,
                       size_t size);

#endif
