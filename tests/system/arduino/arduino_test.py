#!/usr/bin/env python3
"""The Arduino library (ports/arduino): its examples, with a stand-in for Arduino's core, update the
board."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

UPLOAD, PAGE = "password for uploads", "password for the page"


class Sketch(Typed):
    """A board that runs a sketch in its version 1; commands can be typed at its console."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.server = Server({})
        self.ports = {80: free_port(), 3232: free_port(socket.SOCK_DGRAM)}
        super().__init__(Board(folder / "flash").create(self.image("1")))

    def image(self, version, **settings):
        ports = ",".join(f"{port}={at}" for port, at in self.ports.items())
        route = f"updates.example.com:80=127.0.0.1:{self.server.port}"
        return app(self.folder / f"{version}.bin", f"arduino_{self.name}", version, ports=ports,
                   route=route, **settings)

    def push(self, image, password=UPLOAD, code=0):
        path = self.folder / "password"
        path.write_text(password)
        return aloft("push", f"127.0.0.1:{self.ports[3232]}", image, "--password-file", path,
                     code=code)

    def page(self, path, *words):
        url = f"http://127.0.0.1:{self.ports[80]}{path}"
        done = subprocess.run(["curl", "-s", "-m", "60", "--compressed", "--digest", "-u",
                               f"admin:{PAGE}", "-w", "%{http_code}", *words, url],
                              stdout=subprocess.PIPE, text=True)
        return done.stdout

    def confirmed(self):
        return self.board.part("otadata")[:32] == record(1, 2)


def a_server_updates_the_sketch(folder):
    sketch = Sketch(folder, "PullFromServer")
    new = sketch.image("2")
    sketch.server.answers["/lamp.bin"] = http(200, new.read_bytes())
    with sketch:
        sketch.see("Version 1")
        size = new.stat().st_size
        sketch.see(f"Update: {size} of {size} bytes")
        sketch.see("Version 2")
        sketch.see("aloft: Confirmed")  # the server has answered
        sketch.see("The server has nothing new")
        check("The core confirms" not in sketch.console, sketch.console)
    check(sketch.board.part("ota_0").startswith(new.read_bytes()), "another image")
    check(sketch.confirmed(), "not confirmed")


def the_ide_finds_and_updates_the_sketch(folder):
    sketch = Sketch(folder, "PushFromIDE")
    with sketch:
        sketch.see("mDNS: lamp.local\nmDNS: _arduino._tcp port 3232, auth_upload=yes\n")
        sketch.see("Ready")
        sketch.push(sketch.image("2"), "another password", code=1)
        check("A new sketch comes" not in sketch.console, sketch.console)
        sketch.push(sketch.image("2"))
        sketch.see("A new sketch comes")
        sketch.see("It is whole; restarting into it")  # loop() tells it before the restart
        sketch.see("Ready", 2)
        check(sketch.console.count("aloft: Confirmed") == 1, sketch.console)
        sketch.push(sketch.folder / "password", code=1)  # no image
    check(sketch.confirmed(), "not confirmed")


def a_sketch_without_network_goes_back(folder):
    """It waits for Wi-Fi before begin(), for ever: nobody would have restarted it."""
    sketch = Sketch(folder, "PushFromIDE")
    with sketch:
        sketch.see("Ready")
        sketch.push(sketch.image("2", wifi_down=1))
        sketch.see("The sketch did not come as far as begin()")
        sketch.see("Ready", 2)
        check("App version:      1" in sketch.console.rsplit("rst:", 1)[1], sketch.console)


def the_page_updates_a_sketch_when_it_may(folder):
    sketch = Sketch(folder, "Everything")
    with sketch:
        sketch.see("mDNS: pump.local\nmDNS: _arduino._tcp port 3232, auth_upload=yes\n"
                   "mDNS: _http._tcp port 80\n")
        sketch.see("Ready")
        sketch.type("gpio 4 1")  # the pump runs
        check("<title>" in sketch.page("/"), "no page")
        said = sketch.page("/update", "-F", f"firmware=@{sketch.image('2')}")
        check(said.endswith("200"), said)
        sketch.see("aloft: The new app boots next")
        time.sleep(1.5)
        check("Restarting into" not in sketch.console, sketch.console)
        sketch.type("gpio 4 -")
        sketch.see("Restarting into the new app")
        sketch.see("Ready", 2)
        sketch.see("aloft: Confirmed")


def a_sketch_that_fails_its_test_goes_back(folder):
    sketch = Sketch(folder, "Everything")
    with sketch:
        sketch.see("Ready")
        sketch.type("gpio 5 1")  # the sensor is broken from now on
        sketch.push(sketch.image("2"))
        sketch.see("aloft: Rejected: going back to the app before")
        sketch.see("Ready", 2)  # the version before
        check("App version:      1" in sketch.console.rsplit("rst:", 1)[1], sketch.console)


if __name__ == "__main__":
    main([a_sketch_without_network_goes_back, a_server_updates_the_sketch,
          the_ide_finds_and_updates_the_sketch, the_page_updates_a_sketch_when_it_may,
          a_sketch_that_fails_its_test_goes_back])
