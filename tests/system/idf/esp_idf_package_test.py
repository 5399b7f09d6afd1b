#!/usr/bin/env python3
"""The archive of the ESP-IDF component: the registry's tool packs it, its options are read by
ESP-IDF's Kconfig with every default, and what its CMakeLists.txt lists compiles where it was
unpacked, outside of this tree."""
import pathlib
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

TOOLS = Stock("idf_tools")
LAYER = ROOT / "compat/esp-idf"
OPTIONS = ["", "-D CONFIG_ALOFT_OTA_PUSH=1 -D CONFIG_ALOFT_OTA_WEB=1 -D CONFIG_ALOFT_OTA_TLS=1 "
               "-D CONFIG_ALOFT_OTA_ERR_TEXT=1"]


def unpacked(folder):
    subprocess.run([ROOT / "tools/package_esp_idf", folder], check=True, capture_output=True)
    with tarfile.open(next(folder.glob("aloft_ota-*.tar.gz"))) as archive:
        archive.extractall(folder)
    return folder / "aloft_ota"


def the_registrys_tool_packs_it(folder):
    component = unpacked(folder)
    version = (ROOT / "VERSION").read_text().strip()
    said = TOOLS.run_in(component, "compote", "component", "pack", "--name", "aloft_ota")
    check((component / f"dist/aloft_ota_{version}.tgz").exists(), said)
    for needed in ("README.md", "CHANGELOG.md", "LICENSE", "Kconfig", "examples", "test_apps",
                   "core/sources.cmake", "ports/portlib/sources.cmake", "web/device/page.c"):
        check((component / needed).exists(), needed)


def the_same_tree_gives_the_same_bytes(folder):
    packed = []
    for name in ("a", "b"):
        unpacked(folder / name)
        packed.append(next((folder / name).glob("*.tar.gz")).read_bytes())
    check(packed[0] == packed[1], "the archives differ")


def esp_idfs_kconfig_reads_every_option(folder):
    """As esp-idf-kconfig sees it, with and without what it depends on."""
    component = unpacked(folder)
    text = (component / "Kconfig").read_text()
    names = re.findall(r"(?m)^\s+config (ALOFT_OTA_\w+)", text)
    wrapper = folder / "Kconfig"
    wrapper.write_text('mainmenu "test"\nconfig ESP_TASK_WDT_INIT\n    bool\n    default y\n'
                       f'source "{component / "Kconfig"}"\n')
    code = ("import sys, esp_kconfiglib as k\n"
            "c = k.Kconfig(sys.argv[1])\n"
            "for n in sys.argv[2:]:\n"
            "    s = c.syms[n]\n"
            "    assert s.str_value != '', n\n"
            "    assert s.nodes[0].prompt, n\n"
            "    print(n, s.str_value)\n")
    said = TOOLS.python("-c", code, wrapper, *names)
    check(len(names) >= 15 and all(name in said for name in names), said)
    check("ALOFT_OTA_TASK_STACK 8192\n" in said, said)


def listed(component, folder, options):
    """What CMakeLists.txt registers with these options: sources and include folders."""
    config, out = folder / "config.cmake", folder / "lists.cmake"
    config.write_text("".join(f"set({word.split('=')[0]} 1)\n" for word in options.split()
                              if word.startswith("CONFIG_")))
    subprocess.run(["cmake", "-D", f"PROJECT={folder}", "-D", f"CONFIG={config}", "-D",
                    "EXECUTABLE=x", "-D", f"OUTPUT={out}", "-P", LAYER / "build/component.cmake"],
                   cwd=component, check=True, capture_output=True)
    found = re.findall(r"list\(APPEND (\w+) \[==\[(.*?)\]==\]\)", out.read_text())
    return ([item for name, item in found if name == "SRCS"],
            [item for name, item in found if name.endswith("INCLUDE_DIRS")])


def what_is_listed_compiles_outside_of_the_tree(folder):
    component = unpacked(folder)
    config = BIN / "apps/component_ota_idf"
    compiled = set()
    for options in OPTIONS:
        sources, includes = listed(component, folder, options)
        check(all(str(component) in source for source in sources), sources)
        sources = [source for source in sources if source not in compiled]
        compiled |= set(sources)
        words = [word for path in includes for word in ("-I", path)]
        words += [word for path in sorted(LAYER.glob("*/include")) for word in ("-isystem", path)]
        done = subprocess.run(
            ["gcc", "-std=gnu17", "-fsyntax-only", "-D_GNU_SOURCE", "-DESP_PLATFORM",
             "-DALOFT_HASH_SIZE=128", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
             "-isystem", config, "-include", "sdkconfig.h", *words, *sources],
            capture_output=True, text=True)
        check(done.returncode == 0, done.stderr)
    own = {str(path) for path in (component / "src").rglob("*.c")}
    spared = {path for path in own if path.endswith("signed_apps.c")}  # needs a chip's headers
    check(own - compiled == spared, "never compiled:", own - compiled)


main([the_registrys_tool_packs_it, the_same_tree_gives_the_same_bytes,
      esp_idfs_kconfig_reads_every_option, what_is_listed_compiles_outside_of_the_tree])
