"""A running ota_demo with secrets from NVS, as an owner sets them."""
from bench import *

WEB, PUSH, TOKEN = "web password 1", "push password 1", "control token 1"


class Demo(Typed):
    """A running ota_demo with every way on, until the end of the with block."""
    READY = "Connect to Wifi !"

    def __init__(self, folder, secrets=("web", "push", "control"), **settings):
        self.folder = folder
        self.ports = {"web_port": free_port(), "push_port": free_port(socket.SOCK_DGRAM)}
        self.settings = {"pull": "off", **self.ports, **settings}
        super().__init__(Board(folder / "flash").create(self.image("1")))
        for way, secret in (("web", WEB), ("push", PUSH), ("control", TOKEN)):
            (folder / way).write_text(secret)
        for secret in secrets:
            way, *generation = secret.split()
            aloft("secret", "set", self.board.flash, way, "--password-file", folder / way,
                  *generation)

    def image(self, version, **more):
        return app(self.folder / f"{version}.bin", "ota_demo", version, **{**self.settings, **more})

    def push(self, image, code=0):
        return aloft("push", f"127.0.0.1:{self.ports['push_port']}", image, "--password-file",
                     self.folder / "push", code=code)

    def reach_web(self):
        """The app says that a way is on a moment before its listener is open."""
        end = time.monotonic() + 240
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.ports["web_port"])).close()
                return
            except ConnectionRefusedError:
                check(time.monotonic() < end, "its port is not open\n" + self.console)
                time.sleep(0.05)

    def control(self, *words, code=0, proof="--token-file"):
        self.reach_web()
        secret = self.folder / {"--token-file": "control", "--password-file": "web"}[proof]
        return aloft("control", f"127.0.0.1:{self.ports['web_port']}", *words, proof, secret,
                     code=code)
