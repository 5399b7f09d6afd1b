#!/usr/bin/env python3
"""What `aloft board info` and `aloft otadata show` say that the next boot runs is what it runs: for
pairs of records in every state, with good, empty and rotten images, with and without factory."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

BLANK = b"\xFF" * 32
NEW, PENDING, VALID, INVALID, ABORTED, UNDEFINED = 0, 1, 2, 3, 4, 0xFFFFFFFF

# Of the two records: ESP-IDF's bootloader was asked for most of these, too.
PAIRS = [(BLANK, BLANK), (record(1, VALID), BLANK), (record(1, UNDEFINED), BLANK),
         (record(1, VALID, 0x12345678), BLANK), (record(1, VALID), record(2, VALID)),
         (record(1, VALID), record(2, NEW)), (record(1, VALID), record(2, PENDING)),
         (record(1, VALID), record(2, INVALID)), (record(1, VALID), record(2, ABORTED)),
         (record(3, VALID), record(2, VALID)), (record(3, VALID), record(4, VALID, 1)),
         (record(1, INVALID), record(2, ABORTED)), (record(1, VALID, 1), record(2, VALID, 1)),
         (record(1, NEW), BLANK), (record(1, PENDING), BLANK), (record(1, ABORTED), BLANK),
         (record(1, PENDING), record(2, PENDING)), (record(0, VALID), BLANK),
         (record(1, 5), BLANK), (record(2, NEW), record(1, PENDING)), (BLANK, record(2, VALID)),
         (record(1, VALID, 1), record(2, NEW)), (record(5, INVALID), record(4, VALID))]
GOOD, EMPTY, ROTTEN = "good", "empty", "rotten"
NAMES = {FACTORY: "factory", OTA_0: "ota_0", OTA_1: "ota_1"}


def put(board, addr, image, how):
    rotten = image[:5000] + bytes([image[5000] ^ 1]) + image[5001:]
    board.patch(addr, {GOOD: image, ROTTEN: rotten, EMPTY: b"\xFF" * len(image)}[how])


def ran(console):
    """The slot that a boot has loaded; None: it found nothing."""
    loaded = [name for addr, name in NAMES.items()
              if f"Loaded app from partition at offset {addr:#x}\n" in console]
    check(len(loaded) <= 1, console)
    return loaded[0] if loaded else None


def one(board, image, records, slots, trials):
    """Sets the flash up so, asks the tools, boots."""
    for addr, how in slots.items():
        put(board, addr, image, how)
    board.patch(OTADATA, b"".join(r.ljust(0x1000, b"\xFF") for r in records))
    options = [] if trials else ["--no-trials"]
    before = board.bytes()
    info = json.loads(aloft("board", "info", board.flash, "--json", *options, code=None))
    shown = json.loads(aloft("otadata", "show", board.flash, "--json", *options))
    check(board.bytes() == before, "the flash was changed by looking at it")
    console = board.run("Loaded app from partition", "--fast", "--resets", 0, *options, code=None)
    truth = ran(console)
    about = (records, slots, trials, info["why"], "\n" + console)
    check(shown["boots"] == truth, "otadata show:", shown["boots"], "ran:", truth, *about)
    check(info["boots"] == (truth or "none"), "board info:", info["boots"], "ran:", truth, *about)
    check(info["why"] == shown["why"], *about)
    check((shown["selected"] or "none") == info["selected"], *about)
    other = shown["selected"] not in (None, truth)
    check(not other or ", as " in info["why"], "no reason is given", *about)


def tables(folder):
    with_factory = IMAGES / "partitions-two_ota.bin"
    without = folder / "without.bin"
    without.write_bytes(table([("otadata", 1, 0, OTADATA, 0x2000),
                               ("ota_0", 0, 0x10, OTA_0, SLOT_LEN),
                               ("ota_1", 0, 0x11, OTA_1, SLOT_LEN)]))
    return with_factory, without


def every_pair_of_records(folder):
    image = (IMAGES / "hello_world.bin").read_bytes()
    for name, path in zip("fo", tables(folder)):
        board = Board(folder / name).create(IMAGES / "hello_world.bin", path)
        for pair in PAIRS:
            one(board, image, pair, {OTA_0: GOOD, OTA_1: GOOD}, True)


def images_that_do_not_boot(folder):
    image = (IMAGES / "hello_world.bin").read_bytes()
    dice = random.Random(21)
    for name, path in zip("fo", tables(folder)):
        board = Board(folder / name).create(IMAGES / "hello_world.bin", path)
        for _ in range(40):
            slots = {addr: dice.choice([GOOD, GOOD, EMPTY, ROTTEN]) for addr in NAMES
                     if addr != FACTORY or name == "f"}
            one(board, image, dice.choice(PAIRS), slots, dice.random() < 0.7)


if __name__ == "__main__":
    main([every_pair_of_records, images_that_do_not_boot])
