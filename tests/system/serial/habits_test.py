#!/usr/bin/env python3
"""Lines that esptool and idf.py users type, word for word, at a board's serial port: each does the
work. What needs no chip is in tests/cli/habits_test.c."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import json_schema
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
        said = typed(f"{at} read_mem 0x3ff5a004", folder)
        check(said == "0x3ff5a004 = 0x0f000001\n", said)  # of the MAC
        said = typed(f"{at} write_mem 0x3ff42004 0x12345678 0xffff", folder)
        check(said == "0x3ff42004 = 0x00005678\n", said)
        typed(f"{at} dump_mem 0x3ff5a004 8 fuses.bin", folder)
        fuses = (folder / "fuses.bin").read_bytes()
        check(fuses == bytes.fromhex("0100000fa1020000"), "dump_mem", fuses.hex())
        said = typed(f"{at} read_flash_status --bytes 2", folder)
        check("status      0x000000" in said, said)
        said = typed(f"{at} chip-info --flash-status --json", folder)
        told = json_schema.check("chip-info", said)
        check(told["flash_status"] == 0, told)
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
    make = [ROOT / "tools/idf_folder", folder / "build", IMAGES / "hello_world.bin",
            IMAGES / "partitions-two_ota.bin"]  # as `aloft build` ends
    subprocess.run(make, check=True)
    check("of factory (1,048,576)" in typed("size", folder), "size")
    check("6 partitions" in typed("partition-table", folder), "partition-table")
    typed("merge-bin", folder)
    merged = (folder / "build/merged-binary.bin").read_bytes()
    check(merged[0x10000:] == (IMAGES / "hello_world.bin").read_bytes(), "merge-bin")
    (folder / "build/note").touch()
    subprocess.run(make, check=True)  # a second build knows of the first, and of the merge
    typed("clean", folder)
    check([file.name for file in (folder / "build").iterdir()] == ["note"], "clean")
    subprocess.run(make, check=True)
    (folder / "build/note").unlink()
    typed("fullclean", folder)
    check(not (folder / "build").exists(), "fullclean")
    subprocess.run(make, check=True)
    (folder / "build/CMakeCache.txt").touch()
    done = subprocess.run(make, capture_output=True, text=True)
    check(done.returncode != 0 and "of ESP-IDF's own build" in done.stderr, done.stderr)
    with Running(folder, "--fast") as board:
        said = typed(f"-p {board.tcp} -b 921600 flash monitor --until Restarting --timeout 60",
                     folder)
        check("Hello world!" in said, said)
        typed(f"-p {board.tcp} -B build flash", folder)
        said = typed(f"-C {folder} -p {board.tcp} app-flash", folder.parent)
        check(said.count("verified") == 1, said)
        said = typed(f"-p {board.tcp} write_flash @flash_args", folder / "build")
        check(said.count("verified") == 4, said)
        shutil.copy(IMAGES / "ota_demo.bin", folder / "build/hello_world.bin")
        for word in ["app-flash", "bootloader-flash", "partition-table-flash"]:
            said = typed(f"-p {board.tcp} {word}", folder)
            check(said.count("verified") == 1, word, said)
        check(board.holds("ota_demo.bin"), "app-flash")
        typed("erase-flash", folder, ESPPORT=board.tcp)
        check(board.bytes() == b"\xFF" * FLASH_LEN, "erase-flash")


def what_parttool_and_otatool_users_type_does_the_work(folder):
    files(folder)
    (folder / "nvs.bin").write_bytes(b"values" * 700)
    with Running(folder, "--fast", hello=True) as board:
        at = f"--port {board.tcp} --baud 460800"
        said = typed(f"{at} get_partition_info --partition-name nvs", folder)
        check(said == "0x9000 0x4000\n", said)
        said = typed(f"{at} get_partition_info --partition-type data --partition-subtype nvs "
                     "--info size name type", folder)
        check(said == "0x4000 nvs data\n", said)
        typed(f"{at} write_partition --partition-name=nvs --input nvs.bin", folder)
        want = b"values" * 700
        check(board.bytes()[0x9000:0xD000] == want + b"\xFF" * (0x4000 - len(want)), "write")
        typed(f"{at} read_partition --partition-name nvs --output back.bin", folder)
        check((folder / "back.bin").read_bytes() == board.bytes()[0x9000:0xD000], "read")
        typed(f"{at} erase_partition --partition-name nvs", folder)
        check(board.bytes()[0x9000:0xD000] == b"\xFF" * 0x4000, "erase")
        said = typed(f"{at} get_partition_info --partition-boot-default", folder)
        check(said == "0x10000 0x100000\n", said)
        typed(f"{at} write_ota_partition --slot 1 --input hello_world.bin", folder)
        check(board.holds("hello_world.bin", OTA_1), "write_ota_partition")
        said = typed(f"{at} read_otadata", folder)
        check("Selected  none" in said, said)
        typed(f"{at} switch_ota_partition --slot 1", folder)
        check(board.info()["boots"] == "ota_1", board.info())
        said = typed(f"{at} switch_ota_partition --name ota_0", folder, code=1)
        check("IMAGE_MAGIC" in said and board.info()["boots"] == "ota_1", said)
        told = json_schema.check("otadata-show", typed(f"{at} read_otadata --json", folder))
        check(told["selected"] == "ota_1", told)
        typed(f"{at} read_ota_partition --slot 1 --output back.bin", folder)
        check((folder / "back.bin").read_bytes() == board.bytes()[OTA_1:OTA_1 + SLOT_LEN], "read")
        typed(f"{at} erase_otadata", folder)
        check(board.info()["boots"] == "factory", board.info())
        typed(f"{at} erase_ota_partition --name ota_1", folder)
        check(board.bytes()[OTA_1:OTA_1 + SLOT_LEN] == b"\xFF" * SLOT_LEN, "erase_ota_partition")


def a_partition_goes_by_its_name(folder):
    files(folder)
    with Running(folder, "--fast", hello=True) as board:
        before = board.bytes()
        for line, words in [("read-flash nsv -o x", "no partition 'nsv'; did you mean 'nvs'?"),
                            ("erase-flash ota_7", "did you mean 'ota_0'?"),
                            ("chip-parts zzzz", "write nvs, otadata, phy_init, factory"),
                            ("chip-parts nvs place", "no field 'place'; write name, type"),
                            ("flash phy_init hello_world.bin", "the partition 'phy_init' 4096"),
                            ("flash nope nvs.bin", "cannot open nvs.bin")]:
            said = typed(f"{line} -p {board.tcp}", folder, code=1)
            check(words in said, line, said)
        check(board.bytes() == before and not (folder / "x").exists(), "something was written")
        told = json_schema.check("chip-parts", typed(f"chip-parts --json -p {board.tcp}", folder))
        check([p["name"] for p in told["partitions"]] ==
              ["nvs", "otadata", "phy_init", "factory", "ota_0", "ota_1"], told)
        said = typed(f"flash ota_0 hello_world.bin -p {board.tcp}", folder)
        check("hello_world 1.0.0 into ota_0" in said, said)
        check(board.holds("hello_world.bin", OTA_0), "flash ota_0")


def power_may_go_anywhere_while_a_slot_is_chosen(folder):
    """Over the loader a program rewrites its whole sector, which core's own tests never cut."""
    hello = app(folder / "hello.bin", "hello_world")
    ready = Board(folder / "ready").create(hello)
    aloft("board", "write", ready.flash, hex(OTA_0), hello, hex(OTA_1), hello)
    aloft("otadata", "switch", ready.flash, "ota_0")
    for words, boots in [(["ota_1"], {"ota_0", "ota_1"}), (["ota_0", "--trial"], {"ota_0"})]:
        cuts, status = 0, FAILED
        while status == FAILED:
            cuts += 1
            board = Board(folder / "cut").copy_of(ready)
            with Followed(board, "--fast", "--serial", "tcp:0", "--download", "--cut",
                          f"{cuts}:torn") as run:
                done = subprocess.run([ALOFT, "chip-boot", *words, "--port", run.end("socket"),
                                       "--before", "no-reset", "--after", "no-reset"],
                                      capture_output=True, text=True, timeout=120)
            status = done.returncode
            check(board.info()["boots"] in boots, words, cuts, board.info())
        check(cuts > 5 and board.info()["boots"] == words[0], words, cuts, done.stderr)


main([power_may_go_anywhere_while_a_slot_is_chosen,
      what_parttool_and_otatool_users_type_does_the_work, a_partition_goes_by_its_name,
      what_esptool_users_type_does_the_work, what_idf_py_users_type_does_the_work])
