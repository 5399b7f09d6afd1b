#!/usr/bin/env python3
"""One JSON: what each command prints with --json is as its schema in docs/json says, and a command
that fails prints an object with the error. Commands that need a board or a device are held against
their schemas by the tests of those: serial_tool, habits, push, web."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import json_schema

ALOFT = os.environ["ALOFT_TOOL"]
ELSEWHERE = {"chip-info", "chip-parts", "chip-boot", "push", "control"}
PARTS = {"error", "failure"}  # of the other schemas

MAKE = """
A=$ALOFT_TOOL; set -e
$A parts build --template two_ota -o t.bin; $A image build /bin/true -o a.bin --version 1
$A image build /bin/true -o b.bin --bootloader --offset 0x20000
head -c 900 a.bin > cut.bin
$A board create f --size 4MB; $A board write f 0x8000 t.bin 0x10000 a.bin 0x110000 a.bin
$A board create empty --size 1MB; cp f g; $A otadata switch g ota_0
$A nvs set f app name kitchen; $A nvs set f aloft push_ha1 x
cp g h; $A nvs set h app name "$(printf 'v%.0s' $(seq 40))"
python3 -c "d=bytearray(open('h','rb').read());d[d.index(b'v'*40)]^=1;open('h','wb').write(d)"
$A keys create --type p256 -o p.pem; $A keys create --type rsa3072 -o r.pem
$A sign --key r.pem a.bin -o signed.bin
"""

GOOD, BAD, USAGE = 0, 1, 2
CASES = [
    ("image-info", GOOD, "image info a.bin"), ("image-info", GOOD, "image info b.bin"),
    ("image-info", BAD, "image info cut.bin"), ("image-info", BAD, "image info t.bin"),
    ("image-info", BAD, "image info f --slot ota_1"), ("image-info", BAD, "image info f"),
    ("failure", BAD, "image info missing"), ("failure", USAGE, "image info"),
    ("failure", USAGE, "image info a.bin --slto x"), ("failure", USAGE, "imgae info"),
    ("image-verify", GOOD, "image verify a.bin"),
    ("image-verify", BAD, "image verify a.bin --chip esp32c3"),
    ("failure", USAGE, "image verify a.bin --chip esp99"),
    ("image-size", GOOD, "image size a.bin"),
    ("image-size", GOOD, "image size a.bin --template two_ota"),
    ("image-size", BAD, "image size a.bin --slot-size 4K"), ("failure", BAD, "image size cut.bin"),
    ("otadata-show", GOOD, "otadata show f"), ("otadata-show", GOOD, "otadata show g"),
    ("failure", BAD, "otadata show empty"),
    ("board-info", GOOD, "board info f"), ("board-info", GOOD, "board info g"),
    ("board-info", BAD, "board info empty"), ("failure", BAD, "board info missing"),
    ("board-settings", GOOD, "board settings"), ("efuse-show", GOOD, "efuse show f"),
    ("parts-show", GOOD, "parts show f"), ("parts-show", GOOD, "parts show t.bin"),
    ("failure", BAD, "parts show a.bin"), ("parts-list", GOOD, "parts list"),
    ("keys-create", GOOD, "keys create --type p256 -o new.pem"),
    ("keys-show", GOOD, "keys show r.pem"),
    ("keys-digest", GOOD, "keys digest r.pem"), ("failure", BAD, "keys show a.bin"),
    ("verify", GOOD, "verify signed.bin --key r.pem"), ("verify", BAD, "verify a.bin --key r.pem"),
    ("verify", BAD, "verify signed.bin --key p.pem"), ("failure", USAGE, "verify signed.bin"),
    ("nvs-show", GOOD, "nvs show f"), ("nvs-show", GOOD, "nvs show g"),
    ("nvs-show", GOOD, "nvs show h"), ("failure", BAD, "nvs show a.bin"),
    ("secret-list", GOOD, "secret list f"), ("failure", BAD, "secret list empty"),
    ("failure", BAD, "chip-info -p ./no-port"), ("failure", BAD, "control 127.0.0.1:1 status"),
    ("failure", USAGE, "control 127.0.0.1 staus"), ("failure", BAD, "push 127.0.0.1 missing.bin"),
]


def tool(line, folder):
    return subprocess.run([ALOFT, *line.split()], cwd=folder, capture_output=True, text=True,
                          timeout=120)


def try_case(name, status, line, folder):
    done = tool(line + " --json", folder)
    assert done.returncode == status, f"returned {done.returncode}, not {status}: {done.stderr}"
    value = json_schema.check(name, done.stdout)
    error = value.get("error") if isinstance(value, dict) else None
    assert (error is None) == (status == GOOD), f"status {status} with error {error}"
    if name == "failure":
        assert error["text"] in done.stderr, f"{error} is not what was said: {done.stderr}"
        assert (error["code"] == "USAGE") == (status == USAGE), error


def group(line, folder):
    """The subcommands that the help of a command lists."""
    listed = tool(f"{line} --help", folder).stdout.partition("Commands:\n")[2]
    return re.findall(r"^  (\S+) ", listed, re.MULTILINE)


def commands_with_json(folder):
    for name in group("", folder):
        for path in [f"{name} {sub}" for sub in group(name, folder)] or [name]:
            if re.search(r"^ +--json ", tool(f"{path} --help", folder).stdout, re.MULTILINE):
                yield path.replace(" ", "-")


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["bash", "-c", MAKE], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=300)
        for case in CASES:
            try:
                try_case(*case, folder)
            except AssertionError as wrong:
                failures += 1
                print(f"FAIL  {case}: {wrong}")
        have = set(json_schema.names())
        for name in sorted(set(commands_with_json(folder)) - have):
            failures += 1
            print(f"FAIL  docs/json/{name}.json is missing")
        for name in sorted(have - {case[0] for case in CASES} - ELSEWHERE - PARTS):
            failures += 1
            print(f"FAIL  nothing is checked against docs/json/{name}.json")
    print(f"{len(CASES)} commands, {failures} failures")
    return failures != 0


sys.exit(main())
