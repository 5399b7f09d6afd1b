#!/usr/bin/env python3
"""Devices in the field: what was built before (field/README.md) with what is built today. An old
app updates, confirms and rolls back under today's bootloader, today's app under the old one; half
a download of one is taken up, or dropped, by the other; what one bootloader has begun to write,
the other completes."""
import functools
import pathlib
import platform
import re
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

ARCHIVE = pathlib.Path(__file__).resolve().parent / "field" / "images.tar.xz"
NATIVE = 0xA10F0000  # where the segment with the program is loaded (docs/SPEC.md)
OLD, NEW = "old", "new"
MIXES = [(OLD, NEW), (NEW, OLD)]  # app, bootloader
PASSWORD = "correct horse"
PADDING = 160 << 10


@functools.cache
def kept():
    """The images built before, by name."""
    with tarfile.open(ARCHIVE) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


@functools.cache
def program(age, name):
    """The program of an app."""
    if age == NEW:
        return stripped(BIN / "apps" / name)
    image = kept()[f"{name}.bin"]
    off = 24
    for _ in range(image[1]):
        addr, length = struct.unpack_from("<II", image, off)
        if addr == NATIVE:
            return image[off + 8:off + 8 + length]
        off += 8 + length
    raise AssertionError(f"{name}.bin has no program")


def make(path, age, name, version, padding=0, **settings):
    """An image of this program with these settings."""
    file = path.with_suffix(".elf")
    file.write_bytes(program(age, name) + random.Random(1).randbytes(padding))
    return build(path, file, version, project_name=name, **settings)


def bootloader(board, age):
    """Puts this bootloader into the board's flash, as a cable would."""
    path = board.flash.with_suffix(f".{age}")
    image = kept()["bootloader.bin"] if age == OLD else (IMAGES / "bootloader.bin").read_bytes()
    path.write_bytes(image)
    aloft("board", "write", board.flash, "0x1000", path)


def board_with(folder, loader, factory, name="flash"):
    table = folder / "table.bin"
    table.write_bytes(kept()["partitions-two_ota.bin"])
    board = Board(folder / name).create(factory, table)
    bootloader(board, loader)
    return board


def in_each_mix(test):
    """The test with an old app under today's bootloader, and with today's under the old one."""
    @functools.wraps(test)
    def both(folder):
        for mix in MIXES:
            try:
                (folder / mix[0]).mkdir()
                test(folder / mix[0], *mix)
            except AssertionError as error:
                raise AssertionError(f"{mix[0]} app, {mix[1]} bootloader: {error}") from error
    return both


def states(board):
    return [r and r["state"] for r in board.info()["otadata"]]


def first_of(board, *texts):
    """Runs the board until its console shows one of the texts: that text, and the console's."""
    process = board.start("--fast", "--timeout", 240)
    console = ""
    try:
        for line in process.stdout:
            console += line
            for text in texts:
                if text in line:
                    return text, console
    finally:
        process.terminate()
        process.wait(120)
    raise AssertionError(f"none of {texts} in\n{console}")


# --- whole updates

def an_image_built_before_runs_unchanged(folder):
    """No byte of it is changed: the download, the bootloader, the table, the app."""
    server = Server({"/hello_world.bin": http(200, kept()["hello_world.bin"])})
    for loader in (OLD, NEW):
        (folder / loader).mkdir()
        demo = make(folder / loader / "demo.bin", NEW, "ota_demo", "1",
                    url=server.url("/hello_world.bin"))
        board = board_with(folder / loader, loader, demo)
        console = board.run("Confirmed: ota_0 stays", "--fast")
        check("Running hello_world version 1.0.0 from ota_0" in console, console)
        check(board.bytes()[OTA_0:].startswith(kept()["hello_world.bin"]), "not the image")
        factory = folder / loader / "factory.bin"
        factory.write_bytes(kept()["ota_demo.bin"])
        plain = board_with(folder / loader, loader, factory, "plain")
        console = plain.run("Update failed: NET_REFUSED", "--fast")
        check("App version:      1.0.0" in console, console)


