"""The certificate of the TLS servers."""

import pathlib
import subprocess
import tempfile

_MAKE = """
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30
-subj /CN=localhost -addext subjectAltName=DNS:localhost
"""


class Certificate:
    """A self-signed certificate for localhost, EC P-256. The file at `path` contains it and its key,
    and is removed together with this object."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        self.path = str(pathlib.Path(self._folder.name, "server.pem"))
        subprocess.run(
            [*_MAKE.split(), "-keyout", self.path, "-out", self.path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
