#!/usr/bin/env python3
"""The zip of the Arduino library: unpacked outside the tree it is whole, keeps the rules that
arduino-lint checks, and compiles as the IDE compiles it: every source, with src/ as the one folder
of the library, and the sketches with the prototypes that the IDE puts in."""
import concurrent.futures
import pathlib
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

STAND_IN = ROOT / "tests/system/arduino/stand_in"
CATEGORIES = {"Display", "Communication", "Signal Input/Output", "Sensors", "Device Control",
              "Timing", "Data Storage", "Data Processing", "Other"}
NAME = r"[a-zA-Z0-9][a-zA-Z0-9 _.\-]*"
KEYWORDS = {"KEYWORD1", "KEYWORD2", "KEYWORD3", "LITERAL1", "LITERAL2"}


def unpacked(folder):
    said = subprocess.run([ROOT / "tools/arduino_library", folder], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout
    with zipfile.ZipFile(next(folder.glob("Aloft-*.zip"))) as archive:
        check({name.split("/")[0] for name in archive.namelist()} == {"Aloft"}, said)
        archive.extractall(folder)
    return folder / "Aloft"


def properties(library):
    lines = (library / "library.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def the_library_keeps_the_rules_of_arduino_lint(folder):
    library = unpacked(folder)
    about = properties(library)
    version = (ROOT / "VERSION").read_text().strip()
    check(re.fullmatch(NAME, about["name"]) and len(about["name"]) <= 32, about)
    check(" " not in about["name"] and not about["name"].lower().startswith("arduino"), about)
    check(about["version"] == version and re.fullmatch(r"\d+\.\d+\.\d+", version), about)
    check(about["category"] in CATEGORIES and about["architectures"] == "esp32", about)
    for field in ("author", "maintainer", "sentence", "paragraph"):
        check(about[field].strip(), field)
    check(about["sentence"] not in about["paragraph"], "the paragraph repeats the sentence")
    check("@arduino.cc" not in about["maintainer"], about)
    check(not re.match("arduino", about["maintainer"], re.I), about)
    check("url" in about, "the field has to be there")
    for header in about["includes"].split(","):
        check((library / "src" / header).is_file(), header)
    pio = json.loads((library / "library.json").read_text())
    check((pio["name"], pio["version"]) == (about["name"], version), pio)
    check((library / "src" / pio["headers"]).is_file(), pio)
    for line in (library / "keywords.txt").read_text().splitlines():
        word, kind = line.split("\t")
        check(re.fullmatch(r"\w+", word) and kind in KEYWORDS, line)
    sketches = sorted(library.glob("examples/*/*.ino"))
    check(len(sketches) == 3 and all(s.stem == s.parent.name for s in sketches), sketches)
    for file in library.rglob("*"):
        check(not file.is_symlink() and not file.name.startswith("."), file)
        check(file.suffix not in (".exe", ".a", ".o") and re.fullmatch(NAME, file.name), file)
    check((library / "LICENSE").is_file() and (library / "README.md").is_file(), "no license")
    check(not (library / "src/utility").exists() and not (library / "utility").exists(), "layout")


def the_editor_knows_the_methods(folder):
    library = unpacked(folder)
    words = dict(line.split("\t") for line in (library / "keywords.txt").read_text().splitlines())
    check({"Aloft", "AloftClass"} == {w for w, kind in words.items() if kind == "KEYWORD1"}, words)
    for sketch in library.glob("examples/*/*.ino"):
        for word in re.findall(r"(?:Aloft|\))\.(\w+)\(", sketch.read_text()):
            check(words.get(word) == "KEYWORD2" or word == "c_str", word, sketch)
    check(words["ALOFT_SKETCH"] == "KEYWORD2", words)
    check(words["ALOFT_OTA_BEFORE_RESTART"] == "LITERAL1", words)


def flags(library):
    compat = sorted((ROOT / "compat/esp-idf").glob("*/include"))
    chip = {"ESP_EFUSE_BLOCK_REV_MIN_FULL": 0, "ESP_EFUSE_BLOCK_REV_MAX_FULL": 99,
            "MMU_PAGE_SIZE": 0x10000}  # of an ESP32 in the core's configuration
    folders = [library / "src", STAND_IN, BIN / "compat/esp-idf/default", *compat]
    return [*[f"-DCONFIG_{name}={value}" for name, value in chip.items()],
            *[word for path in folders for word in ("-I", path)]]


def compile_one(library, source):
    cxx = source.suffix == ".cpp"
    words = ["gcc", "-std=gnu17"]
    if cxx:
        words = ["g++", "-std=gnu++2b", "-fno-exceptions", "-fno-rtti"]
    return subprocess.run([*words, "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
                           "-Wno-unused-parameter", *flags(library), source], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


def as_the_ide_makes_it(sketch):
    """Arduino.h, and before the first function the prototypes of all."""
    text = sketch.read_text()
    functions = list(re.finditer(r"^\w[\w:<>&* ]* \**(\w+)\([^;{}]*\)(?=\s*\{)", text, re.M))
    check({"setup", "loop"} <= {function.group(1) for function in functions}, sketch)
    prototypes = "".join(f"{f.group()};\n" for f in functions)
    at = functions[0].start()
    return f"#include <Arduino.h>\n{text[:at]}{prototypes}{text[at:]}"


def every_source_and_sketch_compiles_outside_the_tree(folder):
    library = unpacked(folder)
    sources = [path for path in sorted((library / "src").rglob("*"))
               if path.suffix in (".c", ".cpp")]
    check(len(sources) > 50, len(sources))
    for sketch in sorted(library.glob("examples/*/*.ino")):
        made = folder / f"{sketch.stem}.ino.cpp"
        made.write_text(as_the_ide_makes_it(sketch))
        sources.append(made)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, said in zip(sources, pool.map(lambda s: compile_one(library, s), sources)):
            check(not said, source.name, "does not compile:\n" + said)


def the_same_tree_gives_the_same_bytes(folder):
    first = folder / "first"
    unpacked(folder)
    subprocess.run([ROOT / "tools/arduino_library", first], check=True, stdout=subprocess.PIPE,
                   stderr=subprocess.PIPE)
    a, b = [next(path.glob("*.zip")).read_bytes() for path in (folder, first)]
    check(a == b, "another zip")


if __name__ == "__main__":
    main([every_source_and_sketch_compiles_outside_the_tree, the_editor_knows_the_methods,
          the_library_keeps_the_rules_of_arduino_lint, the_same_tree_gives_the_same_bytes])
