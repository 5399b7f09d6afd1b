"""pytest fixtures for firmware on Aloft's virtual ESP32. The manual is docs/CI.md.

    def test_it_updates_itself(board, serve):
        url = serve("build/www")
        board.flash("build/images", app="my_app")
        board.wait("Hello world!")
        board.power_cut()
        board.power_on()

The tool is `aloft` of the PATH, or what --aloft or $ALOFT names. Nothing here reads a project's
configuration, and nothing outlives a test.
"""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time

import pytest

TAIL = 60  # lines of the console that a failure shows


def pytest_addoption(parser):
    parser.addoption("--aloft", default=None, help="the aloft tool [$ALOFT, or of the PATH]")


class Tool:
    """The aloft tool."""

    def __init__(self, path):
        self.path = str(path)

    def __call__(self, *words, timeout=300):
        """Runs `aloft WORDS`; what it printed on both streams. Fails the test when that fails."""
        done = subprocess.run([self.path, *map(str, words)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=timeout)
        if done.returncode != 0:
            pytest.fail(f"aloft {' '.join(map(str, words))} returned {done.returncode}:\n"
                        f"{done.stdout}", pytrace=False)
        return done.stdout

    def image(self, program, output, version="1", project=None, **settings):
        """An image of a program, as `./dev idf` or a build of Aloft leaves it, with another version
        or settings (`aloft board settings`). The image's path."""
        sets = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        self("image", "build", program, "-o", output, "--project",
             project or pathlib.Path(program).name, "--version", version, *sets)
        return pathlib.Path(output)


class Board:
    """A virtual board: a flash file, and the run of the board on it."""

    def __init__(self, tool, folder, size="4MB", args=()):
        self.tool = tool
        self.flash_file = folder / "board.flash"
        self.port = f"{folder}/tty"
        self.args = list(args)  # more words for `aloft board run`
        self.console = ""  # all that it has said, over all its runs
        self.remarks = ""  # what the power supply has to say: resets, crash loops
        self._seen = 0
        self._run = None
        self._said = threading.Condition()
        tool("board", "create", self.flash_file, "--size", size)

    # --- power

    def power_on(self, *args):
        """Starts the board: from its flash, or into its loader when nothing there boots."""
        if self._run is not None:
            raise RuntimeError("the board is on already")
        words = [self.tool.path, "board", "run", str(self.flash_file), "--serial",
                 f"pty:{self.port}", *self.args, *map(str, args)]
        self._run = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                     stdin=subprocess.DEVNULL, text=True, errors="replace")
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True) for pair in
                         ((self._run.stdout, "console"), (self._run.stderr, "remarks"))]
        for reader in self._readers:
            reader.start()
        self._wait(lambda: os.path.exists(self.port), 30, "the board's serial port")

    def power_cut(self):
        """Pulls the power, in the middle of whatever flash is doing."""
        run, self._run = self._run, None
        if run is not None:
            run.send_signal(signal.SIGTERM)
            run.wait(60)
            for reader in self._readers:
                reader.join(60)

    def power_cycle(self):
        self.power_cut()
        self.power_on()

    def reset(self):
        """Presses the reset button."""
        self.tool("board", "reset", self.flash_file)

    # --- flash

    def flash(self, build, app=None, table=None, *words):
        """Flashes a build folder over the serial port, as `aloft flash` does: an ESP-IDF build
        folder with flasher_args.json, or one with bootloader, table and app. Turns the board on if
        it is off. The app starts."""
        if self._run is None:
            self.power_on()
        more = [*(("--app", app) if app else ()), *(("--table", table) if table else ()), *words]
        with self._said:
            self._seen = len(self.console)
        self.tool("flash", build, "--port", self.port, *more)

    def info(self):
        """What is in its flash, as `aloft board info --json` has it."""
        import json
        return json.loads(self.tool("board", "info", self.flash_file, "--json"))

    # --- console

    def wait(self, pattern, timeout=60):
        """Waits until the console shows the regular expression, after what the last call has found;
        the match. Fails the test with the console's end when it does not."""
        found = []

        def look():
            match = re.compile(pattern).search(self.console, self._seen)
            if match:
                self._seen = match.end()
                found.append(match)
            return bool(match)

        self._wait(look, timeout, repr(pattern))
        return found[0]

    def type(self, line):
        """Types a line on the console."""
        with open(self.port, "wb", buffering=0) as port:
            port.write(line.encode() + b"\r")

    # --- inside

    def _read(self, stream, name):
        for line in stream:
            with self._said:
                setattr(self, name, getattr(self, name) + line)
                self._said.notify_all()
        with self._said:
            self._said.notify_all()

    def _wait(self, ready, timeout, what):
        end = time.monotonic() + timeout
        with self._said:
            while not ready():
                left = end - time.monotonic()
                ended = self._run is None or self._run.poll() is not None
                if left <= 0 or (ended and not any(r.is_alive() for r in self._readers)):
                    tail = "\n".join(self.console.splitlines()[-TAIL:])
                    why = "the board is off" if ended else f"not within {timeout} s"
                    pytest.fail(f"waiting for {what}: {why}\n{tail}\n{self.remarks}",
                                pytrace=False)
                self._said.wait(min(left, 0.1))


class Served:
    """A running `aloft serve`."""

    def __init__(self, tool, folder, args):
        self.folder = pathlib.Path(folder)
        self._run = subprocess.Popen([tool.path, "serve", str(folder), "--port", "0", *args],
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                     errors="replace", stdin=subprocess.DEVNULL)
        self.log = []
        match = None
        for line in self._run.stdout:
            self.log.append(line)
            match = re.search(r"http://[\d.]+:(\d+)/", line)
            if match:
                break
        if not match:
            pytest.fail("aloft serve does not start:\n" + "".join(self.log), pytrace=False)
        self.port = int(match[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=lambda: self.log.extend(self._run.stdout), daemon=True).start()

    def close(self):
        self._run.terminate()
        self._run.wait(60)


@pytest.fixture(scope="session")
def aloft(request):
    """The tool, as a call: aloft("image", "info", path)."""
    path = request.config.getoption("--aloft") or os.environ.get("ALOFT") or shutil.which("aloft")
    if not path or not os.access(path, os.X_OK):
        pytest.fail("there is no aloft tool: install Aloft, or give --aloft PATH", pytrace=False)
    return Tool(pathlib.Path(path).resolve())


@pytest.fixture
def board(aloft, tmp_path):
    """A board with 4 MB of erased flash, off. Its power goes when the test ends."""
    made = Board(aloft, tmp_path)
    yield made
    made.power_cut()


@pytest.fixture
def serve(aloft):
    """serve(FOLDER): a web server of that folder until the test ends, with .url and .port."""
    servers = []

    def start(folder, *args):
        servers.append(Served(aloft, folder, args))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
