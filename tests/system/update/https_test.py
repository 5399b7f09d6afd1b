#!/usr/bin/env python3
"""Updates over HTTPS, and a table of attacks on them: real servers that lie about who they are,
speak too old a TLS, or are cut off by somebody in between."""
import pathlib
import ssl
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from bench import *
from pki import *

WORKS_ON = "The app goes on running from factory"
HELLO = "Hello world!"


class Proxy(Listener):
    """Stands between board and server. act(connection, client, server) moves the bytes."""

    def __init__(self, port, act):
        self.target, self.act = port, act
        self.heads = []  # the first bytes of each client
        super().__init__()

    def serve(self, client):
        with socket.create_connection(("127.0.0.1", self.target)) as server:
            first = client.recv(4096)
            self.heads.append(first)
            self.act(first, client, server)


def pump(a, b):
    try:
        while piece := a.recv(4096):
            b.sendall(piece)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def pass_on(count, first, client, server):
    """Lets what the client sends through, and so many bytes of the server."""
    server.sendall(first)
    threading.Thread(target=pump, args=(client, server), daemon=True).start()
    while count > 0 and (piece := server.recv(min(count, 4096))):
        client.sendall(piece)
        count -= len(piece)


def cut_after(count):
    def act(first, client, server):
        pass_on(count, first, client, server)
        client.shutdown(socket.SHUT_RDWR)
    return act


def hang_after(count):
    def act(first, client, server):
        pass_on(count, first, client, server)
        time.sleep(30)
    return act


def whole(first, client, server):
    pass_on(1 << 30, first, client, server)
    client.shutdown(socket.SHUT_WR)


def https_app(folder, name, url, **settings):
    """An ota_demo that trusts what settings say; ca is a file."""
    files = [w for key in ("ca",) if key in settings
             for w in ("--set-file", f"{key}={settings.pop(key)}")]
    date = ["--date", settings.pop("date")] if "date" in settings else []
    return app(folder / f"{name}.bin", "ota_demo", "1", *files, *date, url=url, **settings)


def lab(folder):
    """An authority, its good server that serves hello.bin, and that image."""
    ca = Authority(folder, "Lab CA")
    image = app(folder / "hello.bin", "hello_world", "2").read_bytes()
    server = TlsServer({"/hello.bin": http(200, image)}, ca.server("good"))
    return ca, server, image


def until_read(peer):
    """Waits until the other end, on this machine too, has read all that this one sent."""
    ends = [f":{name[1]:04X}" for name in (peer.getpeername(), peer.getsockname())]
    end = time.monotonic() + 240
    waits = True
    while waits and time.monotonic() < end:
        time.sleep(0.01)
        links = [line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()]
        waits = any(link[1].endswith(ends[0]) and link[2].endswith(ends[1]) and
                    not link[4].endswith(":00000000") for link in links)


def refused(board, fault, until=WORKS_ON):
    """The board gets the fault once, names it in one line, and has written nothing."""
    before = board.bytes()
    console = board.run(until, "--fast", "--resets", 0)
    # Erased otadata is noise where flash is encrypted, which the bootloader says.
    lines = [line for line in console.splitlines() if line.startswith("E ") and
             not (ENCRYPTED and "boot: ota data partition invalid" in line)]
    check(len(lines) == 1, "not one line:", lines, "\n" + console)
    check(f"Update failed: {fault}: " in lines[0], "not", fault, ":", lines[0], "\n" + console)
    check(before[OTADATA:OTADATA + 0x2000] == board.bytes()[OTADATA:OTADATA + 0x2000], "otadata")
    return console


def updates(board):
    console = board.run("Confirmed: ota_0 stays", "--fast")
    check(HELLO in console, console)
    return console


def an_update_comes_over_https_and_later_requests_resume_the_session(folder):
    ca, server, image = lab(folder)
    tries = []

    def broken_once(tls):
        tries.append(tls)
        if len(tries) == 1:
            tls.sendall(http(200, image)[:40000])
        else:
            tls.sendall(http(200, image))
            tls.unwrap()

    server.answers |= {"/r": http(302, b"", 0, "Location: /again"),
                       "/again": http(302, b"", 0, "Location: /hello.bin"),
                       "/hello.bin": broken_once}
    board = Board(folder / "flash").create(https_app(folder, "app", server.url("/r"), ca=ca.crt))
    console = updates(board)
    check("Update failed: TLS_CUT: " in console, console)  # once, and tried again
    check(server.requests == ["/r", "/again", "/hello.bin"] * 2, server.requests)
    check(server.reused == [False] + [True] * 5, server.reused)


