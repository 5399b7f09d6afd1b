#!/usr/bin/env python3
"""The browser way with a browser: Debian's Chromium, driven by playwright-core from npm, updates a
board through its page, on a screen and on a phone; pages of other sites and strangers get nowhere.
Screenshots are in build/browser."""
import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *
from web_board import PASSWORD, WebBoard

SOURCE = pathlib.Path(__file__).resolve().parent / "browser"
SHOTS = ROOT / "build" / "browser"
CHROMIUM = pathlib.Path("/usr/bin/chromium")
PADDING = 128 << 10  # of images whose upload has to take a while
TRIAL_OF_2 = "web_app 2.0.0 is ready"


def story(name, board, **about):
    """Runs one story of page.mjs; what it saw."""
    about = {"url": f"http://127.0.0.1:{board.web_port}/", "password": PASSWORD, **about}
    done = subprocess.run(
        ["node", SOURCE / "page.mjs", "--modules", ROOT / "build" / "node" / SOURCE.name, "--shots",
         SHOTS, name, json.dumps(about, default=str)], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", timeout=900)
    check(done.returncode == 0, "page.mjs returned", done.returncode, "and said:\n" + done.stdout,
          "\nthe board:\n" + board.console)
    return json.loads(done.stdout.splitlines()[-1])


def text_file(folder):
    path = folder / "notes.txt"
    path.write_text("This is no firmware.\n" * 400)
    return path


def damaged(image, path):
    data = bytearray(image.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return path


def the_page_updates_confirms_rolls_back_chooses_and_restarts(folder):
    with WebBoard(folder, padding=PADDING) as board:
        files = [board.image("2.0.0"), board.image("3.0.0")]
        seen = story("update", board, files=files)
        url = f"http://127.0.0.1:{board.web_port}"
        want = {f"{url}/", f"{url}/update", f"{url}/api/status", f"{url}/api/boot",
                f"{url}/api/confirm", f"{url}/api/restart", f"{url}/api/rollback"}
        check({a for a in seen["asked"] if not a.startswith("data:")} == want, seen)
        console = board.console
        versions = [line.split("web_app ")[1].split()[0] for line in console.splitlines()
                    if "is ready" in line]
        check(versions == ["1.0.0", "2.0.0", "3.0.0", "2.0.0", "1.0.0", "1.0.0"], versions, console)


def a_phone_shows_the_page_without_scrolling_sideways(folder):
    with WebBoard(folder) as board:
        name = "firmware-of-the-greenhouse-controller_" * 3 + "2.0.0.bin"
        shutil.copyfile(board.image("2.0.0"), folder / name)
        check(board.curl("/update", "-F", f"firmware=@{folder / name}")[0] == 200)
        board.wait_for(TRIAL_OF_2)
        story("phone", board, text=text_file(folder), longName=folder / name)


def files_that_are_not_firmware_are_refused_in_words(folder):
    with WebBoard(folder) as board:
        bad = damaged(board.image("2.0.0"), folder / "damaged.bin")
        said = story("refused", board, text=text_file(folder), damaged=bad)
        rest = ". The device keeps the app that runs."
        check(said["text"] == "Not an app image: it does not start with E9" + rest, said)
        check(said["damaged"] == "The image's checksum is wrong; it is corrupt" + rest, said)
        status = board.status()
        check(status["running"] == "factory" and not status["slots"][1]["image"], status)


def a_page_that_is_left_in_an_upload_changes_nothing(folder):
    with WebBoard(folder, padding=PADDING) as board:
        file = board.image("2.0.0")
        seen = story("leave", board, file=file)
        check(0.2 < seen["sent"] < 1, seen)
        status = board.status()
        check(status["running"] == "factory" and not status["update"]["busy"], status)
        check(not status["slots"][1]["image"] and board.console.count("is ready") == 1, status)
        code, body = board.curl("/update", "-F", f"firmware=@{file}")
        check(code == 200 and "Update Success" in body, code, body)
        board.wait_for(TRIAL_OF_2)


class LosesAnswers(Relay):
    """Between browser and board. The answer to an upload that went well gets lost here."""

    lost = 0

    def carrier(self):
        asked = []

        def carry(data, from_client):
            asked.extend([data] if from_client else [])
            ours = not from_client and asked and asked[0].startswith(b"POST /update")
            if ours and data.startswith(b"HTTP/1.1 200"):
                self.lost += 1
                return None
            return data
        return carry


def a_lost_answer_does_not_make_an_upload_a_failure(folder):
    # "Nothing has changed on the device", said the page, while the device started the new app.
    with WebBoard(folder) as board:
        wire = LosesAnswers(board.web_port)
        seen = story("lost", board, url=f"http://127.0.0.1:{wire.port}/", file=board.image("2.0.0"))
        check(wire.lost == 1, wire.lost)
        check("web_app 2.0.0 runs from ota_0." in seen["said"], seen)


def without_the_right_password_there_is_no_page(folder):
    with WebBoard(folder) as board:
        seen = story("stranger", board)
        for one in seen.values():
            # Chromium shows the refusal, or a page of its own that says the same.
            check(one["answer"] == 401 or "INVALID_AUTH_CREDENTIALS" in one["answer"], seen)
            check(one["page"] == 0 and "Slots" not in one["text"], seen)
        check(board.status()["running"] == "factory")


def evil_pages(url, image):
    """The pages of another site, each of which posts to the device as soon as it is open."""
    def page(script, form=""):
        return http(200, f"<!doctype html><body>{form}<script>{script}</script>".encode(), None,
                    "Content-Type: text/html")

    def form(target, attributes=""):
        return (f'<form method="post" action="{url}{target}" {attributes}>'
                '<input type="file" name="firmware"></form>')

    def fetch(target, body, kind="text/plain", more=""):
        return page(f'fetch("{url}{target}", {{method: "POST", mode: "no-cors", credentials: '
                    f'"include", headers: {{"Content-Type": "{kind}"}}, body: {body}, {more}}})')

    # A form cannot choose a file, but a script can put one into it.
    choose = (f'const all = new DataTransfer(); const hex = "{image.read_bytes().hex()}";'
              'all.items.add(new File([Uint8Array.from(hex.match(/../g), h => parseInt(h, 16))],'
              '"firmware.bin")); document.querySelector("input").files = all.files;'
              'document.querySelector("form").submit()')
    upload = form("/update", 'enctype="multipart/form-data"')
    quiet = '<meta name="referrer" content="no-referrer">'
    return {
        "/form": page(choose, upload),
        "/form-of-nobody": page(choose, quiet + upload),
        "/form-restart": page('document.querySelector("form").submit()', form("/api/restart")),
        "/fetch-boot": fetch("/api/boot", """'{"slot":"ota_0"}'"""),
        "/fetch-restart": fetch("/api/restart", "''"),
        "/fetch-of-nobody": fetch("/api/restart", "''", more='referrerPolicy: "no-referrer"'),
    }


def pages_of_other_sites_change_nothing(folder):
    with WebBoard(folder) as board:
        image = board.image("2.0.0")
        check(board.curl("/update", "-F", f"firmware=@{image}")[0] == 200)
        board.wait_for(TRIAL_OF_2)
        check(board.post("boot", '{"slot":"factory"}')[0] == 200)
        board.wait_for("web_app 1.0.0 is ready", 2)
        before = {k: board.status()[k] for k in ("running", "otadata", "slots")}
        pages = evil_pages(f"http://127.0.0.1:{board.web_port}", board.image("6.6.6"))
        other = Server(pages)
        for one in story("foreign", board, evil=other.url(""), attacks=list(pages)):
            check(one["status"] == 403 and one["error"] == "WEB_ORIGIN", one)
            check(one["origin"] in (other.url(""), "null"), "not of another site:", one)
            check(one["digest"], "the browser kept its password to itself:", one)
        other.close()
        check({k: board.status()[k] for k in before} == before, board.status(), before)
        check(board.console.count("is ready") == 3, board.console)


if __name__ == "__main__":
    node_packages(SOURCE.name)
    if not CHROMIUM.exists():
        sys.exit(f"there is no {CHROMIUM}: run ./dev setup")
    main([the_page_updates_confirms_rolls_back_chooses_and_restarts,
          a_phone_shows_the_page_without_scrolling_sideways,
          files_that_are_not_firmware_are_refused_in_words,
          a_page_that_is_left_in_an_upload_changes_nothing,
          a_lost_answer_does_not_make_an_upload_a_failure,
          without_the_right_password_there_is_no_page,
          pages_of_other_sites_change_nothing])
