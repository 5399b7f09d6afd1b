#!/usr/bin/env python3
"""Whatever a server, a file or a table does wrong, the console gives one clear line with the
fault's name, the app goes on running, and flash outside the spare slot is as it was."""
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

WORKS_ON = "The app goes on running from factory"


class Bad:
    """One way to answer, and the fault that it must end in."""

    def __init__(self, fault, answer=None, url=None):
        self.fault, self.answer, self.url = fault, answer, url


def untouched(board, before, allowed=((OTA_0, SLOT_LEN),)):
    after = board.bytes()
    for addr in range(0, FLASH_LEN, 0x1000):
        if not any(a <= addr < a + n for a, n in allowed):
            check(before[addr:addr + 0x1000] == after[addr:addr + 0x1000], "changed:", hex(addr))


def try_update(folder, bad, name):
    """Lets a factory app meet the bad answer once, and checks all that must hold afterwards."""
    server = Server({f"/{name}": bad.answer})
    demo = app(folder / f"{name}.demo", "ota_demo", url=bad.url or server.url(f"/{name}"))
    board = Board(folder / f"{name}.flash").create(demo)
    before = board.bytes()
    console = board.run(WORKS_ON, "--fast", "--resets", 0)
    lines = [line for line in console.splitlines() if line.startswith("E ")]
    check(len(lines) == 1, name, ": not one line:", lines, "\n" + console)
    check(f"Update failed: {bad.fault}: " in lines[0], name, ": not", bad.fault, ":", lines[0])
    untouched(board, before)
    check(board.image("ota_0")["good"] is False, name, "left something bootable")
    server.close()
    return lines[0]


def edited(image, edit):
    image = bytearray(image)
    edit(image)
    return bytes(image)


def put(off, data):
    def edit(image):
        image[off:off + len(data)] = data
    return edit


