#!/usr/bin/env python3
"""The plug is pulled during the demo, in real time: COUNT times (50), spread over download, finish,
otadata and trial boot. After each the board boots, completes the update, and nothing else in its
flash has changed. Usage: plug_test.py [COUNT [SEED]]"""
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

if not all(word.isdigit() for word in sys.argv[1:]) or len(sys.argv) > 3:
    sys.exit("plug: COUNT and SEED are numbers; usage: ./dev plug [COUNT] [SEED]")
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 50
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 1

# Bytes behind the program in the image, so that finishing takes long enough to be hit.
PADDING = 160 << 10

# Where to aim: the console text to wait for, how often it must have come, and the longest wait
# after it, in seconds; the phase lasts about so long.
AIMS = [
    ("download", "esp_ota_begin succeeded", (1, 1), 0.500),
    ("download", "Have written image length", (1, 180), 0.003),
    ("finish", "Connection closed, all packets received", (1, 1), 0.008),
    ("otadata", "esp_ota_end succeeded", (1, 1), 0.060),
    ("trial", "rst:0xc (SW_CPU_RESET)", (1, 1), 0.090),
]

# What was really hit: the last of these that the console showed.
MARKS = [("boot", "rst:0x1"), ("download", "esp_ota_begin succeeded"),
         ("finish", "Connection closed, all packets received"),
         ("otadata", "esp_ota_end succeeded"), ("handover", "otadata switched"),
         ("trial", "rst:0xc"), ("after", "Confirmed: ota_0 stays")]
NEEDED = ["download", "finish", "otadata", "trial"]
DONE = "Confirmed: ota_0 stays"


def phase_of(console):
    return [name for name, text in MARKS if text in console][-1]


def pull(board, how, aim, rng):
    """Runs the board, pulls the plug, and says which phase was hit."""
    _, text, (low, high), longest = aim
    process = board.start("--seed", rng.randrange(1, 1 << 30), "--timeout", 240, "--until",
                          DONE if how == signal.SIGUSR1 else "never shown")
    console = read_until(process, "rst:0x1")
    chips = children(process.pid)  # now, as it takes longer than the shortest phase
    console += read_until(process, text, rng.randint(low, high))
    time.sleep(rng.random() * longest)
    process.send_signal(how)
    rest, errors = process.communicate(timeout=300)
    for chip in chips:
        check(gone(chip), "process", chip, "outlived its board")
    expected = {signal.SIGTERM: POWER_CUT, signal.SIGKILL: -9, signal.SIGUSR1: SEEN}[how]
    check(process.returncode == expected, how.name, process.returncode, console, rest, errors)
    if how == signal.SIGUSR1 and "rst:0x1" in rest:
        rest = rest[:rest.index("rst:0x1")]
    return phase_of(console + rest), "in the middle of" in errors


def one_round(folder, fresh, number, aim):
    rng = random.Random(SEED * 100000 + number)
    how = [signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1][number // len(AIMS) % 3]
    board = Board(folder / f"flash{number}").copy_of(fresh)
    about = f"round {number}, seed {SEED}, {how.name}, aimed at {aim[0]}:"
    try:
        phase, torn = pull(board, how, aim, rng)
        console = board.run("Restarting in ")
        check("Running hello_world version plug from ota_0" in console, console)
        check(board.image("ota_0")["good"], board.info())
        check(board.info()["boots"] == "ota_0", board.info())
        before, after = fresh.bytes(), board.bytes()
        for start, end in ((0, OTADATA), (OTADATA + 0x2000, OTA_0), (OTA_1, FLASH_LEN)):
            check(before[start:end] == after[start:end], "flash was changed from", hex(start))
    except Exception as error:
        raise AssertionError(f"{about} {error}") from error
    board.flash.unlink()
    return phase, torn


def the_board_survives_the_plug(folder):
    program = padded(folder / "padded", BIN / "apps/hello_world", PADDING, SEED)
    hello = build(folder / "hello.bin", program, "plug", project_name="hello_world")
    server = Server({"/x": http(200, hello.read_bytes())})
    demo = app(folder / "demo.bin", "ota_demo", url=server.url("/x"))
    fresh = Board(folder / "fresh").create(demo)
    hits = {name: 0 for name, _ in MARKS}
    torn = 0

    def rounds(numbers, aims):
        nonlocal torn
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(one_round, folder, fresh, n, aims[n % len(aims)]) for n in numbers]
            for job in jobs:
                phase, was_torn = job.result()
                hits[phase] += 1
                torn += was_torn

    rounds(range(COUNT), AIMS)
    # On a busy machine the pull comes late and misses short phases; then they are aimed at again.
    total = COUNT
    for _ in range(10):
        missed = [aim for aim in AIMS if hits[aim[0]] < max(COUNT // 20, 1)]
        if missed:
            rounds(range(total, total + 10), missed)
            total += 10
    print(f"{total} times: " + ", ".join(f"{name} {n}" for name, n in hits.items() if n > 0) +
          f"; {torn} in the middle of a flash operation")
    for name in NEEDED:
        check(hits[name] > 0, name, "was never hit:", hits)


if __name__ == "__main__":
    main([the_board_survives_the_plug])
