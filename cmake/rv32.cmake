# The toolchain of a small 32-bit device: RV32IMC, no operating system, 4 MB of flash and of RAM as
# QEMU's "virt" machine lays them out. picolibc supplies string.h to core, and to the tests a
# console and an exit code through semihosting.
set(ALOFT_RV32 ON)
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# The sections let the linker drop what a program does not call, as a firmware build does; entry and
# exit code of functions is shared, as a build for size on this architecture does. Tables of
# switches stay out of data, as ESP-IDF builds everything.
set(CMAKE_C_FLAGS_INIT "-march=rv32imc -mabi=ilp32 -msave-restore -mtune=size -Os -g \
-ffunction-sections -fdata-sections -fno-jump-tables -fno-tree-switch-conversion \
--specs=picolibc.specs")
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "--oslib=semihost --crt0=hosted -Wl,--gc-sections \
-Wl,--defsym=__flash=0x80000000,--defsym=__flash_size=4M \
-Wl,--defsym=__ram=0x80400000,--defsym=__ram_size=4M,--defsym=__stack_size=64k")

# CTest runs each test program through this; main's return value becomes QEMU's exit code.
set(CMAKE_CROSSCOMPILING_EMULATOR
    qemu-system-riscv32 -M virt -bios none -nographic -serial none -monitor none
    -semihosting -kernel)
