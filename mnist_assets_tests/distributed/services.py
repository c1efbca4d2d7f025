"""Postgres, Redis and an object store on this machine, each in a process of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

PATIENCE = 60  # seconds
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - a folder of its own
STORE = Path(__file__).with_name("object_store.py")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(ready, what):
    gives_up = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < gives_up, f"{what} is not there after {PATIENCE} s"
        time.sleep(0.1)


def is_listening(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def find_program(name, *folders):
    found = shutil.which(name) or next(
        (str(path) for folder in folders for path in Path("/").glob(f"{folder}/{name}")), None
    )
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


class Service:
    """A server that can be stopped and started again on the same port."""

    def __init__(self, folder, command):
        self.port = free_port()
        self._command, self._log = command, folder / f"{type(self).__name__}.log"
        self._process = None
        self.start()

    def start(self):
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command(self.port), stdout=log, stderr=log)
        wait_for(lambda: is_listening(self.port), self._command(self.port)[0])

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)

    def restart(self):
        self.stop()
        self.start()

    def remove(self):
        self.stop()


class Redis(Service):
    """What it holds outlasts a restart, as a broker's must."""

    def __init__(self, folder):
        server = find_program("redis-server")
        options = ("--appendonly", "yes", "--dir", str(folder), "--save", "")
        super().__init__(folder, lambda port: [server, "--port", str(port), *options])

    @property
    def address(self):
        return f"redis://127.0.0.1:{self.port}/0"


class ObjectStore(Service):
    """Speaks S3's language; as long as the file `outage` is there it answers nothing but 503."""

    def __init__(self, folder):
        self.outage = folder / "outage"
        super().__init__(
            folder, lambda port: [sys.executable, str(STORE), str(port), str(self.outage)]
        )

    @property
    def environment(self):
        address = f"http://127.0.0.1:{self.port}"
        return {
            "AWS_ENDPOINT_URL": address,
            "FSSPEC_S3_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def client(self):
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id="somebody",
            aws_secret_access_key="secret",  # noqa: S106 - of a store that ends with the test
            region_name="us-east-1",
        )

    @contextmanager
    def out_of_order(self):
        self.outage.touch()
        try:
            yield
        finally:
            self.outage.unlink()


class Postgres(Service):
    """A cluster of its own, which root cannot run: the user that the package came with does."""

    def __init__(self, folder):
        initdb = find_program("initdb", "usr/lib/postgresql/*/bin")
        server = str(Path(initdb).with_name("postgres"))
        as_user = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        # Not below pytest's own folder, which is closed to other users.
        self._data = data = Path(tempfile.mkdtemp(prefix="mnist-assets-postgres-", dir=MEMORY))
        if as_user:
            shutil.chown(data, "postgres", "postgres")
        subprocess.run(
            [*as_user, initdb, "-D", data, "-A", "trust", "-U", "graph", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        options = ("-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-k", str(data))
        super().__init__(
            folder, lambda port: [*as_user, server, "-D", str(data), "-p", str(port), *options]
        )

    def start(self):
        super().start()
        wait_for(self._answers, "Postgres")

    def remove(self):
        self.stop()
        shutil.rmtree(self._data)

    def stop(self):
        number = int((self._data / "postmaster.pid").read_text().splitlines()[0])
        os.kill(number, signal.SIGINT)  # ends connections, too
        self._process.wait(PATIENCE)

    def _answers(self):
        import psycopg2

        try:
            psycopg2.connect(self.plain_address).close()
        except psycopg2.OperationalError:
            return False
        return True

    @property
    def plain_address(self):
        return f"postgresql://graph@127.0.0.1:{self.port}/postgres"

    @property
    def address(self):
        return self.plain_address.replace("postgresql", "postgresql+psycopg2")
