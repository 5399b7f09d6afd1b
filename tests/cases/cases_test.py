#!/usr/bin/env python3
"""One line a case: what strangers' files, flashes and servers are, and the right outcome. The
numbers are the kinds of faults that public reports led to; tests/cases/README.md says which are
elsewhere. All inputs are of our own making (inputs.py)."""
from inputs import *

BLANK = b"\xFF" * 32
TEXT = "nvs,data,nvs,0x9000,0x4000\notadata,data,ota,0xd000,0x2000\n"
# Random bytes: three encrypted entries, or noise.
NOISE = {64 + i: random.Random(i).randrange(256) for i in range(96)}
SLOTS = "ota_0,app,ota_0,0x10000,1M\nota_1,app,ota_1,0x110000,1M\n"

# number, the file, the command with {} for it, exit status, words that it says
FILES = [
    (1, lambda f: nvs(f, 3, {64 + 32 + 9: 0x62}), "nvs show {}", 0, "cannot be read"),
    (1, lambda f: nvs(f, 3, {64 + 64 + 24: 7}), "nvs show {}", 0, "cannot be read"),
    (1, lambda f: nvs(f, 3, {64 + 64 + 24: 7}), "nvs get {} own c", 1, "cannot be read"),
    (1, lambda f: nvs(f, 3, NOISE), "nvs show {}", 0, "cannot be read"),
    (1, lambda f: nvs(f, 3, NOISE), "nvs set {} own a 5", 1, "NVS_"),
    (5, lambda f: board_with_efuses(f, b""), "board info {}", 1, "f.efuse"),
    (5, lambda f: board_with_efuses(f, b"\0" * 100), "board info {}", 1, "f.efuse"),
    (6, lambda f: private_key(f, "pem"), "parts build --template two_ota -o {}", 1, "private key"),
    (6, lambda f: private_key(f, "der"), "parts build --template two_ota -o {}", 1, "private key"),
    (6, lambda f: private_key(f, "pem"), "board create {} --force", 1, "private key"),
    (10, pipe, "image info {}", 1, "nobody has the other end"),
    (10, pipe, "secret set b push --password-file {}", 1, "nobody has the other end"),
    (12, lambda f: put(f / "x\x1b[2Jy", b"no image"), "image info {}", 1, "not an app image"),
    (16, lambda f: csv(f, TEXT + "x,data,0xff,,4K\n" + SLOTS), "parts check {}", 0, "good, 5"),
    (16, lambda f: csv(f, TEXT.replace(",", "\u3000,") + SLOTS), "parts check {}", 0, "good, 4"),
    (16, lambda f: csv(f, (TEXT + SLOTS).replace("\n", "\u2029")), "parts check {}", 0, "good, 4"),
    (16, lambda f: csv(f, TEXT + SLOTS.replace("ota_1", "ota_2")), "parts check {}", 0, "warning"),
    (16, lambda f: csv(f, SLOTS), "parts check {}", 0, "warning"),
    (17, lambda f: merged(f, 0), "image info {}", 0, "factory          good"),
    (17, lambda f: merged(f, 13, 0x100000), "image verify {}", 0, "factory          good"),
    (17, lambda f: merged(f, 18, 0x200000), "parts show {}", 0, "factory"),
    (17, lambda f: merged(f, 5, 0x12345), "otadata show {}", 0, "factory"),
    (18, lambda f: put(f / "i", image(13, 0x20)), "image info {}", 0, "80 MHz, 4 MB"),
    (18, lambda f: put(f / "i", image(28, 0x30)), "image info {}", 0, "24 MHz, 8 MB"),
    (18, lambda f: put(f / "i", image(18, 0x42)), "image info {}", 0, "20 MHz, 16 MB"),
    (19, lambda f: nvs(f, 1), "nvs get {} own a", 0, "1"),
    (19, lambda f: nvs(f, 70), "nvs get {} own a", 0, "1"),
    (19, lambda f: nvs(f, 1), "nvs set {} own a 5", 1, "NVS_SIZE"),
    (21, lambda f: flash(f, record(1, 2), record(2, 1)), "otadata show {}", 0, "Will run  ota_0"),
    (21, lambda f: flash(f, record(2, 2), slots={OTA_1: b""}), "otadata show {}", 0,
     "Will run  ota_0, as ota_1 is empty"),
    (21, lambda f: flash(f, record(2, 2), slots={OTA_1: rotten()}), "otadata show {}", 0,
     "Will run  ota_0"),
    (21, lambda f: flash(f, BLANK, BLANK), "otadata show {}", 0, "Will run  factory"),
    (22, lambda f: put(f / "p", b"\xEF\xBB\xBFa password of some length\r\n"),
     "secret set b push --password-file {}", 0, ""),
    (22, lambda f: put(f / "p", b"\xEF\xBB\xBF\n"), "secret set b push --password-file {}", 1, ""),
    (23, lambda f: flash(f, record(0, 2), BLANK), "otadata show {}", 0, "Will run  factory"),
    (23, lambda f: flash(f, record(1, 5), record(2, 1, 7)), "otadata show {}", 0,
     "Will run  factory"),
    (23, lambda f: flash(f, record(1, 3), record(2, 4)), "otadata show {}", 0,
     "Will run  factory"),
]


