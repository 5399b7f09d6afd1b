#!/usr/bin/env python3
"""Updates from servers that were written for Arduino's HTTPUpdate: they know a device by its
x-ESP32 headers, and answer 200 with x-MD5, 304, 403 or 404."""
import base64
import hashlib
import pathlib
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

MAC = "02:A1:0F:00:00:01"


class UpdateServer:
    """The update script that Arduino's users know, as a server. It has one file for the device with
    this MAC. The headers decide: 403 to what is not an ESP32, 404 to a MAC that it does not
    know, 304 when version, MD5 or SHA-256 say that the device runs the file already, else the file.
    """

    def __init__(self, folder, file=None, version=None, macs=(MAC,), login=None, **wrong):
        self.file, self.version, self.macs, self.login = file, version, macs, login
        self.wrong = wrong  # md5: this instead of the file's; moved: path that redirects to it
        self.told = []      # the headers of each request
        self.statuses = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.told.append(dict(self.headers.items()))
                status, headers, body = outer.answer(self.path, self.headers)
                outer.statuses.append(status)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path="/update.php"):
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, path, told):
        if path == self.wrong.get("moved"):
            return 302, {"Location": self.url(), "x-MD5": "0" * 32}, b""
        needed = ["x-ESP32-STA-MAC", "x-ESP32-AP-MAC", "x-ESP32-free-space",
                  "x-ESP32-sketch-size", "x-ESP32-sketch-sha256", "x-ESP32-chip-size",
                  "x-ESP32-sdk-version", "x-ESP32-mode"]
        if told.get("User-Agent") != "ESP32-http-Update" or any(n not in told for n in needed):
            return 403, {}, b"only for ESP32 updater!\n"
        if self.login is not None:
            proof = base64.b64encode(self.login.encode()).decode()
            if told.get("Authorization") != f"Basic {proof}":
                return 401, {"WWW-Authenticate": 'Basic realm="updates"'}, b""
        if told["x-ESP32-STA-MAC"] not in self.macs or told["x-ESP32-mode"] != "sketch":
            return 404, {}, b"no firmware for this device\n"
        image = self.file.read_bytes()
        md5 = hashlib.md5(image).hexdigest()
        same = (told.get("x-ESP32-version") == self.version if self.version is not None else
                told.get("x-ESP32-sketch-md5") == md5 or
                told["x-ESP32-sketch-sha256"] == image[-32:].hex().upper())
        if same or len(image) > int(told["x-ESP32-free-space"]):
            return 304, {}, b""
        return 200, {"Content-Type": "application/octet-stream",
                     "Content-Disposition": "attachment; filename=update.bin",
                     "Content-Length": len(image), "x-MD5": self.wrong.get("md5", md5)}, image


def device(folder, server, version="1", path="/update.php", **settings):
    """An ota_demo that asks this server, and a board that has it as its factory app."""
    factory = app(folder / f"factory{version}.bin", "ota_demo", version, httpupdate="on",
                  url=server.url(path), retry_s=1, check_s=1, **settings)
    return factory, Board(folder / "flash").create(factory)


def next_version(folder, server, version="2", **settings):
    return app(folder / f"next{version}.bin", "ota_demo", version, httpupdate="on",
               url=server.url(), retry_s=1, check_s=1, **settings)


def a_device_updates_and_then_hears_that_there_is_nothing_new(folder):
    server = UpdateServer(folder, version="2")
    factory, board = device(folder, server)
    server.file = next_version(folder, server)
    # The new app asks twice: after the first 304 it goes on and asks again.
    console = board.run("No update: HTTP_NOT_MODIFIED", "--fast")
    check("otadata switched: ota_0 boots next" in console, console)
    check("Confirmed: ota_0 stays" in console, console)
    check("I (" in next(x for x in console.splitlines() if "HTTP_NOT_MODIFIED" in x), console)
    console = board.run("The app goes on running from ota_0; next try in 1 s", "--fast")
    check(server.statuses[:2] == [200, 304], server.statuses)
    check(board.info()["otadata"][0]["state"] == "VALID", board.info())
    before, after = server.told[0], server.told[1]
    image, new = factory.read_bytes(), server.file.read_bytes()
    for told, is_, version in [(before, image, "1"), (after, new, "2")]:
        check(told["x-ESP32-STA-MAC"] == MAC, told)
        check(told["x-ESP32-AP-MAC"] == "02:A1:0F:00:00:02", told)
        check(told["x-ESP32-free-space"] == str(SLOT_LEN), told)
        check(told["x-ESP32-sketch-size"] == str(len(is_)), told)
        check(told["x-ESP32-sketch-md5"] == hashlib.md5(is_).hexdigest(), told)
        check(told["x-ESP32-sketch-sha256"] == is_[-32:].hex().upper(), told)
        check(told["x-ESP32-chip-size"] == str(FLASH_LEN), told)
        check(told["x-ESP32-version"] == version, told)
        check(told["Cache-Control"] == "no-cache", told)
        check("Authorization" not in told, told)


