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


def kconfig_fills_in_options_that_are_not_set():
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


def conditions_count_as_far_as_they_are_known():
    """Once `depends on` decided nothing, and a default with || was taken as true."""
    got = convert("CONFIG_STRIP=n", "CONFIG_WAY_A=y", ("Kconfig", """
        config HELP
            int
            default 1
            help
                if this is read as a block
                choice nothing after it counts
        config PIN
            int
            default 8 if IDF_TARGET_ESP32C3 || IDF_TARGET_ESP32C6
            default 18 if IDF_TARGET_ESP32S2 && !STRIP
            default 5
        config STRIP
            bool "Strip"
        config LEDS
            int "LEDs"
            depends on STRIP
            default 4
        if STRIP || HELP = 2
            config MORE
                int
                default 1
        endif
        if !STRIP && SOC_UNHEARD_OF
            config MAYBE
                int
                default 2
        endif
        choice
            default WAY_B
            config WAY_A
                bool
            config WAY_B
                bool
        endchoice
    """))
    assert got == {"CONFIG_HELP": "1", "CONFIG_PIN": "5", "CONFIG_MAYBE": "2",
                   "CONFIG_WAY_A": "1"}, got


def options_without_effect_are_reported():
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in (("sdkconfig.defaults",
                             "# ours\nCONFIG_BOOTLOADER_APP_ROLBACK_ENABLE=y\nCONFG_B=y\n"
                             "CONFIG_BT_ENABLED=y\nCONFIG_URL=x\n# CONFIG_URI is not set\n"),
                            ("sdkconfig", "CONFIG_OF_AN_OLDER_ESP_IDF=y\n"),
                            ("Kconfig", 'config URL\n    string "URL"\n')):
            pathlib.Path(folder, name).write_text(lines)
        files = [f"{folder}/{name}" for name in ("sdkconfig.defaults", "sdkconfig", "Kconfig")]
        done = subprocess.run([TOOL, "--project", folder, f"{folder}/out.cmake", *files,
                               "CONFIG_URK=1"], check=True, capture_output=True, text=True)
    none = "warning: neither ESP-IDF v5.5 nor the project has an option"
    assert done.stderr.splitlines() == [
        f"{folder}/sdkconfig.defaults:2: {none} CONFIG_BOOTLOADER_APP_ROLBACK_ENABLE; did you mean "
        "CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE?",
        f"{folder}/sdkconfig.defaults:3: warning: this is neither CONFIG_X=value nor a comment: "
        "CONFG_B=y",
        f"{folder}/sdkconfig.defaults:6: {none} CONFIG_URI; did you mean CONFIG_URL?",
        f"{none} CONFIG_URK; did you mean CONFIG_URL?"], done.stderr


for test in (values_are_what_they_look_like, the_last_word_counts,
             a_component_sees_it_as_variables, kconfig_fills_in_options_that_are_not_set,
             a_word_for_a_string_is_text_whatever_it_looks_like,
             conditions_count_as_far_as_they_are_known, options_without_effect_are_reported):
    test()
    print("ok  ", test.__name__)
