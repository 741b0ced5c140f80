"""As much of Kubernetes's interface as Snakemake uses, on this machine: what is posted as a job runs as a process.

A process has of its pod's manifest the command, the environment and a working directory of its own, empty at first. Of
the image nothing: its `python` is that of the tests, and its `pip` installs nothing, for all is there.
"""

import base64
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

CONFIG = """\
apiVersion: v1
kind: Config
current-context: here
contexts: [{{name: here, context: {{cluster: here, user: me}}}}]
clusters: [{{name: here, cluster: {{server: "{address}"}}}}]
users: [{{name: me, user: {{}}}}]
"""


@dataclass
class Cluster:
    """What was asked of the cluster, and what it runs.

    Attributes:
        folder: for its files.
        image: environment variables that a pod has without being told.
        jobs: manifests, by the names of the jobs.
        secrets: values, by the names of the secrets.
        processes: what stands for pods, by the names of the jobs.
    """

    folder: Path
    image: Mapping[str, str]
    jobs: dict[str, Any] = field(default_factory=dict)
    secrets: dict[str, Mapping[str, str]] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """Return the file that $KUBECONFIG names."""
        return self.folder / "config"

    def containers(self) -> list[dict[str, Any]]:
        """Return of every job that was posted its container."""
        return [_container(job) for job in self.jobs.values()]

    def logs(self) -> str:
        """Return all that jobs printed."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def run(self, job: dict[str, Any]) -> None:
        """Start the process that stands for a job's pod."""
        name, container = job["metadata"]["name"], _container(job)
        workdir = self.folder / name
        workdir.mkdir()
        environment = dict(self.image) | {"HOME": str(workdir)}
        for each in container["env"]:
            reference = each["valueFrom"]["secretKeyRef"]
            environment[each["name"]] = self.secrets[reference["name"]][reference["key"]]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.jobs[name] = job
            self.processes[name] = subprocess.Popen(
                [*container["command"], *container["args"]],
                cwd=workdir, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def status(self, name: str) -> dict[str, Any]:
        """Return the status of a job, and forget the files of one that has ended."""
        code = self.processes[name].poll()
        if code is None:
            return {"active": 1}
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return {"failed": 1} if code else {"succeeded": 1}


def _container(job: dict[str, Any]) -> dict[str, Any]:
    (container,) = job["spec"]["template"]["spec"]["containers"]
    return container


@contextmanager
def served(folder: Path, cache: Path) -> Iterator[Cluster]:
    """Yield a cluster, which keeps its files in a folder, gives its pods a cache, as on a volume, and ends with the
    block."""
    image = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "CUDA_VISIBLE_DEVICES": "-1", "XDG_CACHE_HOME": str(cache)}
    cluster = Cluster(folder, image)
    for name, line in (("python", f'exec "{sys.executable}" "$@"'), ("pip", "exit 0")):
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(cluster))
    cluster.config.write_text(CONFIG.format(address=f"http://127.0.0.1:{server.server_port}"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
        for process in cluster.processes.values():
            process.kill()
            process.wait()


def _handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/secrets"):
                values = {key: base64.b64decode(value).decode() for key, value in body["data"].items()}
                cluster.secrets[body["metadata"]["name"]] = values
            else:
                cluster.run(body)
            self._answer(body)

        def do_GET(self) -> None:
            path = urlsplit(self.path)
            if path.path.endswith("/status"):
                name = path.path.split("/")[-2]
                self._answer({"metadata": {"name": name}, "status": cluster.status(name)})
            elif "labelSelector" in parse_qs(path.query):
                # Pods are not told of: the plugin then goes by the job's status.
                self._answer({"items": []})

        def do_DELETE(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer({})

        def _answer(self, value: dict[str, Any]) -> None:
            data = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
