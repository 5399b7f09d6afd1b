#!/usr/bin/env python3
"""Which parts of ESP-IDF the board has, and why not others (components.txt); checks a project.

Usage: layer.py PROJECT COMPONENT:REQUIRED,... ...
       layer.py --paths PROJECT     prints folders of components that the project has elsewhere

Exits 1 when a component requires one that neither ESP-IDF nor the project has, as ESP-IDF fails.
"""
import fnmatch
import pathlib
import re
import sys

import say

BUILD = pathlib.Path(__file__).resolve().parent
PATH = re.compile(r"\s+(?:override_)?path\s*:\s*[\"']?([^\"'#$]+?)[\"']?\s*(?:#.*)?$")
NOT_FETCHED = "those are not fetched: put it into components/"


class Component:
    def __init__(self, line):
        names, _, self.absent = (part.strip() for part in line.partition("|"))
        self.name, *self.headers = names.split()
        self.is_here = not self.absent or (BUILD.parent / self.name).is_dir()


def components():
    lines = (BUILD / "components.txt").read_text(encoding="utf-8").splitlines()
    return [Component(line) for line in lines if line and not line.startswith("#")]


def why_absent(header, project):
    """Why the board does not have a header of ESP-IDF's; None: it is not known."""
    wanted = of_registry(pathlib.Path(project))
    if pathlib.PurePath(header).stem in wanted or header.split("/")[0] in wanted:
        return f"its component is of the registry, and {NOT_FETCHED}"
    for component in components():
        if any(fnmatch.fnmatchcase(header, pattern) for pattern in component.headers):
            return component.absent
    return None


def headers():
    """Names of ESP-IDF's headers that the board has."""
    found = BUILD.parent.glob("*/include/**/*.h")
    return sorted(str(path).split("/include/", 1)[1] for path in found)


def of_registry(project):
    """Components that the project's idf_component.yml files want, by their plain names."""
    found = set()
    for file in [*project.glob("main/idf_component.yml"),
                 *project.glob("components/*/idf_component.yml")]:
        for line in file.read_text(encoding="utf-8").splitlines():
            wanted = re.match(r"\s+[\"']?(?:[\w.-]+/)?([\w-]+)[\"']?\s*:", line)
            if wanted:
                found.add(wanted.group(1))
    return found


def at_paths(project):
    """Folders of components that idf_component.yml files name by `path` or `override_path`; those
    of ESP-IDF's own tree ($IDF_PATH) are left out, as the board has its own."""
    found = []
    for file in [*project.glob("main/idf_component.yml"),
                 *project.glob("components/*/idf_component.yml")]:
        for line in file.read_text(encoding="utf-8").splitlines():
            named = PATH.match(line)
            folder = (file.parent / named.group(1)).resolve() if named else None
            if folder and (folder / "CMakeLists.txt").is_file() and folder not in found:
                found.append(folder)
    return found


def tell(project, component, required, known, wanted):
    """False: the project does not build."""
    where = say.shown(f"{project}/{component}/CMakeLists.txt", str(project))
    good = True
    for name in required:
        plain = name.split("__")[-1].split("/")[-1]
        if plain in known:
            if known[plain] and not known[plain].is_here:
                say.say(f"{where}: warning: component {name} is not on the board: "
                        f"{known[plain].absent}")
        elif plain in wanted:
            say.say(f"{where}: warning: component {name} is of the registry, and {NOT_FETCHED}")
        else:
            say.say(f"{where}: error: neither ESP-IDF v5.5 nor the project has a component "
                    f"{name}{say.suggest(plain, known)}")
            good = False
    return good


def main():
    if sys.argv[1] == "--paths":
        print(";".join(str(folder) for folder in at_paths(pathlib.Path(sys.argv[2]))), end="")
        return
    project = pathlib.Path(sys.argv[1])
    known = {component.name: component for component in components()}
    known |= {path.name: None for path in project.glob("components/*") if path.is_dir()}
    known |= {path.name: None for path in at_paths(project)}
    known["main"] = None
    wanted = of_registry(project)
    good = True
    for word in sys.argv[2:]:
        component, _, required = word.partition(":")
        good = tell(project, component, [n for n in required.split(",") if n], known,
                    wanted) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
