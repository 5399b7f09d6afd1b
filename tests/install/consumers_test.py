#!/usr/bin/env python3
"""The library as other projects use it: a program in C and one in C++, by each way to link it.

The four ways are the four folders here. The examples are a fifth project, and are run."""
import contextlib
import functools
import hashlib
import os
import pathlib
import re
import socket
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RELEASE = pathlib.Path(os.environ.get("ALOFT_BIN_DIR", ROOT / "build/release"))
PARTS = ["CMakeLists.txt", "VERSION", "cmake", "core", "boot", "ports/baremetal"]


def run(*words, code=0, **more):
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, **more)
    if done.returncode != code:
        sys.exit(f"{words} ends with {done.returncode}:\n{done.stdout}")
    return done.stdout


def cmake(project, folder, *options):
    run("cmake", "-G", "Ninja", "-S", project, "-B", folder, *options)
    run("cmake", "--build", folder)


def both_run(folder):
    for name, language in (("consumer_c", "C"), ("consumer_cpp", "C++")):
        assert run(folder / name) == f"{language}: IMAGE_MAGIC, slot -1\n"


def cmake_finds_what_is_installed(folder):
    cmake(HERE / "find_package", folder / "find", f"-DCMAKE_PREFIX_PATH={folder}/prefix")
    both_run(folder / "find")


def pkg_config_finds_what_is_installed_wherever_it_was_moved_to(folder):
    (folder / "prefix").rename(folder / "moved")
    (folder / "make").mkdir()
    run("make", "-C", folder / "make", "-f", HERE / "pkg_config/Makefile",
        f"SOURCES={HERE}/consumer",
        env={**os.environ, "PKG_CONFIG_PATH": f"{folder}/moved/lib/pkgconfig"})
    both_run(folder / "make")
    (folder / "moved").rename(folder / "prefix")


def a_project_has_it_inside(folder):
    cmake(HERE / "add_subdirectory", folder / "inside", f"-DALOFT_TREE={ROOT}")
    both_run(folder / "inside")


def a_project_fetches_its_archive(folder):
    with tarfile.open(folder / "aloft.tar.gz", "w:gz") as archive:
        for part in PARTS:
            archive.add(ROOT / part, f"aloft/{part}")
    cmake(HERE / "fetch_content", folder / "fetched",
          f"-DALOFT_ARCHIVE=file://{folder}/aloft.tar.gz")
    both_run(folder / "fetched")


def make_flash(folder, app="ota_demo.bin"):
    """A flash with the table two_ota and this app as factory."""
    flash = folder / "flash.bin"
    run(folder / "prefix/bin/aloft", "board", "create", flash, "--size", "4MB", "--force")
    images = folder / "prefix/share/aloft/images"
    with open(flash, "r+b") as file:
        for place, name in ((0x8000, "partitions-two_ota.bin"), (0x10000, app)):
            file.seek(place)
            file.write((images / name).read_bytes())  # an absolute name stands for itself
    return flash


def run_example(folder, name, *words, code=0, stdin="/dev/null"):
    with open(stdin, "rb") as file:
        return run(folder / "examples" / name, *words, code=code, stdin=file)


