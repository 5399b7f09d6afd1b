#!/usr/bin/env python3
"""./dev idf FOLDER: what it has built, and what it leaves when that fails. CMake is acted out."""
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
CMAKE = """#!/bin/sh
echo "$*" >>calls.txt
mkdir -p build/release
echo my_project.bin >build/release/idf_projects.txt
case $* in
*broken*) echo "main.c: error"; exit 1 ;;
*wrong*) echo "FAILED: cc"; echo "$ALOFT_IDF_TYPED/main.c:1: error: x" >>$ALOFT_IDF_SAYS; exit 1 ;;
*--build*) echo "warning: y" >>$ALOFT_IDF_SAYS ;;
esac
"""


def run(*words):
    """Exit code, output and calls of cmake of ./dev idf in a folder beside projects."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        clone = folder / "clone"
        (folder / "bin").mkdir()
        clone.mkdir()
        (clone / "tools").mkdir()
        for script in ("dev", "tools/quietly.sh", "tools/setup.sh"):
            shutil.copy(ROOT / script, clone / script)
        for tool, text in (("cmake", CMAKE), ("dpkg-query", "#!/bin/sh\necho installed\n")):
            (folder / "bin" / tool).write_text(text)
            (folder / "bin" / tool).chmod(0o755)
        for project in ("my_project/main", "broken/main", "wrong/main", "empty"):
            (folder / project).mkdir(parents=True)
        done = subprocess.run([clone / "dev", "idf", *words], cwd=folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"})
        calls = clone / "calls.txt"
        said = calls.read_text().splitlines() if calls.exists() else []
        return done.returncode, done.stdout, said


def the_board_can_run_what_was_built():
    """Once it did not build the board's ROM, so that the manual's next lines failed; and not the
    apps that the test in docs/CI.md flashes."""
    code, output, calls = run("my_project", "CONFIG_A=y")
    assert code == 0, output
    assert output.splitlines()[-1] == "clone/build/release/images/my_project.bin", output
    assert "-DALOFT_IDF_CONFIG=CONFIG_A=y" in calls[0].split(), calls
    for target in ("aloft_idf_projects", "aloft_demo", "partitions-two_ota.bin"):
        assert target in calls[1].split(), calls


def a_project_that_does_not_build_is_left_out_of_later_builds():
    """Once everything else failed to build then."""
    code, output, calls = run("broken")
    assert code != 0 and "main.c: error" in output, output
    assert calls[-1] == "--preset release -DALOFT_IDF_PROJECTS=", calls


def what_is_told_is_shown_and_nothing_else():
    code, output, _ = run("clone/../my_project")
    assert code == 0 and "\nwarning: y\n" in output, output
    code, output, _ = run("wrong")
    assert code != 0 and "wrong/main.c:1: error: x\n" in output, output
    assert "FAILED: cc" not in output, output


def minus_b_needs_a_folder():
    code, output, calls = run("my_project", "-B")
    assert code != 0 and "-B needs a folder" in output and calls == [], output


def a_folder_that_is_not_a_project_is_reported():
    for folder, words in (("empty", "it has no folder main"), ("nothing", "there is no folder")):
        code, output, calls = run(folder)
        assert code != 0 and words in output and "cd:" not in output, output
        assert calls == [], calls


for test in (the_board_can_run_what_was_built,
             a_project_that_does_not_build_is_left_out_of_later_builds,
             what_is_told_is_shown_and_nothing_else, minus_b_needs_a_folder,
             a_folder_that_is_not_a_project_is_reported):
    test()
    print("ok  ", test.__name__)
