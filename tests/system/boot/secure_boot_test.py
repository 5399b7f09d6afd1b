#!/usr/bin/env python3
"""Secure boot on the virtual board: ROM, bootloader, app and engine take what a key in the eFuses
has signed and nothing else; keys are rotated and revoked; security versions only rise; and power
may fail anywhere in it. The table of these boards lies at 0x10000, and everything follows.
With ALOFT_ENCRYPTED, what reads or writes flash goes over encrypted flash once more."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

SECURE = IMAGES / "secure"
TABLE, S_OTADATA, S_FACTORY, S_OTA_0, S_OTA_1 = 0x10000, 0x15000, 0x20000, 0x120000, 0x220000
EFUSE_LEN = 512
FLASH_KEY = bytes(range(7, 39))


def key(folder, name):
    path = folder / f"{name}.pem"
    if not path.exists():
        aloft("keys", "create", "--type", "p256", "-o", path)
    return path


def signed(folder, image, *names, to=None):
    """The image with the signatures of these keys, in the place of `image` or in `to`."""
    options = [word for name in names for word in ("--key", key(folder, name))]
    aloft("sign", *options, image, "-o", to or image)
    return to or image


class SecureBoard(Board):
    """A board with a bootloader and a factory app that are signed."""

    def __init__(self, flash):
        super().__init__(flash)
        self.folder = self.flash.parent

    def make(self, factory, *bootloader_keys):
        (self.folder / "flash.key").write_bytes(FLASH_KEY)
        key_file = ["--key", self.folder / "flash.key"] if ENCRYPTED else []
        aloft("board", "create", self.flash, "--size", "4MB", *ENCRYPTED, *key_file)
        loader = signed(self.folder, SECURE / "bootloader.bin", *bootloader_keys,
                        to=self.folder / "bootloader.bin")
        aloft("board", "write", self.flash, "0x1000", loader, hex(TABLE),
              SECURE / "partitions-two_ota.bin", hex(S_FACTORY), factory)
        return self

    def burn(self, *names):
        for name in names:
            aloft("efuse", "burn-key", self.flash, key(self.folder, name), "--yes")
        return self

    def enable(self):
        aloft("efuse", "enable-secure-boot", self.flash, "--yes")
        return self

    def copy_of(self, other):
        self.efuse_file.unlink(missing_ok=True)
        return super().copy_of(other)

    def cable(self):
        """Options of a flasher at its port."""
        return ["--flash-key", self.folder / "flash.key"] if ENCRYPTED else []

    def efuse(self):
        return json.loads(aloft("efuse", "show", self.flash, "--json"))

    def version(self):
        return self.efuse()["secure_version"]

    def record_states(self):
        return [r["state"] for r in self.info()["otadata"] if r]


def demo(folder, server, *names, **settings):
    image = app(folder / "demo.bin", "ota_demo", "1", url=server.url("/x"), **settings)
    return signed(folder, image, *names) if names else image


def hello(folder, version, *names, secure=0, **settings):
    path = app(folder / f"hello-{version}.bin", "hello_world", version, "--secure-version", secure,
               **settings)
    return signed(folder, path, *names) if names else path


def offer(server, path):
    server.answers["/x"] = http(200, path.read_bytes())


def secure_board(folder, server, *bootloader_keys, **settings):
    """Trusts key a; its factory app, of a, updates from the server."""
    keys = bootloader_keys or ("a",)
    board = SecureBoard(folder / "flash").make(demo(folder, server, "a", **settings), *keys)
    return board.burn("a").enable()


def installed(folder, server, board, image):
    """Offers the image; its first run on trial is the next start."""
    offer(server, image)
    console = board.run("otadata switched", "--fast", "--resets", 0)
    check("Running partition" in console, console)
    return board


# --- the chain

def a_signed_update_passes_every_link_and_a_bad_trial_falls_back(folder):
    server = Server({})
    board = secure_board(folder, server)
    offer(server, hello(folder, "2", "a", countdown=1))
    console = board.run("Restarting now.", "--fast")
    for line in ("Valid secure boot key blocks: 0\n", "secure boot verification succeeded\n",
                 "Secure boot is on, security version 0",
                 "Loaded app from partition at offset 0x20000",
                 "Loaded app from partition at offset 0x120000",
                 "Running hello_world version 2 from ota_0", "Confirmed: ota_0 stays"):
        check(line in console, line, console)
    check(board.info()["boots"] == "ota_0", board.info())

    other = SecureBoard(folder / "other").make(demo(folder, server, "a"), "a").burn("a").enable()
    installed(folder, server, other, hello(folder, "3", "a", crash="start"))
    console = other.run("Running partition type 0 subtype 0", "--fast")
    check("trial was not confirmed, rolling back" in console, console)


def an_update_that_is_not_signed_by_a_trusted_key_is_refused_by_name(folder):
    changed = bytearray(hello(folder, "3", "a").read_bytes())
    changed[0x3000] ^= 1
    (folder / "changed.bin").write_bytes(rehash(changed))
    cases = [(hello(folder, "4"), "SIGNATURE_MISSING"),
             (hello(folder, "5", "stranger"), "SIGNATURE_KEY"),
             (folder / "changed.bin", "SIGNATURE_IMAGE")]
    for image, fault in cases:
        server = Server({})
        offer(server, image)
        (folder / "flash").unlink(missing_ok=True)
        (folder / "flash.efuse").unlink(missing_ok=True)
        board = secure_board(folder, server)
        before = board.bytes()[S_OTADATA:S_OTADATA + 0x2000]
        console = board.run("Update failed", "--fast")
        check(f"Update failed: {fault}" in console, fault, console)
        check(board.bytes()[S_OTADATA:S_OTADATA + 0x2000] == before, "otadata was written")
        server.close()


def what_was_written_past_the_engine_does_not_boot(folder):
    server = Server({})
    board = secure_board(folder, server)
    for number, (image, fault) in enumerate(((hello(folder, "2", "stranger"), "SIGNATURE_KEY"),
                                             (hello(folder, "3"), "SIGNATURE_MISSING"))):
        board.patch(S_OTA_0, b"\xFF" * 0x20000)  # nor is an older signature left behind it
        aloft("board", "write", board.flash, hex(S_OTA_0), image)
        board.patch(S_OTADATA, record(1 + 2 * number, 0xFFFFFFFF))
        console = board.run("Loaded app", "--fast")
        check(f"image at 0x120000 is refused: {fault}" in console, console)
        check("Loaded app from partition at offset 0x20000" in console, console)
    board.patch(S_FACTORY, b"\xFF" * 0x20000)
    aloft("board", "write", board.flash, hex(S_FACTORY), hello(folder, "4"))
    console = board.run("never shown", "--fast", code=NOTHING)
    check("image at 0x20000 is refused: SIGNATURE_MISSING" in console, console)


def the_rom_refuses_a_bootloader_that_is_not_signed_by_a_trusted_key(folder):
    server = Server({})
    board = secure_board(folder, server)
    loader = SECURE / "bootloader.bin"
    stranger = signed(folder, loader, "stranger", to=folder / "stranger.bin")
    changed = bytearray((folder / "bootloader.bin").read_bytes())
    changed[0x2000] ^= 1
    (folder / "changed.bin").write_bytes(rehash(changed))
    cases = [(loader, "SIGNATURE_MISSING"), (IMAGES / "bootloader.bin", "SIGNATURE_MISSING"),
             (stranger, "SIGNATURE_KEY"), (folder / "changed.bin", "SIGNATURE_IMAGE")]
    for image, fault in cases:
        board.patch(0x1000, b"\xFF" * 0xF000)
        aloft("board", "write", board.flash, "0x1000", image)
        console = board.run("2nd stage", "--fast", code=NOTHING)
        check(f"{fault}: " in console and "secure boot verification failed\n" in console, console)
        check(fault in board.stderr, board.stderr)


def a_signed_app_in_the_place_of_the_bootloader_does_not_run(folder):
    """The ROM checks no security version, so an old app that was short enough ran there."""
    server = Server({})
    board = secure_board(folder, server)
    aloft("efuse", "burn-secure-version", board.flash, 9, "--yes")
    short = folder / "short.bin"
    aloft("image", "build", BIN / "ports/linux/bootloader", "-o", short, "--project", "old",
          "--secure-version", 0)
    board.patch(0x1000, b"\xFF" * 0xF000)
    aloft("board", "write", board.flash, "0x1000", signed(folder, short, "a"))
    console = board.run("2nd stage", "--fast", code=NOTHING)
    check("IMAGE_SEGMENT: " in console and "secure boot verification failed" in console, console)
    new = SecureBoard(folder / "new")
    aloft("board", "create", new.flash, "--size", "4MB")
    aloft("board", "write", new.flash, "0x1000", short)
    text = aloft("efuse", "enable-secure-boot", new.burn("a").flash, "--yes", code=1)
    check("would not start its bootloader" in text and "IMAGE_SEGMENT" in text, text)


def without_secure_boot_both_bootloaders_run_what_is_not_signed(folder):
    plain = hello(folder, "1")
    board = Board(folder / "plain").create(plain)
    board.run("Hello world!", "--fast")
    check(not board.efuse_file.exists(), "a board that burns nothing has an eFuse file")
    board = SecureBoard(folder / "flash").make(plain, "a")
    aloft("board", "write", board.flash, "0x1000", SECURE / "bootloader.bin")
    console = board.run("Hello world!", "--fast")
    check("Secure boot is off" in console and "verification" not in console, console)


def every_tool_finds_the_table_behind_the_larger_bootloader(folder):
    server = Server({})
    board = secure_board(folder, server)
    check(board.info()["table_offset"] == TABLE, board.info())
    check("otadata at 0x15000" in aloft("otadata", "show", board.flash), "otadata")
    check("ota_demo" in aloft("image", "info", board.flash, "--slot", "factory"), "image")
    aloft("nvs", "show", board.flash)
    aloft("otadata", "switch", board.flash, "factory")
    check("table at 0x8000" in aloft("otadata", "show", board.flash, "--offset", "0x8000", code=1),
          "an offset that is given is taken at its word")
    said = aloft("parts", "show", board.flash)
    check("table at 0x10000" in said and "ota_1" in said, said)
    check("good" in aloft("parts", "check", board.flash), "parts check")
    aloft("parts", "check", board.flash, "--offset", "0x8000", code=1)
    aloft("parts", "erase", board.flash, "otadata")
    aloft("parts", "read", board.flash, "otadata", "-o", folder / "otadata.bin")
    check((folder / "otadata.bin").read_bytes() == b"\xFF" * 0x2000, "this is not otadata")
    aloft("parts", "write", board.flash, "ota_1", IMAGES / "hello_world.bin")
    aloft("parts", "read", board.flash, "ota_1", "-o", folder / "ota_1.bin")
    check((folder / "ota_1.bin").read_bytes()[0] == 0xE9, "it went elsewhere")


def a_flasher_is_told_of_secure_boot_and_writes_nothing_that_would_not_start(folder):
    server = Server({})
    tty = folder / "tty"
    for enabled in (False, True):
        board = secure_board(folder, server) if enabled else Board(folder / "blank")
        if not enabled:
            aloft("board", "create", board.flash, "--size", "4MB")
        before = board.bytes()
        at_port = ["--port", tty, "--offset", hex(TABLE), *(board.cable() if enabled else [])]
        process = subprocess.Popen([ALOFT, "board", "run", board.flash, "--serial", f"pty:{tty}"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            check("serial port" in process.stderr.readline(), "no serial port")
            told = json.loads(aloft("chip-info", "--json", "--port", tty))
            check(told["secure_boot"] is enabled, told)
            bare = ["flash", "0x1000", SECURE / "bootloader.bin", *at_port]
            if not enabled:
                aloft(*bare)
                continue
            said = aloft(*bare, code=1)
            check("bootloader.bin is not signed" in said, said)
            bare_app = app(folder / "bare.bin", "hello_world")
            said = aloft("flash", hex(TABLE), SECURE / "partitions-two_ota.bin", hex(S_FACTORY),
                         bare_app, *at_port, code=1)
            check("bare.bin is not signed" in said, said)
            check(board.bytes() == before, "something was written")
            aloft("flash", "0x1000", folder / "bootloader.bin", *at_port)
            aloft(*bare, "--force")
        finally:
            process.terminate()
            process.wait(120)
            process.stderr.close()


def what_the_chip_would_refuse_is_not_flashed_whatever_the_options(folder):
    # An unsigned app went to a slot when --offset was not given, and the board was dead.
    server = Server({})
    board = secure_board(folder, server)
    aloft("efuse", "burn-secure-version", board.flash, 2, "--yes")
    tty = folder / "tty"
    bare = hello(folder, "1", secure=2)
    good = hello(folder, "2", "a", secure=2)
    foreign = hello(folder, "3", "b", secure=2)
    old = hello(folder, "4", "a", secure=1)
    loader = folder / "bootloader.bin"
    forged = folder / "forged.bin"
    image = bare.read_bytes()
    forged.write_bytes(image.ljust((len(image) | 4095) + 1, b"\xFF") + good.read_bytes()[-4096:])
    unsigned_loader = (SECURE / "bootloader.bin").read_bytes()
    merged = folder / "merged.bin"
    table = (SECURE / "partitions-two_ota.bin").read_bytes()
    merged.write_bytes(b"\xFF" * 0x1000 + loader.read_bytes().ljust(TABLE - 0x1000, b"\xFF") +
                       table.ljust(S_FACTORY - TABLE, b"\xFF") + bare.read_bytes())
    other = folder / "other.bin"
    other.write_bytes(b"\xFF" * 0x1000 + unsigned_loader)
    alone = "there is nothing else to start"
    refused = [
        ([hex(S_FACTORY), bare], "is not signed", alone),
        ([hex(S_OTA_0), bare], "is not signed", "would fall back to factory"),
        ([hex(S_FACTORY), foreign], "SIGNATURE_KEY", alone),
        ([hex(S_FACTORY), forged], "SIGNATURE_IMAGE", alone),
        ([hex(S_FACTORY), old], "has security version 1, and the eFuses", alone),
        (["0x1000", SECURE / "bootloader.bin"], "is not signed", "before it is flashed again"),
        (["0x0", merged], "is not signed", alone),
        (["0x0", other], "is not signed", "before it is flashed again"),
        ([hex(S_FACTORY + 0x1000), merged], "begins in the middle of factory", alone),
        (["0x8000", SECURE / "partitions-two_ota.bin"], "", "bootloader"),
        (["0x10000", good], "", "partition table"),
    ]
    before = board.bytes()
    process = subprocess.Popen([ALOFT, "board", "run", board.flash, "--serial", f"pty:{tty}"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        check("serial port" in process.stderr.readline(), "no serial port")
        told = json.loads(aloft("chip-info", "--json", "--port", tty))
        check(told["secure_version"] == 2, told)
        for options in ([], ["--offset", hex(TABLE)]):
            for args, why, then in refused:
                said = aloft("flash", *args, *options, "--port", tty, *board.cable(), code=1)
                check(why in said and then in said, args, options, why, then, said)
        check(board.bytes() == before, "something was written")
        aloft("flash", hex(S_FACTORY), good, "--port", tty, *board.cable())
        said = aloft("flash", hex(S_OTA_0), bare, "--port", tty, *board.cable(), "--force")
        check("forced: secure boot is on" in said and "fall back to factory" in said, said)
        # Once any whole image could be selected, signed or not.
        choose = ["--port", tty, "--offset", hex(TABLE), *board.cable()]
        said = aloft("chip-boot", "ota_0", *choose, code=1)
        check("SIGNATURE_MISSING" in said, said)
        aloft("flash", hex(S_OTA_0), old, "--port", tty, *board.cable(), "--force")
        check("IMAGE_SECURE_VERSION" in aloft("chip-boot", "ota_0", *choose, code=1), "version")
        aloft("flash", hex(S_OTA_0), good, "--port", tty, *board.cable())
        aloft("chip-boot", "ota_0", *choose)
        aloft("chip-boot", "factory", *choose)
    finally:
        process.terminate()
        process.wait(120)
        process.stderr.close()
    console = board.run("Hello world!", "--fast")
    check("Loaded app from partition at offset 0x20000" in console, console)


def an_idf_app_without_anti_rollback_does_not_take_a_replayed_older_image(folder):
    # The bootloader refused the image that the app had installed, and the app fetched it again:
    # 349 downloads in 20 s, and so for ever.
    server = Server({})
    route = f"updates.example:8070=127.0.0.1:{server.port}"

    def idf_app(version, secure):
        path = folder / f"idf-{version}.bin"
        aloft("image", "build", BIN / "apps" / "idf_https_ota", "-o", path, "--project",
              "idf_https_ota", "--version", version, "--secure-version", secure,
              "--set", f"route={route}")
        return signed(folder, path, "a")

    board = SecureBoard(folder / "flash").make(idf_app("2", 2), "a").burn("a").enable()
    aloft("efuse", "burn-secure-version", board.flash, 2, "--yes")
    server.answers["/firmware.bin"] = http(200, idf_app("1", 1).read_bytes())
    console = board.run("the bootloader would refuse it", "--fast")
    check("security version 1, and the eFuses ask for 2" in console, console)
    console = board.run("never shown", "--fast", "--timeout", 5, "--resets", 3, code=NOT_SEEN)
    check("SW_CPU_RESET" not in console, console)
    check(board.info()["boots"] == "factory", board.info())
    server.answers["/firmware.bin"] = http(200, idf_app("3", 2).read_bytes())
    board.run("Version 3 runs from ota_0", "--fast")


# --- keys

def keys_are_rotated_and_the_old_one_revoked(folder):
    server = Server({})
    board = secure_board(folder, server, "a", "b")  # shipped with both, as a bootloader must be
    # Not yet: the running app's successor would not be trusted.
    offer(server, hello(folder, "early", "b"))
    check("Update failed: SIGNATURE_KEY" in board.run("Update failed", "--fast"), "b is not burned")
    board.burn("b")
    both = app(folder / "both.bin", "ota_demo", "2", url=server.url("/y"))
    offer(server, signed(folder, both, "a", "b"))
    server.answers["/y"] = http(404)
    board.run("Confirmed: ota_0 stays", "--fast")
    # Once it was said only by the next boot that a slot had been lost.
    said = aloft("efuse", "revoke", board.flash, 0, "--yes", code=1)
    check("in these slots would not boot any more: factory. " in said, said)
    said = aloft("efuse", "revoke", board.flash, 0, "--yes", "--force")
    check("in these slots will not boot any more: factory\n" in said, said)
    server.answers["/y"] = http(200, hello(folder, "old", "a").read_bytes())
    console = board.run("Update failed", "--fast")
    check("Valid secure boot key blocks: 1\n" in console, console)
    check("Loaded app from partition at offset 0x120000" in console, console)
    check("Update failed: SIGNATURE_OLD_KEY" in console, console)
    # The factory app is signed by the old key, so the device cannot go back to it any more.
    check(board.image("factory")["error"]["code"] == "SIGNATURE_OLD_KEY", board.info())
    check("SIGNATURE_OLD_KEY" in aloft("otadata", "show", board.flash), "not shown")
    said = aloft("otadata", "switch", board.flash, "factory", code=1)
    check("SIGNATURE_OLD_KEY" in said, said)
    aloft("otadata", "erase", board.flash)
    console = board.run("Loaded app", "--fast")
    check("image at 0x20000 is refused: SIGNATURE_OLD_KEY" in console, console)
    check("Loaded app from partition at offset 0x120000" in console, console)
    server.answers["/y"] = http(200, hello(folder, "new", "b").read_bytes())
    board.run("Running hello_world version new from ota_1", "--fast")
    bad = signed(folder, SECURE / "bootloader.bin", "a", to=folder / "bad.bin")
    aloft("board", "write", board.flash, "0x1000", bad)
    console = board.run("2nd stage", "--fast", code=NOTHING)
    check("SIGNATURE_OLD_KEY" in console, console)


def the_tool_refuses_what_would_end_the_board(folder):
    server = Server({})
    board = SecureBoard(folder / "flash").make(demo(folder, server, "a"), "a")

    def refuses(text, *args):
        said = aloft("efuse", *args, code=1)
        check(text in said, args, said)

    refuses("EFUSE_NO_KEY", "enable-secure-boot", board.flash, "--yes")
    refuses("--yes", "burn-key", board.flash, key(folder, "a"))
    check(not board.efuse_file.exists(), "an eFuse file was made for nothing")
    board.burn("b")
    refuses("SIGNATURE_KEY", "enable-secure-boot", board.flash, "--yes")
    refuses("EFUSE_BURNED", "burn-key", board.flash, key(folder, "a"), "--slot", 0, "--yes")
    board.burn("a").enable()
    refuses("SIGNATURE_OLD_KEY", "revoke", board.flash, 1, "--yes")
    aloft("efuse", "revoke", board.flash, 0, "--yes")
    refuses("no key would be left", "revoke", board.flash, 1, "--yes")
    refuses("revoked, as digest 0", "burn-key", board.flash, key(folder, "b"), "--yes")
    check("nothing to burn" in aloft("efuse", "burn-key", board.flash, key(folder, "a"), "--yes"),
          "the same key again")
    process = board.start("--fast")
    for line in process.stdout:
        if "Running partition" in line:
            break
    refuses("in use by process", "burn-key", board.flash, key(folder, "c"), "--yes")
    aloft("efuse", "show", board.flash)
    process.terminate()
    process.communicate()
    refuses("already", "burn-key", board.flash, key(folder, "a"), "--slot", 2, "--yes")
    aloft("efuse", "revoke", board.flash, 1, "--force", "--yes")
    board.run("2nd stage", "--fast", code=NOTHING)
    aloft("efuse", "revoke", board.flash, 3, code=2)


def a_digest_file_of_espsecure_is_burned_and_a_secret_key_hidden(folder):
    server = Server({})
    board = SecureBoard(folder / "flash").make(demo(folder, server), "a")
    aloft("keys", "digest", key(folder, "a"), "-o", folder / "a.digest")
    secret = bytes(range(1, 33))
    (folder / "secret").write_bytes(secret)
    aloft("efuse", "burn-key-file", board.flash, folder / "a.digest", "--slot", 2, "--yes")
    aloft("efuse", "burn-key-file", board.flash, folder / "secret", "--purpose", "hmac_up", "--yes")
    facts = board.efuse()
    check(bytes.fromhex(facts["digests"][2]["digest"]) == (folder / "a.digest").read_bytes(), facts)
    check(facts["keys"][0]["read_protected"] and int(facts["keys"][0]["bytes"], 16) == 0, facts)
    check(secret[::-1] in board.efuse_file.read_bytes(), "the hardware lost the key")
    (folder / "short").write_bytes(b"x" * 31)
    aloft("efuse", "burn-key-file", board.flash, folder / "short", "--yes", code=1)
    aloft("efuse", "burn-key-file", board.flash, folder / "secret", "--purpose", "x", code=2)


def a_new_board_is_blank_and_never_takes_the_efuses_of_another(folder):
    server = Server({})
    board = secure_board(folder, server)
    board.flash.unlink()
    check("eFuses of another board" in aloft("board", "create", board.flash, code=1), "taken")
    aloft("board", "create", board.flash, "--force")
    check(not board.efuse_file.exists() and not board.efuse()["secure_boot"], "not blank")
    board.efuse_file.write_bytes(b"x" * 511)
    check("holds no eFuses" in aloft("efuse", "show", board.flash, code=1), "show")
    board.run("x", code=FAILED)
    check("holds no eFuses" in board.stderr, board.stderr)
    # A kill between creation and first write left it, and nothing said how to go on.
    board.efuse_file.write_bytes(b"")
    board.run("x", code=FAILED)
    check(f"{board.efuse_file} is empty" in board.stderr and "remove it" in board.stderr,
          board.stderr)
    board.efuse_file.unlink()
    check(not board.efuse()["secure_boot"], "not blank")


# --- without hardware secure boot

def a_signed_app_takes_only_updates_of_its_own_signer(folder):
    cases = [(hello(folder, "2"), "Update failed: SIGNATURE_MISSING"),
             (hello(folder, "3", "stranger"), "Update failed: SIGNATURE_KEY"),
             (hello(folder, "4", "a", "stranger"), "Update failed: SIGNATURE_KEY"),
             (hello(folder, "5", "a"), "Running hello_world version 5 from ota_0")]
    for image, text in cases:
        server = Server({})
        offer(server, image)
        (folder / "flash").unlink(missing_ok=True)
        board = Board(folder / "flash").create(demo(folder, server, "a", signed="yes"))
        console = board.run(text, "--fast", "--resets", 3)
        check("secure boot" not in console, console)
        server.close()


def an_app_that_wants_signatures_and_has_none_says_so_and_takes_nothing(folder):
    server = Server({})
    offer(server, hello(folder, "2", "a"))
    board = Board(folder / "flash").create(demo(folder, server, signed="yes"))
    console = board.run("Update failed", "--fast")
    check("this app names no signer: SIGNATURE_MISSING" in console, console)
    check("Update failed: SIGNATURE_KEY" in console, console)


# --- security versions

def the_version_is_burned_after_the_confirmation_and_never_on_trial(folder):
    server = Server({})
    board = secure_board(folder, server)
    never = hello(folder, "2", "a", secure=2, confirm="never", countdown=9)
    installed(folder, server, board, never)
    board.run("Restarting in 7", "--fast")
    check(board.version() == 0, "burned on trial")
    board.run("Running partition", "--fast")  # rolled back to version 0
    installed(folder, server, board, hello(folder, "3", "a", secure=2))
    console = board.run("Confirmed", "--fast")
    check("Security version raised from 0 to 2" in console, console)
    check(console.index("Hello world!") < console.index("raised from"), console)
    check(board.version() == 2, board.efuse())
    check(board.image("factory")["error"]["code"] == "IMAGE_SECURE_VERSION", board.info())
    aloft("otadata", "erase", board.flash)
    console = board.run("Hello world!", "--fast")
    check("image at 0x20000 is refused: IMAGE_SECURE_VERSION" in console, console)
    check("security version 2" in console and "raised" not in console, console)


def an_update_of_a_lower_version_is_refused_and_one_of_the_same_is_taken(folder):
    server = Server({})
    old = hello(folder, "1", "a", secure=1)
    same = hello(folder, "2", "a", secure=2)
    board = secure_board(folder, server)
    factory = app(folder / "two.bin", "ota_demo", "2", url=server.url("/x"))
    aloft("image", "build", BIN / "apps" / "ota_demo", "-o", factory, "--project", "ota_demo",
          "--secure-version", 2, "--set", f"url={server.url('/x')}")
    aloft("board", "write", board.flash, hex(S_FACTORY), signed(folder, factory, "a"))
    aloft("efuse", "burn-secure-version", board.flash, 2, "--yes")
    offer(server, old)
    console = board.run("Update failed", "--fast")  # factory boots: its version passes
    check("Update failed: IMAGE_SECURE_VERSION" in console, console)
    offer(server, same)
    board.run("Running hello_world version 2 from ota_0", "--fast")


def a_factory_app_never_burns_its_version(folder):
    server = Server({})
    board = secure_board(folder, server)
    aloft("board", "write", board.flash, hex(S_FACTORY), hello(folder, "9", "a", secure=9))
    board.run("Restarting in 8", "--fast")
    check(board.version() == 0, board.efuse())


def a_fallback_whose_record_is_of_another_image_burns_nothing(folder):
    """An update that was written and never selected still had the record of the image before it,
    and burned its version as if it had been confirmed."""
    server = Server({})
    board = secure_board(folder, server)
    aloft("board", "write", board.flash, hex(S_OTA_0), hello(folder, "7", "a", secure=7))
    aloft("board", "write", board.flash, hex(S_OTA_1), hello(folder, "8", "stranger"))
    board.patch(S_OTADATA, record(1, 2))
    board.patch(S_OTADATA + 0x1000, record(2, 2))
    console = board.run("Restarting in 8", "--fast")
    check("image at 0x220000 is refused: SIGNATURE_KEY" in console, console)
    check("Running hello_world version 7 from ota_0" in console, console)
    check(board.version() == 0 and "raised" not in console, board.efuse(), console)


# --- power cuts

def power_may_go_anywhere_between_trial_and_burn(folder):
    """Every operation of the boot that confirms and burns, before it, in its middle and after it:
    the board boots, has burned nothing without a confirmation, and the next boots complete it."""
    ready = SecureBoard(folder / "flash").make(hello(folder, "1", "a"), "a").burn("a").enable()
    aloft("board", "write", ready.flash, hex(S_OTA_0), hello(folder, "2", "a", secure=5))
    aloft("otadata", "switch", ready.flash, "ota_0", "--trial")
    burned = False
    for at in range(1, 100):
        ends = set()
        for how, seed in (("before", 1), ("torn", at), ("torn", at + 1000), ("after", 1)):
            board = SecureBoard(folder / "cut").copy_of(ready)
            done = board.run("Confirmed", "--fast", "--cut", f"{at}:{how}", "--seed", seed,
                             code=None)
            ends.add("as planned" in board.stderr)
            version, states = board.version(), board.record_states()
            about = at, how, version, states, done
            check(version == 0 or "VALID" in states, *about)
            burned = burned or 0 < version < 5
            console = board.run("Restarting in", "--fast")
            new = "Running hello_world version 2 from ota_0" in console
            check(new or "Running hello_world version 1 from factory" in console, *about, console)
            check(new or "rolling back" in console, *about, console)
            check(new or "VALID" not in states, *about, console)
            check(board.version() == (5 if new else 0), *about, console)
        if ends == {False}:
            break
    check(at > 3 and burned, "cuts at", at, "operations; a part of the version was burned:", burned)


def torn_states(before, after):
    """eFuse files as power cuts in a burn leave them: whole words in the order of the plan, and a
    part of the next one."""
    def words(data):
        return [struct.unpack_from(">I", data, EFUSE_LEN - 0x2C - 4 * (i + 1))[0]
                for i in range(84)]
    old, new = words(before), words(after)
    changed = [i for i in range(84) if old[i] != new[i]]
    keys = [i for i in changed if i >= 28]
    order = [(i, new[i]) for i in keys]
    for i in [i for i in changed if i in (2, 3)]:
        high = 0x88888888 if i == 2 else 0x8888  # bit 3 of purposes; those of KEY_REVOKE are lower
        order += [(i, new[i] & ~(high & ~old[i])), (i, new[i])]
    order += [(i, new[i]) for i in changed if i in (4, 1, 0)]
    now = list(old)

    def data():
        out = bytearray(before)
        for i in range(84):
            struct.pack_into(">I", out, EFUSE_LEN - 0x2C - 4 * (i + 1), now[i])
        return bytes(out)
    for i, value in order:
        now[i] |= value & random.getrandbits(32)
        yield data()
        now[i] |= value
        yield data()
    check(data() == after, "the order misses something")


def power_may_go_anywhere_while_keys_are_rotated(folder):
    """Burning the next key, then revoking the old one: after every cut the board boots with what it
    trusted before or shall trust, and the same command again completes it."""
    server = Server({})
    board = SecureBoard(folder / "flash").make(
        signed(folder, hello(folder, "1"), "a", "b"), "a", "b").burn("a").enable()
    steps = [("burn-key", board.flash, key(folder, "b"), "--yes"),
             ("revoke", board.flash, 0, "--yes")]
    for step in steps:
        before = board.efuse_file.read_bytes()
        aloft("efuse", *step)
        after = board.efuse_file.read_bytes()
        for torn in torn_states(before, after):
            board.efuse_file.write_bytes(torn)
            trusted = {i for i, d in enumerate(board.efuse()["digests"])
                       if d["digest"] and not d["revoked"]}
            check(trusted in ({0}, {0, 1}, {1}), trusted)
            if random.random() < 0.5:
                board.run("Hello world!", "--fast")
            check(board.image("factory")["good"], board.info())
            aloft("efuse", *step)
            check(board.efuse_file.read_bytes() == after, "the second burn did not complete it")


# What flash encryption can make a difference to; the others are of eFuses and tools alone.
OF_FLASH = [a_signed_update_passes_every_link_and_a_bad_trial_falls_back,
            an_update_that_is_not_signed_by_a_trusted_key_is_refused_by_name,
            what_was_written_past_the_engine_does_not_boot,
            the_rom_refuses_a_bootloader_that_is_not_signed_by_a_trusted_key,
            every_tool_finds_the_table_behind_the_larger_bootloader,
            what_the_chip_would_refuse_is_not_flashed_whatever_the_options,
            a_flasher_is_told_of_secure_boot_and_writes_nothing_that_would_not_start,
            keys_are_rotated_and_the_old_one_revoked,
            the_version_is_burned_after_the_confirmation_and_never_on_trial,
            an_update_of_a_lower_version_is_refused_and_one_of_the_same_is_taken]
OTHERS = [power_may_go_anywhere_between_trial_and_burn,
          power_may_go_anywhere_while_keys_are_rotated,
          a_signed_app_in_the_place_of_the_bootloader_does_not_run,
          without_secure_boot_both_bootloaders_run_what_is_not_signed,
          an_idf_app_without_anti_rollback_does_not_take_a_replayed_older_image,
          the_tool_refuses_what_would_end_the_board,
          a_digest_file_of_espsecure_is_burned_and_a_secret_key_hidden,
          a_new_board_is_blank_and_never_takes_the_efuses_of_another,
          a_signed_app_takes_only_updates_of_its_own_signer,
          an_app_that_wants_signatures_and_has_none_says_so_and_takes_nothing,
          a_factory_app_never_burns_its_version,
          a_fallback_whose_record_is_of_another_image_burns_nothing]

if __name__ == "__main__":
    main(OF_FLASH if ENCRYPTED else OTHERS + OF_FLASH)