def a_body_without_a_length_ends_with_a_farewell_or_not_at_all(folder):
    ca, server, image = lab(folder)

    def farewell(tls):
        tls.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + image)
        tls.unwrap()

    def cut(tls):
        tls.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + image)

    server.answers["/hello.bin"] = cut
    demo = https_app(folder, "app", server.url("/hello.bin"), ca=ca.crt)
    board = Board(folder / "flash").create(demo)
    refused(board, "TLS_CUT")
    server.answers["/hello.bin"] = farewell
    updates(board)


def each_ca_of_a_bundle_is_trusted(folder):
    ca, server, _ = lab(folder)
    others = [Authority(folder, f"CA {i}") for i in range(3)]
    pems = bundle(folder / "bundle.pem", others[0], ca, *others[1:])
    pems.write_text(pems.read_text().replace("\n", "\r\n"))
    demo = https_app(folder, "app", server.url("/hello.bin", "localhost"), ca=pems)
    board = Board(folder / "flash").create(demo)
    server.cert = Authority(folder, "CA 9").server("stranger")
    refused(board, "TLS_UNTRUSTED")
    server.cert = others[2].server("of the third")
    updates(board)


def a_pinned_key_needs_no_ca_and_can_be_rotated(folder):
    ca, server, _ = lab(folder)
    old = ca.server("old", "DNS:else", end="20210101000000Z", itself=True)
    new = ca.server("new", "DNS:else", itself=True)
    pins = f"sha256//{base64.b64encode(bytes.fromhex(old.pin())).decode()} {new.pin()}"
    demo = https_app(folder, "app", server.url("/hello.bin"), pin=pins)
    console = refused(Board(folder / "flash").create(demo), "TLS_PIN")
    seen = base64.b64encode(bytes.fromhex(server.cert.pin())).decode()
    check(f"key sha256//{seen}" in console, "the key that was seen is not told:\n" + console)
    for cert in (old, new):
        server.cert = cert
        updates(Board(folder / f"flash{cert.crt.stem}").create(demo))


def servers_that_are_not_who_they_say_are_refused(folder):
    ca, server, _ = lab(folder)
    good = server.cert
    stranger = Authority(folder, "Other CA")
    lost = ca.server("lost")
    cases = [
        ("TLS_EXPIRED", ca.server("expired", end="20210101000000Z")),
        ("TLS_FUTURE", ca.server("future", start="20980101000000Z")),
        ("TLS_HOST", ca.server("elsewhere", "IP:127.0.0.2,DNS:localhost,DNS:127.0.0.1")),
        ("TLS_UNTRUSTED", ca.server("itself", itself=True)),
        ("TLS_UNTRUSTED", stranger.server("of another")),
        ("TLS_UNTRUSTED", signed_by_server(ca.server("no authority"), "of a server")),
        ("TLS_UNTRUSTED", ca.server("a client", more="extendedKeyUsage = clientAuth")),
        ("TLS_OLD_PIN", lost),
    ]
    demo = https_app(folder, "app", server.url("/hello.bin"), ca=ca.crt, pin_revoked=lost.pin())
    for fault, cert in cases:
        board = Board(folder / f"flash-{cert.crt.stem}").create(demo)
        server.cert = cert
        console = refused(board, fault)
        check(f"127.0.0.1 port {server.port} showed a certificate of CN={cert.crt.stem}" in console,
              console)
        check(server.requests == [], "something was asked of a server that is not trusted")
        server.cert = good
        updates(board)
        server.requests.clear()


def the_certificate_that_is_to_blame_is_the_one_that_is_shown(folder):
    # An expired intermediate was reported with the dates of the server's own certificate.
    ca, server, _ = lab(folder)
    lost = ca.server("lost issuer", section="issuer")
    cases = [
        ("TLS_EXPIRED", ca.server("old issuer", end="20210101000000Z", section="issuer"),
         "CN=old issuer, issued by", "to 2021-01-01"),
        ("TLS_FUTURE", ca.server("next issuer", start="20980101000000Z", section="issuer"),
         "CN=next issuer, issued by", "from 2098-01-01"),
        ("TLS_OLD_PIN", lost, "CN=lost issuer, issued by", "to 2099-12-31"),
    ]
    demo = https_app(folder, "app", server.url("/hello.bin"), ca=ca.crt, pin_revoked=lost.pin())
    for fault, issuer, name, date in cases:
        board = Board(folder / f"flash-{issuer.crt.stem}").create(demo)
        server.cert = signed_by_server(issuer, f"leaf of {issuer.crt.stem}")
        console = refused(board, fault)
        check(f"showed a certificate of {name}" in console and date in console, console)
    server.cert = signed_by_server(ca.server("good issuer", section="issuer"), "leaf")
    updates(Board(folder / "flash").create(demo))


