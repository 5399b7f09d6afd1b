#!/usr/bin/env python3
"""Lines that esptool and idf.py users type, word for word, at a board's serial port: each does the
work. What needs no chip is in tests/cli/habits_test.c."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *
from serial_ends import *


def typed(line, folder, code=0, **env):
    """Runs the line in the folder, with the tool's name before it; its output."""
    done = subprocess.run([ALOFT, *line.split()], cwd=folder, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", timeout=300,
                          env={**os.environ, **env})
    check(done.returncode == code, line, "returned", done.returncode, "and said:\n" + done.stdout)
    return done.stdout


def files(folder):
    """A build folder as esptool finds one, with the words that idf.py writes for it."""
    for name in ["bootloader.bin", "hello_world.bin", "partitions-two_ota.bin"]:
        shutil.copy(IMAGES / name, folder)
    (folder / "flash_args").write_text("--flash_mode dio --flash_freq 40m --flash_size 4MB\n"
                                       "0x1000 bootloader.bin\n0x10000 hello_world.bin\n"
                                       "0x8000 partitions-two_ota.bin\n")


def what_esptool_users_type_does_the_work(folder):
    files(folder)
    with Running(folder, "--fast") as board:
        at = f"--chip esp32 -p {board.tcp} -b 460800 --before default_reset --after hard_reset"
        said = typed(f"{at} write_flash @flash_args", folder)
        check(said.count("verified") == 3, said)
        check(board.holds("hello_world.bin") and board.bytes()[0x1002] == 2, "write_flash")
        said = typed(f"{at} verify_flash --diff yes 0x10000 hello_world.bin", folder)
        check(": same" in said, said)
        typed(f"{at} read_flash 0x10000 0x2000 back.bin", folder)
        back = (folder / "back.bin").read_bytes()
        check(back == board.bytes()[0x10000:0x12000], "read_flash")
        for word in ["flash_id", "flash-id", "chip_id", "read_mac", "get_security_info", "run"]:
            check("ESP32" in typed(f"--port {board.tcp} {word}", folder), word)
        check("ESP32" in typed("flash_id", folder, ESPPORT=board.tcp), "ESPPORT")
        typed(f"{at} erase_region 0x10000 0x1000", folder)
        check(board.bytes()[0x10000:0x11000] == b"\xFF" * 0x1000, "erase_region")
        typed(f"{at} write_flash -z -fm qio -ff 80m -fs detect --erase-all 0x1000 bootloader.bin",
              folder)
        flash = board.bytes()
        check(flash[0x1002:0x1004] == b"\x00\x2F", "header", flash[0x1000:0x1004].hex())
        check(flash[0x8000:0x9000] == b"\xFF" * 0x1000, "erase-all left the table")
        (folder / "head.bin").write_bytes(flash[0x1000:0x1000 + os.path.getsize(
            folder / "bootloader.bin")])
        check("QIO, 80 MHz, 4 MB" in typed("image_info head.bin", folder), "digest")
        typed(f"-p {board.tcp} erase_flash", folder)
        check(board.bytes() == b"\xFF" * FLASH_LEN, "erase_flash")


def what_idf_py_users_type_does_the_work(folder):
    (folder / "build").mkdir()
    files(folder / "build")
    with Running(folder, "--fast") as board:
        said = typed(f"-p {board.tcp} -b 921600 flash monitor --until Restarting --timeout 60",
                     folder)
        check("Hello world!" in said, said)
        typed(f"-p {board.tcp} -B build flash", folder)
        typed("erase-flash", folder, ESPPORT=board.tcp)
        check(board.bytes() == b"\xFF" * FLASH_LEN, "erase-flash")


main([what_esptool_users_type_does_the_work, what_idf_py_users_type_does_the_work])
