#!/usr/bin/env python3
"""Projects as ESP-IDF has them: what compat/esp-idf/build/project.cmake makes of their folders."""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]

# The executable of a project, without the virtual board.
BUILD = """
cmake_minimum_required(VERSION 3.18)
project(test C ASM)
set(ALOFT_IDF_DIR %(root)s/compat/esp-idf)
set(ALOFT_IDF_INCLUDE ${ALOFT_IDF_DIR}/esp_common/include)
set(ALOFT_PYTHON %(python)s)
add_library(aloft_idf INTERFACE)
target_include_directories(aloft_idf INTERFACE %(root)s %(root)s/core/include)
function(aloft_image)
endfunction()
include(${ALOFT_IDF_DIR}/build/project.cmake)
aloft_idf_app(app PROJECT %(project)s)
"""

MAIN = "#include <stdio.h>\n%s\nint main(void)\n{\n%s\nreturn 0;\n}\n"


def configure(folder, files):
    """A project of these files, configured in `folder`."""
    project = folder / "pro ject"
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    (folder / "CMakeLists.txt").write_text(
        BUILD % {"root": ROOT, "python": sys.executable, "project": f'"{project}"'})
    return subprocess.run(["cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build"],
                          capture_output=True, text=True)


def says(files):
    """What the program of a project of these files prints."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        made = configure(folder, files)
        assert made.returncode == 0, made.stderr
        built = subprocess.run(["cmake", "--build", folder / "build"], capture_output=True,
                               text=True)
        assert built.returncode == 0, built.stdout
        return subprocess.run([folder / "build/app"], check=True, capture_output=True,
                              text=True).stdout


def main_sees_the_variables_of_esp_idf():
    """Once CMAKE_SOURCE_DIR and CMAKE_CURRENT_SOURCE_DIR were those of this repository, relative
    globs looked in it, and what stands after the registration was an unknown command."""
    got = says({
        "main/CMakeLists.txt":
            'file(GLOB near "*.c")\n'
            'file(GLOB_RECURSE far ${CMAKE_SOURCE_DIR}/main/src/*.*)\n'
            'idf_component_register(SRCS ${near} ${far} "${unset}" INCLUDE_DIRS "." "src"\n'
            '    EMBED_TXTFILES ${CMAKE_CURRENT_SOURCE_DIR}/../keys/a.pem)\n'
            'target_compile_options(${COMPONENT_LIB} PRIVATE -Wall)\n'
            'target_compile_definitions(${COMPONENT_LIB} PRIVATE\n'
            '    "FROM_CMAKE=\\"${IDF_TARGET}\\"")\n'
            'target_add_binary_data(${COMPONENT_TARGET} "b.bin" BINARY)\n'
            'nvs_create_partition_image(nvs ../nvs_data.csv FLASH_IN_PROJECT)\n',
        "main/main.c": MAIN % ('#include "far.h"\nextern const char a[] asm("_binary_a_pem_start");'
                               '\nextern const char b[] asm("_binary_b_bin_start"), '
                               'b_end[] asm("_binary_b_bin_end");',
                               'printf("%s %s %d %.*s", FROM_CMAKE, a, far(), '
                               '(int)(b_end - b), b);'),
        "main/src/far.h": "int far(void);", "main/src/far.c": "int far(void) { return 7; }",
        "main/b.bin": "bin", "keys/a.pem": "key"})
    assert got == "esp32 key 7 bin", got


def components_are_part_of_it():
    got = says({
        "main/main.c": MAIN % ('#include "led.h"', 'printf("%d", led());'),
        "components/led/CMakeLists.txt": 'idf_component_register(SRC_DIRS "." "more"\n'
                                         '    EXCLUDE_SRCS more/bad.c INCLUDE_DIRS include)',
        "components/led/include/led.h": "int led(void);",
        "components/led/Kconfig": "config LED_PIN\n    int\n    default 5\n",
        "components/led/led.c": "int pin(void);\nint led(void) { return pin(); }",
        "components/led/more/pin.c": "int pin(void) { return CONFIG_LED_PIN; }",
        "components/led/more/bad.c": "#error",
        "components/notes/README.md": "no component"})
    assert got == "5", got


def components_are_registered_as_before_v4():
    got = says({
        "main/CMakeLists.txt": 'set(COMPONENT_SRCS "a.c")\nset(COMPONENT_ADD_INCLUDEDIRS "inc")\n'
                               'set(COMPONENT_EMBED_TXTFILES ${IDF_PROJECT_PATH}/a.txt)\n'
                               'register_component()',
        "main/a.c": MAIN % ('#include "a.h"\nextern const char a[] asm("_binary_a_txt_start");',
                            'printf("%s%d", a, A);'),
        "main/inc/a.h": "#define A 1", "main/b.c": "#error", "a.txt": "text"})
    assert got == "text1", got


def the_version_is_where_esp_idf_looks_for_it():
    main = MAIN % ("", "puts(PROJECT_VER);")
    listed = "cmake_minimum_required(VERSION 3.16)\n%s\ninclude(x.cmake)\nproject(p)\n"
    files = {"main/main.c": main}
    assert says(files) == "1\n"
    files["version.txt"] = "2.5\n"
    assert says(files) == "2.5\n"
    files["CMakeLists.txt"] = listed % 'set(PROJECT_VER "3.1-rc") # ours'
    assert says(files) == "3.1-rc\n"
    files["CMakeLists.txt"] = listed % 'set(PROJECT_VER "${FROM_GIT}")'
    assert says(files) == "2.5\n"
    files["sdkconfig"] = 'CONFIG_APP_PROJECT_VER_FROM_CONFIG=y\nCONFIG_APP_PROJECT_VER="4"\n'
    assert says(files) == "4\n"


def what_cannot_be_built_is_said():
    for files, words in (({"main/main.cpp": "", "main/CMakeLists.txt":
                           'idf_component_register(SRCS "main.cpp")'}, "main.cpp is C++"),
                         ({"main/notes.txt": ""}, "no sources")):
        with tempfile.TemporaryDirectory() as name:
            made = configure(pathlib.Path(name), files)
            assert made.returncode != 0 and words in " ".join(made.stderr.split()), made.stderr


for test in (main_sees_the_variables_of_esp_idf, components_are_part_of_it,
             components_are_registered_as_before_v4, the_version_is_where_esp_idf_looks_for_it,
             what_cannot_be_built_is_said):
    test()
    print("ok  ", test.__name__)