@in_each_mix
def updates_alternate_and_touch_nothing_else(folder, age, loader):
    """Six in a row; each app is of the other age than the one that fetches it."""
    count = 6
    server = Server({})
    ages = [age if i % 2 == 0 else NEW if age == OLD else OLD for i in range(count + 1)]
    for i, one in enumerate(ages):
        path = make(folder / f"{i}.bin", one, "ota_demo", f"v{i}", url=server.url(f"/{i + 1}.bin"))
        server.answers[f"/{i}.bin"] = http(200, path.read_bytes())
    board = board_with(folder, loader, folder / "0.bin")
    before = board.bytes()
    for i in range(1, count + 1):
        board.run("otadata switched", "--fast", "--resets", 0)
        after = board.bytes()
        allowed = [(OTADATA, 0x2000), (OTA_0 if i % 2 else OTA_1, SLOT_LEN)]
        for addr in range(0, FLASH_LEN, 0x1000):
            if not any(a <= addr < a + n for a, n in allowed):
                check(before[addr:addr + 0x1000] == after[addr:addr + 0x1000], "update", i,
                      "changed sector", hex(addr))
        check(board.image(f"ota_{(i + 1) % 2}")["version"] == f"v{i}", board.info())
        before = after
    console = board.run("Confirmed: ota_1 stays", "--fast")
    check(f"App version:      v{count}" in console, console)
    check("VALID" in states(board), board.info())
    again = board.run("ota: Connected to server", "--fast")
    check("Loaded app from partition at offset 0x210000" in again, again)


@in_each_mix
def an_idf_app_updates_and_stays(folder, age, loader):
    server = Server({})
    route = f"updates.example:8070=127.0.0.1:{server.port}"
    other = NEW if age == OLD else OLD
    new = make(folder / "2.bin", other, "idf_native_ota", "2", route=route).read_bytes()
    server.answers["/firmware.bin"] = http(200, new)
    board = board_with(folder, loader,
                       make(folder / "1.bin", age, "idf_native_ota", "1", route=route))
    console = board.run("No update: ESP_ERR_INVALID_VERSION", "--fast")  # the one that runs now
    check("native: Version 1, start 1" in console, console)
    again = board.run("No update: ESP_ERR_INVALID_VERSION", "--fast")
    check("native: Version 2, start 3" in again and "rolling back" not in again, again)
    check("VALID" in states(board), board.info())
    check(board.bytes()[OTA_0:].startswith(new), "not the image")


# --- trials

def trial(folder, age, loader, **settings):
    """A board whose factory app has just installed a hello_world of the same age."""
    bad = make(folder / "bad.bin", age, "hello_world", "2", **settings)
    server = Server({"/x": http(200, bad.read_bytes())})
    demo = make(folder / "demo.bin", age, "ota_demo", "1", url=server.url("/x"), retry_s=1)
    board = board_with(folder, loader, demo)
    board.run("otadata switched", "--fast", "--resets", 0)  # its trial has not begun
    return board, server


@in_each_mix
def a_bad_app_is_rolled_back_and_not_fetched_again(folder, age, loader):
    for fault in [{"crash": "start"}, {"hang": "start"}, {"confirm": "never", "countdown": 1}]:
        one = folder / next(iter(fault))
        one.mkdir()
        board, server = trial(one, age, loader, **fault)
        console = board.run("TRIAL_FAILED", "--fast")
        check("trial was not confirmed, rolling back" in console, console)
        check("ABORTED" in states(board) and "VALID" not in states(board), states(board))
        check(board.info()["boots"] == "factory", board.info())
        server.close()


def the_other_bootloader_ends_a_trial(folder):
    """A cable brings a bootloader of the other age between update, trial and rollback."""
    for at, first, second in [(i, *pair) for i in (0, 1) for pair in ((OLD, NEW), (NEW, OLD))]:
        one = folder / f"{at}{first}"
        one.mkdir()
        board, server = trial(one, first, first, confirm="never", countdown=1)
        if at == 1:
            board.run("Hello world!", "--fast")  # on trial, as PENDING
        bootloader(board, second)
        if at == 0:
            board.run("Hello world!", "--fast")
        console = board.run("TRIAL_FAILED", "--fast")
        check("trial was not confirmed, rolling back" in console, console)
        check(board.info()["boots"] == "factory", board.info())
        server.close()


