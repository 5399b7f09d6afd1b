#!/usr/bin/env python3
"""Makes sdkconfig.h of a project's configuration; sdkconfig.cmake when OUTPUT ends so.

Usage: sdkconfig.py OUTPUT FILE...

Files are read in order and the last word counts: sdkconfig and sdkconfig.defaults
(CONFIG_X=value), sdkconfig.h (#define CONFIG_X value), and single words CONFIG_X=value. Kconfig and
Kconfig.projbuild give what is then still open their defaults; known of them are config, choice, and
string, default with an if of one comparison or name. `depends on` decides nothing. Values may be
without quotes; then numbers, y and n are what they look like, and all else is text. In a single
word they are text, too, when Kconfig says that the option is a string.
"""
import re
import sys

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


def read_lines(config, lines):
    for line in lines:
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


def holds(config, condition):
    """Whether the condition of a default is true; what is not understood is."""
    compare = re.fullmatch(r"(\w+)\s*(!?=)\s*(.+)", condition)
    if compare:
        same = config.get("CONFIG_" + compare.group(1)) == literal(compare.group(3))
        return same == (compare.group(2) == "=")
    if re.fullmatch(r"!?\w+", condition):
        is_set = config.get("CONFIG_" + condition.lstrip("!")) is not None
        return is_set != condition.startswith("!")
    return True


def read_kconfig(config, lines, words):
    """Options that have no value yet get their first default whose condition holds; words of
    options that are strings become text."""
    options = []
    for line in lines:
        name = re.fullmatch(r"\s*(?:menu)?config\s+(\w+)\s*", line)
        default = re.fullmatch(r"\s+default\s+(\"[^\"]*\"|\S+)(?:\s+if\s+(.*?))?\s*", line)
        choice = re.fullmatch(r"\s*(choice)\b.*", line)
        is_string = re.fullmatch(r"\s*string(\s+[\"'].*)?\s*", line)
        if is_string and options and options[-1][0] in words:
            config[options[-1][0]] = text(words[options[-1][0]])
        if name:
            options.append(("CONFIG_" + name.group(1), []))
        elif choice:
            options.append((None, []))
        elif default and options:
            options[-1][1].append(default.groups())
    for name, defaults in options:
        value = next((v for v, c in defaults if c is None or holds(config, c)), None)
        if name is None and value is not None:  # of a choice: the option that it names
            config.setdefault("CONFIG_" + value, "1")
        elif value is not None and name not in config:
            other = config.get("CONFIG_" + value)  # a default may name another option
            config[name] = other if other is not None else literal(value)


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
    output, *sources = sys.argv[1:]
    config = {}
    words = {}
    texts = []
    for source in sources:
        if re.match(r"CONFIG_\w+=", source):
            read_lines(config, [source])
            name, value = source.split("=", 1)
            words[name] = value
            continue
        with open(source, encoding="utf-8") as file:
            texts.append((source, file.read().splitlines()))
            if "Kconfig" not in source.rsplit("/", 1)[-1]:
                read_lines(config, texts[-1][1])
    for source, lines in texts:
        if "Kconfig" in source.rsplit("/", 1)[-1]:
            read_kconfig(config, lines, words)
    settled = [(name, value) for name, value in sorted(config.items()) if value is not None]
    with open(output, "w", encoding="utf-8") as file:
        write(file, settled, output.endswith(".cmake"))


if __name__ == "__main__":
    main()
