#!/usr/bin/env python3
"""Errors and warnings have colours on a terminal, and nowhere else."""
import os
import pathlib
import pty
import subprocess
import sys
import tempfile

TOOL = sys.argv[1]


def on_terminal(*words, **environment):
    """What the tool shows on a terminal that is its standard error."""
    ours, theirs = pty.openpty()
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    run = subprocess.Popen([TOOL, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=theirs, env={**clean, "TERM": "xterm", **environment})
    os.close(theirs)
    text = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # how Linux tells the end of a terminal
            piece = b""
        if not piece:
            break
        text += piece
    os.close(ours)
    run.wait()
    return text


with tempfile.TemporaryDirectory(prefix="aloft-terminal-") as folder:
    missing = ("board", "info", f"{folder}/missing")
    table = pathlib.Path(folder, "warns.csv")
    table.write_text("only, app, ota_0, 0x10000, 1M\n")  # it cannot be updated
    warns = ("parts", "build", str(table), "-o", f"{folder}/table.bin")
    assert on_terminal(*missing).startswith(b"\033[0;31maloft: "), on_terminal(*missing)
    assert on_terminal(*missing).rstrip().endswith(b"\033[0m"), on_terminal(*missing)
    assert b"\033[0;33maloft: warning: " in on_terminal(*warns), on_terminal(*warns)
    for environment in {"NO_COLOR": "1"}, {"TERM": "dumb"}:
        assert b"\033" not in on_terminal(*missing, **environment), environment
    assert b"\033[0;31m" in on_terminal(*missing, NO_COLOR=""), "NO_COLOR counts when empty"
    piped = subprocess.run([TOOL, *missing], capture_output=True).stderr
    assert piped.startswith(b"aloft: ") and b"\033" not in piped, piped
print("colours are where they belong")