@in_each_mix
def a_cut_in_a_trial_leaves_one_good_app(folder, age, loader):
    """Power goes at each flash operation from the first boot of a new app to its confirmation,
    under one bootloader; then the other one boots. It is the new app, or the one before."""
    good = make(folder / "good.bin", age, "hello_world", "2")
    server = Server({"/x": http(200, good.read_bytes())})
    demo = make(folder / "demo.bin", age, "ota_demo", "1", url=server.url("/x"))
    whole = board_with(folder, loader, demo)
    whole.run("otadata switched", "--fast", "--resets", 0)
    server.close()
    cuts = 0
    for how in ("before", "torn", "after"):
        for operation in range(1, 100):
            board = Board(folder / "cut").copy_of(whole)
            console = board.run("Confirmed: ota_0 stays", "--fast", "--cut", f"{operation}:{how}",
                                "--seed", operation, code=None)
            if "Confirmed: ota_0 stays" in console:
                break
            cuts += 1
            bootloader(board, NEW if loader == OLD else OLD)
            seen, console = first_of(board, "Confirmed: ota_0 stays", "Update failed: NET_REFUSED")
            slot = "ota_0" if seen.startswith("Confirmed") else "factory"
            check(board.info()["boots"] == slot, operation, how, board.info(), "\n" + console)
    check(cuts >= 6, "only", cuts, "cuts")


# --- half a download

def stop_at(board, length):
    """Pulls the power once so many bytes of the image are written."""
    process = board.start("--timeout", "600")
    try:
        console = read_until_written(process, length)
        process.terminate()
        console += process.communicate(timeout=120)[0]
        check(process.returncode == POWER_CUT, process.returncode, console)
    finally:
        process.kill()
    return console


def half(folder, age, key, stopped_at):
    """Files and a board whose download of hello_world has stopped in the middle."""
    plain = make(folder / "hello.bin", NEW, "hello_world", "2", PADDING)
    name = "hello.bin"
    if key is not None:
        aloft("encrypt", "--key", key, plain, "-o", folder / "hello.enc")
        name = "hello.enc"
    files = Serve(folder)
    demo = make(folder / "demo.bin", age, "ota_demo", "1", url=files.url(name))
    board = board_with(folder, age, demo)
    if key is not None:
        aloft("secret", "set", board.flash, "key", "--key-file", key)
    stop_at(board, stopped_at)
    return files, board, plain, name


def goes_on(folder, first, second, key=None):
    """A download that an app of one age has begun is ended by one of the other age."""
    for stopped_at in (3000, 90000):
        one = folder / f"{first}{stopped_at}"
        one.mkdir()
        files, board, plain, name = half(one, first, key, stopped_at)
        with files:
            demo = make(one / "demo2.bin", second, "ota_demo", "1", url=files.url(name))
            aloft("board", "write", board.flash, hex(FACTORY), demo)
            bootloader(board, second)
            console = board.run("Running hello_world version 2 from ota_0", timeout=600)
            board.run("Confirmed: ota_0 stays", "--fast")
        check(board.bytes()[OTA_0:].startswith(plain.read_bytes()), "not the image\n" + console)
        went_on = re.findall(r"Going on at byte (\d+) of", console)
        print(f"      {first} -> {second}, stopped at {stopped_at}: "
              f"{'went on at ' + went_on[0] if went_on else 'begun again'}")


def half_an_old_download_is_ended_by_todays_app(folder):
    goes_on(folder, OLD, NEW)


def half_of_todays_download_is_ended_by_an_old_app(folder):
    goes_on(folder, NEW, OLD)


def half_an_old_encrypted_download_is_ended_by_todays_app(folder):
    aloft("keys", "create", "--type", "rsa3072", "-o", folder / "device.pem")
    goes_on(folder, OLD, NEW, folder / "device.pem")


