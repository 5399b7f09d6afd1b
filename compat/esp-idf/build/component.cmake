# Reads the CMakeLists.txt of a component of an ESP-IDF project. Run as a script in the folder of
# the component:
#     cmake -D PROJECT=FOLDER -D CONFIG=FILE -D EXECUTABLE=NAME -D OUTPUT=FILE -P component.cmake
# OUTPUT gets the lists below. It is a script, as in ESP-IDF's first pass over a component, because
# only then CMAKE_SOURCE_DIR and the component's folder have the values that the file expects.
cmake_minimum_required(VERSION 3.18)
set(FILE_LISTS SRCS EXCLUDE_SRCS INCLUDE_DIRS PRIV_INCLUDE_DIRS EMBED_TXTFILES EMBED_FILES)
set(WORD_LISTS OPTIONS DEFINITIONS REQUIRES)

function(note list)
    list(REMOVE_ITEM ARGN "" PRIVATE PUBLIC INTERFACE BEFORE SYSTEM)
    foreach(item IN LISTS ARGN)
        if(list IN_LIST FILE_LISTS)
            get_filename_component(item "${item}" ABSOLUTE)
        endif()
        set_property(GLOBAL APPEND PROPERTY NOTED_${list} "${item}")
    endforeach()
endfunction()

function(idf_component_register)
    cmake_parse_arguments(IDF "WHOLE_ARCHIVE" "KCONFIG;KCONFIG_PROJBUILD"
        "${FILE_LISTS};SRC_DIRS;REQUIRES;PRIV_REQUIRES;LDFRAGMENTS;REQUIRED_IDF_TARGETS" ${ARGN})
    foreach(list IN LISTS FILE_LISTS)
        note(${list} ${IDF_${list}})
    endforeach()
    note(REQUIRES ${IDF_REQUIRES} ${IDF_PRIV_REQUIRES})
    foreach(folder IN LISTS IDF_SRC_DIRS)
        get_filename_component(folder ${folder} ABSOLUTE)
        file(GLOB found ${folder}/*.c ${folder}/*.cpp)
        note(SRCS ${found})
    endforeach()
endfunction()
function(register_component) # before v4
    idf_component_register(REQUIRES ${COMPONENT_REQUIRES} PRIV_REQUIRES ${COMPONENT_PRIV_REQUIRES}
        SRCS ${COMPONENT_SRCS} SRC_DIRS ${COMPONENT_SRCDIRS}
        INCLUDE_DIRS ${COMPONENT_ADD_INCLUDEDIRS} PRIV_INCLUDE_DIRS ${COMPONENT_PRIV_INCLUDEDIRS}
        EMBED_FILES ${COMPONENT_EMBED_FILES} EMBED_TXTFILES ${COMPONENT_EMBED_TXTFILES})
endfunction()
function(target_add_binary_data target file kind)
    string(REPLACE BINARY EMBED_FILES list ${kind})
    string(REPLACE TEXT EMBED_TXTFILES list ${list})
    note(${list} ${file})
endfunction()

function(idf_build_get_property variable property)
    set(${variable} "${${property}}" PARENT_SCOPE) # PROJECT_DIR, IDF_TARGET
endfunction()
function(idf_component_get_property variable)
    set(${variable} "" PARENT_SCOPE)
endfunction()

# Commands whose arguments are appended to a list; for target_... the first one is a target.
foreach(pair component_compile_options:OPTIONS add_compile_options:OPTIONS add_definitions:OPTIONS
        component_compile_definitions:DEFINITIONS add_compile_definitions:DEFINITIONS)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 list)
    cmake_language(EVAL CODE "function(${name})\nnote(${list} \${ARGN})\nendfunction()")
endforeach()
foreach(pair target_compile_options:OPTIONS target_compile_definitions:DEFINITIONS
        target_sources:SRCS target_include_directories:INCLUDE_DIRS)
    string(REPLACE ":" ";" pair ${pair})
    list(GET pair 0 name)
    list(GET pair 1 list)
    cmake_language(EVAL CODE "function(${name} target)\nnote(${list} \${ARGN})\nendfunction()")
endforeach()

# Commands that make more files for the flash, or configure ESP-IDF's own build, have no effect.
foreach(name idf_build_set_property idf_component_set_property idf_component_optional_requires
        nvs_create_partition_image spiffs_create_partition_image fatfs_create_spiflash_image
        fatfs_create_rawflash_image littlefs_create_partition_image target_link_libraries
        target_link_options set_source_files_properties set_target_properties add_dependencies)
    cmake_language(EVAL CODE "function(${name})\nendfunction()")
endforeach()

get_filename_component(COMPONENT_DIR . ABSOLUTE)
get_filename_component(COMPONENT_NAME ${COMPONENT_DIR} NAME)
set(COMPONENT_PATH ${COMPONENT_DIR})
set(COMPONENT_LIB ${EXECUTABLE})
set(COMPONENT_TARGET ${EXECUTABLE})
set(CMAKE_SOURCE_DIR ${PROJECT})
set(PROJECT_DIR ${PROJECT})
set(project_dir ${PROJECT})
set(IDF_PROJECT_PATH ${PROJECT})
set(IDF_TARGET esp32)
include(${CONFIG})
include(${COMPONENT_DIR}/CMakeLists.txt)

set(text)
foreach(list IN LISTS FILE_LISTS WORD_LISTS)
    get_property(items GLOBAL PROPERTY NOTED_${list})
    foreach(item IN LISTS items)
        string(APPEND text "list(APPEND ${list} [==[${item}]==])\n")
    endforeach()
endforeach()
file(WRITE ${OUTPUT} "${text}")
