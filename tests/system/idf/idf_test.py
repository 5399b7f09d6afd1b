#!/usr/bin/env python3
"""Apps that are written for ESP-IDF, on the board: they update it, roll back, and refuse what
ESP-IDF's own code refuses."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *
from pki import Cert

SERVER = "updates.example:8070"


def idf(path, name, version, port, **settings):
    """An image of an app of apps/idf whose server is at this port."""
    routes = f"{SERVER}=127.0.0.1:{port},192.168.0.3:8070=127.0.0.1:{port}"
    return app(path, name, version, route=routes, **settings)


def two_versions(folder, name, second=None):
    """A board with version 1 of an app in its factory slot, and a server that has version 2."""
    server = Server({})
    new = idf(folder / "new.bin", second or name, "2", server.port).read_bytes()
    server.answers["/firmware.bin"] = http(200, new)
    board = Board(folder / "flash").create(idf(folder / "old.bin", name, "1", server.port))
    return board, server, new


def https_ota_replaces_itself_and_confirms(folder):
    board, server, new = two_versions(folder, "idf_https_ota")
    console = board.run("Nothing new", "--resets", 1)
    in_order(console, "app: Version 1 runs from factory", "wifi: connected with myssid",
             "esp_https_ota: Writing to <ota_0> partition at offset 0x110000",
             "app: The server has version 2", "app: Restarting into the new version",
             "rst:0xc (SW_CPU_RESET)", "Loaded app from partition at offset 0x110000",
             "app: Version 2 runs from ota_0", "app: Self-test passed, this app stays",
             "app: The server has version 2", "app: Nothing new")
    check(board.part("ota_0").startswith(new), "the image is not the server's")
    check(board.part("otadata").startswith(record(1, 2)), "the record is not VALID")


def over_https_only_the_right_server_updates(folder):
    keys = ROOT / "tests/system/idf/keys"
    ca = ROOT / "apps" / "idf" / "https_ota" / "main" / "ca.pem"
    right = TlsServer({}, Cert(ca, keys / "server_key.pem"))
    wrong = TlsServer({}, Cert(keys / "other.pem", keys / "other_key.pem"))
    new = idf(folder / "new.bin", "idf_https_tls", "2", right.port).read_bytes()
    right.answers["/firmware.bin"] = wrong.answers["/firmware.bin"] = http(200, new)
    board = Board(folder / "wrong").create(
        idf(folder / "wrong.bin", "idf_https_tls", "1", wrong.port))
    console = board.run("app: No update: ESP_ERR_HTTP_CONNECT")
    in_order(console, "esp-tls-mbedtls: TLS_UNTRUSTED", "HTTP_CLIENT: Connection failed, sock < 0")
    check(wrong.requests == [], "a server that is not trusted got a request")
    board = Board(folder / "right").create(
        idf(folder / "right.bin", "idf_https_tls", "1", right.port))
    console = board.run("Nothing new", "--resets", 1)
    in_order(console, "Version 2 runs from ota_0", "app: Self-test passed, this app stays")


def a_failed_self_test_rolls_back(folder):
    """A pin that is held low on the console stays low over the resets of the update."""
    board, server, new = two_versions(folder, "idf_https_ota")
    port = free_port()
    run = board.start("--serial", f"tcp:{port}", "--until", "Rollback to previously worked",
                      "--timeout", 240)
    hold_low(port)
    console, _ = run.communicate(timeout=300)
    in_order(console, "gpio 4 is driven low", "Version 2 runs from ota_0", "app: Self-test failed",
             "esp_ota_ops: Rollback to previously worked partition.")
    check(record(1, 3) in board.part("otadata"), "the record is not INVALID")
    board.run("Version 1 runs from factory")


def hold_low(port):
    """Types on the board's serial port until the app's console has answered."""
    end = time.monotonic() + 120
    with connect(port) as line:
        line.settimeout(0.2)
        seen = b""
        while b"gpio 4 is driven low" not in seen and time.monotonic() < end:
            line.sendall(b"gpio 4 0\r\n")
            try:
                seen += line.recv(65536)
            except TimeoutError:
                pass
        while True:
            try:
                if not line.recv(65536):
                    return
            except TimeoutError:
                pass
            except OSError:
                return


def connect(port):
    end = time.monotonic() + 120
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            check(time.monotonic() < end, "the board does not listen")
            time.sleep(0.02)


def a_crash_on_trial_rolls_back_and_is_not_fetched_again(folder):
    board, server, new = two_versions(folder, "idf_native_ota", "idf_native_crash")
    console = board.run("No update: ESP_ERR_INVALID_VERSION", "--resets", 2)
    in_order(console, "native: Version 1, start 1, reset reason 1",
             "native: The shutdown handler was called",
             "native: Version 2, start 2, reset reason 3",
             "ESP_ERROR_CHECK failed: esp_err_t 0x103 (ESP_ERR_INVALID_STATE)",
             "native: Version 1, start 3, reset reason 4", "this version has failed here")


def the_same_version_is_refused(folder):
    board, server, new = two_versions(folder, "idf_native_ota")
    old = (folder / "old.bin").read_bytes()
    server.answers["/firmware.bin"] = http(200, old)
    console = board.run("No update: ESP_ERR_INVALID_VERSION")
    in_order(console, "native: The server has version 1", "this version runs already")
    check(board.part("otadata") == b"\xFF" * 0x2000, "otadata was written")


def bad_images_change_nothing(folder):
    server = Server({})
    board = Board(folder / "flash").create(
        idf(folder / "old.bin", "idf_native_ota", "1", server.port))
    new = idf(folder / "new.bin", "idf_native_ota", "2", server.port).read_bytes()
    flipped = bytearray(new)
    flipped[len(new) // 2] ^= 1
    other_chip = bytearray(new)
    other_chip[12] = 5
    cases = {"ESP_ERR_OTA_VALIDATE_FAILED": [bytes(flipped), new[:-1], rehash(other_chip),
                                             b"<html>" + new[6:]],
             "ESP_ERR_INVALID_SIZE": [new + b"\0" * SLOT_LEN]}
    for error, images in cases.items():
        for image in images:
            server.answers["/firmware.bin"] = http(200, image)
            board.run("No update: " + error, "--fast")
            check(board.part("otadata") == b"\xFF" * 0x2000, error)
            # As in ESP-IDF, no byte is held back where flash is encrypted in whole blocks.
            check(ENCRYPTED or board.part("ota_0")[0] == 0xFF, "half an image looks like one")
    server.answers["/firmware.bin"] = http(200, new[:5000], len(new))
    board.run("No update: ESP_FAIL", "--fast")
    server.answers["/firmware.bin"] = http(404, b"none")
    console = board.run("No update: ESP_FAIL", "--fast")
    check("status 404" in console, console)


def power_cuts_during_an_update_leave_a_board_that_boots(folder):
    board, server, new = two_versions(folder, "idf_https_ota")
    for cut in (1, 5, 40, 150, 300):
        copy = Board(folder / f"cut{cut}").copy_of(board)
        copy.run("never said", "--fast", "--cut", f"{cut}:torn", timeout=240, code=POWER_CUT)
        copy.run("Nothing new", "--fast")
        check(copy.part("ota_0").startswith(new), "after a cut at", cut)


def code_of_version_3_updates_too(folder):
    server = Server({})
    hello = app(folder / "hello.bin", "hello_world", "7").read_bytes()
    server.answers["/firmware.bin"] = http(200, hello)
    board = Board(folder / "flash").create(
        idf(folder / "old.bin", "idf_ota_v3", "1", server.port))
    console = board.run("Running hello_world version 7 from ota_0", "--resets", 1)
    in_order(console, "v3: Got 192.168.2.105", "v3: Restarting", "rst:0xc")


def the_template_in_the_manual_is_the_one_that_is_built(folder):
    """docs/IDF_API.md shows a project; it is apps/idf/https_ota, file by file."""
    text = (ROOT / "docs" / "IDF_API.md").read_text()
    shown = re.findall(r"`(apps/idf/https_ota/[\w./]+)`:\n\n```\w*\n(.*?)```", text, re.S)
    check(len(shown) == 4, [name for name, _ in shown])
    for name, content in shown:
        check(content == (ROOT / name).read_text(), name, "is another one in the manual")


def partitions_are_read_written_and_erased_by_label(folder):
    """As parttool.py does: a write erases the whole partition first, others are not touched."""
    board = Board(folder / "flash").create(IMAGES / "idf_https_ota.bin")
    before = board.bytes()
    piece = folder / "piece.bin"
    piece.write_bytes(b"\x12\x34" * 100)
    aloft("parts", "read", board.flash, "factory", "-o", folder / "factory.bin")
    image = (IMAGES / "idf_https_ota.bin").read_bytes()
    check((folder / "factory.bin").read_bytes() == image.ljust(SLOT_LEN, b"\xFF"), "factory")
    aloft("parts", "write", board.flash, "nvs", folder / "factory.bin", code=1)
    check(board.bytes() == before, "a file that does not fit was written")
    for _ in range(2):
        aloft("parts", "write", board.flash, "nvs", piece)
    after = before[:0x9000] + piece.read_bytes().ljust(0x4000, b"\xFF") + before[0xD000:]
    check(board.bytes() == after, "write left the partition, or did not fill it")
    aloft("parts", "erase", board.flash, "nvs")
    check(board.bytes() == before, "erase")
    text = aloft("parts", "erase", board.flash, "nothing", code=1)
    check('no partition "nothing"' in text, text)
    aloft("parts", "read", board.flash, "nvs", code=2)
    aloft("parts", "write", board.flash, "ota_1", IMAGES / "idf_https_ota.bin")
    aloft("otadata", "switch", board.flash, "ota_1")
    board.run("runs from ota_1")


def an_app_in_cxx_is_updated_through_its_web_server(folder):
    web, serial = free_port(), free_port()

    def image(version):
        return app(folder / version, "idf_web_ota", version, ports=f"80={web}")

    def ask(*words):
        return subprocess.run(["curl", "-sS", "--max-time", "60", *words], capture_output=True,
                              text=True).stdout

    def wait_for(status):
        end = time.monotonic() + 120
        while ask(f"http://127.0.0.1:{web}/status") != status:
            check(time.monotonic() < end, "the web server never said", status)
            time.sleep(0.1)

    board = Board(folder / "flash").create(image("1"))
    run = board.start("--serial", f"tcp:{serial}", "--timeout", 240)
    wait_for('{"version":"1","slot":"factory"}')
    bad = ask("--data-binary", "@" + str(ROOT / "README.md"), f"http://127.0.0.1:{web}/update")
    check("ESP_ERR_OTA_VALIDATE_FAILED" in bad, bad)
    new = ask("--data-binary", "@" + str(image("2")), f"http://127.0.0.1:{web}/update")
    check(new == "Restarting into the new version\n", new)
    wait_for('{"version":"2","slot":"ota_0"}')
    with connect(serial) as line:
        line.settimeout(60)
        line.sendall(b"version\r")
        see(line, '{"version":"2"')
    run.terminate()
    console, _ = run.communicate(timeout=300)
    check(board.part("otadata").startswith(record(1, 2)), "the record is not VALID", console)


def see(line, text):
    """Reads the board's serial port until it has said this."""
    seen = ""
    while text not in seen:
        came = line.recv(65536)
        check(came, "the board went off before it said", repr(text), "but\n", seen)
        seen += came.decode(errors="replace")


def a_project_has_its_own_version(folder):
    """Once the version of other apps came before version.txt."""
    for name, version in (("idf_native_ota", "1.2"), ("idf_native_crash", "2")):
        info = json.loads(aloft("image", "info", IMAGES / f"{name}.bin", "--json"))
        check(version in json.dumps(info), name, "has not", version, info)


main([https_ota_replaces_itself_and_confirms, over_https_only_the_right_server_updates,
      a_failed_self_test_rolls_back,
      a_crash_on_trial_rolls_back_and_is_not_fetched_again, the_same_version_is_refused,
      bad_images_change_nothing, power_cuts_during_an_update_leave_a_board_that_boots,
      code_of_version_3_updates_too, an_app_in_cxx_is_updated_through_its_web_server,
      a_project_has_its_own_version,
      partitions_are_read_written_and_erased_by_label,
      the_template_in_the_manual_is_the_one_that_is_built])
