#!/usr/bin/env python3
"""The serial port gives text and the loader's answers in the order in which the chip sent them."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

SYNC, FLASH_BEGIN, FLASH_END = 0x08, 0x02, 0x04
SYNC_VALUE = 0x20120707
LOADER, BOOT = b"waiting for download\r\n", b"ets Jun  8 2016"
ROUNDS = 20  # their console fits into a pipe that is not read


def request(op, *words):
    payload = struct.pack(f"<{len(words)}I", *words)
    return b"\xC0" + struct.pack("<BBHI", 0, op, len(payload), 0) + payload + b"\xC0"


SYNC_REQUEST = request(SYNC, 0x20120707, *8 * [0x55555555])


def answer(op, value=0):
    return b"\xC0" + struct.pack("<BBHI", 1, op, 4, value) + bytes(4) + b"\xC0"


def read_until(wire, end, seen=b""):
    while end not in seen:
        piece = wire.recv(4096)
        check(piece, "the port closed after", seen)
        seen += piece
    at = seen.index(end) + len(end)
    return seen[:at], seen[at:]


def answers_and_text_keep_their_order(folder):
    # esptool --no-stub --after soft_reset said "Invalid head of packet (0x65)" in half of its runs:
    # the first letter of the boot text had overtaken the answer to FLASH_END.
    board = Board(folder / "flash").create(app(folder / "hello.bin", "hello_world"))
    process = board.start("--fast", "--serial", "tcp:0")
    port = int(process.stderr.readline().rsplit(":", 1)[1])
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=120) as wire:
            for number in range(ROUNDS):
                wire.sendall(SYNC_REQUEST)  # resets the chip into its loader, which answers it
                seen, rest = read_until(wire, 8 * answer(SYNC, SYNC_VALUE))
                check(seen.endswith(LOADER + 8 * answer(SYNC, SYNC_VALUE)), "round", number, seen)
                wire.sendall(request(FLASH_BEGIN, 0, 0, 0x400, 0))
                seen, rest = read_until(wire, answer(FLASH_BEGIN), rest)
                wire.sendall(request(FLASH_END, 1))
                seen, rest = read_until(wire, BOOT, rest)
                check(seen.startswith(answer(FLASH_END)), "round", number, "text first:", seen)
                read_until(wire, b"Hello world!", rest)
    finally:
        process.terminate()
        process.communicate(timeout=120)


if __name__ == "__main__":
    main([answers_and_text_keep_their_order])
