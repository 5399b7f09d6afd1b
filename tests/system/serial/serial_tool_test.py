#!/usr/bin/env python3
"""The tool's commands at a board's serial port: flash, verify, read, erase, chip-info and monitor,
over each kind of end, with each way in which a line, a file or a person can be wrong."""
import pathlib
import pty
import select
import sys
import termios

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import json_schema
from bench import *
from serial_ends import *

HELLO = "Hello world!"
GONE = "is gone"


class Proxy(Relay):
    """A faulty cable: a TCP line to the board's. `up` and `down` map what goes
    to the board and to the tool; they return what arrives, or None to pull the cable."""

    def __init__(self, board, up=lambda data: data, down=lambda data: data):
        self.maps = (down, up)
        super().__init__(int(board.tcp.rsplit(":", 1)[1]))
        self.name = f"socket://127.0.0.1:{self.port}"

    def carrier(self):
        return lambda data, from_client: self.maps[from_client](data)


def every_command_works_over_every_kind_of_end(folder):
    with Running(folder, "--fast") as board:
        for name, port in zip(["hello_world", "ota_demo", "hello_world"], board.ends()):
            said = board.flash_app(name, port)
            check(f"{name} 1.0.0 into factory" in said and said.count("verified") == 3, said)
            board.monitor(port, "Restarting in" if name == "hello_world" else "Server IP")
            check(board.holds(f"{name}.bin") and board.holds("bootloader.bin", 0x1000), "flash")
            said = aloft("verify-flash", "0x10000", IMAGES / f"{name}.bin", "0x8000",
                         IMAGES / "partitions-two_ota.bin", "-p", port)
            check(said.count(": same") == 2, said)
            aloft("read-flash", "0xf000", "70001", "-o", folder / "back.bin", "-p", port)
            back = (folder / "back.bin").read_bytes()
            check(back == board.bytes()[0xF000:0xF000 + 70001], "read-flash differs")
            info = json_schema.check("chip-info", aloft("chip-info", "--json", "-p", port))
            check((info["chip"], info["flash_size"], info["stub"]) == ("ESP32", FLASH_LEN, False),
                  info)
            aloft("erase-flash", "0x11000", "0x1000", "-p", port)
            said = aloft("verify-flash", "0x10000", IMAGES / f"{name}.bin", "-p", port, code=1)
            check("first in the sector at 0x11000" in said, said)
            aloft("erase-flash", "-p", port)
            check(board.bytes() == b"\xFF" * FLASH_LEN, "erase-flash left something")


def flash_says_what_it_overwrites_and_what_will_boot(folder):
    with Running(folder, "--fast", hello=True) as board:
        said = board.flash_app("ota_demo", board.tcp)
        check("now on it: factory is selected, hello_world 1.0.0" in said, said)
        check("ota_demo 1.0.0 into factory; replaces hello_world 1.0.0" in said, said)
        check("its slots are where they are now" in said and "so that factory boots" in said, said)
        other = table([("otadata", 1, 0, OTADATA, 0x2000), ("ota_0", 0, 0x10, FACTORY, SLOT_LEN)])
        (folder / "other.bin").write_bytes(other)
        said = board.flash_app("ota_demo", board.tcp, "--table", folder / "other.bin")
        check("replaces one with other slots" in said and "ota_demo 1.0.0 into ota_0" in said, said)
        # A slot that is not the selected one is written, and will not boot.
        board.flash_app("hello_world", board.tcp)
        said = aloft("flash", hex(OTA_1), IMAGES / "ota_demo.bin", "-p", board.tcp)
        check("factory is still selected" in said, said)
        board.monitor(board.tcp, "Running hello_world version 1.0.0 from factory")


