// The commands of the tool. Each takes its own name in argv[0] and returns what goes to the shell
// (cli/base/args.h: 0 good, 1 bad, 2 usage).
#ifndef ALOFT_CLI_COMMANDS_H
#define ALOFT_CLI_COMMANDS_H

int cmd_board(int argc, char **argv);
int cmd_build(int argc, char **argv);
int cmd_chip_boot(int argc, char **argv);
int cmd_chip_info(int argc, char **argv);
int cmd_chip_mem(int argc, char **argv);
int cmd_chip_parts(int argc, char **argv);
int cmd_control(int argc, char **argv);
int cmd_decrypt(int argc, char **argv);
int cmd_encrypt(int argc, char **argv);
int cmd_efuse(int argc, char **argv);
int cmd_erase_flash(int argc, char **argv);
int cmd_flash(int argc, char **argv);
int cmd_image(int argc, char **argv);
int cmd_keys(int argc, char **argv);
int cmd_monitor(int argc, char **argv);
int cmd_nvs(int argc, char **argv);
int cmd_otadata(int argc, char **argv);
int cmd_parts(int argc, char **argv);
int cmd_project(int argc, char **argv);
int cmd_push(int argc, char **argv);
int cmd_read_flash(int argc, char **argv);
int cmd_secret(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_sign(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_verify_flash(int argc, char **argv);

// Of the groups `aloft image` and `aloft nvs`, in files of their own.
int image_merge(int argc, char **argv);
int image_size(int argc, char **argv);
int nvs_build(int argc, char **argv);
int nvs_export(int argc, char **argv);

#endif
