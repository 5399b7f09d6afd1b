#!/usr/bin/env python3
"""A board whose flash is encrypted: what lies in its file, what tool and cable read and write, and
power cuts. rollback, ways, plug and secure_boot run on such boards, too (ALOFT_ENCRYPTED)."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

KEY = bytes((i * 29 + 3) & 0xFF for i in range(32))
RUNS = [14 - run // 4 * 2 if run % 4 == 3 else 23 for run in range(16)]


def text_of(cells, addr):
    """The text of 32 bytes of cells, by openssl's AES and not by our code."""
    key, at = bytearray(KEY), 0
    for top in RUNS:
        for bit in range(top, 4, -1):
            key[at // 8] ^= (addr >> bit & 1) << (7 - at % 8)
            at += 1
    done = subprocess.run(["openssl", "enc", "-aes-256-ecb", "-nopad", "-K", key.hex()],
                          input=cells[15::-1] + cells[:15:-1], stdout=subprocess.PIPE, check=True)
    return done.stdout[15::-1] + done.stdout[:15:-1]


def encrypted_board(folder, factory):
    (folder / "key").write_bytes(KEY)
    board = Board(folder / "flash")
    aloft("board", "create", board.flash, "--encrypted", "--key", folder / "key")
    aloft("board", "write", board.flash, "0x1000", IMAGES / "bootloader.bin", "0x8000",
          IMAGES / "partitions-two_ota.bin", hex(FACTORY), factory)
    return board


def the_file_is_ciphertext_and_decrypts_to_what_was_written(folder):
    hello = app(folder / "hello.bin", "hello_world")
    board = encrypted_board(folder, hello)
    cells = board.bytes()
    for addr, path in [(0x1000, IMAGES / "bootloader.bin"), (FACTORY, hello),
                       (0x8000, IMAGES / "partitions-two_ota.bin")]:
        plain = path.read_bytes()
        blocks = {plain[i:i + 16] for i in range(0, 512, 16)} - {b"\xFF" * 16, b"\0" * 16}
        check(not any(block in cells for block in blocks), "plain text in the file")
        for off in (0, 32, len(plain) // 64 * 32):
            want = plain[off:off + 32].ljust(32, b"\xFF")
            at = addr + off
            check(text_of(cells[at:at + 32], at) == want, "another cipher at", hex(at))
    aloft("parts", "read", board.flash, "factory", "-o", folder / "read.bin")
    check((folder / "read.bin").read_bytes().startswith(hello.read_bytes()), "parts read")
    check(board.info()["encrypted"] and board.image("factory")["good"], board.info())
    check(board.image("ota_0")["error"] is not None, "an empty slot holds an image")
    board.run("Hello world!", "--fast")


def an_update_is_encrypted_and_nvs_stays_plain(folder):
    hello = app(folder / "hello.bin", "hello_world", "2")
    server = Server({"/x": http(200, hello.read_bytes())})
    board = encrypted_board(folder, app(folder / "demo.bin", "ota_demo", url=server.url("/x")))
    aloft("nvs", "set", board.flash, "aloft", "mark", "a-plain-value")
    check(b"a-plain-value" in board.bytes()[0x9000:0xD000], "NVS is no longer plain")
    board.run("Confirmed: ota_0 stays", "--fast")
    cells = board.bytes()[OTA_0:OTA_0 + 0x10000]
    check(b"hello_world" not in cells and hello.read_bytes()[:16] not in cells, "plain in the slot")
    check(board.info()["boots"] == "ota_0" and board.info()["otadata"][0]["state"] == "VALID",
          board.info())
    check("a-plain-value" in aloft("nvs", "show", board.flash), "NVS is lost")


def cuts_all_over_an_update_leave_a_board_that_boots(folder):
    hello = app(folder / "hello.bin", "hello_world", "2")
    server = Server({"/x": http(200, hello.read_bytes())})
    first = encrypted_board(folder, app(folder / "demo.bin", "ota_demo", url=server.url("/x")))
    efuse = pathlib.Path(f"{first.flash}.efuse").read_bytes()
    origin = first.bytes()
    done = first.run("Confirmed: ota_0 stays", "--fast")
    check("Running hello_world version 2 from ota_0" in done, done)
    board = Board(folder / "cut")
    pathlib.Path(f"{board.flash}.efuse").write_bytes(efuse)
    hit = 0
    for at in [1, 2, 20, *range(225, 265)]:
        board.flash.write_bytes(origin)
        board.run("Confirmed: ota_0 stays", "--fast", "--cut", f"{at}:torn", "--seed", at,
                  code=None)
        console = board.run("Confirmed: ota_0 stays", "--fast")
        hit += "from ota_0" in console
        check(board.info()["boots"] == "ota_0", at, board.info())
    check(hit == 43, hit)


def power_up(board):
    """The board, and the options that lead to it."""
    port = free_port()
    process = board.start("--serial", f"tcp:{port}", "--fast")
    for line in process.stderr:
        if "socket://" in line:
            break
    return process, ["--port", f"socket://127.0.0.1:{port}"]


def verify_tells_text_from_ciphertext(folder, hello, pieces, line):
    """verify-flash had no --flash-key, so a good board always differed."""
    key = ["--flash-key", folder / "key"]
    said = aloft("verify-flash", *pieces, *line, *key)
    check(said.count(": same") == 3, said)
    said = aloft("verify-flash", *pieces, *line, code=1)
    check(said.count("differs") == 3 and "flash encryption is on" in said, said)
    odd, changed = folder / "odd.bin", bytearray(hello.read_bytes()[:0x2345])
    odd.write_bytes(changed)
    check(": same" in aloft("verify-flash", hex(FACTORY), odd, *line, *key), "a part of a unit")
    for at, sector in ((0x1234, FACTORY + 0x1000), (0x2344, FACTORY + 0x2000)):
        odd.write_bytes(changed[:at] + bytes([changed[at] ^ 1]) + changed[at + 1:])
        said = aloft("verify-flash", hex(FACTORY), odd, *line, *key, code=1)
        check(f"differs, first in the sector at {sector:#x}" in said, said)
    check("not the start" in aloft("verify-flash", "0x10004", odd, *line, *key, code=1), said)


def a_dump_without_its_efuses_is_told_from_a_board_without_a_table(folder):
    """All tools said "flash a table first", or that nothing was flashed."""
    dump = folder / "dump"
    dump.write_bytes(encrypted_board(folder, app(folder / "hello.bin", "hello_world")).bytes())
    for words in (["board", "info"], ["otadata", "show"], ["parts", "show"], ["image", "info"],
                  ["nvs", "show"]):
        said = aloft(*words, dump, code=None)
        check("looks like encrypted flash" in said, words, said)
    dump.write_bytes(b"\xFF" * 0x400000)
    check("encrypted" not in aloft("otadata", "show", dump, code=1), "erased is not encrypted")


def a_cable_writes_and_reads_with_the_key_and_not_without(folder):
    hello = app(folder / "hello.bin", "hello_world")
    (folder / "key").write_bytes(KEY)
    board = Board(folder / "flash")
    aloft("board", "create", board.flash, "--encrypted", "--key", folder / "key")
    process, line = power_up(board)
    try:
        pieces = ["0x1000", IMAGES / "bootloader.bin", "0x8000",
                  IMAGES / "partitions-two_ota.bin", hex(FACTORY), hello]
        told = aloft("flash", *pieces, *line, code=1)
        check("flash encryption is on" in told and "--flash-key" in told, told)
        aloft("encrypted-flash", *pieces, *line, "--flash-key", folder / "key")
        aloft("read-flash", hex(FACTORY), hex(hello.stat().st_size), "-o", folder / "read.bin",
              *line, "--flash-key", folder / "key")
        check((folder / "read.bin").read_bytes() == hello.read_bytes(), "read back")
        aloft("read-flash", hex(FACTORY), "0x100", "-o", folder / "cells.bin", *line)
        check((folder / "cells.bin").read_bytes() != hello.read_bytes()[:256], "not cells")
        verify_tells_text_from_ciphertext(folder, hello, pieces, line)
    finally:
        process.terminate()
        process.communicate()
    board.run("Hello world!", "--fast")
    plain = Board(folder / "plain").create(hello)
    process, line = power_up(plain)
    try:
        told = aloft("flash", hex(FACTORY), hello, *line, "--flash-key", folder / "key", code=1)
        check("flash encryption is off" in told, told)
    finally:
        process.terminate()
        process.communicate()


if __name__ == "__main__":
    main([the_file_is_ciphertext_and_decrypts_to_what_was_written,
          an_update_is_encrypted_and_nvs_stays_plain,
          cuts_all_over_an_update_leave_a_board_that_boots,
          a_dump_without_its_efuses_is_told_from_a_board_without_a_table,
          a_cable_writes_and_reads_with_the_key_and_not_without])