def a_folder_of_esp_idf_is_flashed_by_its_list(folder):
    build = folder / "build"
    (build / "bootloader").mkdir(parents=True)
    shutil.copy(IMAGES / "bootloader.bin", build / "bootloader")
    shutil.copy(IMAGES / "partitions-two_ota.bin", build / "table.bin")
    shutil.copy(IMAGES / "hello_world.bin", build / "app.bin")
    (build / "flasher_args.json").write_text(json.dumps({"flash_files": {
        "0x1000": "bootloader/bootloader.bin", "0x8000": "table.bin", "0x10000": "app.bin"}}))
    with Running(folder, "--fast") as board:
        aloft("flash", build, "-p", board.tcp)
        board.monitor(board.tcp, HELLO)
        files = {"flash_files": {"0x10000": "app.bin"}}
        for more, words in [({"extra_esptool_args": {"chip": "esp32c3"}}, "esp32c3, and this is"),
                            ({"flash_settings": {"flash_size": "16MB"}}, "flash of 16MB, and")]:
            (build / "flasher_args.json").write_text(json.dumps({**files, **more}))
            check(words in aloft("flash", build, "-p", board.tcp, code=1), more)
            aloft("flash", build, "-p", board.tcp, "--force")
        (build / "flasher_args.json").write_text(json.dumps({
            **files, "extra_esptool_args": {"chip": "esp32", "before": "default_reset"},
            "flash_settings": {"flash_mode": "dio", "flash_size": "4MB"}}))
        aloft("flash", build, "-p", board.tcp)
        (build / "flasher_args.json").write_text('{"flash_files": {"here": "app.bin"}}')
        check("is not an offset" in aloft("flash", build, "-p", board.tcp, code=1), "a bad list")


def a_folder_of_arduino_is_flashed_by_what_its_files_are(folder):
    # sketch.ino.bootloader.bin was an app, so the folder had two of them and no bootloader.
    build = folder / "build"
    build.mkdir()
    table = (IMAGES / "partitions-two_ota.bin").read_bytes()
    bootloader = (IMAGES / "bootloader.bin").read_bytes()
    (build / "sketch.ino.bootloader.bin").write_bytes(bootloader)
    (build / "sketch.ino.partitions.bin").write_bytes(table)
    (build / "sketch.ino.bin").write_bytes((IMAGES / "hello_world.bin").read_bytes())
    (build / "sketch.ino.merged.bin").write_bytes(bootloader.ljust(0x7000, b"\xFF") + table)
    (build / "boot_app0.bin").write_bytes(b"\1\0\0\0".ljust(28, b"\xFF") + b"\x9a\x98\x43\x47")
    with Running(folder, "--fast") as board:
        aloft("flash", build, "-p", board.tcp)
        board.monitor(board.tcp, HELLO)


def what_would_not_run_is_refused_and_the_flash_stays(folder):
    good = (IMAGES / "hello_world.bin").read_bytes()
    wrong = {
        "for ESP32-C3": rehash(good[:12] + b"\x05\0" + good[14:]),
        "needs revision 9.99": rehash(good[:15] + struct.pack("<H", 999) + good[17:]),
        "IMAGE_CHECKSUM": good[:5000] + bytes([good[5000] ^ 1]) + good[5001:],
        "IMAGE_TRUNCATED": good[:-50],
        "is not an image": b"hello" * 100,
        "has room for": good + b"\xFF" * SLOT_LEN,
    }
    with Running(folder, "--fast", hello=True) as board:
        before = board.bytes()
        for words, image in wrong.items():
            (folder / "bad.bin").write_bytes(image)
            said = aloft("flash", "0x10000", folder / "bad.bin", "-p", board.tcp, code=1)
            check(words in said, words, "not in", said)
        # The flash file of a running board was called a port that another program uses.
        said = aloft("chip-info", "-p", board.flash, code=1)
        check("is not a terminal" in said, said)
        app_bin = IMAGES / "hello_world.bin"
        cases = [(["0x10000", app_bin, "0x11000", app_bin], "overlap"),
                 (["0x3ff000", app_bin], "the flash ends at 0x400000"),
                 (["0x10100", app_bin], "multiple of 0x1000"),
                 (["0x8000", app_bin], "where the partition table lies, and is none"),
                 (["0x10000", folder / "nothing"], "nothing"),
                 ([folder], "there is no bootloader"),
                 ([IMAGES], "say which with --app"),
                 ([IMAGES, "--app", "other"], "hello_world.bin"),
                 (["0x10000", app_bin, "--chip", "esp32c3"], "is an ESP32, not an ESP32-C3")]
        for args, words in cases:
            said = aloft("flash", *args, "-p", board.tcp, code=1)
            check(words in said, words, "not in", said)
        check(board.bytes() == before, "a refused flash wrote something")
        (folder / "bad.bin").write_bytes(wrong["IMAGE_CHECKSUM"])
        aloft("flash", "0x10000", folder / "bad.bin", "--force", "-p", board.tcp)
        check(board.bytes()[FACTORY + 5000] == good[5000] ^ 1, "--force did not write")


