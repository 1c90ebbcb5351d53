"""Pages of callers who have to say who they are, and pages of other origins."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.acceptance.instance import Instance, make_key, running
from tests.browser.chromium import Page
from tests.browser.conftest import MODELS, open_page
from tests.browser.held import HeldTask

CLOSED: Final = 2
ABNORMAL: Final = 1006
"""What a page is told of a WebSocket that did not come about, and of no other reason."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, elsewhere: str) -> Iterator[tuple[Instance, str]]:
    """Run a service that asks for keys and lets pages from elsewhere in; return a key too."""
    folder = tmp_path_factory.mktemp("guarded")
    variables = {"AFTERWORD_SQLITE_PATH": str(folder / "tasks.db"), "AFTERWORD_AUTH": "required"} | MODELS
    with running(folder / "log", AFTERWORD_CORS_ORIGINS=elsewhere, **variables) as service:
        yield service, make_key(variables, "page")


@pytest.mark.parametrize("from_elsewhere", [False, True], ids=["own origin", "listed origin"])
def test_a_web_socket_carries_the_key_as_a_subprotocol(
    page: Page, guarded: tuple[Instance, str], elsewhere: str, tmp_path: Path, *, from_elsewhere: bool
) -> None:
    """Browsers let a page set no header of it."""
    (service, key), url = guarded, guarded[0].url.replace("http", "ws")
    open_page(page, elsewhere if from_elsewhere else service.url)
    task = HeldTask.begin(service, within=tmp_path, key=key).end()

    seen = page.evaluate(f"watchByWebSocket('{url}/tasks/{task.id}/ws', ['afterword', 'bearer.{key}'])")

    assert (seen["events"][-1]["task"]["status"], seen["code"], seen["protocol"]) == ("completed", 1000, "afterword")


@pytest.mark.parametrize("protocols", [[], ["afterword"], ["afterword", "bearer.afterword_0123456789abcdef_wrong"]])
def test_a_web_socket_without_a_key_that_counts_does_not_come_about(
    page: Page, guarded: tuple[Instance, str], tmp_path: Path, protocols: list[str]
) -> None:
    """Whoever may not poll may not watch either."""
    service, key = guarded
    open_page(page, service.url)
    task = HeldTask.begin(service, within=tmp_path, key=key).end()

    seen = page.evaluate(f"watchByWebSocket('/tasks/{task.id}/ws', {json.dumps(protocols)})")

    assert seen == {"events": [], "protocol": None, "code": ABNORMAL}


@pytest.mark.parametrize("from_elsewhere", [False, True], ids=["own origin", "listed origin"])
def test_a_fetched_stream_carries_the_key_as_any_request_does(
    page: Page, guarded: tuple[Instance, str], elsewhere: str, tmp_path: Path, *, from_elsewhere: bool
) -> None:
    """It is how a page reads events where `EventSource` could not say who asks."""
    service, key = guarded
    open_page(page, elsewhere if from_elsewhere else service.url)
    task = HeldTask.begin(service, within=tmp_path, key=key).end()

    read = page.evaluate(f"watchByFetch('{service.url}/tasks/{task.id}/events', '{key}')")
    refused = page.evaluate(f"watchByFetch('{service.url}/tasks/{task.id}/events', 'wrong')")

    last = json.loads(read["text"].strip().rpartition("data: ")[2].partition("\n")[0])
    assert (read["status"], last["status"]) == (200, "completed")
    assert (refused["status"], json.loads(refused["text"])["code"]) == (401, "unauthenticated")


def test_a_page_from_elsewhere_sees_nothing(page: Page, instance: Instance, elsewhere: str, tmp_path: Path) -> None:
    """A service on one's own machine must not tell every web page what it works on."""
    open_page(page, elsewhere)
    task = HeldTask.begin(instance, within=tmp_path).end()

    by_event_source = page.evaluate(f"watchByEventSource('{instance.url}/tasks/{task.id}/events')")
    by_web_socket = page.evaluate(f"watchByWebSocket('{instance.url.replace('http', 'ws')}/tasks/{task.id}/ws')")

    assert by_event_source == {"events": [], "states": [CLOSED]}
    assert by_web_socket == {"events": [], "protocol": None, "code": ABNORMAL}


def test_a_page_from_a_listed_origin_sees_all(
    page: Page, variables: dict[str, str], elsewhere: str, tmp_path: Path
) -> None:
    """A console that is served elsewhere watches like one of the service's own."""
    with running(tmp_path / "log", AFTERWORD_CORS_ORIGINS=elsewhere, **variables) as service:
        open_page(page, elsewhere)
        task = HeldTask.begin(service, within=tmp_path).end()

        by_event_source = page.evaluate(f"watchByEventSource('{service.url}/tasks/{task.id}/events')")
        by_web_socket = page.evaluate(f"watchByWebSocket('{service.url.replace('http', 'ws')}/tasks/{task.id}/ws')")

    assert by_event_source["events"][-1]["task"]["status"] == "completed"
    assert by_event_source["states"][-1] == CLOSED
    assert (by_web_socket["events"][-1]["task"]["status"], by_web_socket["code"]) == ("completed", 1000)
