#!/usr/bin/env python3
"""A faulty app gets the same report as on a chip: cause, addresses, function, file and line; gdb
stops where it is asked to; a crash loop slows down."""
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *

SOURCE = ROOT / "tests/system/boot/panic_app/main/panic_app.c"
ELF = BIN / "apps" / "panic_app"


def panic(folder, way, *args):
    """What the console says of a panic_app with this fault."""
    image = folder / f"{way}.bin"
    aloft("image", "build", ELF, "-o", image, "--project", "panic_app", "--version", way)
    board = Board(folder / f"{way}.flash").create(image)
    return board.run("Rebooting...", "--fast", *args)


def line_of(text):
    """The number of the line of the app's source that has this text."""
    lines = SOURCE.read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if text in line)


def named(console, function, text):
    """Whether the backtrace names the function and the line that has the text."""
    place = rf"{function} at \S*panic_app\.c:{line_of(text)}\b"
    return re.search(rf"^--- .*{place}", console, re.M) is not None


def an_exception_is_told_with_cause_addresses_and_places(folder):
    console = panic(folder, "store")
    check("Guru Meditation Error: Core  0 panic'ed (StoreProhibited). Exception was unhandled."
          in console, console)
    check(re.search(r"^PC      : 0x00[0-9a-f]{6}  A1 .*  EXCVADDR: 0x00000010$", console, re.M),
          console)
    check(re.search(r"^Backtrace: 0x00[0-9a-f]{6}:0x[0-9a-f]+ ", console, re.M), console)
    check(named(console, "store", "// STORE"), console)
    check(re.search(r"^--- .*aloft_idf_main_task at compat/esp-idf/main_task.c:\d+", console, re.M),
          console)
    check("libc" not in console, console)  # what is above every task alike is left out
    sha = json.loads(aloft("image", "info", folder / "store.bin", "--json"))
    check("ELF file SHA256: " + json.dumps(sha).split('elf_sha256": "')[1][:16] in console, console)


def each_way_to_be_wrong_has_its_cause(folder):
    for way, cause, text in (
            ("load", "(LoadProhibited)", "zero = *(volatile"),
            ("fetch", "(InstrFetchProhibited)", "    callback();"),
            ("divide", "(IntegerDivideByZero)", "1000 / zero"),
            ("in_library", "(LoadProhibited)", "length = strlen"),
            ("overflow", "***ERROR*** A stack overflow in task main has been detected.",
             "overflow_from(depth + 1)"),
            ("asserts", "assert failed: asserts panic_app.c:", "assert(zero"),
            ("error_check", "ESP_ERROR_CHECK failed: esp_err_t 0x101 (ESP_ERR_NO_MEM)",
             "ESP_ERROR_CHECK(zero"),
            ("double_free", "abort() was called at PC 0x", "    free(block);")):
        console = panic(folder, way)
        check(cause in console, way, console)
        function = "overflow_from" if way == "overflow" else way
        if way == "double_free":
            check(re.search(r"^--- .*double_free at \S*panic_app\.c:\d+", console, re.M), console)
        else:
            check(named(console, function, text), way, console)
    check("(libc.so.6)" in panic(folder, "abort"), "no library is named")


def a_task_that_crashes_is_named(folder):
    console = panic(folder, "in_task")
    check("--- task worker\n" in console and named(console, "store", "// STORE"), console)


def a_busy_app_main_is_reset_by_the_task_watchdog(folder):
    console = panic(folder, "busy")
    for text in ("task_wdt: Task watchdog got triggered. The following tasks/users did not reset "
                 "the watchdog in time:", "task_wdt:  - IDLE0 (CPU 0)", "task_wdt: CPU 0: main",
                 "task_wdt: Aborting."):
        check(re.search(r"^E \(\d+\) " + re.escape(text), console, re.M), text, console)
    check(re.search(r"^--- .*busy at \S*panic_app\.c:", console, re.M), console)
    console = panic(folder, "reports_late")
    check("task_wdt:  - main\n" in console and "CPU 0: IDLE0" in console, console)


