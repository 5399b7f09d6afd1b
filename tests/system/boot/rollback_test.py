#!/usr/bin/env python3
"""New apps that do not prove themselves are rolled back; a board that hangs or crashes resets."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *


def updated_board(folder, **settings):
    """A board whose factory app has just installed a hello_world with these settings."""
    hello = app(folder / "hello.bin", "hello_world", "2", **settings)
    server = Server({"/x": http(200, hello.read_bytes())})
    demo = app(folder / "demo.bin", "ota_demo", "1", url=server.url("/x"))
    board = Board(folder / "flash").create(demo)
    board.run("otadata switched", "--fast", "--resets", 0)  # its trial has not begun
    server.close()  # after the rollback there is nothing more to fetch
    return board


def rolls_back(board, *args):
    console = board.run("Update failed: NET_REFUSED", "--fast", *args)
    check("trial was not confirmed, rolling back" in console, console)
    states = [r and r["state"] for r in board.info()["otadata"]]
    check("ABORTED" in states and "VALID" not in states, states)
    check(board.info()["boots"] == "factory", board.info())
    return console


def an_app_that_crashes_at_start_is_rolled_back(folder):
    console = rolls_back(updated_board(folder, crash="start"))
    check("Guru Meditation Error: Core  0 panic'ed (IllegalInstruction)" in console, console)
    check("Rebooting..." in console and "Hello world!" not in console, console)


def an_app_that_never_confirms_is_rolled_back_at_its_next_reset(folder):
    console = rolls_back(updated_board(folder, confirm="never", countdown=1))
    check("Hello world!" in console and "Confirmed" not in console, console)


def an_app_that_hangs_is_reset_by_the_watchdog_and_rolled_back(folder):
    board = updated_board(folder, hang="start")
    console = rolls_back(board)
    check("rst:0x10 (RTCWDT_RTC_RESET)" in console, console)
    check("watchdog" in board.stderr, board.stderr)


def a_power_cut_on_trial_is_a_failed_trial(folder):
    board = updated_board(folder, confirm="never")
    board.run("Hello world!", "--fast")
    rolls_back(board)


def without_trials_an_app_stays_however_it_behaves(folder):
    board = updated_board(folder, confirm="never", countdown=1)
    console = board.run("Restarting now.", "--fast", "--no-trials")
    console = board.run("Restarting now.", "--fast", "--no-trials")
    check("Hello world!" in console and "rolling back" not in console, console)


def a_new_ota_demo_that_reaches_no_server_is_rolled_back_at_the_next_reset(folder):
    new = app(folder / "new.bin", "ota_demo", "2", url="http://127.0.0.1:1/x")
    server = Server({"/x": http(200, new.read_bytes())})
    demo = app(folder / "demo.bin", "ota_demo", "1", url=server.url("/x"))
    board = Board(folder / "flash").create(demo)
    console = board.run("NET_REFUSED", "--fast")
    check("App version:      2" in console and "Confirmed" not in console, console)
    console = board.run("esp_ota_begin succeeded", "--fast")
    check("rolling back" in console and "App version:      1" in console, console)


def an_app_on_trial_may_update_once_a_server_answered(folder):
    server = Server({})
    first = app(folder / "1.bin", "ota_demo", "1", url=server.url("/2"))
    second = app(folder / "2.bin", "ota_demo", "2", url=server.url("/3"), retry_s=1)
    server.answers["/2"] = http(200, second.read_bytes())
    board = Board(folder / "flash").create(first)
    console = board.run("HTTP_NOT_FOUND", "--fast")
    check("Confirmed: ota_0 stays" in console, console)  # a 404 is an answer, too
    check(board.info()["otadata"][0]["state"] == "VALID", board.info())


def a_crash_without_trial_restarts_the_app(folder):
    hello = app(folder / "hello.bin", "hello_world", crash="start")
    board = Board(folder / "flash").create(hello)
    console = board.run("never shown", "--fast", "--resets", 3, code=NOT_SEEN)
    check(console.count("Guru Meditation Error") == 4, console)
    check(console.count("rst:0x1 (POWERON_RESET)") == 1, console)
    check(console.count("rst:0xc (SW_CPU_RESET)") == 3, console)


if __name__ == "__main__":
    main([an_app_that_hangs_is_reset_by_the_watchdog_and_rolled_back,
          an_app_that_crashes_at_start_is_rolled_back,
          an_app_that_never_confirms_is_rolled_back_at_its_next_reset,
          a_power_cut_on_trial_is_a_failed_trial, without_trials_an_app_stays_however_it_behaves,
          a_new_ota_demo_that_reaches_no_server_is_rolled_back_at_the_next_reset,
          an_app_on_trial_may_update_once_a_server_answered,
          a_crash_without_trial_restarts_the_app])