def a_server_that_wants_a_certificate_of_its_client_is_named(folder):
    ca, server, _ = lab(folder)
    context = server.context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca.crt)
    demo = https_app(folder, "app", server.url("/hello.bin"), ca=ca.crt)
    console = refused(Board(folder / "flash").create(demo), "TLS_CLIENT")
    check("wants a certificate of its client" in console, console)


def dates_are_judged_by_the_build_time_without_a_clock(folder):
    ca, server, _ = lab(folder)
    good = server.cert
    soon = ca.server("soon over", end="20800101000000Z")
    later = ca.server("not yet", start="20850101000000Z")

    def board(name, **settings):
        url = server.url("/hello.bin")
        return Board(folder / name).create(https_app(folder, name, url, ca=ca.crt, **settings))

    server.cert = soon
    refused(board("built-in-2090", clock="none", date="Jan  1 2090"), "TLS_EXPIRED")
    refused(board("clock-before-build", date="Jan  1 2090"), "TLS_EXPIRED")
    updates(board("built-in-2070", clock="none", date="Jan  1 2070"))
    server.cert = later
    updates(board("no-clock", clock="none", date="Jan  1 2020"))
    refused(board("clock", date="Jan  1 2020"), "TLS_FUTURE")
    server.cert = good
    console = updates(board("no-time-at-all", clock="none"))
    check("dates of certificates are not judged" in console, console)


def without_trust_https_is_refused_until_nvs_has_some(folder):
    ca, server, _ = lab(folder)
    demo = https_app(folder, "app", server.url("/hello.bin"))
    board = Board(folder / "flash").create(demo)
    console = refused(board, "TLS_NO_TRUST", until="no more tries")
    check(server.reused == [] and server.requests == [], console)
    check("Nobody can be trusted: neither ca nor pin is set" in console, console)
    for name, value in (("pin_revoked", "12:34"), ("pin", "1234"), ("ca", "no certificate")):
        aloft("nvs", "set", board.flash, "aloft", name, value)
        console = refused(board, "TLS_NO_TRUST", until="no more tries")
        check(f"Nobody can be trusted: {name} " in console, console)
    aloft("nvs", "erase", board.flash, "aloft", "pin")
    aloft("nvs", "erase", board.flash, "aloft", "pin_revoked")
    wrong = Authority(folder, "Wrong CA")
    aloft("nvs", "set", "--", board.flash, "aloft", "ca", wrong.crt.read_text())
    refused(board, "TLS_UNTRUSTED")
    aloft("nvs", "set", "--", board.flash, "aloft", "ca", ca.crt.read_text())
    updates(board)


def nvs_comes_before_settings(folder):
    ca, server, _ = lab(folder)
    demo = https_app(folder, "app", server.url("/hello.bin"), ca=ca.crt)
    board = Board(folder / "flash").create(demo)
    aloft("nvs", "set", board.flash, "aloft", "pin_revoked", server.cert.pin())
    refused(board, "TLS_OLD_PIN")
    server.cert = ca.server("with a new key")
    updates(board)


def trust_in_nvs_that_cannot_be_read_is_not_passed_over(folder):
    """A revocation of another type than text had no effect, and the leaked key was accepted."""
    ca, server, _ = lab(folder)
    demo = https_app(folder, "app", server.url("/hello.bin"), ca=ca.crt)
    for name in ("pin_revoked", "pin", "ca"):
        board = Board(folder / name).create(demo)
        aloft("nvs", "set", board.flash, "aloft", name, server.cert.pin(), "--type", "blob-hex")
        console = board.run("no more tries", "--fast", "--resets", 0)
        check("Update failed: TLS_NO_TRUST: " in console, console)
        check(f"{name} in NVS cannot be read: NVS_TYPE: " in console, console)
        aloft("nvs", "erase", board.flash, "aloft", name)
        updates(board)


