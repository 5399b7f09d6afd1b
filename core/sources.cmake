# The one list of core's sources: the host build, the RV32 build and an ESP-IDF component read it.
set(ALOFT_CORE_SOURCES
    base/bytes.c
    base/crc32.c
    base/err_text.c
    format/chip.c
    format/image.c
    format/otadata.c
    format/ptable.c
    flash/flash.c
    flash/slots.c
)
