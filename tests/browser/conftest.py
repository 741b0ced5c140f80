"""A real browser, a site to look at from disk and by HTTP, and a record of what the browser complains about."""

import contextlib
import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.network import catalogue
from pipeline.results import atlas as atlases
from pipeline.site import build as site
from pipeline.site.build import Site
from tests.support import synthetic

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# One page of each kind; the layer of 512 is the heaviest there can be in VGG16.
KINDS = (
    "index.html",
    "block1_conv1/index.html",
    "block5_conv2/index.html",
    "block1_conv1/000.html",
    "block5_conv2/300.html",
    "photographs/index.html",
    "photographs/000.html",
    "how-to-read.html",
    "data/index.html",
    "search.html",
    "search.html#q=vertical",
    "compare.html",
    "compare.html#block5_conv2/300,block3_conv1/159",
    "map.html",
    "404.html",
)
NUMBERS = {"block1_conv1": range(0, 64, 7), "block3_conv1": [7, 36, 159], "block5_conv2": range(512)}


@dataclass
class Watched:
    """A page, and all that went wrong on it or was asked for by it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    loaded: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("dialog", lambda dialog: (self.complaints.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("response", self._note)

    def _note(self, response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")
        self.loaded[response.url] = int(response.headers.get("content-length", 0))

    def moved(self) -> float:
        """Return by how much what was shown has moved by itself (cumulative layout shift)."""
        shift: float = self.page.evaluate(
            """() => new Promise((done) => {
                let sum = 0;
                new PerformanceObserver((list) => {
                    for (const each of list.getEntries()) if (!each.hadRecentInput) sum += each.value;
                }).observe({ type: "layout-shift", buffered: true });
                setTimeout(() => done(sum), 200);
            })"""
        )
        return shift

    def scroll_through(self) -> None:
        """Scroll to the end so slowly that every picture is loaded, and wait for the last of them."""
        self.page.evaluate(
            """async () => {
                for (let y = 0; y < document.body.scrollHeight; y += 500) {
                    scrollTo({ top: y, behavior: "instant" });
                    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
                }
            }"""
        )
        self.page.wait_for_load_state("networkidle")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    synthetic.make_results(folder, catalogue.load("vgg16"), NUMBERS)
    return folder


@pytest.fixture(scope="session")
def build(results, repository) -> Callable[..., Path]:
    def build(output: Path, **settings: str) -> Path:
        atlas = atlases.read(
            results, results / "weights.npz", catalogue.load("vgg16"), list(NUMBERS), with_photographs=True
        )
        site.build(atlas, Site(**settings), results=results, templates=repository / "templates", output=output)
        return output

    return build


@pytest.fixture(scope="session")
def folder(build, tmp_path_factory) -> Path:
    """Return a site on disk, in a folder whose name needs quoting."""
    root = tmp_path_factory.mktemp("pages")
    return build(root / "sub path" / "atlas", title="An atlas", author="An Author", licence="CC BY 4.0")


@contextlib.contextmanager
def serving(handler: type[http.server.SimpleHTTPRequestHandler], folder: Path) -> Iterator[str]:
    """Yield the address at which a host of this kind has the site `folder`, under a sub-path."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(handler, directory=folder.parent.parent)
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/sub%20path/atlas"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def served(folder) -> Iterator[str]:
    """Return the address of the same site by HTTP, under a sub-path."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_) -> None:
            pass

    with serving(Handler, folder) as address:
        yield address


@pytest.fixture
def open_page(browser) -> Iterator[Callable[..., Watched]]:
    """Return a function that opens a page in a context of its own, with Playwright's settings for contexts."""
    contexts = []

    def open_page(address: str, **settings) -> Watched:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **settings})
        contexts.append(context)
        watched = Watched(context.new_page())
        watched.page.goto(address, wait_until="load")
        return watched

    yield open_page
    for context in contexts:
        context.close()
