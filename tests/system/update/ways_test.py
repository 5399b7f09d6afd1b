#!/usr/bin/env python3
"""The ways of ota_demo, with secrets from NVS as an owner sets them: push, page, token, console."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from demo import *


def what_was_pushed_can_be_confirmed_from_afar_and_stays(folder):
    """An app that was confirmed from outside went back to the app before when its trial
    was over, or so it said: it restarted."""
    with Demo(folder) as demo:
        demo.push(demo.image("2", confirm="never", trial_s=20))
        demo.see("The web page is on", 2)
        pushed = time.monotonic()
        check("on trial" in demo.push(demo.image("3"), code=1), "an app on trial took a push")
        demo.see("Push from 127.0.0.1 refused: ON_TRIAL")
        demo.control("confirm", proof="--password-file")
        time.sleep(max(0, pushed + 24 - time.monotonic()))
        check("ota_demo 2, running, VALID" in demo.control("status"), demo.control("status"))
        check("trial; going back" not in demo.console, demo.console)


def an_app_that_is_not_confirmed_goes_back_when_its_trial_is_over(folder):
    with Demo(folder) as demo:
        demo.push(demo.image("2", confirm="never", trial_s=2))
        demo.see("Not confirmed within the trial; going back to the app before")
        demo.see("The web page is on", 3)
        check("ota_demo 1, running" in demo.control("status"), demo.control("status"))


def the_console_takes_every_command(folder):
    with Demo(folder, url=Server({}).url("/nothing")) as demo:
        demo.push(demo.image("2", confirm="never"))
        demo.see("The web page is on", 2)
        demo.type("status")
        demo.see("Device 02a10f000001, last reset: software, no update is under way")
        demo.see("factory  at 0x010000: ota_demo 1\n")
        demo.see("ota_0    at 0x110000: ota_demo 2, running, boots next, PENDING_VERIFY\n")
        demo.see("ota_1    at 0x210000: no image\n")
        demo.type("confirm")
        demo.see("Command confirm: OK")
        demo.type("boot ota_1")
        demo.see("Command boot ota_1: IMAGE_MAGIC")
        demo.type("check")
        demo.see("Command check: OK")
        demo.see("Update failed: HTTP_NOT_FOUND")
        demo.see("no more tries")  # with pull=off, one check is one try; once it began a pull
        demo.type("boot factory")
        demo.see("Command boot factory: OK")
        demo.see("The web page is on", 3)
        demo.type("rollback")
        demo.see("Command rollback: NO_ROLLBACK")
        demo.type("factory")
        demo.see("Command factory: OK")
        demo.see("The web page is on", 4)


def each_secret_by_itself_turns_its_way_on(folder):
    """The page was off unless both of its hashes were set, and control without a password."""
    def answers(demo, *proof):
        demo.reach_web()
        url = f"http://127.0.0.1:{demo.ports['web_port']}/api/status"
        done = subprocess.run(["curl", "-s", "-m", "30", "-o", "/dev/null", "-w", "%{http_code}",
                               *proof, url], stdout=subprocess.PIPE, text=True)
        return int(done.stdout)
    password = ("--digest", "-u", f"admin:{WEB}")
    token = ("-H", f"Authorization: Bearer {TOKEN}")
    for secret, good, bad in (("web --generation sha256", password, token),
                              ("web --generation md5", password, token),
                              ("control", token, password)):
        with Demo(folder, [secret]) as demo:
            demo.see("is on, port")
            check(answers(demo, *good) == 200, secret)
            check(answers(demo, *bad) == 401, secret)
            check("Push is on" not in demo.console, demo.console)
        (folder / "flash").unlink()
    with Demo(folder, []) as demo:
        time.sleep(0.5)
        check("is on, port" not in demo.console, demo.console)


def a_device_with_a_name_knows_passwords_of_that_realm(folder):
    """`aloft secret` used the name as realm, the device did not, and no password was right."""
    demo = Demo(folder, [])
    aloft("nvs", "set", demo.board.flash, "aloft", "device_id", "kitchen light")
    aloft("secret", "set", demo.board.flash, "web", "--password-file", folder / "web")
    with demo:
        said = demo.control("status", proof="--password-file")
        check("kitchen light: ota_demo 1 runs" in said, said)
        demo.type("status")
        demo.see("Device kitchen light, last reset")
    aloft("nvs", "set", demo.board.flash, "aloft", "device_id", 'kitchen "light"')
    with demo:
        demo.see("device_id in NVS has other characters than a name has")
        time.sleep(0.5)
        check("is on, port" not in demo.console, demo.console)


def a_secret_that_cannot_be_read_opens_nothing(folder):
    demo = Demo(folder, [], push_open="yes")
    for key in ("push_hash", "web_ha1"):
        aloft("nvs", "set", demo.board.flash, "aloft", key, 1, "--type", "u32")
    aloft("nvs", "set", demo.board.flash, "aloft", "ctl_token", "pbkdf2-sha256$1$00$00")
    with demo:
        demo.see("push_hash in NVS cannot be read; set it again")
        demo.see("web_ha1 in NVS cannot be read; set it again")
        demo.see("The control token's hash is damaged; set it again")
        time.sleep(0.5)
        check("is on, port" not in demo.console, demo.console)


def a_push_port_that_another_program_has_is_not_taken_from_it(folder):
    """Two boards on one port both said that push was on, and one of them heard nothing."""
    with Demo(folder) as demo, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        check("not an app image" in demo.push(folder / "push", code=1), "its port is open")
        try:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", demo.ports["push_port"]))
        except OSError:
            pass
        else:
            check(False, "another could have it")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", demo.ports["push_port"]))
        with demo:
            demo.see(f"Port {demo.ports['push_port']} of 127.0.0.1 cannot be had")
            demo.see("Push has no port now; it is tried again")
            other.close()
            demo.push(demo.image("2"))


def a_privileged_port_is_refused_with_a_remedy(folder):
    """The board of a user who is not root said that port 80 might be in use."""
    demo = Demo(folder, web_port=80)
    tool = folder / "bin"
    tool.mkdir()
    for name in ("aloft", "aloft-rom"):
        shutil.copy(BIN / "cli" / name, tool)
    for file in folder, *folder.rglob("*"):
        file.chmod(0o777)
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run([tool / "aloft", "board", "run", demo.board.flash, "--fast", "--until",
                           "cannot be had", "--timeout", "120"], capture_output=True, text=True,
                          **nobody)
    check("Port 80 of 127.0.0.1 cannot be had: ports below 1024 are root's" in done.stdout and
          "--set web_port=8080" in done.stdout, done.stdout + done.stderr)


if __name__ == "__main__":
    main([a_privileged_port_is_refused_with_a_remedy,
          what_was_pushed_can_be_confirmed_from_afar_and_stays,
          an_app_that_is_not_confirmed_goes_back_when_its_trial_is_over,
          the_console_takes_every_command, each_secret_by_itself_turns_its_way_on,
          a_device_with_a_name_knows_passwords_of_that_realm,
          a_secret_that_cannot_be_read_opens_nothing,
          a_push_port_that_another_program_has_is_not_taken_from_it])