def a_file_at_the_wrong_offset_does_not_overwrite_its_neighbours(folder):
    # An app written to nvs went on through otadata into factory, and one written where the
    # bootloader goes through the table, and `aloft flash` called both "verified".
    app_bin = IMAGES / "hello_world.bin"
    bootloader = (IMAGES / "bootloader.bin").read_bytes()
    table = (IMAGES / "partitions-two_ota.bin").read_bytes()
    (folder / "nvs.bin").write_bytes(bytes(0x4001))
    (folder / "tiny").write_bytes(b"\x7fELF" + bytes(60))
    aloft("image", "build", folder / "tiny", "-o", folder / "small.bin")
    (folder / "merged.bin").write_bytes(bootloader.ljust(0x7000, b"\xFF") + table)
    cases = [(["0x1000", app_bin], "the bootloader has room for 28672"),
             (["0x9000", app_bin], "the first app goes to 0x10000"),
             (["0x11000", app_bin], "no slot starts at 0x11000"),
             (["0x0", IMAGES / "bootloader.bin"], "goes to 0x1000"),
             (["0x10000", IMAGES / "bootloader.bin"], "is a bootloader, and at 0x10000"),
             (["0x1000", folder / "small.bin"], "is an app, and 0x1000"),
             (["0x9000", folder / "nvs.bin"], "nvs has room for 16384"),
             (["0xa000", folder / "nvs.bin"], "nvs has room for 12288")]
    with Running(folder, "--fast", hello=True) as board:
        before = board.bytes()
        for args, words in cases:
            said = aloft("flash", *args, "-p", board.tcp, code=1)
            check(words in said, words, "not in", said)
        check(board.bytes() == before, "a refused flash wrote something")
        aloft("flash", "0x1000", folder / "merged.bin", "-p", board.tcp)
        board.monitor(board.tcp, HELLO)
        aloft("flash", "0x9000", folder / "nvs.bin", "--force", "-p", board.tcp)
        check(board.bytes()[0x9000:0xD001] == bytes(0x4001), "--force did not write")


def what_lies_inside_a_larger_file_is_judged_too(folder):
    bootloader = (IMAGES / "bootloader.bin").read_bytes()
    table_bin = (IMAGES / "partitions-two_ota.bin").read_bytes()
    hello = (IMAGES / "hello_world.bin").read_bytes()
    c3 = rehash(hello[:12] + b"\x05\0" + hello[14:])

    def merged(app_bytes, loader=bootloader, start=0):
        whole = b"\xFF" * 0x1000 + loader.ljust(0x7000, b"\xFF") + table_bin
        return (whole.ljust(FACTORY, b"\xFF") + app_bytes)[start:]

    moved = table([("otadata", 1, 0, OTADATA, 0x2000), ("ota_0", 0, 0x10, OTA_1, SLOT_LEN)])
    cases = [
        (0x0, merged(c3), "is for ESP32-C3"),
        (0x0, merged(hello[:-50]), "IMAGE_TRUNCATED"),
        (0x0, merged(b"hello" * 100), "reaches over factory at 0x10000, and is not an image there"),
        (0x0, merged(hello, bootloader[:5000]), "IMAGE_CHECKSUM"),
        (0x8000, merged(c3, start=0x8000), "is for ESP32-C3"),
        (0x11000, b"data" * 100, "begins in the middle of factory"),
        (0x8000, moved, "no slot would hold an app any more"),
        (0x9000, table_bin, "lies at 0x8000"),
        (0x7000, b"data" * 2000, "overwrite the partition table"),
    ]
    with Running(folder, "--fast", hello=True) as board:
        before = board.bytes()
        for addr, image, words in cases:
            (folder / "x.bin").write_bytes(image)
            said = aloft("flash", hex(addr), folder / "x.bin", "-p", board.tcp, code=1)
            check(words in said, words, "not in", said)
        check(board.bytes() == before, "a refused flash wrote something")
        (folder / "x.bin").write_bytes(merged(hello))
        aloft("flash", "0x0", folder / "x.bin", "-p", board.tcp)
        board.monitor(board.tcp, HELLO)
        (folder / "x.bin").write_bytes(moved)
        aloft("flash", "0x8000", folder / "x.bin", hex(OTA_1), IMAGES / "hello_world.bin",
              "-p", board.tcp)
        board.monitor(board.tcp, HELLO)


