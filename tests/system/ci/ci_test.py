#!/usr/bin/env python3
"""A project outside of this tree tests its firmware with the fixtures of docs/CI.md: the files that
are shown there, as they are."""
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *


def project(folder):
    """A foreign repository with the files that docs/CI.md shows."""
    text = (ROOT / "docs/CI.md").read_text()
    files = dict(re.findall(r"`(tests/\w+\.py)`:\n\n```python\n(.*?)```", text, re.S))
    check(set(files) == {"tests/conftest.py", "tests/test_update.py"}, list(files))
    for name, content in files.items():
        path = folder / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder / "project"


def pytest(folder, *words, **environment):
    python = "/usr/bin/python3" if pathlib.Path("/usr/bin/pytest-3").exists() else sys.executable
    known = subprocess.run([python, "-c", "import pytest"], capture_output=True)
    check(known.returncode == 0, "there is no pytest: run ./dev setup test")
    return subprocess.run([python, "-m", "pytest", "-p", "no:cacheprovider", "tests", *words],
                          cwd=folder, capture_output=True, text=True, timeout=600,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "tools/python"),
                               "PYTHONDONTWRITEBYTECODE": "1", "ALOFT": str(ALOFT),
                               "IMAGES": str(IMAGES), "APPS": str(BIN / "apps"), **environment})


def a_foreign_project_tests_its_firmware(folder):
    done = pytest(project(folder))
    check(done.returncode == 0 and "2 passed" in done.stdout, done.stdout + done.stderr)


def a_test_that_fails_shows_the_console_and_leaves_no_board(folder):
    home = project(folder)
    (home / "tests/test_update.py").write_text('''
import os
def test_it(board):
    board.args += ["--fast"]
    board.flash(os.environ["IMAGES"], app="hello_world")
    (__import__("pathlib").Path("pid")).write_text(str(board._run.pid))
    board.wait("never said", timeout=2)
''')
    done = pytest(home)
    check(done.returncode == 1 and "waiting for 'never said': not within 2 s" in done.stdout and
          "Running hello_world" in done.stdout, done.stdout + done.stderr)
    check(gone(int((home / "pid").read_text())), "the board is still there")


def without_the_tool_it_says_so(folder):
    done = pytest(project(folder), "-k", "crash", ALOFT="", PATH="/nowhere")
    check("there is no aloft tool" in done.stdout, done.stdout + done.stderr)


if __name__ == "__main__":
    main([a_foreign_project_tests_its_firmware, without_the_tool_it_says_so,
          a_test_that_fails_shows_the_console_and_leaves_no_board])
