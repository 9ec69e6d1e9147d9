"""A cluster of Dask with TLS: a scheduler and one worker on this machine."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time


class TlsCluster:
    def __init__(self, python):
        self.dask = str(pathlib.Path(python).parent / "dask")
        self.folder = tempfile.mkdtemp(prefix="hkt-")
        self.processes = []

    def __enter__(self):
        try:
            self.make_certificates()
            self.start("scheduler", "--port", "0", "--scheduler-file", self.path("scheduler.json"))
            self.start("worker", "--scheduler-file", self.path("scheduler.json"), "--nthreads", "1", "--no-nanny")
            self.address = self.wait_for_address()
        except BaseException:
            self.__exit__()
            raise
        return self

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_certificates(self):
        """An authority, and one certificate for everybody, which it has signed."""
        for name, *issuer in (("ca",), ("one", "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"))):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=" + name,
                            "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem"), *issuer],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self, *command):
        with open(self.path("log"), "ab") as log:
            self.processes.append(subprocess.Popen(
                [self.dask, *command, "--host", "127.0.0.1", "--protocol", "tls", "--tls-ca-file", self.path("ca.pem"),
                 "--tls-cert", self.path("one.pem"), "--tls-key", self.path("one.key"), "--no-dashboard"],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def wait_for_address(self):
        for _ in range(600):
            try:
                return json.loads(pathlib.Path(self.path("scheduler.json")).read_text())["address"]
            except (OSError, ValueError):
                time.sleep(0.1)
        raise TimeoutError("Dask's scheduler has not started within a minute")

    def environment(self):
        return {"HOCKET_TEST_ADDRESS": self.address, "HOCKET_TEST_TLS": self.folder}

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
