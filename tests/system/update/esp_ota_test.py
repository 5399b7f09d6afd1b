#!/usr/bin/env python3
"""esp-ota, a sender of Arduino's push that others wrote, unchanged and in Node, updates a board. It
ends no datagram with a line end and sends 1,460 bytes at a time; its packages come from npm."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *
from push_test import MD5, PASSWORD, Device, runs_next

SOURCE = pathlib.Path(__file__).resolve().parent / "esp_ota"


def pushed(folder, verifier, *password):
    with Device(folder, verifier) as device:
        done = subprocess.run(
            ["node", SOURCE / "push.mjs", ROOT / "build/node" / SOURCE.name, device.new("2"),
             str(device.port), *password], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=240)
        check(done.returncode == 0 and done.stdout.endswith("done\n"), done.stdout, device.console)
        runs_next(device, 2)
    return done.stdout


def esp_ota_updates_a_board_without_a_password(folder):
    check("need_auth" not in pushed(folder, ""), "asked for a password")


def esp_ota_updates_a_board_with_its_password(folder):
    check("auth_sent" in pushed(folder, MD5, PASSWORD), "asked for no password")


if __name__ == "__main__":
    node_packages(SOURCE.name)
    main([esp_ota_updates_a_board_without_a_password, esp_ota_updates_a_board_with_its_password])