def wrong_command_lines_are_named(folder):
    for args, words in [(["read-flash"], "missing operand"),
                        (["flash", "0x10000"], "is not a folder"),
                        (["flash", "0x1000", "a", "0x2000"], "has no file"),
                        (["flash", "/", "--chip", "esp8266"], "--chip 'esp8266'"),
                        (["flash", "/", "--before", "x"], "--before 'x'"),
                        (["erase-flash", "0x100", "0x1000"], "multiples of 0x1000"),
                        (["flash", "/", "--flash-size", "3MB"], "a flash chip has 1MB"),
                        (["read-flash", "0", "ALL"], "give --output FILE"),
                        (["read-flash", "0", "some", "-o", "x"], "'some' is not a size"),
                        (["monitor", "--timeout", "soon"], "not a number of seconds")]:
        check(words in aloft(*args, code=2), args)
    # The chip was reset, and its app with it, before it turned out that there is nothing to write.
    (folder / "empty").mkdir()
    for args, words in [([folder / "empty"], "there is no bootloader"),
                        (["0x1000", folder / "missing.bin"], "cannot open"),
                        (["0x1001", IMAGES / "bootloader.bin"], "start of a sector")]:
        said = aloft("flash", *args, "-p", "/nowhere", code=1)
        check(words in said and "nowhere" not in said, args, said)
    # All of a chip was read, for minutes, before it turned out that the file cannot be written.
    said = aloft("read-flash", "0", "ALL", "-o", folder / "none" / "x", "-p", "/nowhere", code=1)
    check("cannot write" in said, said)
    for port, words in [("/dev/ttyNOSUCH", "there is no /dev/ttyNOSUCH"),
                        ("socket://127.0.0.1:1", "cannot connect"), ("tcp://x", "a port is")]:
        check(words in aloft("chip-info", "-p", port, code=1), port)


def a_cable_that_is_pulled_while_it_writes_leaves_a_board_that_can_be_flashed(folder):
    with Running(folder, "--fast") as board:
        for pulled_after in (3000, 9000, 20000):
            sent = [0]

            def pull(data):
                sent[0] += len(data)
                return None if sent[0] > pulled_after else data

            proxy = Proxy(board, up=pull)
            said = board.flash_app("ota_demo", proxy.name, code=1)
            check(GONE in said, said)
            proxy.close()
        board.flash_app("ota_demo", board.tcp)
        check(board.holds("ota_demo.bin"), "flash differs")


def a_tool_that_is_killed_while_it_writes_leaves_the_port_free(folder):
    with Running(folder) as board:  # slow flash, so that there is a middle to be killed in
        for port in board.ends():
            tool = subprocess.Popen([ALOFT, "flash", IMAGES, "--app", "ota_demo", "-p", port],
                                    stdout=subprocess.PIPE, text=True)
            while "wrote bootloader.bin" not in tool.stdout.readline():
                pass
            tool.kill()
            tool.wait(120)
            tool.stdout.close()
            board.flash_app("hello_world", port)
            check(board.holds("hello_world.bin"), "flash differs")


def noise_losses_and_flipped_bits_are_repaired(folder):
    counts = {"noise": 0, "flip": 0, "split": 0}

    def noise(data):
        counts["noise"] += 1
        return b"E (9) noise\r\n\xC0\x01\x13\xC0" + data if counts["noise"] % 3 == 0 else data

    def flip(data):
        if len(data) < 900:
            return data
        counts["flip"] += 1
        if counts["flip"] % 8 != 0:
            return data
        return data[:500] + bytes([data[500] ^ 2]) + data[501:]

    with Running(folder, "--fast") as board:
        for name, up, down in [("noise", None, noise), ("flip", flip, None)]:
            proxy = Proxy(board, up=up or bytes, down=down or bytes)
            board.flash_app("hello_world", proxy.name)
            check(board.holds("hello_world.bin") and counts[name] > 10, name, counts)
            aloft("erase-flash", "-p", proxy.name)
            proxy.close()


