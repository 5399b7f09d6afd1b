#!/usr/bin/env python3
"""Slow servers and unusual links: a server that drips blocks nothing and is given up; long
URLs, redirects with blanks and odd Content-Encodings are accepted; other faults are told with their
place."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from demo import *

PROMPT_S = 5  # in which the owner's command is carried out
DRIP_S = 1


def drip(first):
    """Answers with these bytes and then one a second, until the device hangs up."""
    def answer(peer):
        try:
            peer.sendall(first)
            while True:
                time.sleep(DRIP_S)
                peer.sendall(b"x")
        except OSError:
            answer.gone = time.monotonic()
    answer.gone = None
    return answer


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\nETag: \"a\"\r\n\r\n"


def promptly(do, *args, **more):
    start = time.monotonic()
    said = do(*args, **more)
    took = time.monotonic() - start
    check(took < PROMPT_S, "it took", took, "s:", said)
    return said


def owner_goes_before(folder, burst):
    """Everything that an owner can ask of a device, each while a server drips."""
    image = app(folder / "offered.bin", "ota_demo", "9").read_bytes()
    server = Server({"/fw": drip(HEAD + image[:burst(len(image))])})
    with Demo(folder, pull="on", url=server.url("/fw"), retry_s=1) as demo:
        def dripping(times):
            demo.see("Server answered 200", times)
            time.sleep(0.3)
        dripping(1)
        promptly(demo.push, demo.image("2"))
        dripping(2)
        check("ota_demo 2, running, VALID" in promptly(demo.control, "status"), demo.console)
        promptly(demo.control, "confirm")
        dripping(3)  # the pull has tried again
        promptly(demo.control, "restart")
        demo.see("The web page is on", 3)
        dripping(4)
        upload(demo, demo.image("3"))
        demo.see("Running partition", 4)
        dripping(5)
        promptly(demo.control, "boot", "factory")
        demo.see("The web page is on", 5)
        dripping(6)
        promptly(demo.control, "boot", "ota_1")
        demo.see("The web page is on", 6)
        dripping(7)
        promptly(demo.control, "rollback")
        demo.see("The web page is on", 7)
        check("NET_BUSY" in demo.console, demo.console)


def upload(demo, image):
    """As the page does it."""
    done = promptly(subprocess.run, [
        "curl", "-s", "-m", "30", "-w", "%{http_code}", "--digest", "-u", f"admin:{WEB}",
        "-F", f"file=@{image}", f"http://127.0.0.1:{demo.ports['web_port']}/update"],
        stdout=subprocess.PIPE, text=True)
    check(done.stdout.endswith("200"), done.stdout, demo.console)


def the_owner_interrupts_a_server_that_has_sent_one_byte(folder):
    owner_goes_before(folder, lambda size: 1)


def the_owner_interrupts_a_server_that_has_sent_most_of_an_image(folder):
    owner_goes_before(folder, lambda size: size - 100)


def ends_in_time(folder, url, fault, gone, seconds=35, **settings):
    """The device gives a server up within these seconds of its last useful byte."""
    with Demo(folder, pull="on", url=url, retry_s=60, **settings) as demo:
        start = time.monotonic()
        demo.see(fault, seconds=seconds + 10)
        took = time.monotonic() - start
        check(took < seconds, took, demo.console)
        end = time.monotonic() + 5
        while gone() is None:
            check(time.monotonic() < end, "the connection is still there")
            time.sleep(0.1)
        check("no update is under way" in status(demo), demo.console)


def status(demo):
    demo.type("status")
    demo.see("last reset")
    return demo.console


def a_body_that_drips_ends_within_35_seconds(folder):
    image = app(folder / "offered.bin", "ota_demo", "9").read_bytes()
    answer = drip(HEAD + image[:-100])
    ends_in_time(folder, Server({"/fw": answer}).url("/fw"), "Update failed: NET_TOO_SLOW",
                 lambda: answer.gone)


def headers_that_drip_end_within_35_seconds(folder):
    answer = drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 10000)
    ends_in_time(folder, Server({"/fw": answer}).url("/fw"), "Update failed: NET_TOO_SLOW",
                 lambda: answer.gone)


def a_handshake_that_drips_ends_within_35_seconds(folder):
    """A TLS record is promised, and comes a byte a second."""
    answer = drip(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb" + b"\x03" * 5000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            while True:
                peer = listener.accept()[0]
                threading.Thread(target=answer, args=(peer,), daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        ends_in_time(folder, f"https://127.0.0.1:{listener.getsockname()[1]}/fw",
                     "Update failed: NET_CONNECT_TIMEOUT", lambda: answer.gone, pin="ab" * 32)


def pulls(folder, answers, path, *see, settings={}):
    """A board that fetches this path; the console until it shows the last text."""
    server = Server(answers)
    url = path if path.startswith("http") else server.url(path)
    board = Board(folder / "flash").create(app(folder / "1.bin", "ota_demo", "1", url=url,
                                               **settings))
    console = board.run(see[-1], "--fast", timeout=60)
    for text in see:
        check(text in console, "missing:", text, "\n" + console)
    return server


def hello():
    return http(200, (IMAGES / "hello_world.bin").read_bytes())


def presigned_links_of_four_thousand_bytes_are_followed(folder):
    """Links of object stores with a session token have 1,200 to 2,500 bytes; 1,024 were taken."""
    path = "/x?token=" + "t" * 1300
    there = "/y?token=" + "u" * 3900
    moved = f"HTTP/1.1 302 F\r\nLocation: {there}\r\n\r\n".encode()
    pulls(folder, {path: moved, there: hello()}, path, "Redirected to http://127.0.0.1:",
          "Hello world!")


def a_url_that_is_longer_than_the_memory_for_it_is_told(folder):
    moved = b"HTTP/1.1 302 F\r\nLocation: /" + b"u" * 4100 + b"\r\n\r\n"
    pulls(folder, {"/x": moved}, "/x", "Update failed: URL_TOO_LONG", "no more tries")


def a_redirect_with_blanks_and_utf8_is_followed_and_told(folder):
    moved = "HTTP/1.1 302 F\r\nLocation: /my fw \u56fa\u4ef6.bin\r\n\r\n".encode()
    coded = "/my%20fw%20%E5%9B%BA%E4%BB%B6.bin"
    server = pulls(folder, {"/x": moved, coded: hello()}, "/x", coded + "\n", "Hello world!")
    check(server.requests == ["/x", coded], server.requests)


def a_malformed_url_is_shown_with_the_place(folder):
    pulls(folder, {}, "http://127.0.0.1:80x80/fw.bin",
          "URL_SYNTAX", "http://127.0.0.1:80x80/fw.bin, at character 20 (\"x80/fw.bin\")",
          "no more tries")


def a_malformed_redirect_is_shown_as_the_servers(folder):
    moved = b"HTTP/1.1 302 F\r\nLocation: http://127.0.0.1:port/fw.bin\r\n\r\n"
    pulls(folder, {"/x": moved}, "/x", "at character 18 (\"port/fw.bin\")",
          "the server redirected to it", "no more tries")


def content_encodings_that_encode_nothing_are_taken(folder):
    for i, value in enumerate(("", "identity", "binary", "UTF-8", "aws-chunked")):
        (folder / str(i)).mkdir()
        body = (IMAGES / "hello_world.bin").read_bytes()
        pulls(folder / str(i), {"/x": http(200, body, None, f"Content-Encoding: {value}")}, "/x",
              "Hello world!")


def content_encodings_that_encode_are_refused_by_name(folder):
    for i, value in enumerate(("gzip", "br", "zstd", "deflate")):
        (folder / str(i)).mkdir()
        pulls(folder / str(i), {"/x": http(200, b"\x1f\x8b", None, f"Content-Encoding: {value}")},
              "/x", "Update failed: HTTP_ENCODING", f"content-encoding: {value}",
              "The app goes on running")


if __name__ == "__main__":
    main([the_owner_interrupts_a_server_that_has_sent_one_byte,
          the_owner_interrupts_a_server_that_has_sent_most_of_an_image,
          a_body_that_drips_ends_within_35_seconds, headers_that_drip_end_within_35_seconds,
          a_handshake_that_drips_ends_within_35_seconds,
          presigned_links_of_four_thousand_bytes_are_followed,
          a_url_that_is_longer_than_the_memory_for_it_is_told,
          a_redirect_with_blanks_and_utf8_is_followed_and_told,
          a_malformed_url_is_shown_with_the_place, a_malformed_redirect_is_shown_as_the_servers,
          content_encodings_that_encode_nothing_are_taken,
          content_encodings_that_encode_are_refused_by_name], workers=8)
