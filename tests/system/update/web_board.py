"""A board whose app serves the device's page, and what curl gets from it."""
import json
import pathlib
import random
import socket
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import ALOFT, BIN, Board, aloft, check, free_port

PASSWORD = "correct horse"


class WebBoard:
    """A running board with the way on, until the end of the with block."""

    def __init__(self, folder, padding=0, **settings):
        self.folder, self.port = folder, free_port()
        self.program = BIN / "tests" / "system" / "web_app"
        if padding > 0:  # behind an ELF file there may be anything
            self.program = folder / "web_app"
            self.program.write_bytes((BIN / "tests" / "system" / "web_app").read_bytes() +
                                     random.Random(1).randbytes(padding))
        self.settings = {"web_password": PASSWORD, "web_port": self.port, **settings}
        self.board = Board(folder / "flash.bin").create(self.image("1.0.0"))

    def image(self, version, **more):
        path = self.folder / f"{version}.bin"
        sets = [word for key, value in {**self.settings, **more}.items()
                for word in ("--set", f"{key}={value}")]
        aloft("image", "build", self.program, "-o", path, "--project", "web_app", "--version",
              version, *sets)
        return path

    def __enter__(self):
        self.log = open(self.folder / "console.txt", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [ALOFT, "board", "run", self.board.flash, "--fast", "--timeout", "900"],
            stdout=self.log, stderr=subprocess.STDOUT)
        self.wait_for("is ready")
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=120)
        self.log.close()

    def console(self):
        return pathlib.Path(self.log.name).read_text(encoding="utf-8", errors="replace")

    def wait_for(self, text, count=1):
        end = time.monotonic() + 120
        while self.console().count(text) < count:
            check(time.monotonic() < end, "no", repr(text), "in\n" + self.console())
            time.sleep(0.05)
        while "is ready" in text and self.settings["web_password"] and not self.listens():
            check(time.monotonic() < end, "nobody listens")
            time.sleep(0.05)

    def listens(self):
        """The app says that it is ready a moment before its listener is open."""
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def curl(self, path, *args, password=PASSWORD):
        """Status and body of a request; status 0 when there was no answer."""
        user = ["--digest", "-u", f"admin:{password}"] if password is not None else []
        done = subprocess.run(
            ["curl", "-s", "-m", "120", *user, "-w", "\n%{http_code}", *map(str, args),
             f"http://127.0.0.1:{self.port}{path}"], stdout=subprocess.PIPE, text=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    def status(self):
        code, body = self.curl("/api/status")
        check(code == 200, code, body)
        return json.loads(body)

    def post(self, command, body="", *args):
        code, text = self.curl(f"/api/{command}", "--data-binary", body, *args)
        return code, json.loads(text)
