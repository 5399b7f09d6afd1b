# Projects of ESP-IDF: reads their CMakeLists.txt files and configuration, makes an executable, and
# from it an image for the virtual board (aloft_idf_app, the last function here).
set(ALOFT_IDF_BUILD ${CMAKE_CURRENT_LIST_DIR} CACHE INTERNAL "where this is")

# aloft_idf_sdkconfig(FOLDER FILE...): makes FOLDER/sdkconfig.h from the defaults and these files.
function(aloft_idf_sdkconfig folder)
    set(words ${ARGN})
    set(files ${words})
    list(FILTER files EXCLUDE REGEX "^CONFIG_")
    set(output ${folder}/sdkconfig.h)
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -E make_directory ${folder}
        COMMAND ${ALOFT_PYTHON} ${ALOFT_IDF_BUILD}/sdkconfig.py ${output}
            ${ALOFT_IDF_BUILD}/sdkconfig.defaults ${words}
        DEPENDS ${ALOFT_IDF_BUILD}/sdkconfig.py ${ALOFT_IDF_BUILD}/kconfig.py
            ${ALOFT_IDF_BUILD}/sdkconfig.defaults ${files}
        VERBATIM)
endfunction()

# Embeds files under the symbols _binary_NAME_start and _end; in NAME all but letters and digits
# becomes _. A text is followed by a NUL.
function(aloft_idf_embed target kind)
    set(zero)
    if(kind STREQUAL TEXT)
        set(zero ".byte 0")
    endif()
    foreach(file IN LISTS ARGN)
        get_filename_component(name ${file} NAME)
        string(MAKE_C_IDENTIFIER ${name} symbol)
        set(output ${CMAKE_CURRENT_BINARY_DIR}/${target}_idf/${name}.S)
        file(CONFIGURE OUTPUT ${output} @ONLY CONTENT [[
    .section .rodata
    .global _binary_@symbol@_start
    .global _binary_@symbol@_end
_binary_@symbol@_start:
    .incbin "@file@"
    @zero@
_binary_@symbol@_end:
    .section .note.GNU-stack,"",@progbits
]])
        set_source_files_properties(${output} PROPERTIES LANGUAGE ASM OBJECT_DEPENDS ${file})
        target_sources(${target} PRIVATE ${output})
    endforeach()
endfunction()

# Sets the configuration as variables CONFIG_X of the caller, as a component's CMakeLists.txt has
# them.
function(aloft_idf_read_config project folder)
    set(files ${ARGN})
    list(FILTER files EXCLUDE REGEX "^CONFIG_")
    set(inputs ${ALOFT_IDF_BUILD}/sdkconfig.py ${ALOFT_IDF_BUILD}/kconfig.py
        ${ALOFT_IDF_BUILD}/options.txt ${ALOFT_IDF_BUILD}/sdkconfig.defaults ${files})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${inputs})
    set(output ${folder}/sdkconfig.cmake)
    file(MAKE_DIRECTORY ${folder})
    execute_process(COMMAND_ERROR_IS_FATAL ANY
        COMMAND ${ALOFT_PYTHON} ${ALOFT_IDF_BUILD}/sdkconfig.py --project ${project} ${output}
        ${ALOFT_IDF_BUILD}/sdkconfig.defaults ${ARGN})
    set(ALOFT_IDF_CONFIG_FILE ${output} PARENT_SCOPE)
endfunction()

