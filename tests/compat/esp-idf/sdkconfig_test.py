#!/usr/bin/env python3
"""A project's configuration: what each kind of file says, and which one has the last word."""
import pathlib
import subprocess
import tempfile

TOOL = pathlib.Path(__file__).resolve().parents[3] / "compat/esp-idf/build/sdkconfig.py"


def convert(*sources):
    """The defines that these (name, text) files and words become."""
    with tempfile.TemporaryDirectory() as folder:
        words = []
        for source in sources:
            if isinstance(source, str):
                words.append(source)
                continue
            path = pathlib.Path(folder, source[0])
            path.write_text(source[1])
            words.append(str(path))
        output = pathlib.Path(folder, "out.h")
        subprocess.run([TOOL, output, *words], check=True)
        lines = [line.split(" ", 2) for line in output.read_text().splitlines()
                 if line.startswith("#define")]
        return {name: value for _, name, value in lines}


def values_are_what_they_look_like():
    got = convert(("sdkconfig", 'CONFIG_A=y\nCONFIG_B="x y"\nCONFIG_C=0x10\nCONFIG_D=-5\n'
                                '# CONFIG_E is not set\nCONFIG_F=n\n# a remark\nCONFIG_G=\n'))
    assert got == {"CONFIG_A": "1", "CONFIG_B": '"x y"', "CONFIG_C": "0x10", "CONFIG_D": "-5"}, got


def the_last_word_counts():
    got = convert(("sdkconfig.defaults", "CONFIG_A=y\nCONFIG_B=1\nCONFIG_C=1\n"),
                  ("sdkconfig", "# CONFIG_A is not set\nCONFIG_B=2\n"),
                  ("sdkconfig.h", "#define CONFIG_C 3\n#define CONFIG_D\n"), "CONFIG_B=http://x")
    assert got == {"CONFIG_B": '"http://x"', "CONFIG_C": "3", "CONFIG_D": "1"}, got


def a_component_sees_it_as_variables():
    """if(CONFIG_X) in main/CMakeLists.txt, and texts without their quotes."""
    script = ('include(${CMAKE_ARGV3})\nforeach(name A B C D E)\n'
              'message("${name} [${CONFIG_${name}}]")\nendforeach()\n'
              'if(CONFIG_A AND NOT CONFIG_E)\nmessage("A is set, E is not")\nendif()\n')
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder, "sdkconfig.cmake")
        words = ["CONFIG_A=y", 'CONFIG_B="x \\"y\\" ${CONFIG_A} z;w"', "CONFIG_C=0x10",
                 "CONFIG_D=a.csv", "CONFIG_E=n"]
        subprocess.run([TOOL, output, *words], check=True)
        show = pathlib.Path(folder, "show.cmake")
        show.write_text(script)
        run = subprocess.run(["cmake", "-P", show, output], check=True, capture_output=True,
                             text=True)
    assert run.stderr.splitlines() == ["A [1]", 'B [x "y" ${CONFIG_A} z;w]', "C [0x10]",
                                       "D [a.csv]", "E []", "A is set, E is not"], run.stderr


KCONFIG = '''
menu "Example"
    config URL
        string "URL"
        default "https://h/x.bin"
        help
            default "in a help text"
    config FROM_STDIN
        bool
        default y if URL = "FROM_STDIN"
    config SIZE
        int "Size"
        default OTHER_SIZE
    config OFF
        bool "Off"
        default n
    choice WAY
        prompt "Way"
        default WAY_B
        config WAY_A
            bool "A"
        config WAY_B
            bool "B"
    endchoice
endmenu
'''


def kconfig_fills_in_what_nobody_said():
    got = convert(("sdkconfig", "CONFIG_OTHER_SIZE=16\n"), ("Kconfig.projbuild", KCONFIG))
    assert got == {"CONFIG_OTHER_SIZE": "16", "CONFIG_SIZE": "16", "CONFIG_WAY_B": "1",
                   "CONFIG_URL": '"https://h/x.bin"'}, got
    got = convert("CONFIG_URL=FROM_STDIN", ("Kconfig.projbuild", KCONFIG))
    assert got["CONFIG_FROM_STDIN"] == "1" and got["CONFIG_URL"] == '"FROM_STDIN"', got


def a_word_for_a_string_is_text_whatever_it_looks_like():
    kconfig = ("Kconfig.projbuild", 'config PORT\n string "Port"\n default "80"\n'
               'config NAME\n\tstring\n\tprompt "Name"\n'
               'config SECURE\n bool\n default y if PORT = "443"\nconfig SIZE\n int "Size"\n')
    got = convert(kconfig, "CONFIG_PORT=443", "CONFIG_NAME=y", "CONFIG_SIZE=3")
    assert got == {"CONFIG_PORT": '"443"', "CONFIG_NAME": '"y"', "CONFIG_SECURE": "1",
                   "CONFIG_SIZE": "3"}, got
    got = convert(kconfig, 'CONFIG_PORT="8070"', "CONFIG_NAME=")
    assert got == {"CONFIG_PORT": '"8070"', "CONFIG_NAME": '""'}, got


for test in (values_are_what_they_look_like, the_last_word_counts,
             a_component_sees_it_as_variables, kconfig_fills_in_what_nobody_said,
             a_word_for_a_string_is_text_whatever_it_looks_like):
    test()
    print("ok  ", test.__name__)