def half_an_old_download_does_not_spoil_another_release(folder):
    """The release on the server is another one when the new app asks."""
    files, board, _, name = half(folder, OLD, None, 90000)
    with files:
        release = make(folder / "hello.bin", OLD, "hello_world", "3", PADDING // 2)
        demo = make(folder / "demo2.bin", NEW, "ota_demo", "1", url=files.url(name))
        aloft("board", "write", board.flash, hex(FACTORY), demo)
        bootloader(board, NEW)
        console = board.run("Running hello_world version 3 from ota_0", timeout=600)
        board.run("Confirmed: ota_0 stays", "--fast")
    check("Going on" not in console, console)
    check(board.bytes()[OTA_0:].startswith(release.read_bytes()), "not the image\n" + console)


# --- what the owner has set

def a_stale_note_costs_an_old_app_one_try(folder):
    """Old apps noted long downloads in the slot's last 64 KiB, where today's app looks for nothing
    and erases nothing that its image does not need. An old app that comes back finds such a note
    over bytes of another release: it goes on, the judge refuses, and it starts from byte 0."""
    files, board, plain, name = half(folder, OLD, None, 20000)
    block = OTA_0 + SLOT_LEN - 0x10000
    notes = board.bytes()[OTA_0 + SLOT_LEN - 0x1000:OTA_0 + SLOT_LEN]
    board.patch(block, notes)  # as for a download that is too long for the last sector
    with files:
        make(folder / "other.bin", NEW, "hello_world", "3", PADDING)
        for age, wanted in ((NEW, "other.bin"), (OLD, name)):
            demo = make(folder / f"{age}.bin", age, "ota_demo", "1", url=files.url(wanted))
            aloft("board", "write", board.flash, hex(FACTORY), demo)
            bootloader(board, age)
            if age == NEW:
                stop_at(board, 20000)
                check(board.bytes()[block:].startswith(notes), "today's app has erased the note")
        console = board.run("Running hello_world version 2 from ota_0", timeout=600)
        board.run("Confirmed: ota_0 stays", "--fast")
    check(console.count("Going on at byte") == 1 and "Update failed: IMAGE_" in console, console)
    check(board.bytes()[OTA_0:].startswith(plain.read_bytes()), "not the image\n" + console)


def passwords_that_an_old_tool_has_set_hold(folder):
    """Nothing is open that was shut, and the owner's password opens it."""
    ports = {"push_port": free_port(socket.SOCK_DGRAM), "web_port": free_port()}
    demo = make(folder / "demo.bin", NEW, "ota_demo", "1", pull="off", **ports)
    board = board_with(folder, NEW, demo)
    (folder / "nvs.bin").write_bytes(kept()["nvs.bin"])
    aloft("parts", "write", board.flash, "nvs", folder / "nvs.bin")
    listed = aloft("secret", "list", board.flash)
    for way in ("push", "web", "control"):
        check(re.search(rf"^{way} +set", listed, re.M), listed)
    process = board.start("--fast")
    console = []
    threading.Thread(target=lambda: console.extend(process.stdout), daemon=True).start()
    try:
        new = make(folder / "2.bin", NEW, "ota_demo", "2", pull="off", **ports)
        target = f"127.0.0.1:{ports['push_port']}"
        end = time.monotonic() + 120
        while queued_datagrams(ports["push_port"]) is None:
            check(time.monotonic() < end, "its port is not open\n" + "".join(console))
            time.sleep(0.05)
        for password, code in (("wrong horse", 1), (PASSWORD, 0)):
            (folder / "password").write_text(password)
            aloft("push", target, new, "--password-file", folder / "password", code=code)
    finally:
        process.terminate()
        process.wait(120)
    check(board.bytes()[OTA_0:].startswith(new.read_bytes()), "".join(console))


if __name__ == "__main__":
    if platform.machine() != "x86_64":
        print(f"skipped: the images of before are for x86-64, and this is {platform.machine()}")
        sys.exit(0)
    main([half_an_old_download_is_ended_by_todays_app,
          half_of_todays_download_is_ended_by_an_old_app,
          half_an_old_encrypted_download_is_ended_by_todays_app,
          a_stale_note_costs_an_old_app_one_try,
          half_an_old_download_does_not_spoil_another_release,
          a_cut_in_a_trial_leaves_one_good_app, updates_alternate_and_touch_nothing_else,
          an_image_built_before_runs_unchanged, an_idf_app_updates_and_stays,
          a_bad_app_is_rolled_back_and_not_fetched_again, the_other_bootloader_ends_a_trial,
          passwords_that_an_old_tool_has_set_hold])
