"""A real S3 server on this machine, with one bucket."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.workflow import LOOK_SECONDS

BUCKET = "atlas"
START_SECONDS = 120
KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}


@dataclass
class Bucket:
    """The bucket, and the options with which Snakemake keeps files in it."""

    client: Any
    options: tuple[str, ...]

    def names(self) -> list[str]:
        """Return the names of all objects."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return [each["Key"] for page in pages for each in page.get("Contents", ())]

    def wait_for(self, prefix: str, process: subprocess.Popen) -> None:
        """Return when there is an object whose name begins so."""
        while not any(name.startswith(prefix) for name in self.names()):
            try:
                process.wait(LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"ended before it wrote {prefix}:\n{process.stdout.read()}")

    def download(self, folder: Path) -> None:
        """Write every object into a file of its name."""
        for name in self.names():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            self.client.download_file(BUCKET, name, str(path))


@contextmanager
def served() -> Iterator[Bucket]:
    """Yield an empty bucket of a server that ends with the block."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_up(address)
        client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", **KEYS)
        client.create_bucket(Bucket=BUCKET)
        yield Bucket(
            client,
            (
                "--default-storage-provider", "s3", "--default-storage-prefix", f"s3://{BUCKET}",
                "--storage-s3-endpoint-url", address, "--storage-s3-region", "us-east-1",
                "--storage-s3-access-key", "key", "--storage-s3-secret-key", "secret",
            ),
        )  # fmt: skip
    finally:
        server.kill()
        server.wait()


def _wait_until_up(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(address, timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_SECONDS)
        else:
            return
