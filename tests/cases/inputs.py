"""Inputs of our own making for cases_test.py: what strangers' files, flashes and servers are, each
made when it is asked for. A maker gets the folder and gives the path, or the bytes."""
import os
import pathlib
import struct
import sys
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from bench import *

APP_PLACE = {0: 0x3F400020, 5: 0x3C000020, 13: 0x42000020, 18: 0x40000020, 28: 0x42000020}
MERGED_AT = {0: 0x1000, 5: 0x0, 13: 0x0, 18: 0x2000}


def put(path, data):
    path.write_bytes(data)
    return path


def image(chip=0, speed_size=0x20, addr=None, segments=1, magic=0xE9):
    """The smallest image of one segment for a chip, without a SHA-256."""
    addr = APP_PLACE[chip] if addr is None else addr
    out = struct.pack("<BBBBI", magic, segments, 2, speed_size, 0) + b"\xEE\0\0\0"
    out = (out + struct.pack("<H", chip)).ljust(24, b"\0") + struct.pack("<II", addr, 4) + b"code"
    checksum = 0xEF
    for byte in b"code":
        checksum ^= byte
    return out.ljust(47, b"\0") + bytes([checksum])


def two_ota():
    return (IMAGES / "partitions-two_ota.bin").read_bytes()


def merged(folder, chip, length=None):
    """Bootloader, table and factory app of a chip in one file, from 0 on."""
    out = bytearray(b"\xFF" * 0x10000) + image(chip)
    boot = image(chip, addr={0: 0x40078000, 5: 0x403CE710, 13: 0x40875720, 18: 0x4FF00000}[chip])
    out[MERGED_AT[chip]:MERGED_AT[chip] + len(boot)] = boot
    out[0x8000:0x8C00] = two_ota()
    return put(folder / "merged.bin", bytes(out).ljust(length or len(out), b"\xFF"))


def csv(folder, text):
    return put(folder / "t.csv", text.encode())


def flash(folder, *records, slots=None):
    """A board of two slots with good apps, but for what `slots` says of an address."""
    path = Board(folder / "f").create(IMAGES / "hello_world.bin").flash
    app_bytes = (IMAGES / "hello_world.bin").read_bytes()
    with open(path, "r+b") as file:
        for addr in (OTA_0, OTA_1):
            file.seek(addr)
            file.write((slots or {}).get(addr, app_bytes))
        for i, data in enumerate(records):
            file.seek(OTADATA + 0x1000 * i)
            file.write(data)
    return path


def rotten():
    data = bytearray((IMAGES / "hello_world.bin").read_bytes())
    data[5000] ^= 1
    return bytes(data)


def nvs_entry(space, kind, span, chunk, key, data):
    head = struct.pack("<BBBB", space, kind, span, chunk)
    body = key.encode().ljust(16, b"\0") + data
    return head + struct.pack("<I", zlib.crc32(head + body, 0xFFFFFFFF)) + body


def nvs_page(values, seq=0):
    """One page with a namespace "own" and numbers; as esp-idf-nvs-partition-gen makes it."""
    entries = [nvs_entry(0, 0x01, 1, 0xFF, "own", b"\1".ljust(8, b"\xFF"))]
    entries += [nvs_entry(1, 0x04, 1, 0xFF, key, struct.pack("<I", number).ljust(8, b"\xFF"))
                for key, number in values]
    head = struct.pack("<IB", seq, 0xFE) + b"\xFF" * 19
    bits = bytearray(b"\xFF" * 32)
    for i in range(len(entries)):
        bits[i // 4] &= ~(1 << i % 4 * 2)
    page = struct.pack("<I", 0xFFFFFFFE) + head + struct.pack("<I", zlib.crc32(head, 0xFFFFFFFF))
    return (page + bytes(bits) + b"".join(entries)).ljust(4096, b"\xFF")


def nvs(folder, pages, edit=None):
    data = bytearray(nvs_page([("a", 1), ("b", 2)]) + b"\xFF" * 4096 * (pages - 1))
    for at, value in (edit or {}).items():
        data[at] = value
    return put(folder / "nvs.bin", bytes(data))


def private_key(folder, form):
    path = folder / f"key.{form}"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-outform", form, "-out", path], check=True,
                   stderr=subprocess.DEVNULL)
    path.chmod(0o600)
    return path


def board_with_efuses(folder, data):
    path = flash(folder)
    put(path.with_name("f.efuse"), data)
    return path


def pipe(folder):
    os.mkfifo(folder / "pipe")
    return folder / "pipe"
