#!/usr/bin/env python3
"""The library as other projects use it: a program in C and one in C++, by each way to link it.

The four ways are the four folders here. The examples are a fifth project, and are run."""
import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile

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


def the_examples_do_what_they_say(folder):
    cmake(ROOT / "examples", folder / "examples", f"-DCMAKE_PREFIX_PATH={folder}/prefix")
    images = folder / "prefix/share/aloft/images"
    flash = folder / "flash.bin"
    run(folder / "prefix/bin/aloft", "board", "create", flash, "--size", "4MB")
    with open(flash, "r+b") as file:
        for place, name in ((0x8000, "partitions-two_ota.bin"), (0x10000, "ota_demo.bin")):
            file.seek(place)
            file.write((images / name).read_bytes())

    def example(name, *words, code=0, stdin="/dev/null"):
        with open(stdin, "rb") as file:
            return run(folder / "examples" / name, *words, code=code, stdin=file)

    hello = images / "hello_world.bin"
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


with tempfile.TemporaryDirectory() as name:
    run("cmake", "--install", RELEASE, "--prefix", f"{name}/prefix")
    for test in (cmake_finds_what_is_installed,
                 pkg_config_finds_what_is_installed_wherever_it_was_moved_to,
                 a_project_has_it_inside, a_project_fetches_its_archive,
                 the_examples_do_what_they_say):
        test(pathlib.Path(name))
        print("ok  ", test.__name__, flush=True)