# Adds to an executable all that a component of the project registers, main included.
function(aloft_idf_add_component executable project component config)
    get_filename_component(name ${component} NAME)
    set(lists SRCS EXCLUDE_SRCS INCLUDE_DIRS PRIV_INCLUDE_DIRS EMBED_TXTFILES EMBED_FILES)
    foreach(list IN LISTS lists ITEMS OPTIONS DEFINITIONS REQUIRES)
        set(${list})
    endforeach()
    if(EXISTS ${component}/CMakeLists.txt)
        set(output ${CMAKE_CURRENT_BINARY_DIR}/${executable}_idf/${name}.cmake)
        execute_process(COMMAND_ERROR_IS_FATAL ANY WORKING_DIRECTORY ${component}
            COMMAND ${CMAKE_COMMAND} -D PROJECT=${project} -D CONFIG=${config}
                -D EXECUTABLE=${executable} -D OUTPUT=${output}
                -P ${ALOFT_IDF_BUILD}/component.cmake)
        include(${output})
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
            ${component}/CMakeLists.txt ${ALOFT_IDF_BUILD}/component.cmake)
    endif()
    if(NOT SRCS AND name STREQUAL main)
        file(GLOB SRCS ${component}/*.c ${component}/*.cpp)
    endif()
    if(NOT SRCS AND name STREQUAL main)
        message(FATAL_ERROR "${component} has no sources")
    endif()
    if(EXCLUDE_SRCS)
        list(REMOVE_ITEM SRCS ${EXCLUDE_SRCS})
    endif()
    aloft_idf_want_cxx(${SRCS})
    target_sources(${executable} PRIVATE ${SRCS})
    target_include_directories(${executable} PRIVATE ${INCLUDE_DIRS} ${PRIV_INCLUDE_DIRS})
    target_compile_options(${executable} PRIVATE ${OPTIONS})
    target_compile_definitions(${executable} PRIVATE ${DEFINITIONS})
    aloft_idf_embed(${executable} TEXT ${EMBED_TXTFILES})
    aloft_idf_embed(${executable} BINARY ${EMBED_FILES})
    list(JOIN REQUIRES "," REQUIRES)
    file(RELATIVE_PATH component ${project} ${component})
    set_property(TARGET ${executable} APPEND PROPERTY ALOFT_IDF_REQUIRES "${component}:${REQUIRES}")
endfunction()

# C++ is compiled when the enclosing project has enabled the language.
function(aloft_idf_want_cxx)
    if(CMAKE_CXX_COMPILER)
        return()
    endif()
    foreach(source IN LISTS ARGN)
        if(source MATCHES "\\.(cpp|cc|cxx)$")
            message(FATAL_ERROR "${source} is C++, and there is no C++ compiler: install g++")
        endif()
    endforeach()
endfunction()

# Reports required components that the board does not have, and fails when one is unknown.
function(aloft_idf_check_components executable project)
    get_target_property(required ${executable} ALOFT_IDF_REQUIRES)
    execute_process(COMMAND ${ALOFT_PYTHON} ${ALOFT_IDF_BUILD}/layer.py ${project} ${required}
        RESULT_VARIABLE result)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "${project} requires a component that is not there")
    endif()
endfunction()

# Folders of components that idf_component.yml files name by path.
function(aloft_idf_find_paths project variable)
    file(GLOB manifests ${project}/main/idf_component.yml
        ${project}/components/*/idf_component.yml)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${manifests}
        ${ALOFT_IDF_BUILD}/layer.py)
    execute_process(COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE found
        COMMAND ${ALOFT_PYTHON} ${ALOFT_IDF_BUILD}/layer.py --paths ${project})
    set(${variable} ${found} PARENT_SCOPE)
endfunction()

# The project's own sources are compiled by compile.py, which reports what ESP-IDF's build would.
function(aloft_idf_compile executable project)
    list(JOIN ARGV ":" folders)
    string(REGEX REPLACE "^[^:]*:" "" folders ${folders})
    set(flags as_host)
    if(CMAKE_C_COMPILER_ID STREQUAL GNU)
        execute_process(OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE
            COMMAND ${ALOFT_PYTHON} ${ALOFT_IDF_BUILD}/chip_types.py
            ${CMAKE_CURRENT_BINARY_DIR}/chip_types ${CMAKE_C_COMPILER})
    endif()
    foreach(language C CXX)
        set(launcher ${ALOFT_PYTHON} ${ALOFT_IDF_BUILD}/compile.py ${folders} "${flags}")
        set_target_properties(${executable} PROPERTIES ${language}_LINKER_LAUNCHER "${launcher}")
        list(APPEND launcher ${CMAKE_${language}_COMPILER_LAUNCHER})
        set_target_properties(${executable} PROPERTIES ${language}_COMPILER_LAUNCHER "${launcher}")
    endforeach()
endfunction()

# The version of a project's folder, where ESP-IDF looks first: the configuration, PROJECT_VER of
# its CMakeLists.txt when that is plain text, version.txt. Without them it is 1.
function(aloft_idf_read_version project config variable)
    include(${config})
    set(version 1)
    set(set_version "^[ \t]*set[ \t]*\\([ \t]*PROJECT_VER[ \t]+\"?([^\"$)]+)\"?[ \t]*\\)")
    if(EXISTS ${project}/version.txt)
        file(STRINGS ${project}/version.txt version LIMIT_COUNT 1)
    endif()
    if(EXISTS ${project}/CMakeLists.txt)
        file(STRINGS ${project}/CMakeLists.txt lines REGEX ${set_version})
        foreach(line IN LISTS lines)
            string(REGEX REPLACE "${set_version}.*" "\\1" version ${line})
        endforeach()
    endif()
    if(CONFIG_APP_PROJECT_VER_FROM_CONFIG)
        set(version ${CONFIG_APP_PROJECT_VER})
    endif()
    set(${variable} ${version} PARENT_SCOPE)
endfunction()