def frames_in_small_pieces_arrive_whole(folder):
    with Running(folder, "--fast") as board:
        proxy = Proxy(board)

        def carry(tool):
            with socket.create_connection(("127.0.0.1", proxy.target)) as wire:
                while ready := select.select([tool, wire], [], [])[0]:
                    data = ready[0].recv(7 if ready[0] is tool else 3)
                    if not data:
                        return
                    (wire if ready[0] is tool else tool).sendall(data)

        proxy.serve = carry
        board.flash_app("hello_world", proxy.name)
        check(board.holds("hello_world.bin"), "flash differs")
        proxy.close()


def a_second_tool_is_turned_away_and_the_first_goes_on(folder):
    with Running(folder, "--fast", hello=True) as board:
        for port, words in [(board.link, "in use by another program"), (board.tcp, GONE),
                            (board.rfc2217, GONE)]:
            first = subprocess.Popen([ALOFT, "monitor", "-p", port], stdout=subprocess.PIPE,
                                     text=True)
            check(first.stdout.readline() != "", "the first sees nothing")
            said = aloft("chip-info", "-p", port, code=1)
            check(words in said, said)
            check(first.poll() is None and first.stdout.readline() != "", "the first ended")
            first.terminate()
            check(first.wait(120) == 128 + signal.SIGTERM, first.returncode)
            first.stdout.close()
            check("ESP32" in aloft("chip-info", "-p", port), "not free again")


def every_speed_of_the_chip_works(folder):
    with Running(folder, "--fast") as board:
        for port in (board.link, board.rfc2217):
            for baud in (115200, 230400, 921600, 1500000):
                aloft("flash", "0x10000", IMAGES / "hello_world.bin", "--baud", baud, "-p", port)
                check(board.holds("hello_world.bin"), port, baud)
                aloft("erase-flash", "0x10000", "0x10000", "--baud", 115200, "-p", port)


def the_three_ways_to_let_go_do_what_they_say(folder):
    with Running(folder, "--fast", hello=True) as board:
        for port in board.ends():
            aloft("chip-info", "--after", "no-reset", "-p", port)
            said = aloft("chip-info", "--before", "no-reset", "--after", "run", "-p", port)
            check("ESP32" in said, said)
            board.monitor(port, HELLO)
    # A plain write, then the loader is told to run it.
    with Running(folder, "--fast") as board:
        board.flash_app("ota_demo", board.tcp, "--plain", "--after", "run")
        board.monitor(board.tcp, "Server IP")


def flash_goes_on_as_a_monitor_and_misses_no_word(folder):
    with Running(folder, "--fast") as board:
        for port in board.ends():
            said = board.flash_app("hello_world", port, "--until", "Restarting in 10", "--timeout",
                                   "240")
            check(said.count(HELLO) == 1 and "2nd stage bootloader" in said, said)
            check("configsip" in said and said.endswith("Restarting in 10 seconds...\n"), said)
        said = board.flash_app("hello_world", board.tcp, "--monitor", "--until", "no such text",
                               "--timeout", "8", code=NOT_SEEN)
        check(HELLO in said and "did not show 'no such text'" in said, said)


def monitor_ends_as_it_promises(folder):
    with Running(folder, "--fast", hello=True) as board:
        for port in board.ends():
            said = board.monitor(port, "Restarting in 9")
            check(said.endswith("\n") and "\033" not in said, said)
            check("Restarting in 9 seconds" in said.splitlines()[-1], said)
            said = board.monitor(port, "no such text", seconds=0.5, code=NOT_SEEN)
            check("the console did not show 'no such text'" in said, said)
            aloft("monitor", "-p", port, "--timeout", "0.3")
        said = aloft("monitor", "-p", board.rfc2217, "--reset", "--until", HELLO)
        check("rst:0x1 (POWERON_RESET)" in said, said)
        check("has no DTR and RTS" in aloft("monitor", "-p", board.tcp, "--reset", code=1), "tcp")


class Terminal:
    """The tool in a terminal of its own, as a person has it."""

    def __init__(self, *args):
        self.fd, tty = pty.openpty()
        self.tty = tty
        self.before = termios.tcgetattr(tty)
        self.process = subprocess.Popen([ALOFT, *map(str, args)], stdin=tty, stdout=tty, stderr=tty)
        self.text = b""

    def expect(self, text, seconds=240):
        end = time.monotonic() + seconds
        while text not in self.text:
            left = end - time.monotonic()
            check(left > 0 and select.select([self.fd], [], [], left)[0], "no", text, "in",
                  self.text)
            self.text += os.read(self.fd, 65536)
        self.text = self.text.split(text, 1)[1]

    def type(self, keys):
        os.write(self.fd, keys)

    def end(self, code):
        check(self.process.wait(120) == code, self.process.returncode, self.text)
        check(termios.tcgetattr(self.tty) == self.before, "the terminal is not as it was")
        os.close(self.tty)
        os.close(self.fd)


