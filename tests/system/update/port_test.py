#!/usr/bin/env python3
"""What ports/port.h promises to apps, seen from the console of an app made for this."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *


def probe_board(folder, **settings):
    sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    program = BIN / "tests" / "system" / "probe_app"
    aloft("image", "build", program, "-o", folder / "probe.bin", *sets)
    return Board(folder / "flash").create(folder / "probe.bin")


def shutdown_hooks_run_last_registered_first_and_are_at_most_eight(folder):
    console = probe_board(folder, probe="hooks").run("rst:0xc (SW_CPU_RESET)", "--fast")
    check("8 hooks, then ARG\n" + 7 * "hook 2\n" + "hook 1\nets Jun" in console, console)
    check("reset reason 0" in console, console)


def a_hook_that_hangs_is_reset_by_the_watchdog_at_the_deadline(folder):
    board = probe_board(folder, probe="slow_hook")
    start = time.monotonic()
    console = board.run("reset reason 3", "--fast")
    check("slow hook" in console and "rst:0x10" in console, console)
    check(time.monotonic() - start > 1.0, "the hook had not its time")


def an_app_that_returns_idles_with_its_watchdog_fed(folder):
    board = probe_board(folder)
    console = board.run("rst:0x10", "--fast", timeout=12, code=NOT_SEEN)
    check(console.endswith("idle\n"), console)


def settings_of_any_length_come_through_flash(folder):
    for length in [0, 1, 200, 511]:
        one = folder / str(length)
        one.mkdir()
        console = probe_board(one, long="x" * length).run("idle", "--fast")
        check(f"long setting {length}\n" in console, console)


def wifi_that_is_down_is_reported_in_time(folder):
    console = probe_board(folder, probe="wifi", wifi_down=1).run("joined: 0", "--fast")
    check("sta ip" not in console, console)


def a_board_whose_reader_pauses_is_not_reset_by_its_watchdog(folder):
    process = probe_board(folder, probe="flood").start("--fast", "--until", "idle")
    time.sleep(11)  # the pipes are full, the chip waits, and its watchdog would bite after 10 s
    console, errors = process.communicate(timeout=60)
    check(process.returncode == SEEN and console.count("rst:") == 1, errors)
    check(errors == "", errors)


if __name__ == "__main__":
    main([an_app_that_returns_idles_with_its_watchdog_fed,
          a_board_whose_reader_pauses_is_not_reset_by_its_watchdog,
          shutdown_hooks_run_last_registered_first_and_are_at_most_eight,
          a_hook_that_hangs_is_reset_by_the_watchdog_at_the_deadline,
          settings_of_any_length_come_through_flash, wifi_that_is_down_is_reported_in_time])
