"""Kconfig files as a project has them: options and their defaults.

Known are config, choice, if, string, default, depends on, and source. What ESP-IDF knows and this
layer does not is neither true nor false; an option that hangs on it is taken as possible.
"""
import os
import pathlib
import re

MAYBE = None  # neither true nor false
TOKEN = re.compile(r'"[^"]*"|&&|\|\||!=|[()!=]|[\w.\-]+')


class Option:
    """A config, or with `members` a choice."""

    def __init__(self, name, conditions):
        self.name = name
        self.is_string = False
        self.defaults = []
        self.conditions = list(conditions)
        self.members = []


def read(file):
    """The options of a file and of those that it sources, in order."""
    options = []
    open_blocks = []  # conditions of if, choices
    choice = None
    for line in without_help(pathlib.Path(file).read_text(encoding="utf-8").splitlines()):
        word, _, rest = line.strip().partition(" ")
        rest = re.sub(r"\s+#.*", "", rest).strip()
        if word in ("config", "menuconfig"):
            options.append(Option("CONFIG_" + rest, open_blocks))
            if choice:
                choice.members.append(options[-1].name)
        elif word == "choice":
            choice = Option(None, open_blocks)
            options.append(choice)
        elif word == "endchoice":
            choice = None
        elif word == "if":
            open_blocks.append(rest)
        elif word == "endif" and open_blocks:
            open_blocks.pop()
        elif word in ("source", "rsource", "osource", "orsource"):
            options += read_sourced(file, word, rest.strip('"'))
        elif options:
            read_property(options[-1], line)
    return options


def without_help(lines):
    """The lines but those of help texts, which are indented deeper than the word."""
    edge = None
    for line in lines:
        indent = len(line.expandtabs()) - len(line.expandtabs().lstrip())
        if edge is not None and (not line.strip() or indent > edge):
            continue
        edge = indent if line.strip() in ("help", "---help---") else None
        if edge is None:
            yield line


def read_sourced(file, word, name):
    folder = os.path.dirname(file) if word.endswith("rsource") else ""
    path = os.path.join(folder, os.path.expandvars(name))
    return read(path) if "$" not in path and os.path.isfile(path) else []


def read_property(option, line):
    default = re.fullmatch(r"\s+(?:default|def_bool)\s+(\"[^\"]*\"|\S+)(?:\s+if\s+(.*?))?\s*", line)
    depends = re.fullmatch(r"\s+depends on\s+(.*?)\s*", line)
    if re.fullmatch(r"\s*string(\s+[\"'].*)?\s*", line):
        option.is_string = True
    elif default:
        option.defaults.append(default.groups())
    elif depends:
        option.conditions.append(depends.group(1))


def holds(condition, value_of):
    """Whether a condition is true: True, False, or MAYBE. value_of(name) is an option's value as
    C has it, False when it is not set, MAYBE when it is unknown."""
    tokens = TOKEN.findall(condition)
    try:
        return either(tokens, value_of)
    except IndexError:
        return MAYBE  # no condition that Kconfig has


def either(tokens, value_of):
    return chain(tokens, value_of, both, "||", True)


def both(tokens, value_of):
    return chain(tokens, value_of, term, "&&", False)


def chain(tokens, value_of, inner, operator, deciding):
    """Terms with one operator between them, for which one value decides alone."""
    left = inner(tokens, value_of)
    while tokens and tokens[0] == operator:
        tokens.pop(0)
        values = (left, inner(tokens, value_of))
        left = deciding if deciding in values else MAYBE if MAYBE in values else not deciding
    return left


def term(tokens, value_of):
    token = tokens.pop(0)
    if token == "!":
        inner = term(tokens, value_of)
        return MAYBE if inner is MAYBE else not inner
    if token == "(":
        inner = either(tokens, value_of)
        tokens.pop(0)
        return inner
    left = word(token, value_of)
    if not tokens or tokens[0] not in ("=", "!="):
        return left if left in (MAYBE, False) else left != "n"
    equal = tokens.pop(0) == "="
    right = word(tokens.pop(0), value_of)
    if MAYBE in (left, right):
        return MAYBE
    return (plain(left) == plain(right)) == equal


def word(token, value_of):
    """The value of a name; a word that is no name is its own value."""
    if token in ("y", "n") or token.startswith('"') or not re.fullmatch(r"[A-Z_]\w*", token):
        return token
    return value_of("CONFIG_" + token)


def plain(value):
    return {"y": "1", "n": False}.get(value, value)
