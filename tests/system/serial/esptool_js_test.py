#!/usr/bin/env python3
"""The flasher of web pages, esptool-js, unchanged and in Node, flashes the virtual board through
its serial port: stub, speed, erase, write, MD5, read back, reset by the modem lines. Its packages
come from npm, into build/node, by `./dev setup`."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

SOURCE = pathlib.Path(__file__).resolve().parent / "esptool_js"
PACKAGES = ROOT / "build" / "node" / "esptool_js"
SEEN_AT_LAST = "Running hello_world version from-the-web from factory"


def flash(port, files, *options):
    """Runs the flasher; what it says."""
    words = [word for addr, path in files for word in (hex(addr), str(path))]
    done = subprocess.run(
        ["node", SOURCE / "flash.mjs", *options, "--modules", PACKAGES, "--port", port, "--until",
         SEEN_AT_LAST, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", timeout=900)
    check(done.returncode == 0, "flash.mjs returned", done.returncode, "and said:\n" + done.stdout)
    return done.stdout


class SerialBoard(Board):
    """A board of erased flash, running, with a serial port; all but `marker` is FF."""

    MARKER_AT = 0x300000

    def __init__(self, folder):
        super().__init__(folder / "flash")
        aloft("board", "create", self.flash, "--size", "4MB")
        self.patch(self.MARKER_AT, b"marker")
        self.process = self.start("--fast", "--serial", "rfc2217:0")
        line = self.process.stderr.readline()
        check(line.startswith("aloft: serial port: rfc2217://"), "no serial port:", line)
        self.port = line.split()[-1]

    def stop(self):
        """Ends the run; what the console showed."""
        self.process.terminate()
        return self.process.communicate(timeout=120)[0]


def files_to_flash(folder):
    """Bootloader, table, and an app large enough for many blocks, each with its address."""
    program = padded(folder / "padded", BIN / "apps" / "hello_world", 200 << 10)
    hello = folder / "hello.bin"
    aloft("image", "build", program, "-o", hello, "--project", "hello_world",
          "--version", "from-the-web")
    return [(0x1000, IMAGES / "bootloader.bin"), (0x8000, IMAGES / "partitions-two_ota.bin"),
            (FACTORY, hello)]


def flashed(folder, files, marker, *options):
    board = SerialBoard(folder)
    try:
        said = flash(board.port, files, *options)
    finally:
        console = board.stop()
    want = bytearray(b"\xFF" * FLASH_LEN)
    want[board.MARKER_AT:board.MARKER_AT + len(marker)] = marker
    for addr, path in files:
        want[addr:addr + path.stat().st_size] = path.read_bytes()
    check(board.bytes() == want, "the flash is not as it should be after:\n" + said)
    check(SEEN_AT_LAST in console, "the board's own console ends differently:\n" + console)
    return said


def esptool_js_flashes_an_erased_board_through_its_stub(folder):
    said = flashed(folder, files_to_flash(folder), b"", "--baud", "921600")
    for step in ("Stub running...", "Changing baudrate to 921600", "Chip erase completed",
                 "Hash of data verified", "Hard resetting via RTS pin"):
        check(step in said, "did not say", repr(step), "but:\n" + said)


def esptool_js_flashes_an_erased_board_through_the_rom(folder):
    said = flashed(folder, files_to_flash(folder), b"marker", "--rom")
    check("stub" not in said.lower(), "a stub came into it:\n" + said)


if __name__ == "__main__":
    node_packages(SOURCE.name)
    main([esptool_js_flashes_an_erased_board_through_its_stub,
          esptool_js_flashes_an_erased_board_through_the_rom])
