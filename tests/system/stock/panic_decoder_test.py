#!/usr/bin/env python3
"""ESP-IDF's panic decoder, which its monitor runs over every line of a console, unchanged: from the
addresses of a board's panic and the app's ELF it finds the function and line that are wrong. Its
toolchain is tools/aloft-addr2line."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

SOURCE = ROOT / "tests/system/boot/panic_app/main/panic_app.c"
ELF = BIN / "apps" / "panic_app"
DECODE = """
import sys
from esp_idf_panic_decoder import PcAddressDecoder
decoder = PcAddressDecoder(sys.argv[1], sys.argv[2])
for line in open(sys.argv[3]):
    for address, places in decoder.translate_addresses(line):
        for place in places:
            print(address, place.func, place.path, place.line)
"""


def the_panic_decoder_finds_what_is_wrong(tools, folder):
    number = next(n for n, text in enumerate(SOURCE.read_text().splitlines(), 1)
                  if "// STORE" in text)
    build(folder / "app.bin", ELF, "store", project_name="panic_app")
    board = Board(folder / "flash").create(folder / "app.bin")
    console = board.run("Rebooting...", "--fast")
    # Without our own decoding.
    bare = [line for line in console.splitlines() if not line.startswith("---")]
    (folder / "console").write_text("\n".join(bare))
    said = tools.python("-c", DECODE, ROOT / "tools/aloft-", ELF, folder / "console")
    found = [line.split() for line in said.splitlines()]
    backtrace = next(line for line in bare if line.startswith("Backtrace: "))
    check(found and found[0][1] == "store" and found[0][0] in console, found, console)
    check(found[0][2].endswith("panic_app.c") and found[0][3] == str(number), found, number)
    check("app_main" in [function for _, function, *_ in found], found)
    check(len(backtrace.split()) > 2, backtrace)


if __name__ == "__main__":
    main([named(the_panic_decoder_finds_what_is_wrong, Stock("esptool5"))])
