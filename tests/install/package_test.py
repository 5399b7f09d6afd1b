#!/usr/bin/env python3
"""The Debian package on a bare system: what it needs is what it says, and the demo's steps run.

The system is a folder in which lie the package, what it depends on, as installed here, and what
every Debian has; nothing else can be seen. Skipped (77) where no mount namespace is allowed."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = (ROOT / "VERSION").read_text().strip()
STEPS = r"""
set -e
export PATH=/usr/bin:/bin
cd /tmp
mkdir www firmware
aloft --version
aloft image build /usr/libexec/aloft/apps/hello_world -o www/hello_world.bin \
    --project hello_world --version from-the-package
: >server.log
aloft serve www --port 0 >server.log 2>&1 &
server=$!
until port=$(sed -n 's|.*http://127\.0\.0\.1:\([0-9]*\)/.*|\1|p' server.log) && [ -n "$port" ]; do
    kill -0 $server
    sleep 0.05
done
aloft image build /usr/libexec/aloft/apps/ota_demo -o firmware/ota_demo.bin --project ota_demo \
    --version 1.0.0 --set server=127.0.0.1 --set port=$port --set file=/hello_world.bin
cp /usr/share/aloft/images/bootloader.bin firmware/
cp /usr/share/aloft/images/partitions-two_ota.bin firmware/partitions.bin
aloft board create board.flash --size 4MB
: >board.err
aloft board run board.flash --serial rfc2217:0 >board.log 2>board.err &
board=$!
until ALOFT_PORT=$(sed -n 's|.*\(rfc2217://127\.0\.0\.1:[0-9]*\).*|\1|p' board.err) &&
    [ -n "$ALOFT_PORT" ]; do
    kill -0 $board
    sleep 0.05
done
export ALOFT_PORT
aloft flash firmware --after no-reset
aloft monitor --reset --until 'Confirmed: ota_0 stays' --timeout 300
kill $server $board
"""


def run(*words, code=0):
    done = subprocess.run([str(w) for w in words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode != code:
        sys.exit(f"{words} ends with {done.returncode}:\n{done.stdout}")
    return done.stdout


def namespace():
    for flags in ("-mpf", "-rmpf"):
        tried = subprocess.run(["unshare", flags, "sh", "-c", "mount -t tmpfs tmpfs /mnt"],
                               capture_output=True)
        if tried.returncode == 0:
            return flags
    print("no mount namespace is allowed here")
    sys.exit(77)


def depends_of(text):
    """First alternatives of a Depends field, without versions."""
    return [re.split(r"[ (:|]", item.strip())[0] for item in text.split(",") if item.strip()]


def closure(names):
    """These packages and what they depend on."""
    seen = set()
    while names:
        name = names.pop()
        if name not in seen:
            seen.add(name)
            fields = subprocess.run(["dpkg-query", "-W", "-f", "${Pre-Depends},${Depends}\n", name],
                                    capture_output=True, text=True)
            names += depends_of(fields.stdout.split("\n")[0])
    return seen


def copy_package(name, root):
    listed = subprocess.run(["dpkg-query", "-L", name], capture_output=True, text=True).stdout
    for path in map(pathlib.Path, listed.splitlines()):
        if not re.match(r"/(usr/)?(s?bin|lib(64)?|libexec)/", str(path)) or not path.exists():
            continue
        target = root / os.path.realpath(path.parent)[1:] / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink() or path.is_file():
            target.unlink(missing_ok=True)
            shutil.copy2(path, target, follow_symlinks=False)


def bare_system(root, deb):
    for name in ("usr/bin", "usr/lib", "usr/lib64", "usr/sbin", "proc", "dev", "tmp"):
        (root / name).mkdir(parents=True)
    for name in ("bin", "lib", "lib64", "sbin"):
        (root / name).symlink_to("usr/" + name)
    needed = depends_of(run("dpkg-deb", "-f", deb, "Depends"))
    assert "libc6" in needed and "libmbedcrypto7" in needed, needed
    for name in sorted(closure(needed + ["dash", "coreutils", "sed"])):
        copy_package(name, root)
    run("dpkg-deb", "-x", deb, root)


def main():
    flags = namespace()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run(ROOT / "tools/package", folder)
        debs = sorted(path.name for path in folder.glob("*.deb"))
        assert [d.split("_")[0] for d in debs] == ["aloft-dev", "aloft"], debs
        assert all(d.split("_")[1] == VERSION for d in debs), debs
        bare_system(folder / "root", folder / debs[1])
        (folder / "root/steps").write_text(STEPS)
        said = run("unshare", flags, "sh", "-ec", f"""
            cd {folder}/root
            mount -t proc proc proc
            touch dev/null
            mount --bind /dev/null dev/null
            exec chroot . /bin/sh /steps""")
    for words in (f"aloft {VERSION}", "now on it: nothing that boots",
                  "Running hello_world version from-the-package from ota_0"):
        assert words in said, said
    print("ok   the demo's steps run from the package on a bare system")


main()
