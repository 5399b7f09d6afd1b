#!/usr/bin/env python3
"""The browser way of a whole board: curl uploads in every dialect, tells it what to boot, and is
kept out without a password."""
import hashlib
import json
import pathlib
import re
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import json_schema
from bench import aloft, check, free_port, main
from web_board import PASSWORD, WebBoard


def curl_uploads_in_every_dialect(folder):
    with WebBoard(folder, confirm="start") as board:
        code, body = board.curl("/update", "-F", f"firmware=@{board.image('2.0.0')}")
        check(code == 200 and "Update Success! Rebooting..." in body, code, body)
        board.wait_for("web_app 2.0.0 is ready")
        check(board.status()["running"] == "ota_0", board.status())
        code, body = board.curl("/update", "-F", f"image=@{board.image('3.0.0')}")
        check((code, body) == (200, "OK"), code, body)
        board.wait_for("web_app 3.0.0 is ready")
        code, body = board.curl("/update", "-H", "Content-Type: application/octet-stream",
                                "--data-binary", f"@{board.image('4.0.0')}")
        check(code == 200 and json.loads(body)["restarting"], code, body)
        board.wait_for("web_app 4.0.0 is ready")
        status = board.status()
        check(status["running"] == "ota_0" and status["version"] == "4.0.0", status)
        check(status["slots"][1]["state"] == "VALID", status)


def an_upload_without_an_image_changes_nothing(folder):
    with WebBoard(folder) as board:
        bad = folder / "bad.bin"
        image = bytearray(board.image("2.0.0").read_bytes())
        image[5000] ^= 1
        bad.write_bytes(image)
        code, body = board.curl("/update", "-F", f"firmware=@{bad}")
        check(code == 200 and body.startswith("Update error: "), code, body)
        code, body = board.curl("/update", "-F", f"update=@{bad}")
        check((code, body) == (200, "FAIL"), code, body)
        bad.write_bytes(b"\xE9" * (2 << 20))
        code, body = board.curl("/update", "-F", f"firmware=@{bad}", "-H", "Expect:")
        check(code == 413 and "WEB_TOO_LARGE" in body, code, body)
        status = board.status()
        check(status["running"] == "factory" and not status["slots"][1]["image"], status)
        check(status["update"]["busy"] is False, status)
        code, body = board.curl("/update", "-F", f"firmware=@{board.image('2.0.0')}")
        check("Update Success" in body, code, body)
        board.wait_for("web_app 2.0.0 is ready")


def digest(board, method, target):
    """The Authorization header of a client that has asked once."""
    def sha256(text):
        return hashlib.sha256(text.encode()).hexdigest()

    with socket.create_connection(("127.0.0.1", board.web_port)) as peer:
        peer.sendall(f"{method} {target} HTTP/1.1\r\nHost: b\r\nContent-Length: 0\r\n\r\n".encode())
        challenge = b"".join(iter(lambda: peer.recv(4096), b"")).decode()
    nonce = re.search(r'nonce="(\w+)"', challenge).group(1)
    ha1, ha2 = sha256(f"admin:aloft-demo:{PASSWORD}"), sha256(f"{method}:{target}")
    response = sha256(f"{ha1}:{nonce}:00000001:c:auth:{ha2}")
    return (f'Authorization: Digest username="admin", realm="aloft-demo", nonce="{nonce}", '
            f'uri="{target}", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c", '
            f'response="{response}"')


