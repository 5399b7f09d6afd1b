#!/usr/bin/env python3
"""A device that is not attached gets its secrets as an NVS partition, which `aloft flash` writes
with the first firmware (docs/PROVISIONING.md)."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from serial_ends import *


def curl(port, *words):
    url = f"http://127.0.0.1:{port}/api/status"
    done = subprocess.run(["curl", "-s", "-m", "60", "--retry", "30", "--retry-connrefused",
                           "-w", "%{http_code}", *words, url], stdout=subprocess.PIPE, text=True)
    return done.stdout


def make_build(folder, ports):
    build = folder / "build"
    build.mkdir()
    for name in ("bootloader.bin", "partitions-two_ota.bin"):
        shutil.copy(IMAGES / name, build)
    app(build / "app.bin", "ota_demo", "1", pull="off", **ports)
    return build


def secrets_come_with_the_first_firmware(folder):
    nvs = folder / "nvs.bin"
    (folder / "web").write_text("web password 1")
    aloft("secret", "set", nvs, "push", "--create", "0x4000", "--generate", folder / "push")
    aloft("secret", "set", nvs, "web", "--name", "lamp 7", "--password-file", folder / "web")
    token = aloft("secret", "set", nvs, "control", "--generate", "-").strip()
    check(re.fullmatch("aloft_[0-9a-f]{32}", token), token)
    check((folder / "push").stat().st_mode & 0o777 == 0o600, "others can read it")
    # The same as lines of a CSV.
    aloft("nvs", "export", nvs, "--secrets", "-o", folder / "nvs.csv")
    aloft("nvs", "build", folder / "nvs.csv", "-o", folder / "built.bin", "--size", "0x4000")
    check(aloft("secret", "list", folder / "built.bin") == aloft("secret", "list", nvs), "CSV")

    ports = {"web_port": free_port(), "push_port": free_port(socket.SOCK_DGRAM)}
    build = make_build(folder, ports)
    with Running(folder, "--fast") as board:
        said = aloft("flash", build, "nvs", folder / "built.bin", "--port", board.tcp)
        check("wrote built.bin: 16,384 bytes" in said, said)
        board.followed.see('password that was set for "lamp 7"')
        host = f"127.0.0.1:{ports['web_port']}"
        check(curl(ports["web_port"], "--digest", "-u", "admin:web password 1").endswith("200"),
              "the page's password")
        began = time.monotonic()
        check(curl(ports["web_port"], "-H", f"Authorization: Bearer {token}").endswith("200"),
              "the token")
        check(time.monotonic() - began < 3, "the token's check is slow")
        said = aloft("control", host, "status", "--password", "wrong", code=1)
        check('asks admin for the password of "lamp 7"' in said, said)
        image = app(folder / "2.bin", "ota_demo", "2", pull="off", **ports)
        aloft("push", f"127.0.0.1:{ports['push_port']}", image, "--password-file", folder / "push")
        board.followed.see("App version:      2")


def a_folder_takes_no_name_that_its_table_lacks(folder):
    build = make_build(folder, {})
    with Running(folder, "--fast") as board:
        said = aloft("flash", build, "nvss", build / "app.bin", "--port", board.tcp, code=1)
        check(f"{build} has no partition 'nvss'; did you mean 'nvs'?" in said, said)
        said = aloft("flash", build, "nvs", build / "app.bin", "--port", board.tcp, code=1)
        check("the partition 'nvs' 16384" in said, said)
        check("nvs has no file" in aloft("flash", build, "nvs", code=2), "no file")
        check(board.bytes() == b"\xFF" * FLASH_LEN, "something was written")


if __name__ == "__main__":
    main([secrets_come_with_the_first_firmware, a_folder_takes_no_name_that_its_table_lacks])
