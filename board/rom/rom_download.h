// The ROM in download mode: the loader (loader.h) between the serial port and the board's flash.
#ifndef ALOFT_ROM_DOWNLOAD_H
#define ALOFT_ROM_DOWNLOAD_H

#include "aloft/efuse.h"
#include "board/chip/board.h"

// Serves hosts until one asks for a restart, which it carries out. It tells them of the eFuses, and
// with flash encryption on, encrypts what the stub is asked to.
_Noreturn void aloft_rom_download(struct aloft_board *board, const struct aloft_efuse_words *words);

#endif
