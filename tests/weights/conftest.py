"""Where the tests of this room look for published weights: all of it is here."""

import http.server
import threading
from pathlib import Path

import pytest

from pipeline.weights import download


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the server's `body`, in the way that the path names: /whole, /unsized, /short, /wrong, /silent,
    /stall; anything else is 404."""

    def do_GET(self):
        self.server.requests += 1
        body = self.server.body
        match self.path.split("/")[1]:
            case "whole":
                self.answer(body)
            case "unsized":
                self.answer(body, size=None)
            case "short":
                self.answer(body[:-100], size=len(body))
            case "wrong":
                self.answer(bytes(len(body)))
            case "silent":
                self.server.finished.wait(30)
            case "stall":
                self.answer(body[:1000], size=len(body))
                self.server.finished.wait(30)
            case _:
                self.send_error(404)

    def answer(self, body: bytes, size: int | None = -1) -> None:
        self.send_response(200)
        if size is not None:
            self.send_header("Content-Length", str(len(body) if size < 0 else size))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        pass


@pytest.fixture
def host(monkeypatch):
    """Return the server; it has `url`, and counts `requests`; what it serves is its `body`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.finished = threading.Event()
    server.requests = 0
    server.body = b""
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "CONNECT_SECONDS", 2.0)
    monkeypatch.setattr(download, "STALL_SECONDS", 0.3)
    yield server
    server.finished.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """Return Keras's cache, which is not there yet."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras" / "models"
