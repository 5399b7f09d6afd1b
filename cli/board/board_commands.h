// The commands of `aloft board` that have files of their own.
#ifndef ALOFT_CLI_BOARD_COMMANDS_H
#define ALOFT_CLI_BOARD_COMMANDS_H

int board_run(int argc, char **argv);
int board_power_cycle(int argc, char **argv);
int board_reset(int argc, char **argv);
int board_info(int argc, char **argv);
int board_settings(int argc, char **argv);

#endif
