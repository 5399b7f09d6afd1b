#!/usr/bin/env python3
"""Makes sdkconfig.h of a project's configuration; sdkconfig.cmake when OUTPUT ends so.

Usage: sdkconfig.py [--project FOLDER] OUTPUT FILE...

Files are read in order and the last word counts: sdkconfig and sdkconfig.defaults
(CONFIG_X=value), sdkconfig.h (#define CONFIG_X value), and single words CONFIG_X=value. Kconfig and
Kconfig.projbuild give what is then still open their defaults (kconfig.py); an option whose
`depends on` is false is not set. Values may be without quotes; then numbers, y and n are what they
look like, and all else is text. In a single word they are text, too, when Kconfig says that the
option is a string.

With --project, what sdkconfig.defaults and words say of options that neither ESP-IDF (options.txt)
nor the project has is told, and lines that are none.
"""
import pathlib
import re
import sys

import kconfig
import say

NUMBER = re.compile(r"-?(0[xX][0-9a-fA-F]+|[0-9]+)")


def literal(value):
    """The value as C has it; None: not set."""
    value = value.strip()
    if value == "y":
        return "1"
    if value in ("n", ""):
        return None
    if value.startswith('"') or NUMBER.fullmatch(value):
        return value
    return text(value)


def text(value):
    """The value as a string of C."""
    if value.startswith('"'):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read_line(config, line):
    """False: the line sets no option."""
    line = line.strip()
    unset = re.fullmatch(r"# (CONFIG_\w+) is not set", line)
    define = re.fullmatch(r"#\s*define\s+(CONFIG_\w+)\s*(.*)", line)
    assign = re.fullmatch(r"(CONFIG_\w+)=(.*)", line)
    if unset:
        config[unset.group(1)] = None
    elif define:
        config[define.group(1)] = define.group(2).strip() or "1"
    elif assign:
        config[assign.group(1)] = literal(assign.group(2))
    else:
        return not line or line.startswith("#")
    return True


def settle(config, options, words):
    """Gives the options of Kconfig their values."""
    def value_of(name):
        if name in config:
            return config[name] if config[name] is not None else False
        if name.startswith("CONFIG_IDF_TARGET_"):
            return False
        return kconfig.MAYBE

    for option in options:
        if any(kconfig.holds(c, value_of) is False for c in option.conditions):
            if option.name:
                config[option.name] = None
            continue
        if option.is_string and option.name in words:
            config[option.name] = text(words[option.name])
        value = next((v for v, c in option.defaults
                      if c is None or kconfig.holds(c, value_of) is not False), None)
        if option.name is None:
            choose(config, option, value)
        elif value is not None and option.name not in config:
            other = config.get("CONFIG_" + value)  # a default may name another option
            config[option.name] = other if other is not None else literal(value)
        elif option.name not in config and not option.is_string:
            config[option.name] = None


def choose(config, choice, default):
    """One member of a choice: the one that is set, else its default, else the first."""
    if not any(config.get(name) for name in choice.members):
        chosen = "CONFIG_" + default if default else next(iter(choice.members), None)
        if chosen:
            config[chosen] = "1"


def known_options(options):
    """Names that may be set, and families of which any may."""
    listed = pathlib.Path(__file__).with_name("options.txt").read_text(encoding="utf-8")
    lines = [line for line in listed.splitlines() if not line.startswith("#")]
    words = " ".join(lines).split()
    names = {"CONFIG_" + word for word in words if not word.endswith("*")}
    names |= {option.name for option in options if option.name}
    return names, tuple("CONFIG_" + word[:-1] for word in words if word.endswith("*"))


def tell(project, sources, options):
    """Warns of options in sdkconfig.defaults and in arguments that have no effect."""
    names, families = known_options(options)
    for source in sources:
        is_word = re.match(r"CONFIG_\w+=", source)
        file = source.rsplit("/", 1)[-1]
        if not is_word and (not file.startswith("sdkconfig.defaults") or
                            not source.startswith(project + "/")):
            continue
        lines = [source] if is_word else pathlib.Path(source).read_text().splitlines()
        for number, line in enumerate(lines, 1):
            where = "" if is_word else say.shown(f"{source}:{number}: ", project)
            found = {}
            if not read_line(found, line):
                say.say(f"{where}warning: this is neither CONFIG_X=value nor a comment: {line}")
            for name in found:
                if name not in names and not name.startswith(families):
                    say.say(f"{where}warning: neither ESP-IDF v5.5 nor the project has an option "
                            f"{name}{say.suggest(name, names)}")


def write(file, settled, for_cmake):
    """The header, or the same as variables for a component's CMakeLists.txt, texts unquoted."""
    if not for_cmake:
        file.write("// The project's configuration; made by sdkconfig.py.\n#pragma once\n")
        file.writelines(f"#define {name} {value}\n" for name, value in settled)
        return
    for name, value in settled:
        if value.startswith('"'):
            value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        file.write(f"set({name} [==[{value}]==])\n")


def main():
    arguments = sys.argv[1:]
    project = None
    if arguments[0] == "--project":
        project = arguments[1].rstrip("/")
        arguments = arguments[2:]
    output, *sources = arguments
    config = {}
    words = {}
    options = []
    for source in sources:
        if re.match(r"CONFIG_\w+=", source):
            read_line(config, source)
            name, value = source.split("=", 1)
            words[name] = value
        elif "Kconfig" in source.rsplit("/", 1)[-1]:
            options += kconfig.read(source)
        else:
            for line in pathlib.Path(source).read_text(encoding="utf-8").splitlines():
                read_line(config, line)
    if project:
        tell(project, sources, options)
    settle(config, options, words)
    settled = [(name, value) for name, value in sorted(config.items()) if value is not None]
    with open(output, "w", encoding="utf-8") as file:
        write(file, settled, output.endswith(".cmake"))


if __name__ == "__main__":
    main()
