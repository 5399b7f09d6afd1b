"""The rooms of the tree: which folder may include which, and which modules know each other.

The table is read from docs/DESIGN.md: a folder includes itself and what its row names. A module is
X.c with X.h. tools/tidy asks; `./dev tidy --report` prints the counts.
"""
import os
import re
from collections import defaultdict
from pathlib import Path

FOLDER_MAX = 25  # files of one folder; patches and corpora apart

CORE_API = "core/include/aloft"
DESIGN = Path(__file__).resolve().parent.parent / "docs/DESIGN.md"


def read_table():
    """The table of "The house": {folder: what it may include}."""
    table = {}
    for line in DESIGN.read_text(encoding="utf-8").split("\n"):
        cells = line.split("|")
        folder = re.fullmatch(r" `([\w/-]+)` ", cells[1]) if len(cells) == 5 else None
        if folder:
            table[folder.group(1)] = set(re.findall(r"`([^`]+)`", cells[2]))
    return table


INCLUDES = read_table()  # by the longest matching prefix; "*": everything but tests

# Rooms of compat/esp-idf, lower ones first: a component includes those before it. Headers of
# ESP-IDF's are looked up by component, as there.
COMPONENTS = """host log esp_common driver esp_driver_i2c led_strip vfs spi_flash freertos esp_timer
    esp_event esp_rom esp_psram esp_system esp_eth efuse esp_app_format bootloader_support
    esp_partition nvs_flash lwip esp_netif mdns esp_wifi esp-tls json console app_update
    esp_http_client esp_http_server esp_https_ota v3 protocol_examples_common""".split()

API_USERS = ("apps/", "ports/")  # write only aloft/NAME.h and aloft/base/NAME.h
SEAM = "crypto"  # the seam that counts as base, as format uses it
HEADER_ONLY = {"way": "core/agent"}  # headers of the API without a source


def room_of_core_header(path, sources):
    """The room in the path of a header of core, or the folder of its source for the API."""
    room = re.match(CORE_API + r"/(\w+)/", path)
    if room:
        return "core/" + room.group(1)
    name = Path(path).stem
    if name == SEAM:
        return "core/base"
    return sources.get(name, HEADER_ONLY.get(name, "core/base"))


class Tree:
    """The C files of the tree, which header each include means, and the module of each."""

    def __init__(self, files):
        self.files = {f.path: f for f in files if f.is_c}
        self.headers = {p for p in self.files if p.endswith(".h")}
        self.core_sources = {Path(p).stem: os.path.dirname(p) for p in self.files
                             if re.fullmatch(r"core/\w+/\w+\.c", p)}
        self.by_name = defaultdict(list)
        for header in sorted(self.headers):
            self.by_name[Path(header).name].append(header)

    def room(self, path):
        if path.startswith("core/include/"):
            return room_of_core_header(path, self.core_sources)
        return os.path.dirname(path)

    def module(self, path):
        """X.c with X.h, wherever the header of a module of core lies."""
        stem = Path(path).stem
        return f"{self.room(path)}/{stem}"

    def resolve(self, path, name):
        """The header that #include "name" finds: beside the file, from the root, of core's API, of
        ESP-IDF's, or by its name, first in the same top folder."""
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        for candidate in (beside, name, "core/include/" + name):
            if candidate in self.headers:
                return candidate
        ends = [h for h in self.by_name[Path(name).name] if h.endswith("/" + name)]
        of_idf = [h for h in ends if h.startswith("compat/esp-idf/")]
        if path.startswith(("apps/idf/", "compat/", "tests/compat/")) and of_idf:
            return of_idf[0]
        ends = [h for h in ends if h.split("/")[0] == path.split("/")[0]] or ends
        return ends[0] if len(ends) == 1 else None

    def includes(self, path):
        """(line, quote, name, header or None) of each include of a file."""
        f = self.files[path]
        for m in re.finditer(r'^\s*#\s*include\s+(["<])([^">]+)[">]', f.code, re.M):
            target = self.resolve(path, m.group(2)) if m.group(1) == '"' else None
            yield f.line_of(m.start(2)), m.group(1), m.group(2), target


def row(path):
    rows = [folder for folder in INCLUDES if inside(path, [folder])]
    return max(rows, key=len, default=None)


