"""What Lighthouse and pa11y say of a site: `python -m bench.pages results/site`, with Node and Chromium at hand.

The site is served from this machine, compressed as hosts do it. Of one page of each kind there is a row for a phone and
one for a desktop: Lighthouse's four scores, 0 to 100, and how many errors pa11y finds by WCAG 2, level AAA. Both come
from npm when they are asked for (80 MB).
"""

import argparse
import contextlib
import functools
import gzip
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench import table
from pipeline import errors
from pipeline.errors import UserError

TOOLS = ("lighthouse@12.8.2", "pa11y@9.1.1")
SCORES = ("performance", "accessibility", "best-practices", "seo")
HEADER = ("page", "on", *SCORES, "pa11y AAA")
COMPRESSED = (".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".csv")
CHROMIUM_FLAGS = ("--headless", "--no-sandbox")


class Host(http.server.SimpleHTTPRequestHandler):
    """A host that compresses texts and lets them be kept, as those of static sites do."""

    def handle(self) -> None:
        """Answer what is asked by one connection, which a browser may end whenever it likes."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        """Answer with a file."""
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if path.suffix not in COMPRESSED or not path.is_file():
            super().do_GET()
            return
        data = gzip.compress(path.read_bytes(), 6, mtime=0)
        self.send_response(200)
        self.send_header("Content-Type", f"{self.guess_type(str(path))}; charset=utf-8")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def end_headers(self) -> None:
        """End the head of an answer."""
        self.send_header("Cache-Control", "max-age=31536000")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def served(site: Path) -> Iterator[str]:
    """Yield the address at which a site is served."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Host, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def pages(site: Path) -> list[str]:
    """Return one page of each kind, of layers the one with most bytes; raise `UserError` where there is no site."""
    layers = [path for path in site.glob("*/index.html") if (path.parent / "mosaic.avif").is_file()]
    if not layers:
        raise UserError(f"{site}: no site")
    heaviest = max(layers, key=lambda path: path.stat().st_size).parent
    filters = sorted(heaviest.glob("[0-9]*.html"))
    photographs = sorted(site.glob("photographs/[0-9]*.html"))[:1]
    others = [site / name for name in ("map.html", "how-to-read.html", "search.html", "compare.html", "404.html")]
    found = [
        site / "index.html", heaviest / "index.html", filters[len(filters) // 2], *photographs, *others,
        site / "data" / "index.html",
    ]  # fmt: skip
    return [path.relative_to(site).as_posix() for path in found]


def scores(report: Mapping[str, Any]) -> list[int]:
    """Return the scores of a report of Lighthouse, 0 to 100."""
    return [round(100 * report["categories"][name]["score"]) for name in SCORES]


def lost(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a report of Lighthouse takes points off for."""
    for name in SCORES:
        for each in report["categories"][name]["auditRefs"]:
            audit = report["audits"][each["id"]]
            if each["weight"] and audit["score"] is not None and audit["score"] < 1:
                yield f"{name}: {audit['title']} {audit.get('displayValue', '')}".strip()


def run(tools: Path, chromium: str, name: str, *options: str) -> Any:
    """Return what one of the tools, in the folder `tools`, says as JSON."""
    environment = os.environ | {"CHROME_PATH": chromium}
    command = ["node_modules/.bin/" + name, *options]
    done = subprocess.run(command, cwd=tools, env=environment, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise UserError(f"{name}: {done.stderr.strip()[-500:]}") from None


def installed(tools: Path, chromium: str) -> None:
    """Install the tools into a folder, with what pa11y is to be told in a file there."""
    environment = os.environ | {"PUPPETEER_SKIP_DOWNLOAD": "1"}
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", *TOOLS]
    subprocess.run(command, cwd=tools, env=environment, check=True, stdout=subprocess.DEVNULL)
    launch = {"executablePath": chromium, "args": ["--no-sandbox"]}
    told = {"standard": "WCAG2AAA", "timeout": 120_000, "wait": 500, "chromeLaunchConfig": launch}
    (tools / "pa11y.json").write_text(json.dumps(told), encoding="utf-8")


def judged(tools: Path, chromium: str, address: str) -> Iterator[tuple[str, list[int], list[str]]]:
    """Yield of a page on a phone and on a desktop: the device, its row's cells, and what points are lost for."""
    found = run(tools, chromium, "pa11y", "--reporter", "json", "--config", "pa11y.json", address)
    wrong = [f"pa11y: {each['code']}: {each['selector']}" for each in found]
    for device, options in (("phone", ()), ("desktop", ("--preset=desktop",))):
        flags = f"--chrome-flags={' '.join(CHROMIUM_FLAGS)}"
        report = run(tools, chromium, "lighthouse", address, "--quiet", "--output=json", flags, *options)
        yield device, [*scores(report), len(found)], [*lost(report), *(wrong if device == "phone" else ())]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, and below it what points are lost for."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("site", type=Path, help="the folder of the site, such as results/site")
    site = parser.parse_args(arguments).site
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or ""
    if not chromium or not shutil.which("npm"):
        raise UserError("Chromium and npm are needed")
    shown, rows, remarks = pages(site), [], []
    with tempfile.TemporaryDirectory() as name, served(site) as address:
        installed(Path(name), chromium)
        for page in shown:
            for device, cells, said in judged(Path(name), chromium, f"{address}/{page}"):
                rows.append((page, device, *cells))
                remarks += [f"{page}, {device}: {each}" for each in said]
    print(table.render(HEADER, rows))
    print("\n".join(remarks))


if __name__ == "__main__":
    errors.run(main)