def flip(*bits):
    def edit(image):
        for bit in bits:
            image[bit // 8] ^= 1 << bit % 8
    return edit


def native_segment(image):
    return 24 + 8 + struct.unpack_from("<I", image, 28)[0] + 8  # its data


def bad_files(image):
    native = native_segment(image)
    big = bytearray(rehash(image)) + b"\xFF" * SLOT_LEN
    page = b"<!DOCTYPE html><title>Log in to the hotel's Wi-Fi</title>" * 40
    return {
        "wrong_chip": Bad("IMAGE_CHIP", http(200, rehash(edited(image, put(12, b"\x05\0"))))),
        "too_new": Bad("IMAGE_REVISION", http(200, rehash(edited(image, put(15, b"\x90\1"))))),
        "html_page": Bad("IMAGE_MAGIC", http(200, page)),
        "truncated": Bad("IMAGE_TRUNCATED", http(200, image[:-5000])),
        "half_a_header": Bad("IMAGE_TRUNCATED", http(200, image[:10])),
        "appended": Bad("IMAGE_TRAILING", http(200, image + b"more")),
        "too_large": Bad("HTTP_BODY_LIMIT", http(200, bytes(big))),
        "too_large_unsaid": Bad("IMAGE_TOO_LARGE", b"HTTP/1.0 200 OK\r\n\r\n" + bytes(big)),
        "one_bit": Bad("IMAGE_CHECKSUM", http(200, edited(image, flip(80000)))),
        "two_bits": Bad("IMAGE_HASH", http(200, edited(image, flip(80000, 80008)))),
        "no_segments": Bad("IMAGE_SEGMENTS", http(200, edited(image, put(1, b"\0")))),
        "odd_segment": Bad("IMAGE_SEGMENT", http(200, edited(image, put(28, b"\x03")))),
        "foreign": Bad("IMAGE_FOREIGN",
                       http(200, rehash(edited(image, put(native - 8, b"\0\0\x08\x40"))))),
        "bootloader": Bad("IMAGE_NOT_APP", http(200, (IMAGES / "bootloader.bin").read_bytes())),
        "empty": Bad("IMAGE_EMPTY", http(200, b"")),
    }


def bad_servers(image):
    def mid_body(peer):
        peer.sendall(http(200, image)[:9000])
        time.sleep(0.2)
        reset(peer)

    return {
        "missing": Bad("HTTP_NOT_FOUND", http(404, b"no")),
        "forbidden": Bad("HTTP_FORBIDDEN", http(403, b"no")),
        "unauthorized": Bad("HTTP_UNAUTHORIZED", http(401, b"no")),
        "gone": Bad("HTTP_CLIENT_ERROR", http(410, b"no")),
        "broken": Bad("HTTP_SERVER_ERROR", http(500, b"oops")),
        "promised_more": Bad("HTTP_SHORT", http(200, image, len(image) + 100)),
        "promised_less": Bad("HTTP_LONG", http(200, image, len(image) - 16)),
        "gone_mid_body": Bad("NET_RESET", mid_body),
        "closed_mid_body": Bad("HTTP_SHORT", http(200, image)[:9000]),
        "reset_at_once": Bad("NET_RESET", reset),
        "two_lengths": Bad("HTTP_FRAMING", http(200, image, None, "Content-Length: 7")),
        "packed": Bad("HTTP_ENCODING", http(200, image, None, "Content-Encoding: gzip")),
        "not_http": Bad("HTTP_SYNTAX", b"220 mail.example.org ESMTP\r\n"),
        "endless_head": Bad("HTTP_HEADER_LIMIT", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9000),
        "circle": Bad("HTTP_REDIRECT_LOOP", http(302, b"", 0, "Location: /circle")),
        "nowhere": Bad("HTTP_REDIRECT_TARGET", http(302, b"", 0)),
        "elsewhere": Bad("URL_SCHEME", http(302, b"", 0, "Location: ftp://127.0.0.1/x")),
    }


def bad_urls():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    return {
        "nobody_there": Bad("NET_REFUSED", url=f"http://127.0.0.1:{port}/x"),
        "no_such_name": Bad("NET_DNS", url="http://no-such-host.invalid/x"),
        "nobody_to_trust": Bad("TLS_NO_TRUST", url="https://127.0.0.1:4433/x"),
        "no_url": Bad("URL_SYNTAX", url="http:///x"),
    }, port


def files_that_are_not_updates_are_refused_by_name(folder):
    image = app(folder / "good.bin", "hello_world").read_bytes()
    for name, bad in bad_files(image).items():
        try_update(folder, bad, name)


def servers_that_misbehave_are_named(folder):
    image = app(folder / "good.bin", "hello_world").read_bytes()
    for name, bad in bad_servers(image).items():
        try_update(folder, bad, name)


def addresses_that_lead_nowhere_are_named_with_a_remedy(folder):
    urls, port = bad_urls()
    for name, bad in urls.items():
        line = try_update(folder, bad, name)
        if name == "nobody_there":
            check("host 127.0.0.1" in line and f"port {port}" in line and "firewall" in line, line)


def a_corrupt_byte_anywhere_is_caught(folder):
    image = app(folder / "good.bin", "hello_world").read_bytes()
    random.seed(4)
    for i in range(25):
        at = random.randrange(len(image))
        server = Server({"/x": http(200, edited(image, put(at, bytes([image[at] ^ 0x81]))))})
        demo = app(folder / "demo.bin", "ota_demo", url=server.url("/x"))
        board = Board(folder / f"flash{i}").create(demo)
        before = board.bytes()
        console = board.run(WORKS_ON, "--fast", "--resets", 0)
        check("Update failed: IMAGE_" in console, "byte", at, "\n" + console)
        untouched(board, before)


def what_the_owner_does_not_want_is_refused_and_the_rest_is_taken(folder):
    cases = {
        "older": ("IMAGE_OLDER", app(folder / "older", "ota_demo", "0.9.12", url="http:///")),
        "other": ("IMAGE_PROJECT", app(folder / "other", "hello_world", "2.0")),
        "newer": ("Loaded app from partition at offset 0x110000",
                  app(folder / "newer", "ota_demo", "1.0.1", url="http:///")),
    }
    for name, (said, file) in cases.items():
        server = Server({"/x": http(200, file.read_bytes())})
        for owner in ({"downgrade": "no", "project": "same"}, {}):
            demo = app(folder / "demo.bin", "ota_demo", url=server.url("/x"), **owner)
            board = Board(folder / f"{name}{len(owner)}").create(demo)
            board.run(said if owner else "Loaded app from partition at offset 0x110000", "--fast")
            check(not owner or board.image("ota_0")["good"] is (name == "newer"), name)
        server.close()


NVS = ("nvs", 1, 2, 0x9000, 0x4000)
DATA = ("otadata", 1, 0, OTADATA, 0x2000)
APPS = [("factory", 0, 0, FACTORY, SLOT_LEN), ("ota_0", 0, 0x10, OTA_0, SLOT_LEN),
        ("ota_1", 0, 0x11, OTA_1, SLOT_LEN)]


def tables_that_cannot_be_updated_with_are_named(folder):
    image = app(folder / "good.bin", "hello_world").read_bytes()
    server = Server({"/x": http(200, image)})
    demo = app(folder / "demo.bin", "ota_demo", url=server.url("/x"))
    cases = {
        "PTABLE_OVERLAP": [NVS, DATA, *APPS, ("fat", 1, 0x81, 0x180000, 0x10000)],
        "PTABLE_ALIGN": [NVS, DATA, APPS[0], ("ota_0", 0, 0x10, 0x118000, 0x80000), APPS[2]],
        "PTABLE_GAP": [NVS, DATA, APPS[0], APPS[1], ("ota_2", 0, 0x12, OTA_1, SLOT_LEN)],
        "NO_OTA_SLOT": [NVS, DATA, APPS[0]],
        "NO_OTADATA": [NVS, *APPS],
        "OTADATA_SIZE": [NVS, ("otadata", 1, 0, OTADATA, 0x1000), *APPS],
    }
    for fault, rows in cases.items():
        (folder / "table").write_bytes(table(rows))
        board = Board(folder / fault).create(demo, folder / "table")
        before = board.bytes()
        console = board.run(WORKS_ON, "--fast", "--resets", 0)
        line = next(line for line in console.splitlines() if "Update failed" in line)
        check(f"Update failed: {fault}: " in line, line)
        check(fault not in ("NO_OTA_SLOT", "NO_OTADATA") or "two_ota" in line, line)
        check(board.bytes() == before, fault, "changed flash")


def a_table_that_breaks_while_the_app_runs_is_named(folder):
    server = Server({})
    demo = app(folder / "demo.bin", "ota_demo", url=server.url("/x"), retry_s=1)
    board = Board(folder / "flash").create(demo)
    process = board.start("--fast", "--timeout", 240, "--until", "PTABLE_MD5")
    console = ""
    while "HTTP_NOT_FOUND" not in console:
        console += process.stdout.readline()
    board.patch(0x8000 + 12, b"x")
    rest, _ = process.communicate(timeout=300)
    check(process.returncode == SEEN, console + rest)
    check("Update failed: PTABLE_MD5: " in rest, rest)


def a_board_without_a_readable_table_says_so_and_waits_for_a_flash(folder):
    demo = app(folder / "demo.bin", "ota_demo")
    cases = {"PTABLE_EMPTY": b"\xFF" * 0xC00, "PTABLE_MD5": None, "PTABLE_MAGIC": b"\0" * 0xC00,
             "PTABLE_RANGE": table([NVS, ("factory", 0, 0, FACTORY, 0x10000000)])}
    for fault, content in cases.items():
        board = Board(folder / fault).create(demo)
        if content is None:
            board.patch(0x8000 + 12, b"x")
        else:
            board.patch(0x8000, content)
        before = board.bytes()
        board.run("app_init", "--fast", code=NOTHING)
        check(fault in board.stderr and "aloft board write" in board.stderr, board.stderr)
        check(board.bytes() == before, "flash was changed")
        check(board.info()["table_error"] == fault, board.info())


def bad_otadata_boots_the_factory_app_which_can_update(folder):
    image = app(folder / "good.bin", "hello_world").read_bytes()
    server = Server({"/x": http(200, image)})
    demo = app(folder / "demo.bin", "ota_demo", url=server.url("/x"))
    garbage = random.Random(1).randbytes(32)
    cases = {
        "garbage": (garbage, garbage[::-1]),
        "zeros": (bytes(32), bytes(32)),
        "bad_crc": (record(1, 2, 5), record(2, 2, 6)),
        "both_refused": (record(1, 3), record(2, 4)),
        "torn": (record(0, 0xFFFFFFFF, 0xFFFFFFFF), b"\xFF" * 32),
    }
    for name, records in cases.items():
        board = Board(folder / name).create(demo)
        for i in range(2):
            board.patch(OTADATA + 0x1000 * i, records[i])
        console = board.run("Hello world!", "--fast", "--resets", 1)
        check("Loaded app from partition at offset 0x10000\n" in console, name, console)
        check("Loaded app from partition at offset 0x110000\n" in console, name, console)


def a_record_whose_slot_is_empty_falls_back_and_is_reported(folder):
    demo = app(folder / "demo.bin", "ota_demo", url="http://127.0.0.1:1/x")
    board = Board(folder / "flash").create(demo)
    board.patch(OTADATA, record(1, 2))
    console = board.run("Update failed", "--fast", "--resets", 0)
    check("OTA app partition slot 0 is not bootable" in console, console)
    check("Configured OTA boot partition at offset 0x00110000, but running from offset 0x00010000"
          in console, console)


def a_flash_file_of_odd_size_is_refused(folder):
    for size in [0, 1, 4096, (4 << 20) - 1, (4 << 20) + 1, 3 << 20]:
        flash = folder / f"flash{size}"
        flash.write_bytes(b"\xFF" * size)
        for command in (["run", flash, "--timeout", 5], ["info", flash],
                        ["write", flash, "0x1000", IMAGES / "bootloader.bin"]):
            said = aloft("board", *command, code=FAILED)
            check(len(said.splitlines()) == 1 and str(size) in said, said)
        check(flash.read_bytes() == b"\xFF" * size, "the file was changed")


def images_that_the_board_cannot_run_are_refused_by_its_rom(folder):
    demo = app(folder / "demo.bin", "ota_demo")
    good = (IMAGES / "bootloader.bin").read_bytes()
    cases = {
        "invalid header: 0xffffffff": b"\xFF" * len(good),
        "IMAGE_CHIP": rehash(edited(good, put(12, b"\x05\0"))),
        "IMAGE_FOREIGN": rehash(edited(good, put(24, b"\0\x80\x07\x40"))),
        "IMAGE_CHECKSUM": edited(good, flip(50000)),
    }
    for i, (text, bootloader) in enumerate(cases.items()):
        board = Board(folder / f"flash{i}").create(demo)
        board.patch(0x1000, bootloader)
        console = board.run("app_init", "--fast", code=NOTHING)
        check(text in console, text, "\n" + console)
        check("first flash" in board.stderr, board.stderr)


if __name__ == "__main__":
    main([files_that_are_not_updates_are_refused_by_name, servers_that_misbehave_are_named,
          addresses_that_lead_nowhere_are_named_with_a_remedy, a_corrupt_byte_anywhere_is_caught,
          what_the_owner_does_not_want_is_refused_and_the_rest_is_taken,
          tables_that_cannot_be_updated_with_are_named,
          a_table_that_breaks_while_the_app_runs_is_named,
          a_board_without_a_readable_table_says_so_and_waits_for_a_flash,
          bad_otadata_boots_the_factory_app_which_can_update,
          a_record_whose_slot_is_empty_falls_back_and_is_reported,
          a_flash_file_of_odd_size_is_refused,
          images_that_the_board_cannot_run_are_refused_by_its_rom])
