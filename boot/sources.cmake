# The one list of the bootloader's sources, without its port.
set(ALOFT_BOOT_SOURCES
    choose.c
    load.c
    main.c
)
