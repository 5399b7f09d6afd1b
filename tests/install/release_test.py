#!/usr/bin/env python3
"""A release is whole, made twice the same, and each of its archives gives what it promises."""
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = (ROOT / "VERSION").read_text().strip()


def run(*words, **options):
    done = subprocess.run([str(w) for w in words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        sys.exit(f"{words} ends with {done.returncode}:\n{done.stdout}")
    return done.stdout


def check(good, *about):
    if not good:
        sys.exit(f"not so: {about}")


def files_of(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


with tempfile.TemporaryDirectory() as name:
    one, two, tree = (pathlib.Path(name) / n for n in ("one", "two", "tree"))
    for folder in (one, two):
        run(ROOT / "tools/release", folder, "--dirty")
    check(files_of(one) == files_of(two), "two releases of one tree differ",
          files_of(one), files_of(two))
    run("sha256sum", "-c", "SHA256SUMS", cwd=one)
    print("ok   two releases of one tree are the same, and SHA256SUMS holds")

    listed = {line.split()[1] for line in (one / "SHA256SUMS").read_text().splitlines()}
    check(listed == set(files_of(one)) - {"SHA256SUMS"}, listed)
    check(len([n for n in listed if n.endswith(".deb")]) == 2, listed)

    sbom = json.loads((one / f"aloft-{VERSION}.spdx.json").read_text())
    names = {p["name"]: p for p in sbom["packages"]}
    ids = {p["SPDXID"] for p in sbom["packages"]} | {"SPDXRef-DOCUMENT"}
    check(len(ids) == len(sbom["packages"]) + 1, "an SPDXID stands twice")
    for relation in sbom["relationships"]:
        check({relation["spdxElementId"], relation["relatedSpdxElement"]} <= ids, relation)
    check({"libc6", "libmbedcrypto7"} <= set(names), sorted(names))
    for path in one.iterdir():
        if path.name in names:
            check(names[path.name]["checksums"][0]["checksumValue"] == files_of(one)[path.name],
                  path.name)
    print("ok   the SBOM names each archive with its checksum, and what the tool loads")

    tree.mkdir()
    run("tar", "-C", tree, "-xf", one / f"aloft-{VERSION}.tar.xz")
    source = tree / f"aloft-{VERSION}"
    check((source / "VERSION").read_text().strip() == VERSION, "another version inside")
    check((source / "dev").stat().st_mode & 0o111, "dev cannot be run")
    for library in one.glob("aloft-lib-*.tar.xz"):
        where = "device" if "rv32imc" in library.name else "lib"
        run("tar", "-C", tree, "--transform", f"s,^aloft-[^/]*,{where},", "-xf", library)
    program = ROOT / "tests/install/consumer/main.c"
    pc = next((tree / "lib").rglob("pkgconfig"))
    flags = run("pkg-config", "--define-prefix", "--cflags", "--libs", "aloft-boot",
                "aloft-soft_crypto",
                env={"PATH": "/usr/bin:/bin", "PKG_CONFIG_PATH": str(pc)}).split()
    run("cc", program, *flags, "-o", tree / "consumer")
    run(tree / "consumer")
    print("ok   the source is whole, and a program links the library from its archive")

    toolchain = (ROOT / "cmake/rv32.cmake").read_text()
    flags, linking = (re.search(rf'set\(CMAKE_{name}_INIT\s+"(.*?)"', toolchain, re.S)[1]
                      .replace("\\\n", "").split() for name in ("C_FLAGS", "EXE_LINKER_FLAGS"))
    archives = sorted((tree / "device").rglob("*.a"), key=lambda path: "core" in path.name)
    run("riscv64-unknown-elf-gcc", *flags, "-I", tree / "device/include", program, *archives,
        *linking, "-o", tree / "consumer.elf")
    said = run("qemu-system-riscv32", *"-M virt -bios none -nographic -serial none -monitor none "
               "-semihosting -kernel".split(), tree / "consumer.elf", timeout=60)
    check("IMAGE_MAGIC, slot -1" in said, said)
    print("ok   a program for RV32IMC links the device's library from its archive, and runs")