def old_versions_of_tls_are_refused(folder):
    ca, good, _ = lab(folder)
    for flag in ("-tls1", "-tls1_1"):
        port = free_port()
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", good.cert.crt, "-key",
             good.cert.key, flag, "-cipher", "ALL:@SECLEVEL=0", "-WWW"], cwd=folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            client = ["openssl", "s_client", flag, "-connect", f"127.0.0.1:{port}", "-cipher",
                      "ALL:@SECLEVEL=0"]
            end = time.monotonic() + 120
            while subprocess.run(client, input=b"", capture_output=True).returncode != 0:
                check(time.monotonic() < end, "openssl does not serve", flag)
                time.sleep(0.1)
            demo = https_app(folder, "app", f"https://127.0.0.1:{port}/hello.bin", ca=ca.crt)
            refused(Board(folder / f"flash{flag}").create(demo), "TLS_VERSION")
        finally:
            server.kill()
            server.wait()


def a_man_in_the_middle_cannot_lower_the_version_of_tls(folder):
    ca, _, image = lab(folder)
    server = TlsServer({"/hello.bin": http(200, image)}, ca.server("lax"),
                       ssl.TLSVersion.MINIMUM_SUPPORTED, 0)

    def older(first, client, backend):  # the version that the board offers: TLS 1.1
        backend.sendall(first[:9] + b"\x03\x02" + first[11:])
        threading.Thread(target=pump, args=(client, backend), daemon=True).start()
        pump(backend, client)

    def alert(first, client, backend):  # protocol_version, so that the board may try an older one
        client.sendall(b"\x15\x03\x01\x00\x02\x02\x46")

    def fewer(first, client, backend):  # the first cipher that the board offers is another one
        at = 44 + first[43]
        changed = bytearray(first)
        changed[at + 2:at + 4] = first[at + 4:at + 6]
        backend.sendall(changed)
        threading.Thread(target=pump, args=(client, backend), daemon=True).start()
        pump(backend, client)

    for act, fault in ((older, "TLS_VERSION"), (alert, "TLS_VERSION"), (fewer, "TLS_HANDSHAKE")):
        proxy = Proxy(server.port, act)
        demo = https_app(folder, "app", f"https://127.0.0.1:{proxy.port}/hello.bin", ca=ca.crt)
        board = Board(folder / f"flash-{act.__name__}").create(demo)
        refused(board, fault)
        check(len(proxy.heads) == 1, "it came back with something else:", proxy.heads)
        check(all(head[9:11] == b"\x03\x03" for head in proxy.heads), proxy.heads)
        proxy.act = whole
        updates(board)


def a_wire_that_is_cut_in_the_handshake_is_a_fault_with_a_name(folder):
    ca, server, _ = lab(folder)
    proxy = Proxy(server.port, None)
    demo = https_app(folder, "app", f"https://127.0.0.1:{proxy.port}/hello.bin", ca=ca.crt)
    # Nothing at all; in the first head; in and between messages; the last bytes; and in the body.
    for count in (0, 1, 4, 5, 6, 60, 90, 400, 600, 700, 800, 900, 1000, 20000):
        proxy.act = cut_after(count)
        board = Board(folder / f"flash{count}").create(demo)
        refused(board, "TLS_CUT")
        if count % 400 == 0:
            proxy.act = whole
            updates(board)


def a_server_that_hangs_in_the_handshake_is_given_up(folder):
    ca, server, _ = lab(folder)
    for count in (0, 300):
        proxy = Proxy(server.port, hang_after(count))
        demo = https_app(folder, "app", f"https://127.0.0.1:{proxy.port}/hello.bin", ca=ca.crt)
        board = Board(folder / f"flash{count}").create(demo)
        refused(board, "NET_CONNECT_TIMEOUT")
        proxy.act = whole
        updates(board)


def servers_without_tls_are_told_apart(folder):
    ca, server, _ = lab(folder)
    answers = {"http": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
               "ssh": b"SSH-2.0-OpenSSH_9.2\r\n", "noise": bytes(range(100, 200))}
    for name, answer in answers.items():
        proxy = Proxy(server.port, lambda first, client, _, answer=answer: client.sendall(answer))
        demo = https_app(folder, "app", f"https://127.0.0.1:{proxy.port}/hello.bin", ca=ca.crt)
        board = Board(folder / f"flash-{name}").create(demo)
        refused(board, "NET_TLS")
        proxy.act = whole
        updates(board)


