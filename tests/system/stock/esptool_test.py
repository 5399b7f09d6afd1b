#!/usr/bin/env python3
"""esptool, the last version 4 and the newest 5, unchanged: each flashes, verifies, reads and erases
a board over each kind of serial port, and reads the images of this tree. Over RFC 2217 a command
takes 20 s, nearly all of them in pyserial's sleep(); so each one has a board of its own."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *
from serial_ends import Running

HELLO, BOOTLOADER = IMAGES / "hello_world.bin", IMAGES / "bootloader.bin"
TABLE = IMAGES / "partitions-two_ota.bin"
FLASHED = ((0x1000, BOOTLOADER), (0x8000, TABLE), (FACTORY, HELLO))
ERASED, KEPT = 0x300000, 0x301000  # two marks in flash
BLANK = b"\xFF" * FLASH_LEN


def flash_image():
    image = bytearray(BLANK)
    for addr, path in FLASHED:
        image[addr:addr + path.stat().st_size] = path.read_bytes()
    for addr in (ERASED, KEPT):
        image[addr:addr + 4] = b"mark"
    return image


class Wired(Running):
    """A running board, and esptool at one of its serial ends."""

    def __init__(self, tools, kind, folder):
        super().__init__(folder, "--fast")
        self.tools, self.kind = tools, kind

    def esptool(self, *words):
        port = {"pty": self.link, "tcp": self.tcp, "rfc2217": self.rfc2217}[self.kind]
        return self.tools("esptool", "--chip", "esp32", "--port", port, *words)


def flashes(wired, _):
    pieces = [word for addr, path in FLASHED for word in (hex(addr), path)]
    said = wired.esptool("write_flash", *pieces)
    check(said.count("Hash of data verified") == len(FLASHED), said)
    wired.followed.see("Running hello_world version 1.0.0 from factory")
    check(wired.bytes() == flash_image(), "the flash is not as it should be")


def verifies(wired, _):
    """Without a stub: the ROM's loader alone, which then goes on waiting."""
    said = wired.esptool("--no-stub", "verify_flash", hex(FACTORY), HELLO)
    check("Running stub" not in said and "digest matched" in said, said)


def reads(wired, folder):
    wired.esptool("read_flash", "0x8000", hex(TABLE.stat().st_size), folder / "read.bin")
    check((folder / "read.bin").read_bytes() == TABLE.read_bytes(), "read other bytes")


def erases_a_sector(wired, _):
    wired.esptool("erase_region", hex(ERASED), "0x1000")
    want = flash_image()
    want[ERASED:ERASED + 4] = BLANK[:4]
    check(wired.bytes() == want, "the flash is not as it should be")


def erases_all(wired, _):
    wired.esptool("erase_flash")
    check(wired.bytes() == BLANK, "the flash is not erased")


def does(tools, claim, _, kind, folder):
    flash = flash_image()
    if claim == "flashes":
        flash[:ERASED] = BLANK[:ERASED]
    (folder / "flash").write_bytes(flash)
    with Wired(tools, kind, folder) as wired:
        CLAIMS[claim](wired, folder)


def has_the_chip_encrypt_what_it_writes(tools, folder):
    """Plain files, and a key that only the chip has. Newer esptools ask for it by a word of
    FLASH_BEGIN; the board ignored it and wrote plain text."""
    aloft("board", "create", folder / "flash", "--encrypted")
    with Wired(tools, "tcp", folder) as wired:
        pieces = [word for addr, path in FLASHED for word in (hex(addr), path)]
        wired.esptool("write_flash", "--encrypt", "--no-compress", *pieces)
        wired.followed.see("Running hello_world version 1.0.0 from factory", seconds=60)
    check(wired.part("factory").startswith(HELLO.read_bytes()), "the flash is not as it should be")


def reads_our_images(tools, _):
    whole = [] if tools.new else ["--version", "2"]
    for image, name in ((HELLO, "hello_world"), (IMAGES / "idf_ota_v3.bin", ""),
                        (BOOTLOADER, None)):
        said = tools("esptool", "image_info", *whole, image)
        check("Chip ID: 0 (ESP32)" in said and said.count("(valid)") == 2, said)
        check(name is None or f"Project name: {name}" in said, said)


CLAIMS = {claim.__name__: claim
          for claim in (flashes, verifies, reads, erases_a_sector, erases_all)}

if __name__ == "__main__":
    both = [Stock("esptool4"), Stock("esptool5")]
    slow_first = [named(does, tools, claim, "over", kind) for kind in ("rfc2217", "tcp", "pty")
                  for tools in both for claim in CLAIMS]
    main(slow_first + [named(test, tools) for tools in both for test in
                       (has_the_chip_encrypt_what_it_writes, reads_our_images)], workers=12)