# The configuration files that a project's folder has, in the order in which they count.
function(aloft_idf_find_config project variable)
    file(GLOB menus ${project}/components/*/Kconfig.projbuild ${project}/components/*/Kconfig)
    aloft_idf_find_paths(${project} folders)
    foreach(folder IN LISTS folders)
        list(APPEND menus ${folder}/Kconfig.projbuild ${folder}/Kconfig)
    endforeach()
    set(found)
    foreach(file IN ITEMS ${project}/sdkconfig.defaults ${project}/sdkconfig.defaults.esp32
            ${project}/sdkconfig ${project}/sdkconfig.h ${project}/main/Kconfig.projbuild
            ${project}/main/Kconfig ${menus})
        if(EXISTS ${file})
            list(APPEND found ${file})
        endif()
    endforeach()
    set(${variable} ${found} PARENT_SCOPE)
endfunction()

# aloft_idf_app(NAME [PROJECT FOLDER] [SOURCES ...] [INCLUDE_DIRS ...] [SDKCONFIG FILE...]
#     [CONFIG CONFIG_X=value...] [EMBED_TXTFILES ...] [EMBED_FILES ...] [VERSION V])
# An image for the board, NAME.bin among the images. PROJECT is a folder as ESP-IDF has it: sources
# and embedded files are what main/CMakeLists.txt registers (or all of main/*.c), and those of
# components/* and of components that idf_component.yml names by path; configuration and version are
# the folder's. Without PROJECT all is given.
function(aloft_idf_app name)
    cmake_parse_arguments(ARG "" "PROJECT;VERSION"
        "SOURCES;INCLUDE_DIRS;SDKCONFIG;CONFIG;EMBED_TXTFILES;EMBED_FILES" ${ARGN})
    if(ARG_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "aloft_idf_app(${name}): what is ${ARG_UNPARSED_ARGUMENTS}?")
    endif()
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}_idf)
    foreach(list SOURCES INCLUDE_DIRS SDKCONFIG EMBED_TXTFILES EMBED_FILES)
        list(TRANSFORM ARG_${list} PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ REGEX "^[^/]")
    endforeach()
    add_executable(${name} ${ARG_SOURCES} ${ALOFT_IDF_DIR}/host/config.c ${folder}/sdkconfig.h)
    if(ARG_PROJECT)
        get_filename_component(project ${ARG_PROJECT} ABSOLUTE)
        aloft_idf_find_config(${project} configs)
        aloft_idf_read_config(${project} ${folder} ${configs} ${ARG_SDKCONFIG} ${ARG_CONFIG})
        file(GLOB components ${project}/components/*/CMakeLists.txt)
        list(TRANSFORM components REPLACE "/CMakeLists.txt$" "")
        aloft_idf_find_paths(${project} paths)
        foreach(component IN ITEMS ${project}/main LISTS components paths)
            aloft_idf_add_component(${name} ${project} ${component} ${ALOFT_IDF_CONFIG_FILE})
        endforeach()
        aloft_idf_check_components(${name} ${project})
        aloft_idf_compile(${name} ${project} ${paths})
        if(NOT ARG_VERSION)
            aloft_idf_read_version(${project} ${ALOFT_IDF_CONFIG_FILE} ARG_VERSION)
        endif()
    endif()
    if(NOT ARG_VERSION)
        set(ARG_VERSION 1)
    endif()
    aloft_idf_sdkconfig(${folder} ${configs} ${ARG_SDKCONFIG} ${ARG_CONFIG})
    aloft_idf_embed(${name} TEXT ${ARG_EMBED_TXTFILES})
    aloft_idf_embed(${name} BINARY ${ARG_EMBED_FILES})
    set_target_properties(${name} PROPERTIES C_STANDARD 17 C_EXTENSIONS ON
        CXX_STANDARD 23 CXX_EXTENSIONS ON)
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE ESP_PLATFORM IDF_VER="v5.5-aloft"
        PROJECT_NAME="${name}" PROJECT_VER="${ARG_VERSION}")
    target_compile_options(${name} PRIVATE -UNDEBUG -Og -include sdkconfig.h -w
        $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions;-fno-rtti>)
    target_include_directories(${name} PRIVATE ${ARG_INCLUDE_DIRS})
    target_include_directories(${name} SYSTEM PRIVATE ${folder} ${ALOFT_IDF_INCLUDE})
    find_library(ALOFT_IDF_CJSON cjson)
    target_link_libraries(${name} PRIVATE aloft_idf $<$<BOOL:${ALOFT_IDF_CJSON}>:cjson>)
    # Where `aloft board run` looks for the ELF of what runs.
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/apps)
    aloft_image(${name} 524288 --project ${name} --version "${ARG_VERSION}")
endfunction()
