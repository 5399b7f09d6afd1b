"""Certificates for tests, made by openssl at the time of the test: authorities, and servers of them
with any dates and names."""
import base64
import hashlib
import pathlib
import ssl
import subprocess

CONFIG = """
[ca]
default_ca = one
[one]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[issuer]
basicConstraints = CA:true
[server]
basicConstraints = CA:false
subjectAltName = {names}
{more}
"""


def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=240)
    if done.returncode != 0:
        raise AssertionError("openssl " + " ".join(map(str, args)) + "\n" + done.stdout)


class Cert:
    """A certificate with its key, as files."""

    def __init__(self, crt, key):
        self.crt, self.key = crt, key

    def pin(self):
        der = ssl.PEM_cert_to_DER_cert(self.crt.read_text()[self.crt.read_text().find("-----"):])
        spki = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-pubkey"], input=der,
                              stdout=subprocess.PIPE, check=True).stdout
        body = b"".join(spki.splitlines()[1:-1])
        return hashlib.sha256(base64.b64decode(body)).hexdigest()


class Authority(Cert):
    """Signs itself."""

    def __init__(self, folder, name):
        super().__init__(folder / f"{name}.crt", folder / f"{name}.key")
        self.folder = folder / f"{name}.ca"
        self.folder.mkdir()
        (self.folder / "index").write_text("")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", 36500, "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.crt)

    def server(self, name, names="IP:127.0.0.1,DNS:localhost", start="20200101000000Z",
               end="20991231235959Z", itself=False, more="", section="server"):
        """A server of this authority; itself: signed by its own key instead; more: a line of
        extensions."""
        cert = Cert(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        config = self.folder / f"{name}.cnf"
        config.write_text(CONFIG.format(folder=self.folder, names=names, more=more))
        request = self.folder / f"{name}.csr"
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                f"/CN={name}", "-keyout", cert.key, "-out", request)
        signer = ["-selfsign", "-keyfile", cert.key] if itself else \
            ["-cert", self.crt, "-keyfile", self.key]
        openssl("ca", "-batch", "-notext", "-rand_serial", "-config", config, "-extensions",
                section, "-startdate", start, "-enddate", end, *signer, "-in", request, "-out",
                cert.crt)
        return cert


def signed_by_server(server, name):
    """A certificate that a server made, which is an authority or not; the file has the server's
    behind it."""
    maker = Authority(server.crt.parent, f"maker {name}")
    maker.crt, maker.key = server.crt, server.key
    cert = maker.server(name)
    cert.crt.write_text(cert.crt.read_text() + server.crt.read_text())
    return cert


def bundle(path, *certs):
    pathlib.Path(path).write_text("".join(f"# {c.crt.stem}\n{c.crt.read_text()}" for c in certs))
    return path
