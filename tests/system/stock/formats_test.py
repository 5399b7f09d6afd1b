#!/usr/bin/env python3
"""NVS partitions by ESP-IDF's generator, and partition tables, otadata and descriptors by a package
of gen_esp32part.py's code: each made by one side, and by the other to the same bytes."""
import base64
import csv
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
NVS_CSV = """key,type,encoding,value
wifi,namespace,,
ssid,data,string,"a ""quoted"" name, with a comma"
channel,data,u8,13
power,data,i8,-12
app,namespace,,
until,data,u64,18446744073709551615
since,data,i64,-9223372036854775808
port,data,u16,65535
offset,data,i16,-32768
mask,data,u32,3735928559
trim,data,i32,-1
key,data,hex2bin,00112233445566778899aabbccddeeff
word,data,base64,aGVsbG8gd29ybGQ=
notes,file,string,{folder}/notes.txt
page,file,binary,{folder}/page.bin
"""


def same(one, other):
    check(one.read_bytes() == other.read_bytes(), one.name, "and", other.name, "differ")


def generate(tools, csv_path, to):
    tools.python("-m", "esp_idf_nvs_partition_gen", "generate", csv_path, to, "0x6000")


def nvs_csv(folder):
    (folder / "notes.txt").write_text("of some length " * 100)
    (folder / "page.bin").write_bytes(random.Random(1).randbytes(9000))  # over three pages
    (folder / "nvs.csv").write_text(NVS_CSV.format(folder=folder))
    return folder / "nvs.csv"


def every_value_of_the_nvs_generator_is_read(tools, folder):
    rows = csv.DictReader(nvs_csv(folder).read_text().splitlines())
    generate(tools, folder / "nvs.csv", folder / "nvs.bin")
    space = None
    for row in rows:
        if row["type"] == "namespace":
            space = row["key"]
            continue
        data = pathlib.Path(row["value"]).read_bytes() if row["type"] == "file" else row["value"]
        want = {"base64": lambda: base64.b64decode(data).hex(), "binary": lambda: data.hex(),
                "string": lambda: data if isinstance(data, str) else data.decode(),
                }.get(row["encoding"], lambda: data)()
        got = aloft("nvs", "get", folder / "nvs.bin", space, row["key"])
        check(got.rstrip("\n") == want, row["key"], "is", got)


def nvs_is_the_same_to_the_byte_both_ways(tools, folder):
    ours, theirs, again = (folder / f"{name}.bin" for name in ("ours", "theirs", "again"))
    aloft("nvs", "build", nvs_csv(folder), "-o", ours, "--size", "0x6000")
    generate(tools, folder / "nvs.csv", theirs)
    same(ours, theirs)
    aloft("nvs", "export", theirs, "-o", folder / "exported.csv")
    generate(tools, folder / "exported.csv", again)
    same(again, theirs)
    aloft("nvs", "build", folder / "exported.csv", "-o", again, "--size", "0x6000")
    same(again, theirs)


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
    main([named(claim, stock) for claim in (every_value_of_the_nvs_generator_is_read,
                                            nvs_is_the_same_to_the_byte_both_ways,
                                            tables_are_the_same_to_the_byte_both_ways,
                                            each_follows_the_slot_that_the_other_selected)])
