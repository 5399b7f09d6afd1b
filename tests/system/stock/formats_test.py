#!/usr/bin/env python3
"""Partition tables, otadata and descriptors by a package of gen_esp32part.py's code: made by one
side and read, or made to the same bytes, by the other."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

STOCK_FORMATS = pathlib.Path(__file__).resolve().parent / "stock_formats.py"
TABLE_CSV = """# Name, Type, SubType, Offset, Size, Flags
nvs,      data, nvs,     0x9000, 16K
otadata,  data, ota,     ,       8K
phy_init, data, phy,     ,       4K,
factory,  app,  factory, ,       1M
ota_0,    app,  ota_0,   ,       0x100000
ota_1,    app,  ota_1,   ,       1024K, encrypted
keys,     data, nvs_keys,,       4K,    encrypted:readonly
own,      0x40, 7,       ,       12K
files,    data, littlefs,0x320000, 0x20000
"""


def same(one, other):
    check(one.read_bytes() == other.read_bytes(), one.name, "and", other.name, "differ")


def tables_are_the_same_to_the_byte_both_ways(tools, folder):
    (folder / "table.csv").write_text(TABLE_CSV)
    ours, theirs, again = (folder / f"{name}.bin" for name in ("ours", "theirs", "again"))
    aloft("parts", "build", folder / "table.csv", "-o", ours)
    tools.python(STOCK_FORMATS, "table", folder / "table.csv", theirs)
    same(ours, theirs)
    (folder / "our.csv").write_text(aloft("parts", "show", theirs, "--csv"))
    tools.python(STOCK_FORMATS, "table", folder / "our.csv", again)
    same(again, theirs)
    (folder / "their.csv").write_text(tools.python(STOCK_FORMATS, "csv_of", ours))
    aloft("parts", "build", folder / "their.csv", "-o", again)
    same(again, ours)


def each_follows_the_slot_that_the_other_selected(tools, folder):
    board = Board(folder / "flash").create(IMAGES / "hello_world.bin")
    two = app(folder / "2.bin", "hello_world", "2.0-rc")
    aloft("board", "write", board.flash, hex(OTA_0), two, hex(OTA_1), two)
    aloft("otadata", "switch", board.flash, "ota_1")
    said = json.loads(tools.python(STOCK_FORMATS, "otadata", board.flash, hex(OTADATA)))
    check([r for r in said if r] == [[2, "UNDEFINED"]], said)
    check(board.info()["boots"] == "ota_1", board.info())
    aloft("otadata", "erase", board.flash)
    check(board.info()["boots"] == "factory", board.info())
    tools.python(STOCK_FORMATS, "select", board.flash, hex(OTADATA), "1")
    check(board.info()["boots"] == "ota_0", board.info())
    board.run("Running hello_world version 2.0-rc from ota_0", "--fast")
    check(tools.python(STOCK_FORMATS, "descriptor", two).split() == ["hello_world", "2.0-rc"])


if __name__ == "__main__":
    stock = Stock("esptool5")
    main([named(claim, stock) for claim in (tables_are_the_same_to_the_byte_both_ways,
                                            each_follows_the_slot_that_the_other_selected)])
