"""A board whose app serves the device's page, and what curl gets from it."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

PASSWORD = "correct horse"


class WebBoard(Followed):
    """A running board with the way on, until the end of the with block."""

    def __init__(self, folder, padding=0, **settings):
        self.folder, self.web_port = folder, free_port()
        self.program = BIN / "tests" / "system" / "web_app"
        if padding > 0:
            self.program = padded(folder / "web_app", self.program, padding)
        self.settings = {"web_password": PASSWORD, "web_port": self.web_port, **settings}
        self.board = Board(folder / "flash.bin").create(self.image("1.0.0"))

    def image(self, version, **more):
        return build(self.folder / f"{version}.bin", self.program, version,
                     **{**self.settings, **more})

    def __enter__(self):
        self.follow(self.board, "--fast", "--timeout", "900")
        self.wait_for("is ready")
        return self

    def wait_for(self, text, count=1):
        self.see(text, count)
        end = time.monotonic() + 120
        while "is ready" in text and self.settings["web_password"] and not self.listens():
            check(time.monotonic() < end, "its port is not open")
            time.sleep(0.05)

    def listens(self):
        """The app says that it is ready a moment before its listener is open."""
        try:
            socket.create_connection(("127.0.0.1", self.web_port)).close()
        except OSError:
            return False
        return True

    def curl(self, path, *args, password=PASSWORD):
        """Status and body of a request; status 0 when there was no answer."""
        user = ["--digest", "-u", f"admin:{password}"] if password is not None else []
        done = subprocess.run(
            ["curl", "-s", "-m", "120", *user, "-w", "\n%{http_code}", *map(str, args),
             f"http://127.0.0.1:{self.web_port}{path}"], stdout=subprocess.PIPE, text=True)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), body

    def status(self):
        code, body = self.curl("/api/status")
        check(code == 200, code, body)
        return json.loads(body)

    def post(self, command, body="", *args):
        code, text = self.curl(f"/api/{command}", "--data-binary", body, *args)
        return code, json.loads(text)
