// Where a password comes from: a file, the environment, a person, or random bytes.
#ifndef ALOFT_CLI_SECRET_INPUT_H
#define ALOFT_CLI_SECRET_INPUT_H

#include <stdbool.h>

#define ALOFT_SECRET_PASSWORD 256u // bytes of a password, with the NUL

// From the file (NULL: none), the environment or a person, in this order, without its line end.
// False: there is none; it was said.
bool aloft_secret_input(const char *path, char password[ALOFT_SECRET_PASSWORD]);

// A new one of 128 random bits (aloft/net/webui_token.h), kept in a new file that only its owner
// can read; "-": printed. False when the file is there or cannot be made; it was said.
bool aloft_secret_input_new(const char *path, char password[ALOFT_SECRET_PASSWORD]);

// Asks a person one question on the terminal. hidden: the answer is not shown. False: there is no
// terminal, or no answer.
bool aloft_secret_input_ask(const char *text, bool hidden, char answer[ALOFT_SECRET_PASSWORD]);

#endif
