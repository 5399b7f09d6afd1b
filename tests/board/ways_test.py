#!/usr/bin/env python3
"""The ways of ota_demo, with secrets from NVS as an owner sets them: push, page, token, console."""
from bench import *

WEB, PUSH, TOKEN = "web password 1", "push password 1", "control token 1"


class Demo:
    """A running ota_demo with every way on, until the end of the with block."""

    def __init__(self, folder, flash="flash", **settings):
        self.folder = folder
        self.ports = {"web_port": free_port(), "push_port": free_port(socket.SOCK_DGRAM)}
        self.settings = {"pull": "off", **self.ports, **settings}
        self.board = Board(folder / flash).create(self.image("1"))
        for way, secret in (("web", WEB), ("push", PUSH), ("control", TOKEN)):
            file = folder / way
            file.write_text(secret)
            aloft("secret", "set", self.board.flash, way, "--password-file", file)

    def image(self, version, **more):
        return app(self.folder / f"{version}.bin", "ota_demo", version, **{**self.settings, **more})

    def __enter__(self):
        self.console = ""
        self.tty = self.board.flash.with_suffix(".tty")
        self.process = self.board.start("--fast", "--serial", f"pty:{self.tty}")
        threading.Thread(target=self._read, daemon=True).start()
        self.see("The web page is on")
        self.keys = os.open(self.tty, os.O_RDWR | os.O_NOCTTY)
        return self

    def __exit__(self, *about):
        os.close(self.keys)
        self.process.terminate()
        self.process.wait(20)

    def _read(self):
        for line in self.process.stdout:
            self.console += line

    def see(self, text, times=1, seconds=60):
        end = time.monotonic() + seconds
        while self.console.count(text) < times:
            check(time.monotonic() < end, "not seen:", text, "\n" + self.console)
            time.sleep(0.02)

    def type(self, line):
        os.write(self.keys, line.encode() + b"\r")

    def push(self, image, code=0):
        return aloft("push", f"127.0.0.1:{self.ports['push_port']}", image, "--password-file",
                     self.folder / "push", code=code)

    def control(self, *words, code=0, proof=("--token", TOKEN)):
        return aloft("control", f"127.0.0.1:{self.ports['web_port']}", *words, *proof, code=code)


def what_was_pushed_can_be_confirmed_from_afar_and_stays(folder):
    """An app that somebody else than itself confirmed went back to the app before when its trial
    was over, or so it said: it restarted."""
    with Demo(folder) as demo:
        demo.push(demo.image("2", confirm="never", trial_s=4))
        demo.see("The web page is on", 2)
        pushed = time.monotonic()
        check("on trial" in demo.push(demo.image("3"), code=1), "an app on trial took a push")
        demo.see("Push from 127.0.0.1 refused: ON_TRIAL")
        demo.control("confirm", proof=("--password-file", folder / "web"))
        time.sleep(max(0, pushed + 7 - time.monotonic()))
        check("ota_demo 2, running, VALID" in demo.control("status"), demo.control("status"))
        check("trial; going back" not in demo.console, demo.console)


def an_app_that_nobody_confirms_goes_back_when_its_trial_is_over(folder):
    with Demo(folder) as demo:
        demo.push(demo.image("2", confirm="never", trial_s=2))
        demo.see("Not confirmed within the trial; going back to the app before")
        demo.see("The web page is on", 3)
        check("ota_demo 1, running" in demo.control("status"), demo.control("status"))


def the_console_takes_every_command(folder):
    with Demo(folder) as demo:
        demo.push(demo.image("2", confirm="never"))
        demo.see("The web page is on", 2)
        demo.type("status")
        demo.see("Device 02a10f000001, last reset: software, no update is under way")
        demo.see("factory  at 0x010000: ota_demo 1\n")
        demo.see("ota_0    at 0x110000: ota_demo 2, running, boots next, PENDING_VERIFY\n")
        demo.see("ota_1    at 0x210000: no image\n")
        demo.type("confirm")
        demo.see("Command confirm: OK")
        demo.type("boot ota_1")
        demo.see("Command boot ota_1: IMAGE_MAGIC")
        demo.type("check")
        demo.see("Command check: OK")
        demo.see("Update failed: NET_REFUSED")  # nobody serves
        demo.type("boot factory")
        demo.see("Command boot factory: OK")
        demo.see("The web page is on", 3)
        demo.type("rollback")
        demo.see("Command rollback: NO_ROLLBACK")
        demo.type("factory")
        demo.see("Command factory: OK")
        demo.see("The web page is on", 4)


def a_push_port_that_another_program_has_is_not_taken_from_it(folder):
    """Two boards on one port both said that push was on, and one of them heard nothing."""
    with Demo(folder) as demo, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        check("no app image" in demo.push(folder / "push", code=1), "its port is open")
        try:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", demo.ports["push_port"]))
        except OSError:
            pass
        else:
            check(False, "another could have it")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", demo.ports["push_port"]))
        with demo:
            demo.see(f"Port {demo.ports['push_port']} of 127.0.0.1 cannot be had")
            demo.see("Push has no port now; it is tried again")
            other.close()
            demo.push(demo.image("2"))


if __name__ == "__main__":
    main([what_was_pushed_can_be_confirmed_from_afar_and_stays,
          an_app_that_nobody_confirms_goes_back_when_its_trial_is_over,
          the_console_takes_every_command,
          a_push_port_that_another_program_has_is_not_taken_from_it])
