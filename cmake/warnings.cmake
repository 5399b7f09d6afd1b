# Warnings are errors, for all code of ours; not where another project compiles it, with compilers
# that we have not seen. clang adds the ones that gcc does not have.
add_library(aloft_warnings INTERFACE)
target_compile_options(aloft_warnings INTERFACE
    -Wall -Wextra -Wconversion -Wmissing-prototypes -Wshadow)
if(PROJECT_IS_TOP_LEVEL)
    target_compile_options(aloft_warnings INTERFACE -Werror)
endif()

if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
    target_compile_options(aloft_warnings INTERFACE
        -Wpedantic -Wcast-align -Wcast-qual -Wcomma -Wconditional-uninitialized -Wformat=2
        -Wno-format-nonliteral -Wno-string-conversion
        -Wimplicit-fallthrough -Wmissing-variable-declarations -Wnull-dereference
        -Wshift-sign-overflow -Wstrict-prototypes -Wundef -Wunreachable-code-aggressive
        -Wunused-macros -Wvla)
endif()