UPDATED = "Hello world!"


def good():
    return (IMAGES / "hello_world.bin").read_bytes()


def forged():
    data = bytearray(good())
    data[48:75] = b"1\x1b[2J\nI (0) ota: forged\n\x9b\x07\0"[:27]  # its version
    return rehash(data)


def long_path(length):
    return "/x?token=" + "a" * (length - 9)


# of a device whose eFuses ask for security version 2
VERSIONS = [(4, "0", "IMAGE_SECURE_VERSION"), (4, "1", "IMAGE_SECURE_VERSION"), (4, "2", UPDATED)]

# number, path, what the server answers there, more answers, what the board's console says
SERVERS = [
    (2, "/x", lambda: http(200, (IMAGES / "bootloader.bin").read_bytes()), {}, "IMAGE_NOT_APP"),
    (2, "/x", lambda: http(200, b"\xFF" * 0x1000 + good()), {}, "IMAGE_MAGIC"),
    (12, "/x", lambda: http(200, forged()), {}, UPDATED),
    (12, "/x", lambda: http(302, b"", 0, "Location: http://\x1b[2J/y"), {}, "URL_SYNTAX"),
    (13, long_path(1500), lambda: http(200, good()), {}, UPDATED),
    (13, long_path(2000), lambda: http(200, good()), {}, UPDATED),
    (13, "/x", lambda: http(302, b"", 0, "Location: " + long_path(2030)),
     {long_path(2030): lambda: http(200, good())}, UPDATED),
    (14, "/x", lambda: http(200, good(), None, "Content-Encoding: binary"), {}, UPDATED),
    (14, "/x", lambda: http(200, good(), None, "Content-Encoding: aws-chunked"), {}, UPDATED),
    (14, "/x", lambda: http(200, good(), None, "Content-Encoding: zstd"), {}, "zstd"),
    (15, "/x", lambda: http(302, b"", 0, "Location: /a fw \u00e4.bin"),
     {"/a%20fw%20%C3%A4.bin": lambda: http(200, good())}, UPDATED),
    (15, "/x", lambda: http(302, b"", 0, "Location: http://h:8o/y"), {}, "URL_SYNTAX"),
]


def make_secret_board(folder):
    aloft("board", "create", folder / "b", "-t", IMAGES / "partitions-two_ota.bin")


def try_file(folder, case):
    number, make, command, code, words = case
    path = make(folder)
    if " b " in command:
        make_secret_board(folder)
    before = path.read_bytes() if path.is_file() else None
    places = {"{}": path, "b": folder / "b"}
    said = aloft(*[places.get(word, word) for word in command.split()], code=code)
    check(words.lower() in said.lower(), number, command, "said:\n" + said)
    check("\x1b" not in said, number, command)
    if code != 0 and before is not None:
        check(path.read_bytes() == before, number, command, "changed its file")


def files():
    for kind in sorted({case[0] for case in FILES}):
        def test(folder, kind=kind):
            for n, case in enumerate(FILES):
                if case[0] == kind:
                    (folder / str(n)).mkdir()
                    try_file(folder / str(n), case)
        test.__name__ = f"files_of_kind_{kind}"
        yield test


def try_server(folder, n):
    number, path, answer, others, words = SERVERS[n]
    answers = {path: answer(), **{at: make() for at, make in others.items()}}
    server = Server(answers)
    board = Board(folder / "f").create(app(folder / "a", "ota_demo", url=server.url(path)))
    console = board.run(words, "--fast")
    check("\x1b" not in console and "\nI (0) ota: forged" not in console, number, console)
    server.close()


def older_security_versions_are_refused_by_their_heads(folder):
    for number, version, words in VERSIONS:
        new = app(folder / "new", "hello_world", "2", "--secure-version", version)
        server = Server({"/x": http(200, new.read_bytes())})
        demo = app(folder / "a", "ota_demo", "1", "--secure-version", "2", url=server.url("/x"))
        board = Board(folder / f"f{version}").create(demo)
        aloft("efuse", "burn-secure-version", board.flash, "2", "--yes")
        board.run(words, "--fast")
        check(number == 4 and board.image("ota_0")["good"] is (words == UPDATED), version)
        server.close()


def servers():
    for n, row in enumerate(SERVERS):
        def test(folder, n=n):
            try_server(folder, n)
        test.__name__ = f"server_{n}_of_kind_{row[0]}"
        yield test


if __name__ == "__main__":
    main([*files(), older_security_versions_are_refused_by_their_heads, *servers()])