def a_server_that_compares_hashes_says_304_to_the_app_that_it_sent(folder):
    server = UpdateServer(folder)
    _, board = device(folder, server)
    server.file = next_version(folder, server)
    console = board.run("The app goes on running from ota_0", "--fast")
    check("No update: HTTP_NOT_MODIFIED" in console, console)
    check(server.statuses[:2] == [200, 304], server.statuses)


def after_a_304_the_next_check_finds_what_is_new(folder):
    server = UpdateServer(folder, version="1")
    factory, board = device(folder, server)
    server.file = factory
    run = board.start("--fast", "--until", "Confirmed: ota_0 stays", "--timeout", 240)
    while len(server.statuses) < 2:
        time.sleep(0.05)
        check(run.poll() is None, "the board ended")
    server.file, server.version = next_version(folder, server), "2"
    console, errors = run.communicate(timeout=300)
    check(run.returncode == SEEN, console, errors)
    check(server.statuses[:2] == [304, 304] and 200 in server.statuses, server.statuses)


def a_file_with_another_md5_is_refused_and_the_app_goes_on(folder):
    for md5 in ["d41d8cd98f00b204e9800998ecf8427e", "nonsense", "0" * 33]:
        server = UpdateServer(folder, version="2", md5=md5)
        _, board = device(folder, server)
        server.file = next_version(folder, server)
        before = board.bytes()
        console = board.run("The app goes on running from factory; next try in 2 s", "--fast")
        check("E (" in console and "Update failed: HTTP_MD5" in console, console)
        check("otadata switched" not in console, console)
        check(server.statuses == [200, 200], "it waits between tries:", server.statuses)
        after = board.bytes()
        check(before[OTADATA:FACTORY] == after[OTADATA:FACTORY], "otadata was changed")
        check(after[OTA_0] == 0xFF, "an image begins in the slot")
        check(("Writing to partition" in console) == (len(md5) == 32 and md5[0] == "d"), console)
        board.flash.unlink()


def the_md5_of_the_last_answer_counts(folder):
    server = UpdateServer(folder, version="2", moved="/old.php")
    _, board = device(folder, server, path="/old.php")
    server.file = next_version(folder, server)
    console = board.run("Confirmed: ota_0 stays", "--fast")
    check("Redirected to" in console and server.statuses[:2] == [302, 200], server.statuses)


def an_unknown_device_and_a_forbidden_one_go_on_with_what_they_have(folder):
    server = UpdateServer(folder, macs=())
    _, board = device(folder, server)
    console = board.run("The app goes on running from factory", "--fast")
    check("Update failed: HTTP_NOT_FOUND" in console, console)
    board.flash.unlink()
    # Without the filter such a server does not take it for an ESP32.
    demo = app(folder / "plain.bin", "ota_demo", url=server.url(), retry_s=1)
    board = Board(folder / "flash").create(demo)
    console = board.run("The app goes on running from factory", "--fast")
    check("Update failed: HTTP_FORBIDDEN" in console, console)
    check(server.told[-1]["User-Agent"] == "Aloft/1.0", server.told)
    check(server.statuses == [404, 403], server.statuses)


def user_and_password_open_the_server_and_go_nowhere_else(folder):
    server = UpdateServer(folder, version="2", login="greenhouse:kale:1")
    elsewhere = UpdateServer(folder, version="2", moved="/away")
    elsewhere.url = server.url
    login = {"httpupdate_user": "greenhouse", "httpupdate_password": "kale:1"}
    _, board = device(folder, server, **login)
    server.file = next_version(folder, server, **login)
    board.run("Confirmed: ota_0 stays", "--fast")
    check(server.statuses[0] == 200, server.statuses)
    board.flash.unlink()
    demo = app(folder / "away.bin", "ota_demo", httpupdate="on", retry_s=1,
               url=f"http://127.0.0.1:{elsewhere.port}/away", **login)
    board = Board(folder / "flash").create(demo)
    console = board.run("The app goes on running from factory", "--fast")
    check("Update failed: HTTP_UNAUTHORIZED" in console, console)
    check("Authorization" in elsewhere.told[0] and "Authorization" not in server.told[-1],
          elsewhere.told, server.told[-1])


if __name__ == "__main__":
    main([a_device_updates_and_then_hears_that_there_is_nothing_new,
          a_server_that_compares_hashes_says_304_to_the_app_that_it_sent,
          after_a_304_the_next_check_finds_what_is_new,
          a_file_with_another_md5_is_refused_and_the_app_goes_on,
          the_md5_of_the_last_answer_counts,
          an_unknown_device_and_a_forbidden_one_go_on_with_what_they_have,
          user_and_password_open_the_server_and_go_nowhere_else])
