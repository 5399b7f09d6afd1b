"""A test bench for virtual boards: builds images, flashes boards, runs them, and plays the server.

Everything is done through the `aloft` tool and the board's console, as a user would. The build to
test is named by ALOFT_BIN_DIR, by default build/release.
"""
import concurrent.futures
import contextlib
import filecmp
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("ALOFT_BIN_DIR", ROOT / "build" / "release"))
ALOFT = BIN / "cli" / "aloft"
IMAGES = BIN / "images"

OTADATA, FACTORY, OTA_0, OTA_1 = 0xD000, 0x10000, 0x110000, 0x210000  # of table two_ota
SLOT_LEN = 0x100000
FLASH_LEN = 4 << 20

NODE_MIN = (18, 20)  # Debian 12

# What `aloft board run` returns.
SEEN, FAILED, USAGE, NOT_SEEN, NOTHING, POWER_CUT = 0, 1, 2, 3, 4, 143


def check(condition, *about):
    if not condition:
        raise AssertionError(" ".join(str(a) for a in about))


def in_order(console, *steps):
    """These texts are on the console, each behind the one before."""
    at = 0
    for step in steps:
        found = console.find(step, at)
        check(found >= 0, "no", repr(step), "after", console[:at][-200:], "in\n", console)
        at = found + len(step)


def aloft(*args, code=0):
    """Runs the tool; its output as text, both streams."""
    done = subprocess.run([ALOFT, *map(str, args)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=600)
    check(code is None or done.returncode == code, "aloft", *args, "returned", done.returncode,
          "not", code, "and said:\n" + done.stdout)
    return done.stdout


def build(path, program, version="1.0.0", *options, project_name=None, **settings):
    """Builds an image of this program; `options` are those of `aloft image build`. (`project` is a
    setting, so the name of the project is called otherwise.)"""
    sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    aloft("image", "build", program, "-o", path, "--project",
          project_name or pathlib.Path(program).name,
          "--version", version, *options, *sets)
    return path


def app(path, name, version="1.0.0", *options, **settings):
    """Builds an image of hello_world or ota_demo."""
    return build(path, BIN / "apps" / name, version, *options, **settings)


def stripped(program):
    """A program without what only a debugger reads. `image build` leaves that out as well, but not
    when something stands behind it."""
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["strip", "-g", "-o", out.name, program], check=True)
        return pathlib.Path(out.name).read_bytes()


def padded(path, program, length, seed=1):
    """The program with random bytes behind it: behind an ELF file there may be anything."""
    path.write_bytes(stripped(program) + random.Random(seed).randbytes(length))
    return path


def rehash(image):
    """Gives an image that was edited by a test its right checksum and SHA-256 again."""
    import hashlib
    image = bytearray(image)
    off, checksum = 24, 0xEF
    for _ in range(image[1]):
        length = struct.unpack_from("<I", image, off + 4)[0]
        for byte in image[off + 8:off + 8 + length]:
            checksum ^= byte
        off += 8 + length
    end = (off | 15) + 1
    image[end - 1] = checksum
    image[end:end + 32] = hashlib.sha256(image[:end]).digest()
    return bytes(image)


# The whole program runs on boards whose flash is encrypted.
ENCRYPTED = ["--encrypted"] if os.environ.get("ALOFT_ENCRYPTED") else []


