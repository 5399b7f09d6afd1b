// The bytes of one partition in a board's flash file, as ESP-IDF's parttool.py moves them.
#ifndef ALOFT_PARTS_DATA_H
#define ALOFT_PARTS_DATA_H

int parts_read(int argc, char **argv);
int parts_write(int argc, char **argv);
int parts_erase(int argc, char **argv);

#endif
