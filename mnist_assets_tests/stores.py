"""Stores far away, as tests have them: fsspec's own in memory, and moto's S3 on loopback."""

import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager

import fsspec
import pytest

NEEDED = ("moto.server", "s3fs")


@contextmanager
def memory_address():
    """An address in this process's memory."""
    name = uuid.uuid4().hex
    yield f"memory://{name}"
    store = fsspec.filesystem("memory")
    if store.exists(f"/{name}"):
        store.rm(f"/{name}", recursive=True)


@contextmanager
def s3_server():
    """What makes this and other processes use a server of S3, while it runs."""
    for module in NEEDED:
        pytest.importorskip(module)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (
        pytest.MonkeyPatch.context() as patch,
        subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server,
    ):
        try:
            for name, value in environment.items():
                patch.setenv(name, value)
            wait_for(port, server)
            yield environment
        finally:
            server.kill()
            fsspec.get_filesystem_class("s3").clear_instance_cache()


def wait_for(port, server):
    """Wait until the server listens."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens on port {port}")


@contextmanager
def bucket_address():
    """A new bucket of a running `s3_server`."""
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    fsspec.filesystem("s3").mkdir(bucket)
    yield f"s3://{bucket}"


class Requests:
    """Counts what a file system is asked, by name."""

    def __init__(self, patch, of, *names):
        self.made = dict.fromkeys(names, 0)
        for name in names:
            patch.setattr(of, name, self._counting(name, getattr(of, name)))

    def _counting(self, name, method):
        def call(*arguments, **options):
            self.made[name] += 1
            return method(*arguments, **options)

        return call