def the_examples_do_what_they_say(folder):
    cmake(ROOT / "examples", folder / "examples", f"-DCMAKE_PREFIX_PATH={folder}/prefix")
    example = functools.partial(run_example, folder)
    flash = make_flash(folder)
    hello = folder / "prefix/share/aloft/images/hello_world.bin"
    assert "hello_world 1.0.0" in example("image_facts", stdin=hello)
    assert "IMAGE_MAGIC" in example("image_facts", code=1, stdin=__file__)
    assert example("partitions", flash).startswith("3 apps\nnvs ")
    assert "does not start with E9" in example("update_from_file", flash, code=1, stdin=__file__)
    assert "selected" in example("update_from_file", flash, stdin=hello)
    assert "ota_0    1.0.0" in example("verify_slots", flash)
    assert example("confirm", flash, "confirm") == "ota_0: done\n"
    assert example("confirm", flash, "reject") == "ota_0: done\n"
    assert example("setting", flash, "app", "name", "sensor 7") == "sensor 7\n"
    assert example("setting", flash, "app", "name") == "sensor 7\n"
    assert example("setting", flash, "app", "place", code=1) == "NVS has no such key\n"
    assert example("newer", "1.9", "1.10") == "it may\n"
    assert "older" in example("newer", "2.0", "1.10", code=1)
    assert example("boot_choice", "2", "1", "0") == "ota_0 factory ota_1 test\n"
    answer = folder / "answer"
    answer.write_bytes(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
    assert sorted(example("http_body", stdin=answer)) == sorted("hellostatus 200\n")


@contextlib.contextmanager
def running(*words, said):
    """A program that runs until the end of the with block, or ends before; what it has said."""
    with subprocess.Popen([str(w) for w in words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        try:
            yield next(line for line in process.stdout if said in line) if said else ""
            process.wait(60 if not said else 0)
        except subprocess.TimeoutExpired:
            assert said, f"{words} does not end"
        finally:
            process.kill()


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def reached(port):
    """Waits until this port is listened on."""
    end = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < end, f"nobody listens on port {port}"
        time.sleep(0.02)


def the_examples_of_the_ways_take_an_update(folder):
    example = functools.partial(run_example, folder)
    aloft = folder / "prefix/bin/aloft"
    images = folder / "prefix/share/aloft/images"
    hello = images / "hello_world.bin"
    with running(aloft, "serve", images, "--port", "0", said="http://") as said:
        url = re.search(r"http://127\.0\.0\.1:\d+", said)[0]
        said = example("pull", make_flash(folder), f"{url}/hello_world.bin")
        assert said == f"status 200, {hello.stat().st_size} bytes\nselected, on trial: restart " \
            "to run it\n", said
        said = example("pull", make_flash(folder), f"{url}/none", code=1)
        assert said.startswith("status 404"), said
        assert "selected" in example("httpupdate", make_flash(folder), f"{url}/hello_world.bin", 1)
    secret = folder / "password"
    secret.write_text("pass word")
    port = free_port(socket.SOCK_DGRAM)
    flash = make_flash(folder)
    with running(folder / "examples/push", flash, port,
                 hashlib.sha256(b"pass word").hexdigest(), said=""):
        run(aloft, "push", f"127.0.0.1:{port}", hello, "--password-file", secret)
    assert "ota_0    1.0.0" in example("verify_slots", flash)
    port = free_port()
    with running(folder / "examples/web", flash, port, "pass word", said=""):
        reached(port)
        device = [aloft, "control", f"127.0.0.1:{port}"]
        assert "password" in run(*device, "status", code=1)
        assert "hello_world 1.0.0" in run(*device, "status", "--password-file", secret)
        run(*device, "boot", "factory", "--password-file", secret)
    assert example("control", flash, "boot", "ota_0") == "boot: done\nrestart now\n"
    assert "does not start with E9" in example("control", flash, "boot", "ota_1", code=1)
    assert example("control", flash, "confirm") == "confirm: done\n"


def the_examples_of_keys_say_who_is_trusted(folder):
    example = functools.partial(run_example, folder)
    aloft = folder / "prefix/bin/aloft"
    hello = folder / "prefix/share/aloft/images/hello_world.bin"
    for name, kind in (("a", "p256"), ("b", "rsa3072")):
        run(aloft, "keys", "create", "--type", kind, "-o", folder / f"{name}.pem")
    for keys in ("a", "b"):
        options = [word for key in keys for word in ("--key", folder / f"{key}.pem")]
        run(aloft, "sign", *options, hello, "-o", folder / f"{keys}.bin")
    digest = run(aloft, "keys", "digest", folder / "b.pem")
    flash = make_flash(folder, folder / "b.bin")
    run(aloft, "board", "write", flash, "0x110000", folder / "b.bin", "0x210000", folder / "a.bin")
    said = example("trust", flash)
    assert said.startswith(f"key {digest}factory  signed\nota_0    signed\nota_1    "), said
    assert "none of its keys is trusted" in said or "not trust" in said, said
    flash = make_flash(folder, folder / "a.bin")
    assert "factory  signed" in example("trust", flash)
    assert "not signed" in example("trust", make_flash(folder), code=1)
    # eFuses: of a new board, then with one key.
    words = folder / "words"
    words.write_bytes(bytes(336))
    run(aloft, "keys", "digest", folder / "a.pem", "-o", folder / "a.digest")
    said = example("efuse", words, folder / "a.digest")
    assert said.startswith("secure boot off, security version 0\ndigest 2: free\n"), said
    assert said.count("burn word ") == 11, said
    run(aloft, "efuse", "burn-key", flash, folder / "a.pem", "--yes")
    registers = (folder / "flash.bin.efuse").read_bytes()[::-1]
    words.write_bytes(registers[0x2C:0x2C + 336])
    assert "digest 1: free\ndigest 0: burned\n" in example("efuse", words)
    # Encrypted images.
    run(aloft, "encrypt", "--key", folder / "b.pem", hello, "-o", folder / "enc.bin")
    flash = make_flash(folder)
    assert "no key" in example("unwrap", flash, "plain", code=1, stdin=folder / "enc.bin")
    assert "encrypted" in example("unwrap", flash, "required", code=1, stdin=hello)
    assert "selected" in example("unwrap", flash, "plain", stdin=hello)


with tempfile.TemporaryDirectory() as name:
    run("cmake", "--install", RELEASE, "--prefix", f"{name}/prefix")
    for test in (cmake_finds_what_is_installed,
                 pkg_config_finds_what_is_installed_wherever_it_was_moved_to,
                 a_project_has_it_inside, a_project_fetches_its_archive,
                 the_examples_do_what_they_say, the_examples_of_the_ways_take_an_update,
                 the_examples_of_keys_say_who_is_trusted):
        test(pathlib.Path(name))
        print("ok  ", test.__name__, flush=True)
