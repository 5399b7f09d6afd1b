#!/usr/bin/env python3
"""Projects as ESP-IDF has them: what compat/esp-idf/build/project.cmake makes of their folders."""
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "compat/esp-idf/build"))
import layer  # noqa: E402

# The executable of a project, without the virtual board.
BUILD = """
cmake_minimum_required(VERSION 3.18)
project(test %(languages)s)
set(ALOFT_IDF_DIR %(root)s/compat/esp-idf)
file(GLOB ALOFT_IDF_INCLUDE ${ALOFT_IDF_DIR}/*/include)
set(ALOFT_PYTHON %(python)s)
add_library(aloft_idf INTERFACE)
target_include_directories(aloft_idf INTERFACE %(root)s %(root)s/core/include)
function(aloft_image)
endfunction()
include(${ALOFT_IDF_DIR}/build/project.cmake)
aloft_idf_app(app PROJECT %(project)s)
"""

MAIN = "#include <stdio.h>\n%s\nint main(void)\n{\n%s\nreturn 0;\n}\n"

LOG = """#include "esp_log.h"
uint32_t esp_log_timestamp(void) { return 0; }
void esp_log_write(esp_log_level_t level, const char *tag, const char *format, ...) { }
"""


def configure(folder, files):
    """A project of these files, configured in `folder`."""
    project = folder / "pro ject"
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    (folder / "CMakeLists.txt").write_text(
        BUILD % {"root": ROOT, "python": sys.executable, "project": f'"{project}"',
                 "languages": "C CXX ASM" if "main/main.cpp" in files else "C ASM"})
    return subprocess.run(["cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build",
                           "-DCMAKE_C_COMPILER_WORKS=1", "-DCMAKE_CXX_COMPILER_WORKS=1"],
                          capture_output=True, text=True)


def build(folder):
    return subprocess.run(["cmake", "--build", folder / "build", "--", "-k", "0"],
                          capture_output=True, text=True)


