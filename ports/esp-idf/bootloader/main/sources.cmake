# The one list of the override's own sources: ESP-IDF's build and the tests read it.
set(ALOFT_IDF_BOOT_SOURCES
    boot_err.c
    boot_loader.c
    boot_port.c
    boot_start.c
)
