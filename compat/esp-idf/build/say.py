"""Messages about a project for its author, used by all scripts of this folder.

`./dev idf` sets ALOFT_IDF_SAYS (a file for all that is said; without it: standard error),
ALOFT_IDF_TYPED (the project's folder as it was typed) and ALOFT_IDF_HERE (where it was typed).
"""
import difflib
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]


def say(text):
    """One piece of text; those of jobs that run at the same time are not mixed."""
    name = os.environ.get("ALOFT_IDF_SAYS")
    if not name:
        sys.stderr.write(text + "\n")
        return
    with open(name, "a", encoding="utf-8") as file:
        file.write(text + "\n")


def shown(text, project):
    """`text` with the paths in it as the user would type them."""
    typed = os.environ.get("ALOFT_IDF_TYPED", project).rstrip("/")
    here = os.environ.get("ALOFT_IDF_HERE", os.getcwd())
    text = text.replace(str(project).rstrip("/") + "/", typed + "/")
    root = os.path.relpath(ROOT, here)
    return text.replace(f"{ROOT}/", "" if root == "." else root + "/")


def manual():
    """The path of the manual, as the user would type it."""
    return shown(f"{ROOT}/docs/IDF_API.md", "/nowhere")


def suggest(word, known):
    """"; did you mean X?" of the words that are known, or nothing."""
    near = difflib.get_close_matches(word, known, 1, 0.8)
    return f"; did you mean {near[0]}?" if near else ""
