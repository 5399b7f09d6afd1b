#!/usr/bin/env python3
"""Updates that go well: the way of the demo, and twenty in a row."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *


def the_factory_app_replaces_itself_by_hello_world(folder):
    hello = app(folder / "hello.bin", "hello_world", "2024.11-rc1")
    server = Server({"/hello_world.bin": http(200, hello.read_bytes())})
    demo = app(folder / "demo.bin", "ota_demo", server="127.0.0.1", port=server.port)
    board = Board(folder / "flash").create(demo)
    console = board.run("Confirmed: ota_0 stays", "--resets", 1)
    steps = ["invalid header", "Hello world!"]
    check(steps[0] not in console, console)
    at = 0
    for step in ["rst:0x1 (POWERON_RESET)", "Defaulting to factory image",
                 "Loaded app from partition at offset 0x10000", "ota: Starting OTA example...",
                 "ota: Running partition type 0 subtype 0 (offset 0x00010000)",
                 "ota: Connect to Wifi ! Start to Connect to Server....",
                 f"ota: Server IP: 127.0.0.1 Server Port:{server.port}", "ota: Connected to server",
                 "ota: Connected to http server", "ota: Send GET request to server succeeded",
                 "ota: Writing to partition subtype 16 at offset 0x110000",
                 "ota: esp_ota_begin succeeded", "ota: esp_ota_write header OK",
                 "ota: Have written image length ",
                 "ota: Connection closed, all packets received",
                 f"ota: Total Write binary data length : {hello.stat().st_size}",
                 "ota: Prepare to restart system!", "rst:0xc (SW_CPU_RESET)",
                 "Loaded app from partition at offset 0x110000", "Hello world!",
                 "Running hello_world version 2024.11-rc1 from ota_0", "Confirmed: ota_0 stays"]:
        found = console.find(step, at)
        check(found >= 0, "missing, or out of order:", step, "\n" + console)
        at = found
    lengths = [int(line.rsplit(" ", 1)[1]) for line in console.splitlines()
               if "Have written image length" in line]
    pieces = [b - a for a, b in zip([0] + lengths, lengths)]
    # A line comes with the first piece that passes a KiB, so two lines are less than two apart.
    check(max(pieces) < 2048, "pieces of more than 1 KiB:", pieces)
    info = board.info()
    check(info["boots"] == "ota_0", info)
    check(info["otadata"][0]["state"] == "VALID", info)
    again = board.run("Hello world!", "--resets", 0)
    check("Loaded app from partition at offset 0x110000" in again, again)


def hello_world_restarts_after_its_countdown(folder):
    hello = app(folder / "hello.bin", "hello_world", countdown=1)
    board = Board(folder / "flash").create(hello)
    console = board.run("rst:0xc (SW_CPU_RESET)", "--fast")
    check("Restarting in 1 seconds...\nRestarting now.\n" in console, console)
    check("from factory" in console, console)


def twenty_updates_alternate_and_touch_nothing_else(folder):
    count = 20
    server = Server({})
    for i in range(count + 1):
        path = app(folder / f"{i}.bin", "ota_demo", f"v{i}", url=server.url(f"/{i + 1}.bin"))
        server.answers[f"/{i}.bin"] = http(200, path.read_bytes())
    board = Board(folder / "flash").create(folder / "0.bin")
    before = board.bytes()
    for i in range(1, count + 1):
        # Without a reset allowed it cannot run on into the next update before it is stopped.
        board.run("otadata switched", "--fast", "--resets", 0)
        after = board.bytes()
        target = OTA_0 if i % 2 else OTA_1
        allowed = [(OTADATA, 0x2000), (target, SLOT_LEN)]
        for addr in range(0, FLASH_LEN, 0x1000):
            if not any(a <= addr < a + n for a, n in allowed):
                check(before[addr:addr + 0x1000] == after[addr:addr + 0x1000], "update", i,
                      "changed sector", hex(addr))
        slot = f"ota_{(i + 1) % 2}"
        check(board.image(slot)["version"] == f"v{i}", board.info())
        check(board.info()["boots"] == slot, board.info())
        before = after
    console = board.run("Confirmed: ota_1 stays", "--fast")
    check(f"App version:      v{count}" in console, console)


def the_version_that_runs_already_is_not_an_update(folder):
    server = Server({})
    demo = app(folder / "demo.bin", "ota_demo", "5", url=server.url("/demo.bin"))
    server.answers["/demo.bin"] = http(200, demo.read_bytes())
    board = Board(folder / "flash").create(demo)
    before = board.bytes()
    console = board.run("no more tries", "--fast")
    check("No update: SAME_VERSION" in console and "(ota_demo 5)" in console, console)
    check(board.bytes() == before, "flash was changed")


def redirects_and_chunks_and_plain_closing_are_understood(folder):
    hello = app(folder / "hello.bin", "hello_world").read_bytes()
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(hello[i:i + 3000]), hello[i:i + 3000])
                      for i in range(0, len(hello), 3000)) + b"0\r\n\r\n"
    server = Server({"/r": http(302, b"", 0, "Location: /chunked"),
                     "/chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
                     "/closed": b"HTTP/1.0 200 OK\r\n\r\n" + hello})
    for path in ["/r", "/closed"]:
        demo = app(folder / "demo.bin", "ota_demo", url=server.url(path))
        board = Board(folder / f"flash{path[1:]}").create(demo)
        console = board.run("Hello world!", "--fast")
        check(("Redirected to " in console) == (path == "/r"), console)


if __name__ == "__main__":
    main([the_factory_app_replaces_itself_by_hello_world, hello_world_restarts_after_its_countdown,
          twenty_updates_alternate_and_touch_nothing_else,
          the_version_that_runs_already_is_not_an_update,
          redirects_and_chunks_and_plain_closing_are_understood])
