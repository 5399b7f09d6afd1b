#!/usr/bin/env python3
"""Pushes to a board, by `aloft push` and by a peer that speaks the protocol of Arduino's IDE."""
import hashlib
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import json_schema
from bench import *

PASSWORD = "correct horse"
MD5 = hashlib.md5(PASSWORD.encode()).hexdigest()
SHA = hashlib.sha256(PASSWORD.encode()).hexdigest()
FILES, FILES_LEN = 0x310000, 0x20000
CHUNK = 1024


def push_app(path, version, **settings):
    return build(path, BIN / "tests/system/push_app", version, project_name="push", **settings)


class Device(Followed):
    """A running board that takes pushes."""

    def __init__(self, folder, verifier="", files=None, *args, **settings):
        self.port = free_port(socket.SOCK_DGRAM)
        self.settings = dict(push_port=self.port, push_verifier=verifier, confirm="start",
                             **settings)
        self.folder = folder
        rows = [("otadata", 1, 0, OTADATA, 0x2000), ("factory", 0, 0, FACTORY, SLOT_LEN),
                ("ota_0", 0, 0x10, OTA_0, SLOT_LEN), ("ota_1", 0, 0x11, OTA_1, SLOT_LEN)]
        if files is not None:
            rows.append(("files", 1, files, FILES, FILES_LEN))
        (folder / "table.bin").write_bytes(table(rows))
        board = Board(folder / "flash").create(push_app(folder / "1.bin", "1", **self.settings),
                                               folder / "table.bin")
        self.follow(board, "--fast", *args)
        self.ready(1)

    def ready(self, version):
        """The app says that it is ready a moment before its port is open."""
        self.see(f"push {version} is ready: OK")
        end = time.monotonic() + 240
        while queued_datagrams(self.port) is None:
            check(time.monotonic() < end, "its port is not open\n" + self.console)
            time.sleep(0.01)

    def new(self, version):
        return push_app(self.folder / f"{version}.bin", version, **self.settings)


class Sender:
    """Speaks to a device as Arduino's espota does: an own socket for each datagram."""

    def __init__(self, device, data, password=None, command=0, size=None, md5=None):
        self.device, self.data, self.password = device, data, password
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(120)
        self.patience = 120
        self.counted = 0
        self.invitation = "%d %d %d %s\n" % (
            command, self.listener.getsockname()[1], len(data) if size is None else size,
            md5 or hashlib.md5(data).hexdigest())

    def tell(self, text):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(self.patience)
            udp.sendto(text.encode(), ("127.0.0.1", self.device.port))
            return udp.recv(69).decode()

    def proof(self, nonce):
        new = len(nonce) == 64
        hash_of = hashlib.sha256 if new else hashlib.md5
        cnonce = hash_of(b"anything").hexdigest()
        key = hash_of(self.password.encode()).hexdigest()
        if new:
            salt = f"{nonce}:{cnonce}".encode()
            key = hashlib.pbkdf2_hmac("sha256", key.encode(), salt, 10000).hex()
        return f"200 {cnonce} {hash_of(f'{key}:{nonce}:{cnonce}'.encode()).hexdigest()}\n"

    def enter(self):
        """The device's last word: OK, or why not."""
        answer = self.tell(self.invitation)
        if answer.startswith("AUTH ") and self.password is not None:
            answer = self.tell(self.proof(answer[5:]))
        return answer

    def connect(self):
        answer = self.enter()
        check(answer == "OK", answer)
        self.connection = self.listener.accept()[0]
        self.connection.settimeout(120)
        return self

    def send(self, count=None):
        """Sends in pieces of 1,024 bytes with one read after each; the counts' sum."""
        total = 0
        for off in range(0, len(self.data) if count is None else count, CHUNK):
            self.connection.sendall(self.data[off:off + CHUNK])
            reply = self.connection.recv(10).decode()
            total += int(re.match(r"\d+", reply).group())
            self.rest = reply.lstrip("0123456789")
        return total

    def result(self):
        """What comes after the counts until the device has closed, or said OK. A device that was
        slow has said one piece in two counts, and the second of them comes with this."""
        text = self.rest
        while "OK" not in text:
            piece = self.connection.recv(32).decode()
            if not piece:
                break
            text += piece
        self.connection.close()
        said = text.lstrip("0123456789")
        self.counted += int(text[:len(text) - len(said)] or 0)
        return said

    def push(self):
        self.connect()
        self.counted = self.send()
        said = self.result()
        check(said != "OK" or self.counted == len(self.data), "counted", self.counted)
        return said


