#!/usr/bin/env python3
"""espsecure and espefuse, the last version 4 and the newest 5, unchanged, against `aloft` and the
board: keys, signatures, flash encryption and eFuses, made by one side and used by the other."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "boot"))
from bench import *
from secure_boot_test import S_FACTORY, TABLE, SECURE

HELLO = IMAGES / "hello_world.bin"
VERSION_2 = ("--version", "2")


def keys_and_signatures_pass_both_ways(tools, folder):
    """The RSA key is theirs and the other one ours; to make one takes `aloft` seconds."""
    ours, theirs = folder / "ours.bin", folder / "theirs.bin"
    rsa, p256 = folder / "rsa.pem", folder / "p256.pem"
    tools("espsecure", "generate_signing_key", *VERSION_2, "--scheme", "rsa3072", rsa)
    aloft("keys", "create", "--type", "p256", "-o", p256)
    for key, other in ((rsa, p256), (p256, rsa)):
        aloft("sign", "--key", key, HELLO, "-o", ours)
        tools("espsecure", "verify_signature", *VERSION_2, "--keyfile", key, ours)
        tools("espsecure", "sign_data", *VERSION_2, "--keyfile", key, "--output", theirs, HELLO)
        aloft("verify", "--key", key, theirs)
        aloft("verify", "--key", other, theirs, code=1)
        aloft("keys", "digest", key, "-o", folder / "digest")
        their_digest = folder / f"{key.stem}.digest"
        tools("espsecure", "digest_sbv2_public_key", "--keyfile", key, "--output", their_digest)
        check((folder / "digest").read_bytes() == their_digest.read_bytes(), "two digests of a key")
    tools("espsecure", "verify_signature", *VERSION_2, "--keyfile", rsa, ours, code=2)


def efuse(tools, board, *words):
    return tools("espefuse", "--chip", "esp32c3", "--virt", "--path-efuse-file", board.efuse_file,
                 "--do-not-confirm", *words)


def a_board_boots_what_they_encrypted_and_they_decrypt_what_it_wrote(tools, folder):
    """Key, ciphertext and eFuses by their tools; then a slot that the board encrypted itself."""
    key = folder / "flash.key"
    tools("espsecure", "generate_flash_encryption_key", key)
    board = Board(folder / "flash")
    aloft("board", "create", board.flash, "--size", "4MB")
    # What reads as zeros is zeros in a file of espefuse.
    efuse(tools, board, "burn_key", "--no-read-protect", "BLOCK_KEY0", key, "XTS_AES_128_KEY")
    efuse(tools, board, "burn_efuse", "SPI_BOOT_CRYPT_CNT", "7")
    update = app(folder / "2.bin", "hello_world", "2")
    server = Server({"/x": http(200, update.read_bytes())})
    demo = app(folder / "demo.bin", "ota_demo", url=server.url("/x"))
    for addr, path in ((0x1000, IMAGES / "bootloader.bin"), (FACTORY, demo),
                       (0x8000, IMAGES / "partitions-two_ota.bin")):
        tools("espsecure", "encrypt_flash_data", "--keyfile", key, "--address", hex(addr),
              "--output", folder / "cells", path)
        board.patch(addr, (folder / "cells").read_bytes())
    board.run("Confirmed: ota_0 stays", "--fast")
    size = update.stat().st_size
    (folder / "cells").write_bytes(board.bytes()[OTA_0:OTA_0 + size])
    tools("espsecure", "decrypt_flash_data", "--keyfile", key, "--address", hex(OTA_0), "--output",
          folder / "plain", folder / "cells")
    check((folder / "plain").read_bytes() == update.read_bytes(), "decrypted to something else")


def a_board_whose_secure_boot_they_made_boots_their_signature_alone(tools, folder):
    key, digest = folder / "key.pem", folder / "digest"
    tools("espsecure", "generate_signing_key", *VERSION_2, "--scheme", "ecdsa256", key)
    tools("espsecure", "digest_sbv2_public_key", "--keyfile", key, "--output", digest)

    def sign(image, to):
        tools("espsecure", "sign_data", *VERSION_2, "--keyfile", key, "--output", to, image)
        return to

    board = Board(folder / "flash")
    aloft("board", "create", board.flash, "--size", "4MB")
    aloft("board", "write", board.flash,
          "0x1000", sign(SECURE / "bootloader.bin", folder / "bootloader.bin"),
          hex(TABLE), SECURE / "partitions-two_ota.bin",
          hex(S_FACTORY), sign(HELLO, folder / "hello.bin"))
    efuse(tools, board, "burn_key", "BLOCK_KEY0", digest, "SECURE_BOOT_DIGEST0")
    efuse(tools, board, "burn_efuse", "SECURE_BOOT_EN", "1")
    said = json.loads(aloft("efuse", "show", board.flash, "--json"))
    check(said["secure_boot"] and digest.read_bytes().hex() in json.dumps(said), said)
    board.run("Hello world!", "--fast")
    board.patch(S_FACTORY, HELLO.read_bytes().ljust(HELLO.stat().st_size + 8191 & ~4095, b"\xFF"))
    check("SIGNATURE_MISSING" in board.run("SIGNATURE_MISSING", "--fast"), "unsigned, and it ran")


def espefuse_reads_what_aloft_burned(tools, folder):
    key = folder / "key.pem"
    board = Board(folder / "flash")
    aloft("board", "create", board.flash, "--size", "4MB")
    aloft("keys", "create", "--type", "p256", "-o", key)
    aloft("keys", "digest", key, "-o", folder / "digest")
    aloft("efuse", "burn-key", board.flash, key, "--slot", "1", "--yes")
    aloft("efuse", "burn-secure-version", board.flash, "3", "--yes")
    said = efuse(tools, board, "summary", "--format", "json")
    fuses = json.loads(said[said.index("\n{"):])
    block = next(f"BLOCK_KEY{n}" for n in range(6)
                 if fuses[f"KEY_PURPOSE_{n}"]["value"] == "SECURE_BOOT_DIGEST1")
    check(bytes.fromhex(fuses[block]["value"]) == (folder / "digest").read_bytes(), fuses[block])
    check(fuses["SECURE_VERSION"]["value"] == 0b111, fuses["SECURE_VERSION"])
    check(not fuses["SECURE_BOOT_EN"]["value"], fuses["SECURE_BOOT_EN"])


if __name__ == "__main__":
    old, new = Stock("esptool4"), Stock("esptool5")
    main([named(keys_and_signatures_pass_both_ways, old),
          named(keys_and_signatures_pass_both_ways, new),
          named(a_board_boots_what_they_encrypted_and_they_decrypt_what_it_wrote, old),
          named(a_board_whose_secure_boot_they_made_boots_their_signature_alone, new),
          named(espefuse_reads_what_aloft_burned, old),
          named(espefuse_reads_what_aloft_burned, new)])