def a_hang_in_an_app_of_port_h_is_located(folder):
    image = app(folder / "hang.bin", "hello_world", "1", hang="start")
    console = Board(folder / "flash").create(image).run("Rebooting...", "--fast")
    check("Task watchdog got triggered" in console and "CPU 0: main" in console, console)
    check(re.search(r"^--- .*misbehave at apps/hello_world/hello_world.c:\d+", console, re.M),
          console)


def without_its_elf_a_panic_says_what_is_missing(folder):
    """The tool stands where no build is, as an installed one does."""
    tool = folder / "bin"
    tool.mkdir()
    for name in ("aloft", "aloft-rom"):
        shutil.copy(BIN / "cli" / name, tool)
    image = app(folder / "crash.bin", "hello_world", "1", crash="start")
    board = Board(folder / "flash").create(image)
    words = [tool / "aloft", "board", "run", board.flash, "--fast", "--until", "Rebooting"]
    text = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120).stdout
    check("no ELF with this SHA-256 was found" in text and "Backtrace: 0x" in text, text)
    words += ["--elf", BIN / "apps"]
    text = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120).stdout
    check("aloft_app_main at apps/hello_world/hello_world.c" in text, text)


def the_serial_port_shows_the_panic_too(folder):
    image = app(folder / "crash.bin", "hello_world", "1", crash="start")
    board = Board(folder / "flash").create(image)
    with Followed(board, "--fast", "--serial", f"pty:{folder / 'tty'}") as run:
        run.see("Rebooting...")
        text = aloft("monitor", "--port", folder / "tty", "--until", "Rebooting...",
                     "--timeout", "60")
        check("Guru Meditation Error" in text and "hello_world.c" in text, text)


def a_crash_loop_slows_down_and_says_so(folder):
    image = app(folder / "crash.bin", "hello_world", "1", crash="start")
    board = Board(folder / "flash").create(image)
    start = time.monotonic()
    board.run("never", "--fast", "--resets", 4, code=NOT_SEEN)
    check(time.monotonic() - start >= 2, "four resets in", time.monotonic() - start)
    check("crash loop: 3 crashes in a row" in board.stderr, board.stderr)
    board.run("never", "--fast", "--resets", 1, code=NOT_SEEN)
    check("crash loop" not in board.stderr, board.stderr)


def gdb_stops_at_app_main_and_prints_a_local_variable(folder):
    image = app(folder / "hello.bin", "hello_world", "1", countdown=7)
    board = Board(folder / "flash").create(image)
    source = (ROOT / "apps/hello_world/hello_world.c").read_text().splitlines()
    line = next(n for n, text in enumerate(source, 1) if "int i = (int)seconds" in text)
    done = subprocess.run([ALOFT, "board", "run", board.flash, "--fast", "--gdb"], text=True,
                          input=f"tbreak hello_world.c:{line}\ncontinue\nprint seconds\nquit\n",
                          capture_output=True, timeout=240)
    text = done.stdout + done.stderr
    check(done.returncode == 0 and "Breakpoint 1, aloft_app_main (port=" in text, text)
    check("= 7\n" in text and "gdb has ended; power off" in text, text)


def gdb_can_follow_a_reset(folder):
    image = app(folder / "hello.bin", "hello_world", "1", countdown=0)
    board = Board(folder / "flash").create(image)
    run = subprocess.Popen([ALOFT, "board", "run", board.flash, "--fast", "--gdb"], text=True,
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = ""
    run.stdin.write("continue\n")
    run.stdin.flush()
    for line in run.stdout:
        text += line
        waits = re.search(r"in gdb: attach (\d+)", line)
        if waits:
            run.stdin.write(f"attach {waits[1]}\ncontinue\nquit\n")
            run.stdin.flush()
    check(run.wait(60) == 0 and text.count(", aloft_app_main (port=") == 2, text)


if __name__ == "__main__":
    main([a_busy_app_main_is_reset_by_the_task_watchdog, a_hang_in_an_app_of_port_h_is_located,
          each_way_to_be_wrong_has_its_cause, an_exception_is_told_with_cause_addresses_and_places,
          a_task_that_crashes_is_named, without_its_elf_a_panic_says_what_is_missing,
          the_serial_port_shows_the_panic_too, a_crash_loop_slows_down_and_says_so,
          gdb_stops_at_app_main_and_prints_a_local_variable, gdb_can_follow_a_reset])
