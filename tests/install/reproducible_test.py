#!/usr/bin/env python3
"""Two builds of one tree are the same bytes: tool, images, libraries, manual.

The second one is made here, in another folder, 400 days later."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = ROOT / "build/release"
SAME = ["cli/aloft", "cli/aloft-rom", "apps/hello_world", "apps/ota_demo", "images/bootloader.bin",
        "images/hello_world.bin", "images/ota_demo.bin", "images/partitions-two_ota.bin",
        "libaloft-core.a", "libaloft-boot.a", "libaloft-soft_crypto.a", "manual/help.txt",
        "manual/man1/aloft.1", "include/aloft.hpp"]


def run(*words, cwd):
    done = subprocess.run(["faketime", "-f", "+400d", *words], cwd=cwd, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={**os.environ, "CCACHE_DISABLE": "1"})
    if done.returncode != 0:
        sys.exit(f"{words} ends with {done.returncode}:\n{done.stdout[-4000:]}")


with tempfile.TemporaryDirectory() as name:
    tree = pathlib.Path(name) / "a/much/longer/path/to/the/same/tree"
    skipped = shutil.ignore_patterns(".git", "node_modules", "__pycache__")
    shutil.copytree(ROOT, tree, ignore=lambda folder, names: {"build"} & set(names)
                    if pathlib.Path(folder) == ROOT else skipped(folder, names))
    run("cmake", "--preset", "release", "-DALOFT_TESTS=OFF", "-DALOFT_IDF=OFF", cwd=tree)
    run("cmake", "--build", "--preset", "release", "--target", "aloft_installable", cwd=tree)
    wrong = [path for path in SAME
             if (tree / "build/release" / path).read_bytes() != (RELEASE / path).read_bytes()]
    for path in wrong:
        print(f"{path} differs")
        if "KEEP" in os.environ:
            shutil.copy(tree / "build/release" / path, os.environ["KEEP"])
    if wrong:
        sys.exit(1)
print(f"ok   {len(SAME)} files are the same, built elsewhere and on another day")