def inside(path, folders):
    return any(path == f or path.startswith(f + "/") for f in folders)


def allowed(source, target):
    """Whether a file of the room `source` may include `target`, a room or a file of it."""
    mine = row(source)
    if source.startswith("compat/esp-idf") and target.startswith("compat/esp-idf"):
        return component_rank(target) <= component_rank(source)
    if inside(target, {mine} | INCLUDES[mine]):
        return True
    return "*" in INCLUDES[mine] and not target.startswith("tests")


def component_rank(path):
    parts = path.split("/")
    name = parts[2] if len(parts) > 2 else ""
    return COMPONENTS.index(name) if name in COMPONENTS else len(COMPONENTS)


def upward_includes(tree):
    """(path, line, message) of each include that the table forbids."""
    for path in sorted(tree.files):
        source = tree.room(path)
        if row(source) is None:
            yield path, 1, f"{source} has no row in the table of docs/DESIGN.md"
            continue
        for line, quote, _, target in tree.includes(path):
            if quote == "<" or target is None:
                continue
            room = tree.room(target)
            if not (allowed(source, room) or allowed(source, target)):
                yield path, line, f"{source} may not include {target}"
            elif path.startswith(API_USERS) and re.match(CORE_API + r"/(?!base/)\w+/", target):
                yield path, line, f"apps and ports see core's API only, not {target}"


def definitions(tree, functions):
    """{function: module} of all functions that other files can call."""
    where = {}
    for path, f in tree.files.items():
        for fn in functions(f):
            if not re.search(r"\bstatic\b", fn.head):
                where.setdefault(fn.name, set()).add(tree.module(path))
    return {name: modules.pop() for name, modules in where.items() if len(modules) == 1}


def edges(tree, functions, scope):
    """{module: {module: why}} by includes, and by calls."""
    graph = defaultdict(dict)
    defined = definitions(tree, functions)
    called = re.compile(r"\b([a-z]\w+)\s*\(")
    for path in sorted(tree.files):
        if not path.startswith(scope):
            continue
        mine = tree.module(path)
        for line, _, _, target in tree.includes(path):
            if target is not None and tree.module(target) != mine:
                graph[mine].setdefault(tree.module(target), f"{path}:{line} includes {target}")
        if not path.endswith(".c"):
            continue
        f = tree.files[path]
        for m in called.finditer(f.code):
            target = defined.get(m.group(1))
            if target is not None and target != mine:
                graph[mine].setdefault(target, f"{path}:{f.line_of(m.start())} calls {m.group(1)}")
    return graph


def circles(graph):
    """The strongly connected components of more than one module (Tarjan), each sorted."""
    index, low, stack, on, found = {}, {}, [], set(), []

    def visit(start):
        work = [(start, iter(sorted(graph.get(start, ()))))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on.add(start)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on.add(target)
                    work.append((target, iter(sorted(graph.get(target, ())))))
                    break
                if target in on:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = set()
                    while node not in group:
                        group.add(stack.pop())
                    on.difference_update(group)
                    if len(group) > 1:
                        found.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return sorted(found)


# What must be free of circles: all that ships. Tests have no order among themselves.
SCOPE = ("core/", "boot/", "hostlib/", "board/", "ports/", "compat/", "server/", "apps/", "cli/",
         "sim/", "bench/")


def circle_findings(tree, functions):
    graph = edges(tree, functions, SCOPE)
    for group in circles(graph):
        ways = [graph[a][b] for a in group for b in group if b in graph.get(a, {})]
        where = re.match(r"([^:]+):(\d+)", ways[0])
        yield (where.group(1), int(where.group(2)),
               "a circle of modules: " + "; ".join(ways))


def full_folders(paths):
    """(folder, 1, message) of folders with too many files. Guides have the names that people look
    for, so docs has no rooms."""
    count = defaultdict(int)
    for path in paths:
        count[os.path.dirname(path)] += 1
    free = ("fuzz/corpus/", "tests/mutants/", "cli/manual/")  # a file for each case or command
    for folder, number in sorted(count.items()):
        spared = folder == "docs" or folder.startswith(free)
        if number > FOLDER_MAX and not spared:
            yield folder or ".", 1, f"{number} files, at most {FOLDER_MAX}: find its rooms"
