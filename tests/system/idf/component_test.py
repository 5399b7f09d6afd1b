#!/usr/bin/env python3
"""The ESP-IDF component (ports/esp-idf), unchanged, in a project on the board's ESP-IDF layer: it
updates the board by every way, confirms, goes back, goes on after power cuts, and is cut at
random."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *
from pki import Cert

KEYS = ROOT / "tests/system/idf/keys"
CA = ROOT / "ports/esp-idf/test_apps/ota/main/ca.pem"
PASSWORD = "password of the test"


class World:
    """A board with version 1 of the component's test app, and the servers that it knows."""

    def __init__(self, folder, new="2"):
        self.folder = folder
        self.server = Server({})
        self.tls = TlsServer({}, Cert(CA, KEYS / "server_key.pem"))
        self.web, self.push = free_port(), free_port(socket.SOCK_DGRAM)
        self.new = self.image(new)
        self.server.answers["/ota.bin"] = http(200, self.new.read_bytes())
        self.board = Board(folder / "flash").create(self.image("1"))

    def image(self, version, *options):
        path = self.folder / f"{version}.bin"
        return app(path, "component_ota", version, *options,
                   route=f"updates.example:8070=127.0.0.1:{self.server.port},"
                         f"updates.example:443=127.0.0.1:{self.tls.port}",
                   ports=f"80={self.web},3232={self.push}")

    def secrets(self, *ways):
        (self.folder / "password").write_text(PASSWORD)
        for way in ways:
            aloft("secret", "set", self.board.flash, way, "--password-file",
                  self.folder / "password")

    def run(self, until, *args, code=SEEN):
        return self.board.run(until, "--fast", *args, code=code)


def updates_and_confirms_itself(folder):
    world = World(folder)
    console = world.run("test: Event CONFIRMED", "--resets", 1)
    in_order(console, "test: Version 1", "aloft: The new app boots next",
             "aloft: Restarting into the new app", "rst:0xc (SW_CPU_RESET)", "test: Version 2",
             "aloft: Confirmed: this app stays")
    # Events come in another task, so their lines have an order of their own.
    in_order(console, "test: Event STARTED, version 2", "test: Event SELECTED",
             "rst:0xc (SW_CPU_RESET)")
    check(world.board.part("ota_0").startswith(world.new.read_bytes()), "not the server's image")
    check(world.board.part("otadata").startswith(record(1, 2)), "the record is not VALID")
    console = world.run("Event UP_TO_DATE", "--resets", 0)
    in_order(console, "test: Version 2", "aloft: No update: SAME_VERSION")
    check("ON_TRIAL" not in console and "Event CONFIRMED" not in console, console)
    check("Event STARTED" not in console, console)


def over_https_only_the_right_server_updates(folder):
    world = World(folder)
    location = "Location: https://updates.example/ota.bin"
    world.server.answers["/ota.bin"] = http(302, b"", None, location)
    world.tls.answers["/ota.bin"] = http(200, world.new.read_bytes())
    world.tls.cert = Cert(KEYS / "other.pem", KEYS / "other_key.pem")
    world.run("Event FAILED, TLS_UNTRUSTED", "--resets", 0)
    check(world.tls.requests == [], "a server that is not trusted got a request")
    world.tls.cert = Cert(CA, KEYS / "server_key.pem")
    console = world.run("aloft: Confirmed: this app stays", "--resets", 1)
    in_order(console, "test: Version 1", "Event SELECTED", "test: Version 2")


def goes_back(folder, how, *signs):
    """A release that goes wrong on trial is left, and not fetched again."""
    world = World(folder, "2-" + how)
    console = world.run("Event FAILED, TRIAL_FAILED", "--resets", 2)
    in_order(console, "test: Version 1\n", f"test: Version 2-{how}\n", *signs, "test: Version 1\n",
             "Event FAILED, TRIAL_FAILED")


def goes_back_after_a_crash(folder):
    goes_back(folder, "crash", "abort() was called")


def goes_back_when_it_hangs(folder):
    goes_back(folder, "hang", "task_wdt")


def goes_back_when_nobody_confirms(folder):
    goes_back(folder, "never", "aloft: Not confirmed within the trial")


def goes_back_when_it_rejects_itself(folder):
    goes_back(folder, "reject", "aloft: Rejected: going back to the app before")


def waits_when_the_app_does_not_want(folder):
    """An app that wants neither download nor restart in its first 3 s gets both after them."""
    world = World(folder, "2")
    aloft("board", "write", world.board.flash, hex(FACTORY), world.image("1-veto"))
    console = world.run("test: Version 2\n", "--resets", 1)
    in_order(console, "test: Download: not now", "Event FAILED, APP_VETO", "Download: allowed",
             "test: Restart: allowed")
    check(console.count("Writing to the slot") >= 2, console)


