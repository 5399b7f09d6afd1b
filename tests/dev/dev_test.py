#!/usr/bin/env python3
"""./dev from outside: a command brings only what it needs, and its help is its own.

Once the demo installed a browser, an emulator and a second compiler: 702 packages behind three
dots, where fewer than 130 do.
"""
import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def dev(*words):
    done = subprocess.run([ROOT / "dev", *words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout


def shell(script, **environment):
    return subprocess.run(["sh", "-euc", script], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, **environment}).stdout


def packages(purpose):
    words = shell("say() { printf '%s\\n' \"$*\"; }; . tools/setup.sh; wanted_packages " + purpose)
    return {line.split("|")[0] for line in words.splitlines()}


def the_demo_needs_no_browser_no_emulator_and_no_second_compiler():
    demo = packages("demo")
    assert {"gcc", "cmake", "ninja-build", "curl", "libmbedtls-dev"} <= demo, demo
    for heavy in ("chromium", "qemu-system-misc", "clang", "nodejs", "npm", "nginx-light"):
        assert heavy not in demo, heavy
    assert len(demo) <= 12, demo


def the_tests_need_what_the_demo_and_the_builds_need():
    assert packages("demo") | packages("build") | packages("rv32") < packages("test")


def an_unknown_purpose_is_reported_with_the_known_ones():
    code, output = dev("setup", "tests")
    assert code == 1 and 'no purpose "tests"; there are tool ' in output, output


def the_demo_lists_its_options_before_it_builds():
    code, output = dev("demo", "--help")
    assert code == 0 and "--server" in output and "--version" in output, output


def a_missing_curl_is_reported():
    """In a path that has all but curl, as on a system where ./dev installs nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for tool in ("sh", "dirname", "git", "date"):
            where = subprocess.run(["sh", "-c", f"command -v {tool} || true"], text=True,
                                   capture_output=True).stdout.strip()
            if where:
                pathlib.Path(folder, tool).symlink_to(where)
        output = shell("tools/demo || true", PATH=folder)
    assert "curl is not installed" in output, output


def what_apt_says_of_itself_is_shown_as_progress():
    """Lines of its status, as apt-get of Debian 12 writes them, and of ninja."""
    lines = {"dlstatus:3:20.5000:Retrieving file 3 of 9 (10s remaining)": "fetching, 20 %",
             "pmstatus:libjansson4:41.6667:Unpacking libjansson4 (amd64)": "installing, 41 %",
             "[17/289] Building C object core/x.c.o": "17/289", "Unpacking libfoo": "none"}
    for line, far in lines.items():
        said = shell(". tools/quietly.sh; far=none; read_progress \"$LINE\" || true; echo \"$far\"",
                     LINE=line)
        assert said == far + "\n", (line, said)


def a_command_that_fails_is_shown_with_its_output():
    with tempfile.TemporaryDirectory() as folder:
        script = (f". {ROOT}/tools/quietly.sh; cd {folder}; say() {{ printf '%s\\n' \"$*\"; }}; "
                  "fail() { say \"dev: $*\"; exit 1; }; quietly job sh -c 'echo reason; exit 3'")
        said = shell(script)
    assert "failed\nreason\ndev: job failed; the output above is in build/job.log" in said, said


for test in (the_demo_needs_no_browser_no_emulator_and_no_second_compiler,
             the_tests_need_what_the_demo_and_the_builds_need,
             an_unknown_purpose_is_reported_with_the_known_ones,
             the_demo_lists_its_options_before_it_builds, a_missing_curl_is_reported,
             what_apt_says_of_itself_is_shown_as_progress,
             a_command_that_fails_is_shown_with_its_output):
    test()
    print("ok  ", test.__name__)
