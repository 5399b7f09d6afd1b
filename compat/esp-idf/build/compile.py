#!/usr/bin/env python3
"""Compiles a source of a project, or links it: as for a chip to see what is wrong with it, then as
the board runs it. What is told has the paths that the user typed, and says what the board has not.

Usage: compile.py PROJECT[:COMPONENT...] CHIP_FLAGS COMMAND...

COMPONENT is a folder outside of the project whose sources are the project's, too.
CHIP_FLAGS is what chip_types.py printed. Warnings and errors are those of ESP-IDF v5.5's build and
of its compiler, so far as the host's knows them.
"""
import os
import re
import subprocess
import sys

import layer
import say

WARNINGS = """-Wall -Werror=all -Wno-error=unused-function -Wno-error=unused-variable
    -Wno-error=unused-but-set-variable -Wno-error=deprecated-declarations -Wextra
    -Wno-unused-parameter -Wno-sign-compare -Wno-enum-conversion""".split()
C_WARNINGS = """-Wno-old-style-declaration -Werror=int-conversion
    -Werror=incompatible-pointer-types""".split()
AS_ON_HOST = "-Wno-format -Wno-int-to-pointer-cast -Wno-pointer-to-int-cast".split()
C_SUFFIXES = (".c",)
CXX_SUFFIXES = (".cpp", ".cc", ".cxx")

# Errors about a name that does not exist, and the names that ESP-IDF gives.
UNKNOWN = re.compile(r"(?:implicit declaration of function|unknown type name|"
                     r"undefined reference to|has no member named) ['`](\w+)'|"
                     r"['`](\w+)' (?:undeclared|was not declared|does not name a type)")
IDF_NAME = re.compile(r"(esp|CHIP|nvs|gpio|httpd|wifi|tcpip|spi|i2c|uart|adc|ledc|mdns|mqtt|rtc|"
                      r"heap_caps|soc|sntp|lwip|netif|ESP|GPIO|WIFI|HTTPD|IP_EVENT)_|[xv][A-Z]")


def run(command):
    return subprocess.run(command, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"})


def check_command(command, chip_flags, source):
    """The compiler's command with all warnings, and without an object."""
    rest = []
    words = iter(command[1:])
    for word in words:
        if word in ("-o", "-MT", "-MF"):
            next(words)
        elif word not in ("-c", "-MD", "-w", "-g") and not re.match("-O|-fsanitize", word):
            rest.append(word)
    extra = C_WARNINGS if source.endswith(C_SUFFIXES) else []
    judged = AS_ON_HOST if chip_flags == "as_host" else chip_flags.split(",")
    return [command[0], *judged, *WARNINGS, *extra, "-Og", *rest, "-S", "-o", "/dev/null"]


def hints(text, project):
    """Hints for an error: what the board does not have."""
    found = []
    for header in re.findall(r"fatal error: (\S+): No such file", text):
        why = layer.why_absent(header, project)
        found.append(f"{header}: {why}" if why else
                     f"neither the project nor the board has {header}"
                     f"{say.suggest(header, layer.headers())}")
    names = {a or b for a, b in UNKNOWN.findall(text)}
    theirs = sorted(name for name in names if IDF_NAME.match(name))
    if theirs:
        found.append(f"the board has no {', '.join(theirs)}, or it is misspelt")
    if found:
        found.append(f"what there is of ESP-IDF: {say.manual()}")
    return ["hint: " + line for line in found]


def tell(text, project):
    """Output of a compiler."""
    text = say.shown(text.rstrip(), project)
    say.say("\n".join([text, *hints(text, project)]))


def tell_link(text, project):
    """Output of a linker, without its commands and the paths of libraries."""
    lines = [re.sub(r"^.*?([^/\s]+\.c\S*): in function|^\S*/ld: ", r"\1", line)
             for line in text.splitlines()]
    kept = [re.sub(r"^\S+?:(\S+?):?\(\.text\S*\): ", "", line) for line in lines
            if "undefined reference" in line or "multiple definition" in line]
    told = "\n".join(f"error: {line}" for line in dict.fromkeys(kept))
    tell(told or "error: " + text, project)


def main():
    folders, chip_flags, *launcher = sys.argv[1:]
    project, *components = folders.split(":")
    # A launcher such as ccache stands before the compiler.
    first = next((i for i, word in enumerate(launcher) if "ccache" not in word), 0)
    command = launcher[first:]
    source = command[-1]
    is_source = "-c" in command and source.endswith(C_SUFFIXES + CXX_SUFFIXES)
    if is_source and source.startswith(tuple(f.rstrip("/") + "/" for f in [project, *components])):
        judged = run(check_command(command, chip_flags, source))
        if judged.stderr:
            tell(judged.stderr, project)
        if judged.returncode != 0:
            sys.exit(judged.returncode)
    done = run(launcher)
    if done.returncode != 0 and is_source:
        tell(done.stderr + "This is right on a chip, where pointers and long have 32 bits; on the "
             "virtual board they have 64.", project)
    elif done.returncode != 0:
        tell_link(done.stderr, project)
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
