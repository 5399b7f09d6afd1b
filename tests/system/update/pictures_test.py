#!/usr/bin/env python3
"""The pictures of README are what its commands show today: the demo's console, the flash map, the
device's page. `pictures_test.py --write` makes docs/pictures anew.

Once the demo read its server's log before the shell had made it, and said "sed: can't read"."""
import hashlib
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *
from browser_test import SHOTS, SOURCE, TRIAL_OF_2, story
from web_board import WebBoard

KEPT = ROOT / "docs" / "pictures"
PAGE = ROOT / "web" / "device" / "index.html"
BYTES_MAX = 60 << 10
VERSION = "2.0.0"
KEYWORD = b"Description\0\0\0\0\0"  # of a chunk iTXt: not compressed, no language
WRITE = "--write" in sys.argv


def run(*words, **more):
    done = subprocess.run([str(w) for w in words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=600, **more)
    check(done.returncode == 0, *words, "returned", done.returncode, "\n" + done.stdout)
    return done.stdout


def without_figures(text):
    """Times, rates and ports differ from run to run, and so does where the text ends."""
    return re.sub(r"\d+", "#", text)


def keep_or_compare(name, made, same):
    path = KEPT / name
    if WRITE:
        path.write_bytes(made)
    kept = path.read_bytes() if path.exists() else b""
    check(same(kept) == same(made), f"docs/pictures/{name} is not what is shown now; after a look "
          f"at that, run tests/system/update/pictures_test.py --write\n{same(made)!r}")
    check(0 < len(kept) <= BYTES_MAX, name, "has", len(kept), "bytes")


def shortened(console):
    """From the connection on; of the lines that only count, the first and the last."""
    lines = console[console.rindex("\n", 0, console.index("Connect to Wifi !")) + 1:].split("\n")
    counting = [n for n, line in enumerate(lines) if "Have written image length" in line]
    lines[counting[1]:counting[-1]] = ["..."]
    start = next(n for n, line in enumerate(lines) if "rst:0xc" in line)
    end = next(n for n, line in enumerate(lines) if "Hello world!" in line)
    lines[start + 1:end] = ["..."]
    last = next(n for n, line in enumerate(lines) if "Confirmed: ota_0 stays" in line)
    return "\n".join(line for line in lines[:last + 1] if not line.startswith("ets ")) + "\n"


def the_demo_is_shown_as_it_runs(folder):
    for flags in ("-m", "-rm"):
        if subprocess.run(["unshare", flags, "sh", "-c", "mount -t tmpfs tmpfs /mnt"],
                          capture_output=True).returncode == 0:
            break
    else:  # without one the demo moves the build's images aside, which other tests are using
        print("not looked at: no mount namespace is allowed here")
        return
    said = run(ROOT / "tools/demo", "--version", VERSION, stdin=subprocess.DEVNULL)
    for wrong in ("can't read", "No such file", "not found"):
        check(wrong not in said, said)
    check(f"Hello world! from ota_0, version {VERSION}" in said, said)
    made = run(ROOT / "tools/picture", "console", input=shortened(said))
    keep_or_compare("demo.svg", made.encode(), lambda data: without_figures(data.decode()))


def the_flash_map_is_the_table(folder):
    table = run(ALOFT, "parts", "show", "--template", "two_ota", "--json")
    made = run(ROOT / "tools/picture", "map", input=table)
    keep_or_compare("flash.svg", made.encode(), bytes.decode)


def with_text(png, text):
    """The picture says in words what it shows, and of which page."""
    body = b"iTXt" + KEYWORD + text.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]  # signature and IHDR have 33 bytes


def text_of(png):
    at = png.find(b"iTXt" + KEYWORD)
    if at < 4:
        return ""
    end = at + 4 + struct.unpack_from(">I", png, at - 4)[0]
    text, _, source = png[at + 4 + len(KEYWORD):end].decode().partition("\nsha256")
    return f"{without_figures(text)}\nsha256{source}"


def the_page_is_shown_light_and_dark(folder):
    source = hashlib.sha256(PAGE.read_bytes()).hexdigest()
    with WebBoard(folder, project_name="greenhouse") as board:
        image = board.image("2.0.0")
        check(board.curl("/update", "-F", f"firmware=@{image}")[0] == 200)
        board.wait_for(TRIAL_OF_2.replace("web_app", "greenhouse"))
        text = story("portrait", board)["text"]
    check("on trial" in text and "greenhouse 2.0.0" in text, text)
    for name in ("page-light.png", "page-dark.png"):
        made = with_text((SHOTS / name).read_bytes(),
                         f"{text}\nsha256 of web/device/index.html: {source}")
        keep_or_compare(name, made, text_of)


if __name__ == "__main__":
    node_packages(SOURCE.name)
    sys.argv = [word for word in sys.argv if word != "--write"]
    main([the_flash_map_is_the_table, the_page_is_shown_light_and_dark,
          the_demo_is_shown_as_it_runs])
