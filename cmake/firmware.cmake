# What other projects link: core and boot as firmware has them, without assertions. The names are
# the same in a project that has Aloft inside of it and with an installed one: Aloft::core,
# Aloft::boot, and Aloft::soft_crypto for who has no hashes of his own.
include(GNUInstallDirs)

# Headers that lie elsewhere in the tree than where a user includes them, and aloft.hpp.
set(ALOFT_INCLUDE_DIR ${PROJECT_BINARY_DIR}/include)
file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/core/include
    ${PROJECT_SOURCE_DIR}/core/include/aloft/*.h ${PROJECT_SOURCE_DIR}/core/include/aloft/base/*.h)
set(ALOFT_INCLUDES)
foreach(header IN LISTS headers ITEMS aloft/boot/boot.h aloft/soft_crypto.h)
    string(APPEND ALOFT_INCLUDES "#include \"${header}\"\n")
endforeach()
configure_file(cmake/aloft.hpp.in ${ALOFT_INCLUDE_DIR}/aloft.hpp @ONLY)
foreach(name boot choose load port)
    configure_file(boot/${name}.h ${ALOFT_INCLUDE_DIR}/aloft/boot/${name}.h COPYONLY)
endforeach()
configure_file(ports/baremetal/soft_crypto.h ${ALOFT_INCLUDE_DIR}/aloft/soft_crypto.h COPYONLY)

function(aloft_firmware_library name)
    set(target aloft_firmware_${name})
    aloft_device_library(${target} ${ARGN})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME aloft-${name} EXPORT_NAME ${name})
    target_compile_options(${target} PRIVATE -ffunction-sections -fdata-sections)
    target_include_directories(${target}
        PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/core/include>
            $<BUILD_INTERFACE:${ALOFT_INCLUDE_DIR}>
            $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
        PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/boot)
    if(NOT name STREQUAL core)
        target_link_libraries(${target} PUBLIC aloft_firmware_core)
    endif()
    add_library(Aloft::${name} ALIAS ${target})
endfunction()

aloft_firmware_library(core ${ALOFT_CORE_SOURCES})
aloft_firmware_library(boot ${ALOFT_BOOT_SOURCES})
aloft_firmware_library(soft_crypto ${PROJECT_SOURCE_DIR}/ports/baremetal/soft_crypto.c)