class Board:
    """A flash file and the runs of the board on it."""

    def __init__(self, flash):
        self.flash = pathlib.Path(flash)
        self.efuse_file = self.flash.with_name(self.flash.name + ".efuse")

    def create(self, factory, table=None):
        if ENCRYPTED:
            self.efuse_file.unlink(missing_ok=True)
        aloft("board", "create", self.flash, "--size", "4MB", *ENCRYPTED)
        table = table or IMAGES / "partitions-two_ota.bin"
        aloft("board", "write", self.flash, "0x1000", IMAGES / "bootloader.bin", "0x8000", table,
              hex(FACTORY), factory)
        return self

    def copy_of(self, other):
        shutil.copyfile(other.flash, self.flash)
        if other.efuse_file.exists():
            shutil.copyfile(other.efuse_file, self.efuse_file)
        return self

    def run(self, until, *args, code=SEEN, timeout=240):
        """Runs the board until the text is shown; the console's text."""
        done = subprocess.run(
            [ALOFT, "board", "run", self.flash, "--until", until, "--timeout", str(timeout),
             *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace", timeout=timeout + 120)
        check(code is None or done.returncode == code, "run until", repr(until), "returned",
              done.returncode, "not", code, "\n" + done.stdout + done.stderr)
        self.stderr = done.stderr
        return done.stdout

    def start(self, *args):
        """Starts the board and leaves it running: a Popen with the console in stdout."""
        return subprocess.Popen([ALOFT, "board", "run", self.flash, *map(str, args)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                errors="replace")

    def bytes(self):
        return self.flash.read_bytes()

    def part(self, label):
        """What the board reads in a partition; FF where it is erased."""
        path = self.flash.with_name("part.bin")
        aloft("parts", "read", self.flash, label, "-o", path)
        return path.read_bytes()

    def patch(self, addr, data):
        """Bytes as the board reads them; FF erases. Of an encrypted board, whole sectors go."""
        if ENCRYPTED and data.strip(b"\xFF"):
            path = self.flash.with_name("patch.bin")
            path.write_bytes(data)
            aloft("board", "write", self.flash, hex(addr), path)
            return
        with open(self.flash, "r+b") as file:
            file.seek(addr)
            file.write(data)

    def info(self):
        return json.loads(aloft("board", "info", self.flash, "--json", code=None))

    def image(self, slot):
        return next(i for i in self.info()["images"] if i["slot"] == slot)


class Followed:
    """A board that runs until the end of the with block. What it has printed so far: `console`, and
    `remarks`, which is standard error."""

    def __init__(self, board, *args):
        self.follow(board, *args)

    def follow(self, board, *args):
        self.board = board
        self.console = self.remarks = ""
        self.process = board.start(*args)
        for name in ("console", "remarks"):
            threading.Thread(target=self._read, args=(name,), daemon=True).start()

    def _read(self, name):
        stream = {"console": self.process.stdout, "remarks": self.process.stderr}[name]
        for line in stream:
            setattr(self, name, getattr(self, name) + line)

    def see(self, text, times=1, seconds=240, where="console"):
        end = time.monotonic() + seconds
        while getattr(self, where).count(text) < times:
            if self.process.poll() is not None:
                end = min(end, time.monotonic() + 5)  # what it said last is still being read
            check(time.monotonic() < end, "not seen:", text, "\n" + self.console + self.remarks)
            time.sleep(0.02)

    def end(self, scheme):
        """The name of the serial end of this scheme: socket or rfc2217."""
        self.see(f"{scheme}://", where="remarks")
        self.see("\n", self.remarks[:self.remarks.index(f"{scheme}://")].count("\n") + 1,
                 where="remarks")
        return re.search(scheme + r"://\S+", self.remarks).group()

    def port(self, scheme):
        """The TCP port of that end."""
        return int(self.end(scheme).rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *about):
        self.process.terminate()
        self.process.wait(120)


class Typed(Followed):
    """A board with a keyboard, which runs in the with block. It shows READY before keys count."""
    READY = "wifi: connected"

    def __init__(self, board):
        self.board = board

    def __enter__(self):
        self.tty = self.board.flash.with_suffix(".tty")
        self.follow(self.board, "--fast", "--serial", f"pty:{self.tty}")
        self.see(self.READY)
        self.keys = os.open(self.tty, os.O_RDWR | os.O_NOCTTY)
        return self

    def __exit__(self, *about):
        os.close(self.keys)
        super().__exit__(*about)

    def type(self, line):
        os.write(self.keys, line.encode() + b"\r")


def read_until(process, text, times=1):
    """What a board that was started says, up to the line in which the text comes this often."""
    console = ""
    while console.count(text) < times:
        line = process.stdout.readline()
        check(line, "the console ended without", repr(text), "\n" + console)
        console += line
    return console


def read_until_written(process, length):
    """The same, up to the line that says that so many bytes of an image were written."""
    console = ""
    while int((re.findall(r"Have written image length (\d+)", console) or ["0"])[-1]) <= length:
        line = process.stdout.readline()
        check(line, "the console ended before", length, "bytes\n" + console)
        console += line
    return console


def children(pid):
    """The processes whose parent is pid."""
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def gone(pid, seconds=60.0):
    """True when the process has ended within this time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (OSError, IndexError):
            return True
        if state in "ZX":
            return True
        time.sleep(0.01)
    return False


ports_claimed = []  # names that only one program at a time can have


def free_port(kind=socket.SOCK_STREAM):
    """A port for a board to listen on later: free now, given to no other test of this machine while
    this program runs, and below those that the system hands to connections, one of which once took
    it before the board could."""
    while True:
        port = random.randrange(12000, 32000)
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0aloft-test-port-{port}")
            with socket.socket(socket.AF_INET, kind) as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            claim.close()
            continue
        ports_claimed.append(claim)
        return port


def queued_datagrams(port):
    """How many bytes wait at a UDP port of this machine; None: no socket is bound to it."""
    lines = [line.split() for line in pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]]
    queues = [int(line[4].split(":")[1], 16) for line in lines
              if int(line[1].split(":")[1], 16) == port]
    return sum(queues) if queues else None


class Listener:
    """A TCP port that serves each connection in a thread of its own, by self.serve(peer)."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self.socket.close()

    def _accept(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer):
        try:
            with peer:
                self.serve(peer)
        except OSError:
            pass  # the peer has hung up, which it may


class Server(Listener):
    """An HTTP server of raw bytes. `answers` maps a path to bytes that are sent as they are, or to
    a function that gets the socket. It reads the request's head, answers and closes."""

    def __init__(self, answers):
        self.answers = answers
        self.requests = []
        super().__init__()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def serve(self, peer):
        if self.answer(peer) is not None:
            peer.shutdown(socket.SHUT_WR)
            peer.settimeout(60)
            while peer.recv(4096):
                pass

    def answer(self, peer):
        """Reads a request and answers it. Returns the answer; None when no request came."""
        head = b""
        while b"\r\n\r\n" not in head:
            piece = peer.recv(4096)
            if not piece:
                return None
            head += piece
        path = head.split()[1].decode()
        self.requests.append(path)
        answer = self.answers.get(path, http(404, b"no such file"))
        if callable(answer):
            answer(peer)
        else:
            peer.sendall(answer)
        return answer


class TlsServer(Server):
    """The same over TLS. It shows `cert` (crt and key), which may be changed while it runs."""

    def __init__(self, answers, cert, minimum=ssl.TLSVersion.TLSv1_2, seclevel=None):
        self.cert, self.minimum, self.seclevel = cert, minimum, seclevel
        self.reused = []
        self.contexts = {}
        super().__init__(answers)

    def url(self, path, host="127.0.0.1"):
        return f"https://{host}:{self.port}{path}"

    def context(self):
        """One for each certificate: sessions are resumed within a context only."""
        if self.cert not in self.contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.cert.crt, self.cert.key)
            with contextlib.suppress(Warning):
                context.minimum_version = self.minimum
            if self.seclevel is not None:
                context.set_ciphers(f"ALL:@SECLEVEL={self.seclevel}")
            self.contexts[self.cert] = context
        return self.contexts[self.cert]

    def serve(self, peer):
        with self.context().wrap_socket(peer, server_side=True) as tls:
            self.reused.append(tls.session_reused)
            if isinstance(self.answer(tls), bytes):
                tls.unwrap()


class Relay(Listener):
    """Stands between clients and a port of this machine, and passes everything on."""

    def __init__(self, target):
        self.target = target
        super().__init__()

    def carrier(self):
        """For one connection: a function of what came, and whether from the client, that gives what
        goes on; None ends the connection."""
        return lambda data, from_client: data

    def serve(self, client):
        carry = self.carrier()
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            while True:
                for side in select.select([client, server], [], [])[0]:
                    data = side.recv(65536)
                    data = carry(data, side is client) if data else None
                    if data is None:
                        return
                    (server if side is client else client).sendall(data)


class Serve:
    """`aloft serve` of a folder until the end of the with block, slow enough to stop a download in
    the middle."""

    def __init__(self, folder, rate="60K"):
        self.port = free_port()
        self.log = folder / "serve.log"
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [ALOFT, "serve", folder, "--port", str(self.port), "--limit-rate", rate],
                stdout=log, stderr=subprocess.STDOUT)

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    def __enter__(self):
        return self

    def __exit__(self, *about):
        self.process.terminate()
        self.process.wait(120)


def http(status, body=b"", length=None, *headers):
    """An answer; length is what Content-Length claims."""
    claim = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {claim}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def reset(peer):
    """Ends a connection with a reset instead of a farewell."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def table(rows):
    """A partition table of (label, type, subtype, addr, len), not checked in any way."""
    import hashlib
    out = b"".join(struct.pack("<2sBBLL16sL", b"\xAA\x50", kind, subtype, addr, size,
                               label.encode(), 0) for label, kind, subtype, addr, size in rows)
    out += b"\xEB\xEB" + b"\xFF" * 14 + hashlib.md5(out).digest()
    return out.ljust(0xC00, b"\xFF")


def record(seq, state, crc=None):
    """An otadata record as bytes."""
    crc = zlib.crc32(struct.pack("<I", seq), 0xFFFFFFFF) if crc is None else crc
    return struct.pack("<I20sII", seq, b"\xFF" * 20, state, crc)


def node_packages(name):
    """The folder with the npm packages of tests/system/*/NAME. Ends the test with the reason when
    there is no Node, or not the packages of the lock file."""
    node = shutil.which("node")
    if node is None:
        sys.exit("this test needs Node.js, and there is no command \"node\": run ./dev setup")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    if tuple(int(n) for n in version.lstrip("v").split(".")[:2]) < NODE_MIN:
        sys.exit(f"this test needs Node.js {NODE_MIN[0]}.{NODE_MIN[1]}; this is {version}")
    lock = next((ROOT / "tests/system").glob(f"*/{name}/package-lock.json"))
    return fetched(ROOT / "build" / "node" / name, "installed.json", lock, "the npm registry")


def fetched(folder, marker, lock, registry):
    """The folder, when what ./dev setup fetches into it is there; else ends the test."""
    installed = folder / marker
    if not installed.exists() or not filecmp.cmp(installed, lock, False):
        sys.exit(f"{folder} has not the packages of {lock}: run ./dev setup with a connection to "
                 + registry)
    return folder


class Stock:
    """Stock tools in the environment build/python/NAME, made from tests/system/stock/NAME.txt. From
    version 5 on, esptool and its kin write their words with dashes, and their names without .py."""

    def __init__(self, name):
        self.name = name
        self.new = name != "esptool4"
        lock = ROOT / "tests/system/stock" / f"{name}.txt"
        self.bin = fetched(ROOT / "build" / "python" / name, "installed.txt", lock, "PyPI") / "bin"

    def __call__(self, tool, *words, code=0):
        """Runs a tool; what it says. `words` are those of version 4; files are given as Path."""
        words = [str(word) if not isinstance(word, str) or not self.new
                 else re.sub("(?<=[a-z0-9])_(?=[a-z0-9])", "-", word) for word in words]
        path = self.bin / (tool if self.new else tool + ".py")
        return self._run([path, *words], code)

    def run_in(self, folder, tool, *words):
        """Runs a tool in this folder, with these words as they are; what it says."""
        return self._run(["env", "-C", folder, self.bin / tool, *words], 0)

    def python(self, *words, code=0):
        """Runs the environment's Python with these words as they are."""
        return self._run([self.bin / "python", *words], code)

    def _run(self, words, code):
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=300, env={**os.environ, "COLUMNS": "200"})
        check(code is None or done.returncode == code, *words, "returned", done.returncode, "not",
              code, "and said:\n" + done.stdout)
        return done.stdout


def named(claim, tools, *about):
    """A test of claim(tools, ..., folder) that is called after its tools."""
    def test(folder):
        claim(tools, *about, folder)
    test.__name__ = "_".join([tools.name, *(about or [claim.__name__])])
    return test


def main(tests, workers=None):
    """Runs the tests, each with its own folder, two for each processor as they mostly wait.
    Exits 0 when all are good."""
    if not ALOFT.exists() or not (IMAGES / "bootloader.bin").exists():
        sys.exit(f"{BIN} has no board to test: run ./dev build release first")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    bad = 0

    def one(test):
        start = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="aloft-board-") as folder:
            try:
                test(pathlib.Path(folder))
                return True, f"ok    {test.__name__} ({time.monotonic() - start:.1f} s)"
            except Exception:
                return False, f"FAIL  {test.__name__}\n{traceback.format_exc()}"

    with concurrent.futures.ThreadPoolExecutor(workers or 2 * (os.cpu_count() or 1)) as pool:
        for good, text in pool.map(one, tests):
            print(text, flush=True)
            bad += not good
    print(f"{len(tests)} tests, {bad} failures")
    sys.exit(bad != 0)
