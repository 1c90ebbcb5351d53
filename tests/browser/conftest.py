"""One browser for all tests, a tab for each, and the service as a process."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final, override

import pytest

from tests.acceptance.instance import QUICK, Instance, running
from tests.browser.chromium import Chromium, Page, browsing

SCRIPT: Final = (Path(__file__).parent / "watching.js").read_text(encoding="utf-8")
MODELS: Final = {"AFTERWORD_PROCESSORS": "tests.browser.models"}


def open_page(page: Page, origin: str) -> None:
    """Have *page* show something of that *origin* whose scripts may watch tasks."""
    page.show(f"{origin}/docs", without=["*.js"])  # what it is for takes seconds to show, and is not looked at
    page.evaluate(f"{SCRIPT}; true")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """Run one browser; if there is none, the tests fail."""
    with browsing(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def page(chromium: Chromium) -> Iterator[Page]:
    """Open a tab."""
    with chromium.page() as tab:
        yield tab


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """Return the settings of a service that shares its store with no other test."""
    return {"AFTERWORD_STORE": "sqlite", "AFTERWORD_SQLITE_PATH": str(tmp_path / "tasks.db")} | QUICK | MODELS


@pytest.fixture(scope="session")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run a service without callers' keys, for all tests that leave it as it is."""
    folder = tmp_path_factory.mktemp("service")
    with running(folder / "log", AFTERWORD_SQLITE_PATH=str(folder / "tasks.db"), **MODELS) as service:
        yield service


class _EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with a page that has nothing on it."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    @override
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[str]:
    """Serve empty pages from another origin; return that."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _EmptyPage) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
