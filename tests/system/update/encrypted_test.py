#!/usr/bin/env python3
"""Encrypted firmware on a whole board: by pull, push and browser, over a reset in the middle, and
what is refused."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

PASSWORD = "correct horse"
PADDING = 160 << 10


def keys(folder):
    """A key that the device has, and another one."""
    for name in ("device", "other"):
        aloft("keys", "create", "--type", "rsa3072", "-o", folder / f"{name}.pem")
    return folder / "device.pem", folder / "other.pem"


def encrypted(folder, key, version="2", padding=0):
    """hello_world, encrypted."""
    plain, sealed = folder / f"hello{version}.bin", folder / f"hello{version}.enc"
    program = padded(folder / "hello_program", BIN / "apps/hello_world", padding)
    build(plain, program, version, project_name="hello_world")
    aloft("encrypt", "--key", key, plain, "-o", sealed)
    check(sealed.stat().st_size == plain.stat().st_size + 512)
    check(b"hello_world" not in sealed.read_bytes())
    return plain, sealed


def board_with(folder, key, **settings):
    demo = app(folder / "demo.bin", "ota_demo", **settings)
    board = Board(folder / "flash").create(demo)
    if key is not None:
        aloft("secret", "set", board.flash, "key", "--key-file", key)
    return board


def in_slot(board, plain):
    image = plain.read_bytes()
    return board.bytes()[OTA_0:OTA_0 + len(image)] == image


def a_pull_opens_it(folder):
    key, _ = keys(folder)
    plain, sealed = encrypted(folder, key)
    server = Server({"/x": http(200, sealed.read_bytes())})
    board = board_with(folder, key, url=server.url("/x"), encrypted="required")
    console = board.run("Running hello_world version 2 from ota_0", "--fast")
    check("New firmware version: 2" in console, console)
    check(in_slot(board, plain), console)
    listed = aloft("secret", "list", board.flash)
    check(re.search(r"key +set +encrypted firmware", listed), listed)
    shown = aloft("nvs", "show", board.flash)
    check("PRIVATE KEY" not in shown and "enc_key" in shown, shown)
    aloft("nvs", "get", board.flash, "aloft", "enc_key", code=1)


def what_must_not_run_is_refused_by_name(folder):
    key, other = keys(folder)
    plain, sealed = encrypted(folder, key)
    spoilt = bytearray(sealed.read_bytes())
    spoilt[20000] ^= 1
    cases = [
        ("key", sealed.read_bytes(), other, "", "ENC_KEY"),
        ("tag", bytes(spoilt), key, "", "ENC_TAG"),
        ("cut", sealed.read_bytes()[:30000], key, "", "ENC_LENGTH"),
        ("none", sealed.read_bytes(), None, "", "ENC_NO_KEY"),
        ("plain", plain.read_bytes(), key, "required", "ENC_REQUIRED"),
    ]
    for name, bytes_served, has, required, fault in cases:
        server = Server({"/x": http(200, bytes_served)})
        (folder / name).mkdir()
        board = board_with(folder / name, has, url=server.url("/x"), encrypted=required)
        before = board.bytes()
        console = board.run(f"Update failed: {fault}", "--fast")
        check(board.bytes()[OTA_0] == 0xFF, console)
        check(board.info()["boots"] == "factory", board.info())
        check(fault == "ENC_TAG" or board.bytes() == before, "flash was changed", fault)
        server.close()


def a_reset_in_the_middle_goes_on_where_it_stopped(folder):
    key, _ = keys(folder)
    plain, _ = encrypted(folder, key, padding=PADDING)
    with Serve(folder) as server:
        board = board_with(folder, key, url=server.url("hello2.enc"), encrypted="required")
        process = board.start("--timeout", "600", "--until", "Running hello_world version 2")
        try:
            console = read_until_written(process, 40000)
            process.send_signal(signal.SIGUSR1)  # the button
            console += read_until_written(process, 90000)
            process.terminate()  # the power
            console += process.communicate(timeout=600)[0]
            check(process.returncode == POWER_CUT, process.returncode, console)
            console += board.run("Running hello_world version 2 from ota_0", timeout=600)
        finally:
            process.kill()
    went_on = [int(n) for n in re.findall(r"Going on at byte (\d+) of", console)]
    check(len(went_on) == 2 and went_on[0] > 35000 and went_on[1] > 85000, went_on, console)
    check(all(n % 256 == 0 and n > 512 for n in went_on), went_on)
    lines = server.log.read_text(encoding="utf-8")
    check(lines.count(" 206 ") == 2, lines)
    check(in_slot(board, plain), console)


def by_a_way(folder, way, send):
    key, _ = keys(folder)
    plain, sealed = encrypted(folder, key)
    port = free_port(socket.SOCK_DGRAM if way == "push" else socket.SOCK_STREAM)
    board = board_with(folder, key, pull="off", encrypted="required", **{f"{way}_port": port})
    (folder / "password").write_text(PASSWORD)
    aloft("secret", "set", board.flash, way, "--password-file", folder / "password")
    with Followed(board, "--fast", "--timeout", "900") as running:
        running.see(f"is on, port {port}")
        send(port, plain, code=1)
        running.see("ENC_REQUIRED")
        send(port, sealed, code=0)
        running.see("Running hello_world version 2 from ota_0")
    check(in_slot(board, plain), "not in its slot")


def a_push_brings_it(folder):
    def send(port, path, code):
        aloft("push", f"127.0.0.1:{port}", path, "--password-file", folder / "password", code=code)
    by_a_way(folder, "push", send)


def the_browser_brings_it(folder):
    def send(port, path, code):
        done = subprocess.run(
            ["curl", "-s", "-m", "240", "--retry-connrefused", "--retry", "9", "--digest", "-u",
             f"admin:{PASSWORD}", "-F", f"firmware=@{path}",
             f"http://127.0.0.1:{port}/update"], stdout=subprocess.PIPE, text=True, timeout=300)
        check(("Update Success" in done.stdout) == (code == 0), done.stdout)
    by_a_way(folder, "web", send)


if __name__ == "__main__":
    main([a_pull_opens_it, what_must_not_run_is_refused_by_name,
          a_reset_in_the_middle_goes_on_where_it_stopped, a_push_brings_it,
          the_browser_brings_it])