def monitor_at_a_terminal_has_colours_and_keys_and_leaves_it_as_it_was(folder):
    with Running(folder, "--fast", hello=True) as board:
        tool = Terminal("monitor", "-p", board.rfc2217)
        tool.expect(b"Restarting in 8")
        tool.type(b"restart\r")
        tool.expect(b"\033[0;32mI (")
        tool.expect(HELLO.encode())
        tool.type(b"\x14\x12")  # Ctrl-T Ctrl-R
        tool.expect(b"POWERON_RESET")
        tool.expect(HELLO.encode())
        tool.type(b"\x14\x08")
        tool.expect(b"Ctrl-] leaves")
        tool.type(b"\x1D")
        tool.end(0)
        tool = Terminal("monitor", "-p", board.link)
        tool.expect(b"Restarting in")
        tool.type(b"\x14\x12")
        tool.expect(b"has no DTR and RTS")
        tool.expect(b"press its RESET button")
        tool.process.send_signal(signal.SIGTERM)
        tool.end(128 + signal.SIGTERM)


def flash_at_a_terminal_shows_a_bar_that_goes_away(folder):
    with Running(folder) as board:  # slow flash, so that there is time for a bar
        tool = Terminal("flash", IMAGES, "--app", "ota_demo", "-p", board.tcp)
        tool.expect(b"writing ota_demo.bin  [")
        tool.expect(b"KB/s")
        tool.expect(b" left")
        tool.expect(b"\r\x1b[Kwrote ota_demo.bin")
        tool.expect(b"verified")
        tool.end(0)


def monitor_waits_for_a_board_that_comes_back(folder):
    board = Running(folder, "--fast", hello=True, tcp=free_port())
    try:
        for name in (board.link, board.tcp):
            tool = subprocess.Popen([ALOFT, "monitor", "-p", name, "--until", "Restarting in 2"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            check(tool.stdout.readline() != "", "ended at once")
            board.power_down()
            said = ""
            while "waiting" not in said:
                line = tool.stderr.readline()
                check(line, "ended after", said)
                said += line
            board.power_up()
            said += tool.communicate(timeout=240)[1]
            check(tool.returncode == 0, said)
            check(said.count(GONE) == 1 and said.count("waiting") == 1 and
                  said.count("it is back") == 1, said)
    finally:
        board.power_down()


def the_port_can_come_from_the_environment(folder):
    with Running(folder, "--fast", hello=True) as board:
        done = subprocess.run([ALOFT, "chip-info"], stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "ALOFT_PORT": str(board.tcp)}, timeout=60)
        check(done.returncode == 0 and str(board.tcp) in done.stdout, done.stdout)


main([every_command_works_over_every_kind_of_end,
      flash_says_what_it_overwrites_and_what_will_boot,
      a_folder_of_esp_idf_is_flashed_by_its_list,
      a_folder_of_arduino_is_flashed_by_what_its_files_are,
      what_would_not_run_is_refused_and_the_flash_stays,
      what_lies_inside_a_larger_file_is_judged_too,
      a_file_at_the_wrong_offset_does_not_overwrite_its_neighbours, wrong_command_lines_are_named,
      a_cable_that_is_pulled_while_it_writes_leaves_a_board_that_can_be_flashed,
      a_tool_that_is_killed_while_it_writes_leaves_the_port_free,
      noise_losses_and_flipped_bits_are_repaired, frames_in_small_pieces_arrive_whole,
      a_second_tool_is_turned_away_and_the_first_goes_on, every_speed_of_the_chip_works,
      the_three_ways_to_let_go_do_what_they_say,
      flash_goes_on_as_a_monitor_and_misses_no_word, monitor_ends_as_it_promises,
      monitor_at_a_terminal_has_colours_and_keys_and_leaves_it_as_it_was,
      flash_at_a_terminal_shows_a_bar_that_goes_away, monitor_waits_for_a_board_that_comes_back,
      the_port_can_come_from_the_environment])