def an_upload_that_breaks_off_leaves_the_way_free(folder):
    with WebBoard(folder) as board:
        image = board.image("2.0.0").read_bytes()
        head = (f"POST /update HTTP/1.1\r\nHost: b\r\n{digest(board, 'POST', '/update')}\r\n"
                f"Content-Type: application/octet-stream\r\nContent-Length: {len(image)}\r\n\r\n")
        with socket.create_connection(("127.0.0.1", board.web_port)) as peer:
            peer.sendall(head.encode() + image[:len(image) // 2])
        status = board.status()
        check(status["update"]["busy"] is False and status["running"] == "factory", status)
        check(not status["slots"][1]["image"], status)
        code, body = board.curl("/update", "-F", f"firmware=@{folder / '2.0.0.bin'}")
        check("Update Success" in body, code, body)
        board.wait_for("web_app 2.0.0 is ready")


def commands_choose_what_boots_and_refuse_what_would_not(folder):
    with WebBoard(folder) as board:
        code, answer = board.post("boot", '{"slot":"ota_1"}')
        check(code == 409 and answer["error"] == "IMAGE_MAGIC", code, answer)
        code, answer = board.post("rollback")
        check(code == 409 and answer["error"] == "NO_ROLLBACK", code, answer)
        code, answer = board.post("check")
        check(code == 200 and answer == {"ok": True, "restarting": False}, code, answer)
        board.wait_for("a check was asked for")
        board.curl("/update", "-F", f"firmware=@{board.image('2.0.0')}")
        board.wait_for("web_app 2.0.0 is ready")
        check(board.status()["slots"][1]["state"] == "PENDING_VERIFY", board.status())
        code, answer = board.post("confirm")
        check(code == 200, code, answer)
        check(board.status()["slots"][1]["state"] == "VALID", board.status())
        code, answer = board.post("boot", '{"slot":"factory"}')
        check(code == 200 and answer["restarting"], code, answer)
        board.wait_for("web_app 1.0.0 is ready", 2)
        code, answer = board.post("boot", '{"slot":"ota_0"}')
        check(code == 200, code, answer)
        board.wait_for("web_app 2.0.0 is ready", 2)
        code, answer = board.post("rollback")
        check(code == 200 and answer["restarting"], code, answer)
        board.wait_for("web_app 1.0.0 is ready", 3)
        code, answer = board.post("restart")
        check(code == 200 and answer["restarting"], code, answer)
        board.wait_for("web_app 1.0.0 is ready", 4)


def requests_without_the_password_are_refused(folder):
    with WebBoard(folder) as board:
        image = board.image("2.0.0")
        check(board.curl("/", password=None)[0] == 401)
        check(board.curl("/update", "-F", f"firmware=@{image}", password=None)[0] == 401)
        check(board.curl("/api/restart", "-d", "", "-H", "Origin: http://evil.example")[0] == 403)
        origin = f"Origin: http://127.0.0.1:{board.web_port}"
        check(board.post("check", "", "-H", origin)[0] == 200)
        for _ in range(5):
            check(board.curl("/", password="wrong")[0] == 401)
        # The sixth waits for its turn, 2 s a guess; a right one takes no turn.
        start = time.monotonic()
        check(board.curl("/api/status")[0] == 200)
        check(board.curl("/api/status")[0] == 200)
        check(time.monotonic() - start < 5, time.monotonic() - start)


def the_owner_gets_in_while_strangers_guess(folder):
    """Wrong passwords kept everybody out for up to 16 min. Two guess all the time, beside him."""
    with WebBoard(folder) as board:
        stop = threading.Event()

        def guess():
            while not stop.is_set():
                board.curl("/", password="wrong")

        strangers = [threading.Thread(target=guess) for _ in range(2)]
        for stranger in strangers:
            stranger.start()
        time.sleep(1)  # the five that are judged at once are used up
        start = time.monotonic()
        code, body = board.curl("/api/status")
        took = time.monotonic() - start
        stop.set()
        for stranger in strangers:
            stranger.join()
        check(code == 200 and took < 60, code, body, took)


def the_tool_asks_and_commands(folder):
    with WebBoard(folder, web_token="sesame") as board:
        def control(*args, code=0, password=PASSWORD):
            return aloft("control", f"127.0.0.1:{board.web_port}", *args, "--password", password,
                         code=code)

        out = control("status")
        check("aloft-demo: web_app 1.0.0 runs from factory" in out, out)
        check("  ota_0     no image" in out, out)
        told = json_schema.check("control", control("status", "--json"))
        check(told["running"] == "factory", told)
        out = control("boot", "ota_1", code=1)
        check("refuses: IMAGE_MAGIC: Not an app image" in out, out)
        check(control("confirm") == "confirm: done\n")
        check("the device restarts" in control("boot", "factory"))
        board.wait_for("is ready", 2)
        out = control("status", password="wrong", code=1)
        check("WEB_UNAUTHORIZED: Name or password is missing or wrong" in out, out)
        check("ALOFT_PASSWORD" not in out, out)
        out = aloft("control", f"127.0.0.1:{board.web_port}", "status", code=1)
        check("is missing or wrong; --password-file FILE or ALOFT_PASSWORD gives it" in out, out)
        out = aloft("control", f"127.0.0.1:{free_port()}", "status", code=1)
        check("is the browser way of the device on?" in out, out)
        here = f"127.0.0.1:{board.web_port}"
        check(aloft("control", here, "check", "--token", "sesame") == "check: done\n")
        aloft("control", here, "check", "--token", "sesam", code=1)
        aloft("control", "127.0.0.1", "boot", code=2)
        aloft("control", "127.0.0.1", "boot", 'x","y":"', code=2)
        aloft("control", "127.0.0.1/x?", "status", code=2)
        aloft("control", "127.0.0.1", "explode", code=2)


def without_a_password_the_way_is_off(folder):
    with WebBoard(folder, web_password="") as board:
        check(board.curl("/")[0] == 0)


if __name__ == "__main__":
    main([curl_uploads_in_every_dialect, an_upload_without_an_image_changes_nothing,
          an_upload_that_breaks_off_leaves_the_way_free,
          commands_choose_what_boots_and_refuse_what_would_not,
          requests_without_the_password_are_refused,
          the_owner_gets_in_while_strangers_guess, the_tool_asks_and_commands,
          without_a_password_the_way_is_off])
