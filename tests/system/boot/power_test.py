#!/usr/bin/env python3
"""The power supply: what starts and stops a board, and that nothing outlives it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *


def hello_board(folder, **settings):
    hello = app(folder / "hello.bin", "hello_world", **settings)
    return Board(folder / "flash").create(hello)


def nothing_outlives_its_board(folder):
    board = hello_board(folder)
    for number in [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL]:
        process = board.start()
        read_until(process, "Hello world!")
        chips = children(process.pid)
        check(len(chips) == 1, "not one child:", chips)
        process.send_signal(number)
        process.wait(60)
        check(gone(chips[0]), "the chip outlived", number.name)
        expected = -9 if number == signal.SIGKILL else POWER_CUT
        check(process.returncode == expected, number.name, process.returncode)


def the_chip_finds_only_what_it_was_given(folder):
    board = hello_board(folder)
    process = board.start()
    read_until(process, "Hello world!")
    chip = pathlib.Path(f"/proc/{children(process.pid)[0]}")
    check((chip / "environ").read_bytes() == b"", "the environment came through")
    fds = sorted(int(fd.name) for fd in (chip / "fd").iterdir())
    check(fds == [0, 1, 2, 3, 4, 5, 6, 7], fds)
    exe = os.readlink(chip / "exe")
    check("memfd" in exe, "the app runs from", exe)
    process.terminate()
    process.wait(60)


def a_flash_file_has_one_board(folder):
    board = hello_board(folder)
    process = board.start()
    read_until(process, "Hello world!")
    for command in (["run", board.flash], ["erase", board.flash],
                    ["write", board.flash, "0x1000", IMAGES / "bootloader.bin"],
                    ["create", board.flash, "--force"]):
        said = aloft("board", *command, code=FAILED)
        check(str(process.pid) in said, "who has it is not said:", said)
    check(board.image("factory")["good"], "info must work on a running board")
    process.terminate()
    process.wait(60)
    board.run("Hello world!", "--fast")


def power_cycle_pulls_the_power_of_the_running_board(folder):
    board = hello_board(folder)
    said = aloft("board", "power-cycle", board.flash, code=FAILED)
    check("no board runs on" in said, said)
    process = board.start()
    read_until(process, "Hello world!")
    aloft("board", "power-cycle", board.flash)
    console = read_until(process, "Hello world!")
    check("rst:0x1 (POWERON_RESET)" in console, console)
    process.terminate()
    _, errors = process.communicate(timeout=60)
    check("power off and on" in errors, errors)


def the_exit_status_says_what_happened(folder):
    board = hello_board(folder, countdown=1)
    board.run("Hello world!", "--fast", code=SEEN)
    board.run("never shown", timeout=0.5, code=NOT_SEEN)
    check("--timeout" in board.stderr, board.stderr)
    board.run("never shown", "--fast", "--resets", 0, code=NOT_SEEN)
    check("--resets" in board.stderr, board.stderr)
    aloft("board", "erase", board.flash)
    board.run("Hello", code=NOTHING)
    aloft("board", "run", folder / "none", code=FAILED)
    aloft("board", "run", code=2)
    aloft("board", "run", board.flash, "--cut", "x", code=2)


def the_text_is_found_across_writes_and_the_line_is_finished(folder):
    board = hello_board(folder)
    console = board.run("external flash\nRunning hello", "--fast")
    check(console.endswith("from factory\n"), console[-100:])


def a_cut_in_the_middle_of_any_operation_is_survived(folder):
    hello = app(folder / "hello.bin", "hello_world", "9")
    server = Server({"/x": http(200, hello.read_bytes())})
    demo = app(folder / "demo.bin", "ota_demo", url=server.url("/x"))
    fresh = Board(folder / "fresh").create(demo)
    board = Board(folder / "flash")
    last = 0
    for how, step in [("torn", 1), ("before", 7), ("after", 7)]:
        for at in range(1, 1000, step):
            board.copy_of(fresh)
            board.run("Confirmed: ota_0 stays", "--fast", "--cut", f"{at}:{how}", "--seed", at + 1,
                      code=None)
            if "as planned" not in board.stderr:
                last = max(last, at)
                break
            console = board.run("Confirmed: ota_0 stays", "--fast", "--seed", at + 1)
            check("Running hello_world version 9 from ota_0" in console, at, how, console)
    check(last > 95, "the update needs only", last, "operations")
    print(f"      {last} flash operations")


def write_checks_everything_before_it_touches_flash(folder):
    board = hello_board(folder)
    before = board.bytes()
    (folder / "a").write_bytes(b"a" * 5000)
    (folder / "empty").write_bytes(b"")
    for words in (["0x8000", folder / "a", "0x9000", folder / "a"],  # overlap in a sector
                  ["0x8001", folder / "a"], ["0x3ff000", folder / "a"], ["0x400000", folder / "a"],
                  ["-1", folder / "a"], ["x", folder / "a"], ["0x8000", folder / "none"],
                  ["0x20000", folder / "a", "0x8000", folder / "empty"]):
        said = aloft("board", "write", board.flash, *words, code=None)
        check(said.startswith("aloft: "), said)
        check(board.bytes() == before, "flash was changed by", words)
    aloft("board", "write", board.flash, "0x8000", folder / "a", "0x30000", code=2)
    aloft("board", "write", board.flash, "0x200000", folder / "a")
    expected = before[:0x200000] + b"a" * 5000 + b"\xFF" * (0x2000 - 5000) + before[0x202000:]
    check(board.bytes() == expected, "write wrote something else")


def create_does_not_overwrite(folder):
    flash = folder / "flash"
    aloft("board", "create", flash, "--size", "1MB")
    check(flash.read_bytes() == b"\xFF" * (1 << 20), "not an erased chip")
    flash.write_bytes(b"precious")
    aloft("board", "create", flash, code=FAILED)
    check(flash.read_bytes() == b"precious", "it was overwritten")
    aloft("board", "create", flash, "--force")
    check(flash.read_bytes() == b"\xFF" * (4 << 20), "not an erased chip")
    aloft("board", "create", folder / "odd", "--size", "3MB", code=2)


if __name__ == "__main__":
    main([a_cut_in_the_middle_of_any_operation_is_survived, nothing_outlives_its_board,
          the_chip_finds_only_what_it_was_given, a_flash_file_has_one_board,
          power_cycle_pulls_the_power_of_the_running_board, the_exit_status_says_what_happened,
          the_text_is_found_across_writes_and_the_line_is_finished,
          write_checks_everything_before_it_touches_flash, create_does_not_overwrite])
