#!/usr/bin/env python3
"""The table of settings says what the sources read, and the documentation what the table says."""
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = sys.argv[1]
rows = json.loads(subprocess.run([TOOL, "board", "settings", "--json"], check=True,
                                 capture_output=True, text=True).stdout)["settings"]
listed = {row["name"] for row in rows} - {"restore_KEY"}

# The calls by which sources ask for a setting: the key is their first text.
CALL = re.compile(r'\b(?:aloft_(?:port|device)_setting|setting_is|port_setting|number|text|setting)'
                  r'\((?:[\w>.&-]+, )?"(\w+)"')
read = set()
for folder in "apps/hello_world", "apps/ota_demo", "ports/linux", "compat/esp-idf":
    for source in (ROOT / folder).glob("**/*.c"):
        read |= set(CALL.findall(source.read_text()))

bad = []
for name in sorted(read - listed):
    bad.append(f"{name} is read by a source, and `aloft board settings` does not list it")
for name in sorted(listed - read):
    bad.append(f"{name} is listed, and no source reads it")

docs = subprocess.run([ROOT / "tools/settings", TOOL], check=True, capture_output=True,
                      text=True).stdout
if docs != (ROOT / "docs/SETTINGS.md").read_text():
    bad.append("docs/SETTINGS.md is not what tools/settings prints; run it")
print("\n".join(bad) or f"{len(rows)} settings, as the sources and the documentation have them")
sys.exit(bool(bad))
