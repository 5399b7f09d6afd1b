"""A board that runs with a pseudo-terminal, a TCP socket and an RFC 2217 end as its serial port."""
import re

from bench import *


class Running(Board):
    """A board that runs with the three kinds of serial ends."""

    def __init__(self, folder, *args, hello=False, tcp=0):
        super().__init__(folder / "flash")
        self.folder = folder
        if hello:
            self.create(app(folder / "hello.bin", "hello_world"))
        elif not self.flash.exists():
            aloft("board", "create", self.flash, "--size", "4MB")
        self.args = args
        self.tcp_port = tcp
        self.power_up()

    def power_up(self):
        self.log = open(self.folder / "remarks", "w+")
        self.link = self.folder / "tty"
        self.process = subprocess.Popen(
            [ALOFT, "board", "run", self.flash, "--serial", f"pty:{self.link}", "--serial",
             f"tcp:{self.tcp_port}", "--serial", "rfc2217:0", *self.args],
            stdout=subprocess.DEVNULL, stderr=self.log)
        self.tcp = self.port("socket")
        self.rfc2217 = self.port("rfc2217")

    def port(self, scheme):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            found = re.search(scheme + r"://\S+", pathlib.Path(self.log.name).read_text())
            if found:
                return found.group()
            time.sleep(0.02)
        raise AssertionError(f"no {scheme} end")

    def ends(self):
        return [self.link, self.tcp, self.rfc2217]

    def power_down(self):
        self.process.terminate()
        self.process.wait(120)
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.power_down()

    def flash_app(self, name, port, *args, code=0):
        return aloft("flash", IMAGES, "--app", name, "--port", port, *args, code=code)

    def monitor(self, port, until, *args, seconds=240, code=0):
        return aloft("monitor", "--port", port, "--until", until, "--timeout", seconds, *args,
                     code=code)

    def holds(self, name, addr=FACTORY):
        image = (IMAGES / name).read_bytes()
        return self.bytes()[addr:addr + len(image)] == image
