#!/usr/bin/env python3
"""The board's serial port from outside: ends without modem lines, two clients, and every way in
which a cable can fail. The host here is a few lines of the ROM loader's protocol."""
import hashlib
import pathlib
import re
import select
import sys
import termios
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

APP, LOADER = "Hello world!", "waiting for download"
FLASH_BEGIN, FLASH_DATA, FLASH_END, MEM_BEGIN, MEM_END, SYNC, READ_REG = 2, 3, 4, 5, 6, 8, 10
CHANGE_BAUD, DEFL_BEGIN, DEFL_DATA, FLASH_MD5 = 15, 16, 17, 19
BLOCK = 0x400
MAGIC = 0x00F01D83


PATIENCE = 60.0  # for what must come; a busy machine may take long


class NoAnswer(Exception):
    pass


def slip(body):
    return b"\xC0" + body.replace(b"\xDB", b"\xDB\xDD").replace(b"\xC0", b"\xDB\xDC") + b"\xC0"


def request(op, payload=b"", data=b""):
    check_byte = 0xEF
    for byte in data:
        check_byte ^= byte
    return slip(struct.pack("<BBHI", 0, op, len(payload) + len(data), check_byte if data else 0) +
                payload + data)


class Wire:
    """A raw byte line to the board: a TCP end or a PTY."""

    def __init__(self, name):
        if isinstance(name, int):
            self.socket = socket.create_connection(("127.0.0.1", name), timeout=120)
            self.fd = self.socket.fileno()
        else:
            self.socket = None
            self.fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
        self.rest = b""

    def send(self, data):
        while data:
            data = data[os.write(self.fd, data):]

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        return os.read(self.fd, 65536) if ready else b""

    def close(self):
        if self.socket:
            self.socket.close()
        else:
            os.close(self.fd)

    def frame(self, seconds):
        """The next frame's body; what is between frames comes as one, too."""
        end = time.monotonic() + seconds
        while True:
            body, mark, rest = self.rest.partition(b"\xC0")
            if mark:
                self.rest = rest
                if body:
                    return body.replace(b"\xDB\xDC", b"\xC0").replace(b"\xDB\xDD", b"\xDB")
                continue
            piece = self.read(max(0, end - time.monotonic()))
            if not piece:  # too late, or the other side is gone
                raise NoAnswer
            self.rest += piece

    def ask(self, op, payload=b"", data=b"", seconds=PATIENCE):
        """The answer's value and payload, which must end in a good status."""
        self.send(request(op, payload, data))
        while True:
            body = self.frame(seconds)
            if len(body) >= 10 and body[0] == 1 and body[1] == op:
                break
        status = body[-2:] if getattr(self, "stub", False) else body[-4:-2]
        check(status == b"\0\0", "request", hex(op), "failed with", status.hex())
        return struct.unpack_from("<I", body, 4)[0], body[8:]

    def sync(self, tries=600):
        """Answers come in order, so the one to another request is behind all those to SYNC."""
        for _ in range(tries):
            try:
                self.ask(SYNC, b"\x07\x07\x12\x20" + b"\x55" * 32, seconds=0.1)
                self.ask(READ_REG, struct.pack("<I", 0x40001000))
                return
            except NoAnswer:
                pass
        raise NoAnswer

    def begin(self, addr, data):
        blocks = -(-len(data) // BLOCK)
        self.ask(FLASH_BEGIN, struct.pack("<IIII", len(data), blocks, BLOCK, addr))

    def block(self, seq, data):
        data = data.ljust(BLOCK, b"\xFF")
        self.ask(FLASH_DATA, struct.pack("<IIII", len(data), seq, 0, 0), data)

    def write(self, addr, data):
        self.begin(addr, data)
        for seq in range(-(-len(data) // BLOCK)):
            self.block(seq, data[seq * BLOCK:(seq + 1) * BLOCK])
        _, md5 = self.ask(FLASH_MD5, struct.pack("<IIII", addr, len(data), 0, 0))
        check(md5[:32].decode() == hashlib.md5(data).hexdigest(), "MD5 differs")


def hello_board(folder):
    return Board(folder / "flash").create(app(folder / "hello.bin", "hello_world"))


def erased_board(folder):
    aloft("board", "create", folder / "flash", "--size", "4MB")
    return Board(folder / "flash")


def an_erased_board_waits_in_its_loader_and_boots_what_it_is_given(folder):
    hello = app(folder / "hello.bin", "hello_world").read_bytes()
    board = erased_board(folder)
    with Followed(board, "--fast", "--serial", "tcp:0") as run:
        run.see(LOADER)
        run.see("waits for a first flash", where="remarks")
        wire = Wire(run.port("socket"))
        wire.sync()
        wire.write(0x1000, (IMAGES / "bootloader.bin").read_bytes())
        wire.write(0x8000, (IMAGES / "partitions-two_ota.bin").read_bytes())
        wire.write(FACTORY, hello)
        wire.ask(FLASH_END, struct.pack("<I", 0))
        run.see(APP)
    check(board.bytes()[FACTORY:FACTORY + len(hello)] == hello, "flash differs")


def a_board_can_be_told_to_start_in_its_loader(folder):
    with Followed(hello_board(folder), "--fast", "--serial", "tcp:0", "--download") as run:
        run.see("boot:0x3 (DOWNLOAD_BOOT")
        run.see(LOADER)
        check(APP not in run.console, run.console)
    said = aloft("board", "run", folder / "flash", "--download", code=2)
    check("needs a --serial end" in said, said)


def download_can_be_typed_on_the_console(folder):
    link = folder / "tty"
    with Followed(hello_board(folder), "--fast", "--serial", f"pty:{link}") as run:
        run.see(APP)
        wire = Wire(link)
        wire.send(b"nonsense\r")
        run.see("Unknown command; type help")
        wire.send(b"downlowd\x08\x08\x08oad\r\n")  # corrected while typing
        run.see(LOADER)
        seen = b""
        while b"waiting for download\r\n" not in seen:  # a terminal gets whole line ends
            piece = wire.read(PATIENCE)
            check(piece, "no line end in", seen)
            seen += piece
        wire.sync()
        check(wire.ask(READ_REG, struct.pack("<I", 0x40001000))[0] == MAGIC, "no ESP32")
        aloft("board", "reset", folder / "flash")
        run.see(APP, 2)
        wire.send(b"restart\r")
        run.see(APP, 3)
        run.see("rst:0xc (SW_CPU_RESET)")


def sync_replaces_modem_lines_where_an_end_has_none(folder):
    link = folder / "tty"
    with Followed(hello_board(folder), "--fast", "--serial", f"pty:{link}") as run:
        run.see(APP)
        wire = Wire(link)
        wire.sync()
        run.see("reset into download mode", where="remarks")
        # Without a stub, a client that leaves may come back.
        wire.close()
        time.sleep(0.2)
        wire = Wire(link)
        wire.sync()
        check(run.console.count(LOADER) == 1, run.console)
        # A stub's host would now pull RTS.
        wire.ask(MEM_BEGIN, struct.pack("<IIII", 4, 1, 4, 0x400BE000))
        wire.ask(MEM_END, struct.pack("<II", 0, 0x400BE000))
        check(wire.frame(PATIENCE) == b"OHAI", "no stub")
        wire.close()
        run.see(APP, 2)
        run.see("the flasher is done; reset", where="remarks")


def a_second_client_is_turned_away_and_the_first_goes_on(folder):
    with Followed(erased_board(folder), "--fast", "--serial", "tcp:0", "--serial",
                 "rfc2217:0") as run:
        data = os.urandom(5 * BLOCK)
        first = Wire(run.port("socket"))
        first.sync()
        first.begin(0x10000, data)
        for seq in range(5):
            for port in (run.port("socket"), run.port("rfc2217")):
                second = Wire(port)
                check(second.read(PATIENCE) == b"", "the second client was served")
                second.close()
            first.block(seq, data[seq * BLOCK:(seq + 1) * BLOCK])
        run.see("another client was turned away", 10, where="remarks")
        first.close()
        Wire(run.port("rfc2217")).close()  # free again
    check(Board(folder / "flash").bytes()[0x10000:0x10000 + len(data)] == data, "flash differs")


def a_cable_pulled_in_mid_write_is_plugged_in_again(folder):
    data = os.urandom(40 * BLOCK)
    with Followed(erased_board(folder), "--fast", "--serial", "tcp:0") as run:
        for pulled_at in (0, 1, 7, 39):
            wire = Wire(run.port("socket"))
            wire.sync()
            wire.begin(0x20000, data)
            for seq in range(pulled_at):
                wire.block(seq, data[seq * BLOCK:(seq + 1) * BLOCK])
            part = request(FLASH_DATA, struct.pack("<IIII", BLOCK, pulled_at, 0, 0),
                           data[pulled_at * BLOCK:(pulled_at + 1) * BLOCK])
            wire.send(part[:len(part) // 2])  # in the middle of a frame
            wire.close()
        wire = Wire(run.port("socket"))
        wire.sync()
        wire.write(0x20000, data)
    check(Board(folder / "flash").bytes()[0x20000:0x20000 + len(data)] == data, "flash differs")


def noise_and_halves_of_frames_cost_only_themselves(folder):
    data = bytes(range(256)) * 20 + b"\xC0\xDB\xDC\xDD" * 64
    with Followed(erased_board(folder), "--fast", "--serial", "tcp:0") as run:
        wire = Wire(run.port("socket"))
        wire.sync()
        wire.begin(0x30000, data)
        for seq in range(-(-len(data) // BLOCK)):
            piece = data[seq * BLOCK:(seq + 1) * BLOCK].ljust(BLOCK, b"\xFF")
            whole = request(FLASH_DATA, struct.pack("<IIII", BLOCK, seq, 0, 0), piece)
            wire.send(os.urandom(50) + whole[:seq * 37 + 1])  # and no more of it
            wire.send(b"\xC0")
            try:  # noise may look like a request, and be refused
                while True:
                    wire.frame(0.05)
            except NoAnswer:
                pass
            for i in range(0, len(whole), 100):  # in small pieces
                wire.send(whole[i:i + 100])
            wire.frame(PATIENCE)
        _, md5 = wire.ask(FLASH_MD5, struct.pack("<IIII", 0x30000, len(data), 0, 0))
        check(md5[:32].decode() == hashlib.md5(data).hexdigest(), "MD5 differs")


def a_client_after_one_that_was_killed_meets_no_stale_answer(folder):
    # esptool took the answers to another's requests for those of its own, and the board for an
    # ESP32-S2.
    with Followed(erased_board(folder), "--serial", "tcp:0") as run:  # takes real time to erase
        wire = Wire(run.port("socket"))
        wire.sync()
        wire.send(request(FLASH_BEGIN, struct.pack("<IIII", 0x100000, 1024, BLOCK, 0x10000)))
        time.sleep(0.3)
        wire.close()
        wire = Wire(run.port("socket"))
        try:
            body = wire.frame(4)  # the erase would have ended here
            raise AssertionError("a stale answer: " + body.hex())
        except NoAnswer:
            pass
        run.see("the loader was left at work", where="remarks")
        wire.sync()
        check(wire.ask(READ_REG, struct.pack("<I", 0x40001000))[0] == MAGIC, "no ESP32")


def what_a_killed_client_asked_of_a_busy_chip_is_forgotten(folder):
    # A chip that had not come to the request yet answered it to the next client.
    with Followed(erased_board(folder), "--serial", "tcp:0") as run:
        wire = Wire(run.port("socket"))
        wire.sync()
        chip = children(run.process.pid)[0]
        os.kill(chip, signal.SIGSTOP)
        wire.send(request(FLASH_BEGIN, struct.pack("<IIII", 0x1000, 4, BLOCK, 0x10000)))
        wire.close()
        wire = Wire(run.port("socket"))
        run.see("the loader was left at work", where="remarks")
        wire.sync()
        check(wire.ask(READ_REG, struct.pack("<I", 0x40001000))[0] == MAGIC, "no ESP32")


def a_client_that_left_a_busy_board_makes_room_for_the_next(folder):
    # The next client, at another end, was turned away.
    with Followed(erased_board(folder), "--fast", "--serial", "tcp:0", "--serial",
                 "rfc2217:0") as run:
        kinds = {"socket": Wire, "rfc2217": ComPort}
        first = kinds["socket"](run.port("socket"))
        for kind in ("rfc2217", "socket", "rfc2217"):
            first.sync()
            run.process.send_signal(signal.SIGSTOP)
            first.close()
            first = kinds[kind](run.port(kind))
            run.process.send_signal(signal.SIGCONT)
        first.sync()
        check("turned away" not in run.remarks, run.remarks)


class ComPort(Wire):
    """RFC 2217: bytes with FF doubled, and settings in between."""

    def setting(self, command, payload):
        body = bytes((command,)) + payload.replace(b"\xFF", b"\xFF\xFF")
        os.write(self.fd, b"\xFF\xFA\x2C" + body + b"\xFF\xF0")

    def baud(self, value):
        self.setting(1, struct.pack(">I", value))

    def send(self, data):
        super().send(data.replace(b"\xFF", b"\xFF\xFF"))

    def read(self, seconds):
        """Data without the telnet in it, of which half may still be on its way."""
        piece = super().read(seconds)
        if not piece:
            return b""
        self.raw = getattr(self, "raw", b"") + piece
        whole = re.compile(rb"\xFF\xFA(?:[^\xFF]|\xFF\xFF)*\xFF\xF0|\xFF[\xFB-\xFE]."
                           rb"|\xFF\xFF|[^\xFF]", re.S)
        out, at = b"", 0
        while found := whole.match(self.raw, at):
            token, at = found.group(), found.end()
            out += token[:1] if len(token) < 3 else b""
        self.raw = self.raw[at:]
        return out or self.read(seconds)


def a_host_at_the_wrong_speed_is_not_understood_until_it_follows(folder):
    with Followed(erased_board(folder), "--fast", "--serial", "rfc2217:0") as run:
        wire = ComPort(run.port("rfc2217"))
        wire.baud(115200)
        wire.sync()
        wire.ask(CHANGE_BAUD, struct.pack("<II", 921600, 0))
        try:
            wire.ask(READ_REG, struct.pack("<I", 0x40001000), seconds=0.5)
            raise AssertionError("the board understood a host at the wrong speed")
        except NoAnswer:
            pass
        wire.baud(921600)
        check(wire.ask(READ_REG, struct.pack("<I", 0x40001000))[0] == MAGIC, "no ESP32")
        # A new host begins at 115200 and resets the chip, which then hears any speed.
        wire.close()
        wire = ComPort(run.port("rfc2217"))
        wire.baud(115200)
        for control in (9, 11, 8, 12):  # DTR off, RTS on: reset; DTR on, RTS off: loader
            wire.setting(5, bytes((control,)))
        wire.sync()


def power_cut_in_mid_flash_leaves_a_board_that_can_be_flashed(folder):
    # The loader's flash operations are the board's: a cut tears the one under way.
    data = os.urandom(8 * BLOCK)
    board = erased_board(folder)
    for cut in (1, 2, 5, 9):
        with Followed(board, "--fast", "--serial", "tcp:0", "--download", "--cut", f"{cut}:torn",
                     "--seed", "7") as run:
            wire = Wire(run.port("socket"))
            try:
                wire.sync()
                wire.write(0x8000, data)
                raise AssertionError("no power cut")
            except (NoAnswer, OSError):
                pass
            run.process.wait(120)
    with Followed(board, "--fast", "--serial", "tcp:0", "--download") as run:
        wire = Wire(run.port("socket"))
        wire.sync()
        wire.write(0x8000, data)
    check(board.bytes()[0x8000:0x8000 + len(data)] == data, "flash differs")


def deflated_data_is_inflated_into_flash(folder):
    data = (IMAGES / "ota_demo.bin").read_bytes()
    packed = zlib.compress(data, 9)
    with Followed(erased_board(folder), "--fast", "--serial", "tcp:0") as run:
        wire = Wire(run.port("socket"))
        wire.sync()
        blocks = -(-len(packed) // BLOCK)
        wire.ask(DEFL_BEGIN, struct.pack("<IIII", len(data), blocks, BLOCK, FACTORY))
        for seq in range(blocks):
            piece = packed[seq * BLOCK:(seq + 1) * BLOCK]
            wire.ask(DEFL_DATA, struct.pack("<IIII", len(piece), seq, 0, 0), piece)
    check(Board(folder / "flash").bytes()[FACTORY:FACTORY + len(data)] == data, "flash differs")


def ends_that_cannot_be_had_are_refused_by_name(folder):
    board = hello_board(folder)
    taken = socket.create_server(("127.0.0.1", 0))
    file = folder / "file"
    file.write_text("mine")
    cases = {f"tcp:{taken.getsockname()[1]}": (FAILED, "cannot listen"),
             f"pty:{file}": (FAILED, "cannot link"),
             f"pty:{folder}/no/tty": (FAILED, "cannot link"),
             "tcp:70000": (USAGE, "0 to 65535"), "tcp:x": (USAGE, "0 to 65535"),
             "usb": (USAGE, "write pty"), "": (USAGE, "write pty")}
    for spec, (code, words) in cases.items():
        said = aloft("board", "run", board.flash, "--timeout", "5", "--serial", spec, code=code)
        check(words in said, spec, said)
    check(file.read_text() == "mine", "a file was replaced by a link")
    ends = [word for _ in range(5) for word in ("--serial", "tcp:0")]
    said = aloft("board", "run", board.flash, "--timeout", "5", *ends, code=USAGE)
    check("at most 4" in said, said)


def the_link_goes_with_the_board_and_a_stale_one_is_replaced(folder):
    link = folder / "tty"
    link.symlink_to("/nonexistent")
    with Followed(hello_board(folder), "--fast", "--serial", f"pty:{link}") as run:
        run.see(APP)
        wire = Wire(link)
        check(not termios.tcgetattr(wire.fd)[3] & termios.ECHO, "the terminal echoes")
    check(not os.path.lexists(link), "the link is still there")


main([an_erased_board_waits_in_its_loader_and_boots_what_it_is_given,
      a_board_can_be_told_to_start_in_its_loader, download_can_be_typed_on_the_console,
      sync_replaces_modem_lines_where_an_end_has_none,
      a_second_client_is_turned_away_and_the_first_goes_on,
      a_cable_pulled_in_mid_write_is_plugged_in_again,
      noise_and_halves_of_frames_cost_only_themselves,
      a_client_after_one_that_was_killed_meets_no_stale_answer,
      what_a_killed_client_asked_of_a_busy_chip_is_forgotten,
      a_client_that_left_a_busy_board_makes_room_for_the_next,
      a_host_at_the_wrong_speed_is_not_understood_until_it_follows,
      power_cut_in_mid_flash_leaves_a_board_that_can_be_flashed,
      deflated_data_is_inflated_into_flash, ends_that_cannot_be_had_are_refused_by_name,
      the_link_goes_with_the_board_and_a_stale_one_is_replaced])
