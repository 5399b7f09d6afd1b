#!/usr/bin/env python3
"""Manual pages and completions of the tool: what the shells make of them, not only how they look.

They are made from the tables of commands by tools/manual; tidy compares them with those in the
tree."""
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = pathlib.Path(os.environ.get("ALOFT_BIN_DIR", ROOT / "build/release"))
MANUAL = RELEASE / "manual"
ALOFT = RELEASE / "cli/aloft"


def run(*words, **more):
    return subprocess.run([str(w) for w in words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **more).stdout


def the_version_is_that_of_the_file():
    version = (ROOT / "VERSION").read_text().strip()
    assert run(ALOFT, "--version") == f"aloft {version}\n"


def every_page_is_set_without_a_warning():
    for page in sorted(MANUAL.glob("man1/*.1")):
        said = run("groff", "-man", "-ww", "-Tutf8", "-rLL=80n", "-z", page)
        assert said == "", f"{page}: {said}"
    text = run("groff", "-man", "-Tascii", "-P-cbou", MANUAL / "man1/aloft-otadata.1")
    assert "aloft-otadata - see and change which slot a board boots" in text, text
    assert "aloft otadata switch board.flash ota_1 --trial" in text, text


# What is typed before TAB, and words that must be offered, or files.
TYPED = [("aloft otad", {"otadata"}), ("aloft otadata s", {"show", "switch"}),
         ("aloft otadata switch --tr", {"--trial"}), ("aloft board ru", {"run"}),
         ("aloft parts build --templ", {"--template"}),
         ("aloft parts build --output ta", {"table.csv"}), ("aloft image info ta", {"table.csv"})]


def bash_offers_the_words(folder):
    for typed, words in TYPED:
        said = run("bash", "-c", f"""
            . {MANUAL}/aloft.bash
            compopt() {{ compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"; }}
            COMP_WORDS=({typed}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
            _aloft
            printf '%s\\n' "${{COMPREPLY[@]}}" """, cwd=folder)
        assert words <= set(said.split()), (typed, said)


def fish_offers_the_words(folder):
    for typed, words in TYPED:
        said = run("fish", "--no-config", "-c",
                   f"source {MANUAL}/aloft.fish; complete -C '{typed}'", cwd=folder,
                   env={**os.environ, "HOME": str(folder)})
        offered = {line.split("\t")[0].split("=")[-1] for line in said.splitlines()}
        assert words <= offered, (typed, said)


def zsh_accepts_the_functions(folder):
    """Loaded as zsh loads them, and asked for its words by a stand-in for its own adder."""
    for typed, words in TYPED:
        *before, last = typed.split()
        said = run("zsh", "-f", "-c", f"""
            autoload -Uz compinit
            compinit -u -D
            _describe() {{ local list=$2; print -l -- ${{(P)list%%:*}} }}
            _files() {{ print -l -- * }}
            _arguments() {{
                [[ $1 == -C ]] && {{ state=command; (( CURRENT > 2 )) && state=rest && shift words
                    (( CURRENT > 2 )) && (( CURRENT-- )); return }}
                for spec in "$@"; do
                    print -- ${{${{spec#\\*}}%%\\[*}}
                    [[ $spec == *_files ]] && _files
                done
            }}
            words=({' '.join([*before, last])}) CURRENT={len(before) + 1}
            . {MANUAL}/_aloft""", cwd=folder)
        assert words <= set(said.split()), (typed, said)
    assert run("zsh", "-n", MANUAL / "_aloft") == ""


with tempfile.TemporaryDirectory() as name:
    here = pathlib.Path(name)
    (here / "table.csv").touch()
    for test in (the_version_is_that_of_the_file, every_page_is_set_without_a_warning):
        test()
        print("ok  ", test.__name__, flush=True)
    for test in (bash_offers_the_words, fish_offers_the_words, zsh_accepts_the_functions):
        test(here)
        print("ok  ", test.__name__, flush=True)
