// The fields of a bootloader's header as options, the same for all commands that write images.
#ifndef ALOFT_CLI_HEADER_OPTIONS_H
#define ALOFT_CLI_HEADER_OPTIONS_H

#include "cli/base/args.h"
#include "hostlib/image/image_header.h"

// Rows of a command's table.
#define ALOFT_IMAGE_HEADER_OPTIONS(h)                                                              \
    {ALOFT_ARG_TEXT,                                                                               \
     0,                                                                                            \
     "flash-mode",                                                                                 \
     "MODE",                                                                                       \
     "in the bootloader's header: qio, qout, dio, dout [keep]",                                    \
     &(h).mode},                                                                                   \
        {ALOFT_ARG_TEXT, 0, "flash-freq", "FREQ", "there: 80m, 40m, ... [keep]", &(h).freq},       \
    {                                                                                              \
        ALOFT_ARG_TEXT, 0, "header-size", "SIZE", "there: 4MB, ... or detect [keep]", &(h).size    \
    }

#endif
