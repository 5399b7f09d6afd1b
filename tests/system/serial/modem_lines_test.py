#!/usr/bin/env python3
"""DTR and RTS work as on a development board, however slowly a host moves one after the other."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

DTR_ON, DTR_OFF, RTS_ON, RTS_OFF = 8, 9, 11, 12
APP, LOADER = "Hello world!", "waiting for download"
PYSERIAL_S = 0.05  # what pyserial waits for each answer of a server


class Host:
    """A client of RFC 2217 that does nothing but move lines, `gap` seconds apart."""

    def __init__(self, port, gap):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self.socket.sendall(b"\xFF\xFB\x2C")  # WILL COM_PORT
        self.gap = gap

    def lines(self, *controls):
        for control in controls:
            self.socket.sendall(bytes((0xFF, 0xFA, 44, 5, control, 0xFF, 0xF0)))
            time.sleep(self.gap)


class Console:
    """A running board's console, read as it comes."""

    def __init__(self, folder):
        self.board = Board(folder / "flash").create(app(folder / "hello.bin", "hello_world"))
        self.process = self.board.start("--fast", "--serial", "rfc2217:0")
        self.port = int(re.search(r":(\d+)$", self.process.stderr.readline().strip()).group(1))
        self.wait_for(APP)

    def wait_for(self, text):
        seen = ""
        while text not in seen:
            line = self.process.stdout.readline()
            check(line, "the console ended without", repr(text), "after\n" + seen)
            check(not ({APP, LOADER} - {text}) & {line.strip()}, "not", text, "but\n" + seen + line)
            seen += line

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=120)


def on_a_board(folder, gap, steps):
    """Each step is controls and what the console then shows."""
    console = Console(folder)
    try:
        host = Host(console.port, gap)
        for controls, text in steps:
            host.lines(*controls)
            console.wait_for(text)
    finally:
        console.stop()


# esptool's classic reset: EN low, then IO0 low with EN high, then nothing.
ENTER = (DTR_OFF, RTS_ON, DTR_ON, RTS_OFF, DTR_OFF)
LEAVE = (RTS_ON, RTS_OFF)


def lines_start_the_loader_and_the_app(folder):
    on_a_board(folder, 0, [(ENTER[:4], LOADER), ((DTR_OFF,) + LEAVE, APP), (ENTER[:4], LOADER)])


def pyserial_takes_its_time_between_two_lines(folder):
    # With a board that left its reset 5 ms after both lines were on, esptool over RFC 2217 never
    # reached the loader of a board that had an app.
    on_a_board(folder, PYSERIAL_S, [(ENTER, LOADER), (LEAVE, APP), (ENTER, LOADER)])
    slower = folder / "slow"
    slower.mkdir()
    on_a_board(slower, 6 * PYSERIAL_S, [(ENTER, LOADER), (LEAVE, APP)])


def moves_that_a_busy_board_sees_all_at_once_start_the_loader(folder):
    # Asked late, the chip found its boot pin let go of, and started its app.
    on_a_board(folder, 0, [(ENTER, LOADER), (LEAVE, APP), (ENTER, LOADER)])


def both_lines_on_do_not_keep_the_chip_in_reset(folder):
    # As a terminal leaves them that raises RTS first.
    on_a_board(folder, 0, [((RTS_ON, DTR_ON), APP)])


def a_chip_that_falls_silent_is_reset_all_the_same(folder):
    # The board was left alone: no request came, and its reset pin was not pulled.
    console = Console(folder)
    read = subprocess.Popen(
        [ALOFT, "read-flash", "--port", f"rfc2217://127.0.0.1:{console.port}", "0", "4MB", "-o",
         folder / "copy"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        console.wait_for(LOADER)
        check("ESP32" in read.stdout.readline(), "it is not connected")
        os.kill(children(console.process.pid)[0], signal.SIGSTOP)
        said = read.communicate(timeout=300)[0]
        check(read.returncode == 1 and said.count("fell silent") == 1, said)
        resets = [next(line for line in console.process.stdout if line.startswith("rst:"))]
        while "rst:0x1 (POWERON_RESET)" not in resets[-1]:  # its watchdog bites, and then its app
            check(len(resets) < 20, resets)
            resets.append(next(line for line in console.process.stdout if line.startswith("rst:")))
    finally:
        read.kill()
        console.stop()


if __name__ == "__main__":
    main([lines_start_the_loader_and_the_app, pyserial_takes_its_time_between_two_lines,
          moves_that_a_busy_board_sees_all_at_once_start_the_loader,
          both_lines_on_do_not_keep_the_chip_in_reset,
          a_chip_that_falls_silent_is_reset_all_the_same])