def goes_on_after_a_power_cut(folder):
    world = World(folder)
    files = folder / "files"
    files.mkdir()
    (files / "ota.bin").write_bytes(world.new.read_bytes())
    with Serve(files, "2M") as serve:
        world.server.port = serve.port
        aloft("board", "write", world.board.flash, hex(FACTORY), world.image("1"))
        world.run("never shown", "--cut", "600:torn", code=POWER_CUT)
        console = world.run("aloft: Confirmed: this app stays", "--resets", 1)
    in_order(console, "test: Version 1", "aloft: Going on at byte", "test: Version 2")
    check(" 206 " in serve.log.read_text(), serve.log.read_text())


def survives_cuts_at_random(folder):
    """Each boots, completes its update, and holds the server's image."""
    world = World(folder)
    start = world.board.bytes()
    rng = random.Random(15)
    for _ in range(12):
        at = rng.choice([rng.randrange(1, 930), rng.randrange(930, 975)])
        world.board.flash.write_bytes(start)
        how = rng.choice(["before", "torn", "after"])
        world.run("aloft: Confirmed: this app stays", "--cut", f"{at}:{how}", "--seed", at,
                  code=None)
        console = world.run("Event UP_TO_DATE", "--resets", 1)
        about = (f"--cut {at}:{how} --seed {at}", console)
        check(world.board.part("ota_0").startswith(world.new.read_bytes()), *about)
        otadata = world.board.part("otadata")  # a trial that power ends is gone through again
        check(any(record(seq, 2) in otadata for seq in (1, 3)), *about)


def without_secrets_ways_stay_shut(folder):
    console = World(folder).run("test: Push: ", "--resets", 0)
    check("Push: ESP_ERR_NVS_NOT_FOUND, web: ESP_ERR_NVS_NOT_FOUND" in console, console)


def a_guard_that_was_set_and_is_lost_is_refused(folder):
    """ESP-IDF calls a value that it found damaged not found; the list of guards knows better."""
    world = World(folder)
    world.secrets("push")
    path = folder / "nvs.bin"
    nvs = bytearray(world.board.part("nvs"))
    at = nvs.index(b"push_hash\0")  # the value's entry; the list's stands elsewhere
    entries = [i - 8 for i in range(len(nvs)) if nvs[i:i + 10] == b"push_hash\0"]
    values = [i for i in entries if nvs[i + 1] == 0x21]
    check(values and at, entries)
    for entry in values:
        nvs[entry + 24] ^= 0xFF  # its length: ESP-IDF erases what has a wrong CRC
    path.write_bytes(nvs)
    aloft("board", "write", world.board.flash, "0x9000", path)
    console = world.run("test: Push: ")
    check("Push: ESP_ERR_NVS_INVALID_STATE" in console, console)


def a_push_updates(folder):
    world = World(folder)
    world.secrets("push")
    world.server.answers["/ota.bin"] = http(304)
    with Followed(world.board, "--fast") as board:
        board.see("test: Ready")
        wrong = folder / "wrong"
        wrong.write_text("another password")
        aloft("push", f"127.0.0.1:{world.push}", world.new, "--password-file", wrong, code=1)
        aloft("push", f"127.0.0.1:{world.push}", world.new, "--password-file",
              folder / "password")
        board.see("test: Version 2")
        board.see("aloft: Confirmed: this app stays")


def page_and_control_work(folder):
    world = World(folder)
    world.secrets("web", "control")
    world.server.answers["/ota.bin"] = http(304)
    to = f"127.0.0.1:{world.web}"
    with Followed(world.board, "--fast") as board:
        board.see("test: Ready")
        status = json.loads(aloft("control", to, "status", "--json", "--token-file",
                                  folder / "password"))
        check("1" in json.dumps(status), status)
        page = curl(world, "/")
        check("<title>" in page and page.endswith("200"), page[:200])
        said = curl(world, "/update", "-F", f"firmware=@{world.new}")
        check(said.endswith("200"), said)
        board.see("test: Version 2")
        board.see("aloft: Confirmed: this app stays")
        aloft("control", to, "rollback", "--token-file", folder / "password")
        board.see("test: Version 1", 2)


def curl(world, path, *words):
    done = subprocess.run(
        ["curl", "-sS", "--digest", "-u", "admin:" + PASSWORD, "--compressed", "-w", "%{http_code}",
         *words, f"http://127.0.0.1:{world.web}{path}"], capture_output=True, text=True,
        timeout=120)
    check(done.returncode == 0, done.stderr)
    return done.stdout


main([updates_and_confirms_itself, over_https_only_the_right_server_updates,
      goes_back_after_a_crash, goes_back_when_it_hangs, goes_back_when_nobody_confirms,
      goes_back_when_it_rejects_itself, waits_when_the_app_does_not_want,
      goes_on_after_a_power_cut, survives_cuts_at_random, without_secrets_ways_stay_shut,
      a_guard_that_was_set_and_is_lost_is_refused, a_push_updates, page_and_control_work])
