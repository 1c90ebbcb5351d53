"""
A real browser, driven over its DevTools protocol, without a framework in between.

One Chromium without a window, and pages in it that evaluate JavaScript.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS: Final = (
    "--headless=new",
    "--no-sandbox",  # it shows nothing but our own pages, and root may not start it otherwise
    "--disable-dev-shm-usage",  # in a container there is little of it
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--remote-debugging-port=0",
    "--window-size=1280,1600",
)
START_SECONDS: Final = 30.0
ANSWER_SECONDS: Final = 60.0


class ScriptFailed(AssertionError):
    """The page's JavaScript has thrown something."""


@dataclass
class Page:
    """One tab."""

    connection: ClientConnection
    _numbers: Iterator[int] = field(default_factory=count)

    def show(self, url: str, *, without: Sequence[str] = ()) -> None:
        """Navigate there, *without* loading such addresses, and return when the page has loaded, whatever it says."""
        self._call("Page.enable")
        self._call("Network.enable")
        self._call("Network.setBlockedURLs", urls=list(without))
        self._call("Page.navigate", url=url)
        while self._hear().get("method") != "Page.loadEventFired":
            pass

    def evaluate(self, script: str) -> Any:  # noqa: ANN401 - whatever JavaScript has
        """
        Return the value of *script*, an expression; a promise's is waited for.

        Raises:
            ScriptFailed: If it throws.

        """
        said = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in said:
            raise ScriptFailed(said["exceptionDetails"]["exception"].get("description"))
        return said["result"].get("value")

    def take_picture(self, path: Path) -> None:
        """Write what it looks like to a PNG file, as far as it reaches."""
        said = self._call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(said["data"]))

    def _call(self, method: str, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        self.connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (said := self._hear()).get("id") != number:
            pass
        assert "error" not in said, said
        result: dict[str, Any] = said["result"]
        return result

    def _hear(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.connection.recv(timeout=ANSWER_SECONDS))
        return said


@dataclass(frozen=True)
class Chromium:
    """A browser that listens on *port*."""

    port: int

    @contextmanager
    def page(self) -> Iterator[Page]:
        """Open a tab until the block ends."""
        at = f"http://127.0.0.1:{self.port}/json"
        target = httpx.put(f"{at}/new?about:blank").raise_for_status().json()
        with connect(target["webSocketDebuggerUrl"], max_size=None, compression=None, proxy=None) as connection:
            yield Page(connection)
        httpx.get(f"{at}/close/{target['id']}")


@contextmanager
def browsing(folder: Path) -> Iterator[Chromium]:
    """Run a browser that keeps its profile in *folder*, until the block ends."""
    command = [_found(), *OPTIONS, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(  # noqa: S603 - found below
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            yield Chromium(_port(process, folder / "DevToolsActivePort"))
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _found() -> str:
    for name in NAMES:
        if path := shutil.which(name):
            return path
    pytest.fail("The browser tests need Chromium: install it, on Debian `apt-get install chromium`.", pytrace=False)


def _port(process: subprocess.Popen[bytes], file: Path) -> int:
    """Wait for the browser to say where it listens."""
    give_up_at = time.monotonic() + START_SECONDS
    while not (file.is_file() and file.read_text().count("\n")):
        if process.poll() is not None:
            pytest.fail(f"Chromium ended while starting, with code {process.returncode}.", pytrace=False)
        assert time.monotonic() < give_up_at, "Chromium did not start"
        time.sleep(0.05)
    return int(file.read_text().splitlines()[0])
