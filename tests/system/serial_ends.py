"""A board that runs with a pseudo-terminal, a TCP socket and an RFC 2217 end as its serial port."""
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
        self.link = self.folder / "tty"
        self.followed = Followed(self, "--serial", f"pty:{self.link}", "--serial",
                                 f"tcp:{self.tcp_port}", "--serial", "rfc2217:0", *self.args)
        self.process = self.followed.process
        self.tcp = self.followed.end("socket")
        self.rfc2217 = self.followed.end("rfc2217")

    def ends(self):
        return [self.link, self.tcp, self.rfc2217]

    def power_down(self):
        self.followed.__exit__()

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
