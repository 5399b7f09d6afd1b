#!/usr/bin/env python3
"""One bit of NVS flips, and a device refuses what the guard guards until its owner sets it."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *
from pki import *

from https_test import https_app, lab, refused, updates

SHA = "0123456789abcdef" * 4
NVS, NVS_LEN = 0x9000, 0x4000


def find(board, text, start=0):
    at = board.bytes()[NVS:NVS + NVS_LEN].find(text, start)
    check(at >= 0, "not in NVS:", text)
    return NVS + at


def flip(board, addr, mask):
    board.patch(addr, bytes([board.bytes()[addr] ^ mask]))


def flips(board, key, value):
    """One flip in each thing that a guard stands on: (name, address, bits)."""
    def mark(at):
        index = (at % 0x1000 - 64) // 32
        return NVS + 32 + index // 4, 2 << index % 4 * 2
    head = find(board, key + b"\0") - 8
    space = find(board, b"aloft\0") - 8
    return [("value", find(board, value), 1), ("name", head + 8, 1), ("mark", *mark(head)),
            ("namespace", space + 8, 4), ("mark of the namespace", *mark(space)),
            ("header of the page", NVS + 4, 8), ("state of the page", NVS, 0x10)]


def a_revoked_key_stays_refused_whatever_bit_flips(folder):
    ca, server, _ = lab(folder)
    demo = https_app(folder, "app", server.url("/hello.bin"), ca=ca.crt)
    whole = Board(folder / "whole").create(demo)
    pin = server.cert.pin()
    aloft("nvs", "set", whole.flash, "aloft", "pin_revoked", pin)
    refused(whole, "TLS_OLD_PIN")
    for name, addr, mask in flips(whole, b"pin_revoked", pin.encode()):
        board = Board(folder / name.replace(" ", "_")).copy_of(whole)
        flip(board, addr, mask)
        said = aloft("nvs", "get", board.flash, "aloft", "pin_revoked", code=1)
        check("NVS_CORRUPT" in said, name, said)
        shown = aloft("nvs", "show", board.flash)
        check("cannot be read" in shown, name, shown)
        console = board.run("no more tries", "--fast", "--resets", 0)
        check("Update failed: TLS_NO_TRUST: " in console, name, console)
        check("pin_revoked in NVS cannot be read: NVS_CORRUPT" in console, name, console)
        aloft("nvs", "set", board.flash, "aloft", "pin_revoked", pin)
        refused(board, "TLS_OLD_PIN")
        aloft("nvs", "erase", board.flash, "aloft", "pin_revoked")
        updates(board)


def a_push_password_stays_wanted_whatever_bit_flips(folder):
    """With `push_open`, a board whose password was lost took pushes from anybody."""
    image = app(folder / "app.bin", "ota_demo", pull="off", push_open="yes",
                push_port=free_port(socket.SOCK_DGRAM))
    whole = Board(folder / "whole").create(image)
    (folder / "pw").write_text("password 1")
    aloft("secret", "set", whole.flash, "push", "--password-file", folder / "pw")
    value = whole.bytes()[find(whole, b"push_hash\0") + 24:][:16]
    for name, addr, mask in flips(whole, b"push_hash", value):
        board = Board(folder / name.replace(" ", "_")).copy_of(whole)
        flip(board, addr, mask)
        console = board.run("push_hash", "--fast", "--resets", 0)
        check("NVS_CORRUPT" in console and "Push is on" not in console, name, console)
        listed = aloft("secret", "list", board.flash)
        check("push     damaged" in listed, name, listed)
        aloft("secret", "set", board.flash, "push", "--password-file", folder / "pw")
        console = board.run("Push is on", "--fast", "--resets", 0)
        check("cannot be read" not in console, name, console)


def a_signed_update_sets_a_damaged_guard_again(folder):
    key = folder / "key.pem"
    aloft("keys", "create", "--type", "p256", "-o", key)
    server = Server({})

    def signed(name, version, **settings):
        image = app(folder / name, "ota_demo", version, signed="yes", pull="http",
                    url=server.url("/x"), push_port=free_port(socket.SOCK_DGRAM), **settings)
        aloft("sign", "--key", key, image, "-o", image)
        return image
    new = signed("new.bin", "2", restore_push_hash=SHA)
    server.answers["/x"] = http(200, new.read_bytes())
    board = Board(folder / "flash").create(signed("old.bin", "1"))
    aloft("nvs", "set", board.flash, "aloft", "push_hash", "f" * 64)
    flip(board, find(board, b"f" * 64), 1)
    console = board.run("Push is on", "--fast")
    check("push_hash in NVS cannot be read; set it again: NVS_CORRUPT" in console, console)
    check("push_hash in NVS was damaged; this signed app has set it again" in console, console)
    check(board.bytes()[NVS:NVS + NVS_LEN].count(SHA.encode()) == 1, "the hash is not there")
    # Where updates need no signature, anybody's app could say what the password is.
    image = app(folder / "unsigned.bin", "ota_demo", pull="off", restore_push_hash=SHA)
    other = Board(folder / "other").create(image)
    aloft("nvs", "set", other.flash, "aloft", "push_hash", "f" * 64)
    flip(other, find(other, b"f" * 64), 1)
    console = other.run("push_hash in NVS cannot be read", "--fast", "--resets", 0)
    check("restore_push_hash of this app is not taken" in console, console)


if __name__ == "__main__":
    main([a_revoked_key_stays_refused_whatever_bit_flips,
          a_push_password_stays_wanted_whatever_bit_flips,
          a_signed_update_sets_a_damaged_guard_again])