def http_at_a_port_of_https_is_suspected(folder):
    """A server of TLS hangs up on plain HTTP, mostly without a word: that was NET_RESET alone."""
    hint = "ended the connection without an answer; is port"
    ca, server, image = lab(folder)
    alert = Server({"/hello.bin": b"\x15\x03\x01\x00\x02\x02\x46"})  # as others say farewell
    silent = Server({"/hello.bin": b""})

    def cut(peer):  # a reset throws away what is not read yet
        peer.sendall(http(200, image)[:9000])
        until_read(peer)
        reset(peer)
    broken = Server({"/hello.bin": cut})
    for number, (url, fault, hinted) in enumerate((
            (server.url("/hello.bin").replace("https:", "http:"), "NET_RESET", True),
            (silent.url("/hello.bin"), "NET_RESET", True),
            (alert.url("/hello.bin"), "HTTP_SYNTAX", False),  # its sentence asks the same
            (broken.url("/hello.bin"), "NET_RESET", False))):
        demo = https_app(folder, f"app{number}", url)
        console = refused(Board(folder / f"flash{number}").create(demo), fault)
        check((hint in console) == hinted, url, console)
        check(hinted or fault != "HTTP_SYNTAX" or "is it the port of https?" in console, console)
    proxy = Proxy(server.port, cut_after(0))  # https already
    demo = https_app(folder, "app", f"https://127.0.0.1:{proxy.port}/hello.bin", ca=ca.crt)
    check(hint not in refused(Board(folder / "flash").create(demo), "TLS_CUT"), "hint")


def https_never_becomes_http(folder):
    ca, server, image = lab(folder)
    plain = Server({"/hello.bin": http(200, image)})
    server.answers["/down"] = http(302, b"", 0, f"Location: {plain.url('/hello.bin')}")
    server.answers["/r"] = http(302, b"", 0, "Location: /down")
    for path in ("/down", "/r"):
        demo = https_app(folder, "app", server.url(path), ca=ca.crt)
        board = Board(folder / f"flash{path[1:]}").create(demo)
        refused(board, "HTTP_REDIRECT_INSECURE")
    check(plain.requests == [], "it went there")
    up = Server({"/r": http(302, b"", 0, f"Location: {server.url('/hello.bin')}")})
    demo = https_app(folder, "up", up.url("/r"), ca=ca.crt)
    updates(Board(folder / "flash-up").create(demo))


def aloft_serve_speaks_tls(folder):
    ca, server, image = lab(folder)
    cert = server.cert
    (folder / "www").mkdir()
    (folder / "www/hello.bin").write_bytes(image)
    for wrong in (["--cert", cert.crt, "--key", ca.key], ["--cert", cert.key, "--key", cert.key],
                  ["--cert", cert.crt, "--key", folder / "nothing"]):
        aloft("serve", folder / "www", "--port", 0, *wrong, code=FAILED)
    aloft("serve", folder / "www", "--port", 0, "--cert", cert.crt, code=2)
    serve = subprocess.Popen([ALOFT, "serve", folder / "www", "--port", "0", "--cert", cert.crt,
                              "--key", cert.key], stdout=subprocess.PIPE, text=True)
    try:
        url = serve.stdout.readline().split(" at ")[1].strip() + "hello.bin"
        check(url.startswith("https://127.0.0.1:"), url)
        got = subprocess.run(["curl", "-sS", "--cacert", ca.crt, "-r", "100-", url],
                             stdout=subprocess.PIPE, check=True, timeout=240).stdout
        check(got == image[100:], "curl got something else")
        updates(Board(folder / "flash").create(https_app(folder, "app", url, ca=ca.crt)))
    finally:
        serve.terminate()
        check(serve.wait(120) == 0, "it did not end well")


# What writes or reads flash, for boards that encrypt it; the others are of TLS alone.
OF_FLASH = [an_update_comes_over_https_and_later_requests_resume_the_session,
            without_trust_https_is_refused_until_nvs_has_some, nvs_comes_before_settings]
OTHERS = [a_body_without_a_length_ends_with_a_farewell_or_not_at_all,
          each_ca_of_a_bundle_is_trusted, a_pinned_key_needs_no_ca_and_can_be_rotated,
          servers_that_are_not_who_they_say_are_refused,
          the_certificate_that_is_to_blame_is_the_one_that_is_shown,
          a_server_that_wants_a_certificate_of_its_client_is_named,
          dates_are_judged_by_the_build_time_without_a_clock,
          trust_in_nvs_that_cannot_be_read_is_not_passed_over,
          old_versions_of_tls_are_refused, a_man_in_the_middle_cannot_lower_the_version_of_tls,
          a_wire_that_is_cut_in_the_handshake_is_a_fault_with_a_name,
          a_server_that_hangs_in_the_handshake_is_given_up, servers_without_tls_are_told_apart,
          http_at_a_port_of_https_is_suspected, https_never_becomes_http,
          aloft_serve_speaks_tls]

if __name__ == "__main__":
    main(OF_FLASH if ENCRYPTED else OF_FLASH + OTHERS)