def aloft_push(device, path, *args, code=0, **env):
    done = subprocess.run([ALOFT, "push", f"127.0.0.1:{device.port}", path, *map(str, args)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300,
                          env={**os.environ, **env})
    check(done.returncode == code, "push returned", done.returncode, done.stdout, done.stderr,
          "\n" + device.console)
    return done.stdout + done.stderr


def runs_next(device, version):
    device.ready(version)
    check("rst:0xc (SW_CPU_RESET)" in device.console, device.console)


def the_tool_updates_a_board_three_times_over(folder):
    for verifier, how in [("", "none"), (MD5, "md5"), (SHA, "sha256")]:
        one = folder / how
        one.mkdir()
        with Device(one, verifier) as device:
            two = device.new("2")
            result = json_schema.check("push", aloft_push(device, two, "--json",
                                                         ALOFT_PASSWORD=PASSWORD))
            check(result["authentication"] == how, result)
            check(result["size"] == two.stat().st_size, result)
            runs_next(device, 2)
            (one / "password").write_text(PASSWORD + "\n")
            aloft_push(device, device.new("3"), "--password-file", one / "password")
            runs_next(device, 3)
            check("bytes pushed in" in aloft_push(device, device.new("4"), "-a", PASSWORD))
            runs_next(device, 4)
            check("Loaded app from partition at offset 0x110000" in device.console)


def a_sender_of_arduinos_kind_updates_a_board(folder):
    for verifier, digits in [("", 0), (MD5, 32), (SHA, 64)]:
        one = folder / str(digits)
        one.mkdir()
        with Device(one, verifier) as device:
            data = device.new("2").read_bytes()
            if digits:
                check(len(Sender(device, data).tell(Sender(device, data).invitation)) == 5 + digits)
            check(Sender(device, data, PASSWORD).push() == "OK")
            runs_next(device, 2)


def a_board_that_stands_still_for_a_while_is_updated(folder):
    # It had two invitations when it went on; its second answer was taken for the one to the proof.
    for verifier in ["", SHA]:
        one = folder / f"{len(verifier)}"
        one.mkdir()
        with Device(one, verifier) as device:
            chip = children(device.process.pid)[0]
            os.kill(chip, signal.SIGSTOP)
            push = subprocess.Popen(
                [ALOFT, "push", f"127.0.0.1:{device.port}", device.new("2"), "-a", PASSWORD, "-t",
                 "60"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            first = waiting = 0
            while push.poll() is None and (first == 0 or waiting <= first):
                time.sleep(0.01)
                waiting = queued_datagrams(device.port) or 0
                first = first or waiting
            os.kill(chip, signal.SIGCONT)
            said, _ = push.communicate(timeout=120)
            check(push.returncode == 0, said, device.console)
            runs_next(device, 2)


class Forgetful:
    """A device that answers each invitation with a nonce of its own, as soon as it has two of them,
    and knows the last one only. Whatever answers that one is right."""

    def __init__(self):
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.port = self.udp.getsockname()[1]
        self.file = b""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        waiting, given, invitation = [], 0, ""
        while True:
            text, peer = self.udp.recvfrom(500)
            if not text.startswith(b"200 "):
                invitation = text.decode()
                waiting.append(peer)
                for one in waiting if given or len(waiting) == 2 else []:
                    given += 1
                    self.udp.sendto(b"AUTH " + bytes(str(given % 10) * 64, "ascii"), one)
                    waiting = waiting[1:]
            elif given < 3:
                self.udp.sendto(b"Authentication Failed", peer)
            else:
                self.udp.sendto(b"OK", peer)
                break
        _, port, size, _ = invitation.split()
        with socket.create_connection(("127.0.0.1", int(port))) as sender:
            while len(self.file) < int(size):
                piece = sender.recv(4096)
                self.file += piece
                sender.sendall(str(len(piece)).encode())
            sender.sendall(b"OK")


def nonces_that_crossed_an_invitation_are_not_a_wrong_password(folder):
    image = IMAGES / "hello_world.bin"
    device = Forgetful()
    aloft("push", f"127.0.0.1:{device.port}", image, "-a", PASSWORD, "-t", "60")
    check(device.file == image.read_bytes(), "another file came")


def a_wrong_password_is_told(folder):
    for verifier in [MD5, SHA]:
        one = folder / str(len(verifier))
        one.mkdir()
        with Device(one, verifier) as device:
            two = device.new("2")
            said = aloft_push(device, two, "-a", "wrong", code=1)
            check("does not accept the password" in said, said)
            said = aloft_push(device, two, code=1, ALOFT_PASSWORD="")
            check("does not accept the password" in said, said)
            check(Sender(device, two.read_bytes(), "wrong").enter() == "Authentication Failed")
            device.see("refused 127.0.0.1: PUSH_AUTH")
            aloft_push(device, two, "-a", PASSWORD)
            runs_next(device, 2)


def a_push_without_a_password_is_told_to_have_one(folder):
    with Device(folder, MD5) as device:
        env = {k: v for k, v in os.environ.items() if k != "ALOFT_PASSWORD"}
        done = subprocess.run([ALOFT, "push", f"127.0.0.1:{device.port}", device.new("2")], env=env,
                              stderr=subprocess.PIPE, text=True, timeout=240)
        check(done.returncode == 1 and "wants a password" in done.stderr, done.stderr)


def what_is_not_an_update_is_reported_by_name(folder):
    with Device(folder) as device:
        two = device.new("2").read_bytes()
        wrong = {"IMAGE_MAGIC": b"\x00" + two[1:], "IMAGE_CHIP": two[:12] + b"\x05" + two[13:],
                 "IMAGE_TOO_LARGE": bytes(SLOT_LEN + 1), "IMAGE_EMPTY": None,
                 "SAME_VERSION": (folder / "1.bin").read_bytes()}
        for name, data in wrong.items():
            if data is None:
                check(Sender(device, b"").enter() == "ERROR[5]: IMAGE_EMPTY")
                continue
            (folder / "wrong.bin").write_bytes(data)
            said = aloft_push(device, folder / "wrong.bin", code=1)
            check(name in said, name, said)
        said = Sender(device, two, md5="0" * 32).push()
        check(said == "ERROR[7]: MD5 Check Failed (PUSH_MD5)\r\n", said)
        device.see("failed: PUSH_MD5")
        check("PUSH_NO_FILES" in aloft_push(device, folder / "2.bin", "--filesystem", code=1))
        check(Sender(device, two).push() == "OK")
        runs_next(device, 2)


def a_sender_that_goes_away_or_stalls_changes_nothing(folder):
    with Device(folder, push_timeout_s=5) as device:
        two = device.new("2").read_bytes()
        sender = Sender(device, two).connect()
        sender.send(20 * CHUNK)
        sender.connection.close()
        device.see("failed: PUSH_CLOSED")
        sender = Sender(device, two).connect()
        sender.send(20 * CHUNK)
        reset(sender.connection)
        device.see("failed: PUSH_CLOSED", 2)
        sender = Sender(device, two).connect()
        sender.send(20 * CHUNK)
        device.see("failed: PUSH_TIMEOUT")
        check(sender.result() == "ERROR[6]: Stream Read Timeout (PUSH_TIMEOUT)\r\n")
        sender = Sender(device, two)
        sender.listener.close()
        check(sender.enter() == "OK")
        device.see("failed: PUSH_CONNECT")
        check("rst:0xc" not in device.console, device.console)
        check(Sender(device, two).push() == "OK")
        runs_next(device, 2)


def a_second_sender_is_told_and_the_first_goes_on(folder):
    with Device(folder) as device:
        two = device.new("2").read_bytes()
        first = Sender(device, two).connect()
        first.send(10 * CHUNK)
        check(Sender(device, two).enter() == "ERROR[12]: NET_BUSY")
        check("NET_BUSY" in aloft_push(device, folder / "2.bin", code=1))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for junk in [b"", b"\x00" * 1400, b"0 1 2", os.urandom(60)]:
                udp.sendto(junk, ("127.0.0.1", device.port))
        first.data = two[10 * CHUNK:]
        first.send()
        check(first.result() == "OK")
        runs_next(device, 2)


class Guesser(threading.Thread):
    """Guesses the password from the owner's own address, as fast as the device answers and faster:
    an invitation and a proof, again and again, from a few sockets."""

    def __init__(self, device, digits, sockets):
        super().__init__(daemon=True)
        self.to, self.digits, self.judged, self.end = ("127.0.0.1", device.port), digits, 0, False
        self.udp = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(sockets)]
        for udp in self.udp:
            udp.setblocking(False)
        self.start()

    def run(self):
        n = 0
        while not self.end:
            for udp in self.udp:
                n += 1
                guess = f"{n:0{self.digits}x}"
                for text in [f"0 1 {n} {n:032x}\n", f"200 {guess} {guess}\n"]:
                    try:
                        udp.sendto(text.encode(), self.to)
                        self.judged += udp.recv(100) == b"Authentication Failed"
                    except BlockingIOError:
                        pass
            time.sleep(0.001)

    def stop(self):
        self.end = True
        self.join()


def the_owner_gets_in_within_a_minute_while_another_guesses(folder):
    """Guesses of the password were unlimited, 2,809 in a second, and any of them, or an invitation,
    between the owner's invitation and its proof ended the owner's push."""
    for verifier, sockets in [(MD5, 1), (SHA, 2)]:
        one = folder / str(len(verifier))
        one.mkdir()
        with Device(one, verifier) as device:
            two = device.new("2")
            guesser = Guesser(device, len(verifier), sockets)
            begun = time.monotonic()
            time.sleep(8)
            check(guesser.judged <= 5 + 8 / 2 + 1, guesser.judged, "guesses in 8 s")
            sender = Sender(device, two.read_bytes(), PASSWORD)  # a new socket for the proof
            sender.patience, answer = 10, ""
            while answer != "OK":
                check(time.monotonic() - begun < 68, "the owner was kept out", answer)
                try:
                    answer = sender.enter()
                except socket.timeout:
                    answer = "nothing"
            sender.listener.accept()[0].close()
            check(time.monotonic() - begun < 68, time.monotonic() - begun)
            device.see("failed: PUSH_CLOSED")
            begun = time.monotonic()
            aloft_push(device, two, "-a", PASSWORD)
            check(time.monotonic() - begun < 60, time.monotonic() - begun)
            guesser.stop()
            runs_next(device, 2)


def what_strangers_send_costs_no_console(folder):
    """Each junk datagram cost a line of 115 bytes."""
    with Device(folder, MD5) as device:
        before = len(device.console)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for n in range(3000):
                udp.sendto([b"junk", b"0 1 5 " + b"0" * 32, b"200 x y", os.urandom(60)][n % 4],
                           ("127.0.0.1", device.port))
                time.sleep(0.001)
        lines = device.console[before:].count("\n")
        check(lines <= 20, lines, device.console[before:])
        aloft_push(device, device.new("2"), "-a", PASSWORD)
        runs_next(device, 2)


def a_version_forges_no_line_of_the_console(folder):
    """A version with a line end in it wrote the line `I (0) ota: Confirmed` to the console."""
    with Device(folder) as device:
        forged = push_app(folder / "2.bin", "1\nI (0) ota: Confirmed\x1b[2J", **device.settings)
        aloft_push(device, forged)
        device.see("1?I (0) ota: Confirmed?[2J")
        check("\nI (0) ota" not in device.console and "\x1b" not in device.console, device.console)


def files_go_to_their_partition(folder):
    data = os.urandom(FILES_LEN - 100)
    for subtype in [0x82, 0x83]:
        one = folder / str(subtype)
        one.mkdir()
        with Device(one, SHA, subtype) as device:
            (one / "files.bin").write_bytes(data)
            aloft_push(device, one / "files.bin", "--filesystem", "-a", PASSWORD)
            device.see("rst:0xc (SW_CPU_RESET)")
            check(device.board.bytes()[FILES:FILES + len(data)] == data)
            check(device.board.info()["boots"] == "factory")


def firmware_without_a_descriptor_is_warned_of(folder):
    """A bootloader was pushed into an app's slot without a word."""
    notes = folder / "notes.txt"
    notes.write_text("no firmware")
    target = f"127.0.0.1:{free_port(socket.SOCK_DGRAM)}"
    for file, words in [(IMAGES / "bootloader.bin", "does not say which app it is"),
                        (notes, "is not an app image"), (IMAGES / "hello_world.bin", "")]:
        said = aloft("push", target, file, "-t", "1", code=1)
        check(words in said and ("warning" in said) == (words != ""), said)
        check("warning" not in aloft("push", target, file, "-s", "-t", "1", code=1))


def a_password_that_cannot_be_read_is_not_passed_over(folder):
    """With `push_open`, a board whose password was damaged took pushes from anybody."""
    image = app(folder / "app.bin", "ota_demo", pull="off", push_open="yes",
                push_port=free_port(socket.SOCK_DGRAM))
    board = Board(folder / "flash").create(image)
    aloft("nvs", "set", board.flash, "aloft", "push_hash", SHA, "--type", "blob-hex")
    console = board.run("push_hash", "--fast", "--resets", 0)
    check("NVS_TYPE" in console and "Push is on" not in console, console)
    aloft("nvs", "erase", board.flash, "aloft", "push_hash")
    board.run("Push is on", "--fast", "--resets", 0)


def a_device_that_is_not_there_is_reported(folder):
    done = subprocess.run([ALOFT, "push", f"127.0.0.1:{free_port()}", BIN / "cli" / "aloft", "-t",
                           "1"], stderr=subprocess.PIPE, text=True, timeout=240)
    check(done.returncode == 1 and "nothing listens at UDP port" in done.stderr, done.stderr)


if __name__ == "__main__":
    main([the_tool_updates_a_board_three_times_over, a_sender_of_arduinos_kind_updates_a_board,
          a_board_that_stands_still_for_a_while_is_updated,
          nonces_that_crossed_an_invitation_are_not_a_wrong_password,
          a_wrong_password_is_told, a_push_without_a_password_is_told_to_have_one,
          what_is_not_an_update_is_reported_by_name,
          a_sender_that_goes_away_or_stalls_changes_nothing,
          a_second_sender_is_told_and_the_first_goes_on,
          the_owner_gets_in_within_a_minute_while_another_guesses,
          what_strangers_send_costs_no_console, a_version_forges_no_line_of_the_console,
          files_go_to_their_partition,
          a_device_that_is_not_there_is_reported,
          firmware_without_a_descriptor_is_warned_of,
          a_password_that_cannot_be_read_is_not_passed_over])
