"""A real Firefox, as a package of Debian's has it, driven by the protocol that it speaks itself (Marionette).

Playwright's own Firefox comes from a host that is not everywhere, and Debian packages no driver.
"""

import contextlib
import itertools
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Under the first name in Debian, under the second elsewhere.
FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox")

# Nothing that talks to anybody, a port that is free, and no haste.
PREFERENCES: dict[str, object] = {
    "marionette.port": 0,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    # Scripts of a page are ended after ten seconds otherwise, which tests beside this one may take from them.
    "dom.max_script_run_time": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}
START_SECONDS, ANSWER_SECONDS = 120, 300

# What the console has, of pages alone: errors and warnings of scripts, and styles that were not understood.
COMPLAINTS = """
return Services.console.getMessageArray()
    .filter(each => each instanceof Ci.nsIScriptError && /^(file|http):/.test(each.sourceName))
    .map(each => `${each.sourceName}:${each.lineNumber}: ${each.errorMessage}`);
"""


@dataclass
class Firefox:
    """A browser that runs, and one window of it."""

    connection: socket.socket
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def ask(self, command: str, **parameters: object) -> Any:
        """Return the browser's answer to a command of its protocol; raise `RuntimeError` with its error."""
        message = json.dumps([0, next(self.numbers), command, parameters]).encode()
        self.connection.sendall(b"%d:%s" % (len(message), message))
        _, _, error, answer = self.receive()
        if error:
            raise RuntimeError(f"{command}: {error['error']}: {error['message']}")
        return answer["value"] if isinstance(answer, dict) and "value" in answer else answer

    def receive(self) -> Any:
        """Return the next message, which begins with its length in bytes."""
        length = b""
        while not length.endswith(b":"):
            length += self._bytes(1)
        return json.loads(self._bytes(int(length[:-1])))

    def _bytes(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            more = self.connection.recv(count - len(found))
            if not more:
                raise RuntimeError("Firefox has ended")
            found += more
        return found

    def open(self, address: str) -> None:
        """Open a page, and wait until it is loaded."""
        self.ask("WebDriver:Navigate", url=address)

    def run(self, script: str, *arguments: object) -> Any:
        """Return what a script in the page returns."""
        return self.ask("WebDriver:ExecuteScript", script=script, args=list(arguments))

    def wait_for(self, script: str) -> Any:
        """Return what a script in the page returns once that is something."""
        end = time.monotonic() + ANSWER_SECONDS
        while not (found := self.run(f"return {script}")):
            assert time.monotonic() < end, script
            time.sleep(0.1)
        return found

    def element(self, selector: str) -> str:
        """Return what stands for the first element of a selector in other commands."""
        found = self.ask("WebDriver:FindElement", using="css selector", value=selector)
        return next(iter(found.values()))

    def type(self, selector: str, text: str) -> None:
        """Press keys in a field."""
        self.ask("WebDriver:ElementSendKeys", id=self.element(selector), text=text)

    def click(self, selector: str) -> None:
        """Click on an element."""
        self.ask("WebDriver:ElementClick", id=self.element(selector))

    def complaints(self) -> list[str]:
        """Return what the console has about pages, and forget it."""
        self.ask("Marionette:SetContext", value="chrome")
        found: list[str] = self.run(COMPLAINTS)
        self.run("Services.console.reset()")
        self.ask("Marionette:SetContext", value="content")
        return found


@contextlib.contextmanager
def running() -> Iterator[Firefox]:
    """Yield a Firefox with a profile of its own, of which nothing is left."""
    assert FIREFOX
    with tempfile.TemporaryDirectory() as name:
        profile = Path(name)
        lines = (f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in PREFERENCES.items())
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        # What looks into the console is allowed only where this is asked for.
        command = [FIREFOX, "--headless", "--marionette", "--remote-allow-system-access", "--profile", name]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port = int(_wait(lambda: _read(profile / "MarionetteActivePort"), process))
            with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
                firefox = Firefox(connection)
                # It introduces itself first.
                firefox.receive()
                firefox.ask("WebDriver:NewSession", strictFileInteractability=False)
                yield firefox
        finally:
            process.terminate()
            process.wait()


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _wait(done: Callable[[], str], process: subprocess.Popen[bytes]) -> str:
    end = time.monotonic() + START_SECONDS
    while not (found := done()):
        assert process.poll() is None, "Firefox has ended"
        assert time.monotonic() < end, "Firefox does not answer"
        time.sleep(0.1)
    return found
