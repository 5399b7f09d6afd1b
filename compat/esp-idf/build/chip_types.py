#!/usr/bin/env python3
"""Prints the flags, with commas, that make the host's compiler judge a source as a chip's would.

Usage: chip_types.py FOLDER COMPILER

On a chip long and pointers have 32 bits and uint32_t is an unsigned long, so "%lu" is right for it
and "%u" is not. gcc for x86-64 has the 32 bits (-m32) without any library; FOLDER gets copies of
the two of the host's headers that say what uint32_t is. "as_host" is printed when the compiler
cannot do so: then a source is judged as the host sees it, without format strings.
"""
import pathlib
import re
import subprocess
import sys

TRIAL = """#include <inttypes.h>
#include <stdio.h>
#include <time.h>
_Static_assert(sizeof(void *) == 4 && sizeof(time_t) == 8, "as on a chip");
void trial(uint32_t n) { printf("%lu %" PRIu32, n, n); }
"""


def write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def main():
    folder = pathlib.Path(sys.argv[1])
    compiler = sys.argv[2]
    asked = subprocess.run([compiler, "-print-multiarch"], capture_output=True, text=True)
    host = pathlib.Path("/usr/include", asked.stdout.strip())
    types, formats = host / "bits/types.h", pathlib.Path("/usr/include/inttypes.h")
    if not types.is_file() or not formats.is_file():
        print("as_host")
        return
    write(folder / "bits/types.h", re.sub(r"^(typedef \w+) int (__u?int32_t;)", r"\1 long \2",
                                          types.read_text(), flags=re.M))
    text = re.sub(r"^(# define (?:PRI|SCN)\w(?:LEAST)?32\s+\")", r"\1l", formats.read_text(),
                  flags=re.M)
    write(folder / "inttypes.h", text.replace("__PRIPTR_PREFIX \"", "\""))
    write(folder / "gnu/stubs-32.h", "")
    version = subprocess.run([compiler, "-dumpversion"], capture_output=True, text=True)
    flags = ["-m32", "-D_TIME_BITS=64", "-D_FILE_OFFSET_BITS=64", "-isystem", str(folder),
             "-isystem", str(host / "c++" / version.stdout.strip()), "-isystem", str(host)]
    trial = subprocess.run([compiler, *flags, "-Wall", "-Werror", "-x", "c", "-S", "-o",
                            "/dev/null", "-"], input=TRIAL, capture_output=True, text=True)
    if trial.returncode == 0:
        print(",".join(flags))
    else:
        print("as_host")


if __name__ == "__main__":
    main()