def told(files):
    """What ./dev idf would tell of a project of these files, which was typed as my/project, and
    whether it was built."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with tempfile.NamedTemporaryFile("r") as said:
            os.environ.update(ALOFT_IDF_SAYS=said.name, ALOFT_IDF_TYPED="my/project/",
                              ALOFT_IDF_HERE=str(ROOT / "tests"))
            good = configure(folder, files).returncode == 0 and build(folder).returncode == 0
            for variable in ("ALOFT_IDF_SAYS", "ALOFT_IDF_TYPED", "ALOFT_IDF_HERE"):
                del os.environ[variable]
            return said.read(), good


def says(files):
    """What the program of a project of these files prints."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        made = configure(folder, files)
        assert made.returncode == 0, made.stderr
        built = build(folder)
        assert built.returncode == 0, built.stdout
        return subprocess.run([folder / "build/apps/app"], check=True, capture_output=True,
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
    listed = "cmake_minimum_required(VERSION 3.16)\n%s\ninclude(x.cmake)\nproject(p)\n"
    files = {"main/main.c": MAIN % ("", "")}

    def version():
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            made = configure(folder, files)
            assert made.returncode == 0, made.stderr
            rules = (folder / "build/build.ninja").read_text()
            return re.search(r'-DPROJECT_VER=\\"(.*?)\\"', rules).group(1)

    assert version() == "1"
    files["version.txt"] = "2.5\n"
    assert version() == "2.5"
    files["CMakeLists.txt"] = listed % 'set(PROJECT_VER "3.1-rc") # ours'
    assert version() == "3.1-rc"
    files["CMakeLists.txt"] = listed % 'set(PROJECT_VER "${FROM_GIT}")'
    assert version() == "2.5"
    files["sdkconfig"] = 'CONFIG_APP_PROJECT_VER_FROM_CONFIG=y\nCONFIG_APP_PROJECT_VER="4"\n'
    assert version() == "4"


def a_project_without_sources_is_reported():
    with tempfile.TemporaryDirectory() as name:
        made = configure(pathlib.Path(name), {"main/notes.txt": ""})
        assert made.returncode != 0 and "no sources" in " ".join(made.stderr.split()), made.stderr


def a_source_is_judged_as_for_a_chip():
    """Once nothing was said of code that a chip's compiler refuses, and once more it was told by
    the host's types, where %lu is wrong for what on a chip is an unsigned long."""
    head = '#include "esp_log.h"\n#include "esp_system.h"\n'
    said, good = told({"main/main.c": head + MAIN % (
        "void f(uint32_t n, size_t size, void *p)\n{\n"
        'ESP_LOGI("f", "%lu %" PRIu32 " %u %d", n, n, size, (int)(uint32_t)p);\n}',
        'printf("%d", CONFIG_FREERTOS_HZ);'), "main/log.c": LOG})
    assert (said, good) == ("", True), said
    wrong = head + "void f(uint32_t n)\n{\nint unused;\nESP_LOGI(\"f\", \"%u\", n);\n}\n"
    said, good = told({"main/main.c": MAIN % ("", ""), "main/f.c": wrong})
    assert "my/project/main/f.c:5:5: warning: unused variable 'unused'" in said, said
    if platform.machine() == "x86_64":
        assert not good and "'%u' expects argument of type 'unsigned int'" in said, said
    said, good = told({"main/main.c": MAIN % ("", "return undeclared(1);")})
    assert not good and "my/project/main/main.c:5:8: error: implicit decl" in said, said
    assert "hint" not in said, said


def what_the_board_does_not_have_is_reported():
    files = {"main/main.c": MAIN % ("", ""), "main/a.c": '#include "driver/i2s_std.h"\n',
             "main/b.c": '#include "esp_htp_client.h"\n', "main/c.c": '#include "button.h"\n',
             "main/d.c": '#include "esp_system.h"\nint d(void) { return esp_fly(1); }\n',
             "main/idf_component.yml": 'dependencies:\n  espressif/button: "^3.0"\n  idf: ">=5"\n'}
    said, good = told(files)
    assert not good, said
    for words in ("driver/i2s_std.h: the board has no I2S bus\n",
                  "the board has esp_htp_client.h; did you mean esp_http_client.h?\n",
                  "button.h: its component is of the registry, and those are not fetched",
                  "the board has no esp_fly, or it is misspelt\n",
                  "hint: what there is of ESP-IDF: ../docs/IDF_API.md\n"):
        assert words in said, (words, said)
    said, good = told({"main/main.c": MAIN % ("int esp_swim(void);", "return esp_swim();")})
    assert not good and "error: " in said and "undefined reference to `esp_swim'" in said, said
    assert "the board has no esp_swim" in said, said


def components_that_are_not_there_are_told():
    listed = 'idf_component_register(SRCS main.c REQUIRES %s PRIV_REQUIRES %s)\n'
    files = {"main/main.c": MAIN % ("", ""), "components/led/CMakeLists.txt":
             "idf_component_register(REQUIRES freertos)",
             "main/CMakeLists.txt": listed % ("bt led", "espressif__button nvs_flash"),
             "main/idf_component.yml": "dependencies:\n  espressif/button: '*'\n"}
    said, good = told(files)
    assert good and said == (
        "my/project/main/CMakeLists.txt: warning: component bt is not on the board: the board has "
        "no radio, so no Bluetooth\n"
        "my/project/main/CMakeLists.txt: warning: component espressif__button is of the registry, "
        "and those are not fetched: put it into components/\n"), said
    files["components/led/CMakeLists.txt"] = "idf_component_register(PRIV_REQUIRES nvs_flsh)"
    said, good = told(files)
    assert not good, said
    assert ("my/project/components/led/CMakeLists.txt: error: neither ESP-IDF v5.5 nor the project "
            "has a component nvs_flsh; did you mean nvs_flash?") in said, said


def cxx_is_compiled_as_for_a_chip():
    """All of the board's headers of ESP-IDF's are for C++ as well."""
    every = "".join(f"#include <{header}>\n" for header in layer.headers())
    got = says({
        "main/CMakeLists.txt": 'idf_component_register(SRC_DIRS ".")',
        "main/main.cpp": every + "#include <string>\n#include <vector>\n"
                         "extern \"C\" int three(void);\n"
                         "int main()\n{\nstd::vector<std::string> texts{\"a\", \"b\"};\n"
                         "auto sum = [&] { return int(texts.size()) + three(); };\n"
                         'printf("%d %ld", sum(), __cplusplus > 202000L ? 1L : 0L);\n}\n',
        "main/three.c": "int three(void) { return 3; }"})
    assert got == "5 1", got
    said, good = told({"main/main.cpp": "int main()\n{\nint unused;\nthrow 1;\n}\n"})
    assert not good and "main.cpp:4:7: error: exception handling disabled" in said, said
    assert "main.cpp:3:5: warning: unused variable 'unused'" in said, said


for test in (main_sees_the_variables_of_esp_idf, components_are_part_of_it,
             components_are_registered_as_before_v4, the_version_is_where_esp_idf_looks_for_it,
             a_project_without_sources_is_reported, a_source_is_judged_as_for_a_chip,
             what_the_board_does_not_have_is_reported, components_that_are_not_there_are_told,
             cxx_is_compiled_as_for_a_chip):
    test()
    print("ok  ", test.__name__)
