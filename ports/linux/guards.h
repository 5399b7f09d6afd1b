// Guards and secrets of the virtual board: the values of NVS, namespace aloft, in the first NVS
// partition of the table.
#ifndef ALOFT_GUARDS_H
#define ALOFT_GUARDS_H

#include "aloft/nvs.h"
#include "board/chip/board.h"

// Opens that NVS. Errors: NVS_NOT_FOUND when the table has none, those of aloft_nvs_open, and of
// the table.
enum aloft_err aloft_guards_open(struct aloft_board *board, struct aloft_nvs *nvs);

// Errors: NVS_NOT_FOUND when it is not set, those of aloft_nvs_get_str, and of the table.
enum aloft_err aloft_guards_read(struct aloft_board *board, const char *key, char *out,
                                 uint32_t size);

#endif
